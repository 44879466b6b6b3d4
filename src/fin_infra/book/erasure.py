"""Erase a household: its keys first, then all of its rows, then what the files still hold; and count what is left.
Floor 6: each function is one transaction; a crash between two of them leaves less that can be read, and the next
erasure goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime

import sqlalchemy as sa

from fin_infra.book.engine import Database, reading, unavailable, writing
from fin_infra.book.lease import NEVER, Owner
from fin_infra.book.records import ConnectionState
from fin_infra.book.search import index_of
from fin_infra.book.tables import PERSONAL, connections, households, pages, payloads, streams, vault_keys, verifications
from fin_infra.book.tombstones import fingerprint_of, remember, remember_in_file
from fin_infra.book.webhooks import forget_logins


def destroy_keys(database: Database, owner: Owner, now: datetime) -> list[str]:
    """Destroy tokens, data keys and what they sealed, stop every worker, and leave the tombstone.

    Returns:
        The wrapped data keys that were there, for the vault to forget.
    """
    with writing(database.engine) as db:
        db.execute(sa.update(streams).where(owner.of(streams)).values(fence=streams.c.fence + 1, until=NEVER))
        mine = owner.of(connections)
        found = sa.select(connections.c.data_key).where(mine, connections.c.data_key.is_not(None))
        keys = [str(key) for key in db.scalars(found)]
        keys += [str(key) for key in db.scalars(sa.select(vault_keys.c.data_key).where(owner.of(vault_keys)))]
        sealed = sa.select(verifications.c.data_key).where(
            owner.of(verifications), verifications.c.data_key.is_not(None)
        )
        keys += [str(key) for key in db.scalars(sealed)]
        db.execute(vault_keys.delete().where(owner.of(vault_keys)))
        db.execute(sa.update(verifications).where(owner.of(verifications)).values(sealed=None, data_key=None))
        # ended, or a sync between two steps would take the credentials of the environment in their place
        ended = {"state": ConnectionState.REVOKED.value, "reason": "You erased it.", "next_step": "Erase again."}
        db.execute(sa.update(connections).where(mine).values(sealed=None, data_key=None, **ended))
        for table in (pages, payloads):
            db.execute(table.delete().where(owner.of(table)))
        fingerprint = fingerprint_of(db, owner)
        if fingerprint is not None:
            remember(db, [fingerprint], now)
    if fingerprint is not None:
        try:
            remember_in_file(database, fingerprint)
        except OSError as exc:
            raise unavailable(database.engine, exc) from None
    return keys


def delete_rows(database: Database, owner: Owner) -> dict[str, int]:
    """Delete every row of the household; return how many, by table.

    The order is that of the workers, streams before the household's lock, so that nobody waits in a circle.
    """
    ordered = [streams, households, connections]
    ordered += [table for table in PERSONAL if table not in ordered]
    with writing(database.engine) as db:
        told = forget_logins(db, owner)
        index_of(db).forget(db, owner)
        return {"webhooks": told} | {
            table.name: db.execute(table.delete().where(owner.of(table))).rowcount for table in ordered
        }


def scrub(database: Database) -> bool | None:
    """Rewrite the files of SQLite without what was deleted; say whether that was done, None on PostgreSQL.

    SQLite overwrites what it deletes, and the log beside the file still has it until that is cut.
    """
    if database.file is None:
        return None
    rewritten = True
    with closing(database.engine.raw_connection()) as raw:
        for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            try:
                row = raw.cursor().execute(statement).fetchone()
            except sqlite3.Error:  # another process is at it, or there is no space for the copy
                rewritten = False
            else:
                rewritten = rewritten and (row is None or row[0] == 0)
    return rewritten


def left(database: Database, owner: Owner) -> dict[str, int]:
    """Return how many rows of the household there are, by table; those without one are not named."""
    with reading(database.engine) as db:
        counted = {
            table.name: int(
                db.execute(sa.select(sa.func.count()).select_from(table).where(owner.of(table))).scalar_one()
            )
            for table in PERSONAL
        }
        counted["search"] = index_of(db).count(db, owner)
    return {name: count for name, count in counted.items() if count}
