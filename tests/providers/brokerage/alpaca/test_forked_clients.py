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
from fin_infra.model import InstrumentKey, NewOrder, Side
from fin_infra.providers import registry
from fin_infra.sandbox import running

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
