"""What SnapTrade's refusals mean: by its code where the body has one, by the status where not.
Floor 3: codes are numbers or words, under `code` in real replies and under `default_code` in the published examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fin_infra.errors import (
    AuthenticationFailed,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    ReauthRequired,
    UnexpectedPayload,
)
from fin_infra.flow import by_status, json_of, rate_limit
from fin_infra.transport import Reply

_KEYS = "check SNAPTRADE_CLIENT_ID and SNAPTRADE_CONSUMER_KEY, and this machine's clock"
# Codes in api.yaml of https://github.com/passiv/snaptrade-sdks; 1010 and 1083 are unconfirmed.
_CODES: Mapping[str, tuple[type[ProviderError], str]] = {
    "1010": (InvalidRequest, "a user of that id is registered already; take another id, or delete that user first"),
    "1011": (NotFound, "not found at SnapTrade; list the accounts or connections to see which exist"),
    "1066": (PermissionDenied, "this user may not read that"),
    "1076": (InvalidRequest, "SnapTrade refuses the parameters"),
    "1083": (AuthenticationFailed, "SnapTrade does not know this user; check SNAPTRADE_USER_ID and _USER_SECRET"),
    "1141": (PermissionDenied, "SnapTrade has not switched this feature on for you or for this connection"),
    "3002": (ProviderUnavailable, "the broker behind this account gives SnapTrade no usable answer; try later"),
    "3003": (ReauthRequired, "the connection is disabled; let the person sign in again with login_url(reconnect=...)"),
    "3011": (ReauthRequired, "the connection is disabled already"),
    "3012": (ProviderUnavailable, "SnapTrade is still fetching this account for the first time; ask in a few minutes"),
    "throttled": (RateLimited, "this connection was refreshed a moment ago; wait before you refresh it again"),
}
# Responses of the operations in the same api.yaml.
_STATUSES: Mapping[int, tuple[type[ProviderError], str]] = {
    401: (AuthenticationFailed, f"SnapTrade does not accept the signature; {_KEYS}"),
    402: _CODES["3003"],
    410: (NotFound, "SnapTrade has closed this endpoint"),
    425: _CODES["3012"],
    501: (PermissionDenied, "SnapTrade cannot get this from the broker behind the account"),
}
_ONE_CONNECTION = frozenset({"3012", "throttled"})
"""What concerns one connection and says nothing about SnapTrade's own health."""


def refusal(reply: Reply) -> ProviderError | None:
    """Return the error of a reply by the vendor's code, and by its status where the code says less."""
    if 200 <= reply.status < 300:
        return None
    code = _code(reply)
    error = by_status(reply, vendor_code=code)
    known = _STATUSES.get(reply.status)
    if code is not None and (code, reply.status) != ("1076", 401):
        known = _CODES.get(code, known)
    if error is not None and known is not None:
        kind, text = known
        error = kind(
            text,
            retryable=error.retryable or code == "3012",
            retry_after=error.retry_after,
            vendor_code=code,
            http_status=reply.status,
        )
    if error is not None and code in _ONE_CONNECTION:
        error.outage = False
    if isinstance(error, RateLimited) and error.retry_after is None:
        error.retry_after = _reset(reply)
    return error


def _reset(reply: Reply) -> float | None:
    """Return the seconds until the quota is whole again, where it is used up: no header needs to come with a 429."""
    limit = rate_limit(reply)
    if limit is None or limit.remaining != 0 or limit.reset_at is None:
        return None
    return max((limit.reset_at - reply.received_at).total_seconds(), 0.0)


def _code(reply: Reply) -> str | None:
    """Return the vendor's code, a number or a word, where the body has one."""
    try:
        body: dict[str, Any] = json_of(reply, dict)
    except UnexpectedPayload:
        return None
    code = body.get("code", body.get("default_code"))
    text = str(code) if type(code) in (int, str) else ""
    return text if text.isalnum() and text.isascii() and len(text) <= 20 else None
