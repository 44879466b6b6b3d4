"""A backup has all of one moment, restores into either database with the same feed, and brings nobody erased back."""

from __future__ import annotations

import os
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fin_infra.book import Book, copying, restore_backup, schema, write_backup
from fin_infra.book.backup import require
from fin_infra.book.engine import Database, reading, writing
from fin_infra.book.feed import read_changes
from fin_infra.book.tables import meta, pages, prices, streams
from fin_infra.book.tombstones import FILE
from fin_infra.errors import BookOutdated, BookUnavailable, InvalidInput, LeaseLost
from fin_infra.transport import Sync
from tests.book.small import NOON, Home, Told, level, page, told
from tests.support.postgres_server import PostgresServer


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def full(database: Database, user: str) -> Home:
    home = Home(database, user)
    home.sync(page(told(f"{user}-1", "-5.10"), told(f"{user}-2", "-7"), levels=[level("100.00")]))
    opened(home).note(opened(home).transactions()[0].id, "planted note")
    flow = home.flow(Told(page(told(f"{user}-3", "-1"), after="1", complete=False)))
    effect = next(flow)
    effect = flow.send(effect.fn())
    effect.fn()  # a kept page, sealed
    flow.close()
    return home


def opened(home: Home, database: Database | None = None) -> Book[Sync]:
    return Book(database or home.database, home.owner, "sync", lambda: home.vault, home.clock)


def rows(database: Database) -> dict[str, list[Any]]:
    with reading(database.engine) as db:
        tables = (table for table in meta.sorted_tables if table is not streams)
        return {table.name: [row for part in copying.stored_rows(db, table) for row in part] for table in tables}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.process)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A second database, empty."""
    if request.param == "sqlite":
        (tmp_path / "elsewhere").mkdir()
        url = f"sqlite:///{tmp_path / 'elsewhere' / 'restored.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.url(server.database())
    found = Database(url)
    yield found
    found.engine.dispose()


def test_backup_when_restored_then_rows_and_feed_are_the_same(
    database: Database, target: Database, tmp_path: Path
) -> None:
    ada, bob = full(database, "ada"), full(database, "bob")
    with writing(database.engine) as db:
        db.execute(prices.insert(), {
            "instrument": "XNAS:AAPL", "day": NOON.date(), "recorded_at": NOON, "source": "x",
            "close": Decimal("255.10"), "currency": "USD",
        })  # fmt: skip
    file = tmp_path / "backup.db"
    written = write_backup(file, url_of(database))
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir() if "backup" in each.name] == ["backup.db"], "one file, no log"
    result = restore_backup(file, url_of(target))
    assert (result.households, result.erased, result.set_aside) == (2, 0, None)
    assert written.rows == result.rows == sum(map(len, rows(database).values())) + 2, "beside them two streams"
    assert rows(target) == rows(database)
    for home in (ada, bob):
        feed = read_changes(database.engine, home.owner, 0, 1_000)
        assert read_changes(target.engine, home.owner, 0, 1_000) == feed
        assert [change.position for change in feed] == list(range(1, len(feed) + 1))
    ada.database = target
    ada.sync(page(told("ada-4", "-2")))  # the kept page opens, its run goes on, the token is there
    assert len(opened(ada).transactions()) == 4


def test_backup_when_a_household_was_erased_since_then_it_is_left_out(
    database: Database, target: Database, tmp_path: Path
) -> None:
    ada, bob = full(database, "ada"), full(database, "bob")
    write_backup(tmp_path / "before.db", url_of(database))
    opened(ada).erase()
    result = restore_backup(tmp_path / "before.db", url_of(database), replace=True)
    assert (result.households, result.erased) == (1, 1)
    assert opened(ada).transactions() == opened(ada).changes() == opened(ada).connections() == []
    assert len(opened(bob).transactions()) == 2
    # a further backup takes the fingerprint along, also to another database
    write_backup(tmp_path / "after.db", url_of(database))
    restore_backup(tmp_path / "after.db", url_of(target))
    assert restore_backup(tmp_path / "before.db", url_of(target), replace=True).erased == 1


def test_household_when_it_begins_again_after_an_erasure_then_its_backup_is_restored(
    database: Database, tmp_path: Path
) -> None:
    opened(full(database, "ada")).erase()
    again = full(database, "ada")
    write_backup(tmp_path / "again.db", url_of(database))
    assert restore_backup(tmp_path / "again.db", url_of(database), replace=True).erased == 0
    assert len(opened(again).transactions()) == 2


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_book_when_it_is_deleted_after_an_erasure_then_the_file_beside_it_remembers(
    database: Database, tmp_path: Path
) -> None:
    ada = full(database, "ada")
    write_backup(tmp_path / "before.db", url_of(database))
    opened(ada).erase()
    database.engine.dispose()
    for file in tmp_path.glob("book.db*"):
        file.unlink()
    assert restore_backup(tmp_path / "before.db", url_of(database)).erased == 1
    (tmp_path / FILE).unlink()  # another machine, which was told nothing
    assert restore_backup(tmp_path / "before.db", url_of(database), replace=True).erased == 1, "the table has it again"


def test_restore_when_the_database_is_not_empty_then_it_is_as_it_was(database: Database, tmp_path: Path) -> None:
    home = full(database, "ada")
    write_backup(tmp_path / "backup.db", url_of(database))
    opened(home).note(opened(home).transactions()[1].id, "later")
    before = rows(database)
    with pytest.raises(InvalidInput, match="is not empty; give an empty database, or --replace"):
        restore_backup(tmp_path / "backup.db", url_of(database))
    assert rows(database) == before
    restore_backup(tmp_path / "backup.db", url_of(database), replace=True)
    assert [row.note for row in opened(home).transactions()].count("later") == 0


def test_worker_when_it_slept_through_a_restore_then_it_writes_nothing(database: Database, tmp_path: Path) -> None:
    home = full(database, "ada")
    write_backup(tmp_path / "backup.db", url_of(database))
    flow = home.flow(Told(page(told("ada-9", "-9"), after="2", complete=False)))
    effect = next(flow)
    effect = flow.send(effect.fn())
    restore_backup(tmp_path / "backup.db", url_of(database), replace=True)
    home.sync()
    with pytest.raises(LeaseLost):
        effect.fn()
    flow.close()


def test_backup_when_the_name_is_taken_then_that_file_is_left_alone(database: Database, tmp_path: Path) -> None:
    (tmp_path / "backup.db").write_text("mine")
    with pytest.raises(InvalidInput, match="is there already; give the backup another name"):
        write_backup(tmp_path / "backup.db", url_of(database))
    assert (tmp_path / "backup.db").read_text() == "mine"
    with pytest.raises(InvalidInput, match="make it first"):
        write_backup(tmp_path / "none" / "backup.db", url_of(database))


def test_backup_when_it_fails_in_the_middle_then_there_is_no_half_file(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full(database, "ada")

    def full_disk(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fin_infra.book.backup.publish", full_disk)
    with pytest.raises(BookUnavailable, match="the disk is full"):
        write_backup(tmp_path / "backup.db", url_of(database))
    assert [each.name for each in tmp_path.iterdir() if "backup" in each.name] == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (lambda file: file.write_bytes(b"nonsense" * 1_000), InvalidInput, "is damaged, or is not a backup"),
        (lambda file: file.write_bytes(file.read_bytes()[:20_000]), InvalidInput, "is damaged"),
        (lambda file: file.unlink(), InvalidInput, "There is no file"),
        (lambda file: run(file, "DROP TABLE book_revision"), InvalidInput, "is not a backup of a book"),
        (lambda file: run(file, "UPDATE book_revision SET version_num = '9999'"), BookOutdated, "newer than this"),
    ],
)
def test_restore_when_the_file_cannot_be_used_then_one_sentence_and_the_book_stays(
    database: Database, tmp_path: Path, spoil: Any, error: type[Exception], words: str
) -> None:
    full(database, "ada")
    write_backup(tmp_path / "backup.db", url_of(database))
    before = rows(database)
    spoil(tmp_path / "backup.db")
    with pytest.raises(error, match=words):
        restore_backup(tmp_path / "backup.db", url_of(database), replace=True)
    assert rows(database) == before


def run(file: Path, statement: str) -> None:
    with sqlite3.connect(file) as db:
        db.execute(statement)
    db.close()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_restore_when_the_backup_is_older_then_a_copy_of_it_is_upgraded(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = full(database, "ada")
    write_backup(tmp_path / "backup.db", url_of(database))
    run(tmp_path / "backup.db", "UPDATE book_revision SET version_num = '0000'")
    before = (tmp_path / "backup.db").read_bytes()
    monkeypatch.setattr(schema, "REVISIONS", ("0000", *schema.REVISIONS))
    upgraded: list[Database] = []

    def upgrade(copy: Database) -> None:
        upgraded.append(copy)
        with writing(copy.engine) as db:
            db.execute(sa.text("UPDATE book_revision SET version_num = '0001'"))

    monkeypatch.setattr(schema, "upgrade", upgrade)
    restore_backup(tmp_path / "backup.db", url_of(database), replace=True)
    [copy] = upgraded
    assert copy.file is not None
    assert not copy.file.exists(), "a copy of personal data stays nowhere"
    assert (tmp_path / "backup.db").read_bytes() == before
    assert len(opened(home).transactions()) == 2


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_restore_when_the_book_is_damaged_then_it_is_set_aside(database: Database, tmp_path: Path) -> None:
    home = full(database, "ada")
    write_backup(tmp_path / "backup.db", url_of(database))
    database.engine.dispose()
    for name in ("book.db-wal", "book.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    with (tmp_path / "book.db").open("r+b") as file:
        file.seek(4_096)
        file.write(os.urandom(40_000))
    with pytest.raises(BookUnavailable, match="the file is damaged; restore it"):
        opened(home).transactions()
    database.engine.dispose()
    result = restore_backup(tmp_path / "backup.db", url_of(database), replace=True)
    assert result.set_aside == str(tmp_path / "book.db.damaged-1")
    assert len(opened(home).transactions()) == 2


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_backup_when_somebody_writes_meanwhile_then_it_is_of_one_moment(database: Database, tmp_path: Path) -> None:
    home = full(database, "ada")
    with writing(database.engine) as db:
        db.execute(pages.delete())
        write_backup(tmp_path / "backup.db", url_of(database))
    with reading(Database(f"sqlite:///{tmp_path / 'backup.db'}").engine) as db:
        assert db.execute(sa.select(sa.func.count()).select_from(pages)).scalar_one() == 1
    assert home.row() is not None


def test_backup_when_there_is_no_book_then_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no book at"):
        write_backup(tmp_path / "backup.db", f"sqlite:///{tmp_path / 'none.db'}")
    assert list(tmp_path.iterdir()) == []
    require(Database("postgresql://nobody@127.0.0.1:1/x"))
