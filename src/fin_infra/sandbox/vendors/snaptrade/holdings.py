"""Serve the data of SnapTrade accounts: the accounts, balances, positions, orders and activities.
Floor 8: a list of the older API is a bare array, a list of the newer one is an object.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from fin_infra.sandbox.kernel.reply import number
from fin_infra.sandbox.vendors.snaptrade.access import BAD_DATA, Call, Refused
from fin_infra.sandbox.vendors.snaptrade.accounts import Directory
from fin_infra.sandbox.vendors.snaptrade.orders import Order, in_state, orders_of, record, record_v2
from fin_infra.sandbox.vendors.snaptrade.replies import stamp
from fin_infra.sandbox.world.holdings import HoldingWalk, Movement
from fin_infra.sandbox.world.portfolio import USER

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.snaptrade.vendor import SnapTrade

PAGE = 1000


class Accounts:
    """The operations on accounts."""

    def __init__(self, vendor: SnapTrade) -> None:
        self._vendor, self._directory = vendor, Directory(vendor)

    def authorization_accounts(self, call: Call) -> object:
        """Answer one connection's accounts as a bare array."""
        directory = self._directory.of_user(call.user)
        rows = directory.books(directory.connection(call.path("connection_id")))
        return [directory.account(book) for book in rows]

    def connection_accounts(self, call: Call) -> object:
        """Answer one connection's accounts in the newer shape."""
        directory = self._directory.of_user(call.user)
        rows = directory.books(directory.connection(call.path("connection_id")))
        return {"results": [directory.connection_account(book) for book in rows]}

    def accounts(self, call: Call) -> object:
        """Answer all accounts as a bare array (deprecated)."""
        if call.user != USER:
            return []
        return [self._directory.account(book) for book in self._directory.books()]

    def account(self, call: Call) -> object:
        """Answer one account."""
        directory = self._directory.of_user(call.user)
        return directory.account(directory.book(call.path("account_id")))

    def balances(self, call: Call) -> object:
        """Answer cash per currency."""
        book, seen = self._directory.look(call.user, call.path("account_id"))
        return self._directory.shapes.balances(book, seen)

    def positions(self, call: Call) -> object:
        """Answer positions of every kind, with strings."""
        (book, seen), shapes = self._directory.look(call.user, call.path("account_id")), self._directory.shapes
        rows = book.standing(seen).positions.values()
        return {
            "results": [shapes.position(book, held, seen) for held in rows],
            "data_freshness": {"as_of": stamp(seen)},
        }

    def holdings(self, call: Call) -> object:
        """Answer everything of an account at once, with numbers (deprecated)."""
        if self._vendor.state.holdings_gone:
            raise Refused(410, "1011", "This endpoint is no longer available.")
        (book, seen), shapes = self._directory.look(call.user, call.path("account_id")), self._directory.shapes
        rows = list(book.standing(seen).positions.values())
        orders = orders_of(book, seen, seen - timedelta(days=30)) if book.connection.lists_orders else []
        return {
            "account": self._directory.account(book),
            "balances": shapes.balances(book, seen),
            "positions": [shapes.legacy_position(book, p, seen) for p in rows if p.instrument.kind != "option"],
            "option_positions": [shapes.legacy_option(book, p, seen) for p in rows if p.instrument.kind == "option"],
            "orders": [record(shapes, book, row) for row in orders],
            "total_value": {"value": number(book.total(seen)), "currency": book.holder.currency},
        }

    def _orders(self, call: Call, days: int) -> tuple[HoldingWalk, list[Order]]:
        book, seen = self._directory.look(call.user, call.path("account_id"))
        if not book.connection.lists_orders:
            raise NotImplementedYet(book.connection.slug)
        return book, orders_of(book, seen, seen - timedelta(days=days))

    def _listed_orders(self, call: Call) -> tuple[HoldingWalk, list[Order]]:
        days, state = _whole(call.query("days", "30"), 1, 90), call.query("state", "all")
        if state not in ("all", "open", "executed"):
            raise Refused(400, "1076", BAD_DATA)
        book, rows = self._orders(call, days)
        return book, in_state(rows, state)

    def orders(self, call: Call) -> object:
        """Answer the orders of the last `days` as a bare array."""
        (book, rows), shapes = self._listed_orders(call), self._directory.shapes
        return [record(shapes, book, row) for row in rows]

    def orders_v2(self, call: Call) -> object:
        """Answer the orders of the last `days` with legs."""
        (book, rows), shapes = self._listed_orders(call), self._directory.shapes
        return {"orders": [record_v2(shapes, book, row) for row in rows]}

    def recent_orders(self, call: Call) -> object:
        """Answer the orders of the last 24 hours, by default the executed ones."""
        (book, rows), shapes = self._orders(call, 1), self._directory.shapes
        wanted = "all" if call.query("only_executed", "true").lower() == "false" else "executed"
        return {"orders": [record(shapes, book, row) for row in in_state(rows, wanted)]}

    def activities(self, call: Call) -> object:
        """Answer a page of the history, newest first."""
        directory = self._directory.of_user(call.user)
        book = directory.book(call.path("account_id"))
        offset = _whole(call.query("offset", "0"), 0, 10**9)
        limit = _whole(call.query("limit", str(PAGE)), 1, PAGE)
        rows = [] if directory.is_syncing(book) else _chosen(book.booked(directory.seen_at(book)), call)
        page = rows[offset : offset + limit]
        return {
            "data": [directory.shapes.activity(book, row) for row in page],
            "pagination": {"offset": offset, "limit": limit, "total": len(rows)},
        }


class NotImplementedYet(Refused):
    """The broker has no such data; the body has a shape of its own."""

    def __init__(self, slug: str) -> None:
        super().__init__(501, "", f"The orders endpoint is not yet implemented for brokerage {slug}")

    def body(self) -> dict[str, object]:
        """Return the vendor's body."""
        return {"error": self.detail}


def _chosen(rows: list[Movement], call: Call) -> list[Movement]:
    first, last = _day(call.query("startDate")), _day(call.query("endDate"))
    kinds = {kind for kind in call.query("type").split(",") if kind}
    return [
        row
        for row in rows
        if (first is None or row.at.date() >= first)
        and (last is None or row.at.date() <= last)
        and (not kinds or row.type in kinds)
    ]


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC).date() if len(text) > 10 else date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise Refused(400, "1076", BAD_DATA) from None


def _whole(text: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or not low <= int(text) <= high:
        raise Refused(400, "1076", BAD_DATA)
    return int(text)
