"""What Stripe's refusals mean: by code where the body has one, then by type, then by the status.
Floor 3: the vendor's sentence is never passed on; it may repeat what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping

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
from fin_infra.flow import by_status, json_of, retry_after
from fin_infra.providers import fields
from fin_infra.transport import Reply

_CODE = re.compile(r"[a-z0-9_]{1,64}")
_KEYS = "check STRIPE_SECRET_KEY"
# https://docs.stripe.com/error-codes; that a key in use answers 409 is unconfirmed, so the code decides.
_CODES: Mapping[str, tuple[type[ProviderError], str]] = {
    "resource_missing": (NotFound, "Stripe has no verification of that id; list them to see which there are"),
    "rate_limit": (RateLimited, "Stripe's rate limit is reached"),
    "lock_timeout": (RateLimited, "another request is changing this verification; try again"),
    "idempotency_key_in_use": (ProviderUnavailable, "a request with this key is still under way; repeat it"),
    "api_key_expired": (AuthenticationFailed, f"the key has expired; {_KEYS}"),
    "testmode_charges_only": (PermissionDenied, "the account may use test keys only; activate it at Stripe"),
}
_IDEMPOTENCY = "this idempotency key was used with other arguments; take a new key for another request"
_STATUSES: Mapping[int, tuple[type[ProviderError], str]] = {
    401: (AuthenticationFailed, f"Stripe does not accept the key; {_KEYS}"),
    403: (PermissionDenied, "the key may not do this; give it the permission at Stripe, or take another one"),
    404: _CODES["resource_missing"],
    409: _CODES["idempotency_key_in_use"],
    429: _CODES["rate_limit"],
}
_AGAIN = frozenset({"rate_limit", "lock_timeout", "idempotency_key_in_use"})


def refusal(reply: Reply) -> ProviderError | None:
    """Return the error a reply stands for; None for an answer."""
    if 200 <= reply.status < 300:
        return None
    kind, code = _said(reply)
    if kind == "idempotency_error" and code not in _AGAIN:
        return InvalidRequest(_IDEMPOTENCY, vendor_code=code or kind, http_status=reply.status)
    known = _CODES.get(code) or _STATUSES.get(reply.status)
    if known is None or reply.status >= 500:
        return _advised(by_status(reply, _wrong(reply, code), code or None), reply)
    cls, text = known
    again = code in _AGAIN or reply.status in (409, 429)
    error = cls(
        text,
        retryable=again,
        retry_after=retry_after(reply),
        vendor_code=code or None,
        http_status=reply.status,
    )
    return _advised(error, reply)


def _wrong(reply: Reply, code: str) -> str | None:
    if reply.status != 400:
        return None
    named = f" ({code})" if code else ""
    return (
        f"Stripe refuses the request{named}; ask for the status: a verification can be changed only while it waits for "
        "the person, and removed only before or after Stripe works on it"
    )


def _advised(error: ProviderError | None, reply: Reply) -> ProviderError | None:
    """Follow `Stripe-Should-Retry`, which says whether sending it a second time makes sense."""
    word = reply.headers.get("stripe-should-retry")
    if error is not None and word in ("true", "false"):
        error.retryable = word == "true"
    return error


def _said(reply: Reply) -> tuple[str, str]:
    """Return type and code of Stripe's error body, empty where it has none."""
    try:
        error = fields.child(json_of(reply, dict), "error")
        words = [fields.maybe_text(error, name) or "" for name in ("type", "code")]
    except UnexpectedPayload:
        return "", ""
    kind, code = (word if _CODE.fullmatch(word) else "" for word in words)
    return kind, code
