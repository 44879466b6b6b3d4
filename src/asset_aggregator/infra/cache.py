"""Responses kept as bytes in `svc_infra.cache`, behind a small typed interface.
Floor 8: asset_aggregator. Values are sealed with a secret, because cashews would unpickle what it finds in Redis.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
import struct
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from asset_aggregator.infra.environment import ServiceSettings
from asset_aggregator.infra.outage import Outage

MAX_TTL_S = 24 * 3600.0
MAX_BODY_BYTES = 128 * 1024
_MEMORY_URL = "mem://?size=2000&check_interval=30"  # bounded by keys here and by bytes above
_SEAL = struct.Struct(">32sd")  # HMAC-SHA256, then the epoch second of expiry


class _KeyValue(Protocol):
    async def get(self, entry: str, /) -> object: ...
    async def set(self, entry: str, value: bytes, /, expire: float) -> object: ...


def _always() -> bool:
    return True


class SvcCache:
    """`svc_infra.cache` with its pitfalls closed.

    Not its decorators: they freeze the prefix, need a fixed lifetime, ignore positional arguments on invalidation and
    spend a second key for each value. The process holds one cashews object, so one service runs in one process.
    """

    def __init__(self, settings: ServiceSettings, name: str, *, clock: Callable[[], float] = time.time) -> None:
        self._url = _cashews_url(settings.redis_url)
        self._secret = (settings.cache_secret or secrets.token_hex(32)).encode()
        self._name = name
        self._clock = clock
        self._backend: _KeyValue | None = None
        self._making: dict[str, asyncio.Task[bytes]] = {}
        self._outage = Outage("cache unavailable, answers are made without it")

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """Open the cache for the life of the app; close its connections afterwards."""
        from svc_infra.cache.backend import shutdown_cache

        self._open()
        try:
            yield
        finally:
            self._backend = None
            for task in self._making.values():
                task.cancel()
            await shutdown_cache()

    def _open(self) -> _KeyValue:
        from svc_infra.cache import get_cache, init_cache

        logging.getLogger("svc_infra.cache.backend").setLevel(logging.WARNING)  # at INFO it logs the URL with password
        init_cache(url=self._url, prefix=self._name, version="v1")
        backend = cast("Callable[[], _KeyValue]", get_cache)()  # svc-infra leaves get_cache untyped
        self._backend = backend
        return backend

    async def get_or_set(
        self,
        cache_key: tuple[str, ...],
        ttl_s: float,
        make: Callable[[], Awaitable[bytes]],
        *,
        keep: Callable[[], bool] = _always,
    ) -> bytes:
        """See `fin_infra.api.Cache`. Callers that ask for one key at one time share one `make`."""
        entry = self._entry(cache_key)
        found = await self._read(entry)
        if found is not None:
            return found
        task = self._making.get(entry)
        if task is None:
            task = asyncio.ensure_future(self._fill(entry, ttl_s, make, keep))
            self._making[entry] = task
            task.add_done_callback(lambda done: self._forget(entry, done))
        return await asyncio.shield(task)  # a caller that gives up does not take the others' answer away

    def _forget(self, entry: str, done: asyncio.Task[bytes]) -> None:
        self._making.pop(entry, None)
        if not done.cancelled():
            done.exception()  # seen, even when every caller has gone

    async def _fill(
        self, entry: str, ttl_s: float, make: Callable[[], Awaitable[bytes]], keep: Callable[[], bool]
    ) -> bytes:
        body = await make()
        if ttl_s > 0 and len(body) <= MAX_BODY_BYTES and keep():
            await self._write(entry, body, min(ttl_s, MAX_TTL_S))
        return body

    async def _read(self, entry: str) -> bytes | None:
        if not self._outage.may_ask():
            return None
        try:
            found = await (self._backend or self._open()).get(entry)
        except Exception as error:  # whatever the store does, the answer is made without it
            self._outage.failed(error)
            return None
        self._outage.worked()
        return self._unseal(entry, found)

    async def _write(self, entry: str, body: bytes, ttl_s: float) -> None:
        if not self._outage.may_ask():
            return
        try:
            await (self._backend or self._open()).set(
                entry, self._seal(entry, body, self._clock() + ttl_s), expire=ttl_s
            )
        except Exception as error:  # whatever the store does, the answer is made without it
            self._outage.failed(error)
        else:
            self._outage.worked()

    def _entry(self, parts: tuple[str, ...]) -> str:
        """Hash length-prefixed parts: ("x:y", "z") and ("x", "y:z") differ, and no symbol or id shows in Redis."""
        digest = hashlib.sha256()
        for part in parts:
            raw = part.encode("utf-8", "surrogatepass")
            digest.update(struct.pack(">Q", len(raw)) + raw)
        return f"{self._name}:v1:{digest.hexdigest()}"

    def _mac(self, entry: str, expires: float, body: bytes) -> bytes:
        return hmac.digest(self._secret, struct.pack(">d", expires) + entry.encode() + b"\0" + body, "sha256")

    def _seal(self, entry: str, body: bytes, expires: float) -> bytes:
        return _SEAL.pack(self._mac(entry, expires, body), expires) + body

    def _unseal(self, entry: str, value: object) -> bytes | None:
        if not isinstance(value, bytes) or len(value) < _SEAL.size:
            return None
        mac, expires = _SEAL.unpack_from(value)
        body = value[_SEAL.size :]
        genuine = hmac.compare_digest(mac, self._mac(entry, expires, body))
        return body if genuine and self._clock() < expires else None


def _cashews_url(redis_url: str | None) -> str:
    """Return the URL for cashews, with pickle off whatever the given URL says, and failures raised and not hidden:
    it would log each with its traceback, and ask again for the next request.

    Its own `?secret=` does not help: the stored value names the digest to check it with, and may name `sum`.
    """
    if redis_url is None:
        return _MEMORY_URL
    parts = urlsplit(redis_url)
    ours = {"pickle_type": "null", "suppress": "false", "socket_timeout": "0.5", "socket_connect_timeout": "0.5"}
    kept = [
        (k, v) for k, v in parse_qsl(parts.query) if k.lower() not in {*ours, "secret", "digestmod", "compress_type"}
    ]
    return urlunsplit(parts._replace(query=urlencode([*kept, *ours.items()])))
