"""How SnapTrade has a request signed.
Floor 3: the signature covers path, query exactly as sent, and body; the consumer key itself never travels."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from fin_infra._moved import renamed


def signature(consumer_key: str, path: str, query: str, content: object = None) -> str:
    """Return the `Signature` header of a request, as the vendor's own SDK writes it.

    Args:
        path: without `/api/v1`, also where it is sent with it.
        query: exactly as it is sent, and never encoded again.
        content: the body as data; an empty one counts as none.
    """
    return signed(consumer_key, {"content": content or None, "path": path, "query": query})


def signed(consumer_key: str, content: object) -> str:
    """Return the HMAC of data as the vendor writes it: sorted names, no blanks, other characters than ASCII escaped."""
    text = json.dumps(content, separators=(",", ":"), sort_keys=True)
    return b64encode(hmac.new(consumer_key.encode(errors="surrogatepass"), text.encode(), sha256).digest()).decode()


if not TYPE_CHECKING:  # checkers go on refusing names that do not exist
    __getattr__ = renamed(
        __name__,
        {
            "TOLERANCE": "fin_infra.providers.brokerage.snaptrade.webhook.TOLERANCE",
            "verify_webhook": "fin_infra.providers.brokerage.snaptrade.webhook.verify_webhook",
        },
    )
