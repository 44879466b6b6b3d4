"""Forked children, as `multiprocessing` makes them on Linux: each answer belongs to whoever asked."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fin_infra import brokerage
from fin_infra.errors import ProviderUnavailable
from fin_infra.flow.breaker import Breaker, BreakerState
from fin_infra.flow.limits import Limiter, Quota
from fin_infra.model import InstrumentKey, NewOrder, Side
from fin_infra.providers import registry
from fin_infra.sandbox import running
from fin_infra.trading import SqliteJournal
from fin_infra.transport import Flow

SYMBOLS = ("AAPL", "MSFT", "NVDA", "SPY")
FORK = multiprocessing.get_context("fork")
_given: dict[str, Any] = {}


def _sync(at: int) -> tuple[bool, bool]:
    key = InstrumentKey("US", SYMBOLS[at % 4])
    wanted = _given["ids"][at % 4]
    again: Any = brokerage.easy_brokerage(**_given["to"])
    found = [client.order(wanted).id == wanted for client in (_given["broker"], again)]
    return all(found), again.asset(key).key == key


def _async(at: int) -> tuple[bool, bool]:
    async def ask() -> tuple[bool, bool]:
        key, wanted = InstrumentKey("US", SYMBOLS[at % 4]), _given["ids"][at % 4]
        broker = brokerage.easy_brokerage(mode="async", **_given["to"])
        return (await broker.order(wanted)).id == wanted, (await broker.asset(key)).key == key

    return asyncio.run(ask())


@pytest.fixture
def bench_url() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.mark.parametrize("work", [_sync, _async])
def test_clients_after_a_fork_read_their_own_answers(
    work: Any, bench_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIN_INFRA_TRADING_JOURNAL", str(tmp_path / "orders.sqlite3"))
    registry.reset()
    _given["to"] = {"base_url": f"{bench_url}/alpaca", "api_key_id": "PKSANDBOX0000000000"} | {
        "api_secret_key": "sandbox-alpaca-secret"
    }
    broker: Any = brokerage.easy_brokerage(**_given["to"])
    _given["broker"] = broker
    orders = [NewOrder(key=InstrumentKey("US", name), side=Side.BUY, quantity=Decimal(1)) for name in SYMBOLS]
    _given["ids"] = [broker.submit_order(order, queue=True).id for order in orders]
    with FORK.Pool(4) as pool:
        answers = pool.map(work, range(80), chunksize=1)
    assert answers == [(True, True)] * 80
    assert broker.order(_given["ids"][0]).id == _given["ids"][0]
    broker.transport.close()
    registry.reset()


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
