"""HTTP, sync and async: one request in, one whole reply out, within its time.
Floor 2: the engine (`transport/wire.py`) is imported when the first request is sent."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast
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

P = TypeVar("P")
_LIMITS: dict[str, Any] = {"max_connections": 100, "max_keepalive_connections": 20, "keepalive_expiry": 5.0}


@dataclass(slots=True, eq=False)
class _Shared(Generic[P]):
    """A connection pool, and how many requests are on it: closed in the middle of one, it would lose its answer."""

    pool: P
    ends: Any
    """Closes the pool of a transport that nobody closed: at the end of the transport, its event loop or process."""
    users: int = 0
    left: bool = False
    """True once the transport was closed; the last user closes the pool."""


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
        self._pool: _Shared[httpcore2.ConnectionPool] | None = None
        self._lock = Lock()
        starts_again(self)

    def after_fork(self) -> None:
        """Open connections of its own: on the parent's, each would read the other's answers."""
        leave(self._pool)
        if self._pool is not None:
            self._pool.ends.detach()
        self._pool, self._lock = None, Lock()

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

    def _open(self) -> _Shared[httpcore2.ConnectionPool]:
        import httpcore2

        from fin_infra.transport.engine import BoundedBackend, proxy

        pool = httpcore2.ConnectionPool(
            self.config.tls(), proxy(self.config), network_backend=BoundedBackend(), **_LIMITS
        )
        self._pool = _Shared(pool, finalize(self, pool.close))
        return self._pool

    def _send(self, request: Request) -> Reply:
        from fin_infra.transport import engine

        with self._lock:
            shared = self._pool or self._open()
            shared.users += 1
        token = engine.until.set(self._until(request))
        failure: ProviderError
        try:
            response = shared.pool.handle_request(self._write(request))
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
            with self._lock:
                shared.users -= 1
                last = shared.left and not shared.users
            if last:
                shared.ends()
        raise failure  # out here, so that it does not carry the engine's exception with what was sent

    def close(self) -> None:
        with self._lock:
            shared, self._pool = self._pool, None
            if shared is None:
                return
            shared.left, idle = True, not shared.users
        if idle:
            shared.ends()


class AsyncHttpTransport(_Http, AsyncTransport):
    """Async HTTP; each event loop gets a connection pool of its own, closed by `aclose` in that loop or at its end."""

    def __init__(self, config: HttpConfig) -> None:
        super().__init__(config)
        self._pools: dict[asyncio.AbstractEventLoop, _Shared[httpcore2.AsyncConnectionPool]] = {}
        starts_again(self)

    def after_fork(self) -> None:
        """Open connections of its own: on the parent's, each would read the other's answers."""
        leave(self._pools)
        self._pools = {}

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

    async def _open(self, loop: asyncio.AbstractEventLoop) -> _Shared[httpcore2.AsyncConnectionPool]:
        import httpcore2

        from fin_infra.transport.engine import AsyncBackend, proxy

        for old in [old for old in tuple(self._pools) if old.is_closed()]:  # other threads may add theirs meanwhile
            self._pools.pop(old, None)
        pool = httpcore2.AsyncConnectionPool(
            self.config.tls(), proxy(self.config), network_backend=AsyncBackend(), **_LIMITS
        )
        held = _held(pool, self._pools)
        shared = self._pools[loop] = _Shared(pool, held)
        await anext(held)  # does not wait, so no other task opens a pool meanwhile
        return shared

    async def _send(self, request: Request) -> Reply:
        from fin_infra.transport import engine

        loop = asyncio.get_running_loop()
        shared = self._pools.get(loop) or await self._open(loop)
        shared.users += 1
        end = self._until(request)
        failure: ProviderError
        try:
            async with asyncio.timeout(end - time.monotonic()):
                response = await shared.pool.handle_async_request(self._write(request))
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
        finally:
            shared.users -= 1
            if shared.left and not shared.users:
                await shared.ends.aclose()
        raise failure  # out here, so that it does not carry the engine's exception with what was sent

    async def aclose(self) -> None:
        shared = self._pools.pop(asyncio.get_running_loop(), None)
        if shared is not None:
            shared.left = True
            if not shared.users:
                await shared.ends.aclose()


async def _held(
    pool: httpcore2.AsyncConnectionPool,
    pools: dict[asyncio.AbstractEventLoop, _Shared[httpcore2.AsyncConnectionPool]],
) -> AsyncGenerator[None]:
    """Hold a pool until it is closed: `asyncio.run` ends async generators before it closes its loop, so that a pool
    that nobody closes does not outlive it.
    """
    loop = asyncio.get_running_loop()
    try:
        yield
    finally:
        now = pools.get(loop)
        if now is not None and now.pool is pool:  # else the transport went on to another
            del pools[loop]
        await pool.aclose()


if not TYPE_CHECKING:  # checkers go on refusing names that do not exist
    __getattr__ = renamed(__name__, {"UNREACHABLE": "fin_infra.transport.effects.UNREACHABLE"})
