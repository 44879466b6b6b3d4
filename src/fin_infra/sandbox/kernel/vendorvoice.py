"""Say in each vendor's own words that something is wrong: rate limits, outages, dead credentials, garbage.
Floor 8: bodies that a fault sends instead of the real answer; none of them depends on the world.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.responses import Response

from fin_infra.sandbox.kernel.reply import html_reply, json_reply
from fin_infra.sandbox.vendors import teller
from fin_infra.sandbox.vendors.alpha_vantage import routes as alpha_vantage
from fin_infra.sandbox.vendors.coingecko import routes as coingecko
from fin_infra.sandbox.vendors.finastra import replies
from fin_infra.sandbox.vendors.snaptrade import routes as snaptrade

TITLES = {
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
MEDIA = {
    "alpaca": "application/json",
    "teller": "application/json",
    "alpha-vantage": "application/json",
    "coingecko": "application/json",
    "ecb": "text/xml",
    "snaptrade": "application/json",
    "finastra": "application/json",
}
_COINGECKO_LIMIT = (
    "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing to subscribe to our API "
    "plans for higher rate limits."
)
_TELLER_CODES = {
    429: "too_many_requests",
    500: "internal_server_error",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
}
ALPACA_BODIES: dict[int, dict[str, object]] = {
    429: {"code": 42910000, "message": "rate limit exceeded"},
    500: {"code": 50010000, "message": "internal server error occurred"},
}


def outage(vendor: str, status: int, headers: Mapping[str, str]) -> Response:
    """Return the vendor's 429 or 5xx; Alpha Vantage, the ECB and Alpaca's proxy answer with a web server's page."""
    if vendor == "teller":
        reply = teller.error(status, _TELLER_CODES[status], TITLES[status])
    elif vendor == "coingecko":
        reply = json_reply(coingecko.status_body(status, _COINGECKO_LIMIT if status == 429 else TITLES[status]), status)
    elif vendor == "alpaca" and status in ALPACA_BODIES:
        reply = json_reply(ALPACA_BODIES[status], status)
    elif vendor == "snaptrade":
        reply = snaptrade.outage(status, headers.get("retry-after", ""))
    elif vendor == "finastra":
        reply = replies.gateway(status)
    else:
        reply = html_reply(f"{status} {TITLES[status]}", status)
    reply.headers.update(headers)
    return reply


def expired(vendor: str) -> Response:
    """Return the vendor's answer to credentials that used to work."""
    if vendor == "teller":
        return teller.error(404, "enrollment.disconnected.credentials_invalid", "Enrollment is not healthy")
    if vendor == "alpaca":
        return json_reply({"message": "unauthorized."}, 401)
    if vendor == "snaptrade":
        return snaptrade.expired()
    if vendor == "coingecko":
        return json_reply(coingecko.status_body(10002, coingecko.KEY_MESSAGES[10002]), 401)
    if vendor == "finastra":
        return replies.gateway(401)
    return json_reply({"Error Message": alpha_vantage.INVALID_KEY}, indent=4)


def stamps(vendor: str, number: int, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers the vendor puts on every answer, a fault's included; `number` is the arrival's."""
    if vendor != "finastra":
        return []
    return replies.trace_headers(number, dict(headers).get(b"x-request-id"))


def note(kind: str, key: str) -> Response:
    """Return Alpha Vantage's quota, burst or premium message with HTTP 200; the quota message echoes the key."""
    notes = {
        "quota_note": alpha_vantage.quota_note(key),
        "burst_note": alpha_vantage.BURST_NOTE,
        "premium_note": alpha_vantage.PREMIUM_NOTE,
    }
    return json_reply({"Information": notes[kind]}, indent=4)


def malformed(vendor: str) -> Response:
    """Return 200 with a body that no parser takes."""
    body = "<gesmes:Envelope><Cube></gesmes:Envelope>" if vendor == "ecb" else '{"data": [}, NaN'
    return Response(body, media_type=MEDIA[vendor])


def html() -> Response:
    """Return the page of a proxy that has taken the vendor's place."""
    return html_reply("Checking your browser before access", 200)


def empty(vendor: str) -> Response:
    """Return 200 without a body."""
    return Response(b"", media_type=MEDIA[vendor])
