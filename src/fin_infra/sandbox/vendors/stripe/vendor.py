"""Stripe, as the kernel sees it.
Floor 8: sessions, events, remembered answers and the endpoint are forgotten by a reset.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from starlette.responses import Response
from starlette.routing import Router

from fin_infra.sandbox.kernel.reply import html_reply, json_reply
from fin_infra.sandbox.kernel.rows import BAD_ROW, spoil
from fin_infra.sandbox.kernel.vendor import TITLES, Change, ControlCall, Json, Vendor
from fin_infra.sandbox.vendors.stripe import MOUNT, access, routes
from fin_infra.sandbox.vendors.stripe.access import Memory, Refused
from fin_infra.sandbox.vendors.stripe.control import StripeControl
from fin_infra.sandbox.vendors.stripe.events import Deliveries
from fin_infra.sandbox.vendors.stripe.people import ALL
from fin_infra.sandbox.vendors.stripe.replies import event_json, session_json
from fin_infra.sandbox.vendors.stripe.sessions import Session, Sessions

if TYPE_CHECKING:
    from fin_infra.sandbox.kernel.state import Sandbox

VERSION = "2026-10-28.endive"


class Stripe(Vendor):
    mount = MOUNT
    kept_headers = frozenset({"stripe-version"})
    fault_kinds: ClassVar = {
        "bad_row": BAD_ROW,
        "key_in_use": "409, as while another request with the same idempotency key is under way",
    }

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.deliveries = Deliveries()

    def start(self) -> None:
        self.deliveries.stop()
        self.deliveries = Deliveries()
        self.memory = Memory()
        self.sessions = Sessions(self.world.seed, lambda: self.clock.now, self._told)

    def clock_moved(self) -> None:
        self.sessions.catch_up()

    def _told(self, kind: str, session: Session) -> None:
        number = len(self.deliveries.events) + 1
        ident = f"evt_{self.sessions.ident('event', number)}"
        now = int(self.clock.now.timestamp())
        name = f"identity.verification_session.{kind}"
        self.deliveries.tell(event_json(ident, name, now, session_json(session), VERSION))

    def router(self) -> Router:
        return routes.router(self)

    def outage(self, status: int, retry_after: str) -> Response:
        if status in (502, 504):
            return html_reply(f"{status} {TITLES[status]}", status)
        code, kind = ("rate_limit", "invalid_request_error") if status == 429 else (None, "api_error")
        no = Refused(status, "Request rate limit exceeded." if status == 429 else TITLES[status], code=code, kind=kind)
        return json_reply(no.body(), status)

    def expired(self) -> Response:
        no = access.bad_key()
        return json_reply(no.body(), no.status)

    def strike(self, kind: str, query: Mapping[str, str]) -> Response | Change:
        if kind == "key_in_use":
            no = access.in_use()
            return json_reply(no.body(), no.status)

        def spoiled(body: bytes) -> bytes:
            return spoil(body, ("data",))

        return spoiled

    def stamps(self, number: int, headers: Iterable[tuple[bytes, bytes]]) -> Sequence[tuple[bytes, bytes]]:
        return [(b"request-id", f"req_sandbox{number:08d}".encode()), (b"stripe-version", VERSION.encode())]

    def control(self) -> Sequence[tuple[str, str, ControlCall]]:
        plane = StripeControl(self)
        return [("GET", "/stripe", plane.describe), ("POST", "/stripe", plane.change)]

    def truths(self, now: datetime) -> Json:
        return {
            "identity_documents": [
                {
                    "first_name": papers.names[0],
                    "last_name": papers.names[1],
                    "birth_date": papers.born.isoformat(),
                    "id_number": papers.id_number,
                    "number": papers.document_number,
                }
                for papers in ALL
            ]
        }
