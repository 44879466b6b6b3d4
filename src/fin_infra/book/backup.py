"""Back a database of books up to one file, and restore such a file into SQLite or PostgreSQL.
Floor 6: a backup is a book in SQLite whatever the database is, so that one restore serves all; tokens stay sealed.

A copy of a book's file taken beside its log is not a backup: it may be of two moments. The vault's key file is not in
a backup; whoever has both can use the tokens.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import sqlalchemy as sa

from fin_infra.arguments import checked
from fin_infra.book import schema
from fin_infra.book.copying import copy_rows, erased_households, is_empty
from fin_infra.book.engine import Database, default_url, is_whole, reading, unavailable, writing
from fin_infra.book.lease import NEVER
from fin_infra.book.records import Backup, Restored
from fin_infra.book.search import rebuild
from fin_infra.book.tables import erasures, meta, streams
from fin_infra.book.tombstones import fingerprints, remember, remember_in_file
from fin_infra.book.verified import forget_restored
from fin_infra.errors import BookOutdated, BookUnavailable, InvalidInput


@checked
def write_backup(file: str | os.PathLike[str], url: str | None = None) -> Backup:
    """Write a database of books to a new file, which only its owner can read.

    It is of one moment, whoever writes meanwhile, and has all households.

    Args:
        url: the database, as of `open_book`.

    Raises:
        InvalidInput: there is such a file, or its folder is not there.
        BookOutdated: the book is of another revision.
        BookUnavailable: the database cannot be read, or the file cannot be written; there is no half file.
    """
    target = Path(file)
    if target.exists():
        raise InvalidInput(f"{target} is there already; give the backup another name.")
    if not target.parent.is_dir():
        raise InvalidInput(f"The folder {target.parent} is not there; make it first.")
    database = Database(url or default_url())
    require(database)
    schema.check(database)
    part = target.with_name(f".{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        rows = _vacuumed(database, part) if database.file is not None else _copied(database, part)
        publish(part, target, "backup")
    except (OSError, sqlite3.Error) as exc:
        raise unavailable(database.engine, exc) from None
    finally:
        for name in (part.name, f"{part.name}-wal", f"{part.name}-shm", f"{part.name}-journal"):
            with suppress(OSError):
                part.with_name(name).unlink(missing_ok=True)
        database.engine.dispose()
    return Backup(file=str(target), size=target.stat().st_size, rows=rows)


def require(database: Database) -> None:
    """Look whether there is a book at all, before a question would make one.

    Raises:
        InvalidInput: there is none.
    """
    if database.file is not None and not database.file.exists():
        raise InvalidInput(f"There is no book at {database.shown}; `fin-infra connect` makes one, or set SQL_URL.")


def _vacuumed(database: Database, part: Path) -> int:
    with closing(database.engine.raw_connection()) as raw:
        raw.cursor().execute("VACUUM INTO ?", (str(part),))
    with closing(sqlite3.connect(part)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, which also read-only media can hold
        return sum(copy.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in meta.tables)  # noqa: S608  # nosec B608  # names of our tables


def _copied(database: Database, part: Path) -> int:
    copy = Database(f"sqlite:///{part}")
    try:
        schema.upgrade(copy)
        with reading(database.engine) as source, writing(copy.engine) as target:
            rows = copy_rows(source, target)
            rebuild(target)
    finally:
        copy.engine.dispose()
    with closing(sqlite3.connect(part)) as closed:
        closed.execute("PRAGMA journal_mode=DELETE")
    return rows


def publish(part: Path, target: Path, what: str) -> None:
    """Let a whole file appear under its name, and never over another one.

    Raises:
        InvalidInput: there is a file of that name; `what` says in it what was to be written.
    """
    with part.open("rb") as written:
        os.fsync(written.fileno())
    try:
        os.link(part, target)
    except FileExistsError:
        raise InvalidInput(f"{target} is there already; give the {what} another name.") from None
    except OSError:  # a file system without links
        if target.exists():
            raise InvalidInput(f"{target} is there already; give the {what} another name.") from None
        part.replace(target)


@checked
def restore_backup(file: str | os.PathLike[str], url: str | None = None, *, replace: bool = False) -> Restored:
    """Restore a backup, also one of the other kind of database or of an older revision.

    Households that were erased here since the backup are left out, and so is what was removed of persons whose identity
    was checked. Readers of `changes()` begin again: positions after
    the backup are used again. Leases of workers end.

    Args:
        url: the database, as of `open_book`; it has to be empty.
        replace: put the backup in the place of what is there. A damaged file of SQLite is set aside.

    Raises:
        InvalidInput: the file is not a backup, is damaged, or the database is not empty.
        BookOutdated: the backup or the book is of another revision.
        BookUnavailable: the database cannot be used now; it is as it was.
    """
    source = Path(file)
    if not source.is_file():
        raise InvalidInput(f"There is no file {source}.")
    with _opened(source) as backup:
        database = Database(url or default_url())
        try:
            aside = _set_aside(database) if replace else None
            schema.check(database)
            return _restored(backup, database, replace=replace, aside=aside)
        finally:
            database.engine.dispose()


def _restored(backup: sa.Engine, database: Database, *, replace: bool, aside: str | None) -> Restored:
    with reading(backup) as source, writing(database.engine) as target:
        if not replace and not is_empty(target):
            raise InvalidInput(
                f"The book {database.shown} is not empty; give an empty database, or --replace to put the backup in "
                "its place."
            )
        highest = target.execute(sa.select(sa.func.max(streams.c.fence))).scalar_one() or 0
        for table in meta.sorted_tables:
            if table is not erasures:
                target.execute(table.delete())
        known = fingerprints(database, target)
        gone, households = erased_households(source, known)
        rows = copy_rows(source, target, without=gone)
        rebuild(target)
        forget_restored(target, known.__contains__)
        remember(target, known, datetime.now(UTC))
        ended = sa.update(streams).values(fence=streams.c.fence + highest + 1, until=NEVER)
        target.execute(ended)  # a worker of the old rows must not go on in the new ones
        remember_in_file(database, *fingerprints(database, target))
    return Restored(rows=rows, households=households - len(gone), erased=len(gone), set_aside=aside)


@contextmanager
def _opened(file: Path) -> Generator[sa.Engine]:
    """Open a backup for reading only; one of an older revision is upgraded in a copy, which is deleted afterwards."""
    engine = _read_only(file)
    with TemporaryDirectory(prefix="fin-infra-") as folder:
        try:
            found = _checked(engine, file)
            if found != schema.REVISIONS[-1]:
                engine.dispose()
                copy = Path(folder) / "backup.db"
                shutil.copyfile(file, copy)
                database = Database(f"sqlite:///{copy}")
                schema.upgrade(database)
                engine = database.engine
            yield engine
        finally:
            engine.dispose()


def _read_only(file: Path) -> sa.Engine:
    query = {"mode": "ro", "uri": "true"}
    return sa.create_engine(sa.URL.create("sqlite", database=f"file:{quote(str(file.resolve()))}", query=query))


def _checked(engine: sa.Engine, file: Path) -> str:
    """Return the revision of a backup that is whole."""
    try:
        with reading(engine) as db:
            whole = db.exec_driver_sql("PRAGMA quick_check").scalar() == "ok"
            found = schema.revision_of(db) if whole else None
    except BookUnavailable:
        whole, found = False, None
    if not whole:
        raise InvalidInput(f"{file} is damaged, or is not a backup of a book; take another one.")
    if found is None:
        raise InvalidInput(f"{file} is not a backup of a book; take one that `fin-infra book backup` has written.")
    if found not in schema.REVISIONS:
        raise BookOutdated(
            f"The backup {file} has revision {found}, which is newer than this program ({schema.REVISIONS[-1]}); "
            "install a newer fin-infra."
        )
    return found


def _set_aside(database: Database) -> str | None:
    """Rename a damaged file of SQLite, so that a new book can take its place; return its new name."""
    file = database.file
    if file is None or not file.exists() or is_whole(database):
        return None
    database.engine.dispose()
    number = 1
    while (aside := file.with_name(f"{file.name}.damaged-{number}")).exists():
        number += 1
    file.rename(aside)
    for end in ("-wal", "-shm"):
        file.with_name(f"{file.name}{end}").unlink(missing_ok=True)
    return str(aside)
