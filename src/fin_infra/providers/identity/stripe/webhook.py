"""Check that an event came from Stripe, and say what it means.
Floor 3: `Stripe-Signature` over the raw bytes of the body; of the event only ids and its type are read, and nothing of
the person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fin_infra.errors import ConfigurationError
from fin_infra.normalize import aware
from fin_infra.providers import fields
from fin_infra.providers.interfaces.webhook_checks import check_stamped, ident, json_object, maybe_ident
from fin_infra.providers.interfaces.webhooks import Delivery, EventKind, WebhookEvent, Webhooks
from fin_infra.transport import Flow

TOLERANCE = timedelta(seconds=300)
"""As of Stripe's own libraries, which look at the past only; the future is refused here too."""
VENDOR = "Stripe"
SESSION = "identity.verification_session."
"""https://docs.stripe.com/api/events/types: created, processing, requires_input, verified, canceled and redacted."""


def verify_webhook(body: bytes, header: str | None, secrets: Iterable[str], now: datetime | None = None) -> None:
    """Return if the `Stripe-Signature` header fits the body and is fresh.

    Args:
        body: the request body exactly as it arrived.
        header: `t=<unix seconds>,v1=<hex>[,v1=<hex>][,v0=...]`; schemes other than v1 are not looked at.
        secrets: `whsec_...` of the endpoint; several while they are being changed.
        now: aware; the present where it is not given.

    Raises:
        ConfigurationError: `secrets` is one string, or holds a blank one: anybody could sign with those.
        WebhookRefused: malformed, older than five minutes, from the future, or signed by nobody we know.
    """
    known = list(secrets)
    if isinstance(secrets, str) or not all(secret.strip() for secret in known):
        raise ConfigurationError("A list of Stripe's endpoint secrets is needed, none of them blank.")
    check_stamped(body, header, "Stripe-Signature", known, aware(now or datetime.now(UTC)), TOLERANCE)


class StripeWebhooks(Webhooks):
    """`Stripe-Signature`, and the events of one account."""

    def event(self, delivery: Delivery) -> Flow[WebhookEvent]:
        yield from ()
        verify_webhook(delivery.body, delivery.headers.get("stripe-signature"), self.secrets(), delivery.at)
        row = json_object(delivery.body, VENDOR)
        word = ident(row, "type", VENDOR)
        about = fields.object_of(fields.object_of(row.get("data")).get("object"))
        changed = word.startswith(SESSION)
        return WebhookEvent(
            event_id=ident(row, "id", VENDOR),
            kind=EventKind.VERIFICATION_CHANGED if changed else EventKind.OTHER,
            type=word,
            login=maybe_ident(about, "id") if changed else None,
            said_at=_instant(row),
        )


def _instant(row: Mapping[str, Any]) -> datetime | None:
    created = row.get("created")
    return datetime.fromtimestamp(created, UTC) if type(created) is int and 0 <= created < 10**11 else None
