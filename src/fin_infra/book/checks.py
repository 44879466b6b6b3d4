"""Look whether a database of books is in order, and where and how large it is.
Floor 6: reads only; what is wrong is a sentence with the next step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from fin_infra.book import schema
from fin_infra.book.engine import Database, is_whole, reading
from fin_infra.book.lease import Owner
from fin_infra.book.reconcile import discrepancies
from fin_infra.book.tables import (
    accounts,
    aliases,
    assets,
    changes,
    documents,
    households,
    pages,
    said,
    streams,
    trades,
    transactions,
)
from fin_infra.errors import BookOutdated

_ROWS = (transactions, trades, accounts, documents, assets)
"""What an id may name."""
_RESTORE = "restore the last backup with `fin-infra book restore`"


def facts(database: Database, owner: Owner) -> dict[str, Any]:
    """Return where a book is, its revision, the position of the household's last change, and sizes in bytes.

    Raises:
        BookUnavailable: the database cannot be used now.
    """
    found: dict[str, Any] = {"book": database.shown, "revision": None, "program": schema.REVISIONS[-1], "head": None}
    file = database.file
    if file is not None:
        sizes = (file, file.with_name(f"{file.name}-wal"))
        found |= {"size": sizes[0].stat().st_size, "log_size": sizes[1].stat().st_size if sizes[1].exists() else 0}
    with reading(database.engine) as db:
        found["revision"] = schema.revision_of(db)
        if file is None:
            found |= {"size": db.scalar(sa.select(sa.func.pg_database_size(sa.func.current_database())))}
        if found["revision"] in schema.REVISIONS:
            found["head"] = db.scalar(sa.select(households.c.head).where(owner.of(households))) or 0
            for table in (accounts, transactions, trades):
                count = sa.select(sa.func.count()).select_from(table).where(owner.of(table))
                found[table.name] = db.execute(count).scalar_one()
    return found


def check(database: Database) -> list[str]:
    """Return what is wrong with a database of books, a sentence each; an empty list where all is in order.

    Raises:
        BookUnavailable: the database cannot be used now.
    """
    if not is_whole(database):
        return [f"The file is damaged; {_RESTORE}, which sets the damaged one aside with --replace."]
    try:
        schema.check(database)
    except BookOutdated as exc:
        return [str(exc)]
    with reading(database.engine) as db:
        rows = db.execute(sa.select(households.c.tenant, households.c.user_id, households.c.head)).all()
        return [sentence for row in rows for sentence in _household(db, Owner(row.tenant, row.user_id), row.head)]


def _household(db: sa.Connection, owner: Owner, head: int) -> Iterator[str]:
    whose = "The household" if owner == Owner("default", "") else f"{owner.user_id!r} of tenant {owner.tenant!r}"
    c = changes.c
    count, first, last = db.execute(
        sa.select(sa.func.count(), sa.func.min(c.position), sa.func.max(c.position)).where(owner.of(changes))
    ).one()
    if count and (first, last) != (1, count):
        yield f"{whose}: the log has a gap between positions {first} and {last}; {_RESTORE}."
    if (last or 0) != head:
        yield f"{whose}: the log ends at {last or 0}, and its head says {head}; {_RESTORE}."
    for table in (aliases, said):
        lost = _lost(db, owner, table)
        if lost:
            yield f"{whose}: {lost} rows of {table.name} name a row that is not there; {_RESTORE}."
    for connection, kept, there in db.execute(_kept(owner)):
        if kept != there:
            yield f"{whose}: {there} of {kept} kept pages of the connection {connection} are there; {_RESTORE}."
    for each in discrepancies(db, owner):
        if not each.evened_out:
            yield (
                f"{whose}: account {each.account_id} from {each.start} to {each.end} should have come to "
                f"{each.expected}, and {each.said} was told; the difference is {each.difference}. Sync again, then "
                "look at the bank for what is missing."
            )


def _lost(db: sa.Connection, owner: Owner, table: sa.Table) -> int:
    """Return how many rows of a table name an id that no record has."""
    missing = [
        ~sa.exists(sa.select(sa.literal(1)).where(owner.of(rows), rows.c.id == table.c.id).correlate(table))
        for rows in _ROWS
    ]
    count = sa.select(sa.func.count()).select_from(table).where(owner.of(table), *missing)
    return int(db.execute(count).scalar_one())


def _kept(owner: Owner) -> Any:
    there = sa.select(sa.func.count()).select_from(pages)
    there = there.where(owner.of(pages), pages.c.connection == streams.c.connection)
    return sa.select(streams.c.connection, streams.c.kept, there.correlate(streams).scalar_subquery()).where(
        owner.of(streams)
    )
