"""What was done in accounts at brokers: a walk over each account's activities, back to where the last one ended.
Floor 6: an overlap is read again, since brokers post and correct late; what cannot be read now is read next time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from fin_infra.book.banks import taken
from fin_infra.book.pages import Deal, Window
from fin_infra.errors import AuthenticationFailed, FinInfraError, ReauthRequired
from fin_infra.model import BrokerActivity, HoldingOrder, Order, RowError, Side
from fin_infra.transport import Flow, Invoke

OVERLAP = timedelta(days=14)
"""How far back behind its newest deal an account is read again."""
ORDER_OVERLAP = timedelta(days=120)
"""The same where orders are read, which are listed by the day they came in: one may be open for months."""
_MARGIN = timedelta(days=1)
"""Vendors and the book may not agree on when a day begins: of the first one nothing is concluded."""
PAGE = 2_000
"""Deals to a page: a usual sync is one."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One account's activities or orders, newest first, from a day on; `deals` makes deals of one row."""

    account: str
    rows: Callable[[date | None], Any]
    deals: Callable[[Any], list[Deal]]
    slow: bool = False
    """Whether rows may change long after the day they are listed under, as orders do."""
    listed: bool = False
    """Whether all rows come in one answer."""
    all_there: bool = False
    """Whether a row that is not there has been taken back, because the vendor shows all of them."""


class DealRun:
    """One run at work: which streams are left, and from which day on the next run has to look."""

    def __init__(self, starts: dict[str, date], streams: Sequence[Stream]) -> None:
        self.starts = starts
        self.left = list(streams)
        self._rows: Any = None
        self._next = dict(starts)
        self._windows: list[Window] = []
        self._newest: date | None = None
        self._unread = False

    def take(self, most: int, unread: list[str]) -> Flow[list[Deal]]:
        """Read on in the streams that are left, until there are enough deals for a page."""
        found: list[Deal] = []
        while self.left and len(found) < most:
            stream, wanted = self.left[0], most - len(found)
            try:
                rows, errors = yield from self._read(stream, wanted)
            except (AuthenticationFailed, ReauthRequired):
                raise
            except FinInfraError as exc:
                unread.append(f"what was done in an account cannot be read: {exc.for_caller()}")
                self._unread = True
                rows, errors = [], []
            unread += map(str, errors)
            self._unread = self._unread or bool(errors)
            for row in rows:
                deals = stream.deals(row)
                self._follow(row, deals)
                found += deals
            if len(rows) < wanted or stream.listed:
                self._end(stream)
        return found

    def _read(self, stream: Stream, most: int) -> Flow[tuple[list[Any], list[RowError]]]:
        start = self.starts.get(stream.account)
        if stream.listed:
            rows: Any = yield Invoke(lambda: stream.rows(start))
            return list(rows), list(rows.errors)
        if self._rows is None:
            self._rows = stream.rows(start)
        return (yield from taken(self._rows, most))

    def _follow(self, row: Any, deals: Sequence[Deal]) -> None:
        """Note the newest day; one that is announced for a later day does not put off what comes before it."""
        today = row.as_of.astimezone(UTC).date()
        self._newest = max((self._newest or date.min, *(min(deal.day, today) for deal in deals)))

    def _end(self, stream: Stream) -> None:
        """Go on to the next stream; one that was not read to its end is read from the same day again."""
        newest, overlap = self._newest, ORDER_OVERLAP if stream.slow else OVERLAP
        start = self.starts.get(stream.account)
        if not self._unread:
            known = newest if newest is not None and newest > date.min + overlap else None
            if stream.all_there and (start or known):
                first = start + _MARGIN if start else (known or date.max) - overlap
                self._windows.append(Window(account=stream.account, start=first))
            if known:
                self._next[stream.account] = max(known - overlap, start or date.min)
        self.left.pop(0)
        self._rows, self._newest, self._unread = None, None, False

    def windows(self) -> list[Window]:
        """Return from which day on the run showed all of each account that it has read to the end."""
        return self._windows

    def next_starts(self) -> dict[str, date]:
        return self._next


def cursor_of(starts: dict[str, date], page: int) -> str:
    return msgspec.json.encode({"page": page, "start": dict(sorted(starts.items()))}).decode()


def read_cursor(cursor: str) -> tuple[dict[str, date], int]:
    if not cursor:
        return {}, 0
    read = msgspec.json.decode(cursor)
    return {account: date.fromisoformat(day) for account, day in read["start"].items()}, read["page"]


def of_activity(account: str, currency: str, row: BrokerActivity) -> list[Deal]:
    money = row.amount
    outgoing = row.side is Side.SELL and row.quantity is not None
    return [
        Deal(
            vendor_id=row.id,
            account=account,
            day=row.day,
            at=row.at,
            kind=row.type.casefold(),
            instrument=str(row.key) if row.key else None,
            quantity=-row.quantity if outgoing and row.quantity is not None else row.quantity,
            price=row.price,
            amount=money.amount if money is not None else None,
            currency=money.currency if money is not None else currency,
            text=row.description or f"{row.type} {row.symbol_text}".strip(),
            canceled=not row.counts,
            symbol=row.symbol_text or None,
            fee=row.fee.amount
            if row.fee is not None and (money is None or row.fee.currency == money.currency)
            else None,
            reference=row.order_id,
        )
    ]


def of_orders(account: str, row: Order | HoldingOrder) -> list[Deal]:
    """Return what was filled of an order, and of its legs."""
    legs = row.legs if isinstance(row, Order) else ()
    found = [deal for leg in legs for deal in of_orders(account, leg)]
    filled, at = row.filled_quantity, row.filled_at or row.updated_at
    if not filled or at is None or row.side is None:
        return found
    signed: Decimal = -filled if row.side is Side.SELL else filled
    own = Deal(
        vendor_id=f"order:{row.id}",
        account=account,
        day=at.astimezone(UTC).date(),
        at=at,
        kind="fill",
        instrument=str(row.key) if row.key else None,
        quantity=signed,
        price=row.filled_average_price,
        amount=None,
        currency=row.currency or "XXX",
        text=f"{row.side.value} {row.symbol_text}".strip(),
        symbol=row.symbol_text or None,
    )
    return [own, *found]
