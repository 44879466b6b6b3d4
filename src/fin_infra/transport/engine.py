"""One request on the wire: how it is written, how its time is kept, what its failures are called.
Floor 2: the only module that knows httpcore2, the engine of httpx2; `transport/http.py` imports it at the first use."""

from __future__ import annotations

import re
import socket
import ssl
import time
import zlib
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote, urlsplit

import httpcore2

from fin_infra.errors import (
    AuthenticationFailed,
    ConfigurationError,
    DeadlineExceeded,
    InvalidInput,
    ProviderError,
    ProviderUnavailable,
    UnexpectedPayload,
)
from fin_infra.transport.effects import UNREACHABLE, Reply, Request

if TYPE_CHECKING:
    from fin_infra.transport.config import HttpConfig

MAX_REPLY_BYTES = 64 * 1024 * 1024
FAILURES = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    OSError,
)
until: ContextVar[float] = ContextVar("fin_infra_http_until")
"""When the request that this thread is carrying out must be over (`time.monotonic`)."""

_CHUNK = 64 * 1024
_HEADERS = ((b"Accept", b"*/*"), (b"Accept-Encoding", b"gzip, deflate"), (b"User-Agent", b"fin-infra"))
_target = re.compile(r"/[\x21\x22\x24-\x7e]*").fullmatch
_header_value = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?|").fullmatch
_CERTIFICATE_ALERT = re.compile(r"ALERT.*(?:CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)")


def _left() -> float:
    """Seconds this request has left. A read timeout alone would begin again with every byte that drips in."""
    left = until.get() - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout
    return left


class _BoundedStream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream
        self.heard = False
        """Whether anything was read since the last write."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.heard = True
        return self._stream.read(max_bytes, _left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.heard = False
        for start in range(0, len(buffer), _CHUNK):
            self._stream.write(buffer[start : start + _CHUNK], _left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, _left()))

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _AsyncStream(httpcore2.AsyncNetworkStream):
    """The async twin knows no time: `asyncio.timeout` around the whole request does."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self.heard = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # the engine's signature
        self.heard = True
        return await self._stream.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  # the engine's signature
        self.heard = False
        await self._stream.write(buffer)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the engine's signature
    ) -> httpcore2.AsyncNetworkStream:
        return _AsyncStream(await self._stream.start_tls(ssl_context, server_hostname))

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def check_fresh(response: httpcore2.Response) -> None:
    """Refuse a reply made of bytes that came before the request was sent: it answers some other request."""
    # the engine does not say what its extensions hold
    held = cast("Mapping[str, object]", response.extensions)  # pyright: ignore[reportUnknownMemberType]
    stream = held.get("network_stream")
    if isinstance(stream, (_BoundedStream, _AsyncStream)) and not stream.heard:
        raise httpcore2.RemoteProtocolError


class BoundedBackend(httpcore2.SyncBackend):
    """Sockets whose every wait ends at `until`; a host with several addresses shares the time among them."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            found = [info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError) as exc:
            raise httpcore2.ConnectError(exc) from exc
        failure: Exception = httpcore2.ConnectError("the name has no address")
        for index, address in enumerate(found):
            try:
                share = _left() / (len(found) - index)
                return _BoundedStream(super().connect_tcp(str(address), port, share, local_address, socket_options))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as exc:
                failure = exc
        raise failure


class AsyncBackend(httpcore2.AsyncNetworkBackend):
    def __init__(self) -> None:
        self._sockets = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the engine's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        return _AsyncStream(await self._sockets.connect_tcp(host, port, None, local_address, socket_options))


class Writer:
    """Turns our requests to one base URL into the engine's."""

    def __init__(self, config: HttpConfig) -> None:
        url = urlsplit(config.base_url)
        self._base_path = url.path.rstrip("/")
        self._scheme = url.scheme.encode()
        self._host = (url.hostname or "").encode()
        self._port = url.port
        self._headers = [(b"Host", config.host.encode()), *_HEADERS]

    def write(self, request: Request) -> httpcore2.Request:
        target = self._base_path + request.path
        if request.params:
            target += "?" + request.query
        if not request.path.startswith("/") or not _target(target):
            raise InvalidInput(
                "A request path starts with '/' and is percent-encoded; `url_path` makes one from segments."
            )
        # no value may be a variable of this frame when the error is raised: error trackers send those along
        wrong = next((name for name, value in request.headers if not _header_value(value)), None)
        if wrong is not None:
            raise ConfigurationError(
                f"The {wrong} header cannot be sent; check the key for spaces, line breaks or unusual characters."
            )
        headers = [*self._headers, *((name.encode(), value.encode()) for name, value in request.headers)]
        if request.content is not None or request.method in ("POST", "PUT", "PATCH"):
            headers.append((b"Content-Length", b"%d" % len(request.content or b"")))
        url = httpcore2.URL(scheme=self._scheme, host=self._host, port=self._port, target=target.encode())
        extensions: dict[str, object] = {}
        if (end := until.get(None)) is not None:
            extensions["timeout"] = {"pool": max(end - time.monotonic(), 0.001)}
        return httpcore2.Request(request.method, url, headers=headers, content=request.content, extensions=extensions)


def grown(size: int, chunk: bytes) -> int:
    """Return `size` plus the length of `chunk`; raise UnexpectedPayload above MAX_REPLY_BYTES."""
    size += len(chunk)
    if size > MAX_REPLY_BYTES:
        raise UnexpectedPayload(f"the answer is larger than {MAX_REPLY_BYTES // 2**20} MiB")
    return size


def reply(response: httpcore2.Response, chunks: list[bytes]) -> Reply:
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("ascii").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    content = b"".join(chunks)
    coding = headers.get("content-encoding", "identity").strip().lower()
    if content and coding != "identity":
        content = _inflated(content, coding)
    return Reply(response.status, content, headers)


def _inflated(content: bytes, coding: str) -> bytes:
    """Decompress one layer, never to more than MAX_REPLY_BYTES."""
    formats = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}.get(coding)
    if formats is None:
        raise UnexpectedPayload("the answer is compressed in a way we did not ask for")
    for wbits in formats:
        engine = zlib.decompressobj(wbits)
        try:
            plain = engine.decompress(content, MAX_REPLY_BYTES + 1)
        except zlib.error:
            continue
        grown(0, plain)
        if engine.eof and not engine.unused_data:  # a second part would be lost without a word
            return plain
    raise UnexpectedPayload("the answer cannot be decompressed")


def failure(exc: Exception, request: Request, host: str) -> ProviderError:
    """Name what went wrong on the way, without the path or anything sent to it."""
    found = _named(exc, request, host)
    found.told = found.told or _named(exc, request, "the provider").message.partition("; ")[0]
    return found


def _named(exc: Exception, request: Request, host: str) -> ProviderError:
    if isinstance(exc, (httpcore2.TimeoutException, TimeoutError)):
        if request.until is not None and time.monotonic() >= request.until - 0.005:
            return DeadlineExceeded(f"no answer from {host} within the time allowed", retryable=True)
        return ProviderUnavailable(f"no answer from {host} within {request.timeout_s:g} s", retryable=True)
    if (tls := _tls_fault(exc)) is not None:
        if isinstance(tls, ssl.SSLCertVerificationError):
            return ProviderUnavailable(f"the certificate of {host} is not one we trust; check the base URL")
        if _CERTIFICATE_ALERT.search(tls.reason or ""):
            return AuthenticationFailed(f"{host} refuses our client certificate, or wants one and there is none")
    if isinstance(exc, httpcore2.ProxyError):
        return ProviderUnavailable(f"the proxy does not let us through to {host}", retryable=True)
    if isinstance(exc, httpcore2.ConnectError):
        return ProviderUnavailable(f"cannot connect to {host}", retryable=True, vendor_code=UNREACHABLE)
    return ProviderUnavailable(f"the connection to {host} broke", retryable=True)


def _tls_fault(exc: BaseException | None) -> ssl.SSLError | None:
    while exc is not None and not isinstance(exc, ssl.SSLError):
        exc = exc.__cause__ or exc.__context__
    return exc


def proxy(config: HttpConfig) -> httpcore2.Proxy | None:
    """Return the proxy that HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY name for this host; loopback has none."""
    from urllib.request import getproxies, proxy_bypass

    url = urlsplit(config.base_url)
    if config.is_loopback or proxy_bypass(url.hostname or ""):
        return None
    known = getproxies()
    address = known.get(url.scheme) or known.get("all")
    if not address:
        return None
    via = urlsplit(address if "://" in address else f"http://{address}")
    if via.scheme not in ("http", "https") or not via.hostname:
        raise ConfigurationError("HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is neither an http:// nor an https:// address.")
    auth = (unquote(via.username), unquote(via.password or "")) if via.username else None
    return httpcore2.Proxy(httpcore2.URL(scheme=via.scheme, host=via.hostname, port=via.port, target="/"), auth)
