"""Teller, as the kernel sees it.
Floor 8: what clients have revoked is forgotten by a reset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from fin_infra.sandbox.kernel.rows import BAD_ROW, spoil
from fin_infra.sandbox.kernel.vendor import TITLES, Change, ControlCall, Json, Vendor
from fin_infra.sandbox.vendors.teller import MOUNT, connect, routes
from fin_infra.sandbox.vendors.teller.webhooks import TellerWebhooks

_CODES = {
    429: "too_many_requests",
    500: "internal_server_error",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
}


class Teller(Vendor):
    mount = MOUNT
    kept_headers = frozenset({"teller-version"})
    fault_kinds: ClassVar = {"bad_row": BAD_ROW}

    def start(self) -> None:
        self.revoked = set[str]()
        """Accounts and access tokens that clients have given up."""
        self.disconnected = dict[str, str]()
        """The error code of access tokens whose enrollment a webhook has told to be disconnected."""
        self._webhooks = TellerWebhooks(self)

    def router(self) -> Router:
        return routes.router(self)

    def outage(self, status: int, retry_after: str) -> Response:
        return routes.error(status, _CODES[status], TITLES[status])

    def strike(self, kind: str, query: Mapping[str, str]) -> Change:
        return spoil

    def expired(self) -> Response:
        return routes.error(404, "enrollment.disconnected.credentials_invalid", "Enrollment is not healthy")

    def control(self) -> Sequence[tuple[str, str, ControlCall]]:
        return [("POST", "/teller/connect", self._connect), ("POST", "/teller/webhook", self._webhook)]

    def _connect(self, body: Json, _: Request) -> object:
        """Enroll at an institution, as a person does in Teller Connect; one that was disconnected works again."""
        found = connect.enroll(self.world, body)
        self.disconnected.pop(str(found["accessToken"]), None)
        return found

    def _webhook(self, body: Json, _: Request) -> object:
        """Tell the program under test something."""
        return self._webhooks.send(body)
