"""MX, as the kernel sees it.
Floor 8: users, members and their states are forgotten by a reset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from starlette.responses import Response
from starlette.routing import Router

from fin_infra.sandbox.kernel.rows import BAD_ROW, spoil
from fin_infra.sandbox.kernel.vendor import TITLES, Change, ControlCall, Json, Vendor
from fin_infra.sandbox.vendors.mx import MOUNT, USER, replies, routes
from fin_infra.sandbox.vendors.mx.control import MxControl
from fin_infra.sandbox.vendors.mx.members import MxState, accounts_of

LISTS = ("transactions", "accounts", "members", "users", "account_numbers", "account_owners", "investment_holdings")


class Mx(Vendor):
    mount = MOUNT
    kept_headers = frozenset({"accept-version"})
    fault_kinds: ClassVar = {"bad_row": BAD_ROW}

    def start(self) -> None:
        self.state = MxState(self.clock.now)

    def router(self) -> Router:
        return routes.router(self)

    def outage(self, status: int, retry_after: str) -> Response:
        return routes.error(status, TITLES[status])

    def strike(self, kind: str, query: Mapping[str, str]) -> Change:
        return lambda body: spoil(body, LISTS)

    def expired(self) -> Response:
        return routes.error(401, "Invalid credentials")

    def control(self) -> Sequence[tuple[str, str, ControlCall]]:
        plane = MxControl(self)
        return [
            ("GET", "/mx", plane.describe),
            ("POST", "/mx", plane.change),
            ("POST", "/mx/connect", plane.connect),
        ]

    def truths(self, now: datetime) -> Json:
        """Return which account of the world each of the household's is here."""
        mine = [member for member in self.state.members.values() if member.user == USER]
        rows = [(replies.account_guid(each, held), held.id) for each in mine for held in accounts_of(self.world, each)]
        return {"mx_accounts": dict(rows)}
