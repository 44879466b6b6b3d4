"""Which revision of the tables a book has, and how it comes to the one of this program.
Floor 6: Alembic runs the revisions and is imported only then; an upgrade is one transaction, whole or not there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from fin_infra.book.engine import Database, reading, writing
from fin_infra.errors import BookOutdated

REVISIONS: Final = tuple(f"{number:04}" for number in range(1, 14))
"""Every revision, the oldest first; the last is what this program works with."""
VERSION_TABLE: Final = "book_revision"
_LOCK = 0x66696E62
"""Number of the advisory lock under which PostgreSQL is upgraded."""


def revision(database: Database) -> str | None:
    """Return the revision of a book, None where the database has no book yet.

    Raises:
        BookUnavailable: the database cannot be used now.
    """
    with reading(database.engine) as db:
        return revision_of(db)


def revision_of(db: sa.Connection) -> str | None:
    if not sa.inspect(db).has_table(VERSION_TABLE):
        return None
    found = db.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608  # nosec B608  # a constant
    return None if found is None else str(found)


def check(database: Database) -> None:
    """Make a book where the database has none, and refuse one of another revision.

    Raises:
        BookOutdated: its tables are older or newer than this program's.
        BookUnavailable: the database cannot be used now.
    """
    found = revision(database)
    if found is None:
        upgrade(database)
    elif found not in REVISIONS:
        raise BookOutdated(
            f"The book {database.shown} has revision {found}, which is newer than this program ({REVISIONS[-1]}); "
            "install a newer fin-infra."
        )
    elif found != REVISIONS[-1]:
        raise BookOutdated(
            f"The book {database.shown} has revision {found}, and this program works with {REVISIONS[-1]}; run "
            "`fin-infra book upgrade`."
        )


def upgrade(database: Database, to: str = "head") -> tuple[str | None, str]:
    """Bring the tables to a revision, and return the one before and the one now.

    Raises:
        BookOutdated: the book is newer than this program.
        BookUnavailable: the database cannot be used now; the book is as it was.
    """
    with writing(database.engine) as db:
        if db.dialect.name == "postgresql":
            db.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        before = revision_of(db)
        if before is not None and before not in REVISIONS:
            raise BookOutdated(f"The book {database.shown} has revision {before}, which this program does not know.")
        _run(db, to)
        return before, revision_of(db) or ""


def _run(db: sa.Connection, to: str) -> None:
    import logging

    from alembic import command

    logging.getLogger("alembic").setLevel(logging.WARNING)
    command.upgrade(config(db), to)


def config(db: sa.Connection | None = None) -> Any:
    """Return Alembic's configuration of the revisions in this package, for a service that runs its own."""
    from alembic.config import Config

    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "revisions"))
    found.attributes["connection"] = db
    return found
