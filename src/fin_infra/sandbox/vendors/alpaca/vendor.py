"""Alpaca, as the kernel sees it: one broker whose accounts the published keys open.
Floor 8: orders, cash and switches are forgotten by a reset; streams are closed by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from fin_infra.sandbox.broker.broker import Broker
from fin_infra.sandbox.broker.tape import Tape
from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.kernel.rows import BAD_ROW, spoil
from fin_infra.sandbox.kernel.vendor import Change, ControlCall, Json, Vendor
from fin_infra.sandbox.vendors.alpaca import KEYS, MOUNT, control, routes

_BODIES: dict[int, Json] = {
    429: {"code": 42910000, "message": "rate limit exceeded"},
    500: {"code": 50010000, "message": "internal server error occurred"},
}


class Alpaca(Vendor):
    mount = MOUNT
    secret_headers = frozenset({"apca-api-key-id", "apca-api-secret-key"})
    fault_kinds: ClassVar = {"bad_row": BAD_ROW}
    broker: Broker

    def start(self) -> None:
        self._tape = Tape(self.world)
        self.open_broker()

    def open_broker(self) -> None:
        """Open the broker's accounts again; streams of the old ones are closed."""
        if hasattr(self, "broker"):
            self.broker.feed.drop()
        self.broker = Broker(self.world, self.clock, KEYS, self._tape)

    def clock_moved(self) -> None:
        self.broker.catch_up()

    def router(self) -> Router:
        return routes.router(self)

    def outage(self, status: int, retry_after: str) -> Response:
        """Return Alpaca's own body for 429 and 500; its proxy answers the others with a web server's page."""
        return json_reply(_BODIES[status], status) if status in _BODIES else super().outage(status, retry_after)

    def strike(self, kind: str, query: Mapping[str, str]) -> Change:
        return spoil

    def expired(self) -> Response:
        return json_reply({"message": "unauthorized."}, 401)

    def control(self) -> Sequence[tuple[str, str, ControlCall]]:
        return [("GET", "/alpaca", self._describe), ("POST", "/alpaca", self._change)]

    def _describe(self, _: Json, __: Request) -> object:
        """Return the truth about the broker's accounts: sums, positions, every order, the ledger."""
        return control.describe(self)

    def _change(self, body: Json, _: Request) -> object:
        """Pay in, set permissions, asset flags and how orders are filled; close streams; open the accounts again."""
        return control.change(self, body)
