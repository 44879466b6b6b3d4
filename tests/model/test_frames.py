"""Frames of pandas, polars and Arrow: exact sums, aware times, nulls, and the same columns in all three."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pandas
import polars
import pyarrow
import pytest

import fin_infra
from fin_infra.errors import InvalidInput, MissingExtra
from fin_infra.model import (
    Account,
    AccountIdentity,
    Balance,
    BrokerAccount,
    Candle,
    FxRate,
    Listing,
    Model,
    Money,
    Order,
    Portfolio,
    Quote,
    Quotes,
    RateTable,
    Transaction,
    TransactionStatus,
)
from fin_infra.model.frames import to_frame
from fin_infra.model.networth import NetWorth
from fin_infra.model.record import Kind, Rows
from tests.support.models import PRIVATE_MARK, RAW_MARK, daily, made, models, private

AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
KINDS: tuple[Kind, ...] = ("pandas", "polars", "arrow")
MODELS = [model for model in models() if issubclass(model, Model)]


def transaction(amount: str, currency: str = "USD", **more: Any) -> Transaction:
    facts: dict[str, Any] = {
        "source": "banking:teller",
        "as_of": AT,
        "raw": {"kept": RAW_MARK},
        "id": f"txn_{amount}",
        "account_id": "acc_1",
        "date": date(2026, 11, 19),
        "amount": Money.of(amount, currency),
        "status": TransactionStatus.POSTED,
        "description": "Coffee",
    }
    return Transaction(**facts | more)


CENTS = [transaction("0.10"), transaction("0.20"), transaction("-12.345"), transaction("1E+3", "EUR")]


def columns(frame: Any) -> list[str]:
    return list(frame.column_names if isinstance(frame, pyarrow.Table) else frame.columns)


def values(frame: Any, name: str) -> list[Any]:
    """Return a column as Python values."""
    if isinstance(frame, pyarrow.Table):
        return list(frame[name].to_pylist())
    return list(frame[name].to_list())


@pytest.mark.parametrize("kind", KINDS)
def test_frame_when_amounts_are_summed_then_as_by_hand(kind: Kind) -> None:
    frame = to_frame(CENTS, kind=kind)
    assert values(frame, "currency") == ["USD", "USD", "USD", "EUR"]
    assert sum(values(frame, "amount")) == Decimal("987.955")  # 0.10 + 0.20 - 12.345 + 1000
    assert all(type(amount) is Decimal for amount in values(frame, "amount"))


def test_frame_when_each_package_sums_then_exactly() -> None:
    by_currency = to_frame(CENTS).groupby("currency")["amount"].sum()
    assert (by_currency["USD"], by_currency["EUR"]) == (Decimal("-12.045"), Decimal("1000"))
    frame = to_frame(CENTS, kind="polars")
    assert frame.schema["amount"] == polars.Decimal(38, 3)
    assert frame.filter(polars.col("currency") == "USD")["amount"].sum() == Decimal("-12.045")
    table = to_frame(CENTS, kind="arrow")
    assert table.schema.field("amount").type == pyarrow.decimal128(38, 3)
    assert pyarrow.compute.sum(table["amount"]).as_py() == Decimal("987.955")


@pytest.mark.parametrize("kind", KINDS)
def test_frame_when_transactions_come_one_by_one_then_the_columns_that_the_docs_name(kind: Kind) -> None:
    frame = to_frame((one for one in CENTS), kind=kind)
    assert columns(frame) == [
        "id",
        "account_id",
        "date",
        "amount",
        "currency",
        "status",
        "description",
        "category",
        "category_text",
        "type_text",
        "counterparty",
        "counterparty_type",
        "running_balance",
        "running_balance_currency",
        "pending_id",
        "source",
        "as_of",
    ]
    assert values(frame, "id")[0] == "txn_0.10"
    assert values(frame, "status")[0] == "posted"
    assert len(values(frame, "id")) == 4


def test_frame_when_read_then_types_of_each_package() -> None:
    late = transaction("1", as_of=AT.astimezone(timezone(timedelta(hours=-5))))
    frame = to_frame([late])
    assert str(frame["as_of"].dtype) == "datetime64[us, UTC]"
    assert frame["as_of"][0].to_pydatetime() == AT
    assert str(frame["date"].dtype) == "datetime64[s]"
    assert frame["date"][0].date() == date(2026, 11, 19)
    assert frame["counterparty"][0] is None
    assert frame["running_balance"].isna().all()
    frame = to_frame([late], kind="polars")
    assert frame["as_of"].dtype == polars.Datetime("us", "UTC")
    assert frame["as_of"][0] == AT
    assert frame["date"].to_list() == [date(2026, 11, 19)]
    assert frame["running_balance"].null_count() == 1
    table = to_frame([late], kind="arrow")
    assert table.schema.field("as_of").type == pyarrow.timestamp("us", tz="UTC")
    assert table["as_of"].to_pylist() == [AT]
    assert table["date"].to_pylist() == [date(2026, 11, 19)]
    assert table["running_balance"].null_count == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_frame_when_of_any_model_then_built_without_raw_and_without_what_is_private(
    model: type[Any], kind: Kind
) -> None:
    frame = to_frame([made(model), made(model, full=False)], kind=kind)
    names = columns(frame)
    assert len(names) == len(set(names))
    assert not [name for name in names if name.split(".")[-1] in ("raw", "meta")]
    assert not private(model) & set(names)
    shown = repr([values(frame, name) for name in names])
    assert RAW_MARK not in shown
    assert PRIVATE_MARK not in shown
    assert names == columns(to_frame([], kind=kind, of=model))


@pytest.mark.parametrize("kind", KINDS)
def test_frame_when_money_stands_beside_a_currency_then_neither_hides_the_other(kind: Kind) -> None:
    account = to_frame([made(BrokerAccount)], kind=kind)
    assert {"currency", "cash", "cash_currency", "equity", "equity_currency"} <= set(columns(account))
    balance = to_frame(
        [Balance(source="s", as_of=AT, account_id="a", current=Money.of("1.50", "EUR"), available=None)], kind=kind
    )
    assert columns(balance)[:5] == [
        "account_id",
        "current",
        "current_currency",
        "available",
        "available_currency",
    ]
    assert values(balance, "current") == [Decimal("1.50")]
    assert values(balance, "available")[0] is None
    assert values(balance, "available_currency")[0] is None


@pytest.mark.parametrize("kind", KINDS)
def test_frame_when_a_field_is_a_model_then_its_fields_are_columns(kind: Kind) -> None:
    frame = to_frame(Listing([made(Account)]), kind=kind)
    assert values(frame, "institution.name") == ["text"]
    assert [list(value) for value in values(frame, "capabilities")] == [["text"]]
    assert "account.institution.id" in columns(to_frame([made(AccountIdentity)], kind=kind))
    legs = values(to_frame([made(Order)], kind=kind), "legs")
    assert json.loads(legs[0]) == []


BARS = [
    Candle(start=AT, open=Decimal(1), high=Decimal("2.5"), low=Decimal("0.01"), close=Decimal("1.10"), volume=None),
    Candle(start=AT, open=Decimal(1), high=Decimal("2.5"), low=Decimal("0.01"), close=Decimal("2.20"), volume=None),
]


@pytest.mark.parametrize("kind", KINDS)
def test_series_when_framed_then_each_row_says_of_what_and_in_which_currency(kind: Kind) -> None:
    frame = daily(*BARS, as_of=AT).to_frame(kind)
    assert columns(frame)[:4] == ["key", "currency", "start", "open"]
    assert values(frame, "key") == ["US:AAPL", "US:AAPL"]
    assert values(frame, "close") == [Decimal("1.10"), Decimal("2.20")]
    assert all(value is None or value is pandas.NA for value in values(frame, "volume"))
    assert columns(daily(as_of=AT).to_frame(kind)) == columns(frame)
    assert values(daily(as_of=AT).to_frame(kind), "start") == []


@pytest.mark.parametrize("kind", KINDS)
def test_rows_when_framed_then_one_row_each(kind: Kind) -> None:
    table = RateTable(
        source="fx:ecb",
        as_of=AT,
        base="EUR",
        date=date(2026, 11, 20),
        rates={"USD": Decimal("1.1624"), "JPY": Decimal("179.35")},
    )
    frame = table.to_frame(kind)
    assert columns(frame)[:3] == ["base", "quote", "rate"]
    assert values(frame, "quote") == ["USD", "JPY"]
    assert values(frame, "rate") == [Decimal("1.1624"), Decimal("179.35")]
    for model in MODELS:
        if issubclass(model, Rows):
            assert len(values(made(model).to_frame(kind), columns(made(model).to_frame(kind))[0])) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_listing_when_empty_then_columns_where_its_class_is_known(kind: Kind) -> None:
    assert columns(Quotes([]).to_frame(kind)) == columns(to_frame([made(Quote)], kind=kind))
    assert columns(to_frame([], kind=kind)) == []
    assert columns(to_frame([], kind=kind, of=Transaction)) == columns(to_frame(CENTS, kind=kind))


WIDE = {
    "38 digits": ("12345678901234567890123456789.123456789", KINDS),
    "39 digits": ("123456789012345678901234567890.123456789", ("pandas", "arrow")),
    "76 digits": ("1" * 60 + "." + "2" * 16, ("pandas", "arrow")),
    "77 digits": ("1" * 61 + "." + "2" * 16, ("pandas",)),
    "small": ("1E-30", KINDS),
    "smaller": ("1E-39", ("pandas", "arrow")),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("text", "fits"), WIDE.values(), ids=WIDE)
def test_decimal_when_it_has_many_digits_then_exact_or_refused(text: str, fits: tuple[str, ...], kind: Kind) -> None:
    rows = [transaction(text), transaction("-0.5")]
    if kind in fits:
        assert values(to_frame(rows, kind=kind), "amount") == [Decimal(text), Decimal("-0.5")]
    else:
        with pytest.raises(InvalidInput, match=rf"amount needs \d+ digits, and {kind} has (38|76); take"):
            to_frame(rows, kind=kind)


async def _rows() -> AsyncIterator[Transaction]:
    yield CENTS[0]


WRONG: Mapping[str, tuple[Callable[[], Any], str]] = {
    "two classes": (lambda: [CENTS[0], made(Quote)], "one class, not of Quote and Transaction"),
    "one record": (lambda: CENTS[0], "not of one Transaction; put it in a list"),
    "text": (lambda: "AAPL", "not of one str"),
    "mapping": (lambda: {"a": 1}, "not of one dict"),
    "numbers": (lambda: [1, 2], "not of int"),
    "nothing": (lambda: None, "not of one NoneType"),
    "asynchronous": (_rows, r"collect it first: \[row async for"),
}


@pytest.mark.parametrize(("given", "why"), WRONG.values(), ids=WRONG)
def test_frame_when_it_cannot_be_made_then_says_why(given: Callable[[], Any], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        to_frame(given())


def test_frame_when_the_kind_is_unknown_then_names_the_three() -> None:
    with pytest.raises(InvalidInput, match="one of 'pandas', 'polars', 'arrow'"):
        to_frame(CENTS, kind="excel")  # type: ignore[arg-type]  # what a user may try


@pytest.mark.parametrize(("kind", "package"), [("pandas", "pandas"), ("polars", "polars"), ("arrow", "pyarrow")])
def test_frame_when_the_package_is_missing_then_the_command_and_no_row_is_used_up(
    kind: Kind, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)  # what Python takes for not installed
    rows = iter(CENTS)
    with pytest.raises(MissingExtra, match=f"run: pip install {package}$"):
        to_frame(rows, kind=kind)
    assert next(rows) is CENTS[0]


def test_package_when_asked_for_to_frame_then_it_is_there_and_nothing_else_is() -> None:
    assert fin_infra.to_frame is to_frame
    with pytest.raises(AttributeError, match="no attribute 'to_frames'"):
        fin_infra.to_frames  # type: ignore[attr-defined]  # noqa: B018  # that is the point


def test_portfolio_and_net_worth_when_framed_then_their_lines() -> None:
    assert "symbol_text" in made(Portfolio).to_frame().columns
    assert {"value", "value_currency", "amount", "currency"} <= set(made(NetWorth).to_frame().columns)
    assert "rate" in to_frame([made(FxRate)]).columns
