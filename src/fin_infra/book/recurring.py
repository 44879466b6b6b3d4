"""What of a book's money comes again and again, as its methods: streams, the forecast of balances, bills.
Floor 6: found when it is asked for, from what syncs and imports brought; nothing of it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa

from fin_infra.book.lease import Owner
from fin_infra.book.methods import method
from fin_infra.book.read import account_rows, balance_rows
from fin_infra.book.spending import Spends
from fin_infra.book.tables import transactions
from fin_infra.insights import Stream
from fin_infra.insights.bills import Bill, bills
from fin_infra.insights.calendar import to_ical
from fin_infra.insights.forecast import Forecast, OpeningBalance, forecast
from fin_infra.insights.recurring import Compared, compare_streams, find_streams, stream_of
from fin_infra.insights.transfers import Activity, recognize
from fin_infra.model import AccountType, Listing, RecurringStream
from fin_infra.transport import Flow, M, blocking

AHEAD = timedelta(days=90)
"""How far a forecast and bills look, where nobody says."""
CASH = frozenset({AccountType.DEPOSITORY, AccountType.CREDIT})
"""Accounts whose balances a forecast begins with."""


class Recurring(Spends[M]):
    @method
    def recurring(self, *, transfers: bool = False) -> Flow[Listing[Stream]]:
        """Return what comes again and again, what is due next first and what has ended last.

        A category is that of a stream's last transaction; UNCATEGORIZED without the extra `insights`.

        Args:
            transfers: with those between own accounts too, which are neither income nor bills.
        """
        return Listing((yield from self._streams(transfers=transfers)))

    @method
    def forecast(self, *, until: date | None = None) -> Flow[Forecast]:
        """Return what streams will bring from today on, and what that leaves in bank accounts and on cards.

        Transfers between own accounts are in it: they move both balances.

        Args:
            until: the last day; 90 days ahead where None.

        Raises:
            InvalidInput: `until` is before today, or more than ten years ahead.
        """
        streams = yield from self._streams(transfers=True)
        opening = yield from self.ask(_opening)
        return forecast(streams, opening, today=self._today(), until=until or self._today() + AHEAD)

    @method
    def bills(self, *, until: date | None = None) -> Flow[Listing[Bill]]:
        """Return the payments that are expected from today on, by date; transfers between own accounts are not bills.

        Args:
            until: the last day; 90 days ahead where None.

        Raises:
            InvalidInput: `until` is before today, or more than ten years ahead.
        """
        streams = yield from self._streams(transfers=False)
        return Listing(bills(streams, today=self._today(), until=until or self._today() + AHEAD))

    @method
    def bills_calendar(self, *, until: date | None = None) -> Flow[str]:
        """Return the bills as the text of an iCalendar file; each keeps its UID from file to file.

        Args:
            until: the last day of bills that do not repeat by an exact rule; 90 days ahead where None.

        Raises:
            InvalidInput: `until` is before today, or more than ten years ahead.
        """
        streams = yield from self._streams(transfers=False)
        return to_ical(streams, today=self._today(), until=until or self._today() + AHEAD, at=self.clock())

    @method
    def compare_recurring(self, streams: Sequence[RecurringStream]) -> Flow[Listing[Compared]]:
        """Return the book's streams beside a vendor's: which agree, which differ in frequency, which only one has.

        Args:
            streams: as `banking.recurring()` gives them; those without an amount are left out.
        """
        ours = yield from self._streams(transfers=True)
        known = yield from self.ask(_ids)
        theirs = [each for row in streams if (each := stream_of(row, entry_ids=known)) is not None]
        return Listing(compare_streams(ours, theirs))

    def _streams(self, *, transfers: bool) -> Flow[list[Stream]]:
        found = yield from self.known_activity()
        return (yield from blocking(_found, found, self._today(), transfers))

    def _today(self) -> date:
        return self.clock().date()


def _found(found: Activity, today: date, transfers: bool) -> list[Stream]:
    moved = () if transfers else moved_within(found)
    return find_streams(found.entries, today=today, labels=found.labels, exclude=moved)


def moved_within(found: Activity) -> set[str]:
    """Return both sides of what moved between two accounts of the book: neither spent nor earned, nor a bill."""
    return {id for each in recognize(found).transfers if not each.is_one_sided for id in each.entry_ids}


def _opening(db: sa.Connection, owner: Owner) -> list[OpeningBalance]:
    cash = {account.id for account in account_rows(db, owner) if account.type in CASH}
    return [
        OpeningBalance(account_id=str(row.account_id), balance=row.current)
        for row in balance_rows(db, owner, None)
        if row.account_id in cash and row.current is not None
    ]


def _ids(db: sa.Connection, owner: Owner) -> dict[str, str]:
    """Return the book's ids of transactions by the vendors' own."""
    t = transactions.c
    rows = db.execute(sa.select(t.vendor_id, t.id).where(owner.of(transactions)))
    return {vendor_id: str(row) for vendor_id, row in rows.tuples()}
