"""Forked children, as `multiprocessing` makes them on Linux: each answer belongs to whoever asked."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import ProviderUnavailable
from fin_infra.flow.breaker import Breaker, BreakerState
from fin_infra.flow.limits import Limiter, Quota
from fin_infra.trading import SqliteJournal
from fin_infra.transport import Flow

FORK = multiprocessing.get_context("fork")
_given: dict[str, Any] = {}


def _in_child(work: Any) -> Any:
    with FORK.Pool(1) as pool:
        return pool.apply_async(work).get(10)


def test_locks_held_by_a_thread_when_forking_are_free_in_the_child() -> None:
    limiter = _given["limiter"] = Limiter([Quota(2, 60.0)], lambda: 0.0)
    assert limiter.wait() == 0
    with limiter._lock:
        assert _in_child(_take) == (0.0, True)


def _take() -> tuple[float, bool]:
    limiter: Limiter = _given["limiter"]
    return limiter.wait(), limiter.wait() > 0  # the parent's call counts


def test_breaker_on_trial_in_the_parent_lets_the_child_try() -> None:
    breaker = _given["breaker"] = Breaker(1, 0.0, lambda: 0.0)
    with pytest.raises(ProviderUnavailable):
        next(breaker.guard(_down()))
    assert breaker._enter()[1]
    assert _in_child(_state) == (BreakerState.OPEN, True)
    assert breaker.state is BreakerState.HALF


def _down() -> Flow[None]:
    yield from ()
    error = ProviderUnavailable("down")
    error.outage = True
    raise error


def _state() -> tuple[BreakerState, bool]:
    breaker: Breaker = _given["breaker"]
    return breaker.state, breaker._enter()[1]


def test_journal_file_after_a_fork_has_a_connection_of_its_own(tmp_path: Path) -> None:
    journal = _given["journal"] = SqliteJournal(tmp_path / "orders.sqlite3")
    _given["connection"] = journal._connection
    child = FORK.Process(target=_hold)
    child.start()
    child.join(10)
    assert child.exitcode == 0
    assert not journal.unfinished()


def _hold() -> None:
    journal: SqliteJournal = _given["journal"]
    assert journal._connection is not _given["connection"]
    assert journal.unresolved("account") == []
