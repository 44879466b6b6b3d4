"""Credentials that have to be fetched and that end, such as OAuth tokens: one flow fetches, all others wait for it.
Floor 2: safe between threads, tasks and event loops; the waiting is an effect, so drivers do it."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from fin_infra.errors import DeadlineExceeded, ProviderError
from fin_infra.transport import Auth, Flow, Join
from fin_infra.transport.forks import starts_again

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")


class Access(Protocol):
    """Where a client gets the signature of its requests, when that takes a request of its own."""

    def signer(self, until: float, clock: Callable[[], float]) -> Flow[Auth]:
        """Return how to sign now; fetch what that needs before `until`, in the time of `clock`."""
        ...

    def refused(self, signer: Auth) -> None:
        """Learn that the vendor refused what `signer` signed; the next `signer` must be another one."""
        ...


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """A value and the clock time from which on it is too old to use."""

    value: T
    until: float


@dataclass(frozen=True, slots=True)
class _Failed:
    error: ProviderError


class Renewable(Generic[T]):
    """A value that ends. Of all flows that find it missing or old, one fetches; the others share what it got.

    A fetch that fails fails for all who waited, with one request. A fetch that was canceled, or whose caller had no
    time left, says nothing: the next of the others takes its place.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: Kept[T] | None = None
        self._fetching: Future[_Failed | None] | None = None
        starts_again(self)

    def after_fork(self) -> None:
        """Wait for no fetch of the parent: its end comes to the parent only. What is kept stays good."""
        self._lock, self._fetching = Lock(), None

    def get(self, fetch: Callable[[], Flow[Kept[T]]], until: float, clock: Callable[[], float]) -> Flow[T]:
        """Return the value, fetched where necessary.

        Raises:
            DeadlineExceeded: another flow's fetch was not done before `until`.
            ProviderError: what the fetch raised.
        """
        from concurrent.futures import Future

        while True:
            with self._lock:
                if self._kept is not None and clock() < self._kept.until:
                    return self._kept.value
                leading = self._fetching is None
                fetching = self._fetching = self._fetching or Future()
            if leading:
                return (yield from self._lead(fetching, fetch()))
            try:
                outcome = yield Join(fetching, max(0.0, until - clock()))
            except TimeoutError:
                raise DeadlineExceeded("the time allowed was over before access was renewed", retryable=True) from None
            if outcome is not None:
                raise copy(outcome.error)  # each caller adds its own context to it

    def drop(self, value: T) -> None:
        """Forget `value`, unless it has been replaced already."""
        with self._lock:
            if self._kept is not None and self._kept.value is value:
                self._kept = None

    def _lead(self, mine: Future[_Failed | None], flow: Flow[Kept[T]]) -> Flow[T]:
        kept: Kept[T] | None = None
        failed: _Failed | None = None
        try:
            kept = yield from flow
            return kept.value
        except ProviderError as exc:
            if exc.outage or not isinstance(exc, DeadlineExceeded):
                failed = _Failed(copy(exc))
            raise
        finally:
            with self._lock:
                self._kept, self._fetching = kept, None
            mine.set_result(failed)
