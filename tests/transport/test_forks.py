"""Forked children, as `multiprocessing` makes them on Linux: each answer belongs to whoever asked."""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import Future
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bankersbank import metrics
from fin_infra.errors import ProviderUnavailable
from fin_infra.flow.access import Renewable
from fin_infra.flow.breaker import Breaker, BreakerState
from fin_infra.flow.limits import Limiter, Quota
from fin_infra.providers import registry
from fin_infra.trading import JournalEntry, SqliteJournal
from fin_infra.transport import Flow
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.http import AsyncHttpTransport, HttpTransport

FORK = multiprocessing.get_context("fork")
_given: dict[str, Any] = {}
AT = datetime(2026, 11, 20, 15, tzinfo=UTC)


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


@pytest.mark.parametrize("cls", [HttpTransport, AsyncHttpTransport])
def test_transport_after_a_fork_has_no_connection_of_its_parent(cls: Any) -> None:
    transport = _given["transport"] = cls(HttpConfig(base_url="http://127.0.0.1:9"))
    theirs = SimpleNamespace(ends=SimpleNamespace(detach=lambda: None))
    transport._pool, transport._pools = theirs, {"a loop": theirs}
    transport._lock = threading.Lock()
    with transport._lock:
        assert _in_child(_connections) == ((None, False) if cls is HttpTransport else ({}, None))
    assert transport._pool is theirs
    assert transport._pools == {"a loop": theirs}


def _connections() -> tuple[Any, Any]:
    transport = _given["transport"]
    if isinstance(transport, HttpTransport):
        return transport._pool, transport._lock.locked()
    return transport._pools, None


def test_token_that_is_being_fetched_by_the_parent_is_not_waited_for_in_the_child() -> None:
    renewable: Any = Renewable[str]()
    _given["renewable"] = renewable
    renewable._fetching = Future[None]()
    with renewable._lock:
        assert _in_child(_fetching) == (None, False)


def _fetching() -> tuple[Any, bool]:
    renewable = _given["renewable"]
    return renewable._fetching, renewable._lock.locked()


def test_registry_that_a_thread_of_the_parent_was_using_is_free_in_the_child() -> None:
    with registry._lock:
        assert _in_child(_registry_is_locked) is False


def _registry_is_locked() -> bool:
    return registry._lock.locked()


def test_metrics_that_a_thread_of_the_parent_was_registering_are_free_in_the_child() -> None:
    with metrics._lock:
        assert _in_child(_metrics_are_locked) is False


def _metrics_are_locked() -> bool:
    return metrics._lock.locked()


def test_journal_that_a_thread_is_writing_to_is_forked_when_it_has_finished(tmp_path: Path) -> None:
    journal = _given["journal"] = SqliteJournal(tmp_path / "orders.sqlite3")
    began, ended = threading.Event(), threading.Event()

    def judge(*_: object) -> None:
        began.set()
        time.sleep(0.3)
        ended.set()

    entry = JournalEntry(
        account="account",
        client_order_id="fin-1",
        attempt="1",
        fingerprint="f",
        summary="buy",
        estimate=Decimal(1),
        at=AT,
        lands_by=AT,
    )
    writing = threading.Thread(target=lambda: journal.open(entry, AT, judge))
    writing.start()
    assert began.wait(5)
    assert _in_child(_unresolved) == ["fin-1"]
    assert ended.is_set()
    writing.join(5)
    assert [one.client_order_id for one in journal.unresolved("account")] == ["fin-1"]


def _unresolved() -> list[str]:
    journal: SqliteJournal = _given["journal"]
    return [one.client_order_id for one in journal.unresolved("account")]


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
