"""Serve /_sandbox/stripe: how sessions stand, outcomes on demand, and where events go.
Floor 8: what is asked for is checked as a whole before any of it takes effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

from fin_infra.sandbox.kernel.vendor import Json, only
from fin_infra.sandbox.vendors.stripe import RESTRICTED_KEY, SECRET_KEY
from fin_infra.sandbox.vendors.stripe.events import Endpoint
from fin_infra.sandbox.vendors.stripe.sessions import OUTCOMES, Session

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.stripe.vendor import Stripe

_FIELDS = ("session", "outcome", "webhook_url", "webhook_secret", "redeliver")


class StripeControl:
    """What the control plane shows and changes of Stripe."""

    def __init__(self, vendor: Stripe) -> None:
        self._vendor = vendor

    def describe(self, _: Json, __: Request) -> object:
        """Return keys, sessions, events, and what became of their delivery."""
        vendor = self._vendor
        endpoint = vendor.deliveries.endpoint
        return {
            "keys": {"restricted": RESTRICTED_KEY, "secret": SECRET_KEY},
            "outcomes": list(OUTCOMES),
            "webhook_url": None if endpoint is None else endpoint.url,
            "sessions": [_shown(session) for session in vendor.sessions.all.values()],
            "events": [
                {"id": event["id"], "type": event["type"], "session": event["data"]["object"]["id"]}
                for event in vendor.deliveries.events.values()
            ],
            "deliveries": list(vendor.deliveries.log),
        }

    def change(self, body: Json, request: Request) -> object:
        """End a session's try with an outcome, set where events go, or send one more time."""
        only(body, *_FIELDS)
        vendor = self._vendor
        session, outcome = body.get("session"), body.get("outcome")
        if (session is None) != (outcome is None):
            raise ValueError("Give `session` and `outcome` together.")
        if ("webhook_url" in body) != ("webhook_secret" in body):
            raise ValueError("Give `webhook_url` and `webhook_secret` together.")
        again = body.get("redeliver")
        if again is not None and again not in vendor.deliveries.events:
            raise LookupError(f"There is no event {again!r}; list them with GET /_sandbox/stripe.")
        found = self._session(session) if session is not None else None
        if "webhook_url" in body:
            url, secret = body["webhook_url"], body["webhook_secret"]
            vendor.deliveries.endpoint = None if url is None else Endpoint(str(url), str(secret or ""))
        if found is not None:
            vendor.sessions.finish(found, str(outcome))
        if again is not None:
            vendor.deliveries.send(str(again))
        return self.describe({}, request)

    def _session(self, ident: object) -> Session:
        known = self._vendor.sessions.all
        if ident not in known:
            raise LookupError(f"There is no session {ident!r}; list them with GET /_sandbox/stripe.")
        return known[str(ident)]


def _shown(session: Session) -> Json:
    return {
        "id": session.id,
        "reference": session.reference,
        "status": session.status,
        "last_error": session.last_error,
        "report": session.report_id,
        "redaction": session.redaction,
    }
