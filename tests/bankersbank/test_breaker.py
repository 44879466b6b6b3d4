"""The clients' breaker in virtual time against a model of it written from its description, then threads and tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import count
from threading import Barrier, Event
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bankersbank.finastra import AsyncFinastraAPIClient, FinastraAPIClient, FinastraConfig
from fin_infra.errors import (
    AuthenticationFailed,
    CircuitOpen,
    DeadlineExceeded,
    NotFound,
    ProviderUnavailable,
    RateLimited,
    UnexpectedPayload,
)
from fin_infra.flow import BreakerState
from fin_infra.transport import Effect, Request
from fin_infra.transport.replay import Answer, AsyncReplay
from tests.bankersbank.support import (
    LOOPBACK,
    MODES,
    TOKEN,
    bare_client,
    call,
    client,
    config,
    gauge,
    is_login,
    products,
    replay,
    reply,
)
from tests.support.effort import effort

GOOD = reply({"id": "C1"})
DOWN = reply({"statusCode": 503, "message": "Service unavailable"}, 503)
COOLDOWN = 30.0
numbers = count()

HEALTHY: dict[str, tuple[Answer, type[Exception] | None]] = {
    "success": (GOOD, None),
    "404": (reply({"statusCode": 404, "message": "Resource not found"}, 404), NotFound),
    "401": (reply({"statusCode": 401, "message": "no"}, 401), AuthenticationFailed),
    "malformed": (reply(b"{"), UnexpectedPayload),
    "nonsense": (reply([]), UnexpectedPayload),
}
FAILURES: dict[str, tuple[Answer, type[Exception]]] = {
    "500": (reply(b"", 500), ProviderUnavailable),
    "503": (DOWN, ProviderUnavailable),
    "505": (reply(b"", 505), ProviderUnavailable),
    "429": (reply(b"", 429), RateLimited),
    "unreachable": (ProviderUnavailable("nobody answers", retryable=True), ProviderUnavailable),
}


class ClientBreaker(RuleBasedStateMachine):
    """`closed -> open -> half -> (closed | open)`: the model is `failures` in a row and `open_until`."""

    mode: ClassVar[str] = "sync"

    @initialize(threshold=st.integers(1, 3), attempts=st.integers(1, 3))
    def begin(self, threshold: int, attempts: int) -> None:
        self.name = f"machine-{next(numbers)}"
        self.threshold, self.attempts = threshold, attempts
        self.answer: Callable[[Request], Answer] = lambda request: GOOD
        self.bank = bare_client(
            self.mode,
            lambda request: self.answer(request),
            self.name,
            breaker_threshold=threshold,
            breaker_cooldown_s=COOLDOWN,
            max_attempts=attempts,
        )
        self.runner = asyncio.Runner() if self.mode == "async" else None
        self.failures = 0
        self.open_until: float | None = None

    @property
    def now(self) -> float:
        return float(replay(self.bank).now)

    def call(self) -> Any:
        result = self.bank.get_collateral("C1")
        return result if self.runner is None else self.runner.run(_awaited(result))

    def begin_another(self) -> None:
        result: Any = self.bank.get_collateral("C2")
        result.send(None)  # where an async call begins

    def attempt(self, answer: Callable[[Request], Answer], error: type[BaseException] | None) -> bool:
        """Make one call. Return False where the model says that it must be refused, and see that it was."""
        sent = len(replay(self.bank).seen)
        self.answer = answer
        if self.open_until is not None and self.now < self.open_until:
            left = self.open_until - self.now
            with pytest.raises(RuntimeError, match=r"\Acircuit_open\Z") as refused:
                self.call()
            assert type(refused.value) is CircuitOpen
            assert refused.value.retry_after == pytest.approx(left)
            assert len(replay(self.bank).seen) == sent  # no request, no token, no pause
            return False
        if error is None:
            self.call()
        else:
            with pytest.raises(error):
                self.call()
        assert len(replay(self.bank).seen) > sent
        return True

    def healthy(self) -> None:
        self.failures, self.open_until = 0, None

    def failed(self) -> None:
        self.failures += 1
        if self.open_until is not None or self.failures >= self.threshold:
            self.failures, self.open_until = 0, self.now + COOLDOWN

    @rule(kind=st.sampled_from(sorted(HEALTHY)))
    def answers(self, kind: str) -> None:
        answer, error = HEALTHY[kind]
        if self.attempt(lambda request: TOKEN if is_login(request) else answer, error):
            self.healthy()

    @rule(kind=st.sampled_from(sorted(FAILURES)))
    def fails_to_the_end(self, kind: str) -> None:
        answer, error = FAILURES[kind]
        if self.attempt(lambda request: TOKEN if is_login(request) else answer, error):
            self.failed()

    @rule()
    def says_nothing_for_all_its_time(self) -> None:
        def silent(request: Request) -> Answer:
            if is_login(request):
                return TOKEN
            replay(self.bank).now += request.timeout_s
            return DeadlineExceeded("no answer in time", retryable=True)

        if self.attempt(silent, DeadlineExceeded):
            self.failed()

    @rule()
    def recovers_within_the_retries(self) -> None:
        left = [GOOD, *[DOWN] * (self.attempts - 1)]
        if self.attempt(lambda request: TOKEN if is_login(request) else left.pop(), None):
            assert left == []
            self.healthy()

    @rule(status=st.sampled_from([400, 401, 503]))
    def loses_its_token_and_the_login_refuses(self, status: int) -> None:
        def refuse(request: Request) -> Answer:
            return reply(b"", status if is_login(request) else 401)

        if self.attempt(refuse, ProviderUnavailable if status == 503 else AuthenticationFailed):
            self.failed() if status == 503 else self.healthy()

    @rule()
    def is_cancelled(self) -> None:
        """A closed generator speaks neither for nor against the vendor, and gives the trial back."""

        def cancel(request: Request) -> Answer:
            raise asyncio.CancelledError

        self.attempt(cancel, asyncio.CancelledError)

    @rule(kind=st.sampled_from(["success", "404", "503"]))
    def others_call_during_the_trial(self, kind: str) -> None:
        if self.open_until is None or self.now < self.open_until:
            return
        answer, error = (HEALTHY | FAILURES)[kind]
        refusals: list[CircuitOpen] = []

        def meanwhile(request: Request) -> Answer:
            if is_login(request):
                return TOKEN
            assert gauge(self.name) == 1
            sent = len(replay(self.bank).seen)
            with pytest.raises(CircuitOpen) as refused:
                self.begin_another()
            refusals.append(refused.value)
            assert len(replay(self.bank).seen) == sent
            return answer

        assert self.attempt(meanwhile, error)
        assert len(refusals) >= 1
        self.failed() if kind == "503" else self.healthy()

    @rule(seconds=st.sampled_from([0.5, 10.0, 29.999, 30.0, 100.0]))
    def time_passes(self, seconds: float) -> None:
        replay(self.bank).now += seconds

    @invariant()
    def gauge_and_state_agree_with_the_model(self) -> None:
        wanted = BreakerState.CLOSED if self.open_until is None else BreakerState.OPEN
        assert self.bank.policy.breaker.state is wanted
        assert gauge(self.name) == int(wanted)

    def teardown(self) -> None:
        """Whatever happened: after one cooldown a vendor that is well again is used again."""
        if hasattr(self, "bank"):
            replay(self.bank).now += COOLDOWN
            self.answers("success")
            assert self.bank.policy.breaker.state is BreakerState.CLOSED
            if self.runner is not None:
                self.runner.close()


async def _awaited(result: Any) -> Any:
    return await result


class AsyncClientBreaker(ClientBreaker):
    mode = "async"


ClientBreaker.TestCase.settings = settings(max_examples=effort(100), stateful_step_count=30, deadline=None)
AsyncClientBreaker.TestCase.settings = settings(max_examples=effort(60), stateful_step_count=30, deadline=None)
test_client_when_anything_happens_then_its_breaker_agrees_with_the_model = ClientBreaker.TestCase
test_async_client_when_anything_happens_then_its_breaker_agrees_with_the_model = AsyncClientBreaker.TestCase


def opened(mode: str, answer: Callable[[Request], Answer], **changes: Any) -> Any:
    """A client with a token whose breaker is open and due for its trial, at which `answer` is asked."""
    down = [DOWN]
    once = {"breaker_threshold": 1, "max_attempts": 1, "breaker_cooldown_s": COOLDOWN}
    bank = client(
        mode, lambda request: down.pop() if down else answer(request), f"opened-{next(numbers)}", **once | changes
    )
    with pytest.raises(ProviderUnavailable):
        call(bank, "get_collateral", "C1")
    replay(bank).now += COOLDOWN
    return bank


def test_trial_when_many_threads_come_at_once_then_one_request_and_the_others_fail_fast() -> None:
    release, together = Event(), Barrier(16)

    def slowly(request: Request) -> Answer:
        assert release.wait(30)
        return GOOD

    bank = opened("sync", slowly)

    def enter() -> str:
        together.wait(30)
        return str(bank.get_collateral("C1").id)

    with ThreadPoolExecutor(16) as pool:
        waiting: set[Future[str]] = {pool.submit(enter) for _ in range(16)}
        refused: list[BaseException | None] = []
        try:
            while len(waiting) > 1:  # nobody waits for the trial
                done, waiting = wait(waiting, 30, FIRST_COMPLETED)
                assert done, "a refused call waits for the trial"
                refused += [future.exception() for future in done]
        finally:
            release.set()
        assert [type(exc) for exc in refused] == [CircuitOpen] * 15
        assert waiting.pop().result(30) == "C1"
    assert len(products(bank)) == 2  # the one that opened it, and the trial
    assert call(bank, "get_collateral", "C1").id == "C1"


class Gated(AsyncReplay):
    """Holds every product reply back until `gate` is set."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        super().__init__(answer)
        self.gate = asyncio.Event()

    async def step(self, effect: Effect) -> Any:
        answer = await super().step(effect)
        if isinstance(effect, Request) and not is_login(effect):
            await self.gate.wait()
        return answer


async def test_trial_when_its_task_is_cancelled_then_the_next_task_may_try() -> None:
    answers = [DOWN]
    transport = Gated(lambda request: TOKEN if is_login(request) else answers.pop() if answers else GOOD)
    transport.gate.set()
    once = config(breaker_threshold=1, max_attempts=1)
    bank = AsyncFinastraAPIClient(once, transport=transport, name=f"opened-{next(numbers)}")
    with pytest.raises(ProviderUnavailable):
        await bank.get_collateral("C1")
    transport.now += COOLDOWN
    transport.gate.clear()
    for _ in range(3):
        tasks = [asyncio.ensure_future(bank.get_collateral("C1")) for _ in range(20)]
        waiting: set[asyncio.Future[Any]] = set(tasks)
        while len(waiting) > 1:
            done, waiting = await asyncio.wait(waiting, timeout=30, return_when=asyncio.FIRST_COMPLETED)
            assert done, "a refused call waits for the trial"
            assert {type(task.exception()) for task in done} == {CircuitOpen}
        (trial,) = waiting
        trial.cancel()
        with suppress(asyncio.CancelledError):
            await trial
        assert trial.cancelled()
        assert bank.policy.breaker.state is BreakerState.OPEN
    transport.gate.set()
    assert (await bank.get_collateral("C1")).id == "C1"
    assert bank.policy.breaker.state is BreakerState.CLOSED
    assert len(products(bank)) == 1 + 3 + 1


@pytest.mark.parametrize("mode", MODES)
def test_paging_when_the_breaker_is_open_then_fails_at_once_too(mode: str) -> None:
    bank = opened(mode, lambda request: DOWN)
    with pytest.raises(ProviderUnavailable):
        call(bank, "get_collateral", "C1")
    sent = len(replay(bank).seen)
    with pytest.raises(CircuitOpen):
        call(bank, "list_collaterals")
    with pytest.raises(CircuitOpen):
        call(bank, "get_json", "/a/v1/b")
    assert len(replay(bank).seen) == sent


@pytest.mark.parametrize("mode", MODES)
def test_upstream_when_down_for_long_then_gets_one_trial_per_cooldown(mode: str) -> None:
    bank = opened(mode, lambda request: DOWN, breaker_cooldown_s=10.0)
    before = len(products(bank))
    for _ in range(100):  # one call a second
        with pytest.raises(ProviderUnavailable):
            call(bank, "get_collateral", "C1")
        replay(bank).now += 1.0
    assert len(products(bank)) - before == 10


@pytest.mark.parametrize("mode", MODES)
def test_breakers_when_of_two_clients_then_do_not_know_each_other(mode: str) -> None:
    broken, well = opened(mode, lambda request: DOWN), client(mode, lambda request: GOOD)
    with pytest.raises(ProviderUnavailable):
        call(broken, "get_collateral", "C1")
    assert call(well, "get_collateral", "C1").id == "C1"


@pytest.mark.parametrize("mode", MODES)
def test_breaker_when_switched_off_then_every_call_is_sent(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = configured(mode, monkeypatch, FEATURE_FINASTRA_BREAKER="0", FINASTRA_BREAKER_FAIL_THRESHOLD="1")
    for number in range(1, 31):
        with pytest.raises(ProviderUnavailable) as caught:
            call(bank, "get_collateral", "C1")
        assert not isinstance(caught.value, CircuitOpen)
        assert len(products(bank)) == 3 * number  # retries go on as before
    assert gauge(bank.client_name) == 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("threshold", "cooldown"), [(1, "2.5"), (4, "45"), (None, None)])
def test_breaker_when_configured_by_variables_then_opens_and_tries_as_they_say(
    mode: str, threshold: int | None, cooldown: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"FINASTRA_BREAKER_FAIL_THRESHOLD": str(threshold), "FINASTRA_BREAKER_COOLDOWN_SEC": cooldown or ""}
    bank = configured(mode, monkeypatch, **given if threshold else {})
    for number in range(1, (threshold or 5) + 1):
        with pytest.raises(ProviderUnavailable):
            call(bank, "get_collateral", "C1")
        assert len(products(bank)) == 3 * number
    with pytest.raises(CircuitOpen) as caught:
        call(bank, "get_collateral", "C1")
    assert caught.value.retry_after == pytest.approx(float(cooldown or 30))
    replay(bank).now += float(cooldown or 30) - 0.001
    with pytest.raises(CircuitOpen):
        call(bank, "get_collateral", "C1")
    sent = len(products(bank))
    replay(bank).now += 0.002
    with pytest.raises(ProviderUnavailable):
        call(bank, "get_collateral", "C1")
    assert len(products(bank)) > sent


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("pacing", "extra"), [("50", 0.05), ("0", 0.0), ("1500.5", 1.5005), (None, 0.0)])
def test_pause_when_a_minimum_is_set_then_it_is_added_after_each_backoff(
    mode: str, pacing: str | None, extra: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = configured(mode, monkeypatch, **{"FINASTRA_RETRY_MIN_SLEEP_MS": pacing} if pacing else {})
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            call(bank, "get_collateral", "C1")
    pauses = replay(bank).pauses
    assert len(pauses) == 6  # two between three attempts
    for first, second in zip(pauses[::2], pauses[1::2], strict=True):
        assert extra <= first <= 0.5 + extra
        assert extra <= second <= 1.0 + extra
    told = client(mode, lambda request: reply(b"", 429, retry_after="2"), retry_min_sleep_s=extra)
    with pytest.raises(RateLimited):
        call(told, "get_collateral", "C1")
    assert replay(told).pauses == [pytest.approx(2 + extra)] * 2


def configured(mode: str, monkeypatch: pytest.MonkeyPatch, **variables: str) -> Any:
    """A client of a vendor that is down, set up by the environment."""
    known = {
        "FINASTRA_B2B_CLIENT_ID": "an-id",
        "FINASTRA_B2B_CLIENT_SECRET": "a-made-up-secret",
        "FINASTRA_B2B_BASE_URL_COLLATERALS": LOOPBACK,
    }
    for name, value in (known | variables).items():
        monkeypatch.setenv(name, value)
    given = FinastraConfig.from_env()
    bank = client(mode, lambda request: DOWN, f"configured-{next(numbers)}")
    kind = FinastraAPIClient if mode == "sync" else AsyncFinastraAPIClient
    return kind(given, transport=bank.transport, name=bank.client_name)  # type: ignore[arg-type]  # of the same mode
