"""Alpha Vantage, as the kernel sees it: its free quotas and the notes that it answers with HTTP 200.
Floor 8: quotas are off unless switched on at /_sandbox/quotas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.kernel.vendor import ControlCall, Json, Vendor, only
from fin_infra.sandbox.vendors.alpha_vantage import MOUNT, routes


@dataclass(slots=True)
class Quota:
    """The free quotas: calls per New York day of the clock, and real seconds between two calls."""

    enforced: bool = False
    calls: dict[date, int] = field(default_factory=dict[date, int])
    last_call_s: float | None = None


class AlphaVantage(Vendor):
    mount = MOUNT
    fault_kinds: ClassVar = {
        "quota_note": "Alpha Vantage: 200 with the daily quota message",
        "burst_note": "Alpha Vantage: 200 with the one-request-per-second message",
        "premium_note": "Alpha Vantage: 200 with the premium endpoint message",
    }

    def start(self) -> None:
        self.quota = Quota()

    def router(self) -> Router:
        return routes.router(self)

    def expired(self) -> Response:
        return json_reply({"Error Message": routes.INVALID_KEY}, indent=4)

    def strike(self, kind: str, query: Mapping[str, str]) -> Response:
        """Return the note with HTTP 200; the quota note echoes the key."""
        notes = {
            "quota_note": routes.quota_note(query.get("apikey", "")),
            "burst_note": routes.BURST_NOTE,
            "premium_note": routes.PREMIUM_NOTE,
        }
        return json_reply({"Information": notes[kind]}, indent=4)

    def control(self) -> Sequence[tuple[str, str, ControlCall]]:
        return [("GET", "/quotas", self._quotas), ("POST", "/quotas", self._set_quotas)]

    def _quotas(self, _: Json, __: Request) -> object:
        """Say whether the free quotas are enforced."""
        enforced = {"enforced": self.quota.enforced, "per_day": routes.DAILY_QUOTA, "per_second": 1}
        return {self.mount: enforced}

    def _set_quotas(self, body: Json, request: Request) -> object:
        """Switch the enforcement on or off; the day's count starts again."""
        only(body, "enforce")
        if not isinstance(body.get("enforce"), bool):
            raise ValueError('Give {"enforce": true} or {"enforce": false}.')
        self.quota = Quota(enforced=bool(body["enforce"]))
        return self._quotas({}, request)
