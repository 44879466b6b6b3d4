"""What histories cannot show: a worker that was paused, an answer that was lost, two writers at once, step by step."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Event

import pytest
import sqlalchemy as sa

from fin_infra.book import lease as leases
from fin_infra.book import logins, say
from fin_infra.book.engine import Database, reading, writing
from fin_infra.book.feed import read_changes
from fin_infra.book.lease import LEASE, Lease, Owner
from fin_infra.book.log import Log
from fin_infra.book.pages import Holder, Page, VendorTransaction
from fin_infra.book.tables import households, pages, streams, transactions
from fin_infra.book.write import run_of_kept, write_kept, write_page
from fin_infra.errors import LeaseLost

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ME = Owner("default", "ada")
HOLDER = Holder(vendor_id="a", name="A", type="depository", subtype="checking", currency="USD", institution="B")


def page(*ids: str, after: str = "1", complete: bool = True, removed: tuple[str, ...] = ()) -> Page:
    rows = [
        VendorTransaction(
            vendor_id=each, account="a", day=date(2026, 3, 1), text=f"t {each}", currency="USD", amount=Decimal(-1)
        )
        for each in ids
    ]
    return Page(after=after, complete=complete, holders=[HOLDER], transactions=rows, removed=list(removed))


@pytest.fixture
def connection(database: Database) -> str:
    return logins.add(database.engine, ME, "banking:model", {}, None, NOW)


def taken(database: Database, connection: str, now: datetime = NOW) -> Lease:
    lease = leases.take(database.engine, ME, connection, now)
    assert lease is not None
    return lease


def stored(database: Database) -> list[str]:
    with reading(database.engine) as db:
        ask = sa.select(transactions.c.vendor_id).where(ME.of(transactions), transactions.c.state != "removed")
        return sorted(db.scalars(ask))


def test_lease_when_taken_then_no_other_worker_has_it_until_it_ends(database: Database, connection: str) -> None:
    first = taken(database, connection)
    assert leases.take(database.engine, ME, connection, NOW + LEASE - timedelta(seconds=1)) is None
    second = taken(database, connection, NOW + LEASE)
    assert second.fence == first.fence + 1


@pytest.mark.parametrize("step", ["write_page", "keep", "drop", "write_kept"])
def test_worker_when_it_was_paused_beyond_its_lease_then_it_writes_nothing(
    database: Database, connection: str, step: str
) -> None:
    paused = taken(database, connection)
    leases.keep(database.engine, paused, page("old", complete=False), "", NOW)
    taken(database, connection, NOW + LEASE)
    later = NOW + LEASE + timedelta(seconds=1)
    steps: dict[str, Callable[[], object]] = {
        "write_page": lambda: write_page(database.engine, paused, page("x", after="2"), "1", later),
        "keep": lambda: leases.keep(database.engine, paused, page("x", after="2"), "1", later),
        "drop": lambda: leases.drop(database.engine, paused, later),
        "write_kept": lambda: write_kept(database.engine, paused, *run_of_kept(database.engine, paused), later),
    }
    with pytest.raises(LeaseLost):
        steps[step]()
    assert stored(database) == []
    with reading(database.engine) as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(pages).where(ME.of(pages))) == 1


def test_lease_when_a_paused_worker_lets_go_then_the_next_one_keeps_it(database: Database, connection: str) -> None:
    paused = taken(database, connection)
    taken(database, connection, NOW + LEASE)
    leases.release(database.engine, paused)
    assert leases.take(database.engine, ME, connection, NOW + LEASE + timedelta(seconds=1)) is None


def test_page_when_its_commit_succeeded_and_the_answer_was_lost_then_it_is_not_written_twice(
    database: Database, connection: str
) -> None:
    lease = taken(database, connection)
    assert write_page(database.engine, lease, page("x"), "", NOW) > 0
    with pytest.raises(LeaseLost):
        write_page(database.engine, lease, page("x"), "", NOW)
    with pytest.raises(LeaseLost):
        leases.keep(database.engine, lease, page("x", complete=False), "", NOW)


def test_run_when_it_begins_again_then_no_page_of_it_is_left(database: Database, connection: str) -> None:
    lease = taken(database, connection)
    leases.keep(database.engine, lease, page("ghost", complete=False), "", NOW)
    assert leases.drop(database.engine, lease, NOW) == ""
    write_page(database.engine, lease, page("x"), "", NOW)
    assert stored(database) == ["x"]


def test_pages_when_a_worker_dies_between_writing_them_then_the_next_one_writes_the_rest(
    database: Database, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fin_infra.book.write.CHUNK", 1)
    first = taken(database, connection)
    leases.keep(database.engine, first, page("a", "b", complete=False), "", NOW)
    leases.keep(database.engine, first, page("c", after="2", removed=("a",)), "1", NOW)
    run, gone = run_of_kept(database.engine, first)
    assert write_kept(database.engine, first, run, gone, NOW)
    second = taken(database, connection, NOW + LEASE)
    assert second.whole
    run, gone = run_of_kept(database.engine, second)
    while write_kept(database.engine, second, run, gone, NOW + LEASE) is not None:
        pass
    assert stored(database) == ["b", "c"]
    assert leases.take(database.engine, ME, connection, NOW + 3 * LEASE).whole is False  # type: ignore[union-attr]


def test_positions_when_many_write_at_once_then_a_reader_skips_none(database: Database) -> None:
    """A serial column would: PostgreSQL's sequences commit out of order."""
    writers, each = 4, 15
    done = Event()

    def write(number: int) -> None:
        for n in range(each):
            with writing(database.engine) as db:
                log = Log(db, ME, f"w-{number}", NOW)
                for _ in range(1 + n % 3):
                    log.add("said", "note", 1)
                log.close()

    def follow() -> list[int]:
        seen: list[int] = []
        while True:
            ended = done.is_set()
            part = read_changes(database.engine, ME, seen[-1] if seen else 0, 1_000)
            seen += [change.position for change in part]
            if (ended and not part) or len(seen) > 1_000:  # one that repeats itself would never end
                return seen

    with ThreadPoolExecutor(writers + 1) as pool:
        reader = pool.submit(follow)
        for writer in [pool.submit(write, number) for number in range(writers)]:
            writer.result()
        done.set()
        seen = reader.result()
    assert seen == list(range(1, writers * sum(1 + n % 3 for n in range(each)) + 1))


def test_transaction_when_it_reads_before_it_writes_then_another_writer_only_makes_it_wait(database: Database) -> None:
    """A deferred transaction of SQLite that reads, then writes, fails at once, whatever the timeout."""
    inside, has_read, release = Event(), Event(), Event()

    def slow() -> None:
        with writing(database.engine) as db:
            Log(db, ME, "slow", NOW).close()
            inside.set()
            assert release.wait(20)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(slow)
        assert inside.wait(20)

        def fast() -> int:
            with writing(database.engine) as db:
                db.execute(sa.select(households)).all()
                has_read.set()
                log = Log(db, ME, "fast", NOW)
                log.add("said", "note", 1)
                log.close()
                return log.head

        second = pool.submit(fast)
        has_read.wait(0.5)  # which it does only where it need not wait for the other one
        release.set()
        first.result()
        assert second.result() == 1


def test_household_when_another_one_writes_then_it_need_not_wait_on_postgresql(database: Database) -> None:
    if database.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer a file")
    with writing(database.engine) as db:
        Log(db, ME, "one", NOW)
        with writing(database.engine) as other:
            log = Log(other, Owner("default", "bob"), "two", NOW)
            log.add("said", "note", 1)
            log.close()


def test_answer_when_given_twice_then_it_counts_once_and_the_other_way_is_refused(
    database: Database, connection: str
) -> None:
    lease = taken(database, connection)
    pending = VendorTransaction(
        vendor_id="p",
        account="a",
        day=date(2026, 3, 1),
        text="Diner",
        currency="USD",
        amount=Decimal(-10),
        pending=True,
    )
    write_page(
        database.engine, lease, Page(after="1", complete=True, holders=[HOLDER], transactions=[pending]), "", NOW
    )
    posted = VendorTransaction(
        vendor_id="q", account="a", day=date(2026, 3, 2), text="Diner", currency="USD", amount=Decimal(-12)
    )
    write_page(database.engine, lease, Page(after="2", complete=True, transactions=[posted], removed=["p"]), "1", NOW)
    from fin_infra.book import read

    [asked] = read.read(database.engine, read.question_rows, ME)
    assert say.answer(database.engine, ME, asked.id, asked.other_id, True, NOW) > 0
    assert say.answer(database.engine, ME, asked.id, asked.other_id, True, NOW) == 0
    with pytest.raises(Exception, match="the other way"):
        say.answer(database.engine, ME, asked.id, asked.other_id, False, NOW)
    assert stored(database) == ["q"]
    with reading(database.engine) as db:
        assert db.scalar(sa.select(streams.c.fence).where(ME.of(streams))) == 1
