"""How a request survives: breaker, deadline, retry, rate limit, request, from outside in.
Floor 2: generators like the flows they protect, so one text serves threads and tasks, and tests run in virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from fin_infra.errors import DeadlineExceeded, ProviderError
from fin_infra.flow.breaker import Breaker
from fin_infra.flow.limits import Limiter
from fin_infra.transport import Auth, Flow, Pause, Reply, Request, no_auth


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter: attempt n waits between 0 and min(cap, base * 2**(n-1)) seconds."""

    attempts: int = 3
    base_s: float = 0.5
    cap_s: float = 20.0
    random: Callable[[], float] = field(default=random.random, repr=False)

    def wait(self, attempt: int, retry_after: float | None) -> float:
        """Seconds to wait after failed attempt `attempt` (from 1); the vendor's Retry-After is never undercut."""
        if retry_after is not None:
            return retry_after
        return self.random() * min(self.cap_s, self.base_s * 2.0 ** (attempt - 1))


@dataclass(slots=True)
class Policy:
    """The protection of one provider instance: state shared by all its calls."""

    breaker: Breaker
    limiter: Limiter
    backoff: Backoff
    clock: Callable[[], float]


Refusal = Callable[[Reply], ProviderError | None]


def survive(request: Request, until: float, policy: Policy, refusal: Refusal, authorize: Auth = no_auth) -> Flow[Reply]:
    """Send `request` under `policy` and return the reply that `refusal` has no objection to.

    `authorize` signs each attempt anew, as it leaves: a signature that holds the time is never older than its request.

    Raises:
        CircuitOpen: the breaker is open; nothing was sent.
        DeadlineExceeded: `until` came first.
        RateLimited: the quota, ours or the vendor's, frees up only after `until`.
        ProviderError: what the vendor answered to the last attempt.
    """
    return (yield from policy.breaker.guard(_retry(request, until, policy, refusal, authorize)))


def _retry(request: Request, until: float, policy: Policy, refusal: Refusal, authorize: Auth) -> Flow[Reply]:
    attempt = 1
    outage = False
    while True:
        try:
            return (yield from _attempt(request, until, policy, refusal, authorize))
        except ProviderError as exc:
            outage = exc.outage = exc.outage or (outage and isinstance(exc, DeadlineExceeded))
            if not (exc.retryable and request.repeatable) or attempt >= policy.backoff.attempts:
                raise
            wait = policy.backoff.wait(attempt, exc.retry_after)
            if policy.clock() + wait >= until:
                raise
        yield Pause(wait)
        attempt += 1


def _attempt(request: Request, until: float, policy: Policy, refusal: Refusal, authorize: Auth) -> Flow[Reply]:
    if policy.clock() >= until:
        raise DeadlineExceeded("the time allowed was over before the request was sent", retryable=True)
    yield from policy.limiter.take(until)  # after the look at the clock: what is never sent costs no place
    sent = policy.clock()
    try:
        reply: Reply = yield authorize(request)
    except DeadlineExceeded as exc:
        # a caller in a hurry says nothing about the vendor; a vendor that had all its time and did not answer does
        exc.outage = policy.clock() - sent >= 0.99 * request.timeout_s
        raise
    error = refusal(reply)
    if error is not None:
        raise error
    return reply
