"""Build what all Finastra endpoints share: both error shapes, the trace headers, query checks, amounts with commas.
Floor 8: the gateway answers {statusCode, message}, a product behind it RFC 7807; which one speaks tells who refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from fin_infra.sandbox.kernel.reply import json_reply

GATEWAY_MESSAGES = {
    401: "Access token is missing or invalid.",
    403: "Access to this API is not allowed for the application.",
    404: "Resource not found",
    405: "Method not allowed",
    429: "Too many requests",
    500: "Internal server error",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway timeout",
}
PROBLEM_TITLES = {400: "Bad Request", 404: "Not Found"}
MINOR_UNITS = {"EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "JPY": 0, "KWD": 3, "BHD": 3}
MAX_PAGE = 200


class Refused(Exception):
    """The vendor says no, with this reply."""

    def __init__(self, reply: Response) -> None:
        super().__init__(reply.status_code)
        self.reply = reply


def gateway(status: int) -> Response:
    """Return the gateway's error body."""
    return json_reply({"statusCode": status, "message": GATEWAY_MESSAGES[status]}, status)


def problem(request: Request, status: int, detail: str, causes: Sequence[Mapping[str, str]] = ()) -> Response:
    """Return a product's error body; `causes` name the parameters that are wrong."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": PROBLEM_TITLES[status],
        "status": status,
        "detail": detail,
        "instance": str(request.scope["path"]).removeprefix(str(request.scope["root_path"])),
    }
    if causes:
        body["causes"] = list(causes)
    reply = json_reply(body, status)
    reply.headers["content-type"] = "application/problem+json"
    return reply


def trace_headers(number: int, request_id: bytes | None) -> list[tuple[bytes, bytes]]:
    """Return the headers by which support finds a call; the client's own X-Request-ID comes back."""
    trace = sha256(f"finastra:{number}".encode()).hexdigest()
    activity = f"{trace[32:40]}-{trace[40:44]}-4{trace[45:48]}-8{trace[49:52]}-{trace[52:]}"
    found = [(b"ff-trace-id", trace[:32].encode()), (b"activityid", activity.encode())]
    return found if request_id is None else [*found, (b"x-request-id", request_id)]


class Query:
    """The parameters of one request; every wrong one becomes a cause of the same 400."""

    def __init__(self, request: Request) -> None:
        self._request, self._causes = request, list[dict[str, str]]()

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        text = self._request.query_params.get(name, str(default))
        if text.isascii() and text.isdigit() and len(text) <= 9 and low <= int(text) <= high:
            return int(text)
        self._wrong(name, text, f"must be a whole number from {low} to {high}")
        return default

    def word(self, name: str, allowed: Sequence[str], *, required: bool = True) -> str | None:
        """Return one of the allowed words."""
        text = self._request.query_params.get(name)
        if text in allowed or (text is None and not required):
            return text
        self._wrong(name, text, f"must be one of {', '.join(allowed)}")
        return None

    def day(self, name: str) -> date | None:
        """Return an ISO date, None when it is not given."""
        text = self._request.query_params.get(name)
        try:
            return None if text is None else date.fromisoformat(text)
        except ValueError:
            self._wrong(name, text, "must be a date such as 2026-11-20")
            return None

    def _wrong(self, name: str, text: str | None, rule: str) -> None:
        self._causes.append({"title": f"{name} {rule}", "field": name, "fieldValue": text or ""})

    def check(self) -> None:
        """Raise the 400 that names all wrong parameters, if there are any."""
        if self._causes:
            raise Refused(problem(self._request, 400, "The request has invalid parameters.", self._causes))


def grouped(value: Decimal, currency: str) -> str:
    """Return an amount as the vendor writes it: commas between thousands, the currency's decimals."""
    return f"{value:,.{MINOR_UNITS[currency]}f}"
