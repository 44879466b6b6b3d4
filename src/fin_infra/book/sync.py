"""Bring one connection up to date: fetch its pages, keep them while the run may begin again, write them when whole.
Floor 6: one generator for threads and tasks; each step of the database is one transaction, and none spans a `yield`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from fin_infra.book import lease as leases
from fin_infra.book.lease import Lease, Owner
from fin_infra.book.pages import Restart, Source
from fin_infra.book.sealing import Sealer
from fin_infra.book.write import run_of_kept, write_kept, write_page
from fin_infra.errors import FinInfraError, ProviderUnavailable
from fin_infra.transport import Flow, blocking

RESTARTS = 5
"""A vendor that wants the run from its beginning so often in a row is not asked a further time."""
Clock = Callable[[], datetime]


@dataclass(slots=True)
class Progress:
    """What a sync has done so far; `told` is called after each page."""

    changes: int = 0
    pages: int = 0
    unread: list[str] = field(default_factory=list[str])
    waiting: bool = False
    """The vendor is still reading the bank for the first time."""
    news: int | None = None
    """How much the vendor had told of when the sync began; None where it has not."""
    told: Callable[[Progress], None] | None = None

    def page(self, changes: int, unread: list[str]) -> None:
        self.pages += 1
        self.changes += changes
        self.unread += unread
        if self.told is not None:
            self.told(self)


def sync(
    engine: sa.Engine,
    owner: Owner,
    connection: str,
    source: Source,
    clock: Clock,
    progress: Progress,
    sealer: Sealer | None = None,
) -> Flow[bool]:
    """Bring one connection up to date; return False where another worker is at it.

    Raises:
        LeaseLost: another worker has taken over in the middle; what this one had written is whole.
        BookUnavailable: the database cannot be used now.
        ProviderError: the vendor failed; what was written before is whole, and the next sync goes on there.
    """
    lease = yield from blocking(leases.take, engine, owner, connection, clock(), sealer)
    if lease is None:
        return False
    progress.news = lease.news
    try:
        yield from _synced(engine, lease, source, clock, progress)
    except GeneratorExit:
        _let_go(engine, lease)
        raise
    except Exception as exc:  # a fault of ours is not repeated every few seconds
        yield from blocking(_let_go, engine, lease, heard=not isinstance(exc, FinInfraError))
        raise
    yield from blocking(_let_go, engine, lease)
    return True


def _synced(engine: sa.Engine, lease: Lease, source: Source, clock: Clock, progress: Progress) -> Flow[None]:
    cursor, kept, restarts = lease.cursor, lease.kept, 0
    if lease.whole:  # of a worker that ended before it had written them; then the news since are still to be fetched
        yield from _write_kept(engine, lease, clock, progress)
        kept = 0
    elif kept and not source.resumes:
        cursor, kept = (yield from blocking(leases.drop, engine, lease, clock())), 0
    while True:
        try:
            page = yield from source.changes(cursor)
        except Restart as restart:
            restarts += 1
            if restarts > RESTARTS:
                raise ProviderUnavailable("the vendor keeps asking for the sync from its beginning") from None
            beginning = restart.beginning
            cursor, kept = (yield from blocking(leases.drop, engine, lease, clock(), beginning=beginning)), 0
            continue
        progress.waiting = page.waiting
        if page.complete and not kept:  # the usual case: one page, one transaction
            progress.page((yield from blocking(write_page, engine, lease, page, cursor, clock())), page.unread)
            return
        yield from blocking(leases.keep, engine, lease, page, cursor, clock())
        progress.page(0, page.unread)
        cursor, kept = page.after, kept + 1
        if page.complete:
            yield from _write_kept(engine, lease, clock, progress)
            return


def _write_kept(engine: sa.Engine, lease: Lease, clock: Clock, progress: Progress) -> Flow[None]:
    run, gone = yield from blocking(run_of_kept, engine, lease)
    while (written := (yield from blocking(write_kept, engine, lease, run, gone, clock()))) is not None:
        progress.changes += written


def _let_go(engine: sa.Engine, lease: Lease, *, heard: bool = False) -> None:
    """Release the lease; where that fails it ends by itself."""
    with suppress(FinInfraError):
        leases.release(engine, lease, heard=heard)
