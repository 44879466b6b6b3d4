"""Give sandbox faults a hand on the connection: uvicorn's HTTP protocol with a hang-up in the ASGI scope.
Floor 8: nothing in ASGI lets an application close a connection without an answer, hence this one small hook.
"""

from __future__ import annotations

import asyncio
from typing import cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from fin_infra.sandbox.kernel.gate import HANG_UP


class DroppableProtocol(H11Protocol):
    """HTTP/1.1 whose application may abort the transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it the same way
        super().connection_made(transport)
        loaded = cast("ASGIApp", self.config.loaded_app)  # pyright: ignore[reportUnknownMemberType]  # uvicorn leaves it open
        self.app = _with_hang_up(loaded, transport)


def _with_hang_up(app: ASGIApp, transport: asyncio.Transport) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[HANG_UP] = transport.abort
        await app(scope, receive, send)

    return wrapped
