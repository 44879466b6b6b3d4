"""Stand before the vendors: write each request down, then let the faults that hit it have their way.
Floor 8: hanging up needs the server's transport, which protocol.py puts into the ASGI scope.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from email.utils import formatdate
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fin_infra.sandbox.kernel.faults import Fault
from fin_infra.sandbox.kernel.reply import html_reply
from fin_infra.sandbox.kernel.requestlog import Arrival
from fin_infra.sandbox.kernel.state import Sandbox
from fin_infra.sandbox.kernel.vendor import Vendor

HANG_UP = "fin_infra.hang_up"  # scope["extensions"] key: a callable that closes the connection at once


class Gate:
    """ASGI middleware over the vendor mounts; other paths pass untouched."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app, self._sandbox = app, sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        mount, path = _split(scope)
        vendor = self._sandbox.vendors.get(mount)
        if vendor is None:
            await self._app(scope, receive, send)
            return
        now = self._sandbox.clock.now.isoformat().replace("+00:00", "Z")
        row = self._sandbox.log.add(mount, scope["method"], path, scope["query_string"], scope["headers"], now)
        hit = self._sandbox.faults.strike(mount, scope["method"], path, _query(scope))
        row.faults = [fault.kind for fault in hit]
        for fault in hit:
            if fault.kind == "latency":
                await asyncio.sleep(fault.seconds)
        final = hit[-1] if hit and hit[-1].kind != "latency" else None
        noted = _noting(row, vendor.stamps(row.number, scope["headers"]), send)
        if final is None:
            await self._app(scope, receive, noted)
        else:
            await self._apply(final, vendor, scope, receive, noted)

    async def _apply(self, fault: Fault, vendor: Vendor, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.kind:
            case "timeout" | "timeout_after":
                if fault.kind == "timeout_after":
                    await self._app(scope, receive, _Captured().send)
                await _silence(receive, fault.seconds)
                await _hang_up(scope, receive, send)
            case "drop_before":
                await _hang_up(scope, receive, send)
            case "drop_after":
                await self._app(scope, receive, _Captured().send)
                await _hang_up(scope, receive, send)
            case "status_504_after":
                await self._app(scope, receive, _Captured().send)
                await _outage(vendor, 504, fault)(scope, receive, send)
            case "truncated":
                real = _Captured()
                await self._app(scope, receive, real.send)
                await real.changed(lambda body: body[: len(body) // 2])(scope, receive, send)
            case kind if kind in vendor.fault_kinds:
                struck = vendor.strike(kind, _query(scope))
                if not isinstance(struck, Response):
                    real = _Captured()
                    await self._app(scope, receive, real.send)
                    struck = real.changed(struck)
                await struck(scope, receive, send)
            case _:
                await _instead(fault, vendor)(scope, receive, send)


def _split(scope: Scope) -> tuple[str, str]:
    """Return the mount a request is for and the path inside it; an empty mount where it is not HTTP."""
    if scope["type"] != "http":
        return "", ""
    mount, _, rest = str(scope["path"]).removeprefix("/").partition("/")
    return mount, f"/{rest}"


def _query(scope: Scope) -> dict[str, str]:
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))


def _noting(row: Arrival, stamps: Sequence[tuple[bytes, bytes]], send: Send) -> Send:
    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            row.status = message["status"]
            message["headers"] = [*message["headers"], *stamps]
        await send(message)

    return noted


def _instead(fault: Fault, vendor: Vendor) -> Response:
    """Return what is answered in place of the real reply."""
    kind = fault.kind
    if kind.startswith(("rate_limit", "status_")):
        return _outage(vendor, 429 if kind.startswith("rate_limit") else int(kind.removeprefix("status_")), fault)
    match kind:
        case "malformed":
            return Response(vendor.malformed(), media_type=vendor.media_type)
        case "html":
            return html_reply("Checking your browser before access", 200)
        case "empty":
            return Response(b"", media_type=vendor.media_type)
        case _:
            reply = vendor.expired()
            assert reply is not None, "only vendors with credentials know expired_token"
            return reply


def _outage(vendor: Vendor, status: int, fault: Fault) -> Response:
    headers = _retry_after(fault)
    reply = vendor.outage(status, headers.get("retry-after", ""))
    reply.headers.update(headers)
    return reply


def _retry_after(fault: Fault) -> dict[str, str]:
    """Return the Retry-After header; a date counts from the real time, because clients compare it with theirs."""
    if fault.retry_after is None or fault.kind == "rate_limit_bare":
        return {}
    if fault.kind == "rate_limit_date":
        return {"retry-after": formatdate(time.time() + fault.retry_after, usegmt=True)}
    return {"retry-after": str(fault.retry_after)}


async def _silence(receive: Receive, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await _until_gone(receive)
    except TimeoutError:
        pass


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _hang_up(scope: Scope, receive: Receive, send: Send) -> None:
    """Close the connection without an answer.

    Under another server there is no transport to close: then a started and never finished response does it, and an
    in-process client sees the ConnectionResetError itself.
    """
    hang_up = scope.get("extensions", {}).get(HANG_UP)
    if hang_up is None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
        raise ConnectionResetError("the sandbox hung up, as a fault demands")
    hang_up()
    await _silence(receive, 1.0)  # the server must know that the client is gone before the app returns


class _Captured:
    """A `send` that keeps the real reply instead of passing it on."""

    def __init__(self) -> None:
        self._status, self._headers, self._body = 500, list[tuple[bytes, bytes]](), b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], list(message["headers"])
        else:
            self._body += message.get("body", b"")

    def changed(self, change: Callable[[bytes], bytes]) -> Response:
        kept = {n.decode("latin-1"): v.decode("latin-1") for n, v in self._headers if n != b"content-length"}
        return Response(change(self._body), self._status, kept)
