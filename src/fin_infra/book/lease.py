"""Who may sync a connection, and where it is: one row with a fencing number, an end and a cursor.
Floor 6: plain functions, each one transaction; one statement checks the fence, renews the lease and moves the cursor.

A worker that was paused wakes up after its lease and finds the fence moved: it writes nothing over the next one's work.
A page whose commit succeeded and whose answer was lost does not fit the cursor any more, and is not written twice.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.book.engine import ensure, writing
from fin_infra.book.pages import Page
from fin_infra.book.sealing import PAGE, Sealer, compressed
from fin_infra.book.tables import connections, households, pages, streams
from fin_infra.errors import LeaseLost

LEASE = timedelta(seconds=120)
"""Longer than a call with its retries may take: a worker renews it with each page."""
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Owner:
    """A household: one user of one tenant. No personal row is read or written without it."""

    tenant: str
    user_id: str

    @property
    def scope(self) -> dict[str, str]:
        return {"tenant": self.tenant, "user_id": self.user_id}

    def of(self, table: sa.Table, **keys: Any) -> sa.ColumnElement[bool]:
        """Return the condition for this household's rows with these keys."""
        return sa.and_(_scope(self, table), *(table.c[name] == value for name, value in keys.items()))


@lru_cache(maxsize=1_024)
def _scope(owner: Owner, table: sa.Table) -> sa.ColumnElement[bool]:
    """Return the condition that stands in every query; SQLAlchemy takes longer to make it than SQLite to answer."""
    return sa.and_(table.c.tenant == owner.tenant, table.c.user_id == owner.user_id)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to sync one connection, until somebody takes a higher number."""

    owner: Owner
    connection: str
    fence: int
    cursor: str
    """Where the next page begins."""
    run_cursor: str
    """Where the run began."""
    kept: int
    """Pages of the run that are kept and not yet applied as a whole."""
    whole: bool
    """Whether the kept pages are a whole run, left by a worker that ended before it had applied them."""
    sealer: Sealer | None = None
    """What seals the pages; None where the connection has no key."""
    news: int = 0
    """How much the vendor had told of when the sync began: that much is heard once it stands how the sync ended."""


def take(engine: sa.Engine, owner: Owner, connection: str, now: datetime, sealer: Sealer | None = None) -> Lease | None:
    """Take the connection, or return None while another worker has it.

    Raises:
        LeaseLost: the household was erased in this moment, and has no such connection any more.
    """
    with writing(engine) as db:
        ensure(db, households, head=0, **owner.scope)
        begun(db, owner, connection)
        free = sa.update(streams).where(owner.of(streams, connection=connection), streams.c.until <= now)
        held = {"until": now + LEASE, "tried_at": now}
        taken = free.values(fence=streams.c.fence + 1, **held).returning(*streams.c)
        row = db.execute(taken).first()
        if row is None:
            return None
        there = sa.select(connections.c.id).where(owner.of(connections, id=connection)).with_for_update(read=True)
        if db.execute(there).first() is None:  # or a sync that began before an erasure would fill the book again
            raise LeaseLost(f"The connection {connection} was erased; there is nothing to sync.")
        where = (row.fence, row.cursor, row.run_cursor, row.kept, bool(row.whole))
        return Lease(owner, connection, *where, sealer, row.news or 0)


def begun(db: sa.Connection, owner: Owner, connection: str) -> None:
    """Make the row of a connection that nobody was ever at."""
    fresh = {"fence": 0, "until": NEVER, "cursor": "", "run_cursor": "", "kept": 0, "applied": 0, "whole": 0}
    ensure(db, streams, connection=connection, **fresh, **owner.scope)


def hold(db: sa.Connection, lease: Lease, now: datetime, before: str | None = None, **values: Any) -> str:
    """Check the fence, renew the lease and move the cursor in one statement, which locks the row until the commit.

    Raises:
        LeaseLost: another worker has the connection, or this step was written before.
    """
    mine = sa.and_(lease.owner.of(streams, connection=lease.connection), streams.c.fence == lease.fence)
    if before is not None:
        mine = sa.and_(mine, streams.c.cursor == before)
    held = sa.update(streams).where(mine).values(until=now + LEASE, **values).returning(streams.c.cursor)
    row = db.execute(held).first()
    if row is None:
        raise LeaseLost(
            f"Another worker is syncing the connection {lease.connection}, or has written this page before."
        )
    return str(row.cursor)


def release(engine: sa.Engine, lease: Lease, *, heard: bool = False) -> None:
    """Let the next worker in at once; what another one has taken meanwhile stays its own.

    Args:
        heard: the news before the sync are done with, whatever came of it; `told` says so of one that has an end.
    """
    with writing(engine) as db:
        mine = sa.and_(lease.owner.of(streams, connection=lease.connection), streams.c.fence == lease.fence)
        values: dict[str, Any] = {"until": NEVER} | ({"heard": lease.news} if heard else {})
        db.execute(sa.update(streams).where(mine).values(**values))


def keep(engine: sa.Engine, lease: Lease, page: Page, before: str, now: datetime) -> None:
    """Keep a page of a run that may still begin again; nobody sees its rows yet."""
    with writing(engine) as db:
        hold(db, lease, now, before, cursor=page.after, kept=streams.c.kept + 1, whole=int(page.complete))
        kept = sa.select(streams.c.kept).where(lease.owner.of(streams, connection=lease.connection))
        number = int(db.execute(kept).scalar_one())
        row = {"connection": lease.connection, "number": number, "body": packed(page, number, lease.sealer)}
        db.execute(pages.insert(), {**lease.owner.scope, **row})
        if lease.sealer is not None:
            lease.sealer.count(db)


def drop(engine: sa.Engine, lease: Lease, now: datetime, *, beginning: bool = False) -> str:
    """Forget the kept pages: the vendor wants the run from its first cursor, which is returned.

    With `beginning` that cursor is forgotten too: everything is to be read again.
    """
    with writing(engine) as db:
        db.execute(pages.delete().where(lease.owner.of(pages, connection=lease.connection)))
        if beginning:
            hold(db, lease, now, run_cursor="")
        return hold(db, lease, now, cursor=streams.c.run_cursor, kept=0, applied=0, whole=0)


def kept_pages(db: sa.Connection, lease: Lease, after: int = 0) -> Iterable[tuple[int, Page]]:
    """Yield the kept pages after a number, in their order."""
    ask = sa.select(pages.c.number).where(lease.owner.of(pages, connection=lease.connection), pages.c.number > after)
    for number in db.scalars(ask.order_by(pages.c.number)).all():
        body = sa.select(pages.c.body).where(lease.owner.of(pages, connection=lease.connection, number=number))
        yield number, unpacked(bytes(db.execute(body).scalar_one()), number, lease.sealer)


def packed(page: Page, number: int, sealer: Sealer | None) -> bytes:
    """Return a page as it is kept: compressed, sealed where there is a sealer, and without what nobody will keep."""
    if page.raw and (sealer is None or not sealer.payloads):
        page = replace(page, raw=[])
    body = compressed(page)
    return body if sealer is None else sealer.seal(PAGE, number, body)


def unpacked(body: bytes, number: int, sealer: Sealer | None) -> Page:
    if sealer is not None:
        body = sealer.open(PAGE, number, body)
    page: Page = _decoder().decode(zlib.decompress(body))
    return page


@cache
def _decoder() -> Any:
    return msgspec.json.Decoder(Page)
