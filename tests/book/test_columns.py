"""Decimals in the book: what is read equals what was written, and nothing is computed with text."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, getcontext

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.book.columns import DIGITS, decimal_text, e4, exact_sum, instant, microseconds, of_e4
from fin_infra.book.engine import Database, put, reading, writing
from fin_infra.book.tables import assets, rates
from fin_infra.errors import InvalidInput

WHOLE = st.integers(-(10**DIGITS) + 1, 10**DIGITS - 1)
DECIMALS = st.builds(lambda digits, exponent: Decimal(digits).scaleb(exponent), WHOLE, st.integers(-30, 30)).filter(
    lambda value: len(value.as_tuple().digits) <= DIGITS
)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-(10**19), max_value=10**19))
def test_decimal_when_stored_as_text_then_value_and_exponent_come_back(value: Decimal) -> None:
    assert Decimal(decimal_text(value)).as_tuple() == value.as_tuple()


VALUES = [
    "0",
    "-0.00",
    "1E+3",
    "1000",
    "1.10",
    "12345678901234567890.123456789012345678",
    "-99999999999999999999999999999999999999",
    "0.00000000000000000000000000000000000001",
]


def test_decimals_when_read_from_the_database_then_digits_and_exponents_are_those_written(database: Database) -> None:
    given_ = [Decimal(text) for text in VALUES]
    at = datetime(2026, 1, 31, 23, 59, 59, 999_999, UTC)
    with writing(database.engine) as db:
        rows = [
            ("EUR", f"X{n}", "2026-01-31", microseconds(at), "test", decimal_text(each))
            for n, each in enumerate(given_)
        ]
        put(db, rates, rows)
    with reading(database.engine) as db:
        found = db.execute(sa.select(rates.c.rate, rates.c.recorded_at).order_by(rates.c.quote)).all()
    assert [row.rate.as_tuple() for row in found] == [each.as_tuple() for each in given_]
    assert {row.recorded_at for row in found} == {at}


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1" * 39, "1." + "2" * 38])
def test_decimal_when_it_has_no_place_in_the_book_then_it_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        decimal_text(Decimal(text))


def test_question_when_it_would_compute_with_text_then_it_is_refused() -> None:
    for ask in (
        lambda: rates.c.rate > Decimal(1),
        lambda: rates.c.rate + Decimal(1),
        lambda: rates.c.rate.desc(),
    ):
        with pytest.raises(TypeError):
            ask()


def test_sum_when_the_database_added_text_then_its_float_is_refused(database: Database) -> None:
    if database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL refuses to add text itself")
    with writing(database.engine) as db:
        put(db, rates, [("EUR", "USD", "2026-01-31", 0, "test", "0.1")])
    with reading(database.engine) as db, pytest.raises(TypeError):
        db.execute(sa.select(sa.func.sum(rates.c.rate, type_=rates.c.rate.type))).scalar()


def test_sum_when_it_has_more_digits_than_the_default_context_then_none_is_rounded() -> None:
    values = [Decimal("123456789012345678901234567890.12"), Decimal("0.000000000000000001")]
    assert getcontext().prec < 48
    assert str(exact_sum(values)) == "123456789012345678901234567890.120000000000000001"


def test_sum_when_it_cannot_be_exact_then_it_is_refused() -> None:
    with pytest.raises(InvalidInput):
        exact_sum([Decimal("1E+200"), Decimal("1E-200")])


@given(DECIMALS)
def test_whole_number_beside_an_amount_when_there_is_one_then_it_is_exact(value: Decimal) -> None:
    whole = e4(value)
    if whole is None:
        scaled = value * 10_000 if abs(value.adjusted()) < 20 else None
        assert scaled is None or scaled != int(scaled) or abs(int(scaled)) >= 2**63 or abs(value.adjusted()) >= 14
    else:
        assert of_e4(whole) == value


@given(st.datetimes(timezones=st.sampled_from([UTC, UTC])))
def test_instant_when_stored_then_its_microseconds_come_back(at: datetime) -> None:
    assert instant(microseconds(at)) == at


def test_table_of_assets_when_made_then_it_is_scoped() -> None:
    assert [column.name for column in assets.primary_key][:2] == ["tenant", "user_id"]
