"""Serve SnapTrade's reference data: quotes, symbols, brokerages, ways to connect, exchanges.
Floor 8: a ticker is found in any broker's spelling; options have no quotes here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fin_infra.sandbox.vendors.snaptrade.access import BAD_DATA, Call, Refused, missing
from fin_infra.sandbox.vendors.snaptrade.accounts import Directory
from fin_infra.sandbox.vendors.snaptrade.replies import EXCHANGES, spelt
from fin_infra.sandbox.world.holdings import uid
from fin_infra.sandbox.world.portfolio import CONNECTIONS, INSTRUMENTS, Instrument

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.snaptrade.vendor import SnapTrade


class Reference:
    """The operations on reference data."""

    def __init__(self, vendor: SnapTrade) -> None:
        self._vendor, self._directory = vendor, Directory(vendor)

    def status(self, _: Call) -> object:
        """Answer that the API is up."""
        return {"version": 153, "timestamp": f"{self._vendor.clock.now:%Y-%m-%d %H:%M:%S.%f}+00:00", "online": True}

    def quotes(self, call: Call) -> object:
        """Answer quotes of at most ten symbols, by id or with `use_ticker` by name; unknown ones are left out."""
        book, seen = self._directory.look(call.user, call.path("account_id"))
        wanted = [word for word in call.query("symbols").split(",") if word]
        if not 1 <= len(wanted) <= 10:
            raise Refused(400, "1076", BAD_DATA)
        shapes, by_name = self._directory.shapes, call.query("use_ticker", "false").lower() == "true"
        known = {spelt(book, row): row for row in _securities()}
        named = {symbol if by_name else shapes.symbol_id(symbol): (row, symbol) for symbol, row in known.items()}
        return [shapes.quote(*named[word], seen) for word in wanted if word in named]

    def search_symbols(self, call: Call) -> object:
        """Answer at most twenty symbols that have the text in their symbol or name."""
        if "account_id" in call.request.path_params:
            self._directory.of_user(call.user).book(call.path("account_id"))
        part = str(call.content.get("substring", "")).casefold()
        rows = [row for row in _securities() if part in row.key.casefold() or part in row.name.casefold()]
        return [self._directory.shapes.universal(row, row.key) for row in rows[:20]]

    def symbol(self, call: Call) -> object:
        """Answer one symbol by ticker or id, in any broker's spelling."""
        wanted, shapes = call.path("query"), self._directory.shapes
        for row in _securities():
            for symbol in _spellings(row):
                if wanted in (symbol, shapes.symbol_id(symbol)):
                    return shapes.universal(row, symbol)
        raise missing()

    def brokerages(self, _: Call) -> object:
        """Answer the brokers."""
        return [self._directory.shapes.brokerage(row) for row in CONNECTIONS]

    def authorization_types(self, call: Call) -> object:
        """Answer how each broker can be connected."""
        wanted = [slug for slug in call.query("brokerage").split(",") if slug]
        return [
            {
                "id": uid("authorization type", row.slug, kind),
                "type": kind,
                "auth_type": "OAUTH",
                "brokerage": {"id": uid("brokerage", row.slug), "name": row.broker, "slug": row.slug},
            }
            for row in CONNECTIONS
            if not wanted or row.slug in wanted
            for kind in (("read", "trade") if row.type == "trade" else ("read",))
        ]

    def exchanges(self, _: Call) -> object:
        """Answer the exchanges."""
        return [self._directory.shapes.exchange(mic) for mic in EXCHANGES]


def _securities() -> list[Instrument]:
    return [row for row in INSTRUMENTS.values() if row.kind != "option"]


def _spellings(row: Instrument) -> list[str]:
    others = [holder.spelling[row.key] for c in CONNECTIONS for holder in c.holders if row.key in holder.spelling]
    return [row.key, *others]
