"""Holdings of investment statements in the book: by hand, 1,208.86 of cash and 3,856.88 of shares make 5,065.74."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fin_infra.analytics import net_worth
from fin_infra.book import Book, open_book
from fin_infra.book.engine import Database
from fin_infra.imports.statements import read_statement
from fin_infra.model import Money, StatementFile
from fin_infra.security import keyring
from fin_infra.transport import Sync

FILE = Path(__file__).parents[1] / "imports" / "fixtures" / "ofx" / "brokerage.ofx"
DAY = date(2026, 3, 31)


@pytest.fixture
def book(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book[Sync]]:
    monkeypatch.setenv("FIN_INFRA_VAULT_KEYS", keyring.new_key_text("one"))
    found = open_book(database.engine.url.render_as_string(hide_password=False))
    yield found
    found.engine.dispose()


def moved(file: StatementFile, days: int, *, units: str = "15.125", value: str = "3856.88") -> StatementFile:
    """Return the statement of another day, with other shares."""
    by = timedelta(days=days)
    [statement] = file.statements
    shares, house = statement.positions
    money = Money(Decimal(value), "USD")
    shares = replace(shares, units=Decimal(units), market_value=money, at=DAY + by)
    balances = tuple(replace(each, at=each.at and each.at + by) for each in statement.balances)
    end = statement.end and statement.end + by
    moved = replace(statement, lines=(), trades=(), balances=balances, end=end, positions=(shares, house))
    return replace(file, statements=(moved,))


def held(book: Book[Sync], on: date | None = None) -> list[tuple[str, Decimal, Decimal | None]]:
    return [(row.name, row.quantity, None if row.value is None else row.value.amount) for row in book.holdings(on=on)]


def state(book: Book[Sync]) -> list[Any]:
    return [list(book.holdings()), list(book.balances()), list(book.transactions(limit=100)), list(book.accounts())]


def test_import_when_the_file_lists_holdings_then_the_book_has_them_and_its_worth_is_that_of_the_file(
    book: Book[Sync],
) -> None:
    file = read_statement(FILE)
    plan = book.plan_import(file)
    assert plan.parts[0].holdings == 2
    assert (plan.parts[0].trades.new, plan.parts[0].trades.unknown) == (2, 0)
    result = book.import_statement(file)
    assert result.warnings == plan.warnings
    assert sorted(held(book), key=str) == sorted(
        [("Apple & Co", Decimal("15.125"), Decimal("3856.88")), ("X1", Decimal(3), None)], key=str
    )
    assert {row.identifier for row in book.holdings()} == {"037833100", "X1"}
    ours = book.net_worth("USD", on=DAY)
    theirs = net_worth([file], {}, None, on=DAY, currency="USD")
    assert ours.total == theirs.total == Money(Decimal("5065.74"), "USD")
    assert ours.complete is theirs.complete is False, "X1 has no value"


def test_import_when_a_later_file_comes_then_its_list_counts_and_an_older_one_changes_nothing(
    book: Book[Sync],
) -> None:
    file = read_statement(FILE)
    book.import_statement(file)
    book.import_statement(moved(file, 30, units="20", value="5000.00"))
    assert ("Apple & Co", Decimal(20), Decimal("5000.00")) in held(book)
    assert ("Apple & Co", Decimal("15.125"), Decimal("3856.88")) in held(book, on=DAY)
    before = held(book)
    book.import_statement(moved(file, -30, units="1", value="1.00"))
    assert held(book) == before


def test_import_when_undone_then_what_was_known_before_is_the_last_word_and_the_log_keeps_both(
    book: Book[Sync],
) -> None:
    file = read_statement(FILE)
    book.import_statement(file)
    before, seen = state(book), len(book.changes(since=0, limit=1_000))
    later = book.import_statement(moved(file, 30, units="20", value="5000.00"))
    assert state(book) != before
    book.undo_import(later.document.id)
    assert state(book) == before
    told = [(each.subject, each.kind) for each in book.changes(since=0, limit=1_000)[seen:]]
    assert ("holdings", "modified") in told
    assert ("holdings", "removed") in told


def test_import_when_the_same_day_is_told_twice_then_the_first_list_stays(book: Book[Sync]) -> None:
    file = read_statement(FILE)
    book.import_statement(file)
    book.import_statement(moved(file, 0, units="99", value="9.00"))
    assert ("Apple & Co", Decimal("15.125"), Decimal("3856.88")) in held(book)
