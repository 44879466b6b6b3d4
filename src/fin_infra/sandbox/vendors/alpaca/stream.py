"""Speak Alpaca's trade-updates websocket: authenticate, listen, and an event for whatever happens to an order.
Floor 8: frames are binary as at the paper host, text when the control plane says so; one connection per account.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

from starlette.websockets import WebSocket, WebSocketDisconnect

from fin_infra.sandbox.broker.account import Event
from fin_infra.sandbox.broker.engine import Engine
from fin_infra.sandbox.vendors.alpaca import replies

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.alpaca.vendor import Alpaca

UPDATES = "trade_updates"
RESTARTING, REFUSED = 1012, 1008
Json = dict[str, object]


def stream(vendor: Alpaca) -> Callable[[WebSocket], Awaitable[None]]:
    """Return the websocket endpoint."""

    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        await Session(vendor, socket).run()

    return endpoint


class Session:
    """One connection; messages wait in a queue so that the engine never waits for a client."""

    def __init__(self, vendor: Alpaca, socket: WebSocket) -> None:
        self._broker, self._socket = vendor.broker, socket
        self._outbox: asyncio.Queue[Json | None] = asyncio.Queue()
        self._engine: Engine | None = None
        self._listens = False

    def push(self, event: Event) -> None:
        """Queue an event as it stands now."""
        if self._listens:
            self._outbox.put_nowait({"stream": UPDATES, "data": replies.event(event)})

    def drop(self) -> None:
        """Queue the end of the connection."""
        self._outbox.put_nowait(None)

    async def run(self) -> None:
        """Serve the connection until either side ends it."""
        writer = asyncio.create_task(self._write())
        reader = asyncio.create_task(self._read())
        try:
            await asyncio.wait((writer, reader), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writer, reader):
                task.cancel()
            await asyncio.gather(writer, reader, return_exceptions=True)
            if self._engine is not None:
                self._broker.feed.leave(self._engine.api_key, self)

    async def _write(self) -> None:
        while (message := await self._outbox.get()) is not None:
            text = json.dumps(message, separators=(",", ":"))
            if self._broker.feed.frames == "binary":
                await self._socket.send_bytes(text.encode())
            else:
                await self._socket.send_text(text)
        await self._socket.close(RESTARTING if self._engine is not None else REFUSED)

    async def _read(self) -> None:
        try:
            while True:
                frame = await self._socket.receive()
                if frame["type"] == "websocket.disconnect":
                    return
                self._hear(_object(frame.get("text") or frame.get("bytes") or b""))
        except WebSocketDisconnect:
            return

    def _hear(self, message: Json) -> None:
        action, data = message.get("action"), message.get("data")
        fields = cast("Json", data) if isinstance(data, dict) else message
        if action in ("authenticate", "auth"):
            self._authenticate(fields)
        elif self._engine is None:
            self._say("authorization", {"status": "unauthorized", "action": action})
        elif action == "listen":
            asked = fields.get("streams")
            names = cast("list[object]", asked) if isinstance(asked, list) else []
            self._listens = UPDATES in names
            self._say("listening", {"streams": [UPDATES] if self._listens else []})

    def _authenticate(self, fields: Json) -> None:
        api_key = str(fields.get("key_id") or fields.get("key") or "")
        secret = str(fields.get("secret_key") or fields.get("secret") or "")
        engine = self._broker.engine(api_key, secret)
        answer: Json = {"status": "authorized", "action": "authenticate"}
        if engine is None:
            answer["status"] = "unauthorized"
        elif not self._broker.feed.take(engine.api_key, self):
            answer |= {"status": "unauthorized", "message": "connection limit exceeded"}
        else:
            self._engine = engine
        self._say("authorization", answer)
        if self._engine is None:
            self.drop()

    def _say(self, name: str, data: Json) -> None:
        self._outbox.put_nowait({"stream": name, "data": data})


def _object(frame: str | bytes) -> Json:
    try:
        found = json.loads(frame)
    except ValueError:
        return {}
    return cast("Json", found) if isinstance(found, dict) else {}
