"""What vendors tell by themselves: checked and kept while the vendor waits, and settled right afterwards.
Floor 8: the vendor's answer waits for one insert; syncs, states and what fails in them come after it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from fastapi import FastAPI

from asset_aggregator.books import Books
from fin_infra.api.webhooks import add_webhooks
from fin_infra.book import webhooks
from fin_infra.book.methods import utc_now
from fin_infra.book.webhooks import TakenEvent
from fin_infra.errors import FinInfraError
from fin_infra.providers.interfaces.webhooks import Delivery, EventKind, WebhookEvent, Webhooks
from fin_infra.providers.registry import webhooks_of
from fin_infra.security import mask
from fin_infra.transport.local import AsyncLocalTransport

logger = logging.getLogger(__name__)

PAUSE_S = 30.0
"""Between two looks at what other processes have taken, or what a failure has left."""
GATHER_S = 0.05
"""Between an event and the look at it, so that a burst is one look."""
BATCH = 100
"""Events to a transaction."""
TIDY = timedelta(hours=1)
"""Between two looks for events that are too old to be kept."""
Handler: TypeAlias = Callable[[str, WebhookEvent], Awaitable[None]]
"""Does what an event of a verification asks for, given the provider's key. May be called twice for one event."""


@dataclass(slots=True, kw_only=True)
class Hooks:
    """Webhooks of all providers.

    `synced` is called when connections are due by them. `handlers` has what events of verifications go to, by
    provider's key; without one they are only kept.
    """

    books: Books
    synced: Callable[[], None] | None = None
    handlers: Mapping[str, Handler] = field(default_factory=dict[str, Handler])
    pause_s: float = PAUSE_S
    clock: Callable[[], datetime] = utc_now
    _receivers: dict[str, Webhooks] = field(default_factory=dict[str, Webhooks])
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _tidied: datetime | None = None
    _arrived: list[tuple[str, WebhookEvent, asyncio.Future[None]]] = field(default_factory=list[Any])
    _keeping: asyncio.Task[None] | None = None
    _named: set[str] = field(default_factory=set[str])

    async def take(self, provider: str, delivery: Delivery) -> None:
        """Check a delivery, and keep its event unless it is there already.

        Raises:
            WebhookRefused: it is not the vendor's.
            ProviderNotFound, FeatureDisabled: the provider is not there, or has no webhooks, or no secret is set.
            BookUnavailable: the database does not answer; the vendor sends it again.
        """
        receiver = self._receivers.get(provider)
        if receiver is None:
            receiver = self._receivers[provider] = webhooks_of(provider, mode="async")
        event = await AsyncLocalTransport().run(receiver.event(delivery))
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrived.append((receiver.info.provider_key, event, kept))
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep())
        await kept

    async def _keep(self) -> None:
        """Keep what has arrived, and what arrives meanwhile: as many events as there are in each transaction."""
        try:
            while self._arrived:
                these, self._arrived = self._arrived[:BATCH], self._arrived[BATCH:]
                try:
                    book = await asyncio.to_thread(self.books.open)
                    rows = [(provider, event) for provider, event, _ in these]
                    new = await asyncio.to_thread(webhooks.take_all, book.engine, rows, self.clock())
                except Exception as exc:  # whatever it is, each of those who wait has it as the answer
                    for *_, kept in these:
                        if not kept.done():
                            kept.set_exception(exc)
                    continue
                for *_, kept in these:
                    if not kept.done():
                        kept.set_result(None)
                if any(new):
                    self._woken.set()
        finally:
            self._keeping = None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Settle what was taken while the block runs."""
        task = asyncio.create_task(self._repeated())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def settle(self) -> None:
        """Do what the waiting events ask for, and throw old ones away.

        Raises:
            BookUnavailable: the database does not answer now; the next look goes on.
        """
        book = await asyncio.to_thread(self.books.open)
        now = self.clock()
        for taken in await asyncio.to_thread(webhooks.waiting, book.engine):
            if self._handled_elsewhere(taken):
                await self._handle(taken)
        found = await asyncio.to_thread(webhooks.settle, book.engine, now, keep_waiting=self._handled_elsewhere)
        self._report(found.unknown)
        if found.nudged and self.synced is not None:
            self.synced()
        if self._tidied is None or now - self._tidied > TIDY:
            await asyncio.to_thread(webhooks.forget, book.engine, now - webhooks.KEPT)
            self._tidied = now
            self._named.clear()

    def _report(self, unknown: Sequence[TakenEvent]) -> None:
        """Name logins that nobody here has, each once an hour: a vendor may tell of one all day."""
        for taken in unknown:
            login = f"{taken.event.login or taken.event.account}"
            if login not in self._named:
                self._named.add(login)
                logger.warning("%s tells of a login that nobody here has: %s", taken.provider, login)

    def _handled_elsewhere(self, taken: TakenEvent) -> bool:
        return taken.event.kind is EventKind.VERIFICATION_CHANGED and taken.provider in self.handlers

    async def _handle(self, taken: TakenEvent) -> None:
        """Hand an event to its handler; where that fails it waits for the next look."""
        book = await asyncio.to_thread(self.books.open)
        try:
            await self.handlers[taken.provider](taken.provider, taken.event)
        except FinInfraError as exc:
            logger.warning("an event of %s waits: %s", taken.provider, mask(str(exc)))
        except Exception:  # a fault of ours ends this event, and no other
            logger.exception("an event of %s failed", taken.provider)
        else:
            await asyncio.to_thread(webhooks.finish, book.engine, [taken])

    async def _repeated(self) -> None:
        failing = ""
        while True:
            self._woken.clear()
            try:
                await self.settle()
                failing = ""
            except Exception as exc:  # the database: it may be over at the next look
                kind = exc.code if isinstance(exc, FinInfraError) else type(exc).__name__
                if failing != kind:  # once an outage, not once a pause
                    logger.warning("webhooks wait: %s", mask(str(exc)) if isinstance(exc, FinInfraError) else kind)
                failing = kind
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self.pause_s)
                await asyncio.sleep(GATHER_S)


def add_routes(app: FastAPI, hooks: Hooks) -> None:
    """Put the route of webhooks on the app."""
    add_webhooks(app, take=hooks.take, clock=utc_now)
