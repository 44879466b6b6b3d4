"""The sync of one connection, page by page, with sources that say exactly what a case needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.book import lease as leases
from fin_infra.book import logins, read
from fin_infra.book.engine import Database
from fin_infra.book.lease import LEASE, Owner
from fin_infra.book.pages import Holder, Page, Restart, VendorTransaction
from fin_infra.book.read import Wanted
from fin_infra.book.sync import RESTARTS, Progress, sync
from fin_infra.errors import ProviderUnavailable
from fin_infra.transport.local import LocalTransport

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ME = Owner("default", "ada")
HOLDER = Holder(vendor_id="a", name="A", type="depository", subtype="checking", currency="USD", institution="B")


class Scripted:
    """Answers by cursor; an answer that is an error is raised. Remembers what it was asked."""

    def __init__(self, answers: dict[str, Any], *, resumes: bool = True) -> None:
        self.answers, self.resumes = answers, resumes
        self.asked: list[str] = []

    def changes(self, cursor: str) -> Any:
        yield from ()
        self.asked.append(cursor)
        answer = self.answers[cursor]
        answer = answer.pop(0) if isinstance(answer, list) else answer
        if isinstance(answer, BaseException):
            raise answer
        return answer


def page(after: str, *ids: str, complete: bool = True) -> Page:
    rows = [
        VendorTransaction(
            vendor_id=each, account="a", day=date(2026, 3, 1), text=f"t {each}", currency="USD", amount=Decimal(-1)
        )
        for each in ids
    ]
    return Page(after=after, complete=complete, holders=[HOLDER], transactions=rows)


@pytest.fixture
def connection(database: Database) -> str:
    return logins.add(database.engine, ME, "banking:model", {}, None, NOW)


def run(database: Database, connection: str, source: Scripted, now: datetime = NOW, **more: Any) -> bool:
    progress = Progress(**more)
    done: bool = LocalTransport().run(sync(database.engine, ME, connection, source, lambda: now, progress))
    return done


def ids(database: Database) -> list[str]:
    rows = read.read(database.engine, read.transaction_rows, ME, Wanted(limit=1_000))
    return sorted(row.vendor_id for row in rows)


def free(database: Database, connection: str) -> bool:
    lease = leases.take(database.engine, ME, connection, NOW)
    return lease is not None


def test_sync_when_one_page_is_all_then_it_is_written_and_the_next_begins_behind_it(
    database: Database, connection: str
) -> None:
    source = Scripted({"": page("1", "x"), "1": page("1")})
    assert run(database, connection, source)
    assert run(database, connection, source)
    assert (ids(database), source.asked) == (["x"], ["", "1"])


def test_sync_when_a_worker_died_before_it_wrote_a_whole_run_then_its_pages_and_the_news_come(
    database: Database, connection: str
) -> None:
    dead = leases.take(database.engine, ME, connection, NOW)
    assert dead is not None
    leases.keep(database.engine, dead, page("1", "x", complete=False), "", NOW)
    leases.keep(database.engine, dead, page("2", "y"), "1", NOW)
    source = Scripted({"2": page("3", "z")})
    assert run(database, connection, source, NOW + LEASE)
    assert (ids(database), source.asked) == (["x", "y", "z"], ["2"])


@pytest.mark.parametrize(("resumes", "asked"), [(True, ["1"]), (False, ["", "1"])])
def test_sync_when_a_worker_died_in_the_middle_then_the_source_says_where_to_go_on(
    database: Database, connection: str, resumes: bool, asked: list[str]
) -> None:
    dead = leases.take(database.engine, ME, connection, NOW)
    assert dead is not None
    leases.keep(database.engine, dead, page("1", "x", complete=False), "", NOW)
    source = Scripted({"": page("1", "x", complete=False), "1": page("2", "y")}, resumes=resumes)
    assert run(database, connection, source, NOW + LEASE)
    assert (ids(database), source.asked) == (["x", "y"], asked)


def test_sync_when_the_vendor_wants_it_from_the_beginning_then_nothing_of_before_is_left(
    database: Database, connection: str
) -> None:
    source = Scripted({"": [page("1", "ghost", complete=False), page("5", "x")], "1": [Restart()]})
    assert run(database, connection, source)
    assert ids(database) == ["x"]


def test_sync_when_the_vendor_never_stops_to_restart_then_it_ends(database: Database, connection: str) -> None:
    source = Scripted({"": [Restart() for _ in range(RESTARTS + 1)]})
    with pytest.raises(ProviderUnavailable, match="from its beginning"):
        run(database, connection, source)
    assert len(source.asked) == RESTARTS + 1


def test_sync_when_the_vendor_fails_then_the_next_worker_may_come_at_once(database: Database, connection: str) -> None:
    source = Scripted({"": page("1", "x", complete=False), "1": ProviderUnavailable("down")})
    with pytest.raises(ProviderUnavailable):
        run(database, connection, source)
    assert ids(database) == []
    assert free(database, connection)


def test_sync_when_another_worker_is_at_it_then_it_leaves_it_alone(database: Database, connection: str) -> None:
    assert leases.take(database.engine, ME, connection, NOW) is not None
    source = Scripted({})
    assert run(database, connection, source, NOW + timedelta(seconds=1)) is False
    assert source.asked == []


def test_progress_when_pages_come_then_it_is_told_after_each(database: Database, connection: str) -> None:
    told: list[int] = []
    source = Scripted({"": page("1", "x", complete=False), "1": page("2", "y", complete=False), "2": page("3", "z")})
    see: Callable[[Progress], None] = lambda progress: told.append(progress.pages)  # noqa: E731  # a callback of one line
    run(database, connection, source, told=see)
    assert told == [1, 2, 3]
