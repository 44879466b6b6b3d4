"""How SnapTrade has a request signed, and how it signs its webhooks.
Floor 3: the signature covers path, query exactly as sent, and body; the consumer key itself never travels."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, cast

from fin_infra.errors import ConfigurationError, InvalidInput
from fin_infra.normalize import aware

TOLERANCE = timedelta(seconds=300)
"""Older webhooks are to be refused: docs/webhooks.md of https://github.com/passiv/snaptrade-sdks."""


def signature(consumer_key: str, path: str, query: str, content: object = None) -> str:
    """Return the `Signature` header of a request, as the vendor's own SDK writes it.

    Args:
        path: without `/api/v1`, also where it is sent with it.
        query: exactly as it is sent, and never encoded again.
        content: the body as data; an empty one counts as none.
    """
    return _signed(consumer_key, {"content": content or None, "path": path, "query": query})


def verify_webhook(
    body: bytes, header: str | None, consumer_key: str, now: datetime | None = None
) -> Mapping[str, object]:
    """Return the event if its `Signature` header fits and it is fresh; keep its `webhookId` to drop repeats.

    SnapTrade signs the event serialized again, with sorted keys and no blanks, and not the bytes it sends.

    Raises:
        ConfigurationError: the consumer key is blank: anybody could sign with that.
        InvalidInput: no JSON object, signed with another key, older than five minutes or from the future.
    """
    if not consumer_key.strip():
        raise ConfigurationError("SnapTrade's consumer key is needed to check a webhook; see its dashboard.")
    try:
        event: object = json.loads(body)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise InvalidInput("A SnapTrade webhook must be a JSON object.")
    wanted = _signed(consumer_key, cast("dict[str, Any]", event)).encode()
    if not hmac.compare_digest(wanted, (header or "").encode(errors="replace")):
        raise InvalidInput("The webhook is not signed with this consumer key; check SNAPTRADE_CONSUMER_KEY.")
    found = cast("dict[str, object]", event)
    try:
        at = aware(datetime.fromisoformat(str(found.get("eventTimestamp"))))
    except ValueError:
        raise InvalidInput("A SnapTrade webhook must have an eventTimestamp with a time zone.") from None
    if abs(aware(now or datetime.now(UTC)) - at) > TOLERANCE:
        raise InvalidInput("The webhook was made more than five minutes from now; check this machine's clock.")
    return found


def _signed(consumer_key: str, content: object) -> str:
    text = json.dumps(content, separators=(",", ":"), sort_keys=True)
    return b64encode(hmac.new(consumer_key.encode(errors="surrogatepass"), text.encode(), sha256).digest()).decode()
