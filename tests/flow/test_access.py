"""Values that are fetched once for all who wait: step by step, as a state machine, and between threads and loops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Event, Lock, Thread
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fin_infra.errors import (
    AuthenticationFailed,
    ConfigurationError,
    DeadlineExceeded,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from fin_infra.flow import Backoff, BreakerState, Client, Kept, Quota, Renewable, by_status, operation
from fin_infra.transport import Auth, Flow, Join, M, Reply, Request, Sync, bearer
from fin_infra.transport.replay import AsyncReplay, Replay
from tests.support.effort import effort

LIFETIME_S = 10.0
NEVER = 1e9
ASK = Request("POST", "/token")


class Bench:
    """One renewable text, fetched with one request; the clock is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.renewable = Renewable[str]()

    def clock(self) -> float:
        return self.now

    def fetch(self) -> Flow[Kept[str]]:
        reply = yield ASK
        error = by_status(reply)
        if error is not None:
            raise error
        return Kept(reply.content.decode(), self.now + LIFETIME_S)

    def get(self, until: float = NEVER) -> Flow[str]:
        return self.renewable.get(self.fetch, until, self.clock)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def ended(flow: Any, sent: Any) -> Any:
    """Send a flow its last result and return what it returns, or the error it raises."""
    try:
        flow.throw(sent) if isinstance(sent, Exception) else flow.send(sent)
    except StopIteration as stop:
        return stop.value
    except ProviderError as exc:
        return exc
    raise AssertionError("the flow goes on")


def joining(flow: Any) -> Join:
    effect = next(flow)
    assert isinstance(effect, Join)
    return effect


# Step by step: who asks, who waits


def test_get_when_others_come_meanwhile_then_one_request_and_all_have_the_value(bench: Bench) -> None:
    leader, first, second = bench.get(), bench.get(), bench.get()
    assert next(leader) is ASK
    joins = [joining(first), joining(second)]
    assert not any(join.future.done() for join in joins)
    assert ended(leader, Reply(200, b"one")) == "one"
    assert [ended(flow, join.future.result(0)) for flow, join in zip((first, second), joins, strict=True)] == [
        "one"
    ] * 2


def test_get_when_the_value_is_young_then_nobody_is_asked_until_its_time_is_over(bench: Bench) -> None:
    leader = bench.get()
    next(leader)
    ended(leader, Reply(200, b"one"))
    bench.now = LIFETIME_S - 0.001
    assert ended(bench.get(), None) == "one"
    bench.now = LIFETIME_S
    assert next(bench.get()) is ASK


def test_get_when_the_leader_is_closed_then_the_first_to_wake_takes_over_and_the_others_wait_again(
    bench: Bench,
) -> None:
    leader, first, second = bench.get(), bench.get(), bench.get()
    next(leader)
    outcomes = [joining(first).future, joining(second).future]
    leader.close()
    assert second.send(outcomes[1].result(0)) is ASK
    again = first.send(outcomes[0].result(0))
    assert isinstance(again, Join)
    assert not again.future.done()
    assert ended(second, Reply(200, b"two")) == "two"
    assert ended(first, again.future.result(0)) == "two"


@pytest.mark.parametrize(
    "error", [DeadlineExceeded("the leader was in a hurry"), ConfigurationError("a bad key"), ValueError("a bug")]
)
def test_get_when_the_leader_ends_without_a_word_about_the_vendor_then_the_next_asks(
    bench: Bench, error: Exception
) -> None:
    leader, waiter = bench.get(), bench.get()
    next(leader)
    future = joining(waiter).future
    with pytest.raises(type(error)):
        leader.throw(error)
    assert waiter.send(future.result(0)) is ASK
    assert ended(waiter, Reply(200, b"two")) == "two"


def test_get_when_the_fetch_fails_then_one_request_and_each_has_an_error_of_its_own(bench: Bench) -> None:
    flows = [bench.get() for _ in range(4)]
    next(flows[0])
    futures = [joining(flow).future for flow in flows[1:]]
    errors = [ended(flows[0], Reply(503, b"", {"retry-after": "7"}))]
    errors += [ended(flow, future.result(0)) for flow, future in zip(flows[1:], futures, strict=True)]
    assert [(type(error), error.http_status, error.retry_after, error.retryable, error.outage) for error in errors] == [
        (ProviderUnavailable, 503, 7.0, True, True)
    ] * 4
    assert len({id(error) for error in errors}) == 4
    errors[0].operation = "accounts"  # what one caller adds is not said to the next
    assert [error.operation for error in errors[1:]] == [None] * 3
    assert next(bench.get()) is ASK, "a failure is not kept"


def test_get_when_the_vendor_had_all_its_time_then_its_silence_is_shared(bench: Bench) -> None:
    leader, waiter = bench.get(), bench.get()
    next(leader)
    future = joining(waiter).future
    late = DeadlineExceeded("no answer", retryable=True)
    late.outage = True
    assert ended(leader, late) is late
    error = ended(waiter, future.result(0))
    assert isinstance(error, DeadlineExceeded)
    assert (error is late, error.outage) == (False, True)


def test_get_when_the_waiters_time_is_over_then_its_own_error_and_the_leader_goes_on(bench: Bench) -> None:
    leader, hurried, patient = bench.get(), bench.get(until=3.0), bench.get()
    next(leader)
    assert joining(hurried).seconds == 3.0
    future = joining(patient).future
    error = ended(hurried, TimeoutError())
    assert isinstance(error, DeadlineExceeded)
    assert (error.retryable, error.outage) == (True, False)
    assert ended(leader, Reply(200, b"one")) == "one"
    assert ended(patient, future.result(0)) == "one"


def test_get_when_the_time_was_over_before_then_waits_zero_seconds_and_never_fewer(bench: Bench) -> None:
    next(leader := bench.get())
    bench.now = 50.0
    assert joining(bench.get(until=3.0)).seconds == 0.0
    leader.close()


def test_drop_when_the_value_was_replaced_then_harmless_and_when_current_then_fetched_anew(bench: Bench) -> None:
    def fetched(body: bytes) -> Any:
        flow = bench.get()
        assert next(flow) is ASK
        return ended(flow, Reply(200, body))

    old = fetched(b"one")
    bench.renewable.drop(old)
    new = fetched(b"two")
    bench.renewable.drop(old)
    assert ended(bench.get(), None) == "two"
    bench.renewable.drop(new)
    assert fetched(b"three") == "three"


def test_drop_when_a_fetch_is_under_way_then_does_not_start_a_second(bench: Bench) -> None:
    next(leader := bench.get())
    bench.renewable.drop("one")
    joining(waiter := bench.get())
    assert ended(leader, Reply(200, b"one")) == "one"
    assert ended(waiter, None) == "one"


def test_get_when_the_waiter_is_late_to_wake_then_an_old_value_is_not_used(bench: Bench) -> None:
    leader, waiter = bench.get(), bench.get()
    next(leader)
    future = joining(waiter).future
    ended(leader, Reply(200, b"one"))
    bench.now = 2 * LIFETIME_S
    assert waiter.send(future.result(0)) is ASK
    waiter.close()


class Crowd(RuleBasedStateMachine):
    """Any number of flows in any order: at most one asks, nobody waits for nobody, no value is older than allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.leader: Any = None
        self.waiting: list[tuple[Any, Join]] = []
        self.values: dict[str, float] = {}
        self.handed_out: list[tuple[float, float]] = []
        self.asked = 0

    def advance(self, flow: Any, sent: Any = None) -> None:
        try:
            effect = flow.throw(sent) if isinstance(sent, Exception) else flow.send(sent)
        except StopIteration as stop:
            self.handed_out.append((self.bench.now, self.values[stop.value]))
            return
        except ProviderError:
            return
        if isinstance(effect, Join):
            self.waiting.append((flow, effect))
        else:
            assert effect is ASK
            assert self.leader is None, "two ask at once"
            self.leader = flow
            self.asked += 1

    @rule()
    def come(self) -> None:
        self.advance(self.bench.get())

    @rule(seconds=st.sampled_from([0.5, LIFETIME_S, 3 * LIFETIME_S]))
    def wait(self, seconds: float) -> None:
        self.bench.now += seconds

    @precondition(lambda self: self.leader is not None)
    @rule(outcome=st.sampled_from(["value", "503", "hurry", "cancelled"]))
    def answer(self, outcome: str) -> None:
        leader, self.leader = self.leader, None
        token = f"token {self.asked}"
        if outcome == "cancelled":
            leader.close()
        elif outcome == "value":
            self.values[token] = self.bench.now + LIFETIME_S
            self.advance(leader, Reply(200, token.encode()))
        else:
            self.advance(leader, Reply(503, b"") if outcome == "503" else DeadlineExceeded("hurry"))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), how=st.sampled_from(["wake", "wake", "time is over", "cancelled"]))
    def stir(self, data: st.DataObject, how: str) -> None:
        number = data.draw(st.integers(0, len(self.waiting) - 1))
        flow, join = self.waiting[number]
        if how == "wake" and not join.future.done():
            return
        del self.waiting[number]
        if how == "cancelled":
            flow.close()
        else:
            self.advance(flow, join.future.result(0) if how == "wake" else TimeoutError())

    @precondition(lambda self: self.values)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        self.bench.renewable.drop(data.draw(st.sampled_from(sorted(self.values))))

    @invariant()
    def nobody_waits_for_nobody(self) -> None:
        asleep = [join for _, join in self.waiting if not join.future.done()]
        assert self.leader is not None or not asleep

    @invariant()
    def no_value_was_old_when_it_was_handed_out(self) -> None:
        assert all(now < until for now, until in self.handed_out)


TestCrowd = Crowd.TestCase
TestCrowd.settings = settings(max_examples=effort(100), stateful_step_count=30, deadline=None)


# Threads, tasks, loops


class Login:
    """A transport for a fetch that takes until `release` is set; it counts who asks. Safe between threads."""

    def __init__(self) -> None:
        self.renewable = Renewable[str]()
        self.asked = self.joined = 0
        self.entered, self.release = Event(), Event()
        self.lock = Lock()

    def clock(self) -> float:
        return 0.0

    def answer(self) -> Reply:
        with self.lock:
            self.asked += 1
            return Reply(200, f"token {self.asked}".encode())

    def respond(self, request: Request) -> Reply:
        reply = self.answer()  # counted as it arrives: the thread of a cancelled asker may end at any time later
        self.entered.set()
        assert self.release.wait(60)
        return reply

    def join(self, effect: Any) -> None:
        """Count an effect that waits for the fetch under way."""
        with self.lock:
            self.joined += isinstance(effect, Join)

    def fetch(self) -> Flow[Kept[str]]:
        reply = yield ASK
        return Kept(reply.content.decode(), 1.0)

    def get(self) -> Flow[str]:
        return self.renewable.get(self.fetch, 60.0, self.clock)


class Slow(Replay):
    def __init__(self, login: Login) -> None:
        super().__init__(login.respond)
        self.login = login

    def step(self, effect: Any) -> Any:
        self.login.join(effect)
        return super().step(effect)


class SlowLoop(AsyncReplay):
    """Answers requests without holding up its event loop."""

    def __init__(self, login: Login) -> None:
        super().__init__([])
        self.login = login

    async def step(self, effect: Any) -> Any:
        self.login.join(effect)
        if isinstance(effect, Request):
            return await asyncio.to_thread(self.login.respond, effect)
        return await super().step(effect)


async def reached(state: Callable[[], bool]) -> None:
    for _ in iter(state, True):
        await asyncio.sleep(0)


def released_when(login: Login, count: int) -> Thread:
    """Let the fetch go on as soon as `count` others wait for it."""

    def watch() -> None:
        assert login.entered.wait(60)
        while login.joined < count:
            Event().wait(0.002)
        login.release.set()

    thread = Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_get_when_fifty_threads_ask_at_once_then_one_request() -> None:
    login = Login()
    watch = released_when(login, 49)
    transport = Slow(login)
    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(lambda _: transport.run(login.get()), range(50)))
    watch.join(60)
    assert (set(found), login.asked) == ({"token 1"}, 1)


async def test_get_when_two_hundred_tasks_ask_at_once_then_one_request() -> None:
    login = Login()
    watch = released_when(login, 199)
    transport = SlowLoop(login)
    found = await asyncio.gather(*(transport.run(login.get()) for _ in range(200)))
    watch.join(60)
    assert (set(found), login.asked) == ({"token 1"}, 1)


@pytest.mark.parametrize("leading", ["thread", "loop"])
def test_get_when_threads_and_event_loops_ask_at_once_then_one_request(leading: str) -> None:
    login, found = Login(), list[str]()
    sync, watch = Slow(login), released_when(login, 3 * 4 + 4 - 1)

    def loop(tasks: int) -> None:
        async def main() -> list[str]:
            transport = SlowLoop(login)
            return await asyncio.gather(*(transport.run(login.get()) for _ in range(tasks)))

        found.extend(asyncio.run(main()))

    def one() -> None:
        found.append(sync.run(login.get()))

    jobs: list[tuple[Callable[..., None], Any]] = [(one, ())] * 4 + [(loop, (4,))] * 3
    if leading == "loop":
        jobs.reverse()
    threads = [Thread(target=job, args=args, daemon=True) for job, args in jobs]
    threads[0].start()
    assert login.entered.wait(60)
    for thread in threads[1:]:
        thread.start()
    for thread in [*threads, watch]:
        thread.join(60)
    assert (found, login.asked) == (["token 1"] * 16, 1)


async def test_get_when_the_leading_task_is_cancelled_then_one_of_the_others_takes_over() -> None:
    login = Login()
    transport = SlowLoop(login)
    leader = asyncio.create_task(transport.run(login.get()))
    await reached(login.entered.is_set)
    others = [asyncio.create_task(transport.run(login.get())) for _ in range(20)]
    await reached(lambda: login.joined == 20)
    leader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leader
    login.release.set()
    found = await asyncio.wait_for(asyncio.gather(*others), 60)
    assert len(set(found)) == 1
    assert login.asked == 2, "the cancelled one and its successor"


async def test_get_when_a_waiting_task_is_cancelled_then_leader_and_other_waiters_do_not_notice() -> None:
    login = Login()
    transport = SlowLoop(login)
    tasks = [asyncio.create_task(transport.run(login.get())) for _ in range(5)]
    await reached(lambda: login.joined == 4)
    tasks[2].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[2]
    login.release.set()
    rest = [task for task in tasks if task is not tasks[2]]
    assert await asyncio.gather(*rest) == ["token 1"] * 4


def test_get_when_the_leaders_event_loop_ends_then_a_thread_takes_over() -> None:
    login = Login()

    async def given_up() -> None:
        task = asyncio.create_task(SlowLoop(login).run(login.get()))
        await reached(login.entered.is_set)
        login.release.set()  # the thread under the loop can end; its answer comes too late for anyone
        del task

    with ThreadPoolExecutor(1) as pool:
        asyncio.run(given_up())
        assert pool.submit(Replay(lambda _: login.answer()).run, login.get()).result(60) in ("token 1", "token 2")


# Under the policy


class Tokens:
    """The least that is an Access; the vendor of these tests numbers its tokens."""

    def __init__(self) -> None:
        self.renewable = Renewable[Auth]()
        self.gave_up: list[Auth] = []

    def signer(self, until: float, clock: Callable[[], float]) -> Flow[Auth]:
        return self.renewable.get(lambda: self._fetch(until, clock), until, clock)

    def refused(self, signer: Auth) -> None:
        self.gave_up.append(signer)
        self.renewable.drop(signer)

    def _fetch(self, until: float, clock: Callable[[], float]) -> Flow[Kept[Auth]]:
        reply = yield replace(ASK, until=until)
        error = by_status(reply)
        if error is not None:
            raise error
        return Kept(bearer(reply.content.decode()), clock() + 1000.0)


class Bank(Client[M]):
    @operation
    def balance(self) -> Flow[int]:
        return (yield from self.get("/x")).status

    @operation
    def pay(self) -> Flow[int]:
        return (yield from self.request("POST", "/x", content=b"{}")).status


class Vendor:
    """Answers logins with t1, t2 ... and everything else from a script of statuses; 200 when that is used up."""

    def __init__(self, *script: int, logins: tuple[int, ...] = ()) -> None:
        self.script, self.logins = list(script), list(logins)
        self.tokens = 0
        self.sent: list[str] = []

    def respond(self, request: Request) -> Reply:
        if request.path == "/token":
            self.sent.append("login")
            status = self.logins.pop(0) if self.logins else 200
            self.tokens += status == 200
            return Reply(status, f"t{self.tokens}".encode())
        signed = dict(request.headers).get("Authorization", "unsigned")
        self.sent.append(f"{request.method} {signed.removeprefix('Bearer ')}")
        return Reply(self.script.pop(0) if self.script else 200, b"{}")


def bank(vendor: Vendor, **more: Any) -> Bank[Sync]:
    made = Bank[Sync](Replay(vendor.respond), source="banking:test", backoff=Backoff(random=lambda: 1.0), **more)
    made.access = Tokens()
    return made


def test_survive_when_the_token_is_refused_then_one_renewal_and_the_answer() -> None:
    vendor = Vendor(200, 401, 200, 200)
    client = bank(vendor)
    assert [client.balance() for _ in range(3)] == [200] * 3
    assert vendor.sent == ["login", "GET t1", "GET t1", "login", "GET t2", "GET t2"]
    assert client.transport.pauses == []  # type: ignore[attr-defined]  # a Replay; a renewal is not a retry


def test_survive_when_the_new_token_is_refused_too_then_the_error_and_no_third_try() -> None:
    vendor = Vendor(401, 401, 401, 401)
    client = bank(vendor)
    with pytest.raises(AuthenticationFailed) as caught:
        client.balance()
    assert caught.value.http_status == 401
    assert vendor.sent == ["login", "GET t1", "login", "GET t2"]
    assert len(client.access.gave_up) == 1  # type: ignore[union-attr]  # Tokens, set by `bank`
    assert client.policy.breaker.state is BreakerState.CLOSED


def test_survive_when_a_post_is_refused_for_its_token_then_is_sent_again_though_not_repeatable() -> None:
    vendor = Vendor(401)
    assert bank(vendor).pay() == 200
    assert vendor.sent == ["login", "POST t1", "login", "POST t2"]


def test_survive_when_a_post_fails_after_the_renewal_then_is_not_repeated() -> None:
    vendor = Vendor(401, 503)
    with pytest.raises(ProviderUnavailable):
        bank(vendor).pay()
    assert vendor.sent == ["login", "POST t1", "login", "POST t2"]


def test_survive_when_retried_then_each_attempt_may_renew_once() -> None:
    vendor = Vendor(401, 503, 401, 200)
    assert bank(vendor).balance() == 200
    assert vendor.sent == ["login", "GET t1", "login", "GET t2", "GET t2", "login", "GET t3"]


def test_survive_when_the_login_refuses_then_is_asked_once_and_the_request_stays_here() -> None:
    vendor = Vendor(logins=(401, 401))
    client = bank(vendor, breaker_threshold=1)
    with pytest.raises(AuthenticationFailed):
        client.balance()
    assert vendor.sent == ["login"]
    assert client.policy.breaker.state is BreakerState.CLOSED


def test_survive_when_the_login_fails_then_a_get_is_retried_and_the_breaker_counts_one_failure() -> None:
    vendor = Vendor(logins=(503, 200))
    assert bank(vendor).balance() == 200
    assert vendor.sent == ["login", "login", "GET t1"]
    down = Vendor(logins=(503,) * 6)
    client = bank(down, breaker_threshold=2)
    for state in (BreakerState.CLOSED, BreakerState.OPEN):
        with pytest.raises(ProviderUnavailable):
            client.balance()
        assert client.policy.breaker.state is state
    assert down.sent == ["login"] * 6


def test_survive_when_a_quota_is_set_then_the_request_after_the_renewal_takes_a_place_of_its_own() -> None:
    vendor = Vendor(401)
    client = bank(vendor, quotas=(Quota(1, 5.0),))
    assert client.balance() == 200
    assert client.transport.pauses == [pytest.approx(5.0, abs=0.01)]  # type: ignore[attr-defined]  # a Replay
    hurried = bank(Vendor(401), quotas=(Quota(1, 5.0),), deadline_s=2.0)
    with pytest.raises(RateLimited) as caught:
        hurried.balance()
    assert caught.value.retry_after == pytest.approx(5.0, abs=0.01)


def test_survive_when_the_time_is_over_after_the_renewal_then_nothing_more_is_sent() -> None:
    vendor = Vendor(401)
    client = bank(vendor, deadline_s=10.0)
    transport: Any = client.transport
    answer = vendor.respond

    def slow(request: Request) -> Reply:
        if request.path == "/token" and vendor.tokens:
            transport.now += 10.0
        return answer(request)

    transport._responder = slow
    with pytest.raises(DeadlineExceeded):
        client.balance()
    assert vendor.sent == ["login", "GET t1", "login"]


def test_survive_when_two_hundred_are_refused_at_once_in_tasks_then_one_renewal() -> None:
    vendor = Vendor(200, *[401] * 200)

    async def main() -> list[int]:
        gate = asyncio.Barrier(200)

        class Gathered(AsyncReplay):
            async def step(self, effect: Any) -> Any:
                reply = await super().step(effect)
                if isinstance(reply, Reply) and reply.status == 401:
                    await gate.wait()
                return reply

        client = Bank(Gathered(vendor.respond), source="banking:test")
        client.access = Tokens()
        await client.balance()
        return list(await asyncio.gather(*(client.balance() for _ in range(200))))

    assert asyncio.run(main()) == [200] * 200
    assert vendor.sent == ["login", "GET t1", *["GET t1"] * 200, "login", *["GET t2"] * 200]


def test_survive_when_fifty_are_refused_at_once_in_threads_then_one_renewal() -> None:
    vendor = Vendor(200, *[401] * 50)
    gate = Barrier(50, timeout=60)

    class Gathered(Replay):
        def step(self, effect: Any) -> Any:
            reply = super().step(effect)
            if isinstance(reply, Reply) and reply.status == 401:
                gate.wait()
            return reply

    client = Bank[Sync](Gathered(vendor.respond), source="banking:test")
    client.access = Tokens()
    client.balance()
    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(lambda _: client.balance(), range(50))) == [200] * 50
    assert vendor.sent.count("login") == 2
    assert vendor.sent.count("GET t2") == 50


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    """A test of waiting that leaves somebody waiting has failed."""
    import threading

    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if not thread.name.startswith("asyncio"):
            thread.join(60)
            assert not thread.is_alive(), thread.name
