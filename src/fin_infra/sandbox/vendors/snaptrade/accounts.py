"""Put connections and accounts into SnapTrade's JSON, with what the aggregator last saw of them.
Floor 8: a disabled connection keeps answering with the state it had when it broke.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from fin_infra.sandbox.kernel.reply import number
from fin_infra.sandbox.vendors.snaptrade.access import Refused, bad_broker, missing
from fin_infra.sandbox.vendors.snaptrade.replies import Shapes, stamp
from fin_infra.sandbox.world.days import DAY
from fin_infra.sandbox.world.holdings import HoldingWalk, uid
from fin_infra.sandbox.world.portfolio import CONNECTIONS, USER, Connection

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.snaptrade.vendor import SnapTrade


class Directory:
    """The connections and accounts of the sandbox's user as they stand."""

    def __init__(self, vendor: SnapTrade) -> None:
        self._vendor = vendor

    @property
    def shapes(self) -> Shapes:
        """Return the JSON shapes of the present world."""
        return Shapes(self._vendor.world.seed, self._vendor.world.portfolios.market)

    def of_user(self, user: str) -> Directory:
        """Return the directory; Refused for other users, because only the seeded one has connections."""
        if user != USER:
            raise missing()
        return self

    def connection_id(self, connection: Connection) -> str:
        """Return the id of a connection."""
        return uid(self._vendor.world.seed, "connection", connection.slug)

    def connections(self) -> list[Connection]:
        """Return the connections that were not deleted."""
        return [row for row in CONNECTIONS if row.slug not in self._vendor.state.deleted]

    def connection(self, wanted: str) -> Connection:
        """Return the connection of an id; Refused when there is none."""
        for row in self.connections():
            if self.connection_id(row) == wanted:
                return row
        raise missing()

    def books(self, connection: Connection | None = None) -> list[HoldingWalk]:
        """Return the accounts, of one connection or of all."""
        rows = self.connections() if connection is None else [connection]
        return [book for row in rows for book in self._vendor.world.portfolios.of_connection(row.slug)]

    def book(self, wanted: str) -> HoldingWalk:
        """Return the account of an id; Refused when there is none."""
        for book in self.books():
            if book.id == wanted:
                return book
        raise missing()

    def disabled_at(self, connection: Connection) -> datetime | None:
        """Return when the connection broke, None while it works."""
        broken = self._vendor.state.disabled[connection.slug]
        return broken if broken is not None and broken <= self._vendor.clock.now else None

    def seen_at(self, book: HoldingWalk) -> datetime:
        """Return the instant whose state the aggregator shows."""
        return self.disabled_at(book.connection) or self._vendor.clock.now

    def is_syncing(self, book: HoldingWalk) -> bool:
        """Return whether the connection's first sync is under way."""
        return book.connection.slug in self._vendor.state.syncing

    def authorization(self, row: Connection) -> dict[str, object]:
        """Return a connection."""
        broken = self.disabled_at(row)
        return {
            "id": self.connection_id(row),
            "created_date": stamp(row.created),
            "brokerage": self.shapes.brokerage(row),
            "name": f"{row.broker} connection",
            "type": row.type,
            "disabled": broken is not None,
            "disabled_date": None if broken is None else stamp(broken),
            "meta": {},
            "updated_date": stamp(broken or row.created),
            "is_eligible_for_payout": False,
            "data_freshness_mode": "realtime",
        }

    def look(self, user: str, wanted: str) -> tuple[HoldingWalk, datetime]:
        """Return an account and the instant it was seen at; Refused while there is nothing to see."""
        book = self.of_user(user).book(wanted)
        if self.is_syncing(book):
            detail = "The resource is currently being populated. Please try again later."
            raise Refused(425, "3012", detail, states_status=False)
        if book.holder.status == "unavailable":
            raise bad_broker()
        return book, self.seen_at(book)

    def account(self, book: HoldingWalk) -> dict[str, object]:
        """Return an account; what is unavailable or not synced yet has no total."""
        holder, seen = book.holder, self.seen_at(book)
        unavailable, syncing = holder.status == "unavailable", self.is_syncing(book)
        total = None if unavailable or syncing else {"amount": number(book.total(seen)), "currency": holder.currency}
        return {
            "id": book.id,
            "brokerage_authorization": book.connection_id,
            "name": holder.name,
            "number": holder.number,
            "institution_account_id": None,
            "institution_name": book.connection.broker,
            "created_date": stamp(book.connection.created),
            "funding_date": None,
            "opening_date": None,
            "sync_status": {
                "transactions": self._transactions(book, seen),
                "holdings": {
                    "initial_sync_completed": not syncing,
                    "last_successful_sync": None if syncing else stamp(seen),
                    "holdings_unavailable": unavailable,
                },
            },
            "balance": {"total": total},
            "status": holder.status,
            "raw_type": holder.raw_type,
            "account_category": "INVESTMENT",
            "meta": {"type": holder.raw_type, "institution_name": book.connection.broker},
            "portfolio_group": uid(self._vendor.world.seed, "group", holder.slug),
            "cash_restrictions": [],
            "is_paper": False,
        }

    def connection_account(self, book: HoldingWalk) -> dict[str, object]:
        """Return an account in the shape that is told apart by `kind`."""
        holder, seen = book.holder, self.seen_at(book)
        syncing = self.is_syncing(book)
        hidden = holder.status == "unavailable" or syncing
        when = None if syncing else stamp(seen)
        return {
            "kind": "investment",
            "id": book.id,
            "connection_id": book.connection_id,
            "display_name": holder.name,
            "masked_account_number": f"****{holder.number[-4:]}",
            "institution_account_id": None,
            "institution_id": uid("institution", book.connection.slug),
            "opening_date": None,
            "funding_date": None,
            "sync_status": {
                "transactions": self._transactions(book, seen), "orders": when, "positions": when, "balances": when,
            },
            "raw_type": holder.raw_type,
            "cash_or_margin": "margin" if holder.raw_type == "Margin" else "unknown",
            "is_paper": False,
            "net_value": None if hidden else {"amount": number(book.total(seen)), "currency": holder.currency},
        }  # fmt: skip

    def _transactions(self, book: HoldingWalk, seen: datetime) -> dict[str, object]:
        if self.is_syncing(book):
            return {"initial_sync_completed": False, "last_successful_sync": None, "first_transaction_date": None}
        rows = book.booked(seen)
        return {
            "initial_sync_completed": True,
            "last_successful_sync": (seen.date() - DAY).isoformat(),
            "first_transaction_date": rows[-1].at.date().isoformat() if rows else None,
        }
