"""HTTP, sync and async: one request in, one whole reply out, within its time.
Floor 2: the engine (`transport/wire.py`) is imported when the first request is sent."""

from __future__ import annotations

import asyncio
import time
from threading import Lock
from typing import TYPE_CHECKING, Any, cast
from weakref import finalize

from fin_infra._moved import renamed
from fin_infra.errors import ProviderError
from fin_infra.transport.base import AsyncTransport, SyncTransport, joined
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.effects import Blocking, Effect, Invoke, Join, Pause, Reply, Request
from fin_infra.transport.forks import leave, starts_again

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Iterable

    import httpcore2

    from fin_infra.transport.engine import Writer

_LIMITS: dict[str, Any] = {"max_connections": 100, "max_keepalive_connections": 20, "keepalive_expiry": 5.0}


class _Http:
    """What the two transports share."""

    def __init__(self, config: HttpConfig) -> None:
        self.config = config
        self._writers: dict[str, Writer] = {}

    def _write(self, request: Request) -> httpcore2.Request:
        writer = self._writers.get(request.host)
        if writer is None:
            from fin_infra.transport.engine import Writer

            writer = self._writers[request.host] = Writer(self.config.at(request.host))
        return writer.write(request)

    def _host(self, request: Request) -> str:
        return self.config.at(request.host).host

    def _until(self, request: Request) -> float:
        own = time.monotonic() + request.timeout_s
        return own if request.until is None else min(own, request.until)


class HttpTransport(_Http, SyncTransport):
    """Sync HTTP with a connection pool; safe to share between threads."""

    def __init__(self, config: HttpConfig) -> None:
        super().__init__(config)
        self._pool: httpcore2.ConnectionPool | None = None
        self._ends: finalize[..., Any] | None = None
        """Closes the pool of a transport that nobody closed, when it or its process ends."""
        self._lock = Lock()
        starts_again(self)

    def after_fork(self) -> None:
        """Open connections of its own: on the parent's, each would read the other's answers."""
        leave(self._pool)
        if self._ends is not None:
            self._ends.detach()
        self._pool, self._ends, self._lock = None, None, Lock()

    def step(self, effect: Effect) -> Any:
        match effect:
            case Request():
                return self._send(effect)
            case Pause(seconds):
                return time.sleep(seconds)
            case Blocking(fn) | Invoke(fn):
                return fn()
            case Join(future, seconds):
                return future.result(seconds)

    def _open(self) -> httpcore2.ConnectionPool:
        import httpcore2

        from fin_infra.transport.engine import BoundedBackend, proxy

        with self._lock:
            if self._pool is None:
                self._pool = httpcore2.ConnectionPool(
                    self.config.tls(), proxy(self.config), network_backend=BoundedBackend(), **_LIMITS
                )
                self._ends = finalize(self, self._pool.close)
            return self._pool

    def _send(self, request: Request) -> Reply:
        from fin_infra.transport import engine

        pool = self._pool or self._open()
        end = self._until(request)
        token = engine.until.set(end)
        failure: ProviderError
        try:
            response = pool.handle_request(self._write(request))
            try:
                engine.check_fresh(response)
                chunks: list[bytes] = []
                size = 0
                for chunk in cast("Iterable[bytes]", response.stream):
                    size = engine.grown(size, chunk)
                    chunks.append(chunk)
            finally:
                response.close()
            return engine.reply(response, chunks)
        except engine.FAILURES as exc:
            failure = engine.failure(exc, request, self._host(request))
        finally:
            engine.until.reset(token)
        raise failure  # out here, so that it does not carry the engine's exception with what was sent

    def close(self) -> None:
        with self._lock:
            ends, self._pool, self._ends = self._ends, None, None
        if ends is not None:
            ends()


class AsyncHttpTransport(_Http, AsyncTransport):
    """Async HTTP; each event loop gets a connection pool of its own, closed by `aclose` in that loop or at its end."""

    def __init__(self, config: HttpConfig) -> None:
        super().__init__(config)
        self._pools: dict[asyncio.AbstractEventLoop, httpcore2.AsyncConnectionPool] = {}
        self._held: dict[asyncio.AbstractEventLoop, AsyncGenerator[None]] = {}
        starts_again(self)

    def after_fork(self) -> None:
        """Open connections of its own: on the parent's, each would read the other's answers."""
        leave(self._pools, self._held)
        self._pools, self._held = {}, {}

    async def step(self, effect: Effect) -> Any:
        match effect:
            case Request():
                return await self._send(effect)
            case Pause(seconds):
                return await asyncio.sleep(seconds)
            case Blocking(fn):
                return await asyncio.to_thread(fn)
            case Invoke(fn):
                return await fn()
            case Join():
                return await joined(effect)

    async def _open(self, loop: asyncio.AbstractEventLoop) -> httpcore2.AsyncConnectionPool:
        import httpcore2

        from fin_infra.transport.engine import AsyncBackend, proxy

        for old in [old for old in tuple(self._pools) if old.is_closed()]:  # other threads may add theirs meanwhile
            self._pools.pop(old, None)
            self._held.pop(old, None)
        pool = httpcore2.AsyncConnectionPool(
            self.config.tls(), proxy(self.config), network_backend=AsyncBackend(), **_LIMITS
        )
        self._pools[loop], self._held[loop] = pool, _held(pool, self._pools, self._held)
        await anext(self._held[loop])  # does not wait, so no other task opens a pool meanwhile
        return pool

    async def _send(self, request: Request) -> Reply:
        from fin_infra.transport import engine

        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop) or await self._open(loop)
        end = self._until(request)
        failure: ProviderError
        try:
            async with asyncio.timeout(end - time.monotonic()):
                response = await pool.handle_async_request(self._write(request))
                try:
                    engine.check_fresh(response)
                    chunks: list[bytes] = []
                    size = 0
                    async for chunk in cast("AsyncIterable[bytes]", response.stream):
                        size = engine.grown(size, chunk)
                        chunks.append(chunk)
                finally:
                    await response.aclose()
            return engine.reply(response, chunks)
        except engine.FAILURES as exc:
            failure = engine.failure(exc, request, self._host(request))
        raise failure  # out here, so that it does not carry the engine's exception with what was sent

    async def aclose(self) -> None:
        held = self._held.get(asyncio.get_running_loop())
        if held is not None:
            await held.aclose()


async def _held(
    pool: httpcore2.AsyncConnectionPool,
    pools: dict[asyncio.AbstractEventLoop, httpcore2.AsyncConnectionPool],
    held: dict[asyncio.AbstractEventLoop, AsyncGenerator[None]],
) -> AsyncGenerator[None]:
    """Hold a pool until it is closed: `asyncio.run` ends async generators before it closes its loop, so that a pool
    that nobody closes does not outlive it.
    """
    loop = asyncio.get_running_loop()
    try:
        yield
    finally:
        if pools.get(loop) is pool:  # else the transport went on to another
            del pools[loop]
            held.pop(loop, None)
        await pool.aclose()


if not TYPE_CHECKING:  # checkers go on refusing names that do not exist
    __getattr__ = renamed(__name__, {"UNREACHABLE": "fin_infra.transport.effects.UNREACHABLE"})
