"""How a request survives: breaker, deadline, retry, rate limit, request, from outside in.
Floor 2: generators like the flows they protect, so one generator serves threads and tasks, and tests need no clock."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from fin_infra.errors import AuthenticationFailed, DeadlineExceeded, ProviderError
from fin_infra.flow.access import Access
from fin_infra.flow.breaker import Breaker
from fin_infra.flow.limits import Limiter
from fin_infra.transport import Auth, Flow, Pause, Reply, Request, no_auth


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter: attempt n waits between 0 and min(cap, base * 2**(n-1)) seconds.

    `pacing_s` comes on top of every wait, for vendors that want a pause whatever the dice say.
    """

    attempts: int = 3
    base_s: float = 0.5
    cap_s: float = 20.0
    pacing_s: float = 0.0
    random: Callable[[], float] = field(default=random.random, repr=False)

    def wait(self, attempt: int, retry_after: float | None) -> float:
        """Seconds to wait after failed attempt `attempt` (from 1); the vendor's Retry-After is never undercut."""
        if retry_after is not None:
            return retry_after + self.pacing_s
        return self.random() * min(self.cap_s, self.base_s * 2.0 ** (attempt - 1)) + self.pacing_s


@dataclass(slots=True)
class Policy:
    """The protection of one provider instance: state shared by all its calls."""

    breaker: Breaker
    limiter: Limiter
    backoff: Backoff
    clock: Callable[[], float]


Refusal = Callable[[Reply], ProviderError | None]


def survive(
    request: Request,
    until: float,
    policy: Policy,
    refusal: Refusal,
    authorize: Auth = no_auth,
    access: Access | None = None,
    *,
    urgent: bool = False,
) -> Flow[Reply]:
    """Send `request` under `policy` and return the reply that `refusal` has no objection to.

    `authorize` signs each attempt again, as it leaves: a signature that holds the time is never older than its request.
    `access` takes its place where signing needs a token that has to be fetched; a token that the vendor refuses is
    replaced once. What is `urgent` may use the reserve of the quotas and passes an open breaker.

    Raises:
        CircuitOpen: the breaker is open; nothing was sent.
        DeadlineExceeded: `until` came first.
        RateLimited: the quota, ours or the vendor's, frees up only after `until`.
        ProviderError: what the vendor answered to the last attempt.
    """
    attempt = _Attempt(request, until, policy, refusal, authorize, access, urgent)
    return (yield from policy.breaker.guard(_retry(attempt), urgent=urgent))


@dataclass(slots=True)
class _Attempt:
    """One request and all it needs to be sent, any number of times."""

    request: Request
    until: float
    policy: Policy
    refusal: Refusal
    authorize: Auth
    access: Access | None
    urgent: bool

    def send(self) -> Flow[Reply]:
        """Send once; where the vendor refuses the token, once more with a new one."""
        if self.access is None:
            return (yield from self._signed(self.authorize))
        signer = yield from self.access.signer(self.until, self.policy.clock)
        try:
            return (yield from self._signed(signer))
        except AuthenticationFailed:
            self.access.refused(signer)
        return (yield from self._signed((yield from self.access.signer(self.until, self.policy.clock))))

    def _signed(self, sign: Auth) -> Flow[Reply]:
        clock = self.policy.clock
        if clock() >= self.until:
            raise DeadlineExceeded("the time allowed was over before the request was sent", retryable=True)
        # after the look at the clock: what is never sent uses up no quota
        yield from self.policy.limiter.take(self.until, urgent=self.urgent)
        sent = clock()
        try:
            reply: Reply = yield sign(self.request)
        except DeadlineExceeded as exc:
            # a caller in a hurry says nothing about the vendor; a vendor that had all its time and did not answer does
            exc.outage = clock() - sent >= 0.99 * self.request.timeout_s
            raise
        error = self.refusal(reply)
        if error is not None:
            raise error
        return reply


def _retry(attempt: _Attempt) -> Flow[Reply]:
    request, policy, until = attempt.request, attempt.policy, attempt.until
    number = 1
    outage = False
    while True:
        try:
            return (yield from attempt.send())
        except ProviderError as exc:
            outage = exc.outage = exc.outage or (outage and isinstance(exc, DeadlineExceeded))
            if not (exc.retryable and request.repeatable) or number >= policy.backoff.attempts:
                raise
            wait = policy.backoff.wait(number, exc.retry_after)
            if policy.clock() + wait >= until:
                raise
        yield Pause(wait)
        number += 1
