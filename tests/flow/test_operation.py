"""Operations in both modes: results, errors and telemetry, whichever way a call ends."""

from __future__ import annotations

import asyncio
import gc
import inspect
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from fin_infra.errors import (
    CircuitOpen,
    ClientClosed,
    DeadlineExceeded,
    InvalidInput,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnexpectedPayload,
)
from fin_infra.flow import (
    BreakerState,
    CallRecord,
    Client,
    Quota,
    deadline,
    json_of,
    observe_breakers,
    observe_calls,
    operation,
    paged,
    request_id,
)
from fin_infra.flow.call import allowed, current, observed
from fin_infra.model import Listing, Record
from fin_infra.transport import Blocking, Flow, Invoke, M, Page, Pages, Pause, Reply, Request
from fin_infra.transport.replay import AsyncReplay, Replay

AT = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing(Record):
    name: str


class Bank(Client[M]):
    @operation
    def thing(self, name: str, *, limit: int = 1) -> Flow[Thing]:
        """Return one thing."""
        reply = yield from self.get("/thing", name=name, limit=limit, absent=None)
        return Thing(source=self.source, as_of=AT, name=json_of(reply, dict)["name"])

    @operation
    def things(self) -> Flow[Listing[Thing]]:
        reply = yield from self.get("/things")
        return Listing(Thing(source=self.source, as_of=AT, name=row) for row in json_of(reply, list))

    @operation
    def nothing(self) -> Flow[None]:
        yield from self.get("/nothing")

    @operation
    def buggy(self) -> Flow[None]:
        yield from self.get("/buggy")
        raise KeyError("a bug in the adapter")

    @operation
    def blocking(self, fn: Callable[[], Any]) -> Flow[Any]:
        return (yield Blocking(fn))

    @operation
    def after_pause(self, seconds: float, fn: Callable[[], Any]) -> Flow[Any]:
        yield Pause(seconds)
        return (yield Invoke(fn))

    @operation
    def recovers(self) -> Flow[str]:
        try:
            yield from self.get("/first")
        except ProviderError as exc:
            reply = yield from self.get("/second")
            return f"{exc.http_status} then {reply.status}"
        return "first"

    @paged
    def numbers(self, pages: int, label: str = "") -> Pages[int]:
        """Yield numbers."""
        for page in range(pages):
            call = current.get()
            assert call is not None
            assert call.operation == "numbers"
            reply = yield from self.get("/numbers", page=page, label=label)
            assert current.get() is call
            yield Page(json_of(reply, list))


def body(text: str, **headers: str) -> Reply:
    return Reply(200, text.encode(), {name.replace("_", "-"): value for name, value in headers.items()}, AT)


@dataclass
class World:
    """One mode: makes a bank over scripted answers, and runs what its operations return."""

    asynchronous: bool

    def bank(self, answers: Any, **more: Any) -> Any:
        transport: Any = AsyncReplay(answers) if self.asynchronous else Replay(answers)
        return Bank(transport, **{"source": "banking:test", "environment": "sandbox", "tenant": "t1"} | more)

    def run(self, result: Any) -> Any:
        return asyncio.run(_await(result)) if inspect.isawaitable(result) else result

    def take(self, items: Any, count: int | None = None, stop: type[BaseException] | None = None) -> list[Any]:
        """Take `count` items, or all, and then leave the iterator properly."""
        if isinstance(items, Iterator):
            found = [item for item, _ in zip(items, range(count or 10**6), strict=False)]
            if count is not None:
                items.close()  # type: ignore[attr-defined]  # a generator behind the iterator type
            return found

        async def main() -> list[Any]:
            found = []
            async for item in items:
                found.append(item)
                if len(found) == count:
                    break
            await items.aclose()
            return found

        return asyncio.run(main())


async def _await(result: Any) -> Any:
    return await result


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)


@pytest.fixture
def records() -> Iterator[list[CallRecord]]:
    seen: list[CallRecord] = []
    end = observe_calls(seen.append)
    yield seen
    end()


# Results


def test_operation_when_it_succeeds_then_result_carries_what_the_call_said(world: World, records: Any) -> None:
    answer = body('{"name": "a"}', x_request_id="v-1", x_ratelimit_limit="100", x_ratelimit_remaining="7")
    bank = world.bank([answer])
    thing = world.run(bank.thing("a", limit=2))
    assert (thing.name, thing.meta.provider, thing.meta.operation) == ("a", "banking:test", "thing")
    assert (thing.meta.environment, thing.meta.attempts, thing.meta.request_id) == ("sandbox", 1, "v-1")
    assert (thing.meta.rate_limit.limit, thing.meta.rate_limit.remaining) == (100, 7)
    assert bank.transport.requests[0].params == (("name", "a"), ("limit", "2"))


def test_operation_when_result_is_a_listing_then_meta_is_on_the_listing_only(world: World) -> None:
    things = world.run(world.bank([body('["a", "b"]')]).things())
    assert things.meta.operation == "things"
    assert [(thing.name, thing.meta) for thing in things] == [("a", None), ("b", None)]


def test_operation_when_retried_then_meta_counts_the_attempts(world: World) -> None:
    thing = world.run(world.bank([Reply(503, b""), Reply(500, b""), body('{"name": "a"}')]).thing("a"))
    assert thing.meta.attempts == 3


def test_operation_when_called_then_looks_like_the_method_it_is() -> None:
    bank = Bank(Replay([]), source="banking:test")
    assert bank.thing.__name__ == "thing"
    assert bank.thing.__doc__ == "Return one thing."
    assert list(inspect.signature(bank.thing).parameters) == ["name", "limit"]
    assert list(inspect.signature(bank.numbers).parameters) == ["pages", "label"]
    with pytest.raises(TypeError):
        bank.thing()  # type: ignore[call-arg]  # the test is about this mistake


def test_operation_when_overridden_without_words_then_inherits_the_docstring() -> None:
    class Own(Bank[M]):
        @operation
        def thing(self, name: str, *, limit: int = 1) -> Flow[Thing]:
            yield from ()
            raise NotImplementedError

    assert Own.thing.__doc__ == "Return one thing."


def test_operation_when_abstract_then_class_cannot_be_made() -> None:
    class Abstract(Client[M], ABC):
        @operation
        @abstractmethod
        def missing(self) -> Flow[int]: ...

    with pytest.raises(TypeError, match="missing"):
        Abstract(Replay([]), source="x")  # type: ignore[abstract]  # the test is about this mistake


def test_flow_when_it_catches_a_refusal_then_may_go_on(world: World, records: Any) -> None:
    assert world.run(world.bank([Reply(404, b""), body("{}")]).recovers()) == "404 then 200"
    assert [record.status for record in records] == ["ok"]


# Errors


def test_error_when_vendor_refuses_then_knows_who_what_and_which(world: World, records: Any) -> None:
    bank = world.bank([Reply(404, b"secret body", {"x-request-id": "v-9"})])
    with pytest.raises(ProviderError) as caught:
        world.run(bank.thing("a"))
    error = caught.value
    assert (error.provider, error.operation, error.request_id) == ("banking:test", "thing", "v-9")
    assert str(error) == "banking:test thing: the vendor has no such resource"
    assert [(record.status, record.attempts) for record in records] == [("not_found", 1)]


def test_error_when_it_crosses_a_nested_operation_then_inner_facts_win_and_advice_comes_once(world: World) -> None:
    class Advising(Bank[M]):
        def advise(self, exc: ProviderError) -> None:
            exc.message += f"; try {self.source}"

    outer, inner = world.bank([]), world.bank([Reply(404, b"")], source="banking:inner")
    outer.__class__ = inner.__class__ = Advising
    with pytest.raises(ProviderError) as caught:
        world.run(outer.after_pause(0.0, lambda: inner.thing("a")))
    assert caught.value.provider == "banking:inner"
    assert str(caught.value).count("try") == 1


def test_error_when_the_adapter_read_the_request_id_from_the_body_then_it_stays(world: World) -> None:
    class Reading(Bank[M]):
        def refusal(self, reply: Reply) -> ProviderError | None:
            return ProviderUnavailable("down", request_id="from the body")

    bank = world.bank([Reply(500, b"", {"x-request-id": "from the header"})])
    bank.__class__ = Reading
    with pytest.raises(ProviderUnavailable) as caught:
        world.run(bank.nothing())
    assert caught.value.request_id == "from the body"


@pytest.mark.parametrize(("text", "wanted"), [("[]", "an object"), ('{"a": 1}', "a list"), ("null", "an object")])
def test_json_when_it_has_the_wrong_shape_then_payload_is_unexpected(world: World, text: str, wanted: str) -> None:
    bank = world.bank([body(text)])
    with pytest.raises(UnexpectedPayload, match=wanted):
        world.run(bank.things() if wanted == "a list" else bank.thing("a"))


# Telemetry: exactly one record, however a call ends


def fail(error: Exception) -> Any:
    return lambda request: error


@pytest.mark.parametrize(
    ("answers", "call", "error", "status"),
    [
        ([body("{}")], "nothing", None, "ok"),
        (fail(ProviderUnavailable("down")), "nothing", ProviderUnavailable, "provider_unavailable"),
        (fail(DeadlineExceeded("late")), "nothing", DeadlineExceeded, "deadline_exceeded"),
        ([Reply(429, b"", {"retry-after": "999"})], "nothing", RateLimited, "rate_limited"),
        ([body("not json")], "things", UnexpectedPayload, "unexpected_payload"),
        ([body("{}")], "buggy", KeyError, "error"),
        ([], "nothing", AssertionError, "error"),
    ],
)
def test_record_when_a_call_ends_then_is_made_once(
    world: World, records: Any, answers: Any, call: str, error: Any, status: str
) -> None:
    bank = world.bank(answers)
    with pytest.raises(error) if error else nullcontext():
        world.run(getattr(bank, call)())
    assert [(r.provider, r.operation, r.status, r.tenant, r.product) for r in records] == [
        ("banking:test", call, status, "t1", "banking")
    ]


def test_record_when_circuit_is_open_then_says_so(world: World, records: Any) -> None:
    bank = world.bank([Reply(501, b"")], breaker_threshold=1)
    for error in (ProviderUnavailable, CircuitOpen):
        with pytest.raises(error):
            world.run(bank.nothing())
    assert [(r.status, r.attempts) for r in records] == [("provider_unavailable", 1), ("circuit_open", 0)]


def test_record_when_user_interrupts_then_is_cancelled(records: Any) -> None:
    def interrupt(request: Request) -> Reply:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Bank(Replay(interrupt), source="banking:test").nothing()
    assert [record.status for record in records] == ["cancelled"]


class Hanging(AsyncReplay):
    async def step(self, effect: Any) -> Any:
        if isinstance(effect, Request) and effect.path == "/hang":
            await asyncio.sleep(60)
        if isinstance(effect, Request) and dict(effect.params).get("page") == "1":
            await asyncio.sleep(60)
        return await super().step(effect)


async def test_record_when_task_is_cancelled_then_is_cancelled(records: Any) -> None:
    class Slow(Bank[M]):
        @operation
        def hang(self) -> Flow[None]:
            yield from self.get("/hang")

    bank = Slow(Hanging([]), source="banking:test")
    task = asyncio.create_task(_await(bank.hang()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [record.status for record in records] == ["cancelled"]


async def test_record_when_paging_is_cancelled_in_a_request_then_is_cancelled(records: Any) -> None:
    bank = Bank(Hanging([body("[1]")]), source="banking:test")

    async def read() -> None:
        async for _ in bank.numbers(2):
            pass

    task = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [record.status for record in records] == ["cancelled"]


def test_record_when_pages_are_read_to_the_end_or_left_early_then_is_ok(world: World, records: Any) -> None:
    def bank() -> Any:
        return world.bank([body("[1, 2]"), body("[]"), body("[3]")])

    assert world.take(bank().numbers(3)) == [1, 2, 3]
    early = bank()
    assert world.take(early.numbers(3), 1) == [1]
    assert len(early.transport.requests) == 1
    assert [(r.operation, r.status, r.attempts) for r in records] == [("numbers", "ok", 3), ("numbers", "ok", 1)]


def test_record_when_an_iterator_is_dropped_then_is_made_by_the_collector(records: Any) -> None:
    items = Bank(Replay([body("[1, 2]")]), source="banking:test").numbers(1)
    assert next(items) == 1
    del items
    gc.collect()
    assert [record.status for record in records] == ["ok"]


def test_record_when_paging_fails_then_names_the_error(world: World, records: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        world.take(world.bank([body("[1]"), Reply(401, b"")]).numbers(2))
    assert (caught.value.provider, caught.value.operation) == ("banking:test", "numbers")
    assert [record.status for record in records] == ["authentication_failed"]


def test_operation_when_never_awaited_or_iterated_then_nothing_happened(records: Any) -> None:
    bank = Bank(AsyncReplay([]), source="banking:test")
    bank.numbers(1)
    coroutine: Any = bank.nothing()
    coroutine.close()
    gc.collect()
    assert records == []
    assert bank.transport.seen == []


def test_elapsed_when_the_caller_takes_its_time_between_pages_then_is_not_counted(records: Any) -> None:
    bank: Any = Bank(Replay([]), source="banking:test")

    def respond(request: Request) -> Reply:
        bank.transport.now += 2.0
        return body("[1]")

    bank.transport = Replay(respond)
    for _ in bank.numbers(3):
        bank.transport.now += 100.0
    items = bank.numbers(3)
    next(items)
    bank.transport.now += 100.0
    items.close()
    assert [record.elapsed_ms for record in records] == [pytest.approx(6000.0), pytest.approx(2000.0)]


def test_observer_when_it_raises_then_harms_neither_call_nor_others(
    world: World, records: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(record: CallRecord) -> None:
        raise RuntimeError("observer bug")

    end = observe_calls(broken)
    later: list[CallRecord] = []
    end_later = observe_calls(later.append)
    try:
        assert world.run(world.bank([body("{}")]).nothing()) is None
    finally:
        end()
        end_later()
    assert len(records) == len(later) == 1
    assert "a telemetry observer failed" in caplog.text


def test_observer_when_ended_twice_or_enlisted_twice_then_each_enlistment_ends_on_its_own(world: World) -> None:
    heard: list[CallRecord] = []
    end, end_other = observe_calls(heard.append), observe_calls(heard.append)
    end()
    end()
    world.run(world.bank([body("{}")]).nothing())
    end_other()
    world.run(world.bank([body("{}")]).nothing())
    assert len(heard) == 1


def test_breaker_observer_when_circuit_opens_then_hears_provider_tenant_and_state(world: World) -> None:
    heard: list[Any] = []
    end = observe_breakers(lambda *facts: heard.append(facts))
    try:
        with pytest.raises(ProviderUnavailable):
            world.run(world.bank([Reply(501, b"")], breaker_threshold=1).nothing())
    finally:
        end()
    assert heard == [("banking:test", "t1", BreakerState.OPEN)]


def test_log_when_a_call_ends_then_is_one_structured_line(world: World, caplog: pytest.LogCaptureFixture) -> None:
    token = request_id.set("in-7")
    try:
        with caplog.at_level("INFO", logger="fin_infra"):
            world.run(world.bank([body("{}")]).nothing())
    finally:
        request_id.reset(token)
    (line,) = [record for record in caplog.records if record.name == "fin_infra"]
    facts = ("provider", "operation", "status", "attempts", "tenant", "product", "request_id")
    assert [getattr(line, name) for name in facts] == ["banking:test", "nothing", "ok", 1, "t1", "banking", "in-7"]
    assert line.elapsed_ms >= 0  # type: ignore[attr-defined]  # set through `extra`


def test_operation_when_an_override_builds_on_the_inherited_flow_then_it_is_one_call(
    world: World, records: Any
) -> None:
    class Own(Bank[M]):
        @operation
        def thing(self, name: str, *, limit: int = 1) -> Flow[Thing]:
            thing: Thing = yield from Bank.thing.fn(self, name.upper(), limit=limit)
            return thing

    bank = world.bank([body('{"name": "a"}')])
    bank.__class__ = Own
    assert world.run(bank.thing("a")).meta.attempts == 1
    assert bank.transport.requests[0].params == (("name", "A"), ("limit", "1"))
    assert [(record.operation, record.status) for record in records] == [("thing", "ok")]


# Context


@pytest.mark.parametrize(
    ("inbound", "sent"),
    [
        ("in-7", ("X-Request-Id", "in-7")),
        (None, None),
        ("", None),
        ("a\r\nX-Evil: 1", None),
        ("x" * 9000, None),
        ("é", None),
    ],
)
def test_request_id_when_inbound_is_known_then_travels_unless_it_is_dangerous(
    world: World, inbound: str | None, sent: Any
) -> None:
    token = request_id.set(inbound)
    try:
        bank = world.bank([body("{}")])
        world.run(bank.nothing())
    finally:
        request_id.reset(token)
    assert bank.transport.requests[0].headers == ((sent,) if sent else ())


def test_pages_when_two_iterators_interleave_then_each_keeps_its_own_call(records: Any) -> None:
    bank = Bank(Replay(lambda request: body("[1, 2]")), source="banking:test")
    other = Bank(Replay(lambda request: body("[7, 8]")), source="banking:other")
    found = list(zip(bank.numbers(3), other.numbers(3), strict=True))
    assert found == [(1, 7), (2, 8)] * 3
    assert current.get() is None
    assert sorted((r.provider, r.attempts) for r in records) == [("banking:other", 3), ("banking:test", 3)]


async def test_pages_when_two_async_iterators_interleave_then_each_keeps_its_own_call(records: Any) -> None:
    bank = Bank(AsyncReplay(lambda request: body("[1]")), source="banking:test")
    other = Bank(AsyncReplay(lambda request: body("[7]")), source="banking:other")
    left: AsyncIterator[int] = bank.numbers(3)
    right: AsyncIterator[int] = other.numbers(3)
    found = [(await anext(left), await anext(right)) for _ in range(3)]
    assert found == [(1, 7)] * 3
    for items in (left, right):
        with pytest.raises(StopAsyncIteration):
            await anext(items)
    assert current.get() is None
    assert sorted((r.provider, r.attempts) for r in records) == [("banking:other", 3), ("banking:test", 3)]


def test_operation_when_nested_then_both_are_recorded_and_meta_names_the_outer(world: World, records: Any) -> None:
    inner = world.bank([body('{"name": "a"}')], source="banking:inner")
    thing = world.run(world.bank([]).after_pause(0.0, lambda: inner.thing("a")))
    assert thing.name == "a"
    assert [(r.provider, r.operation) for r in records] == [("banking:inner", "thing"), ("banking:test", "after_pause")]


def test_blocking_when_run_then_its_result_or_error_reaches_the_flow(world: World) -> None:
    assert world.run(world.bank([]).blocking(lambda: 42)) == 42
    with pytest.raises(ZeroDivisionError):
        world.run(world.bank([]).blocking(lambda: 1 / 0))


# Deadlines


def until(bank: Any) -> float:
    found = bank.transport.requests[-1].until
    assert found is not None
    return float(found) - float(bank.transport.now)


def test_deadline_when_nested_then_only_tightens(world: World) -> None:
    bank = world.bank(lambda request: body("{}"), deadline_s=30.0)
    world.run(bank.nothing())
    assert until(bank) == 30.0
    with deadline(5):
        world.run(bank.nothing())
        assert until(bank) == 5.0
        with deadline(60):
            world.run(bank.nothing())
            assert until(bank) == 5.0
        with deadline(2):
            world.run(bank.nothing())
            assert until(bank) == 2.0
        world.run(bank.nothing())
        assert until(bank) == 5.0
    with deadline(60):
        world.run(bank.nothing())
        assert until(bank) == 30.0


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_deadline_when_not_positive_then_is_refused(seconds: float) -> None:
    with pytest.raises(InvalidInput), deadline(seconds):
        pass


def test_deadline_when_an_operation_nests_another_then_holds_for_both(world: World) -> None:
    bank, inner = world.bank([], deadline_s=10.0), world.bank([body("{}")], source="banking:inner", deadline_s=30.0)
    world.run(bank.after_pause(4.0, inner.nothing))
    assert until(inner) == pytest.approx(6.0)
    assert current.get() is None


def test_deadline_when_an_operation_blocks_then_what_blocks_knows_the_rest_of_it(world: World) -> None:
    bank = world.bank([], deadline_s=10.0)
    assert world.run(bank.blocking(allowed)) == pytest.approx(10.0)
    with deadline(2.0):
        assert world.run(bank.blocking(allowed)) == pytest.approx(2.0)
    assert allowed() is None


def test_deadline_when_over_before_a_nested_operation_then_it_never_starts(world: World) -> None:
    bank = world.bank([], deadline_s=3.0)
    inner = world.bank([], source="banking:inner")
    with pytest.raises(DeadlineExceeded) as caught:
        world.run(bank.after_pause(4.0, inner.nothing))
    assert caught.value.provider == "banking:test"
    assert inner.transport.seen == []


def test_deadline_when_paging_then_each_page_has_its_own(world: World) -> None:
    bank = world.bank([body("[1]"), body("[2]")], deadline_s=10.0)
    if world.asynchronous:

        async def main() -> None:
            async for _ in bank.numbers(2):
                bank.transport.now += 50.0

        asyncio.run(main())
    else:
        for _ in bank.numbers(2):
            bank.transport.now += 50.0
    assert [request.until for request in bank.transport.requests] == [10.0, 60.0]


def test_deadline_when_quota_is_used_up_then_caller_hears_when_to_come_back(world: World, records: Any) -> None:
    bank = world.bank([body("{}")], quotas=(Quota(1, 60.0),))
    world.run(bank.nothing())
    with deadline(5), pytest.raises(RateLimited) as caught:
        world.run(bank.nothing())
    assert caught.value.retry_after == pytest.approx(60.0, abs=0.01)
    assert (caught.value.provider, caught.value.operation) == ("banking:test", "nothing")
    assert [record.status for record in records] == ["ok", "rate_limited"]


# Generators are always closed


@pytest.mark.parametrize("ending", ["ok", "error", "interrupt"])
def test_flow_when_a_call_ends_then_is_closed_exactly_once(world: World, ending: str) -> None:
    closed: list[str] = []

    class Watching(Bank[M]):
        @operation
        def watched(self) -> Flow[int]:
            try:
                reply = yield from self.get("/x")
                return reply.status
            finally:
                closed.append("closed")

    def respond(request: Request) -> Reply:
        if ending == "interrupt":
            raise KeyboardInterrupt
        return Reply(200 if ending == "ok" else 500, b"")

    bank = world.bank(respond)
    bank.__class__ = Watching
    with suppress(ProviderError, KeyboardInterrupt):
        world.run(bank.watched())
    assert closed == ["closed"]
    assert current.get() is None


def test_flow_when_someone_still_holds_it_then_is_closed_all_the_same() -> None:
    bank = Bank(Replay([]), source="banking:test")
    inner = bank.get("/x")
    call = observed(bank, "x", inner)
    next(call)
    call.close()
    assert inspect.getgeneratorstate(inner) == inspect.GEN_CLOSED


def test_pages_when_the_client_is_closed_between_two_then_the_next_is_not_asked_for() -> None:
    replay = Replay([body("[1, 2]"), body("[3]")])
    bank = Bank(replay, source="banking:test")
    items = bank.numbers(2)
    assert next(items) == 1
    bank.close()
    assert next(items) == 2
    with pytest.raises(ClientClosed, match="banking:test client was closed"):
        next(items)
    with pytest.raises(ClientClosed):
        next(bank.numbers(1))
    assert len(replay.seen) == 1


class Library(Client[M]):
    @paged
    def books(self) -> Pages[Thing]:
        for _ in range(2):
            reply = yield from self.get("/books")
            yield Page([Thing(source=self.source, as_of=AT, name=row) for row in json_of(reply, list)])


def test_pages_when_they_hold_records_then_each_carries_what_its_page_said_about_the_quota() -> None:
    replies = [Reply(200, b'["a", "b"]', {"x-ratelimit-remaining": "9"}), Reply(503, b"")]
    replies.append(Reply(200, b'["c"]', {"x-ratelimit-remaining": "7"}))
    books = list(Library(Replay(replies), source="banking:library", environment="live").books())
    metas = [book.meta for book in books]
    assert [(m.operation, m.environment, m.attempts, m.rate_limit.remaining) for m in metas if m and m.rate_limit] == [
        ("books", "live", 1, 9),
        ("books", "live", 1, 9),
        ("books", "live", 3, 7),
    ]
