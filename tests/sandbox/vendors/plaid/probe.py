"""What the shared suite of faults needs of this vendor: a good request, and its own words for an outage."""

from __future__ import annotations

import httpx2

METHOD = "POST"
HEADERS = {"plaid-client-id": "sandbox-plaid-client", "plaid-secret": "sandbox-plaid-secret"}
PATH = "/plaid/accounts/get"
BODY = {"access_token": "access-sandbox-00000000-0000-4000-8000-000000000001"}
CODES = {429: "RATE_LIMIT", 500: "INTERNAL_SERVER_ERROR", 503: "PLANNED_MAINTENANCE"}


def is_outage(reply: httpx2.Response, status: int) -> bool:
    """A 502 or 504 is the page of its web server."""
    if status in (502, 504):
        return reply.text.startswith("<html>")
    return (reply.json()["error_code"], reply.json()["request_id"]) == (CODES[status], "sandbox-fault")
