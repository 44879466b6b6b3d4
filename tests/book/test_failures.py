"""What goes wrong for people: one clear sentence each, and the next run recovers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fin_infra.book import ConnectionState, logins, open_book, schema
from fin_infra.book.checks import check
from fin_infra.book.engine import Database, reading
from fin_infra.book.read import read
from fin_infra.book.tables import changes, transactions
from fin_infra.errors import BookOutdated, BookUnavailable, ConfigurationError, VaultError
from fin_infra.providers.registry import reset
from fin_infra.security.keyring import Keyring, new_key_text
from fin_infra.security.vault import Vault
from fin_infra.testing import sandbox
from fin_infra.transport.local import LocalTransport
from tests.book.small import Home, Told, again, level, page, told
from tests.support.postgres_server import PostgresServer

ROOT = Path(__file__).resolve().parents[2]
KEYS = new_key_text("one")
ONLY_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
ONLY_POSTGRES = pytest.mark.parametrize("url", ["postgres"], indirect=True)


def home_in(database: Database, token: str = "token") -> Home:
    return Home(database, vault=Vault(Keyring.from_text(KEYS)), token=token)


def amounts(home: Home) -> list[str]:
    with reading(home.database.engine) as db:
        found = db.execute(sa.select(transactions.c.amount).where(home.owner.of(transactions)))
        return sorted(map(str, found.scalars()))


@contextmanager
def limited(database: Database, pragma: str) -> Iterator[None]:
    """Let every connection to a book in SQLite have a pragma."""

    def limit(raw: Any, _record: Any) -> None:
        raw.execute(pragma)

    database.engine.dispose()
    sa.event.listen(database.engine, "connect", limit)
    try:
        yield
    finally:
        sa.event.remove(database.engine, "connect", limit)
        database.engine.dispose()


def in_process(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.book.worker", *words],
        cwd=ROOT,
        env={**os.environ, "FIN_INFRA_VAULT_KEYS": KEYS},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# --- the vendor and the vault -------------------------------------------------------------------------------------
def test_sync_when_the_enrollment_has_ended_then_the_person_is_told_and_a_new_token_goes_on(tmp_path: Path) -> None:
    with sandbox():
        reset()
        book = open_book(f"sqlite:///{tmp_path / 'book.db'}")
        connection = book.connect("banking:teller", "test_token_sandbox")
        rows = len(book.transactions(limit=100_000))
        ended = book.reconnect(connection.id, "test_token_disconnected")
        assert ended.state is ConnectionState.PERSON_MUST_ACT
        assert ended.next_step == "Sign in at the vendor again, then connect with the new token."
        [result] = book.sync()
        assert (result.state, result.changes) == (ConnectionState.PERSON_MUST_ACT, 0)
        assert result.error
        assert "test_token" not in f"{result.error} {ended.reason}"
        assert len(book.transactions(limit=100_000)) == rows > 1_000, "history stays"
        assert book.reconnect(connection.id, "test_token_sandbox").state is ConnectionState.HEALTHY
        assert len(book.transactions(limit=100_000)) == rows
        book.engine.dispose()


def test_sync_when_the_vault_key_is_not_there_then_it_is_named_and_the_right_one_goes_on(tmp_path: Path) -> None:
    with sandbox():
        reset()
        url = f"sqlite:///{tmp_path / 'book.db'}"
        open_book(url, vault=Vault(Keyring.from_text(KEYS))).connect("banking:teller", "test_token_sandbox")
        for keys, words in (
            (new_key_text("two"), "There is no vault key 'one', only two; add it"),
            (new_key_text("one"), "does not open with the vault key 'one'"),
        ):
            book = open_book(url, vault=Vault(Keyring.from_text(keys)))
            [result] = book.sync()
            assert (result.state, result.changes) == (ConnectionState.STALE, 0)
            assert result.code in ("fin.vault_key_missing", "fin.seal_broken")
            [row] = book.connections()
            assert row.next_step == "Put the vault key back that sealed the token, then sync again."
            stored = read(book.engine, logins.stored, book.owner, row.id)
            with pytest.raises(VaultError, match=words):
                logins.opened(stored, book.owner, book.vault())
            assert book.transactions(), "what is there can be read without the key"
        [result] = open_book(url, vault=Vault(Keyring.from_text(KEYS))).sync()
        assert (result.state, result.error) == (ConnectionState.HEALTHY, None)
        accounts = [row.id for row in book.accounts()]
        found = book.reconnect(row.id, "test_token_sandbox")
        assert found.state is ConnectionState.HEALTHY, "new credentials need no lost key"
        assert [row.id for row in book.accounts()] == accounts


def test_vault_when_no_key_is_set_for_postgres_then_the_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from fin_infra.book.book import _vault_of

    for name in ("FIN_INFRA_VAULT_KEYS", "FIN_INFRA_VAULT_KEYS_FILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match="Neither FIN_INFRA_VAULT_KEYS nor FIN_INFRA_VAULT_KEYS_FILE is set"):
        _vault_of(Database("postgresql://nobody@127.0.0.1:1/x"), None)()


# --- the database -------------------------------------------------------------------------------------------------
@ONLY_POSTGRES
def test_sync_when_the_database_hangs_up_in_a_transaction_then_the_next_run_has_each_row_once(
    database: Database, postgres: PostgresServer
) -> None:
    home = home_in(database)
    name = database.engine.url.database
    assert name is not None
    done: list[bool] = []

    def hang_up(_db: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO transactions") and not done:
            done.append(True)
            postgres.hang_up(name)

    sa.event.listen(database.engine, "before_cursor_execute", hang_up)
    pages = [page(told("t-1", "-1"), told("t-2", "-2"), levels=[level("5")])]
    with pytest.raises(BookUnavailable, match="the database does not answer; see that it runs"):
        home.sync(*pages)
    assert done
    assert amounts(home) == []
    home.sync(*pages)
    assert amounts(home) == ["-1", "-2"]
    assert check(database) == []


@ONLY_POSTGRES
def test_sync_when_the_database_is_killed_between_pages_then_the_next_run_goes_on(
    database: Database, postgres: PostgresServer
) -> None:
    home = home_in(database)
    source = Told(page(told("t-1", "-1"), after="1", complete=False), page(told("t-2", "-2")))
    flow = home.flow(source)
    effect = next(flow)
    effect = flow.send(effect.fn())
    effect = flow.send(effect.fn())
    with postgres.killed():
        with pytest.raises(BookUnavailable, match="does not answer") as failed:
            effect.fn()
        assert "hunter2" not in str(failed.value)
        effect = flow.throw(failed.value)
        with pytest.raises(BookUnavailable):
            flow.send(effect.fn())
    home.sync(page(told("t-2", "-2")))
    assert amounts(home) == ["-1", "-2"]
    assert check(database) == []


@ONLY_SQLITE
def test_sync_when_the_disk_is_full_then_nothing_of_the_page_is_there_and_the_next_run_goes_on(
    database: Database,
) -> None:
    home = home_in(database)
    home.sync(page(told("t-0", "-0.5")))
    many = page(*(told(f"t-{number}", "-1", text="x" * 200) for number in range(1, 3_000)))
    pages = sa.text("PRAGMA page_count")
    with database.engine.connect() as db:
        count = db.execute(pages).scalar_one()
    with limited(database, f"PRAGMA max_page_count={count + 3}"), pytest.raises(BookUnavailable) as failed:
        home.sync(many)
    assert "the disk is full; free some space, then run the same again: nothing of it was written" in str(failed.value)
    assert "xxxx" not in str(failed.value)
    assert amounts(home) == ["-0.5"]
    home.sync(many)
    assert len(amounts(home)) == 3_000
    assert check(database) == []


@ONLY_SQLITE
def test_sync_when_the_file_may_only_be_read_then_it_says_so_and_reading_goes_on(database: Database) -> None:
    home = home_in(database)
    home.sync(page(told("t-1", "-1")))
    with limited(database, "PRAGMA query_only=ON"):
        with pytest.raises(BookUnavailable, match="it may not be written; give yourself the right to write"):
            home.sync(page(told("t-2", "-2")))
        assert amounts(home) == ["-1"]
    home.sync(page(told("t-2", "-2")))
    assert amounts(home) == ["-1", "-2"]


def test_open_when_the_folder_cannot_be_made_then_the_sentence_names_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BookUnavailable, match="check that its folder is there and may be written"):
        open_book(f"sqlite:///{tmp_path / 'file' / 'book.db'}")
    (tmp_path / "notes.db").write_text("these are my notes, in a file of another program " * 100)
    with pytest.raises(BookUnavailable, match="something other than a book; give another path"):
        open_book(f"sqlite:///{tmp_path / 'notes.db'}")
    assert (tmp_path / "notes.db").read_text().startswith("these are my notes")


# --- processes ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dies_at", [2, 4])
def test_sync_when_it_is_killed_between_pages_then_the_next_one_has_each_row_once(
    database: Database, dies_at: int
) -> None:
    home = home_in(database)
    url = database.engine.url.render_as_string(hide_password=False)
    done = in_process("sync_pages", url, home.connection, str(dies_at))
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert amounts(home) == [], "nobody sees a part of a run"
    home = again(home, database)
    home.now = datetime.now(UTC)  # the dead worker's lease ends by itself
    rest = [page(told(f"t-{each}", f"-{each}"), after=str(each), complete=each == 5) for each in range(dies_at, 6)]
    home.sync(*rest)
    assert amounts(home) == ["-1", "-2", "-3", "-4", "-5"]
    assert check(database) == []


@ONLY_SQLITE
def test_processes_when_two_sync_one_file_at_once_then_both_end_and_nothing_is_lost(database: Database) -> None:
    one, other, shared = (home_in(database, token) for token in ("one", "other", "shared"))
    url = database.engine.url.render_as_string()
    words = [sys.executable, "-m", "tests.book.worker", "sync_often", url]
    environment = {**os.environ, "FIN_INFRA_VAULT_KEYS": KEYS}
    running = [
        subprocess.Popen([*words, own, shared.connection], cwd=ROOT, env=environment, stderr=subprocess.PIPE)
        for own in (one.connection, other.connection)
    ]
    for process in running:
        _, told_ = process.communicate(timeout=60)
        assert process.returncode == 0, told_.decode()
    with reading(database.engine) as db:
        stored = db.execute(sa.select(transactions.c.source, transactions.c.vendor_id)).all()
        positions = db.execute(sa.select(changes.c.position).order_by(changes.c.position)).scalars().all()
    assert len(stored) == len(set(stored))
    for home in (one, other):
        assert sum(source == home.connection for source, _ in stored) == 150
    assert sum(source == shared.connection for source, _ in stored) % 10 == 0, "a page of it is whole or not there"
    assert list(positions) == list(range(1, len(positions) + 1))
    assert check(database) == []


@pytest.mark.parametrize("tables", [1, 9])
def test_upgrade_when_it_is_killed_in_the_middle_then_the_book_is_usable(bare_url: str, tables: int) -> None:
    done = in_process("upgrade", bare_url, str(tables))
    assert done.returncode == -signal.SIGKILL, done.stderr
    database = Database(bare_url)
    assert schema.revision(database) is None, "an upgrade is whole or not there"
    with reading(database.engine) as db:
        assert sa.inspect(db).get_table_names() == []
    schema.check(database)
    home = home_in(database)
    home.sync(page(told("t-1", "-1")))
    assert amounts(home) == ["-1"]
    assert check(database) == []
    database.engine.dispose()


def test_upgrade_when_it_is_killed_between_revisions_then_the_book_of_before_is_there(bare_url: str) -> None:
    database = Database(bare_url)
    schema.upgrade(database, "0001")
    for _ in range(2):
        done = in_process("upgrade", bare_url, "1")
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert schema.revision(database) == "0001"
        with pytest.raises(BookOutdated, match=r"revision 0001, .* `fin-infra book upgrade`"):
            schema.check(database)
    assert schema.upgrade(database) == ("0001", schema.REVISIONS[-1])
    home = home_in(database)
    home.sync(page(told("t-2", "-2")))
    assert amounts(home) == ["-2"]
    assert check(database) == []
    database.engine.dispose()


def test_sync_when_a_worker_is_busy_then_the_other_one_says_so_and_loses_nothing(database: Database) -> None:
    home = home_in(database)
    flow = home.flow(Told(page(told("t-1", "-1"))))
    effect = next(flow)
    effect = flow.send(effect.fn())
    assert LocalTransport().run(at_once(home)) is False
    with suppress(StopIteration):
        while True:
            effect = flow.send(effect.fn())
    assert amounts(home) == ["-1"]


def at_once(home: Home) -> Any:
    from fin_infra.book.sync import Progress, sync

    return sync(home.database.engine, home.owner, home.connection, Told(), home.clock, Progress())
