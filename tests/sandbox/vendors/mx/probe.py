"""What the shared suite of faults needs of this vendor: a good request, and its own words for an outage."""

from __future__ import annotations

from base64 import b64encode

import httpx2

HEADERS = {
    "authorization": "Basic " + b64encode(b"sandbox-mx-client:sandbox-mx-api-key").decode(),
    "accept-version": "v20250224",
}
PATH = "/mx/users"


def is_outage(reply: httpx2.Response, status: int) -> bool:
    return set(reply.json()["error"]) == {"message", "status", "type"}
