"""Connections are kept up to date: by this process, or by jobs on a real Redis; a job that comes twice syncs once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from asset_aggregator.books import Books
from asset_aggregator.infra import SyncQueue
from asset_aggregator.syncs import Syncing, utc_now
from fin_infra.api import User
from fin_infra.book import ConnectionState, SyncResult
from fin_infra.book.due import Cadence, Due
from fin_infra.book.lease import Owner, take
from fin_infra.providers.registry import reset
from fin_infra.testing import Sandbox, sandbox
from tests.asset_aggregator.conftest import RedisServer

BANK = "banking:teller"
USERS = (User("ana"), User("ben", "north"))


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture(scope="module")
def vendor() -> Iterator[Sandbox]:
    with sandbox() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def books(vendor: Sandbox, tmp_path: Path) -> Iterator[Books]:
    vendor.reset()
    reset()
    found = Books(f"sqlite:///{tmp_path / 'book.db'}")
    yield found
    found.close()


async def connected(books: Books, first_sync: bool = True) -> list[str]:
    return [(await books.of(user).connect(BANK, "test_token_sandbox", first_sync=first_sync)).id for user in USERS]


async def states(books: Books) -> list[ConnectionState]:
    return [row.state for user in USERS for row in await books.of(user).connections()]


def test_loop_when_connections_are_due_then_it_syncs_each_for_its_own_household(books: Books) -> None:
    async def main() -> None:
        await connected(books, first_sync=False)
        async with Syncing(books=books, cadence=Cadence(), pause_s=0.05).running():
            async with asyncio.timeout(60):
                while await states(books) != [ConnectionState.HEALTHY] * 2:  # noqa: ASYNC110  # it is polled as a client does
                    await asyncio.sleep(0.05)
        ana, ben = [await books.of(user).accounts() for user in USERS]
        assert len(ana) == len(ben) > 0

    asyncio.run(main())


def test_sync_due_when_nothing_is_due_then_no_vendor_is_asked(books: Books, vendor: Sandbox, clock: Clock) -> None:
    async def main() -> None:
        await connected(books)
        syncing = Syncing(books=books, cadence=Cadence(), clock=clock)
        asked = len(vendor.control("requests")["requests"])
        assert not await syncing.sync_due()
        assert len(vendor.control("requests")["requests"]) == asked
        clock.ahead = timedelta(hours=7)
        assert await syncing.sync_due()
        assert len(vendor.control("requests")["requests"]) > asked

    asyncio.run(main())


def test_sync_when_the_vendor_fails_then_the_others_go_on_and_the_next_try_waits(
    books: Books, vendor: Sandbox, clock: Clock
) -> None:
    async def main() -> None:
        await connected(books, first_sync=False)
        vendor.fault(vendor="teller", kind="status_500", count=1000)
        syncing = Syncing(books=books, cadence=Cadence(), clock=clock)
        assert await syncing.sync_due()
        assert await states(books) == [ConnectionState.STALE] * 2
        assert not await syncing.sync_due(), "half an hour has to pass"
        clock.ahead = timedelta(minutes=31)
        vendor.reset()
        reset()
        assert await syncing.sync_due()
        assert await states(books) == [ConnectionState.HEALTHY] * 2

    asyncio.run(main())


def test_sync_when_our_own_code_fails_then_it_is_logged_and_the_loop_lives(
    books: Books, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        [one, _] = await connected(books, first_sync=False)
        book = type(books.of(USERS[0]))
        real: Callable[..., object] = book.sync.fn  # type: ignore[attr-defined]  # the flow behind the method

        def broken(self: object, connection: str | None = None, **kwargs: object) -> object:
            if connection == one:
                raise TypeError("planted-secret-in-a-fault")
            return real(self, connection, **kwargs)

        monkeypatch.setattr(book, "sync", type(book.sync)(broken))  # type: ignore[arg-type]
        await Syncing(books=books, cadence=Cadence()).sync_due()
        assert await states(books) == [ConnectionState.LINKING, ConnectionState.HEALTHY]

    with caplog.at_level(logging.INFO):
        asyncio.run(main())
    assert f"a sync of {BANK} failed" in caplog.text


def test_jobs_when_planned_again_and_again_then_each_connection_waits_once(
    books: Books, redis_server: RedisServer
) -> None:
    async def main() -> None:
        await connected(books, first_sync=False)
        queue = SyncQueue(redis_server.url, "fin")
        syncing = Syncing(books=books, cadence=Cadence(), queue=queue)
        for _ in range(3):
            await syncing.plan()
        assert redis_server.client.llen("fin:syncs:ready") == 2
        assert [await syncing.work() for _ in range(3)] == [True, True, False]
        assert await states(books) == [ConnectionState.HEALTHY] * 2
        assert redis_server.client.llen("fin:syncs:processing") == 0
        assert [key for key in redis_server.keys if b"waits" in key or b"job" in key] == []
        await syncing.plan()
        assert not await syncing.work(), "they are not due now"

    asyncio.run(main())


def test_job_when_it_comes_twice_then_the_vendor_is_asked_once(
    books: Books, vendor: Sandbox, redis_server: RedisServer
) -> None:
    async def main() -> None:
        made = await connected(books, first_sync=False)
        queue = SyncQueue(redis_server.url, "fin")
        syncing = Syncing(books=books, cadence=Cadence(), queue=queue)
        item = Due(Owner("default", "ana"), made[0], BANK)
        queue.put(item)
        redis_server.client.delete(*[key for key in redis_server.keys if b"waits" in key])
        queue.put(item)
        assert await syncing.work()
        asked = len(vendor.control("requests")["requests"])
        assert await syncing.work(), "the second job is there"
        assert len(vendor.control("requests")["requests"]) == asked

    asyncio.run(main())


def test_job_when_another_worker_has_the_connection_then_it_is_left_to_that_one(
    books: Books, redis_server: RedisServer
) -> None:
    async def main() -> None:
        made = await connected(books, first_sync=False)
        book = books.of(USERS[0])
        assert take(book.engine, book.owner, made[0], utc_now()) is not None
        queue = SyncQueue(redis_server.url, "fin")
        queue.put(Due(book.owner, made[0], BANK))
        assert await Syncing(books=books, cadence=Cadence(), queue=queue).work()
        [result] = await book.sync(made[0])
        assert isinstance(result, SyncResult)
        assert result.busy

    asyncio.run(main())


def test_workers_when_redis_goes_away_then_they_say_so_once_and_live(
    books: Books, dead_redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        await connected(books, first_sync=False)
        queue = SyncQueue(dead_redis_url, "fin")
        async with Syncing(books=books, cadence=Cadence(), queue=queue, pause_s=0.02, idle_s=0.02).running():
            await asyncio.sleep(0.5)

    with caplog.at_level(logging.INFO):
        asyncio.run(main())
    waits = [record for record in caplog.records if "syncs wait" in record.message]
    assert 1 <= len(waits) <= 5, "once for the planner and each worker"
    assert "hunter2" not in caplog.text
