"""Erasing a household: keys first, then every row, then what the files hold; nobody else loses anything."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from fin_infra.book import Book, erasure, open_book
from fin_infra.book.engine import Database, reading
from fin_infra.book.feed import read_changes
from fin_infra.book.lease import Owner
from fin_infra.book.tables import PERSONAL, connections, meta
from fin_infra.book.tombstones import FILE, fingerprint_of, fingerprints
from fin_infra.errors import BookUnavailable, LeaseLost
from fin_infra.transport import Sync
from fin_infra.transport.local import LocalTransport
from tests.book.small import TOKEN, Home, Told, level, page, stored_bytes, told

PLANTED = ["PLANTED-MERCHANT", "planted note", "raw words", TOKEN, "Model Bank"]


def opened(home: Home) -> Book[Sync]:
    return Book(home.database, home.owner, "sync", lambda: home.vault, home.clock)


def full(home: Home) -> Book[Sync]:
    home.sync(page(told("t-1", "-5", text="PLANTED-MERCHANT"), told("t-2", "-7"), levels=[level("100")]))
    book = opened(home)
    book.note(book.transactions()[0].id, "planted note")
    return book


def test_erase_when_done_then_no_table_has_a_row_and_the_other_household_has_all(database: Database) -> None:
    ada, bob = Home(database, "ada"), Home(database, "bob")
    book, other = full(ada), full(bob)
    before = read_changes(database.engine, bob.owner, 0, 1_000), other.transactions(), other.balances()
    result = book.erase()
    assert result.left == {}
    assert {name: count for name, count in result.rows.items() if count} == {
        # the log: connection, account, two transactions, balance, note
        "households": 1,
        "connections": 1,
        "streams": 1,
        "accounts": 1,
        "balances": 1,
        "transactions": 2,
        "aliases": 2,
        "said": 1,
        "changes": 6,
    }
    with reading(database.engine) as db:
        for table in PERSONAL:
            count = sa.select(sa.func.count()).select_from(table)
            assert db.execute(count.where(ada.owner.of(table))).scalar_one() == 0, table.name
    assert (read_changes(database.engine, bob.owner, 0, 1_000), other.transactions(), other.balances()) == before
    assert book.transactions() == book.changes() == book.connections() == []
    again = book.erase()
    assert (set(again.rows.values()), again.left) == ({0}, {})


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_erase_when_done_then_the_files_have_no_planted_text(database: Database) -> None:
    home = Home(database)
    book = full(home)
    assert stored_bytes(database, PLANTED) == ["PLANTED-MERCHANT", "planted note", "Model Bank"]
    assert book.erase().scrubbed is True
    assert stored_bytes(database, PLANTED) == []
    assert database.file is not None
    wal = database.file.with_name("book.db-wal")
    assert not wal.exists() or wal.stat().st_size == 0
    marked = database.file.with_name(FILE)
    assert marked.stat().st_mode & 0o777 == 0o600
    assert len(marked.read_text().split()) == 1
    assert "ada" not in marked.read_text()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_erase_when_another_process_reads_then_it_says_that_the_files_are_not_done(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(database)
    book = full(home)
    monkeypatch.setattr("fin_infra.book.engine.WAIT_S", 0.1)
    reader = Database(database.engine.url.render_as_string())
    impatient = Database(database.engine.url.render_as_string())
    home.database = impatient
    with reading(reader.engine) as db:
        db.execute(sa.select(connections)).all()
        result = opened(home).erase()
    assert (result.left, result.scrubbed) == ({}, False)
    assert opened(home).erase().scrubbed is True
    assert stored_bytes(database, PLANTED) == []
    for each in (reader, impatient, book.database):
        each.engine.dispose()


def test_erase_when_it_is_cut_off_after_the_keys_then_tokens_are_gone_and_the_next_one_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(database)
    book = full(home)

    def fail(*_args: object) -> None:
        raise BookUnavailable("the database went away")

    flow = home.flow(Told(page(told("t-3", "-9"))))
    effect = next(flow)
    effect = flow.send(effect.fn())
    with monkeypatch.context() as patched:
        patched.setattr(erasure, "delete_rows", fail)
        with pytest.raises(BookUnavailable):
            book.erase()
    with reading(database.engine) as db:
        [row] = db.execute(sa.select(connections)).all()
        assert (row.sealed, row.data_key) == (None, None)
        fingerprint = fingerprint_of(db, home.owner)
        assert fingerprint in fingerprints(database, db), "a backup from before is kept out from the first step on"
    with pytest.raises(LeaseLost):
        effect.fn()
    flow.close()
    assert book.sync() == [], "nobody syncs it with the credentials of the environment"
    assert len(book.transactions()) == 2
    assert book.erase().left == {}


def test_erase_when_a_worker_is_in_its_sync_then_it_writes_nothing_any_more(database: Database) -> None:
    home = Home(database)
    book = full(home)
    flow = home.flow(Told(page(told("t-3", "-9"))))
    effect = next(flow)
    effect = flow.send(effect.fn())
    book.erase()
    with pytest.raises(LeaseLost):
        effect.fn()
    flow.close()
    assert erasure.left(database, home.owner) == {}
    with pytest.raises(LeaseLost, match="was erased"):  # it had read the connection before
        LocalTransport().run(late(home))
    assert erasure.left(database, home.owner) == {}


def late(home: Home):
    from fin_infra.book.sync import Progress, sync

    return sync(home.database.engine, home.owner, home.connection, Told(), home.clock, Progress())


def test_household_when_it_begins_again_then_it_has_another_mark(database: Database) -> None:
    home = Home(database)
    with reading(database.engine) as db:
        first = fingerprint_of(db, home.owner)
    opened(home).erase()
    home = Home(database)
    with reading(database.engine) as db:
        assert fingerprint_of(db, home.owner) not in (None, first)
        assert fingerprint_of(db, Owner("default", "nobody")) is None


def test_tables_when_one_is_personal_then_erasure_knows_it() -> None:
    personal = {table.name for table in meta.sorted_tables if {"tenant", "user_id"} & set(table.c.keys())}
    assert personal == {table.name for table in PERSONAL}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_erase_when_the_book_is_opened_by_its_url_then_it_works_as_well(database: Database) -> None:
    home = Home(database)
    home.sync(page(told("t-1", "-5")))
    book = open_book(database.engine.url.render_as_string(), user="ada", vault=home.vault)
    assert book.erase().left == {}
    book.engine.dispose()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_household_when_async_then_export_reconcile_and_erase_answer_as_well(
    database: Database, tmp_path: Path
) -> None:
    home = Home(database)
    full(home)

    async def main() -> tuple[int, int, dict[str, int]]:
        book = Book(database, home.owner, "async", lambda: home.vault, home.clock)
        written = await book.export(tmp_path / "out")
        found = await book.reconcile()
        return written.rows["transactions.csv"], len(found), dict((await book.erase()).left)

    assert asyncio.run(main()) == (2, 0, {})
