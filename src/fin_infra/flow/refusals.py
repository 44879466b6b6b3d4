"""From a vendor's reply to one of our errors: the table every adapter starts from.
Floor 2: messages here never quote the body, which may echo keys and personal data."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from fin_infra.errors import (
    AuthenticationFailed,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnexpectedPayload,
)
from fin_infra.model import RateLimit
from fin_infra.transport import Reply

RETRYABLE = frozenset({429, 500, 502, 503, 504})
_STATUS: Mapping[int, tuple[type[ProviderError], str]] = {
    400: (InvalidRequest, "the vendor refuses the request as malformed"),
    401: (AuthenticationFailed, "the vendor does not accept the credentials"),
    402: (PermissionDenied, "the vendor's plan does not cover this"),
    403: (PermissionDenied, "the credentials do not cover this"),
    404: (NotFound, "the vendor has no such resource"),
    408: (ProviderUnavailable, "the vendor timed out"),
    410: (NotFound, "it is gone at the vendor"),
    422: (InvalidRequest, "the vendor refuses the parameters"),
    429: (RateLimited, "the vendor's rate limit is reached"),
}

_code = re.compile(r"[\w.:-]{1,64}", re.ASCII).fullmatch
"""What may stand in an error: a code, and not a sentence that a vendor put in its place."""


def by_status(reply: Reply, message: str | None = None, vendor_code: str | None = None) -> ProviderError | None:
    """Return the error a status stands for, or None for 2xx. `message` replaces the general text."""
    if 200 <= reply.status < 300:
        return None
    if reply.status >= 500:
        kind: type[ProviderError] = ProviderUnavailable
        text = f"the vendor failed with status {reply.status}"
    elif reply.status < 400:
        kind, text = UnexpectedPayload, f"the vendor redirects (status {reply.status}); check the base URL"
    else:
        kind, text = _STATUS.get(reply.status, (InvalidRequest, f"the vendor refuses with status {reply.status}"))
    if vendor_code is not None and _code(vendor_code):
        text = f"{text} (code {vendor_code})"
    return kind(
        message or text,
        retryable=reply.status in RETRYABLE,
        retry_after=retry_after(reply),
        vendor_code=vendor_code,
        http_status=reply.status,
    )


def wrong_field(name: str, wanted: str) -> UnexpectedPayload:
    """Return the error for an answer whose field `name` should be `wanted`; what it was is never said."""
    return UnexpectedPayload(f"the answer's field {name!r} should be {wanted}")


def retry_after(reply: Reply) -> float | None:
    """Return the seconds of the Retry-After header, given as seconds or as an HTTP date; None without a usable one.

    A date is measured against the reply's own Date header where it has one, so that a wrong clock here or there does
    no harm.
    """
    text = reply.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        at, sent = _http_date(text), _http_date(reply.headers.get("date", ""))
        if at is None:
            return None
        seconds = (at - (sent or reply.received_at)).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def rate_limit(reply: Reply) -> RateLimit | None:
    """Return what the reply's headers say about the quota (RateLimit-*, X-RateLimit-*), or None."""
    facts = {
        name: _whole(reply.headers.get(f"x-ratelimit-{name}") or reply.headers.get(f"ratelimit-{name}"))
        for name in ("limit", "remaining", "reset")
    }
    if all(value is None for value in facts.values()):
        return None
    return RateLimit(limit=facts["limit"], remaining=facts["remaining"], reset_at=_reset(reply, facts["reset"]))


def _whole(text: str | None) -> int | None:
    return int(text) if text and len(text) < 20 and text.isascii() and text.isdigit() else None


def _reset(reply: Reply, value: int | None) -> datetime | None:
    """A reset is seconds from now or a unix time; the two differ by more than a billion."""
    if value is None:
        return None
    seconds = value if value > 1_000_000_000 else reply.received_at.timestamp() + value
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
