"""Connections are kept up to date while the service runs: planned by the book, run here or by any machine's worker.
Floor 8: nothing that a vendor, the database or Redis does ends the loop; an outage is reported once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from asset_aggregator.books import Books
from asset_aggregator.infra import SyncQueue
from fin_infra.api import User
from fin_infra.book import Book
from fin_infra.book.due import Cadence, Due, due, still_due
from fin_infra.errors import BookUnavailable, FinInfraError
from fin_infra.features import acting
from fin_infra.security import mask
from fin_infra.transport import Async

logger = logging.getLogger(__name__)

PAUSE_S = 30.0
"""Between two looks at what is due."""
IDLE_S = 1.0
"""Between two looks into an empty queue."""
WORKERS = 4
"""Syncs at once in one process; vendors have limits of their own besides."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Syncing:
    """How connections are synced by themselves."""

    books: Books
    cadence: Cadence
    queue: SyncQueue | None = None
    """Where Redis is: jobs for the workers of every machine; this process alone where None."""
    pause_s: float = PAUSE_S
    idle_s: float = IDLE_S
    clock: Callable[[], datetime] = utc_now
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    """Set where something is due before the pause is over."""

    def wake(self) -> None:
        """Look at what is due now."""
        self.woken.set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Plan and sync while the block runs."""
        if self.queue is None:
            loops = [self._repeated(self.sync_due, self._until_woken)]
        else:
            loops = [self._repeated(self.plan, self._until_woken), *(self._worker() for _ in range(WORKERS))]
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self.queue is not None:
                self.queue.close()

    async def sync_due(self) -> bool:
        """Sync what is due now in this process; say whether there was anything."""
        items = await self._due()
        slots = asyncio.Semaphore(WORKERS)

        async def one(item: Due) -> None:
            async with slots:
                await self.sync(item)

        await asyncio.gather(*map(one, items))
        return bool(items)

    async def plan(self) -> bool:
        """Put what is due into the queue, each connection once."""
        assert self.queue is not None, "planned for a queue only"
        put = self.queue.put
        for item in await self._due():
            await asyncio.to_thread(put, item)
        return False

    async def work(self) -> bool:
        """Take one job and sync its connection; say whether there was one."""
        assert self.queue is not None, "workers take from a queue"
        found = await asyncio.to_thread(self.queue.take)
        if found is None:
            return False
        job_id, item = found
        await self.sync(item)
        await asyncio.to_thread(self.queue.done, job_id, item)
        return True

    async def sync(self, item: Due) -> None:
        """Sync one connection, unless somebody has since it was planned; how it ended stands in the book.

        Raises:
            BookUnavailable: the database does not answer now.
        """
        book = self.books.of(User(item.owner.user_id, item.owner.tenant))
        if not await asyncio.to_thread(still_due, book.engine, item, self.clock(), self.cadence):
            return
        with acting(item.owner.tenant, item.owner.user_id):
            try:
                await book.sync(item.connection)
                await self._fill(book, item)
            except BookUnavailable:
                raise
            except FinInfraError as exc:  # it was ended or paused at this moment
                logger.info("a sync of %s did not begin: %s", item.provider, mask(str(exc)))
            except Exception:  # a fault of ours ends the sync of this connection, and of no other
                logger.exception("a sync of %s failed", item.provider)

    async def _fill(self, book: Book[Async], item: Due) -> None:
        """Ask for the prices and rates of days that nobody has asked for, which net worth of those days needs."""
        for error in (await book.fill_history()).errors:
            logger.info("%s left a gap in the history (after %s): %s", error.provider, item.provider, error.code)

    async def _due(self) -> list[Due]:
        book = await asyncio.to_thread(self.books.open)
        return await asyncio.to_thread(due, book.engine, self.clock(), self.cadence)

    async def _worker(self) -> None:
        await self._repeated(self.work, partial(asyncio.sleep, self.idle_s))

    async def _until_woken(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.woken.wait(), self.pause_s)
        self.woken.clear()

    async def _repeated(
        self, step: Callable[[], Awaitable[bool]], pause: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        """Take a step again and again, at once where it found something to do."""
        failing = ""
        while True:
            again = False
            try:
                again = await step()
                failing = ""
            except Exception as exc:  # the database, Redis: whatever it is, it may be over at the next step
                kind = exc.code if isinstance(exc, FinInfraError) else type(exc).__name__
                if failing != kind:  # once an outage, not once a pause
                    logger.warning("syncs wait: %s", mask(str(exc)) if isinstance(exc, FinInfraError) else kind)
                failing = kind
            if not again or self.queue is None:
                await pause()
