"""What the book remembers, in the words of the questions: an answer has the same shape, whoever gives it.
Floor 6: a question about somebody reads their book where it has accounts, and asks the vendors where it has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from fin_infra.errors import InvalidInput, MissingExtra, NotFound
from fin_infra.features import acting_user, require
from fin_infra.model import (
    Account,
    AccountBalance,
    Balance,
    Category,
    Institution,
    Listing,
    Money,
    NetWorth,
    Portfolio,
    Transaction,
)
from fin_infra.questions.asked import Asked, invoke
from fin_infra.settings import book_url
from fin_infra.transport import Flow

if TYPE_CHECKING:
    from fin_infra.book import Book, BookAccount, BookBalance, BookTransaction, Connection

SOURCE = "book"
"""Who tells what came by a file or from a person."""


def book_of(asked: Asked, domain: str) -> Flow[Book[Any] | None]:
    """Return the book of whoever asks, where it has accounts and no provider is named."""
    if asked.provider is not None or (domain in asked.given and asked.book is None):
        return None
    book = asked.book() if asked.book is not None else default_book(asked.mode)
    if book is None:
        return None
    accounts: Listing[BookAccount] = yield from invoke(book.accounts)
    if not accounts:
        return None
    require(domain)
    return book


def default_book(mode: Literal["sync", "async"]) -> Book[Any] | None:
    """Return the book of this user where one has been made; none is made for a question."""
    if acting_user() is not None:  # an app asks for one of its users, whose book it gives itself
        return None
    url = book_url()
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return None
    return _opened(url, mode)


@cache
def _opened(url: str, mode: Literal["sync", "async"]) -> Book[Any] | None:
    try:
        from fin_infra.book import open_book, schema
        from fin_infra.book.engine import Database
    except MissingExtra:  # SQL_URL is the order journal's alone
        return None
    if not url.startswith("sqlite") and schema.revision(Database(url)) is None:
        return None
    return cast("Callable[..., Book[Any]]", open_book)(url, mode=mode)


def accounts(book: Book[Any]) -> Flow[Listing[Account]]:
    told = yield from _told(book)
    rows: Listing[BookAccount] = yield from invoke(book.accounts)
    return Listing([told.account(row) for row in rows])


def balances(book: Book[Any], account_id: str | None) -> Flow[Listing[AccountBalance]]:
    told = yield from _told(book)
    rows: Listing[BookAccount] = yield from invoke(book.accounts)
    if account_id is not None:
        rows = Listing([row for row in rows if row.id == number_of(account_id)])
        if not rows:
            raise NotFound(f"the book has no account {account_id}; `accounts` lists them")
    found: Listing[BookBalance] = yield from invoke(book.balances)
    by_account = {row.account_id: row for row in found}
    return Listing([told.balance(row, by_account.get(row.id)) for row in rows])


def transactions(
    book: Book[Any], account_id: str, start: date | None, end: date | None, limit: int
) -> Flow[Listing[Transaction]]:
    told = yield from _told(book)
    account = number_of(account_id)
    rows: Listing[BookTransaction] = yield from invoke(
        lambda: book.transactions(account_id=account, start=start, end=end, limit=limit)
    )
    return Listing([told.transaction(row) for row in rows])


def net_worth(book: Book[Any], currency: str) -> Flow[NetWorth]:
    worth: NetWorth = yield from invoke(lambda: book.net_worth(currency))
    return worth


def portfolio(book: Book[Any], currency: str | None) -> Flow[Portfolio | None]:
    """Return what the book holds; None where it has no account that could hold anything but cash."""
    found: Portfolio = yield from invoke(lambda: book.portfolio(currency))
    return found if found.accounts else None


def besides(worth: NetWorth, other: NetWorth) -> NetWorth:
    """Return a net worth with what counts besides, line by line; both are in one currency."""
    return replace(
        worth,
        total=_sum(worth.total, other.total),
        assets=_sum(worth.assets, other.assets),
        liabilities=_sum(worth.liabilities, other.liabilities),
        complete=worth.complete and other.complete,
        missing=(*worth.missing, *other.missing),
        lines=(*worth.lines, *other.lines),
        errors=(*worth.errors, *other.errors),
        doubts=(*worth.doubts, *other.doubts),
    )


def _sum(one: Money | None, other: Money | None) -> Money | None:
    return one if other is None else other if one is None else one + other


def number_of(account_id: str) -> int:
    """Return the id of an account of the book.

    Raises:
        InvalidInput: it is one of a vendor, or none at all.
    """
    if not (account_id.isascii() and account_id.isdigit() and len(account_id) < 17):
        raise InvalidInput("The ids of the book's accounts are numbers; `accounts` lists them.")
    return int(account_id)


def _told(book: Book[Any]) -> Flow[_Told]:
    rows: Listing[Connection] = yield from invoke(book.connections)
    return _Told({row.id: row for row in rows}, book.clock())


class _Told:
    """Records of the book in the words of a bank, each with the provider that tells it and when that was true."""

    def __init__(self, connections: Mapping[str, Connection], now: datetime) -> None:
        self._connections = connections
        self._now = now.astimezone(UTC)

    def account(self, row: BookAccount) -> Account:
        return Account(
            source=self._source(row.sources[0]),
            as_of=self._since(row.sources[0]),
            id=str(row.id),
            name=row.name,
            type=row.type,
            subtype=row.subtype,
            subtype_text=row.subtype.value,
            currency=row.currency,
            status=row.status,
            institution=Institution(id=row.institution, name=row.institution),
            last_four=row.ending,
        )

    def balance(self, row: BookAccount, balance: BookBalance | None) -> AccountBalance:
        account = self.account(row)
        if balance is None:
            return AccountBalance(account=account, balance=None, missing="no balance has been told yet")
        known = Balance(
            source=self._source(balance.source),
            as_of=balance.at,
            account_id=str(row.id),
            current=balance.current,
            available=balance.available,
        )
        return AccountBalance(account=account, balance=known)

    def transaction(self, row: BookTransaction) -> Transaction:
        own = row.category in set(Category)
        return Transaction(
            source=self._source(row.source),
            as_of=self._since(row.source),
            id=str(row.id),
            account_id=str(row.account_id),
            date=row.date,
            amount=row.amount,
            status=row.status,
            description=row.description,
            category=Category(row.category) if own else row.vendor_category,
            category_text=None if own else row.category,
            counterparty=row.counterparty,
        )

    def _source(self, source: str) -> str:
        return self._connections[source].provider if source in self._connections else SOURCE

    def _since(self, source: str) -> datetime:
        connection = self._connections.get(source)
        return (connection and connection.synced_at) or self._now
