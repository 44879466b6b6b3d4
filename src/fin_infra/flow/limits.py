"""Client-side quotas: never more calls in any window than the vendor publishes.
Floor 2: strict at the moment of release; a caller whose deadline comes first is told when to come back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from fin_infra.errors import RateLimited
from fin_infra.transport import Flow, Pause
from fin_infra.transport.forks import starts_again

_MARGIN_S = 0.001


@dataclass(frozen=True, slots=True)
class Quota:
    """`calls` in any window of `per_s` seconds, of which the last `reserve` are for urgent calls alone."""

    calls: int
    per_s: float
    reserve: int = 0

    def __post_init__(self) -> None:
        if self.calls < 1 or self.per_s <= 0:
            raise ValueError("a quota must allow at least one call, in a window above zero seconds")
        if not 0 <= self.reserve < self.calls:
            raise ValueError("the reserve of a quota must leave at least one call for everything else")


class Limiter:
    """Counts the calls of one provider and key, in this process. Safe between threads and tasks.

    A call that is not urgent leaves the reserve of each quota free, whoever has used up the rest.
    """

    def __init__(self, quotas: Sequence[Quota], clock: Callable[[], float]) -> None:
        self._windows = [(quota, deque[float](maxlen=quota.calls)) for quota in quotas]
        self._clock = clock
        self._lock = Lock()
        starts_again(self)

    def after_fork(self) -> None:
        """Go on counting from what the parent had used up."""
        self._lock = Lock()

    def wait(self, *, urgent: bool = False) -> float:
        """Take a slot now and return 0.0, or return the seconds until the next slot may be free."""
        if not self._windows:
            return 0.0
        with self._lock:
            now = self._clock()
            free_at = now
            for quota, taken in self._windows:
                room = quota.calls if urgent else quota.calls - quota.reserve
                if len(taken) >= room:
                    free_at = max(free_at, taken[-room] + quota.per_s)
            if free_at > now:
                return free_at - now + _MARGIN_S
            for _, taken in self._windows:
                taken.append(now)
            return 0.0

    def take(self, until: float, *, urgent: bool = False) -> Flow[None]:
        """Wait for a slot; raise RateLimited at once where none comes free before `until`."""
        while (wait := self.wait(urgent=urgent)) > 0:
            if self._clock() + wait >= until:
                error = RateLimited(
                    f"our own quota for this key is used up; the next call is due in {wait:.1f} s",
                    retryable=True,
                    retry_after=wait,
                )
                error.outage = False
                raise error
            yield Pause(wait)
