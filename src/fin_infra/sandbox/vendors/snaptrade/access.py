"""Decide whether a SnapTrade request is let in: its signature, timestamp, user and rate; and remember the users.
Floor 8: the signature covers path, raw query and body; the consumer key never travels.
"""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64encode
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from starlette.requests import Request

from fin_infra.sandbox.vendors.snaptrade import CLIENT_ID, CONSUMER_KEY
from fin_infra.sandbox.world.portfolio import CONNECTIONS, USER, USER_SECRET

TOLERANCE_S = 300  # the vendor's own tolerance is not documented; its webhooks allow 300 s
LIMIT_PER_MINUTE, WINDOW_S = 250, 60.0
LEGACY = "/api/v1"
BAD_SIGNATURE = "Unable to verify signature sent"
BAD_DATA = "Unable to verify data sent"


class Refused(Exception):
    """The vendor says no; `status_code` is left out of the body where its examples leave it out."""

    def __init__(self, status: int, code: str, detail: str, *, states_status: bool = True) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.states_status = status, code, detail, states_status

    def body(self) -> dict[str, object]:
        """Return the vendor's error body."""
        stated: dict[str, object] = {"status_code": self.status} if self.states_status else {}
        return {"detail": self.detail, **stated, "code": self.code}


def missing() -> Refused:
    """Return what an id that does not exist is answered with."""
    return Refused(404, "1011", "The requested resource does not exist.")


@dataclass(slots=True)
class SnapTradeState:
    """What clients and the control plane have changed, until the next reset."""

    users: dict[str, str] = field(default_factory=lambda: {USER: USER_SECRET})
    secrets_made: int = 0
    disabled: dict[str, datetime | None] = field(default_factory=lambda: {c.slug: c.disabled for c in CONNECTIONS})
    deleted: set[str] = field(default_factory=set[str])
    syncing: set[str] = field(default_factory=set[str])
    refreshed: dict[str, datetime] = field(default_factory=dict[str, datetime])
    holdings_gone: bool = False
    refresh_enabled: bool = True
    rate_limit: int | None = None
    calls: deque[float] = field(default_factory=deque[float])


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in; `user` is empty where no user is needed."""

    request: Request
    content: dict[str, object]
    user: str

    def path(self, name: str) -> str:
        """Return a path parameter."""
        return str(self.request.path_params[name])

    def query(self, name: str, default: str = "") -> str:
        """Return a query parameter."""
        return self.request.query_params.get(name, default)

    def text(self, name: str) -> str:
        """Return a text field of the body; Refused when it is missing."""
        found = self.content.get(name)
        if not isinstance(found, str) or not found:
            raise Refused(400, "1076", BAD_DATA)
        return found


def canonical(content: object, path: str, query: str, *, ascii_only: bool) -> bytes:
    """Return what is signed: sorted keys at every level, no whitespace, an empty body as null."""
    signed = {"content": content or None, "path": path, "query": query}
    text = json.dumps(signed, separators=(",", ":"), sort_keys=True, ensure_ascii=ascii_only)
    return text.encode("utf-8", "surrogatepass")


def sign(consumer_key: str, content: object, path: str, query: str, *, ascii_only: bool = True) -> str:
    """Return the Signature header of a request."""
    digest = hmac.new(consumer_key.encode(), canonical(content, path, query, ascii_only=ascii_only), sha256)
    return b64encode(digest.digest()).decode()


def is_signed(consumer_key: str, signature: str, content: object, paths: list[str], query: str) -> bool:
    """Return whether the signature fits one of the paths, with non-ASCII text escaped or as UTF-8."""
    given = signature.encode("latin-1", "replace")
    expected = [
        sign(consumer_key, content, path, query, ascii_only=escaped).encode()
        for path in paths
        for escaped in (True, False)
    ]
    return any(hmac.compare_digest(given, each) for each in expected)


def paths_of(request: Request) -> list[str]:
    """Return the paths a client may have signed: as sent and inside the mount, each with and without /api/v1."""
    scope = request.scope
    sent = bytes(scope.get("raw_path") or str(scope["path"]).encode()).partition(b"?")[0].decode("latin-1")
    inside = sent.removeprefix(str(scope.get("root_path", "")))
    return list(dict.fromkeys(_both(sent, inside)))


def _both(sent: str, inside: str) -> Iterator[str]:
    yield sent
    yield inside
    yield inside.removeprefix(LEGACY)
    yield sent.removesuffix(inside) + inside.removeprefix(LEGACY)


def content_of(body: bytes) -> dict[str, object]:
    """Return the parsed body, empty when there is none; Refused when it is not a JSON object."""
    if not body.strip():
        return {}
    try:
        found = json.loads(body)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair cannot be answered again
    except (ValueError, RecursionError):
        raise Refused(400, "1076", BAD_DATA) from None
    if not isinstance(found, dict):
        raise Refused(400, "1076", BAD_DATA)
    return found  # pyright: ignore[reportUnknownVariableType]  # JSON object keys are text


def check_client(request: Request, content: object) -> None:
    """Refuse a request whose client, timestamp or signature is wrong; the timestamp is compared with the real time."""
    query = request.query_params
    if query.get("clientId") != CLIENT_ID:
        raise Refused(401, "1076", "Invalid clientId provided")
    stamp = query.get("timestamp", "")
    if not (stamp.isascii() and stamp.isdigit()) or len(stamp) > 12 or abs(time.time() - int(stamp)) > TOLERANCE_S:
        raise Refused(401, "1076", "Invalid timestamp")
    raw = bytes(request.scope["query_string"]).decode("latin-1")
    if not is_signed(CONSUMER_KEY, request.headers.get("signature", ""), content, paths_of(request), raw):
        raise Refused(401, "1076", BAD_SIGNATURE)


def check_user(state: SnapTradeState, user: str | None, secret: str | None) -> str:
    """Return the user's id; Refused when id and secret do not belong together."""
    if user is None or secret is None:
        raise Refused(401, "1083", "Please provide clientId, userId and userSecret in query params")
    known = state.users.get(user)
    if known is None or not hmac.compare_digest(known.encode(), secret.encode("utf-8", "surrogatepass")):
        raise bad_user()
    return user


def bad_user() -> Refused:
    """Return what a user secret that is not, or no longer, good is answered with."""
    return Refused(401, "1083", "Invalid userID or userSecret provided")


def bad_broker() -> Refused:
    """Return the answer when the broker behind an account gives nothing usable."""
    return Refused(503, "3002", "Unable to sync with brokerage account. Invalid response from Brokerage API.")


def throttled(seconds: int) -> Refused:
    """Return the refusal of one request too many."""
    return Refused(429, "0000", f"Request was throttled. Expected available in {seconds} seconds.")


def spend(state: SnapTradeState) -> tuple[dict[str, str], Refused | None]:
    """Count a call in the rolling minute of real time; return the rate headers, and a refusal if it is too many.

    While no limit is enforced the headers show an almost unused quota.
    """
    if state.rate_limit is None:
        return _headers(LIMIT_PER_MINUTE, LIMIT_PER_MINUTE - 1, int(WINDOW_S)), None
    now = time.monotonic()
    while state.calls and state.calls[0] <= now - WINDOW_S:
        state.calls.popleft()
    wait = int(WINDOW_S - (now - state.calls[0])) + 1 if state.calls else int(WINDOW_S)
    if len(state.calls) >= state.rate_limit:
        return {**_headers(state.rate_limit, 0, wait), "retry-after": str(wait)}, throttled(wait)
    state.calls.append(now)
    return _headers(state.rate_limit, state.rate_limit - len(state.calls), wait), None


def _headers(limit: int, remaining: int, reset: int) -> dict[str, str]:
    return {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(remaining), "x-ratelimit-reset": str(reset)}
