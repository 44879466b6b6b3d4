"""A bank that tells what changed since a cursor, as a source of the book; its investments and debts are snapshots.
Floor 6: a run begins again at its first cursor after any failure, and an empty cursor is not progress.

The book's cursor has the vendor's and the first day of the next look at the investment accounts. Where a run begins
without the vendor's cursor, everything is told again, and what was remembered of those days and is not told is gone.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import msgspec

from fin_infra.book.banks import holder_of, level_of, told_of
from fin_infra.book.brokers import FirstPage, cash_level, hold, main_currency
from fin_infra.book.deals import PAGE, DealRun, Stream, of_activity
from fin_infra.book.pages import Level, Page, Restart, Window
from fin_infra.errors import (
    AuthenticationFailed,
    CursorRefused,
    FinInfraError,
    NotFound,
    PermissionDenied,
    ReauthRequired,
    UnexpectedPayload,
)
from fin_infra.model import (
    Account,
    AccountType,
    Balance,
    BrokerActivity,
    HoldingAccount,
    Holdings,
    Listing,
    RowError,
    Transaction,
    TransactionChanges,
)
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.transport import Flow, Invoke

_NOT_HERE = (PermissionDenied, NotFound)
"""What a login says that has no such accounts, or whose person has not agreed to share them."""
_WHOLE = (AuthenticationFailed, ReauthRequired)
"""Errors that the whole login has, whatever was being asked."""
_ALL = "*"
"""The one stream of deals: the vendor tells those of all accounts together."""


class DeltaSource:
    """One login of a bank that has a list of changes."""

    resumes = False

    def __init__(self, bank: BankingProvider[Any]) -> None:
        self._bank = bank
        self._run: _Run | None = None

    def changes(self, cursor: str) -> Flow[Page]:
        vendor, since = _read(cursor)
        read = FirstPage()
        if self._run is None:
            self._run = run = _Run(since, whole=not vendor)
            yield from self._first(run, read)
        run = self._run
        if run.more:
            try:
                told: TransactionChanges = yield Invoke(partial(self._bank.transaction_changes, vendor or None))
            except CursorRefused as exc:
                self._run = None
                raise Restart(beginning=exc.from_beginning) from None
            except _NOT_HERE:  # a login for investments alone
                run.more = False
            else:
                return self._page(run, read, told, vendor)
        return (yield from self._deals(run, read, vendor))

    def _page(self, run: _Run, read: FirstPage, told: TransactionChanges, vendor: str) -> Page:
        """Return a page of the vendor's; the deals come behind the last one."""
        after = told.next_cursor or vendor
        if told.has_more and after == vendor:
            raise UnexpectedPayload("the list of changes does not advance: a cursor came twice")
        run.follow(told)
        rows = [*told.added, *told.modified]
        read.unread += map(str, told.errors)
        complete = not run.more and not run.deals.left
        return self._made(run, read, rows, list(told.removed), after, complete=complete)

    def _deals(self, run: _Run, read: FirstPage, vendor: str) -> Flow[Page]:
        deals = yield from run.deals.take(PAGE, read.unread)
        page = self._made(run, read, [], [], vendor, complete=not run.deals.left)
        page.deals.extend(deals)
        return page

    def _made(
        self, run: _Run, read: FirstPage, rows: list[Transaction], removed: list[str], vendor: str, *, complete: bool
    ) -> Page:
        since = run.deals.next_starts().get(_ALL) if complete else run.deals.starts.get(_ALL)
        page = Page(
            after=_cursor(vendor, since),
            complete=complete,
            holders=read.holders,
            transactions=[told_of(row) for row in rows],
            removed=removed,
            levels=read.levels,
            held=list(read.held),
            held_at=read.held,
            positions=read.positions,
            windows=run.windows() if complete else [],
            unread=read.unread,
            raw=[row.raw for row in rows if row.raw is not None],
            waiting=run.waiting,
        )
        if complete:
            self._run = None
        return page

    def _first(self, run: _Run, read: FirstPage) -> Flow[None]:
        """Read what has no list of changes: accounts, balances, and what the investment accounts hold."""
        listed: Listing[Account] = yield Invoke(self._bank.accounts)
        read.unread += map(str, listed.errors)
        read.holders += [holder_of(account) for account in listed]
        invested = {each.id: each for each in listed if each.type is AccountType.INVESTMENT}
        balances: Listing[Balance] = yield Invoke(self._bank.balances)
        levels = {each.account_id: each for each in balances}
        counted = (yield from self._holdings(invested, read)) if invested else set[str]()
        for account in listed:
            if account.id in levels and account.id not in counted:
                read.levels += level_of(account, levels[account.id])
        if counted and read.held and "activities" in self._bank.can:
            currencies = {each.id: each.currency for each in listed}
            run.deals = DealRun(run.deals.starts, [Stream(_ALL, self._activities, partial(_deals_of, currencies))])

    def _activities(self, start: date | None) -> Any:
        return self._bank.activities(start=start)

    def _holdings(self, invested: dict[str, Account], read: FirstPage) -> Flow[set[str]]:
        """Read what is held; return the accounts whose balance must not be counted beside it.

        The balance of an investment account is all of it, holdings too. Where those are told, its level is its cash;
        where they never are, its level is the whole and it holds nothing; where they cannot be had now, both keep
        their age.
        """
        if "holdings" not in self._bank.can:
            return set()
        try:
            found: Holdings = yield Invoke(self._bank.holdings)
        except _WHOLE:
            raise
        except _NOT_HERE:
            read.held |= {account.id: account.as_of for account in invested.values()}
            return set()
        except FinInfraError as exc:
            read.unread.append(f"what the investment accounts hold cannot be read: {exc.for_caller()}")
            return set(invested)
        told = [account for account in found.accounts if account.id in invested]
        for account in told:
            _hold(read, account, found)
        read.unread += [error.message for error in found.errors if error.account_id not in invested]
        return {account.id for account in told}


class _Run:
    """One run at work: what is left of it, and which days it has told from their beginning."""

    def __init__(self, since: date | None, *, whole: bool) -> None:
        self.more = True
        self.waiting = False
        self.deals = DealRun({_ALL: since} if since is not None else {}, [])
        self._whole = whole
        self._oldest: dict[str, date] = {}

    def follow(self, told: TransactionChanges) -> None:
        self.more = told.has_more
        self.waiting = not told.ready
        for row in told.added:
            self._oldest[row.account_id] = min(row.date, self._oldest.get(row.account_id, row.date))

    def windows(self) -> list[Window]:
        """Return, of a run without a cursor, the days that it has told whole."""
        if not self._whole or self.waiting:
            return []
        return [Window(account=account, start=start) for account, start in sorted(self._oldest.items())]


def _hold(read: FirstPage, account: HoldingAccount, found: Holdings) -> None:
    cash = [each for each in found.balances if each.account_id == account.id]
    main = main_currency(account, cash)
    errors = [
        RowError(place=f"holdings[{at}]", reason=each.message)
        for at, each in enumerate(found.errors)
        if each.account_id == account.id
    ]
    held = Listing([each for each in found.positions if each.account_id == account.id], errors=errors)
    read.levels += [cash_level(account.id, each, account.as_of) for each in cash if each.currency == main]
    if not any(each.currency == main for each in cash):
        read.levels.append(Level(account=account.id, at=account.as_of, currency=main, current=None))
    hold(read, account.id, held, account.as_of, [each for each in cash if each.currency != main])


def _deals_of(currencies: dict[str, str], row: BrokerActivity) -> list[Any]:
    account = row.account_id or ""
    return of_activity(account, currencies.get(account, "XXX"), row)


def _cursor(vendor: str, since: date | None) -> str:
    if not vendor and since is None:
        return ""
    return msgspec.json.encode({"vendor": vendor, "since": since}).decode()


def _read(cursor: str) -> tuple[str, date | None]:
    if not cursor:
        return "", None
    read = msgspec.json.decode(cursor)
    return read["vendor"], date.fromisoformat(read["since"]) if read["since"] else None
