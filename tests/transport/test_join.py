"""Waiting for another flow, as the drivers do it: results, limits, cancellation, loops that have ended."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from fin_infra.transport import AsyncTransport, Join, SyncTransport
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.http import AsyncHttpTransport, HttpTransport
from fin_infra.transport.replay import AsyncReplay, Replay

HTTP = HttpConfig(base_url="http://127.0.0.1:9")  # nothing is sent


@pytest.fixture(params=["http", "replay"])
def sync(request: pytest.FixtureRequest) -> SyncTransport:
    return HttpTransport(HTTP) if request.param == "http" else Replay([])


@pytest.fixture(params=["http", "replay"])
def loop_side(request: pytest.FixtureRequest) -> AsyncTransport:
    return AsyncHttpTransport(HTTP) if request.param == "http" else AsyncReplay([])


def done(value: Any) -> Future[Any]:
    future = Future[Any]()
    future.set_result(value)
    return future


async def awaited_by_a_loop(future: Future[Any]) -> None:
    for _ in iter(lambda: bool(future._done_callbacks), True):
        await asyncio.sleep(0)


def test_join_when_the_other_is_done_already_then_its_result_in_both_modes(
    sync: SyncTransport, loop_side: AsyncTransport
) -> None:
    assert sync.step(Join(done("found"), 5.0)) == "found"
    assert asyncio.run(loop_side.step(Join(done(None), 5.0))) is None


def test_join_when_the_other_is_done_later_in_a_thread_then_its_result(
    sync: SyncTransport, loop_side: AsyncTransport
) -> None:
    future, waiting = Future[str](), Event()

    async def awaited() -> Any:
        task = asyncio.create_task(loop_side.step(Join(future, 60.0)))
        await awaited_by_a_loop(future)
        waiting.set()
        return await task

    with ThreadPoolExecutor(2) as pool:
        in_thread = pool.submit(sync.step, Join(future, 60.0))
        in_loop = pool.submit(asyncio.run, awaited())
        assert waiting.wait(60)
        future.set_result("found")
        assert (in_thread.result(60), in_loop.result(60)) == ("found", "found")


@pytest.mark.parametrize("seconds", [0.0, 0.01])
def test_join_when_the_time_is_over_then_timeout_error_and_the_future_stays_open(
    sync: SyncTransport, loop_side: AsyncTransport, seconds: float
) -> None:
    future = Future[str]()
    with pytest.raises(TimeoutError):
        sync.step(Join(future, seconds))
    with pytest.raises(TimeoutError):
        asyncio.run(loop_side.step(Join(future, seconds)))
    assert not future.done()
    future.set_result("late")  # raises had anyone cancelled it
    assert sync.step(Join(future, 0.0)) == "late"


async def test_join_when_one_task_is_cancelled_then_the_others_get_the_result(loop_side: AsyncTransport) -> None:
    future = Future[str]()
    tasks = [asyncio.create_task(loop_side.step(Join(future, 60.0))) for _ in range(3)]
    for _ in range(5):
        await asyncio.sleep(0)
    tasks[1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[1]
    assert not future.cancelled()
    future.set_result("found")
    assert await asyncio.gather(tasks[0], tasks[2]) == ["found", "found"]


@pytest.mark.parametrize("steps", range(8))
async def test_join_when_cancelled_while_the_result_is_on_its_way_then_the_cancellation_is_not_lost(
    loop_side: AsyncTransport, steps: int
) -> None:
    future = Future[str]()
    task = asyncio.create_task(loop_side.step(Join(future, 60.0)))
    for _ in range(5):
        await asyncio.sleep(0)
    future.set_result("found")
    for _ in range(steps):
        await asyncio.sleep(0)
    if task.done():
        assert await task == "found"
        return
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_join_when_an_outer_timeout_ends_it_then_that_one_is_raised(loop_side: AsyncTransport) -> None:
    future = Future[str]()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01) as outer:
            await loop_side.step(Join(future, 60.0))
    assert outer.expired()
    assert not future.done()


def test_join_when_the_waiting_loop_has_ended_then_the_leader_and_its_logs_do_not_notice(
    loop_side: AsyncTransport, sync: SyncTransport, caplog: pytest.LogCaptureFixture
) -> None:
    future = Future[str]()

    async def leave() -> None:
        task = asyncio.create_task(loop_side.step(Join(future, 60.0)))
        await awaited_by_a_loop(future)
        del task  # the loop cancels it on its way out

    with caplog.at_level(logging.DEBUG):
        asyncio.run(leave())
        future.set_result("found")
    assert sync.step(Join(future, 0.0)) == "found"
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_join_when_the_other_failed_then_its_error(sync: SyncTransport, loop_side: AsyncTransport) -> None:
    future = Future[Any]()
    future.set_exception(LookupError("gone"))
    with pytest.raises(LookupError):
        sync.step(Join(future, 5.0))
    with pytest.raises(LookupError):
        asyncio.run(loop_side.step(Join(future, 5.0)))
