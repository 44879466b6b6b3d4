"""Deals that a broker tells in another way later: which row each is, and what was taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.book.engine import Database, reading
from fin_infra.book.feed import read_changes
from fin_infra.book.pages import Deal, Holder, Page, Window
from fin_infra.book.read import trade_rows
from tests.book.small import NOON, Home

BROKER = Holder(
    vendor_id="b-1", name="Broker", type="investment", subtype="brokerage", currency="USD", institution="Model"
)
START = date(2026, 2, 20)


def bought(vendor_id: str, day: int = 25, **more: Any) -> Deal:
    facts: dict[str, Any] = {
        "account": "b-1", "day": date(2026, 2, day), "at": None, "kind": "buy", "instrument": "US:AAPL",
        "quantity": Decimal(2), "price": Decimal("100.50"), "amount": Decimal(-201), "currency": "USD", "text": "BUY",
    }  # fmt: skip
    return Deal(vendor_id=vendor_id, **{**facts, **more})


def page(*deals: Deal, start: date | None = START, after: str = "end") -> Page:
    windows = [] if start is None else [Window(account="b-1", start=start)]
    return Page(after=after, complete=True, holders=[BROKER], deals=list(deals), deal_windows=windows)


def stored(home: Home) -> list[tuple[int, str]]:
    with reading(home.database.engine) as db:
        return sorted((row.id, row.vendor_id) for row in trade_rows(db, home.owner, None, None, None, 100))


def kinds(home: Home) -> list[str]:
    found = read_changes(home.database.engine, home.owner, 0, 1_000)
    return [each.kind for each in found if each.subject == "trade"]


@pytest.fixture
def home(database: Database) -> Home:
    return Home(database)


def test_deal_when_its_id_changes_then_it_is_the_same_row(home: Home) -> None:
    home.sync(page(bought("1"), bought("2", quantity=Decimal(5))))
    [(first, _), (second, _)] = stored(home)
    home.sync(page(bought("9"), bought("2", quantity=Decimal(5))))
    assert stored(home) == [(first, "9"), (second, "2")]
    assert kinds(home) == ["added", "added", "modified"]
    home.sync(page(bought("9"), bought("2", quantity=Decimal(5))))
    assert kinds(home) == ["added", "added", "modified"]


def test_deals_when_equal_then_each_is_a_row_and_an_id_that_changes_is_of_one(home: Home) -> None:
    home.sync(page(bought("1"), bought("2")))
    [(first, _), (second, _)] = stored(home)
    home.sync(page(bought("2"), bought("3")))
    assert stored(home) == [(first, "3"), (second, "2")]
    home.sync(page(bought("2"), bought("3"), bought("4")))
    assert len(stored(home)) == 3


def test_deal_when_it_was_taken_for_another_and_both_are_shown_then_both_are_there(home: Home) -> None:
    home.sync(page(bought("1")))
    home.sync(page(bought("2")))
    home.sync(page(bought("1"), bought("2")))
    assert [name for _, name in stored(home)] == ["2", "1"]
    home.sync(page(bought("1"), bought("2")))
    assert [name for _, name in stored(home)] == ["2", "1"]


def test_deal_when_it_is_not_shown_any_more_then_it_is_removed_and_comes_again(home: Home) -> None:
    home.sync(page(bought("1"), bought("2", day=24)))
    home.sync(page(bought("1")))
    assert [name for _, name in stored(home)] == ["1"]
    home.sync(page(bought("1"), bought("2", day=24)))
    assert [name for _, name in stored(home)] == ["1", "2"]
    assert kinds(home) == ["added", "added", "removed", "restored"]


@pytest.mark.parametrize("start", [None, date(2026, 2, 25)])
def test_deal_when_nothing_covers_its_day_then_it_stays(home: Home, start: date | None) -> None:
    home.sync(page(bought("1"), bought("2", day=24)))
    home.sync(page(bought("1"), start=start))
    assert len(stored(home)) == 2


def test_deal_when_its_row_is_corrected_then_it_keeps_its_id(home: Home) -> None:
    home.sync(page(bought("1")))
    [(row, _)] = stored(home)
    home.sync(page(bought("1", amount=Decimal("-201.01"))))
    home.sync(page(bought("1", amount=Decimal("-201.01"), canceled=True)))
    assert (stored(home), kinds(home)) == ([], ["added", "modified", "removed"])
    home.sync(page(bought("1")))
    assert stored(home) == [(row, "1")]


def test_deal_when_it_has_neither_amount_nor_currency_then_its_account_has_one(home: Home) -> None:
    home.sync(page(bought("1", amount=None)))
    home.sync(replace(page(bought("1", amount=None, currency="XXX")), holders=[replace(BROKER, currency="XXX")]))
    assert kinds(home) == ["added"]


def test_window_when_only_a_later_page_ends_it_then_what_an_earlier_one_showed_stays(home: Home) -> None:
    home.sync(page(bought("1"), bought("2", day=24)))
    first = replace(page(bought("1"), start=None, after="1"), complete=False)
    home.sync(first, page(bought("3", day=23)))
    assert [name for _, name in stored(home)] == ["1", "3"]


def test_snapshot_when_its_vendor_is_ahead_of_the_clock_then_it_is_of_now(home: Home) -> None:
    ahead = datetime(2026, 3, 9, tzinfo=UTC)
    home.sync(replace(page(), held=["b-1"], held_at={"b-1": ahead}))
    with reading(home.database.engine) as db:
        from fin_infra.book.tables import snapshots

        [found] = db.execute(snapshots.select()).all()
    assert found.at < NOON + timedelta(hours=1) < ahead
