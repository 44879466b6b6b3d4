"""The order journal, in SQLite and in a real PostgreSQL: one suite for both, and what only PostgreSQL can meet."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from asset_aggregator.orders_journal import PostgresJournal
from fin_infra.errors import ConfigurationError, JournalUnavailable, OrderChecksFailed
from fin_infra.trading import JournalEntry, SqliteJournal, State
from fin_infra.trading.journal import SqlJournal
from tests.support.postgres_server import PASSWORD, PostgresServer

NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
DAY = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


class Place:
    """Where a journal is: opened anew by each process, or each thread, that uses it."""

    def __init__(self, target: str, raw: Callable[[str], Any]) -> None:
        self.target = target
        self.raw = raw

    def open(self) -> SqlJournal:
        return PostgresJournal(self.target) if "://" in self.target else SqliteJournal(self.target)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.process)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        return Place(str(tmp_path / "orders.sqlite3"), lambda statement: _sqlite(tmp_path, statement))
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.database()
    return Place(server.url(name), lambda statement: server.run(statement, name))


def _sqlite(folder: Path, statement: str) -> list[Any]:
    import sqlite3

    with closing(sqlite3.connect(folder / "orders.sqlite3", isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
def journal(place: Place) -> Iterator[SqlJournal]:
    opened = place.open()
    yield opened
    opened.close()


def entry(ident: str = "fin-1", attempt: str = "a", **facts: Any) -> JournalEntry:
    given: dict[str, Any] = {
        "account": "account-1",
        "client_order_id": ident,
        "attempt": attempt,
        "fingerprint": "f" * 64,
        "summary": "buy 10 US:AAPL limit 187.5 day",
        "estimate": Decimal("1875.00"),
        "at": NOON,
        "lands_by": NOON + timedelta(seconds=150),
    }
    return JournalEntry(**(given | facts))


def agree(known: JournalEntry | None, others: Sequence[JournalEntry]) -> None:
    pass


def refuse(known: JournalEntry | None, others: Sequence[JournalEntry]) -> None:
    raise OrderChecksFailed([("test", "No.")])


def test_attempt_when_opened_then_found_with_every_fact(journal: SqlJournal) -> None:
    assert journal.open(entry(), DAY, agree) is None
    assert journal.find("account-1", "fin-1") == [entry()]
    assert journal.find("account-2", "fin-1") == []


def test_attempt_when_recorded_then_its_last_state_counts(journal: SqlJournal) -> None:
    journal.open(entry(), DAY, agree)
    journal.record(entry(), State.UNKNOWN, NOON, None)
    journal.record(entry(), State.PLACED, NOON, "order-1")
    (found,) = journal.find("account-1", "fin-1")
    assert (found.state, found.order_id, found.at) == (State.PLACED, "order-1", NOON)


def test_order_when_placed_then_open_gives_it_and_nothing_unplaces_it(journal: SqlJournal, place: Place) -> None:
    journal.open(entry(), DAY, agree)
    journal.record(entry(), State.PLACED, NOON, "order-1")
    other = journal.open(entry(attempt="b"), DAY, agree)
    assert other is not None
    assert other.order_id == "order-1"
    assert journal.record(entry(attempt="b"), State.ABSENT, NOON, None).state is State.PLACED
    assert place.raw("SELECT count(*) FROM order_journal")[0][0] == 2


def test_open_when_the_judge_refuses_then_nothing_is_written(journal: SqlJournal) -> None:
    with pytest.raises(OrderChecksFailed):
        journal.open(entry(), DAY, refuse)
    assert journal.find("account-1", "fin-1") == []
    assert journal.open(entry(), DAY, agree) is None


def test_judge_when_asked_then_it_sees_other_orders_of_the_day_that_count(journal: SqlJournal) -> None:
    orders = {"yesterday": DAY - timedelta(seconds=1), "first": DAY, "second": NOON, "refused": NOON}
    for ident, at in orders.items():
        journal.open(entry(ident, at=at), DAY, agree)
    journal.record(entry("refused"), State.REFUSED, NOON, None)
    journal.open(entry("elsewhere", account="account-2"), DAY, agree)
    seen: list[str] = []
    journal.open(entry(), DAY, lambda known, others: seen.extend(one.client_order_id for one in others))
    assert sorted(seen) == ["first", "second"]


def test_unresolved_when_asked_then_oldest_first_without_those_that_ended(journal: SqlJournal) -> None:
    assert journal.unfinished() is False
    for ident in ("one", "two", "three", "four"):
        journal.open(entry(ident), DAY, agree)
    journal.record(entry("one"), State.UNKNOWN, NOON, None)
    journal.record(entry("two"), State.ABSENT, NOON, None)
    journal.open(entry("three", attempt="b"), DAY, agree)
    journal.record(entry("three", attempt="b"), State.PLACED, NOON, "order-3")
    assert [found.client_order_id for found in journal.unresolved("account-1")] == ["four", "one"]
    assert journal.unresolved("account-2") == []
    assert journal.unfinished() is True


@pytest.mark.parametrize("statement", ["UPDATE order_journal SET state = 'absent'", "DELETE FROM order_journal"])
def test_lines_when_changed_from_outside_then_the_database_refuses(
    journal: SqlJournal, place: Place, statement: str
) -> None:
    journal.open(entry(), DAY, agree)
    with pytest.raises(Exception, match="append-only"):
        place.raw(statement)
    assert journal.find("account-1", "fin-1") == [entry()]


def test_journal_when_opened_again_then_it_knows_everything(journal: SqlJournal, place: Place) -> None:
    journal.open(entry(), DAY, agree)
    with closing(place.open()) as other:
        assert other.find("account-1", "fin-1") == [entry()]
        assert other.unfinished() is True


def at_most_three(known: JournalEntry | None, others: Sequence[JournalEntry]) -> None:
    """A limit that only an atomic open can keep, the more so the longer it takes to judge."""
    time.sleep(0.05)
    if len(others) >= 3:
        raise OrderChecksFailed([("test", "No more than three.")])


def try_open(journal: SqlJournal, ident: str) -> bool:
    try:
        return journal.open(entry(ident), DAY, at_most_three) is None
    except OrderChecksFailed:
        return False


@pytest.mark.parametrize("shared", [True, False], ids=["one-journal", "a-journal-each"])
def test_open_when_many_threads_do_it_then_a_limit_holds_exactly(place: Place, shared: bool) -> None:
    journals = [place.open() for _ in range(1 if shared else 8)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda n: try_open(journals[n % len(journals)], f"fin-{n}"), range(24)))
    for each in journals:
        each.close()
    assert sum(outcomes) == 3


PROCESS = """
    import sys
    from tests.asset_aggregator.test_orders_journal import Place, try_open

    journal = Place(sys.argv[1], None).open()
    print(sum(try_open(journal, f"fin-{sys.argv[2]}-{n}") for n in range(6)))
"""


def test_open_when_many_processes_do_it_then_a_limit_holds_exactly(place: Place) -> None:
    command = [sys.executable, "-c", textwrap.dedent(PROCESS), place.target]
    folder = Path(__file__).resolve().parents[2]
    running = [
        subprocess.Popen([*command, str(n)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for n in range(4)
    ]
    ends = [process.communicate(timeout=120) for process in running]
    assert sum(int(out or 0) for out, _ in ends) == 3, ends


def test_connection_when_lost_between_two_steps_then_nobody_notices(postgres: PostgresServer) -> None:
    name = postgres.database()
    with closing(PostgresJournal(postgres.url(name))) as journal:
        journal.open(entry(), DAY, agree)
        postgres.hang_up(name)
        journal.record(entry(), State.PLACED, NOON, "order-1")
        assert journal.find("account-1", "fin-1")[0].order_id == "order-1"


def test_journal_when_forked_in_use_then_parent_and_children_have_connections_of_their_own(
    postgres: PostgresServer,
) -> None:
    """One connection in four processes would give each the others' rows."""
    name = postgres.database()
    with closing(PostgresJournal(postgres.url(name))) as journal:
        journal.open(entry(), DAY, agree)

        def work(number: int) -> None:
            own = [entry(f"fin-{number}-{turn}") for turn in range(25)]
            for each in own:
                journal.open(each, DAY, agree)
                [found] = journal.find("account-1", each.client_order_id)
                assert found.client_order_id == each.client_order_id

        children = [get_context("fork").Process(target=work, args=(number,)) for number in range(3)]
        for child in children:
            child.start()
        work(3)
        for child in children:
            child.join(60)
        assert [child.exitcode for child in children] == [0, 0, 0]
    assert postgres.run("SELECT count(*) FROM order_journal", name) == [[101]]


def test_connection_when_lost_inside_a_step_then_it_raises_and_nothing_is_written(postgres: PostgresServer) -> None:
    name = postgres.database()
    with closing(PostgresJournal(postgres.url(name))) as journal:
        with pytest.raises(JournalUnavailable, match="SQL_URL"):
            journal.open(entry(), DAY, lambda known, others: postgres.hang_up(name))
        assert journal.find("account-1", "fin-1") == []
        assert journal.open(entry(), DAY, agree) is None


def test_table_when_made_by_many_at_once_then_all_can_use_it(postgres: PostgresServer) -> None:
    url = postgres.url(postgres.database())
    journals = [PostgresJournal(url) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda journal: journal.unfinished(), journals)) == [False] * 8
    for each in journals:
        each.close()


def test_table_when_its_trigger_is_gone_then_it_is_not_used(postgres: PostgresServer) -> None:
    name = postgres.database()
    with closing(PostgresJournal(postgres.url(name))) as journal:
        journal.open(entry(), DAY, agree)
    postgres.run("ALTER TABLE order_journal DISABLE TRIGGER order_journal_append_only", name)
    with closing(PostgresJournal(postgres.url(name))) as journal, pytest.raises(ConfigurationError, match="trigger"):
        journal.unfinished()


def test_table_when_truncated_or_replicated_into_then_the_database_refuses(postgres: PostgresServer) -> None:
    name = postgres.database()
    with closing(PostgresJournal(postgres.url(name))) as journal:
        journal.open(entry(), DAY, agree)
        for statement in (
            "TRUNCATE order_journal",
            "SET session_replication_role = replica; DELETE FROM order_journal",
        ):
            with pytest.raises(Exception, match="append-only"):
                postgres.run(statement, name)
        assert journal.find("account-1", "fin-1") == [entry()]


def test_role_when_it_may_only_read_and_add_then_that_is_enough(postgres: PostgresServer) -> None:
    name = postgres.database()
    with closing(PostgresJournal(postgres.url(name))) as owner:
        owner.unfinished()
    postgres.run(f"CREATE ROLE clerk LOGIN PASSWORD '{PASSWORD}'")
    postgres.run("GRANT SELECT, INSERT ON order_journal TO clerk", name)
    url = postgres.url(name).replace("app:", "clerk:")
    with closing(PostgresJournal(url)) as journal:
        assert journal.open(entry(), DAY, agree) is None
        assert journal.record(entry(), State.PLACED, NOON, "order-1").state is State.PLACED


def test_lock_when_somebody_holds_it_then_waiting_ends_with_one_sentence(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from asset_aggregator import orders_journal

    name = postgres.database()
    with closing(PostgresJournal(postgres.url(name))) as holder, closing(PostgresJournal(postgres.url(name))) as waiter:
        monkeypatch.setattr(waiter, "_begin", (orders_journal.BEGIN.replace("10s", "100ms"),))

        def meanwhile(known: JournalEntry | None, others: Sequence[JournalEntry]) -> None:
            with pytest.raises(JournalUnavailable, match="55P03"):
                waiter.unfinished()

        assert holder.open(entry(), DAY, meanwhile) is None
        assert waiter.unfinished() is True


def test_password_when_anything_fails_then_it_shows_nowhere(postgres: PostgresServer, dead_redis_url: str) -> None:
    wrong = f"postgresql://app:{PASSWORD}WRONG@127.0.0.1:{postgres.port}/postgres"
    dead = f"postgresql://app:{PASSWORD}@127.0.0.1:{dead_redis_url.rpartition(':')[2].partition('/')[0]}/orders"
    absent = postgres.url("no_such_database")
    for url in (wrong, dead, absent):
        journal = PostgresJournal(url)
        with pytest.raises(JournalUnavailable, match="SQL_URL") as caught:
            journal.unfinished()
        assert PASSWORD not in str(caught.value) + repr(caught.value) + repr(journal) + repr(vars(journal))
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("sqlite:///orders.db", "postgresql://"),
        ("postgresql://127.0.0.1/orders", "user"),
        ("postgresql://app@/orders", "host"),
        ("postgresql://app@db", "database"),
        (f"postgresql://app:{PASSWORD}@db:port/orders", "cannot be read"),
        ("postgresql://app@db/orders?sslmode=maybe", "verify-full"),
        ("postgresql://app@db/orders?hostaddr=1", "hostaddr"),
        ("postgresql://app@db/orders?sslrootcert=absent.pem", "absent.pem"),
    ],
)
def test_url_when_it_cannot_be_used_then_one_sentence_says_why(url: str, word: str) -> None:
    with pytest.raises(ConfigurationError, match="SQL_URL") as caught:
        PostgresJournal(url)
    assert word in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql+asyncpg"])
def test_url_when_written_for_another_driver_then_it_is_understood(postgres: PostgresServer, scheme: str) -> None:
    url = postgres.url(postgres.database()).replace("postgresql", scheme) + "?sslmode=disable"
    with closing(PostgresJournal(url)) as journal:
        assert journal.unfinished() is False


def test_encryption_when_the_server_has_none_then_require_refuses(postgres: PostgresServer) -> None:
    journal = PostgresJournal(postgres.url("postgres") + "?sslmode=require")
    with pytest.raises(JournalUnavailable, match="SSL"):
        journal.unfinished()


def test_entry_when_it_has_digits_and_signs_then_they_come_back(journal: SqlJournal) -> None:
    odd = entry(summary="buy 1 US:BRK.B % ? $1 'x' é", estimate=Decimal("0.000000001"))
    journal.open(odd, DAY, agree)
    assert journal.find("account-1", "fin-1") == [odd]
    assert journal.record(odd, State.PLACED, NOON, "o") == replace(odd, state=State.PLACED, order_id="o")
