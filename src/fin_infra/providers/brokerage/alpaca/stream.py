"""Alpaca's trade updates: a websocket that is opened again when it breaks, and the gap filled from the order list.
Floor 3: the one adapter module that waits, because a stream has no request to wait for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from fin_infra.errors import (
    AuthenticationFailed,
    MissingExtra,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    UnexpectedPayload,
)
from fin_infra.flow import Backoff, json_of, row_errors
from fin_infra.model import Order, RowError, TradeUpdate
from fin_infra.providers import fields
from fin_infra.providers.brokerage.alpaca import orders
from fin_infra.providers.brokerage.alpaca.payloads import KEY
from fin_infra.transport import Async, Pause, Reply
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.effects import UNREACHABLE

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection, connect

    from fin_infra.providers.brokerage.alpaca.adapter import Alpaca
    from fin_infra.providers.interfaces.brokerage import OrderFilter

OPERATION = "trade_updates"
PING_S = 10.0
"""As `TradingStream` of https://github.com/alpacahq/alpaca-py does."""
MARGIN = timedelta(minutes=1)
"""How far behind the last news a gap is looked for: the instants of list and stream may differ."""
LONGEST_ORDER = timedelta(days=91)
"""Alpaca cancels orders that are good until canceled 90 days after they came in.

https://docs.alpaca.markets/docs/orders-at-alpaca, "Aged order policy".
"""
KEPT = 10_000
BACKOFF = Backoff(base_s=0.5, cap_s=30.0)

log = logging.getLogger("fin_infra")
_quiet = logging.getLogger("fin_infra.websocket")
_quiet.setLevel(logging.WARNING)  # at DEBUG the library writes down what it sends, and that begins with the keys


@dataclass(frozen=True, slots=True)
class Known:
    """What was last heard of an order."""

    news: datetime | None
    submitted: datetime
    is_final: bool


class TradeStream:
    """One subscription to the trade updates of an account."""

    def __init__(self, broker: Alpaca[Async], keys: tuple[str, str], since: datetime | None = None) -> None:
        endpoint = broker.endpoint
        settings = endpoint.settings
        self._broker, self._keys = broker, keys
        self._config = HttpConfig(base_url=endpoint.base_url, ca_file=settings.ca_file, allow_http=settings.allow_http)
        self._known: dict[str, Known] = {}
        self._since = since
        """The vendor's instant of the last news; None until a stream from now on has begun."""
        self._resumes = since is not None
        self._begun = False

    async def updates(self) -> AsyncGenerator[TradeUpdate]:
        """Yield updates for good; see `Alpaca.trade_updates`."""
        connect, failures = _engine()
        tries = 0
        while True:
            self._must_be_open()
            try:
                async with self._connection(connect) as socket:
                    await self._subscribe(socket)
                    async for missed in self._caught_up():
                        yield missed
                    tries, self._begun = 0, True
                    async for frame in socket:
                        self._must_be_open()
                        if (update := self._heard(frame)) is not None:
                            yield update
                lost: ProviderError = _unavailable("the stream was closed")
            except ProviderError as exc:
                # an answer that makes no sense while a stream is caught up must not end it: the next one may
                if not (exc.outage or exc.retryable or (self._begun and isinstance(exc, UnexpectedPayload))):
                    raise self._explained(exc) from None
                lost = exc
            except failures as exc:
                lost = _failure(exc, self._config.host)
            if isinstance(lost, AuthenticationFailed):
                raise self._explained(lost)
            tries += 1
            if not self._begun and tries >= self._broker.settings.max_attempts:
                raise self._explained(lost)
            wait = BACKOFF.wait(tries, lost.retry_after)
            log.warning("%s %s: %s; trying again in %.1f s", KEY, OPERATION, lost.message, wait)
            await self._broker.transport.step(Pause(wait))

    def _must_be_open(self) -> None:
        if self._broker.closed:
            raise self._broker.closed_error()

    def _connection(self, connect: type[connect]) -> connect:
        url = self._config.base_url.replace("http", "ws", 1) + "/stream"
        timeout = self._broker.timeout_s
        return connect(
            url,
            ssl=self._config.tls(),
            open_timeout=timeout,
            close_timeout=timeout,
            ping_interval=PING_S,
            logger=_quiet,
        )

    async def _subscribe(self, socket: ClientConnection) -> None:
        """Sign in and listen; only what is confirmed counts."""
        async with asyncio.timeout(self._broker.timeout_s):
            await socket.send(self._login())
            answer = await _answer(socket, "authorization")
            if answer.get("status") != "authorized":
                raise _refused(answer)
            await socket.send(_text({"action": "listen", "data": {"streams": [OPERATION]}}))
            answer = await _answer(socket, "listening")
            if OPERATION not in fields.words(answer, "streams"):
                raise UnexpectedPayload("the stream does not offer trade updates")

    def _login(self) -> str:
        # no key may be a variable of a frame in which an error is raised: error trackers send those along
        return _text({"action": "authenticate", "data": {"key_id": self._keys[0], "secret_key": self._keys[1]}})

    async def _caught_up(self) -> AsyncIterator[TradeUpdate]:
        """Yield what changed while nobody listened; at the beginning only look which orders are open."""
        broker, since = self._broker, self._since
        now = (await broker.clock()).as_of
        found, errors = await self._listed("open", None)
        if since is None:
            for one in found.values():
                self._note(one, now)
            self._since = now
            return
        # the list goes by when orders came in: a stream that knows none yet asks for all that may have been alive
        first = since - (LONGEST_ORDER if self._resumes and not self._begun else MARGIN)
        later, more = await self._listed("all", first)
        found |= later
        for ident, error in {error.id or error.place: error for error in (*errors, *more)}.items():
            log.warning("%s %s: %s", KEY, OPERATION, error)
            self._known.pop(ident, None)
            yield orders.unreadable(error.id, error.reason, now)
        for ident in [ident for ident, known in self._known.items() if not known.is_final and ident not in found]:
            try:
                found[ident] = await broker.order(ident)
            except NotFound:
                del self._known[ident]  # a paper account that was reset has forgotten its orders
            except UnexpectedPayload as exc:
                yield orders.unreadable(ident, exc.message, now)
        for one in self._changed(found.values(), since):
            yield orders.caught_up(one)
        self._since = max(since, now)

    async def _listed(self, status: OrderFilter, start: datetime | None) -> tuple[dict[str, Order], list[RowError]]:
        """Return orders and their legs by id, and the rows that cannot be read."""
        found: dict[str, Order] = {}
        with row_errors() as errors:
            async for order in self._broker.orders(status=status, start=start):
                found.update((one.id, one) for one in _with_legs(order))
        return found, errors

    def _changed(self, found: Iterable[Order], since: datetime) -> Iterator[Order]:
        """Yield the orders that changed after they were last heard of, in the order of their changes."""
        for one in sorted(found, key=lambda one: one.updated_at or one.created_at):
            known = self._known.get(one.id)
            if known is None and (one.updated_at or one.created_at) < since - MARGIN:
                self._note(one, one.as_of)
            elif known is None or known.news != one.updated_at:
                self._note(one, one.as_of)
                yield one

    def _heard(self, frame: str | bytes) -> TradeUpdate | None:
        """Read a frame and remember what it says; None for one that tells nothing about orders."""
        update = _update(frame)
        if update is None:
            return None
        if update.order is not None:
            self._note(update.order, update.as_of)
        if update.problem:
            log.warning("%s %s: an event cannot be read: %s", KEY, OPERATION, update.problem)
        return update

    def _note(self, order: Order, at: datetime) -> None:
        """Remember the order's last news, for the next gap."""
        self._known[order.id] = _known(order)
        for leg in order.legs:
            self._known.setdefault(leg.id, _known(leg))
        if self._since is not None:
            self._since = max(self._since, at)
            if len(self._known) > KEPT:
                first = self._since - MARGIN
                self._known = {
                    ident: known
                    for ident, known in self._known.items()
                    if not known.is_final or known.submitted >= first
                }

    def _explained(self, exc: ProviderError) -> ProviderError:
        """Add what the error does not know yet, as an operation would."""
        if exc.provider is None:
            exc.provider, exc.operation = KEY, OPERATION
            self._broker.advise(exc)
        return exc


def _engine() -> tuple[type[connect], tuple[type[Exception], ...]]:
    """Return the way to connect, and what may come of it."""
    try:
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException
    except ModuleNotFoundError:
        raise MissingExtra.of("Trade updates need", "websockets", "brokerage") from None
    return connect, (OSError, EOFError, TimeoutError, WebSocketException)


def _text(message: dict[str, Any]) -> str:
    return msgspec.json.encode(message).decode()


async def _answer(socket: ClientConnection, stream: str) -> dict[str, Any]:
    while True:
        message = _message(await socket.recv())
        if message.get("stream") == stream:
            return fields.child(message, "data")


def _update(frame: str | bytes) -> TradeUpdate | None:
    """Read a frame; None for one that tells nothing about orders."""
    now = datetime.now(UTC)
    try:
        message = _message(frame)
    except UnexpectedPayload:
        return orders.trade_update({}, now)
    if message.get("stream") != OPERATION:
        return None
    data: Any = message.get("data")
    return orders.trade_update(data if type(data) is dict else {}, now)  # pyright: ignore[reportUnknownArgumentType]  # JSON


def _message(frame: str | bytes) -> dict[str, Any]:
    message: dict[str, Any] = json_of(Reply(200, frame.encode() if isinstance(frame, str) else frame), dict)
    return message


def _refused(answer: dict[str, Any]) -> ProviderError:
    """An account may have one connection: coming back too soon finds it taken, and the keys are not to blame."""
    if "limit" in str(answer.get("message", "")).lower():
        return _unavailable("another connection holds the account's only slot for trade updates")
    return AuthenticationFailed("Alpaca does not accept the keys for trade updates")


def _failure(exc: Exception, host: str) -> ProviderError:
    status = getattr(getattr(exc, "response", None), "status_code", None)
    if status in (401, 403):
        return AuthenticationFailed("Alpaca does not accept the keys for trade updates", http_status=status)
    if isinstance(exc, OSError) and not isinstance(exc, TimeoutError):
        found = _unavailable(f"{host} cannot be reached for trade updates", UNREACHABLE)
        found.told = "Alpaca cannot be reached for trade updates"
        return found
    return _unavailable(f"the connection for trade updates was lost ({type(exc).__name__})")


def _unavailable(message: str, vendor_code: str | None = None) -> ProviderUnavailable:
    return ProviderUnavailable(message, retryable=True, vendor_code=vendor_code)


def _with_legs(order: Order) -> Iterator[Order]:
    yield order
    for leg in order.legs:
        yield from _with_legs(leg)


def _known(order: Order) -> Known:
    return Known(order.updated_at, order.placed_at, order.status.is_final)
