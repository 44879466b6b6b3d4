"""What the shared suite of faults needs of this vendor: a good request, and its own words for an outage."""

from __future__ import annotations

import httpx2

HEADERS = {"authorization": "Bearer rk_test_fin_infra_sandbox_key"}
PATH = "/stripe/v1/identity/verification_sessions"


def is_outage(reply: httpx2.Response, status: int) -> bool:
    """A 502 or 504 is the page of its web server."""
    if status in (502, 504):
        return reply.text.startswith("<html>")
    return (status == 429) == (reply.json()["error"].get("code") == "rate_limit")
