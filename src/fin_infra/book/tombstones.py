"""Which households were erased, so that restoring a backup from before does not bring one of them back.
Floor 6: a fingerprint is a digest of the household and of the first entry of its log, and tells nothing about either.

Rows of a backup are not sealed, so a backup from before an erasure holds all of the household; the fingerprints are
what a restore knows about it. The first entry is never changed and has the microsecond at which the household began, so
a household that begins again under the same name has another fingerprint, and no clock is compared. They are kept in a
table, which several machines share and a backup takes along, and of a book in SQLite in a file beside it besides: the
table is gone with a damaged or deleted book, which is when people restore.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec
import sqlalchemy as sa

from fin_infra.book.engine import Database, ensure
from fin_infra.book.lease import Owner
from fin_infra.book.tables import changes, erasures

FILE = "erased-households.txt"


def fingerprint_of(db: sa.Connection, owner: Owner) -> str | None:
    """Return the fingerprint of a household, None where it has no log yet and so nothing to bring back."""
    c = changes.c
    first = sa.select(c.subject, c.kind, c.id, c.source, c.at, c.before).where(owner.of(changes, position=1))
    row = db.execute(first).first()
    if row is None:
        return None
    return sha256(msgspec.json.encode([owner.tenant, owner.user_id, *row])).hexdigest()


def remember(db: sa.Connection, fingerprints: Iterable[str], at: datetime) -> None:
    for fingerprint in fingerprints:
        ensure(db, erasures, fingerprint=fingerprint, at=at)


def remember_in_file(database: Database, *fingerprints: str) -> None:
    """Write fingerprints beside a book in SQLite, each once.

    Raises:
        OSError: the file cannot be written.
    """
    file = _file(database)
    new = sorted(set(fingerprints) - _in_file(database))
    if file is None or not new:
        return
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a", encoding="ascii") as written:
        written.write("".join(f"{fingerprint}\n" for fingerprint in new))
        written.flush()
        os.fsync(written.fileno())


def fingerprints(database: Database, db: sa.Connection) -> set[str]:
    """Return the fingerprints of all households that were erased here."""
    return {*db.scalars(sa.select(erasures.c.fingerprint)), *_in_file(database)}


def _in_file(database: Database) -> set[str]:
    file = _file(database)
    if file is None or not file.exists():
        return set()
    return set(file.read_text("ascii").split())


def _file(database: Database) -> Path | None:
    return None if database.file is None else database.file.with_name(FILE)
