"""Send SnapTrade's webhooks, signed as SnapTrade does: over the event serialized again, not over the bytes sent.
Floor 8: docs/webhooks.md of https://github.com/passiv/snaptrade-sdks; the body has blanks, as a framework writes it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from datetime import datetime
from typing import TYPE_CHECKING

from fin_infra.sandbox.kernel.deliver import deliver, moment
from fin_infra.sandbox.kernel.vendor import Json, only
from fin_infra.sandbox.vendors.snaptrade import CLIENT_ID, CONSUMER_KEY
from fin_infra.sandbox.vendors.snaptrade.accounts import Directory
from fin_infra.sandbox.world.holdings import uid
from fin_infra.sandbox.world.portfolio import CONNECTIONS, USER

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.snaptrade.vendor import SnapTrade

OF_USERS = ("USER_REGISTERED", "USER_DELETED")
OF_CONNECTIONS = (
    "CONNECTION_ADDED",
    "CONNECTION_DELETED",
    "CONNECTION_BROKEN",
    "CONNECTION_FIXED",
    "CONNECTION_UPDATED",
)
OF_ACCOUNTS = (
    "NEW_ACCOUNT_AVAILABLE",
    "ACCOUNT_TRANSACTIONS_INITIAL_UPDATE",
    "ACCOUNT_TRANSACTIONS_UPDATED",
    "ACCOUNT_REMOVED",
    "ACCOUNT_HOLDINGS_UPDATED",
)
TYPES = (*OF_USERS, *OF_CONNECTIONS, *OF_ACCOUNTS)
_FIELDS = ("url", "type", "slug", "user_id", "id", "at", "consumer_key", "times")


class SnapTradeWebhooks:
    """What SnapTrade tells by itself; the control plane says when."""

    def __init__(self, vendor: SnapTrade) -> None:
        self._vendor, self._made = vendor, 0

    async def send(self, body: Json) -> Json:
        """Send one event to `url`, and return it with the answers.

        Raises:
            ValueError: a field is wrong.
        """
        only(body, *_FIELDS)
        kind, at = body.get("type"), moment(body.get("at"))
        if kind not in TYPES:
            raise ValueError(f"`type` must be one of {', '.join(TYPES)}.")
        event = {
            "webhookId": self._id(body),
            "clientId": CLIENT_ID,
            "eventTimestamp": _stamp(at),
            "userId": body.get("user_id", USER),
            "eventType": kind,
            **self._about(str(kind), body),
        }
        header = {"Signature": signature(event, str(body.get("consumer_key", CONSUMER_KEY)))}
        raw = json.dumps(event).encode()
        return {"event": event, "answers": await deliver(body.get("url"), raw, header, body.get("times", 1))}

    def _id(self, body: Json) -> str:
        given = body.get("id")
        if isinstance(given, str):
            return given
        self._made += 1
        return uid(self._vendor.world.seed, "webhook", self._made)

    def _about(self, kind: str, body: Json) -> Json:
        if kind in OF_USERS:
            return {}
        directory, slugs = Directory(self._vendor), {row.slug: row for row in CONNECTIONS}
        slug = body.get("slug", CONNECTIONS[0].slug)
        if not isinstance(slug, str) or slug not in slugs:
            raise ValueError(f"`slug` must be one of {', '.join(slugs)}.")
        about: Json = {"brokerageAuthorizationId": directory.connection_id(slugs[slug])}
        if kind in OF_ACCOUNTS:
            books = self._vendor.world.portfolios.books
            about["accountId"] = next(book.id for book in books if book.connection.slug == slug)
        return about


def signature(event: Json, consumer_key: str) -> str:
    """Return the `Signature` header."""
    text = json.dumps(event, separators=(",", ":"), sort_keys=True)
    return b64encode(hmac.new(consumer_key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")
