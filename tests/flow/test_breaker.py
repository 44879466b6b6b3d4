"""The circuit breaker against a simple model of it, and against threads, tasks and listeners that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from fin_infra.errors import (
    CircuitOpen,
    ConfigurationError,
    DeadlineExceeded,
    FinInfraError,
    NotFound,
    ProviderUnavailable,
    RateLimited,
    UnexpectedPayload,
)
from fin_infra.flow import Breaker, BreakerState
from fin_infra.transport import Pause
from tests.support.effort import effort

THRESHOLD, COOLDOWN = 3, 10.0

BAD = [ProviderUnavailable("down"), RateLimited("slow down")]
GOOD = [None, NotFound("no", http_status=404), UnexpectedPayload("odd", http_status=200)]
MUTE = [
    UnexpectedPayload("garbled"),
    DeadlineExceeded("late"),
    ConfigurationError("no key"),
    ValueError("a bug"),
    asyncio.CancelledError(),
    KeyboardInterrupt(),
    GeneratorExit(),
]


def vendor() -> Generator[Pause, None, str]:
    yield Pause(0)
    return "answer"


class BreakerModel(RuleBasedStateMachine):
    """Remembers, for each closed spell, the verdicts in order; knows at most one trial."""

    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.changes: list[BreakerState] = []
        self.breaker = Breaker(THRESHOLD, COOLDOWN, lambda: self.now, self.changes.append)
        self.spell = 0
        self.verdicts: list[bool] = []
        self.open_until: float | None = None
        self.trial: int | None = None
        self.number = 0
        self.running: dict[int, Any] = {}
        self.expected: list[BreakerState] = []

    @rule(target=calls, urgent=st.booleans())
    def begin(self, urgent: bool) -> Any:
        self.number += 1
        number = self.number
        flow = self.breaker.guard(vendor(), urgent=urgent)
        admitted = self.open_until is None or (self.trial is None and self.now >= self.open_until)
        if not admitted and urgent:  # it is sent all the same, and nothing is learned from how it ends
            next(flow)
            self.running[number] = flow
            return number, -1, flow
        if not admitted:
            with pytest.raises(CircuitOpen) as caught:
                next(flow)
            assert str(caught.value) == "circuit_open"
            if self.trial is None:
                assert caught.value.retry_after == pytest.approx(self.open_until - self.now)
            return None
        next(flow)
        if self.open_until is not None:
            self.trial = number
            self.expected.append(BreakerState.HALF)
        self.running[number] = flow
        return number, self.spell, flow

    @rule(seconds=st.sampled_from([0.5, 4.0, 9.999, 10.0, 25.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(call=consumes(calls), outcome=st.sampled_from([*BAD, *GOOD, *MUTE]))
    def end(self, call: Any, outcome: BaseException | None) -> None:
        if call is None:
            return
        number, spell, flow = call
        del self.running[number]
        if isinstance(outcome, GeneratorExit):
            flow.close()
        elif outcome is None:
            with pytest.raises(StopIteration):
                next(flow)
        else:
            with pytest.raises(type(outcome)):
                flow.throw(outcome)
        self.judge(number, spell, outcome)

    def judge(self, number: int, spell: int, outcome: BaseException | None) -> None:
        if number == self.trial:
            self.trial = None
            if outcome in GOOD:
                self.open_until = None
                self.spell += 1
                self.verdicts = []
                self.expected.append(BreakerState.CLOSED)
                return
            if outcome in BAD:
                self.open_until = self.now + COOLDOWN
            self.expected.append(BreakerState.OPEN)
        elif self.open_until is None and spell == self.spell and outcome not in MUTE:
            self.verdicts.append(outcome in GOOD)
            if self.verdicts[-THRESHOLD:] == [False] * THRESHOLD:
                self.open_until = self.now + COOLDOWN
                self.spell += 1
                self.expected.append(BreakerState.OPEN)

    @invariant()
    def same_state(self) -> None:
        wanted = BreakerState.CLOSED
        if self.open_until is not None:
            wanted = BreakerState.OPEN if self.trial is None else BreakerState.HALF
        assert self.breaker.state is wanted
        assert self.changes == self.expected

    def teardown(self) -> None:
        """Whatever happened: once nobody is inside and the cooldown is over, the next call may try."""
        for flow in self.running.values():
            flow.close()
        self.now += COOLDOWN
        flow = self.breaker.guard(vendor())
        next(flow)
        flow.close()


BreakerModel.TestCase.settings = settings(max_examples=effort(200), stateful_step_count=40, deadline=None)
test_breaker_when_anything_happens_then_agrees_with_the_model = BreakerModel.TestCase


def opened(now: list[float], on_change: Any = lambda state: None) -> Breaker:
    breaker = Breaker(1, COOLDOWN, lambda: now[0], on_change)
    flow = breaker.guard(vendor())
    next(flow)
    with pytest.raises(ProviderUnavailable):
        flow.throw(ProviderUnavailable("down"))
    now[0] += COOLDOWN
    return breaker


def admitted(breaker: Breaker) -> bool:
    flow = breaker.guard(vendor())
    try:
        next(flow)
    except CircuitOpen:
        return False
    flow.close()
    return True


def test_breaker_when_healed_then_counts_failures_from_zero_again() -> None:
    now = [0.0]
    breaker = Breaker(2, COOLDOWN, lambda: now[0])

    def call(error: Exception | None) -> None:
        flow = breaker.guard(vendor())
        next(flow)
        with pytest.raises(StopIteration if error is None else type(error)):
            next(flow) if error is None else flow.throw(error)

    down = ProviderUnavailable("down")
    for error in (down, down):
        call(error)
    now[0] += COOLDOWN
    states = []
    for error in (None, down, None, down, down):
        call(error)
        states.append(breaker.state)
    closed = BreakerState.CLOSED
    assert states == [closed, closed, closed, closed, BreakerState.OPEN]


def test_circuit_when_a_trial_is_under_way_then_nobody_is_told_a_time_to_come_back() -> None:
    now = [0.0]
    breaker = opened(now)
    trial = breaker.guard(vendor())
    next(trial)
    now[0] += 1.0  # the cooldown is over, the trial is not: when it ends is anybody's guess
    with pytest.raises(CircuitOpen) as caught:
        next(breaker.guard(vendor()))
    assert caught.value.retry_after is None
    trial.close()


def test_trial_when_many_threads_ask_at_once_then_exactly_one_is_let_in() -> None:
    for _ in range(20):
        breaker = opened([0.0])
        together = Barrier(8)

        def enter(breaker: Breaker = breaker, together: Barrier = together) -> Any:
            flow = breaker.guard(vendor())
            together.wait(10)
            try:
                next(flow)
            except CircuitOpen:
                return None
            return flow

        with ThreadPoolExecutor(8) as pool:
            flows = [future.result() for future in [pool.submit(enter) for _ in range(8)]]
        inside = [flow for flow in flows if flow is not None]
        assert len(inside) == 1
        inside[0].close()


def test_failures_when_many_threads_report_then_none_is_lost() -> None:
    breaker = Breaker(8 * 50, COOLDOWN, lambda: 0.0)

    def fail() -> None:
        for _ in range(50):
            flow = breaker.guard(vendor())
            next(flow)
            with pytest.raises(ProviderUnavailable):
                flow.throw(ProviderUnavailable("down"))

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(fail) for _ in range(8)]:
            future.result()
    assert breaker.state is BreakerState.OPEN


async def drive(flow: Any, gate: asyncio.Event) -> Any:
    try:
        next(flow)
        await gate.wait()
        flow.send(None)
    except StopIteration as stop:
        return stop.value
    finally:
        flow.close()


async def test_trial_when_its_task_is_cancelled_then_the_next_caller_may_try() -> None:
    breaker, gate = opened([0.0]), asyncio.Event()
    for _ in range(5):
        task = asyncio.create_task(drive(breaker.guard(vendor()), gate))
        await asyncio.sleep(0)
        assert breaker.state is BreakerState.HALF
        assert not admitted(breaker)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert breaker.state is BreakerState.OPEN
    gate.set()
    assert await drive(breaker.guard(vendor()), gate) == "answer"
    assert breaker.state is BreakerState.CLOSED


def test_trial_when_the_listener_raises_then_gives_its_slot_back() -> None:
    def listener(state: BreakerState) -> None:
        if state is BreakerState.HALF:
            raise FinInfraError("the listener is broken")

    breaker = opened([0.0], listener)
    with pytest.raises(FinInfraError):
        next(breaker.guard(vendor()))
    assert breaker.state is BreakerState.OPEN


def test_listener_when_it_makes_a_call_itself_then_nothing_locks_up() -> None:
    seen: list[BreakerState] = []
    holder: list[Breaker] = []

    def listener(state: BreakerState) -> None:
        seen.append(state)
        if state is BreakerState.OPEN and holder:
            assert not admitted(holder[0])

    def run() -> None:
        breaker = Breaker(1, COOLDOWN, lambda: 0.0, listener)
        holder.append(breaker)
        flow = breaker.guard(vendor())
        next(flow)
        with pytest.raises(ProviderUnavailable):
            flow.throw(ProviderUnavailable("down"))

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert seen == [BreakerState.OPEN]
