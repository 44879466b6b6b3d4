"""HTTP, sync and async: one request in, one whole reply out, within its time.
Floor 2: the engine (`transport/wire.py`) is imported when the first request is sent."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from fin_infra.errors import ConfigurationError, ProviderError
from fin_infra.transport.base import AsyncTransport, SyncTransport, joined
from fin_infra.transport.effects import UNREACHABLE as UNREACHABLE  # providers look for it here
from fin_infra.transport.effects import Blocking, Effect, Invoke, Join, Pause, Reply, Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterable, Mapping

    import httpcore2

    from fin_infra.transport.wire import Writer

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PORTS = {"http": 80, "https": 443}
_LIMITS: dict[str, Any] = {"max_connections": 100, "max_keepalive_connections": 20, "keepalive_expiry": 5.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig:
    """Where and how to connect.

    `certificate` is a client certificate as (certificate file, key file) for vendors with mutual TLS; `ca_file` trusts
    a private authority. Plain http is for loopback, or for hosts you vouch for with `allow_http`.
    """

    base_url: str
    certificate: tuple[str, str] | None = field(default=None, repr=False)
    ca_file: str | None = None
    allow_http: bool = False
    hosts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Further base URLs by name, for vendors that serve a part of their API elsewhere (`Request.host`)."""

    def __post_init__(self) -> None:
        if not _is_base_url(self.base_url):
            raise ConfigurationError("A base URL looks like https://api.example.com, with no user, key or query in it.")
        url = urlsplit(self.base_url)
        if url.scheme == "http" and not (self.is_loopback or self.allow_http):
            raise ConfigurationError(
                f"Credentials would travel to {url.hostname} unencrypted; use https, or set allow_http if you mean it."
            )
        for name in self.hosts:
            self.at(name)

    def at(self, name: str) -> HttpConfig:
        """Return the configuration of a further base URL, or this one for an empty name."""
        return replace(self, base_url=self.hosts[name], hosts={}) if name else self

    @property
    def is_loopback(self) -> bool:
        return urlsplit(self.base_url).hostname in _LOOPBACK

    @property
    def host(self) -> str:
        """Host, and port where it is not the usual one: for the Host header and error texts."""
        url = urlsplit(self.base_url)
        host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname or ""
        return host if url.port in (None, _PORTS[url.scheme]) else f"{host}:{url.port}"

    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS settings, None for plain http."""
        if urlsplit(self.base_url).scheme == "http":
            return None
        from httpcore2 import default_ssl_context

        try:
            context = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else default_ssl_context()
        except (OSError, ssl.SSLError):
            raise ConfigurationError(
                "The file of trusted authorities (ca_file or SSL_CERT_FILE) cannot be read as PEM."
            ) from None
        if self.certificate:
            try:
                # an empty password makes an encrypted key an error instead of a prompt on the terminal
                context.load_cert_chain(*self.certificate, password="")
            except (OSError, ssl.SSLError):
                raise ConfigurationError(
                    "The client certificate cannot be loaded; check that certificate and key are PEM files that belong "
                    "together, can be read and are not encrypted."
                ) from None
        return context


def _is_base_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        return False
    clean = text.isascii() and text.isprintable() and not set(text) & set(" ?#@\\")
    return clean and url.scheme in _PORTS and bool(url.hostname) and port != 0


class _Http:
    """What the two transports share."""

    def __init__(self, config: HttpConfig) -> None:
        self.config = config
        self._writers: dict[str, Writer] = {}

    def _write(self, request: Request) -> httpcore2.Request:
        writer = self._writers.get(request.host)
        if writer is None:
            from fin_infra.transport.wire import Writer

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
        self._lock = Lock()

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

        from fin_infra.transport.wire import BoundedBackend, proxy

        with self._lock:
            if self._pool is None:
                self._pool = httpcore2.ConnectionPool(
                    self.config.tls(), proxy(self.config), network_backend=BoundedBackend(), **_LIMITS
                )
            return self._pool

    def _send(self, request: Request) -> Reply:
        from fin_infra.transport import wire

        pool = self._pool or self._open()
        end = self._until(request)
        token = wire.until.set(end)
        failure: ProviderError
        try:
            response = pool.handle_request(self._write(request))
            try:
                wire.check_fresh(response)
                chunks: list[bytes] = []
                size = 0
                for chunk in cast("Iterable[bytes]", response.stream):
                    size = wire.grown(size, chunk)
                    chunks.append(chunk)
            finally:
                response.close()
            return wire.reply(response, chunks)
        except wire.FAILURES as exc:
            failure = wire.failure(exc, request, self._host(request))
        finally:
            wire.until.reset(token)
        raise failure  # out here, so that it does not carry the engine's exception with what was sent

    def close(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()


class AsyncHttpTransport(_Http, AsyncTransport):
    """Async HTTP; each event loop gets a connection pool of its own. Close it in the loop that used it."""

    def __init__(self, config: HttpConfig) -> None:
        super().__init__(config)
        self._pools: dict[asyncio.AbstractEventLoop, httpcore2.AsyncConnectionPool] = {}

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

    def _open(self, loop: asyncio.AbstractEventLoop) -> httpcore2.AsyncConnectionPool:
        import httpcore2

        from fin_infra.transport.wire import AsyncBackend, proxy

        for old in [old for old in tuple(self._pools) if old.is_closed()]:  # other threads may add theirs meanwhile
            self._pools.pop(old, None)
        pool = httpcore2.AsyncConnectionPool(
            self.config.tls(), proxy(self.config), network_backend=AsyncBackend(), **_LIMITS
        )
        self._pools[loop] = pool
        return pool

    async def _send(self, request: Request) -> Reply:
        from fin_infra.transport import wire

        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop) or self._open(loop)
        end = self._until(request)
        failure: ProviderError
        try:
            async with asyncio.timeout(end - time.monotonic()):
                response = await pool.handle_async_request(self._write(request))
                try:
                    wire.check_fresh(response)
                    chunks: list[bytes] = []
                    size = 0
                    async for chunk in cast("AsyncIterable[bytes]", response.stream):
                        size = wire.grown(size, chunk)
                        chunks.append(chunk)
                finally:
                    await response.aclose()
            return wire.reply(response, chunks)
        except wire.FAILURES as exc:
            failure = wire.failure(exc, request, self._host(request))
        raise failure  # out here, so that it does not carry the engine's exception with what was sent

    async def aclose(self) -> None:
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.aclose()
