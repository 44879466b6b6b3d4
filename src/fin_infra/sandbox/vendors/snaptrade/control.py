"""Serve /_sandbox/snaptrade: the truths of the brokerage accounts, and the troubles that can be switched on.
Floor 8: a connection is named by its broker's slug, for example SCHWAB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

from fin_infra.sandbox.vendors.snaptrade import CLIENT_ID, CONSUMER_KEY
from fin_infra.sandbox.vendors.snaptrade.accounts import Directory
from fin_infra.sandbox.vendors.snaptrade.replies import plain, spelt, stamp
from fin_infra.sandbox.world.holdings import HoldingWalk
from fin_infra.sandbox.world.portfolio import CONNECTIONS, USER, USER_SECRET

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.snaptrade.vendor import SnapTrade

_SLUGS = tuple(row.slug for row in CONNECTIONS)
_FIELDS = ("disable", "enable", "start_sync", "finish_sync", "holdings_gone", "refresh_enabled", "rate_limit")


class SnapTradeControl:
    """What the control plane shows and changes of SnapTrade."""

    def __init__(self, vendor: SnapTrade) -> None:
        self._vendor, self._directory = vendor, Directory(vendor)

    def describe(self, _: dict[str, object], __: Request) -> object:
        """Return credentials, switches, connections, accounts with their positions, and what is going to change."""
        state, directory = self._vendor.state, self._directory
        return {
            "client_id": CLIENT_ID,
            "consumer_key": CONSUMER_KEY,
            "user_id": USER,
            "user_secret": state.users.get(USER, USER_SECRET),
            "holdings_gone": state.holdings_gone,
            "refresh_enabled": state.refresh_enabled,
            "rate_limit": state.rate_limit,
            "syncing": sorted(state.syncing),
            "connections": [
                {
                    "slug": row.slug,
                    "id": directory.connection_id(row),
                    "type": row.type,
                    "disabled": directory.disabled_at(row) is not None,
                    "deleted": row.slug in state.deleted,
                }
                for row in CONNECTIONS
            ],
            "accounts": [self._account(book) for book in self._vendor.world.portfolios.books],
            "timeline": self._vendor.world.portfolios.timeline(),
        }

    def _account(self, book: HoldingWalk) -> dict[str, object]:
        seen, market = self._directory.seen_at(book), self._vendor.world.portfolios.market
        return {
            "id": book.id,
            "slug": book.holder.slug,
            "connection": book.connection.slug,
            "status": book.holder.status,
            "currency": book.holder.currency,
            "seen_at": stamp(seen),
            "total": plain(book.total(seen)),
            "cash": {code: plain(value) for code, value in book.cash(seen).items()},
            "positions": [
                {
                    "key": held.instrument.key,
                    "kind": held.instrument.kind,
                    "symbol": spelt(book, held.instrument),
                    "currency": held.instrument.currency,
                    "units": plain(held.units),
                    "price": plain(market.price(held.instrument, seen)),
                    "cost_per_share": plain(held.cost),
                    "multiplier": held.instrument.multiplier,
                }
                for held in book.standing(seen).positions.values()
            ],
            "movements": len(book.standing(seen).movements),
        }

    def change(self, body: dict[str, object], request: Request) -> object:
        """Disable or enable a connection, start or finish its first sync, and set the switches."""
        if not body:
            raise ValueError(f"Give one or more of {', '.join(_FIELDS)}.")
        for name, value in body.items():  # all are checked before one takes effect
            _check(name, value)
        for name, value in body.items():
            self._set(name, value)
        return self.describe({}, request)

    def _set(self, name: str, value: object) -> None:
        state = self._vendor.state
        match name:
            case "disable":
                state.disabled[str(value)] = self._vendor.clock.now
            case "enable":
                state.disabled[str(value)] = None
            case "start_sync":
                state.syncing.add(str(value))
            case "finish_sync":
                state.syncing.discard(str(value))
            case "rate_limit":
                state.rate_limit = value if isinstance(value, int) else None
                state.calls.clear()
            case _:
                setattr(state, name, value)


def _check(name: str, value: object) -> None:
    if name not in _FIELDS:
        raise ValueError(f"Unknown field {name!r}; this takes {', '.join(_FIELDS)}.")
    if name in _FIELDS[:4] and value not in _SLUGS:
        raise ValueError(f"`{name}` names a connection: one of {', '.join(_SLUGS)}.")
    if name in ("holdings_gone", "refresh_enabled") and not isinstance(value, bool):
        raise ValueError(f"`{name}` must be true or false.")
    if name == "rate_limit" and value is not None and not _is_count(value):
        raise ValueError("`rate_limit` is a whole number of requests per minute, or null for no limit.")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 100_000
