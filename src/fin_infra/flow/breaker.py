"""The circuit breaker: after repeated failures of a vendor, fail at once for a while, then try once.
Floor 2: one per provider and tenant; safe between threads and tasks.

closed --N terminal outages in a row--> open --cooldown--> half --success--> closed
                                         ^                   |--outage--> open
                                         |                   |--canceled, or says nothing--> open, next caller may try
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from threading import Lock
from typing import TypeVar

from fin_infra.errors import CircuitOpen, ProviderError
from fin_infra.transport import Flow
from fin_infra.transport.forks import starts_again

T = TypeVar("T")


class BreakerState(IntEnum):
    """The values are those of the `fin_provider_breaker_state` gauge."""

    CLOSED = 0
    HALF = 1
    OPEN = 2


class Breaker:
    def __init__(
        self,
        threshold: int,
        cooldown_s: float,
        clock: Callable[[], float],
        on_change: Callable[[BreakerState], None] = lambda state: None,
    ) -> None:
        self._threshold = threshold
        self._cooldown_s = cooldown_s
        self._clock = clock
        self._on_change = on_change
        self._lock = Lock()
        self._state = BreakerState.CLOSED
        self._failures = 0
        self._open_until = 0.0
        self._generation = 0
        starts_again(self)

    def after_fork(self) -> None:
        """Give up a trial of the parent, whose end only the parent sees."""
        self._lock = Lock()
        if self._state is BreakerState.HALF:
            self._move(BreakerState.OPEN)

    @property
    def state(self) -> BreakerState:
        return self._state

    def guard(self, flow: Flow[T], *, urgent: bool = False) -> Flow[T]:
        """Run `flow` if the circuit allows it and learn from how it ends; raise CircuitOpen if not.

        What is `urgent` goes past an open circuit, which learns nothing from it: a cancellation that is not even sent
        costs more than one request to a vendor that may be down.
        """
        try:
            ticket, trial = self._enter()
        except CircuitOpen:
            if not urgent:
                raise
            return (yield from flow)
        try:
            if trial:
                self._on_change(BreakerState.HALF)
            result = yield from flow
        except ProviderError as exc:
            self._leave(ticket, _verdict(exc))
            raise
        except BaseException:
            self._leave(ticket, None)
            raise
        self._leave(ticket, True)
        return result

    def _enter(self) -> tuple[int, bool]:
        """Return the ticket for `_leave`, and whether this call is the trial."""
        with self._lock:
            if self._state is BreakerState.CLOSED:
                return self._generation, False
            left = self._open_until - self._clock()
            if self._state is BreakerState.HALF or left > 0:
                raise CircuitOpen(retry_after=max(left, 0.0) or None)
            self._move(BreakerState.HALF)
            return self._generation, True

    def _leave(self, ticket: int, healthy: bool | None) -> None:
        """Take a verdict: True, False, or None where the call says nothing about the vendor.

        A verdict counts only in the state its call began in: an old success does not end a newer trial.
        """
        with self._lock:
            if ticket != self._generation:
                return
            state = self._judge(healthy)
        if state is not None:  # reported without the lock: listeners may make calls of their own
            self._on_change(state)

    def _judge(self, healthy: bool | None) -> BreakerState | None:
        if self._state is BreakerState.HALF:
            if healthy is False:
                self._open_until = self._clock() + self._cooldown_s
            return self._move(BreakerState.CLOSED if healthy else BreakerState.OPEN)
        if healthy:
            self._failures = 0
        elif healthy is False:
            self._failures += 1
            if self._failures >= self._threshold:
                self._open_until = self._clock() + self._cooldown_s
                return self._move(BreakerState.OPEN)
        return None

    def _move(self, state: BreakerState) -> BreakerState:
        self._state = state
        self._generation += 1
        self._failures = 0
        return state


def _verdict(exc: ProviderError) -> bool | None:
    if exc.outage:
        return False
    return True if exc.http_status is not None and exc.http_status < 500 else None
