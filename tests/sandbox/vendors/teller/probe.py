"""What the shared suite of faults needs of this vendor: a good request, and its own words for an outage."""

from __future__ import annotations

from base64 import b64encode

import httpx2

HEADERS = {"authorization": "Basic " + b64encode(b"test_token_sandbox:").decode()}
PATH = "/teller/accounts"


def is_outage(reply: httpx2.Response, status: int) -> bool:
    return set(reply.json()["error"]) == {"code", "message"}
