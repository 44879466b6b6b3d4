"""A process that works on a book, and may kill itself in the middle: `python -m tests.book.worker WHAT URL ...`."""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from fin_infra.book import logins, schema
from fin_infra.book.engine import Database
from fin_infra.book.lease import Owner
from fin_infra.book.read import read
from fin_infra.book.sync import Progress, sync
from fin_infra.security.keyring import Keyring
from fin_infra.security.vault import Vault
from fin_infra.transport.local import LocalTransport
from tests.book.small import page, told


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Dying:
    """A vendor of so many pages, of which one is the last that the process lives to see."""

    resumes = True

    def __init__(self, pages: int, dies_at: int) -> None:
        self.pages, self.dies_at = pages, dies_at

    def changes(self, cursor: str) -> Any:
        yield from ()
        number = int(cursor or "0") + 1
        if number == self.dies_at:
            die()
        return page(told(f"t-{number}", f"-{number}"), after=str(number), complete=number == self.pages)


def sync_pages(url: str, connection: str, dies_at: str) -> None:
    """Sync a login of five pages."""
    _sync(Database(url), connection, Dying(5, int(dies_at)))


def sync_often(url: str, own: str, shared: str) -> None:
    """Sync one login fifteen times with ten new rows each, and one that another process syncs as well."""
    database = Database(url)
    for number in range(15):
        _sync(database, own, _Batch(own, number))
        _sync(database, shared, _Batch(shared, number))


class _Batch:
    resumes = True

    def __init__(self, connection: str, number: int) -> None:
        self.connection, self.number = connection, number

    def changes(self, cursor: str) -> Any:
        yield from ()
        names = [f"{self.connection}-{self.number}-{each}" for each in range(10)]
        return page(*(told(name, "-1", text=name) for name in names), after=str(self.number))


def _sync(database: Database, connection: str, source: Any) -> None:
    owner, vault = Owner("default", "ada"), Vault(Keyring.from_env())
    row = read(database.engine, logins.stored, owner, connection)
    sealer = logins.sealer_of(row, owner, vault, payloads=True)

    def clock() -> datetime:
        return datetime.now(UTC)

    LocalTransport().run(sync(database.engine, owner, connection, source, clock, Progress(), sealer))


def upgrade(url: str, tables: str) -> None:
    """Make the tables, and die after so many of them."""
    database = Database(url)
    left = [int(tables)]

    def count(_db: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().startswith("CREATE TABLE"):
            left[0] -= 1
            if not left[0]:
                die()

    sa.event.listen(database.engine, "after_cursor_execute", count)
    schema.upgrade(database)


if __name__ == "__main__":
    {"sync_pages": sync_pages, "sync_often": sync_often, "upgrade": upgrade}[sys.argv[1]](*sys.argv[2:])
