"""ASGI layers that close what svc-infra's middleware leaves open.
Floor 8: asset_aggregator. `app.py` says where each sits; the order is part of the design.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from asset_aggregator.infra.problems import MARK, problem, request_id
from fin_infra.flow import telemetry

logger = logging.getLogger(__name__)

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_FRAMED_BY_NONE = "frame-ancestors 'none'"
_KEPT_ON_ERRORS = frozenset({"allow", "retry-after", "www-authenticate", "vary"})
_KEPT_PREFIXES = ("x-ratelimit-", "fin-", "access-control-")


class RequestIdGuard:
    """Drop request ids that are long, repeated or oddly spelt, so that svc-infra makes a fresh one.

    Closes: svc-infra echoes any inbound id, of any length and content, into answers and logs.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = [value for name, value in scope["headers"] if name == b"x-request-id"]
            if given and (len(given) > 1 or not _REQUEST_ID.fullmatch(given[0])):
                headers = [(name, value) for name, value in scope["headers"] if name != b"x-request-id"]
                scope = {**scope, "headers": headers}
        await self.app(scope, receive, send)


class Boundary:
    """Make every error answer ours, and put safe defaults on all others.

    Closes: 429 and 409 as application/json, `str(exc)` in 500, the full URL in `instance`, 504 without a code, and
    exceptions in outer middleware (a limiter whose Redis is down) that would leave as plain text, error answers cut
    between headers and body when the handler timeout strikes just then.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = telemetry.request_id.set(request_id())  # log lines and outbound calls of the library carry it
        try:
            await self._serve(scope, receive, send)
        finally:
            telemetry.request_id.reset(token)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", "/"))
        started = False
        error: Message | None = None
        body = bytearray()

        async def guarded(message: Message) -> None:
            nonlocal started, error
            if message["type"] == "http.response.start" and message["status"] >= 400:
                error = message
            elif error is not None:
                body.extend(message.get("body", b""))
            else:
                started = True
                await finish(message)

        async def finish(message: Message) -> None:
            if message["type"] == "http.response.start":
                safe_headers(MutableHeaders(scope=message))
            await send(message)

        try:
            await self.app(scope, receive, guarded)
        except Exception:
            logger.exception("error outside the routes on %s", path)
            if started:
                raise  # the answer is under way: the server must cut the connection, not close it as complete
            await problem(500, path=path)(scope, receive, finish)
            return
        if error is not None:  # only now: a timeout that strikes while the layers inside still run would tear it
            await _error_answer(error, bytes(body), path)(scope, receive, finish)


def _error_answer(start: Message, body: bytes, path: str) -> Response:
    """Return an error answer of ours as it was made; any other, and one cut off before its end, made again."""
    headers = MutableHeaders(scope=start)
    if MARK in headers and headers.get("content-length") == str(len(body)):
        whole = Response(body, start["status"])
        whole.raw_headers = list(headers.raw)
        return whole
    kept = {k: v for k, v in headers.items() if k in _KEPT_ON_ERRORS or k.startswith(_KEPT_PREFIXES)}
    return problem(start["status"], path=path, headers=kept)


def safe_headers(headers: MutableHeaders) -> None:
    """Put what every answer has among its headers, and take out what is only ours."""
    if MARK in headers:
        del headers[MARK]
    headers.setdefault("cache-control", "no-store")  # balances and prices of a person: no shared cache may keep them
    headers.setdefault("x-content-type-options", "nosniff")
    headers.setdefault("referrer-policy", "no-referrer")
    headers.setdefault("x-frame-options", "DENY")
    page = headers.get("content-type", "").startswith("text/html")  # the pages of the documentation have scripts
    headers.setdefault("content-security-policy", _FRAMED_BY_NONE if page else f"default-src 'none'; {_FRAMED_BY_NONE}")
    del headers["x-handled-by"]  # svc-infra's, which tells a stranger nothing he should need


class _TooLarge(Exception):
    pass


class BodyLimit:
    """Refuse bodies above the limit, declared or chunked, while they arrive; `larger` has other limits by path.

    Closes: svc-infra's body timeout reads the whole body of any request into memory, without bound.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, larger: Mapping[str, int] = MappingProxyType({})) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        received = 0
        path = str(scope.get("path", "/"))
        most = max([self.max_bytes, *(limit for below, limit in self.larger.items() if path.startswith(below))])

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise _TooLarge
            return message

        try:
            await self.app(scope, counted, send)
        except _TooLarge:
            await problem(413, path=path)(scope, receive, send)


class _Unmatched:
    path: ClassVar[str] = "/*unmatched*"
    path_format: ClassVar[str] = "/*unmatched*"


class UnmatchedRoute:
    """Give requests that reach no route one metric label; a route that is reached puts itself in its place.

    Closes: svc-infra falls back to the raw path, so a scan of random URLs makes one time series each, also where the
    limiter or a timeout answers before any route is looked for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["route"] = _Unmatched
        await self.app(scope, receive, send)
