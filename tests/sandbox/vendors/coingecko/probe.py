"""What the shared suite of faults needs of this vendor: a good request, and its own words for an outage."""

from __future__ import annotations

import httpx2

HEADERS: dict[str, str] = {}
PATH = "/coingecko/api/v3/simple/price?ids=bitcoin&vs_currencies=usd"


def is_outage(reply: httpx2.Response, status: int) -> bool:
    return bool(reply.json()["status"]["error_code"] == status)
