"""What the shared suite of faults needs of this vendor: a good request, and its own words for an outage."""

from __future__ import annotations

import httpx2

HEADERS = {"apca-api-key-id": "PKSANDBOX0000000000", "apca-api-secret-key": "sandbox-alpaca-secret"}
PATH = "/alpaca/v2/clock"


def is_outage(reply: httpx2.Response, status: int) -> bool:
    """Only 500 has the broker's own body; its proxy answers the rest."""
    return bool(reply.json()["code"] == 50010000) if status == 500 else reply.text.startswith("<html>")
