"""What a request's method means before anything looks at it: HEAD is served everywhere, unknown words have one name.
Floor 8: asset_aggregator. Metrics, limiter and routes see the method as it is here.
"""

from __future__ import annotations

import asyncio

from fastapi import Request
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KNOWN = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
"""The methods of RFC 9110 (section 9) and RFC 5789."""
OTHER = "_OTHER"
"""The name for every other word, as OpenTelemetry's conventions for HTTP spans have it (`http.request.method`)."""
_ROUTED = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_STREAM = "text/event-stream"


class Methods:
    """Answer HEAD as GET without its body, and let unknown words through under one name.

    Closes: the method is a label of svc-infra's metrics, so 5,000 made-up ones made 155,000 series, kept for ever; and
    FastAPI answers 405 to HEAD, which uptime monitors send and RFC 9110 (section 9.1) wants from every server.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            await self._head({**scope, "method": "GET"}, receive, send)
        elif scope["type"] == "http" and scope["method"] not in KNOWN:
            await self.app({**scope, "method": OTHER}, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request; a stream of events, which has no end, is given up once its headers are known."""
        endless = asyncio.Event()

        async def bare(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                if Headers(raw=message["headers"]).get("content-type", "").startswith(_STREAM):
                    await send({"type": "http.response.body", "body": b""})
                    endless.set()
            elif message["type"] == "http.response.body" and not message.get("more_body") and not endless.is_set():
                await send({"type": "http.response.body", "body": b""})

        serving = asyncio.ensure_future(self.app(scope, receive, bare))
        waiting = asyncio.ensure_future(endless.wait())
        try:
            await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                await serving
        finally:
            serving.cancel()
            waiting.cancel()
            await asyncio.gather(serving, waiting, return_exceptions=True)


def allowed(request: Request) -> str:
    """Return the methods of a path for the Allow header (RFC 9110, section 10.2.1), from all routes that have it.

    Closes: Starlette names those of the first router only.
    """
    routes = request.app.router.routes
    found = [
        method
        for method in _ROUTED
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    return ", ".join([*found, "HEAD"] if "GET" in found else found)
