"""How Alpha Vantage says no: nearly always with status 200, as a key with a sentence, even beside data.
Floor 3: the first phrase that matches decides; no error quotes the sentence, because it may echo the API key."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from fin_infra.errors import (
    AuthenticationFailed,
    InvalidRequest,
    PermissionDenied,
    ProviderError,
    RateLimited,
    UnexpectedPayload,
    UnknownSymbol,
)
from fin_infra.flow import json_of
from fin_infra.normalize import zone
from fin_infra.transport import Reply

SIGNUP = "https://www.alphavantage.co/support/#api-key"


@dataclass(frozen=True, slots=True)
class Notice:
    """A refusal by what its text contains; `wait` gives the seconds until a new try makes sense."""

    phrases: tuple[str, ...]
    error: type[ProviderError]
    code: str
    message: str
    wait: Callable[[datetime], float] | None = None


def until_midnight(received_at: datetime) -> float:
    """Return the seconds until midnight in New York, when the daily quota is taken to begin again (unconfirmed)."""
    new_york = zone("America/New_York")
    tomorrow = received_at.astimezone(new_york).date() + timedelta(days=1)
    return (datetime.combine(tomorrow, time(), new_york).astimezone(UTC) - received_at).total_seconds()


NOTICES = (
    Notice(
        ("spreading out", "burst pattern", "request per second", "requests per second"),
        RateLimited,
        "burst",
        "too many calls in one second with this key",
        lambda received_at: 1.0,
    ),
    Notice(
        ("premium endpoint", "premium feature"),
        PermissionDenied,
        "premium",
        "this needs a premium key of Alpha Vantage (https://www.alphavantage.co/premium/); with a free one, ask for raw"
        " prices of the newest 100 days, one symbol at a time",
    ),
    Notice(
        ("per minute",),
        RateLimited,
        "minute_quota",
        "the quota of this key for one minute is used up",
        lambda received_at: 60.0,
    ),
    Notice(
        ("per day",),
        RateLimited,
        "daily_quota",
        "the daily quota of this key is used up; it should begin again at midnight in New York",
        until_midnight,
    ),
    Notice(
        ("apikey is invalid or missing", "demo purposes only"),
        AuthenticationFailed,
        "invalid_key",
        f"Alpha Vantage does not accept the API key; set ALPHA_VANTAGE_API_KEY to a valid one (free at {SIGNUP})",
    ),
    Notice(
        ("invalid api call",),
        UnknownSymbol,
        "invalid_call",
        "Alpha Vantage does not know this symbol, or refuses a parameter: it does not say which; find "
        "the spelling with search()",
    ),
    Notice(("does not exist",), InvalidRequest, "no_function", "Alpha Vantage has no such function any more"),
    Notice(
        ("invalid inputs",),
        InvalidRequest,
        "invalid_inputs",
        "Alpha Vantage refuses a parameter and does not say which",
    ),
)
"""The first entry whose phrase is in the text decides: the burst text also names the daily quota and premium plans."""

_NOTICE_KEYS = ("Error Message", "Information", "Note")
_NOTICE_BODY = re.compile(rb'\s*\{\s*"(?:Error Message|Information|Note)"\s*:')
_NOTICE_ANYWHERE = re.compile(rb'"(?:Error Message|Information|Note|message)"\s*:')
_SMALL_BODY = 8192
"""Bytes up to which a body is searched for a notice that is not its first key; a series is larger."""
SUCCESS = "success"
"""What `message` says beside data that is real; any other text makes the data a sample of the format."""


def refusal(reply: Reply) -> ProviderError | None:
    """Return the error a reply stands for; a large body is decoded only where its first key is a notice."""
    text = _notice(reply)
    if text is None:
        return None
    for notice in NOTICES:
        if any(phrase in text for phrase in notice.phrases):
            return notice.error(
                notice.message,
                retryable=notice.wait is not None,
                retry_after=None if notice.wait is None else notice.wait(reply.received_at),
                vendor_code=notice.code,
                http_status=reply.status,
            )
    return UnexpectedPayload(
        "Alpha Vantage answered with a notice that we do not know instead of data", http_status=reply.status
    )


def _notice(reply: Reply) -> str | None:
    """Return the sentence of a refusal, in lower case, wherever it stands; None for data."""
    content = reply.content
    small = len(content) <= _SMALL_BODY and content.lstrip().startswith(b"{")
    if not (_NOTICE_ANYWHERE.search(content) if small else _NOTICE_BODY.match(content)):
        return None
    body = json_of(reply, dict)
    for name in _NOTICE_KEYS:
        if name in body:
            return str(body[name]).casefold()
    message = body.get("message", SUCCESS)
    return None if message == SUCCESS else str(message).casefold()
