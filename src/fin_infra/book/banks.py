"""A bank's adapter as a source of the book: what it shows from a day on, and what it does not show any more.
Floor 6: most banks have no list of changes, so a run reads a window of each account that covers all that may move."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from functools import partial
from itertools import islice
from typing import Any

import msgspec

from fin_infra.book.pages import Holder, Level, Page, VendorTransaction, Window
from fin_infra.errors import AccountClosed, NotFound, ProviderUnavailable
from fin_infra.flow import row_errors
from fin_infra.model import Account, AccountStatus, Balance, Listing, RowError, Transaction, TransactionStatus
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.transport import Flow, Invoke

OVERLAP = timedelta(days=14)
"""How far a window reaches back behind the newest transaction: banks post and correct that late."""
PAGE = 2_000
"""Transactions to a page: a usual sync is one."""


class BankSource:
    """One enrollment of a bank. The cursor names the first day of the next window of each account.

    A run that was interrupted begins again: what a window does not show is known only when it was read to its end.
    """

    resumes = False

    def __init__(self, bank: BankingProvider[Any], page: int = PAGE) -> None:
        self._bank = bank
        self._page = page
        self._run = _Run({})

    def changes(self, cursor: str) -> Flow[Page]:
        starts, number = _read(cursor)
        holders: list[Holder] = []
        levels: list[Level] = []
        unread: list[str] = []
        if number == 0:
            self._run = _Run(starts)
            listed: Listing[Account] = yield Invoke(self._bank.accounts)
            holders = [_holder(account) for account in listed]
            unread += map(str, listed.errors)
            open_ones = [account for account in listed if account.status is not AccountStatus.CLOSED]
            levels = yield from self._levels(open_ones)
            self._run.left = open_ones if "transactions" in self._bank.can else []
        told: list[Transaction] = []
        while len(told) < self._page and self._run.left:
            told += yield from self._read_on(self._page - len(told), unread)
        run = self._run
        run.number += 1
        run.unread = run.unread or bool(unread)
        complete = not run.left
        return Page(
            after=_cursor(run.next_starts(), 0) if complete else _cursor(run.starts, run.number),
            complete=complete,
            holders=holders,
            transactions=[_told(row) for row in told],
            levels=levels,
            windows=run.windows if complete else [],
            unread=unread,
            raw=[row.raw for row in told if row.raw is not None],
        )

    def _levels(self, accounts: list[Account]) -> Flow[list[Level]]:
        """Ask for balances; one that cannot be had now keeps its age, and the transactions are read all the same."""
        levels: list[Level] = []
        for account in accounts:
            try:
                balance: Balance = yield Invoke(partial(self._bank.balance, account.id))
            except (AccountClosed, NotFound, ProviderUnavailable):
                continue
            levels += _level(account, balance)
        return levels

    def _read_on(self, most: int, unread: list[str]) -> Flow[list[Transaction]]:
        """Read on in the first account that is left."""
        run, account = self._run, self._run.left[0]
        start = run.starts.get(account.id)
        if run.rows is None:
            run.rows = self._bank.transactions(account.id, start=start)
            run.windows.append(Window(account=account.id, start=start or date.min))
        rows, errors = yield from taken(run.rows, most)
        unread += map(str, errors)
        for row in rows:
            run.follow(row)
        if len(rows) < most:
            run.left.pop(0)
            run.rows = None
        return rows


class _Run:
    """One run at work: which accounts are left, and from which day on the next one has to look."""

    def __init__(self, starts: dict[str, date]) -> None:
        self.starts = starts
        self.number = 0
        self.left: list[Account] = []
        self.rows: Any = None
        self.windows: list[Window] = []
        self.unread = False
        self._newest: dict[str, date] = {}
        self._pending: dict[str, date] = {}

    def follow(self, row: Transaction) -> None:
        account = row.account_id
        day = min(row.date, row.as_of.astimezone(UTC).date())  # one of a later day does not put off what comes before
        self._newest[account] = max(day, self._newest.get(account, day))
        if row.status is TransactionStatus.PENDING:
            self._pending[account] = min(row.date, self._pending.get(account, row.date))

    def next_starts(self) -> dict[str, date]:
        """Return the first days of the next run's windows: before what is still pending, and what may be corrected."""
        if self.unread:  # what could not be read now is read again
            return self.starts
        found = dict(self.starts)
        for account, newest in self._newest.items():
            start = max(newest, date.min + OVERLAP) - OVERLAP
            found[account] = min(start, self._pending.get(account, start))
        return found


def taken(rows: Any, most: int) -> Flow[tuple[list[Any], list[RowError]]]:
    """Take at most so many records of a paged operation in either mode, and the rows that cannot be read."""
    take = _awaited if hasattr(rows, "__anext__") else _taken
    found: tuple[list[Any], list[RowError]] = yield Invoke(lambda: take(rows, most))
    return found


def _taken(rows: Any, most: int) -> tuple[list[Any], list[RowError]]:
    with row_errors() as unread:
        items: list[Any] = list(islice(rows, most))
    return items, list(unread)


async def _awaited(rows: Any, most: int) -> tuple[list[Any], list[RowError]]:
    items: list[Any] = []
    with row_errors() as unread:
        while len(items) < most:
            try:
                items.append(await anext(rows))
            except StopAsyncIteration:
                break
    return items, list(unread)


def _holder(account: Account) -> Holder:
    return Holder(
        vendor_id=account.id,
        name=account.name,
        type=account.type.value,
        subtype=account.subtype.value,
        currency=account.currency,
        institution=account.institution.name,
        ending=account.last_four,
        status=account.status.value,
    )


def _level(account: Account, balance: Balance) -> list[Level]:
    money = balance.current if balance.current is not None else balance.available
    if money is None:
        return []
    return [
        Level(
            account=account.id,
            at=balance.as_of,
            currency=money.currency,
            current=balance.current.amount if balance.current is not None else None,
            available=balance.available.amount if balance.available is not None else None,
        )
    ]


def _told(row: Transaction) -> VendorTransaction:
    return VendorTransaction(
        vendor_id=row.id,
        account=row.account_id,
        day=row.date,
        text=row.description,
        currency=row.amount.currency,
        amount=row.amount.amount,
        pending=row.status is TransactionStatus.PENDING,
        category=row.category.value,
        category_text=row.category_text,
        type_text=row.type_text,
        counterparty=row.counterparty,
    )


def _cursor(starts: dict[str, date], page: int) -> str:
    return msgspec.json.encode({"page": page, "start": dict(sorted(starts.items()))}).decode()


def _read(cursor: str) -> tuple[dict[str, date], int]:
    if not cursor:
        return {}, 0
    read = msgspec.json.decode(cursor)
    return {account: date.fromisoformat(day) for account, day in read["start"].items()}, read["page"]
