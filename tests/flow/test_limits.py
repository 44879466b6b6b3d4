"""Client-side quotas: never too many in any window, right answers for the impatient, nothing leaked."""

from __future__ import annotations

import asyncio
import heapq
import time
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import RateLimited
from fin_infra.flow import Limiter, Quota
from fin_infra.transport import Pause
from fin_infra.transport.replay import AsyncReplay
from tests.support.effort import effort

quotas = st.lists(st.builds(Quota, st.integers(1, 5), st.sampled_from([0.25, 1.0, 3.0, 60.0])), min_size=1, max_size=3)


def crowded(times: list[float], quota: Quota) -> list[tuple[float, float]]:
    """Return the pairs of calls that are too close: `calls` + 1 of them in less than one window."""
    ordered = sorted(times)
    pairs = zip(ordered, ordered[quota.calls :], strict=False)
    return [(first, last) for first, last in pairs if last - first < quota.per_s - 1e-9]


@settings(max_examples=effort(200), deadline=None)
@given(
    rules=quotas,
    arrivals=st.lists(st.tuples(st.floats(0, 30), st.sampled_from([0.0, 0.5, 5.0, 1000.0])), max_size=40),
)
def test_limiter_when_callers_arrive_anyhow_then_no_window_holds_too_many(
    rules: list[Quota], arrivals: list[tuple[float, float]]
) -> None:
    now = 0.0
    limiter = Limiter(rules, lambda: now)
    released: list[float] = []
    refused: list[float] = []
    queue = [(at, number, at + patience, limiter.take(at + patience)) for number, (at, patience) in enumerate(arrivals)]
    heapq.heapify(queue)
    while queue:
        at, number, until, flow = heapq.heappop(queue)
        now = max(now, at)
        try:
            effect = next(flow)
        except StopIteration:
            released.append(now)
        except RateLimited as exc:
            refused.append(now + (exc.retry_after or 0.0) - until)
        else:
            assert isinstance(effect, Pause)
            assert now + effect.seconds < until
            heapq.heappush(queue, (now + effect.seconds, number, until, flow))
    assert len(released) + len(refused) == len(arrivals)
    assert all(late >= 0 for late in refused), "nobody is turned away who could have waited"
    for quota in rules:
        assert crowded(released, quota) == []


@settings(max_examples=effort(100), deadline=None)
@given(rules=quotas, count=st.integers(1, 12))
def test_limiter_when_used_steadily_then_wastes_next_to_nothing(rules: list[Quota], count: int) -> None:
    """The n-th call comes no later than the tightest quota demands, plus the margin of each wait."""
    now = 0.0
    limiter = Limiter(rules, lambda: now)
    for number in range(count):
        while (wait := limiter.wait()) > 0:
            now += wait
        due = max((number // quota.calls) * quota.per_s for quota in rules)
        slack = sum((number // quota.calls) * quota.per_s for quota in rules) if len(rules) > 1 else 0.0
        assert due <= now + 1e-9
        assert now <= due + slack + 0.002 * (number + 1)


def test_limiter_when_caller_cannot_wait_then_retry_after_is_when_a_place_is_free() -> None:
    now = 100.0
    limiter = Limiter([Quota(2, 10.0), Quota(3, 60.0)], lambda: now)
    assert limiter.wait() == 0.0
    now = 104.0
    assert limiter.wait() == 0.0
    with pytest.raises(RateLimited) as caught:
        next(limiter.take(now + 5.0))
    assert caught.value.retry_after == pytest.approx(6.0, abs=0.01)
    assert not caught.value.outage
    assert caught.value.retryable
    now = 109.99
    assert limiter.wait() > 0
    now = 104.0 + caught.value.retry_after
    assert limiter.wait() == 0.0
    # now the minute is full: 100, 104, 110
    with pytest.raises(RateLimited) as caught:
        next(limiter.take(now + 30.0))
    assert caught.value.retry_after == pytest.approx(160.0 - now, abs=0.01)


def test_limiter_when_a_waiter_gives_up_then_its_place_goes_to_nobody_and_is_not_lost() -> None:
    now = 0.0
    limiter = Limiter([Quota(1, 10.0)], lambda: now)
    assert limiter.wait() == 0.0
    waiters = [limiter.take(1000.0) for _ in range(5)]
    for waiter in waiters:
        next(waiter)
        waiter.close()
    now = 10.0
    assert limiter.wait() == 0.0
    assert limiter.wait() > 0


def test_limiter_when_there_is_no_quota_then_never_waits() -> None:
    limiter = Limiter((), lambda: 0.0)
    assert [limiter.wait() for _ in range(1000)] == [0.0] * 1000


def test_limiter_when_threads_share_it_then_no_window_holds_too_many() -> None:
    class Slow:
        """A quota that lets other threads in while a place is being looked for."""

        per_s = 0.05
        reserve = 0

        @property
        def calls(self) -> int:
            time.sleep(0.001)
            return 5

    seen = local()

    def clock() -> float:
        seen.now = time.monotonic()
        return float(seen.now)

    slow: Any = Slow()
    limiter = Limiter([slow], clock)
    released: list[float] = []

    def work() -> None:
        for _ in range(3):
            while (wait := limiter.wait()) > 0:
                time.sleep(wait)
            released.append(seen.now)  # the moment by which the limiter let this thread go

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(work) for _ in range(8)]:
            future.result()
    assert len(released) == 24
    assert crowded(released, Quota(5, 0.05)) == []


async def test_limiter_when_tasks_share_it_and_some_are_cancelled_then_the_rest_get_their_turn() -> None:
    clock = AsyncReplay([])
    limiter = Limiter([Quota(2, 10.0)], clock.monotonic)
    released: list[float] = []

    async def work() -> None:
        await clock.run(limiter.take(1e9))
        released.append(clock.now)
        await asyncio.sleep(0)

    tasks = [asyncio.create_task(work()) for _ in range(12)]
    for task in tasks[::4]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(released) == 9
    assert crowded(released, Quota(2, 10.0)) == []


reserved = st.integers(2, 6).flatmap(
    lambda calls: st.builds(Quota, st.just(calls), st.sampled_from([1.0, 3.0, 60.0]), st.integers(0, calls - 1))
)


@settings(max_examples=effort(200), deadline=None)
@given(
    rules=st.lists(reserved, min_size=1, max_size=3),
    calls=st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.125, 1.0, 30.0]), st.booleans()), max_size=60),
)
def test_limiter_when_it_has_a_reserve_then_others_never_take_it_and_the_urgent_never_wait_while_it_has_room(
    rules: list[Quota], calls: list[tuple[float, bool]]
) -> None:
    now = 0.0
    limiter = Limiter(rules, lambda: now)
    released: list[tuple[float, bool]] = []
    for pause, urgent in calls:
        now += pause
        inside = {quota: sum(at > now - quota.per_s for at, _ in released) for quota in rules}
        went = limiter.wait(urgent=urgent) == 0.0
        room = {quota: quota.calls if urgent else quota.calls - quota.reserve for quota in rules}
        assert went == all(inside[quota] < room[quota] for quota in rules)
        if went:
            released.append((now, urgent))
    for quota in rules:
        assert crowded([at for at, _ in released], quota) == []
        calm = Quota(quota.calls - quota.reserve, quota.per_s)
        assert crowded([at for at, urgent in released if not urgent], calm) == []


def test_limiter_when_a_poll_has_used_all_it_may_then_the_reserve_is_there_for_the_urgent_alone() -> None:
    now = 0.0
    limiter = Limiter([Quota(200, 60.0, reserve=20)], lambda: now)
    assert sum(limiter.wait() == 0.0 for _ in range(200)) == 180
    assert limiter.wait() == pytest.approx(60.0, abs=0.01)
    assert [limiter.wait(urgent=True) for _ in range(20)] == [0.0] * 20
    assert limiter.wait(urgent=True) == pytest.approx(60.0, abs=0.01)
    with pytest.raises(RateLimited):
        next(limiter.take(59.0, urgent=True))
    now = 60.0
    assert limiter.wait(urgent=True) == 0.0


@pytest.mark.parametrize("reserve", [-1, 5, 6])
def test_quota_when_its_reserve_leaves_nothing_then_is_refused(reserve: int) -> None:
    with pytest.raises(ValueError, match="leave at least one call"):
        Quota(5, 1.0, reserve)


@pytest.mark.parametrize(("calls", "per_s"), [(0, 1.0), (-1, 1.0), (1, 0.0), (1, -1.0)])
def test_quota_when_it_allows_nothing_then_is_refused(calls: int, per_s: float) -> None:
    with pytest.raises(ValueError, match="at least one call"):
        Quota(calls, per_s)
