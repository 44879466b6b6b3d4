"""A bank without a list of changes: which days a run reads, and what it concludes from what is not shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.book.banks import BankSource
from fin_infra.book.engine import Database, reading
from fin_infra.book.read import Wanted, transaction_rows
from fin_infra.model import (
    Account,
    AccountStatus,
    AccountSubtype,
    AccountType,
    Institution,
    Listing,
    Money,
    Transaction,
    TransactionStatus,
)
from fin_infra.transport.local import LocalTransport
from tests.book.small import NOON, Home

TODAY = NOON.date()


class Bank:
    """Shows rows as a test gives them, and writes down from which day on it was asked."""

    can = frozenset({"accounts", "transactions"})

    def __init__(self) -> None:
        self.rows: list[Transaction] = []
        self.asked: list[date | None] = []

    def accounts(self) -> Listing[Account]:
        account = Account(
            source="m", as_of=NOON, id="a-1", name="Checking", type=AccountType.DEPOSITORY,
            subtype=AccountSubtype.CHECKING, subtype_text="checking", currency="USD", status=AccountStatus.OPEN,
            institution=Institution(id="m", name="Model"),
        )  # fmt: skip
        return Listing([account])

    def balance(self, account_id: str) -> Any:
        from fin_infra.errors import NotFound

        raise NotFound("m: no balance")

    def transactions(self, account_id: str, *, start: date | None = None) -> Iterator[Transaction]:
        self.asked.append(start)
        return iter([row for row in self.rows if start is None or row.date >= start])


def row(name: str, days_ago: int, status: TransactionStatus = TransactionStatus.POSTED) -> Transaction:
    return Transaction(
        source="m", as_of=NOON, id=name, account_id="a-1", date=TODAY - timedelta(days=days_ago),
        amount=Money(Decimal(-3), "USD"), status=status, description=f"Grocery {name}",
    )  # fmt: skip


@pytest.fixture
def home(database: Database) -> Home:
    return Home(database)


def sync(home: Home, bank: Bank) -> list[str]:
    assert LocalTransport().run(home.flow(BankSource(bank))) is True  # type: ignore[arg-type]  # it has what is asked of one
    with reading(home.database.engine) as db:
        return sorted(each.vendor_id for each in transaction_rows(db, home.owner, Wanted()))


def test_window_when_an_old_row_is_still_pending_then_it_reaches_back_to_it(home: Home) -> None:
    bank = Bank()
    bank.rows = [row("new", 0), row("held", 30, TransactionStatus.PENDING), row("old", 40)]
    assert sync(home, bank) == ["held", "new", "old"]
    bank.rows = [row("new", 0), row("old", 40)]
    assert sync(home, bank) == ["new", "old"], "what is not pending any more is gone"
    assert bank.asked == [None, TODAY - timedelta(days=30)]
    sync(home, bank)
    assert bank.asked[-1] == TODAY - timedelta(days=14)


def test_window_when_a_row_is_of_a_later_day_then_todays_are_read_all_the_same(home: Home) -> None:
    bank = Bank()
    bank.rows = [row("ahead", -60), row("now", 1)]
    sync(home, bank)
    bank.rows.append(row("late", 10))
    assert sync(home, bank) == ["ahead", "late", "now"]
    assert bank.asked == [None, TODAY - timedelta(days=14)]
