"""Goals and alerts over a book that syncs filled; on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from fin_infra.book import Book, open_book
from fin_infra.errors import CurrencyMismatch, InvalidInput, NotRemembered
from fin_infra.insights.alerts import AlertKind, AlertSettings
from fin_infra.insights.goals import Goal, GoalKind
from fin_infra.model import Money
from fin_infra.transport import Sync
from tests.book.small import Home, level, page, told_on

D = date
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


TRIP = Goal(id="new", kind=GoalKind.SAVINGS, name="Trip", target=usd("1200.00"), monthly=usd("100.00"))


@pytest.fixture
def book(home: Home, url: str) -> Iterator[Book[Sync]]:
    found = open_book(url, user="ada", clock=lambda: NOW)
    yield found
    found.engine.dispose()


RENT = told_on("GREENFIELD RENT", "-1200.00", [D(2025, 12, 22), D(2026, 1, 22), D(2026, 2, 22)])
TWICE = told_on("STREAMFLIX", "-19.99", [D(2026, 3, 10), D(2026, 3, 10)])
FEE = told_on("OVERDRAFT FEE", "-35.00", [D(2026, 3, 12)])


def filled(home: Home, balance: str = "400.00") -> None:
    home.sync(page(*RENT, *TWICE, *FEE, levels=[level(balance, 19)]))


def kinds(book: Book[Sync]) -> list[AlertKind]:
    return [each.kind for each in book.alerts() if each.kind is not AlertKind.STALE_CONNECTION]


def test_goals_when_an_account_is_synced_then_its_balance_says_how_far_it_is(home: Home, book: Book[Sync]) -> None:
    filled(home)
    [account] = book.accounts()
    made = book.add_goal(replace(TRIP, account_id=str(account.id), by=D(2026, 12, 31)))
    [found] = book.goals()
    assert found.goal == made
    assert (found.reached, found.remaining, found.percent) == (usd("400.00"), usd("800.00"), Decimal("33.33"))
    assert (found.reached_on, found.on_track) == (D(2026, 11, 20), True)
    assert book.goals(today=D(2026, 3, 1))[0].reached is None  # before anybody knew a balance


def test_goal_when_it_has_no_account_then_nothing_is_made_up(home: Home, book: Book[Sync]) -> None:
    filled(home)
    book.add_goal(TRIP)
    assert book.goals()[0].reached is None


def test_goal_when_it_is_removed_then_it_is_gone_and_the_log_has_it(home: Home, book: Book[Sync]) -> None:
    filled(home)
    made = book.add_goal(replace(TRIP, by=D(2027, 1, 1), annual_rate=Decimal("0.04")))
    assert book.remove_goal(made.id) == 1
    assert not book.goals()
    [added, removed] = [each for each in book.changes() if each.subject == "goal"]
    assert (added.kind, removed.kind) == ("added", "removed")
    assert (removed.before or {})["target"] == {"amount": "1200.00", "currency": "USD"}
    with pytest.raises(NotRemembered, match=f"The book has no goal {made.id}"):
        book.remove_goal(made.id)


@pytest.mark.parametrize(
    ("goal", "error", "says"),
    [
        (replace(TRIP, account_id="99"), InvalidInput, "The book has no account 99"),
        (replace(TRIP, target=Money.of("5.00", "EUR")), CurrencyMismatch, "EUR and USD"),
        (replace(TRIP, target=usd("-5.00")), InvalidInput, "`target` is -5"),
        (replace(TRIP, by=D(2026, 3, 19)), InvalidInput, "is not after today, 2026-03-20"),
        (replace(TRIP, monthly=usd("0.00")), InvalidInput, "never reached"),
    ],
)
def test_goal_when_it_cannot_be_meant_then_nothing_is_written(
    home: Home, book: Book[Sync], goal: Goal, error: type[Exception], says: str
) -> None:
    filled(home)
    with pytest.raises(error, match=says):
        book.add_goal(goal)
    assert not book.goals()


def test_goal_when_its_account_is_in_another_currency_then_it_is_refused(home: Home, book: Book[Sync]) -> None:
    filled(home)
    [account] = book.accounts()
    euros = replace(TRIP, target=Money.of("5.00", "EUR"), monthly=Money.of("1.00", "EUR"), account_id=str(account.id))
    with pytest.raises(CurrencyMismatch, match=f"Account {account.id} is in USD, and the goal is in EUR"):
        book.add_goal(euros)


def test_alerts_when_a_sync_told_of_trouble_then_each_is_found(home: Home, book: Book[Sync]) -> None:
    filled(home)
    low, fee, twice, bill = (
        next(each for each in book.alerts() if each.kind is kind)
        for kind in (AlertKind.LOW_BALANCE, AlertKind.FEE, AlertKind.DUPLICATE_CHARGE, AlertKind.BILL_DUE)
    )
    assert low.text.endswith("is expected to be at -800.00 USD on 2026-03-22, below zero.")
    assert "35.00 USD" in fee.text
    assert len(twice.entry_ids) == 2
    assert bill.date == D(2026, 3, 22)
    rows = {str(each.id): each for each in book.transactions()}
    assert {rows[id].description for id in twice.entry_ids} == {"STREAMFLIX"}


def test_alerts_when_there_is_enough_money_then_no_balance_is_low(home: Home, book: Book[Sync]) -> None:
    filled(home, "1200.00")
    assert AlertKind.LOW_BALANCE not in kinds(book)
    settings = AlertSettings(floors=(usd("1.00"),))
    assert AlertKind.LOW_BALANCE in {each.kind for each in book.alerts(settings=settings)}


def test_alert_when_it_is_dismissed_then_it_stays_so_in_another_book_too(
    home: Home, book: Book[Sync], url: str
) -> None:
    filled(home)
    alert = next(each for each in book.alerts() if each.kind is AlertKind.FEE)
    before = book.alerts()
    assert book.dismiss_alert(alert.id) == 1
    assert book.dismiss_alert(alert.id) == 0
    again = open_book(url, user="ada", clock=lambda: NOW)
    assert again.alerts() == [each for each in before if each.id != alert.id]
    again.engine.dispose()
    assert [each.kind for each in book.changes() if each.subject == "alert"] == ["dismissed"]
    with pytest.raises(NotRemembered, match="There is no such alert today"):
        book.dismiss_alert("0" * 16)


def test_goals_and_alerts_when_another_household_asks_then_it_has_none(home: Home, book: Book[Sync], url: str) -> None:
    filled(home)
    made = book.add_goal(TRIP)
    alert = book.alerts()[0]
    for user, tenant in (("ben", "default"), ("ada", "north")):
        other = open_book(url, user=user, tenant=tenant, clock=lambda: NOW)
        assert (other.goals(), other.alerts()) == ([], [])
        with pytest.raises(NotRemembered):
            other.remove_goal(made.id)
        with pytest.raises(NotRemembered):
            other.dismiss_alert(alert.id)
        other.engine.dispose()
    assert [each.goal for each in book.goals()] == [made]


def test_goals_when_exported_and_erased_then_they_are_in_the_files_and_gone(
    home: Home, book: Book[Sync], tmp_path: Path
) -> None:
    filled(home)
    made = book.add_goal(TRIP)
    alert = book.alerts()[0]
    book.dismiss_alert(alert.id)
    book.export(tmp_path / "out")
    [row] = json.loads((tmp_path / "out" / "goals.json").read_text())
    assert (str(row["id"]), row["name"], row["target"]) == (made.id, "Trip", "1200.00")
    [dismissed] = json.loads((tmp_path / "out" / "dismissed_alerts.json").read_text())
    assert dismissed["alert"] == alert.id
    book.erase()
    assert not book.goals()
    with book.engine.connect() as db:
        for table in ("goals", "dismissed_alerts"):
            assert db.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0
