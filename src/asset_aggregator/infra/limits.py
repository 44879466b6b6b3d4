"""Inbound rate limits: who is counted, and where the counts live.
Floor 8: asset_aggregator. svc-infra's limiter does the counting; its key and both its stores need closing.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from fastapi import Request

from asset_aggregator.infra.auth import Auth, client_address
from asset_aggregator.infra.environment import ServiceSettings
from asset_aggregator.infra.outage import PAUSE_S, Outage

WINDOW_S = 60
OPEN_PATHS = ("/healthz", "/readyz", "/metrics")
"""Never limited: an orchestrator that is told 429 would restart a healthy process."""

WEBHOOKS = "/webhooks/"
"""Below this path vendors are counted, by address and apart from people: one that repeats a day's events at once would
use up what a person may ask."""
_MAX_KEYS = 10_000
_REDIS_TIMEOUT_S = 0.25


class Store(Protocol):
    """Count one request. The answer is (count in this window, limit, epoch second at which the window ends)."""

    def incr(self, key: str, window: int) -> tuple[int, int, int]: ...


def principal_key(auth: Auth) -> Callable[[Request], str]:
    """Count by authenticated caller, else by address.

    Closes: svc-infra keys by the raw X-API-Key header, so a new random key for each request is never limited.
    """

    def counted(request: Request) -> str:
        caller = auth.identify(request)
        return f"caller:{caller.tenant}:{caller.name}" if caller else f"address:{client_address(request)}"

    return counted


def address_key(request: Request) -> str:
    """Count by address, for those who have no token."""
    return f"webhooks:{client_address(request)}"


def _nothing() -> None:
    """Close what needs no closing."""


class BoundedStore:
    """Fixed windows in memory, at most `max_keys` of them; the key unused for longest goes first.

    Closes: svc-infra's store never frees a key, and its truncated window end gives `Retry-After: 0` while blocked.
    """

    def __init__(self, limit: int, *, max_keys: int = _MAX_KEYS, clock: Callable[[], float] = time.time) -> None:
        self._limit = limit
        self._max_keys = max_keys
        self._clock = clock
        self._windows: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self.close = _nothing

    @property
    def keys(self) -> int:
        """How many keys are held. Not `__len__`: svc-infra tests `store or InMemoryRateLimitStore()`."""
        return len(self._windows)

    def incr(self, key: str, window: int) -> tuple[int, int, int]:
        now = self._clock()
        count, start = self._windows.pop(key, (0, now))
        if now >= start + window:
            count, start = 0, now
        self._windows[key] = (count + 1, start)
        if len(self._windows) > self._max_keys:
            self._windows.popitem(last=False)
        return count + 1, self._limit, math.ceil(start + window)


class FailOpenStore:
    """Count in `first`; while that fails, count in `second` and leave `first` alone for a while.

    Closes: svc-infra answers 500 to everyone when Redis is down, and waits for it inside the event loop each time.
    """

    def __init__(
        self,
        first: Store,
        second: Store,
        *,
        pause_s: float = PAUSE_S,
        close: Callable[[], None] = _nothing,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first = first
        self._second = second
        self._outage = Outage("shared rate limits unavailable, counting locally", pause_s=pause_s, clock=clock)
        self.close = close

    def incr(self, key: str, window: int) -> tuple[int, int, int]:
        if not self._outage.may_ask():
            return self._second.incr(key, window)
        try:
            counted = self._first.incr(key, window)
        except Exception as error:  # no failure of the store may refuse a caller
            self._outage.failed(error)
            return self._second.incr(key, window)
        self._outage.worked()
        return counted


def make_store(settings: ServiceSettings, name: str, limit: int | None = None) -> BoundedStore | FailOpenStore:
    """Return the store for the settings: Redis with a local fallback when REDIS_URL is set, else memory."""
    limit = settings.rate_limit if limit is None else limit
    local = BoundedStore(limit)
    if settings.redis_url is None:
        return local
    from redis import Redis
    from svc_infra.api.fastapi.middleware.ratelimit_store import RedisRateLimitStore

    # The client is synchronous because svc-infra's limiter is; the short timeout bounds how long it can hold the loop.
    client = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]  # redis-py leaves **kwargs untyped
        settings.redis_url, socket_timeout=_REDIS_TIMEOUT_S, socket_connect_timeout=_REDIS_TIMEOUT_S
    )
    shared = RedisRateLimitStore(client, limit=limit, prefix=f"{name}:limit")
    return FailOpenStore(shared, local, close=client.close)
