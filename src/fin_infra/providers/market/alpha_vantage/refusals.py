"""How Alpha Vantage says no: nearly always with status 200, as a single key with a sentence.
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
)
"""The first entry whose phrase is in the text decides: the burst text also names the daily quota and premium plans."""

_NOTICE_BODY = re.compile(rb'\s*\{\s*"(?:Error Message|Information|Note)"\s*:')


def refusal(reply: Reply) -> ProviderError | None:
    """Return the error a reply stands for; the first key tells data from refusals, without decoding."""
    if not _NOTICE_BODY.match(reply.content):
        return None
    text = str(next(iter(json_of(reply, dict).values()))).casefold()
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
