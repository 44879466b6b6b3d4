"""SnapTrade, as the kernel sees it.
Floor 8: users, connections and switches that were changed are forgotten by a reset.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Router

from fin_infra.sandbox.kernel.vendor import ControlCall, Vendor
from fin_infra.sandbox.vendors.snaptrade import MOUNT, routes
from fin_infra.sandbox.vendors.snaptrade.access import SnapTradeState
from fin_infra.sandbox.vendors.snaptrade.control import SnapTradeControl


class SnapTrade(Vendor):
    mount = MOUNT

    def start(self) -> None:
        self.state = SnapTradeState()

    def router(self) -> Router:
        return routes.router(self)

    def outage(self, status: int, retry_after: str) -> Response:
        return routes.outage(status, retry_after)

    def expired(self) -> Response:
        return routes.expired()

    def control(self) -> Sequence[tuple[str, str, ControlCall]]:
        plane = SnapTradeControl(self)
        return [("GET", "/snaptrade", plane.describe), ("POST", "/snaptrade", plane.change)]
