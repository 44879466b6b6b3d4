"""Hold one call of Alpaca's API as a handler sees it, and read query parameters the way the vendor takes them.
Floor 8: booleans come as True or true, lists as comma-joined text, instants as RFC 3339 or as a plain date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from starlette.requests import Request

from fin_infra.sandbox.broker import tickets
from fin_infra.sandbox.broker.assets import Asset
from fin_infra.sandbox.broker.broker import Broker
from fin_infra.sandbox.broker.engine import Engine
from fin_infra.sandbox.broker.refusals import invalid

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.alpaca.vendor import Alpaca


@dataclass(frozen=True, slots=True)
class Call:
    """One request of one account, its body read."""

    vendor: Alpaca
    engine: Engine
    request: Request
    body: Mapping[str, object]

    @property
    def now(self) -> datetime:
        """Return the sandbox's instant."""
        return self.vendor.clock.now

    @property
    def broker(self) -> Broker:
        """Return the broker."""
        return self.vendor.broker

    @property
    def assets(self) -> dict[str, Asset]:
        """Return what can be traded."""
        return self.vendor.broker.market.assets

    def path(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    def text(self, name: str, default: str = "") -> str:
        """Return a query parameter, `default` when it is absent or empty."""
        return self.request.query_params.get(name) or default

    def flag(self, name: str) -> bool:
        """Return a boolean query parameter."""
        return tickets.flag(self.text(name), name)

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number within bounds."""
        given = self.text(name, str(default))
        if not given.isascii() or not given.isdigit() or not low <= int(given[:9]) <= high:
            raise invalid(f"{name} must be between {low} and {high}")
        return int(given)

    def choice(self, name: str, *allowed: str) -> str:
        """Return one of the allowed words, the first of them when the parameter is absent."""
        given = self.text(name, allowed[0]).lower()
        if given not in allowed:
            raise invalid(f"invalid {name}")
        return given

    def words(self, name: str) -> list[str]:
        """Return a comma-joined list."""
        return [part for part in self.text(name).split(",") if part]

    def instant(self, name: str) -> datetime | None:
        """Return an instant; a date alone is its midnight UTC."""
        given = self.text(name)
        try:
            found = datetime.fromisoformat(given.replace(" ", "+")) if given else None
        except ValueError:
            raise invalid(f"invalid {name}") from None
        return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found

    def day(self, name: str, default: date) -> date:
        """Return a date, of an instant its date."""
        given = self.text(name)
        try:
            return date.fromisoformat(given[:10]) if given else default
        except ValueError:
            raise invalid(f"invalid {name}") from None
