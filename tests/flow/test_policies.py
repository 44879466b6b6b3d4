"""Retry and deadline in virtual time: what is repeated, when, and when it stops."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import (
    AuthenticationFailed,
    CircuitOpen,
    DeadlineExceeded,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from fin_infra.flow import Backoff, Breaker, BreakerState, Client, Limiter, Policy, Quota, by_status, survive
from fin_infra.transport import Pause, Reply, Request, Sync
from fin_infra.transport.replay import Replay
from tests.support.effort import effort

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REPEATED = {429, 500, 502, 503, 504, "connection"}


class Vendor(Replay):
    """Answers from a script of (status, Retry-After, seconds it takes), like a transport that keeps the deadline."""

    def __init__(self, script: list[tuple[Any, str | None, float]]) -> None:
        super().__init__(self._respond)
        self.script = script
        self.began: list[float] = []
        self.pauses_at: list[tuple[float, float, int]] = []

    def _answer(self, effect: Request | Pause) -> Reply | None:
        if isinstance(effect, Pause):
            self.pauses_at.append((self.now, effect.seconds, len(self.began)))
        return super()._answer(effect)

    def _respond(self, request: Request) -> Reply | Exception:
        self.began.append(self.now)
        status, hint, takes = self.script[len(self.began) - 1]
        assert request.until is not None
        if takes >= min(request.timeout_s, request.until - self.now):
            self.now += min(request.timeout_s, request.until - self.now)
            if self.now >= request.until:
                return DeadlineExceeded("late", retryable=True)
            return ProviderUnavailable("no answer", retryable=True)
        self.now += takes
        if status == "connection":
            return ProviderUnavailable("broke", retryable=True)
        return Reply(status, b"{}", {"retry-after": hint} if hint else {}, NOW)


def run(vendor: Vendor, request: Request, until: float, **policy: Any) -> Reply:
    backoff = policy.pop("backoff", Backoff(random=lambda: 1.0))
    rules = Policy(
        policy.pop("breaker", Breaker(1000, 10.0, vendor.monotonic)),
        Limiter(policy.pop("quotas", ()), vendor.monotonic),
        backoff,
        vendor.monotonic,
    )
    reply: Reply = vendor.run(survive(request, until, rules, by_status))
    return reply


def get(until: float, repeatable: bool = True, timeout_s: float = 10.0) -> Request:
    return Request("GET", "/x", repeatable=repeatable, until=until, timeout_s=timeout_s)


steps = st.tuples(
    st.sampled_from([200, 429, 500, 501, 502, 503, 504, 400, 401, 404, "connection"]),
    st.sampled_from(
        [None, None, "0", "1", "7", "120", "soon", format_datetime(NOW + timedelta(seconds=3), usegmt=True)]
    ),
    st.sampled_from([0.0, 0.1, 1.0, 9.0, 11.0]),
)
HINTS = {"0": 0.0, "1": 1.0, "7": 7.0, "120": 120.0, format_datetime(NOW + timedelta(seconds=3), usegmt=True): 3.0}


@settings(max_examples=effort(200), deadline=None)
@given(
    script=st.lists(steps, min_size=6, max_size=6),
    attempts=st.integers(1, 6),
    until=st.sampled_from([0.05, 1.0, 5.0, 30.0, 1000.0]),
    repeatable=st.booleans(),
    luck=st.floats(0, 1, exclude_max=True),
)
def test_retry_when_vendor_fails_in_any_way_then_schedule_keeps_its_bounds(
    script: Any, attempts: int, until: float, repeatable: bool, luck: float
) -> None:
    vendor = Vendor(script)
    backoff = Backoff(attempts=attempts, base_s=0.5, cap_s=4.0, random=lambda: luck)
    error: ProviderError | None = None
    try:
        run(vendor, get(until, repeatable), until, backoff=backoff)
    except ProviderError as exc:
        error = exc

    made = len(vendor.began)
    assert 1 <= made <= (attempts if repeatable else 1)
    assert all(began < until for began in vendor.began)
    assert vendor.now <= until + 1e-9
    for number, (at, seconds, after) in enumerate(vendor.pauses_at):
        status, hint, takes = script[number]
        assert after == number + 1, "one pause after each failed attempt but the last"
        assert at + seconds < until
        if takes < 10.0:
            assert status in REPEATED
        if takes < 10.0 and status != "connection" and hint in HINTS:
            assert seconds == pytest.approx(HINTS[hint])
        else:
            assert seconds == pytest.approx(luck * min(4.0, 0.5 * 2**number))
    assert len(vendor.pauses_at) == made - 1
    last = script[made - 1]
    if error is None:
        assert last[0] == 200
        assert last[2] < 10.0
    elif isinstance(error, DeadlineExceeded):
        assert vendor.now == pytest.approx(until)


def test_retry_when_given_up_then_nothing_was_possible_any_more() -> None:
    """The other side of the bounds: a repeatable request is not given up early."""
    vendor = Vendor([(503, None, 0.0), ("connection", None, 0.0), (200, None, 0.0)])
    assert run(vendor, get(100.0), 100.0).status == 200
    assert vendor.pauses == [0.5, 1.0]


@pytest.mark.parametrize("hint", ["2", format_datetime(NOW + timedelta(seconds=2), usegmt=True)])
def test_retry_when_vendor_says_when_then_is_not_earlier_by_a_hair(hint: str) -> None:
    vendor = Vendor([(429, hint, 0.25), (200, None, 0.0)])
    run(vendor, get(100.0), 100.0, backoff=Backoff(random=lambda: 0.0))
    assert vendor.began == [0.0, 2.25]


def test_retry_when_waiting_would_pass_the_deadline_then_vendor_error_comes_at_once() -> None:
    vendor = Vendor([(429, "60", 0.25)])
    with pytest.raises(RateLimited) as caught:
        run(vendor, get(30.0), 30.0)
    assert caught.value.retry_after == 60.0
    assert vendor.now == 0.25


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 410, 418, 422, 501, 505, 301])
def test_retry_when_answer_is_final_then_is_asked_once(status: int) -> None:
    vendor = Vendor([(status, "1", 0.0)])
    with pytest.raises(ProviderError):
        run(vendor, get(100.0), 100.0)
    assert vendor.pauses == []


class Bank(Client[Sync]):
    """Only `request` is needed here."""


@pytest.mark.parametrize(
    ("method", "key", "asked"),
    [
        ("GET", None, 3),
        ("HEAD", None, 3),
        ("OPTIONS", None, 3),
        ("POST", None, 1),
        ("POST", "", 1),
        ("PUT", None, 1),
        ("PATCH", None, 1),
        ("DELETE", None, 1),
        ("POST", "order-1", 3),
    ],
)
def test_request_when_method_varies_then_only_harmless_ones_are_repeated(method: str, key: Any, asked: int) -> None:
    for failure in (Reply(503, b""), ProviderUnavailable("broke", retryable=True)):
        transport = Replay(lambda request, failure=failure: failure)
        bank = Bank(transport, source="banking:test")
        with pytest.raises(ProviderUnavailable):
            transport.run(bank.request(method, "/orders", content=b"{}", idempotency_key=key))
        assert len(transport.requests) == asked


def test_breaker_when_retries_fail_then_counts_the_call_once() -> None:
    vendor = Vendor([(503, None, 0.0)] * 6)
    breaker = Breaker(2, 10.0, vendor.monotonic)
    for state in (BreakerState.CLOSED, BreakerState.OPEN):
        with pytest.raises(ProviderUnavailable):
            run(vendor, get(100.0), 100.0, breaker=breaker)
        assert breaker.state is state
    with pytest.raises(CircuitOpen):
        run(vendor, get(100.0), 100.0, breaker=breaker)
    assert len(vendor.began) == 6


def test_breaker_when_vendor_refuses_then_stays_closed() -> None:
    vendor = Vendor([(503, None, 0.0), (404, None, 0.0), (503, None, 0.0), (401, None, 0.0), (503, None, 0.0)])
    breaker = Breaker(2, 10.0, vendor.monotonic)
    for _ in range(5):
        with pytest.raises(ProviderError):
            run(vendor, get(100.0), 100.0, breaker=breaker, backoff=Backoff(attempts=1))
    assert breaker.state is BreakerState.CLOSED


def test_breaker_when_vendor_hangs_through_every_attempt_then_opens() -> None:
    """Three attempts of 10 s do not fit into 30 s with pauses: the deadline must not hide the outage."""
    vendor = Vendor([(200, None, 60.0)] * 9)
    breaker = Breaker(2, 1000.0, vendor.monotonic)
    for _ in range(2):
        until = vendor.now + 30.0
        with pytest.raises(DeadlineExceeded):
            run(vendor, get(until), until, breaker=breaker)
    assert breaker.state is BreakerState.OPEN


def test_breaker_when_the_caller_is_in_a_hurry_then_stays_closed() -> None:
    vendor = Vendor([(200, None, 5.0)] * 9)
    breaker = Breaker(2, 1000.0, vendor.monotonic)
    for _ in range(5):
        until = vendor.now + 0.2
        with pytest.raises(DeadlineExceeded):
            run(vendor, get(until), until, breaker=breaker)
    assert breaker.state is BreakerState.CLOSED


def test_breaker_when_the_settings_allow_less_than_a_timeout_then_a_hanging_vendor_still_opens_it() -> None:
    def hang(request: Request) -> Exception:
        assert request.until is not None
        transport.now += min(request.timeout_s, request.until - transport.now)
        return DeadlineExceeded("late", retryable=True)

    transport = Replay(hang)
    bank = Bank(transport, source="banking:test", timeout_s=10.0, deadline_s=5.0, breaker_threshold=2)
    for _ in range(2):
        with pytest.raises(DeadlineExceeded):
            transport.run(bank.get("/x"))
    assert bank.policy.breaker.state is BreakerState.OPEN


def test_quota_when_used_up_within_the_deadline_then_is_waited_for_and_breaker_hears_nothing() -> None:
    vendor = Vendor([(200, None, 0.0)] * 4)
    breaker = Breaker(1, 10.0, vendor.monotonic)
    limiter = Limiter([Quota(1, 5.0)], vendor.monotonic)
    rules = Policy(breaker, limiter, Backoff(), vendor.monotonic)
    vendor.run(survive(get(100.0), 100.0, rules, by_status))
    vendor.run(survive(get(100.0), 100.0, rules, by_status))
    assert vendor.began[1] >= 5.0
    with pytest.raises(RateLimited) as caught:
        vendor.run(survive(get(vendor.now + 1.0), vendor.now + 1.0, rules, by_status))
    assert caught.value.retry_after == pytest.approx(5.0, abs=0.01)
    assert breaker.state is BreakerState.CLOSED
    assert len(vendor.began) == 2


def test_deadline_when_over_before_anything_then_nothing_is_sent() -> None:
    vendor = Vendor([(200, None, 0.0)])
    vendor.now = 10.0
    with pytest.raises(DeadlineExceeded):
        run(vendor, get(10.0), 10.0)
    assert vendor.began == []


def test_deadline_when_over_before_anything_then_no_place_of_the_quota_is_taken() -> None:
    vendor = Vendor([(200, None, 0.0)])
    limiter = Limiter([Quota(1, 86400.0)], vendor.monotonic)
    rules = Policy(Breaker(1, 10.0, vendor.monotonic), limiter, Backoff(), vendor.monotonic)
    vendor.now = 10.0
    with pytest.raises(DeadlineExceeded):
        vendor.run(survive(get(10.0), 10.0, rules, by_status))
    assert vendor.run(survive(get(20.0), 20.0, rules, by_status)).status == 200


def test_signature_when_a_request_waits_or_is_repeated_then_is_as_fresh_as_the_attempt() -> None:
    class Signed(Bank):
        def authorize(self, request: Request) -> Request:
            return replace(request, headers=(*request.headers, ("Signed-At", str(self.policy.clock()))))

    answers = iter([Reply(200, b""), Reply(503, b"", {"retry-after": "7"}), Reply(200, b"")])
    transport = Replay(lambda request: next(answers))
    bank = Signed(transport, source="banking:test", quotas=(Quota(1, 5.0),))
    transport.run(bank.get("/x"))
    transport.run(bank.get("/x"))
    assert len(transport.requests) == 3
    for request, at in zip(transport.requests, (0.0, 5.001, 12.001), strict=True):
        ((name, stamp),) = request.headers  # one signature, not one more with each attempt
        assert (name, float(stamp)) == ("Signed-At", pytest.approx(at))


def test_credentials_when_refused_then_are_not_tried_again() -> None:
    vendor = Vendor([(401, None, 0.0)])
    with pytest.raises(AuthenticationFailed):
        run(vendor, get(100.0), 100.0)
    assert len(vendor.began) == 1
