"""What a person says they own: valued day by day, given up without losing its history, units that hold until said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.book import Book, open_book
from fin_infra.book.by_hand import _spread
from fin_infra.book.engine import writing
from fin_infra.book.history import put_splits
from fin_infra.book.pages import SET
from fin_infra.errors import InvalidInput
from fin_infra.model import Money
from fin_infra.transport import Sync

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def day(number: int) -> date:
    return date(2026, 3, number)


@pytest.fixture
def book(url: str) -> Iterator[Book[Sync]]:
    found = open_book(url, clock=lambda: NOW)
    yield found
    found.engine.dispose()


def values(book: Book[Sync], on: date) -> list[tuple[str, Money | None, date | None]]:
    return [(each.name, each.value, each.day) for each in book.assets(on=on)]


def test_asset_when_valued_again_then_each_day_has_the_last_value_before_it(book: Book[Sync]) -> None:
    house = book.add_asset("House", "house", usd("400000.00"), on=day(1))
    loan = book.add_asset("Loan from Ada", "loan", usd("-12000.50"), on=day(3))
    book.value_asset(house.id, usd("410000"), on=day(10))
    book.value_asset(house.id, usd("405000"), on=day(5))
    assert values(book, day(2)) == [
        ("House", usd("400000.00"), day(1)),
        ("Loan from Ada", None, None),
    ]
    assert values(book, day(7)) == [("House", usd("405000"), day(5)), ("Loan from Ada", usd("-12000.50"), day(3))]
    assert values(book, day(10))[0] == ("House", usd("410000"), day(10))
    assert [(each.subject, each.kind, each.id) for each in book.changes()] == [
        ("asset", "added", house.id),
        ("asset", "added", loan.id),
        ("asset", "valued", house.id),
        ("asset", "valued", house.id),
    ]
    assert book.changes()[0].source == "person"


def test_asset_when_the_same_is_said_again_then_nothing_changes(book: Book[Sync]) -> None:
    house = book.add_asset("House", "house", usd("1"), on=day(1))
    last = book.changes()[-1].position
    book.value_asset(house.id, usd("1"), on=day(1))
    assert book.changes(since=last) == []
    book.remove_asset(house.id, on=day(5))
    last = book.changes()[-1].position
    book.remove_asset(house.id, on=day(5))
    assert book.changes(since=last) == []


def test_asset_when_removed_then_earlier_days_have_it(book: Book[Sync]) -> None:
    car = book.add_asset("Car", "car", usd("9000"), on=day(1))
    assert book.remove_asset(car.id, on=day(8)).removed
    assert values(book, day(7)) == [("Car", usd("9000"), day(1))]
    assert values(book, day(8)) == []
    assert [each.removed for each in book.assets(on=day(8), removed=True)] == [True]
    change = book.changes()[-1]
    assert (change.kind, change.before) == ("removed", {"state": "owned", "removed_on": None})


def test_asset_when_shown_then_its_name_stays_out_of_the_repr(book: Book[Sync]) -> None:
    assert "Ada" not in repr(book.add_asset("Loan from Ada", "loan", usd("-1")))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda book: book.add_asset("  ", "house", usd("1")), "The name of an asset must have"),
        (lambda book: book.add_asset("House", "", usd("1")), "The kind of an asset must have"),
        (lambda book: book.value_asset(99, usd("1")), "no asset 99"),
        (lambda book: book.remove_asset(99), "no asset 99"),
        (lambda book: book.add_asset("House", "house", usd("1" * 39)), "at most 38 digits"),
        (lambda book: book.set_holding("not an instrument!", Decimal(1)), "not an instrument"),
        (lambda book: book.set_holding("CRYPTO:bitcoin", Decimal("NaN")), "must be a Decimal"),
    ],
)
def test_call_when_it_cannot_be_meant_then_one_sentence_says_so_and_nothing_is_written(
    book: Book[Sync], call: Any, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        call(book)
    assert book.changes() == []


def test_asset_when_valued_in_another_currency_then_it_says_which(book: Book[Sync]) -> None:
    house = book.add_asset("House", "house", usd("1"))
    with pytest.raises(InvalidInput, match="is valued in USD, not in EUR"):
        book.value_asset(house.id, Money(Decimal(1), "EUR"))


def units(book: Book[Sync], on: date) -> dict[str | None, Decimal]:
    return {each.instrument: each.quantity for each in book.holdings(on=on)}


def test_holding_when_said_of_several_days_then_each_day_has_the_last_word(book: Book[Sync]) -> None:
    assert book.set_holding("CRYPTO:bitcoin", Decimal("0.5"), on=day(5)) == 2, "the account, and the holding"
    assert book.add_holding("CRYPTO:bitcoin", Decimal("0.25"), on=day(10)) == 1
    assert book.set_holding("AAPL", Decimal(10), on=day(3)) == 1, "of an earlier day: it holds on after the later ones"
    assert book.set_holding("CRYPTO:bitcoin", Decimal(0), on=day(15)) == 1
    assert units(book, day(2)) == {}
    assert units(book, day(3)) == {"US:AAPL": Decimal(10)}
    assert units(book, day(6)) == {"US:AAPL": Decimal(10), "CRYPTO:bitcoin": Decimal("0.5")}
    assert units(book, day(12)) == {"US:AAPL": Decimal(10), "CRYPTO:bitcoin": Decimal("0.75")}
    assert units(book, day(15)) == {"US:AAPL": Decimal(10)}
    assert book.set_holding("AAPL", Decimal(10), on=day(3)) == 0
    [account] = book.accounts()
    assert account.sources == ("person",)


def test_holding_when_added_after_a_split_then_it_comes_on_top_of_the_shares_of_that_day(book: Book[Sync]) -> None:
    book.set_holding("AAPL", Decimal(10), on=day(3))
    with writing(book.engine) as db:
        put_splits(db, "US:AAPL", "test", [(day(6), Decimal(4))])
    book.add_holding("AAPL", Decimal(1), on=day(10))
    assert units(book, day(10)) == {"US:AAPL": Decimal(41)}


words = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 3).map(Decimal), st.integers(1, 20).map(day)), max_size=12
)


@given(words)
def test_units_when_said_in_any_order_then_each_day_has_the_last_word_before_it(
    said: list[tuple[str, Decimal, date]],
) -> None:
    days: dict[date, dict[str, tuple[Decimal, str]]] = {}
    plain: dict[str, dict[date, Decimal]] = {"a": {}, "b": {}}
    for name, quantity, on in said:
        _spread(days, name, quantity, on)
        plain[name][on] = quantity
    for on in map(day, range(1, 21)):
        listed = [each for each in days if each <= on]
        shown = {name: q for name, (q, _) in (days[max(listed)] if listed else {}).items() if q}
        expected = {
            name: by_day[max(each for each in by_day if each <= on)]
            for name, by_day in plain.items()
            if any(each <= on for each in by_day)
        }
        assert shown == {name: quantity for name, quantity in expected.items() if quantity}
    assert all(kind == SET for on, row in days.items() for name, (_, kind) in row.items() if on in plain[name])
