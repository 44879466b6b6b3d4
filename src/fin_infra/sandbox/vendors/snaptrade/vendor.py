"""SnapTrade, as the kernel sees it.
Floor 8: users, connections and switches that were changed are forgotten by a reset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from fin_infra.sandbox.kernel.rows import BAD_ROW, spoil
from fin_infra.sandbox.kernel.vendor import Change, ControlCall, Json, Vendor
from fin_infra.sandbox.vendors.snaptrade import MOUNT, routes
from fin_infra.sandbox.vendors.snaptrade.access import SnapTradeState
from fin_infra.sandbox.vendors.snaptrade.control import SnapTradeControl
from fin_infra.sandbox.vendors.snaptrade.webhooks import SnapTradeWebhooks


class SnapTrade(Vendor):
    mount = MOUNT
    fault_kinds: ClassVar = {"bad_row": BAD_ROW}

    def start(self) -> None:
        self.state = SnapTradeState()
        self._webhooks = SnapTradeWebhooks(self)

    def router(self) -> Router:
        return routes.router(self)

    def outage(self, status: int, retry_after: str) -> Response:
        return routes.outage(status, retry_after)

    def strike(self, kind: str, query: Mapping[str, str]) -> Change:
        return lambda body: spoil(body, ("results", "data"))

    def expired(self) -> Response:
        return routes.expired()

    def control(self) -> Sequence[tuple[str, str, ControlCall]]:
        plane = SnapTradeControl(self)
        return [
            ("GET", "/snaptrade", plane.describe),
            ("POST", "/snaptrade", plane.change),
            ("POST", "/snaptrade/webhook", self._webhook),
        ]

    def _webhook(self, body: Json, _: Request) -> object:
        """Tell the program under test something."""
        return self._webhooks.send(body)
