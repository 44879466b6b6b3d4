"""Check that a webhook came from SnapTrade, and say what it means.
Floor 3: SnapTrade signs the event serialized again, with sorted keys and no blanks, and not the bytes that it sends."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fin_infra.errors import ConfigurationError, WebhookFault, WebhookRefused
from fin_infra.normalize import aware
from fin_infra.providers.brokerage.snaptrade.signature import signed
from fin_infra.providers.interfaces.webhook_checks import check_age, ident, json_object, maybe_ident, maybe_instant
from fin_infra.providers.interfaces.webhooks import Delivery, EventKind, WebhookEvent, Webhooks
from fin_infra.transport import Flow

TOLERANCE = timedelta(seconds=300)
"""Older webhooks are to be refused: docs/webhooks.md of https://github.com/passiv/snaptrade-sdks."""
VENDOR = "SnapTrade"
KINDS: Mapping[str, EventKind] = {
    "USER_DELETED": EventKind.ENDED,
    "CONNECTION_ADDED": EventKind.NEWS,
    "CONNECTION_DELETED": EventKind.NEWS,
    "CONNECTION_BROKEN": EventKind.NEWS,
    "CONNECTION_FIXED": EventKind.NEWS,
    "CONNECTION_UPDATED": EventKind.NEWS,
    "NEW_ACCOUNT_AVAILABLE": EventKind.NEWS,
    "ACCOUNT_TRANSACTIONS_INITIAL_UPDATE": EventKind.NEWS,
    "ACCOUNT_TRANSACTIONS_UPDATED": EventKind.NEWS,
    "ACCOUNT_REMOVED": EventKind.NEWS,
    "ACCOUNT_HOLDINGS_UPDATED": EventKind.NEWS,
    "TRADE_DETECTION": EventKind.NEWS,
    "TRADE_UPDATE": EventKind.NEWS,
}
"""`eventType` of the page above, and what it means. The login is the person at SnapTrade, with any number of brokers
behind it: what one of these brokers does is news, and the sync says which one is disabled."""


def verify_webhook(
    body: bytes, header: str | None, consumer_key: str | list[str], now: datetime | None = None
) -> Mapping[str, object]:
    """Return the event if its `Signature` header fits and it is fresh; keep its `webhookId` to drop repeats.

    SnapTrade signs the event serialized again, with sorted keys and no blanks, and not the bytes it sends.

    Args:
        consumer_key: several while a new one takes over.

    Raises:
        ConfigurationError: the consumer key is blank: anybody could sign with that.
        WebhookRefused: no JSON object, signed with another key, older than five minutes or from the future.
    """
    keys = [consumer_key] if isinstance(consumer_key, str) else list(consumer_key)
    if not keys or not all(each.strip() for each in keys):
        raise ConfigurationError("SnapTrade's consumer key is needed to check a webhook; see its dashboard.")
    event = json_object(body, VENDOR)
    given = (header or "").encode(errors="replace")
    if not any(hmac.compare_digest(signed(each, event).encode(), given) for each in keys):
        raise WebhookRefused(
            "The webhook is not signed with this consumer key; check SNAPTRADE_CONSUMER_KEY.",
            WebhookFault.BAD_SIGNATURE,
        )
    at = maybe_instant(event, "eventTimestamp")
    if at is None:
        sentence = "A SnapTrade webhook must have an eventTimestamp with a time zone."
        raise WebhookRefused(sentence, WebhookFault.MALFORMED)
    check_age(at, aware(now or datetime.now(UTC)), TOLERANCE)
    return event


class SnapTradeWebhooks(Webhooks):
    """`Signature` by the consumer key, and the events of one application."""

    secret_fields = ("consumer_key", "consumer_key_old")

    def event(self, delivery: Delivery) -> Flow[WebhookEvent]:
        yield from ()
        found = verify_webhook(delivery.body, delivery.headers.get("signature"), self.secrets(), delivery.at)
        row: dict[str, Any] = dict(found)
        word = ident(row, "eventType", VENDOR)
        return WebhookEvent(
            event_id=ident(row, "webhookId", VENDOR),
            kind=KINDS.get(word, EventKind.OTHER),
            type=word,
            login=maybe_ident(row, "userId"),
            said_at=maybe_instant(row, "eventTimestamp"),
        )
