"""Trade updates as server-sent events: one subscription at the broker, any number of clients.
Floor 7: the last thousand events are kept, so that a client that returns soon misses none; others get a `gap`."""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol
from uuid import uuid4

import msgspec
from starlette.responses import StreamingResponse

from fin_infra.api.problems import problem_members
from fin_infra.errors import FinInfraError
from fin_infra.model import TradeUpdate
from fin_infra.model.plain import plain

KEPT = 1000
HEARTBEAT_S = 15.0
LINGER_S = 30.0
"""How long the broker is listened to after the last client has gone: most come back."""
SHUTDOWN_POLL_S = 0.25
_RETRY = b"retry: 3000\n\n"
_HEARTBEAT = b": heartbeat\n\n"
_GAP = (
    b"event: gap\n"
    b'data: {"detail": "Events may be missing before this; read /brokerage/orders?status=all to catch up."}\n\n'
)


class TradeUpdates(Protocol):
    """A broker that streams what happens to its orders."""

    def trade_updates(self) -> AsyncGenerator[TradeUpdate]: ...


class Updates:
    """The broker's updates for many clients; the broker is listened to while there are any."""

    def __init__(
        self, broker: TradeUpdates, *, heartbeat_s: float = HEARTBEAT_S, linger_s: float = LINGER_S, kept: int = KEPT
    ) -> None:
        self._broker = broker
        self._heartbeat_s, self._linger_s, self._kept = heartbeat_s, linger_s, kept
        self._feed: _Feed | None = None
        self._clients = 0
        self._leaving: asyncio.TimerHandle | None = None

    def response(self, last_event_id: str | None) -> StreamingResponse:
        """Return the stream, from after `last_event_id` where that is one of the events kept."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # a proxy that buffers would hold it back
        return StreamingResponse(self.stream(last_event_id), 200, headers, "text/event-stream")

    async def stream(self, last_event_id: str | None) -> AsyncGenerator[bytes]:
        """Yield the events as they are sent; end when the broker refuses or the server stops."""
        feed = self._enter()
        try:
            stopping = _stopping()
            known = feed.position(last_event_id)
            position = feed.end if known is None else known  # before the first yield: from here on nothing is missed
            yield _RETRY
            if last_event_id and known is None:
                yield _GAP
            while not stopping():
                if position < feed.first:  # a client too slow for what is kept
                    yield _GAP
                    position = feed.first
                for event in feed.after(position):
                    yield event
                    position += 1
                if position < feed.end:
                    continue
                if feed.task.done():
                    yield feed.last_words()
                    return
                if not await feed.wait(self._heartbeat_s, stopping):
                    yield _HEARTBEAT
        finally:
            self._leave()

    def _enter(self) -> _Feed:
        self._clients += 1
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        if self._feed is None or self._feed.task.done():
            self._feed = _Feed(self._broker, self._kept)
        return self._feed

    def _leave(self) -> None:
        self._clients -= 1
        if not self._clients:
            self._leaving = asyncio.get_running_loop().call_later(self._linger_s, self._stop)

    def _stop(self) -> None:
        if self._feed is not None:
            self._feed.task.cancel()
            self._feed = None


class _Feed:
    """One subscription at the broker with the events it has brought; `end` counts them."""

    def __init__(self, broker: TradeUpdates, kept: int) -> None:
        self.name = uuid4().hex[:12]
        """Begins the ids of its events: what another feed has counted tells nothing here."""
        self.end = 0
        self._events: deque[bytes] = deque(maxlen=kept)
        self._news = asyncio.Event()
        self.task = asyncio.create_task(self._listen(broker), name="trade updates")

    @property
    def first(self) -> int:
        return self.end - len(self._events)

    def after(self, position: int) -> list[bytes]:
        return list(self._events)[position - self.first :]

    def position(self, last_event_id: str | None) -> int | None:
        """Return how many events a client has, or None where nobody can say or one that it lacks is gone."""
        name, _, number = (last_event_id or "").rpartition("-")
        if name != self.name or not number.isdecimal():
            return None
        position = int(number)
        return position if self.first <= position <= self.end else None

    async def wait(self, seconds: float, stopping: Callable[[], bool]) -> bool:
        """Wait for news, for the end, or for the server to stop; False where `seconds` are over first."""
        news = asyncio.ensure_future(self._news.wait())
        try:
            async with asyncio.timeout(seconds):
                while not stopping():
                    done, _ = await asyncio.wait(
                        (news, self.task), timeout=SHUTDOWN_POLL_S, return_when=asyncio.FIRST_COMPLETED
                    )
                    if done:
                        break
            return True
        except TimeoutError:
            return False
        finally:
            news.cancel()

    def last_words(self) -> bytes:
        """Return why it ended: what the broker says, as a problem document."""
        error = None if self.task.cancelled() else self.task.exception()
        if isinstance(error, FinInfraError):
            return b"event: error\ndata: " + msgspec.json.encode(problem_members(error)) + b"\n\n"
        if error is not None:
            raise error
        return b": end\n\n"

    async def _listen(self, broker: TradeUpdates) -> None:
        async with aclosing(broker.trade_updates()) as updates:
            async for update in updates:
                self.end += 1
                body = msgspec.json.encode(plain(update, pii=True))
                self._events.append(
                    b"id: %b-%d\nevent: %b\ndata: %b\n\n" % (_ascii(self.name), self.end, _ascii(update.event), body)
                )
                self._news.set()
                self._news = asyncio.Event()  # who waits now has been woken; the next news wakes again


def _ascii(text: str) -> bytes:
    return text.encode("ascii")


def _stopping() -> Callable[[], bool]:
    """Return what says whether the server is about to stop; without it every open stream would keep it from stopping.

    uvicorn tells its apps nothing before all answers are out, but its handler for signals is bound to it.
    """
    server: object = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return lambda: bool(getattr(server, "should_exit", False))
