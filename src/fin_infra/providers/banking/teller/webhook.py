"""Check that a webhook came from Teller, before anybody reads it, and say what it means.
Floor 3: over the raw bytes of the body; parsing and writing JSON again would change them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from fin_infra.errors import ConfigurationError, NaiveTime
from fin_infra.providers import fields
from fin_infra.providers.banking.teller.payloads import why_disconnected
from fin_infra.providers.interfaces.webhook_checks import (
    check_stamped,
    ident,
    json_object,
    maybe_ident,
    maybe_instant,
)
from fin_infra.providers.interfaces.webhooks import Delivery, EventKind, WebhookEvent, Webhooks
from fin_infra.transport import Flow

TOLERANCE = timedelta(seconds=180)
"""Older signatures are to be refused (https://teller.io/docs, webhooks)."""
VENDOR = "Teller"
KINDS: Mapping[str, EventKind] = {
    "transactions.processed": EventKind.NEWS,
    "enrollment.disconnected": EventKind.PERSON_MUST_ACT,
    "account.number_verification.processed": EventKind.VERIFICATION_CHANGED,
}
"""https://teller.io/docs/api/webhooks; `webhook.test`, and any new type, is OTHER."""


def verify_webhook(body: bytes, header: str | None, secrets: Iterable[str], now: datetime | None = None) -> None:
    """Return if the `Teller-Signature` header fits the body and is fresh; keep the event's id to drop repeats.

    Args:
        body: the request body exactly as it arrived.
        header: `t=<unix seconds>,v1=<hex>[,v1=<hex>]`, one v1 for each signing secret that has not expired; None where
            the request has none.
        secrets: the signing secrets of the dashboard; several while they are being changed.
        now: aware; the present where it is not given.

    Raises:
        ConfigurationError: `secrets` is one string, or holds a blank one: anybody could sign with those.
        WebhookRefused: malformed, older than three minutes, from the future, or signed by nobody we know.
    """
    known = list(secrets)
    if isinstance(secrets, str) or not all(secret.strip() for secret in known):
        raise ConfigurationError("A list of Teller's signing secrets is needed, none of them blank; see the dashboard.")
    now = now or datetime.now(UTC)
    if now.tzinfo is None:
        raise NaiveTime("now needs a time zone, for example datetime.now(UTC).")
    check_stamped(body, header, "Teller-Signature", known, now, TOLERANCE)


class TellerWebhooks(Webhooks):
    """`Teller-Signature` over the raw body, and the events of one application."""

    def event(self, delivery: Delivery) -> Flow[WebhookEvent]:
        yield from ()
        verify_webhook(delivery.body, delivery.headers.get("teller-signature"), self.secrets(), delivery.at)
        row = json_object(delivery.body, VENDOR)
        payload = fields.object_of(row.get("payload"))
        kind = KINDS.get(ident(row, "type", VENDOR), EventKind.OTHER)
        reason = maybe_ident(payload, "reason") or ""
        return WebhookEvent(
            event_id=ident(row, "id", VENDOR),
            kind=kind,
            type=row["type"],
            login=maybe_ident(payload, "enrollment_id"),
            account=_account(payload),
            said_at=maybe_instant(row, "timestamp"),
            reason=why_disconnected(reason) if kind is EventKind.PERSON_MUST_ACT else None,
        )


def _account(payload: Mapping[str, object]) -> str | None:
    """Return the account; `transactions.processed` need not name the enrollment, and has it with each transaction."""
    rows = payload.get("transactions")
    first = fields.object_of(rows[0]) if isinstance(rows, list) and rows else {}
    return maybe_ident(dict(payload), "account_id") or maybe_ident(first, "account_id")
