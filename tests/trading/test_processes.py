"""One key, many processes and threads, real HTTP, one journal file, and processes that are killed: one order."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from fin_infra.brokerage import easy_brokerage
from fin_infra.model import InstrumentKey, NewOrder, Order, OrderStatus, OrderType, Side
from fin_infra.providers import registry
from fin_infra.sandbox import environment, running
from fin_infra.trading import SqliteJournal, State, Submission, Time, TradingLimits, client_order_id, reconcile
from fin_infra.trading.journal import combined
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.http import AsyncHttpTransport, HttpTransport
from tests.trading.loopback_broker import LoopbackBroker, LoopbackDesk
from tests.trading.support import new_order

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120
AAPL = InstrumentKey("US", "AAPL")
CLIENT_ORDER_ID = client_order_id("account-1", "key-1")


@pytest.fixture
def broker() -> Iterator[LoopbackBroker]:
    opened = LoopbackBroker()
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "orders.sqlite3"


def start(broker: LoopbackBroker, file: Path, fault: str = "", threads: int = 1) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.trading.order_process", broker.url, str(file), "key-1", fault, str(threads)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str]) -> list[str]:
    return process.communicate(timeout=PATIENCE_S)[0].split()


def state(file: Path) -> State | None:
    journal = SqliteJournal(file)
    known = combined(journal.find("account-1", CLIENT_ORDER_ID))
    journal.close()
    return known and known.state


def reconciled(broker: LoopbackBroker, file: Path, later_s: float) -> list[Any]:
    journal, transport = SqliteJournal(file), HttpTransport(HttpConfig(base_url=broker.url))
    at = datetime.now(UTC) + timedelta(seconds=later_s)
    try:
        return transport.run(reconcile(LoopbackDesk(transport), journal, lambda: at))
    finally:
        transport.close()
        journal.close()


def test_processes_and_threads_when_they_submit_one_key_at_once_then_all_get_the_one_order(
    broker: LoopbackBroker, file: Path
) -> None:
    outcomes = [line for process in [start(broker, file, threads=4) for _ in range(3)] for line in end(process)]
    assert outcomes == ["order-0"] * 12
    assert [order["client_order_id"] for order in broker.orders] == [CLIENT_ORDER_ID]
    assert state(file) is State.PLACED


def test_process_when_killed_between_journal_and_send_then_the_next_one_places_the_order(
    broker: LoopbackBroker, file: Path
) -> None:
    dead = start(broker, file, "before")
    assert end(dead) == []
    assert dead.returncode == -signal.SIGKILL
    assert (broker.orders, state(file)) == ([], State.INTENT)
    assert len(reconciled(broker, file, 0)) == 1  # too early to say that it never arrived
    assert end(start(broker, file)) == ["order-0"]
    assert len(broker.orders) == 1
    assert reconciled(broker, file, 0) == []
    assert state(file) is State.PLACED


def test_process_when_killed_between_journal_and_send_then_reconciling_finds_that_there_is_none(
    broker: LoopbackBroker, file: Path
) -> None:
    end(start(broker, file, "before"))
    assert reconciled(broker, file, 600) == []
    assert (broker.orders, state(file)) == ([], State.ABSENT)
    assert end(start(broker, file)) == ["order-0"]


def test_process_when_killed_between_answer_and_journal_then_the_next_one_gets_the_same_order(
    broker: LoopbackBroker, file: Path
) -> None:
    assert end(start(broker, file, "mute")) == []
    assert (len(broker.orders), state(file)) == (1, State.INTENT)
    assert end(start(broker, file)) == ["order-0"]
    assert (len(broker.orders), broker.posts) == (1, 1)
    assert state(file) is State.PLACED


def test_process_when_killed_while_the_broker_has_the_order_then_reconciling_finds_it(
    broker: LoopbackBroker, file: Path
) -> None:
    taken, may_answer = Event(), Event()

    def hold(order: dict[str, Any]) -> None:
        taken.set()
        may_answer.wait(PATIENCE_S)

    broker.on_post = hold
    process = start(broker, file)
    assert taken.wait(PATIENCE_S)
    process.kill()
    assert end(process) == []
    may_answer.set()
    assert state(file) is State.INTENT
    assert reconciled(broker, file, 0) == []
    assert state(file) is State.PLACED
    assert end(start(broker, file)) == ["order-0"]
    assert broker.posts == 1


def test_process_when_the_broker_takes_the_order_and_says_504_then_asks_and_sends_no_more(
    broker: LoopbackBroker, file: Path
) -> None:
    broker.on_post = lambda order: 504
    assert end(start(broker, file)) == ["order-0"]
    assert (len(broker.orders), broker.posts) == (1, 1)


def test_processes_when_some_are_killed_and_all_are_started_again_then_there_is_one_order(
    broker: LoopbackBroker, file: Path
) -> None:
    running = [start(broker, file, fault) for fault in ("before", "mute", "", "mute")]
    outcomes = [end(process) for process in running]
    assert {line for lines in outcomes for line in lines} <= {"order-0"}
    assert end(start(broker, file)) == ["order-0"]
    assert reconciled(broker, file, 0) == []
    assert len(broker.orders) == 1
    assert state(file) is State.PLACED


def test_tasks_when_they_submit_one_key_at_once_then_all_get_the_one_order(broker: LoopbackBroker, file: Path) -> None:
    journal = SqliteJournal(file)

    async def one(transport: AsyncHttpTransport) -> str:
        desk = LoopbackDesk(transport)
        flow = Submission(
            desk=desk,
            order=new_order("3"),
            journal=journal,
            limits=TradingLimits(duplicate_window_s=None),
            queue=True,
            time=Time(desk.until(), transport.monotonic, lambda: datetime.now(UTC)),
        ).run("key-1")
        found: Order = await transport.run(flow)
        return found.id

    async def all_at_once() -> list[str]:
        transport = AsyncHttpTransport(HttpConfig(base_url=broker.url))
        try:
            return await asyncio.gather(*(one(transport) for _ in range(10)))
        finally:
            await transport.aclose()

    assert asyncio.run(all_at_once()) == ["order-0"] * 10
    assert len(broker.orders) == 1
    assert state(file) is State.PLACED
    journal.close()


def test_task_when_cancelled_while_the_order_is_on_its_way_then_the_key_finds_it(
    broker: LoopbackBroker, file: Path
) -> None:
    journal = SqliteJournal(file)
    taken, may_answer = Event(), Event()

    def hold(order: dict[str, Any]) -> None:
        taken.set()
        may_answer.wait(PATIENCE_S)

    broker.on_post = hold

    async def begin_and_cancel() -> None:
        transport = AsyncHttpTransport(HttpConfig(base_url=broker.url))
        desk = LoopbackDesk(transport)
        flow = Submission(
            desk=desk,
            order=new_order("3"),
            journal=journal,
            limits=TradingLimits(),
            queue=True,
            time=Time(desk.until(), transport.monotonic, lambda: datetime.now(UTC)),
        ).run("key-1")
        task = asyncio.ensure_future(transport.run(flow))
        assert await asyncio.to_thread(taken.wait, PATIENCE_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await transport.aclose()

    asyncio.run(begin_and_cancel())
    may_answer.set()
    journal.close()
    assert state(file) is State.INTENT
    assert end(start(broker, file)) == ["order-0"]
    assert broker.posts == 1
    assert state(file) is State.PLACED


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, file: Path) -> Iterator[Any]:
    """The sandbox's broker, with ten AAPL held and a limit order of two open."""
    with running() as url:
        for name, value in {**environment(url), "FIN_INFRA_TRADING_JOURNAL": str(file)}.items():
            monkeypatch.setenv(name, value)
        registry.reset()
        opened = easy_brokerage()
        opened.submit_order(NewOrder(key=AAPL, side=Side.BUY, quantity=Decimal(10)))
        yield opened
        opened.transport.close()
        registry.reset()


def request(kind: str, order_id: str, fault: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.trading.killed_process", kind, order_id, fault]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("fault", ["before", "mute"])
@pytest.mark.parametrize("kind", ["change", "close"])
def test_process_when_killed_in_a_change_or_a_closing_then_the_same_key_ends_it_and_nothing_is_done_twice(
    desk: Any, kind: str, fault: str
) -> None:
    resting = NewOrder(key=AAPL, side=Side.BUY, quantity=Decimal(2), type=OrderType.LIMIT, limit_price=Decimal(200))
    order_id = desk.submit_order(resting).id if kind == "change" else "none"  # it would be on the other side
    dead = request(kind, order_id, fault)
    assert end(dead) == []
    assert dead.returncode == -signal.SIGKILL
    [left] = desk.reconcile_orders() if fault == "before" else [None]
    assert left is None or left.state is State.INTENT  # too early to say that it never arrived
    if fault == "mute":
        assert desk.reconcile_orders() == []
    [told] = end(request(kind, order_id))
    assert end(request(kind, order_id)) == [told]
    orders = {each.id: each for each in desk.orders(status="all")}
    made = [each for each in orders.values() if each.id != order_id and each.quantity != Decimal(10)]
    assert [each.id for each in made] == [told]
    if kind == "change":
        assert (orders[order_id].status, made[0].quantity) == (OrderStatus.REPLACED, Decimal(3))
        assert desk.latest_order(order_id).id == told
    else:
        assert (made[0].side, made[0].quantity) == (Side.SELL, Decimal(4))
        assert desk.position(AAPL).quantity == Decimal(6)
    assert desk.reconcile_orders() == []
