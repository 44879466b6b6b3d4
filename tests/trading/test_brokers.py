"""What every broker inherits: orders, changes and closings over an adapter that keeps its book in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import get_ident
from typing import Any

import pytest

from fin_infra.errors import (
    AuthenticationFailed,
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    OrderChecksFailed,
    OrderRejected,
    OrderStateUnknown,
    ProviderError,
    ProviderUnavailable,
    RejectReason,
    UnexpectedPayload,
    UnknownSymbol,
)
from fin_infra.flow import deadline, json_of, operation
from fin_infra.model import AssetClass, Money, NewOrder, Order, OrderChange, OrderStatus, OrderType, Side, TimeInForce
from fin_infra.providers.brokerage.alpaca.rules import RULES as ALPACA
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces import brokerage as brokers
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import ProviderSettings
from fin_infra.trading import SqliteJournal, State, TradingLimits, client_order_id
from fin_infra.trading.journal import combined
from fin_infra.transport import Flow, M, Pause, Reply, Request
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.http import AsyncHttpTransport
from fin_infra.transport.replay import AsyncReplay, Replay
from tests.trading.support import AAPL, COIN, OPEN, account, asset, d, market, new_order, placed, position, quote

ENDPOINT = Endpoint("http://127.0.0.1:1", "custom", ProviderSettings())
CLIENT_ORDER_ID = client_order_id("account-1", "key-1")
LIMIT = new_order(type=OrderType.LIMIT, limit_price="100")
LOST = ProviderUnavailable("the line is dead", retryable=True)


class Book(BrokerageProvider[M]):
    """A broker in memory. `faults` are raised by the next sends: before the effect, or after it with `after`."""

    info = ProviderInfo(
        provider_key="brokerage:book",
        title="Book",
        settings=ProviderSettings,
        live_url="http://127.0.0.1:1",
        sandbox_path="/book",
        sandbox={},
        ping="account",
        docs="",
        signup="",
    )
    rules = ALPACA

    def configure(self) -> None:
        self.book: dict[str, Order] = {}
        self.sent: list[tuple[str, Any, str]] = []
        self.faults: list[tuple[bool, Exception]] = []
        self.held = position("100")
        self.owner = account()
        self.hours = market()
        self.thing = asset()
        self.price: Any = quote()

    def _send(self, verb: str, what: Any, client_order_id: str, order: Order) -> Flow[Order]:
        yield Pause(0.1)
        self.sent.append((verb, what, client_order_id))
        has_effect, fault = self.faults.pop(0) if self.faults else (True, None)
        if has_effect:
            if client_order_id in self.book:
                reason = RejectReason.DUPLICATE_CLIENT_ORDER_ID
                raise OrderRejected("client_order_id must be unique", reason=reason, http_status=422)
            self.book[client_order_id] = order
        if fault is not None:
            raise fault
        return order

    def send_order(self, order: NewOrder, client_order_id: str) -> Flow[Order]:
        made = placed(order, client_order_id, f"order-{len(self.book) + 1}")
        return (yield from self._send("new", order, client_order_id, made))

    def send_change(self, order_id: str, change: OrderChange, client_order_id: str) -> Flow[Order]:
        old = next(order for order in self.book.values() if order.id == order_id)
        terms = {name: getattr(change, name) for name in ("quantity", "time_in_force", "limit_price", "stop_price")}
        given = {name: value for name, value in terms.items() if value is not None}
        new = replace(
            old, id=f"order-{len(self.book) + 1}", client_order_id=client_order_id, replaces=order_id, **given
        )
        return (yield from self._send("change", change, client_order_id, new))

    def find_order(self, client_order_id: str) -> Flow[Order]:
        yield Pause(0.1)
        if client_order_id not in self.book:
            raise NotFound("no such order", http_status=404)
        return self.book[client_order_id]

    @operation
    def account(self) -> Flow[Any]:
        yield from ()
        return self.owner

    @operation
    def clock(self) -> Flow[Any]:
        yield from ()
        return self.hours

    @operation
    def asset(self, key: Any) -> Flow[Any]:
        yield from ()
        if self.thing is None:
            raise UnknownSymbol("no such thing", http_status=404)
        return self.thing

    @operation
    def bid_ask(self, key: Any) -> Flow[Any]:
        yield from ()
        if isinstance(self.price, Exception):
            raise self.price
        return self.price

    @operation
    def position(self, key: Any) -> Flow[Any]:
        yield from ()
        if self.held is None:
            raise NotFound("no position", http_status=404)
        return self.held

    @operation
    def order(self, order_id: str) -> Flow[Order]:
        yield from ()
        found = [order for order in self.book.values() if order.id == order_id]
        if not found:
            raise NotFound("no such order", http_status=404)
        return found[0]


Book.__abstractmethods__ = frozenset()  # what these tests never ask for


class Driver:
    """The same call in either mode."""

    def __init__(self, mode: str, kind: type[BrokerageProvider[Any]], answers: Any = ()) -> None:
        self.transport: Any = Replay(answers) if mode == "sync" else AsyncReplay(answers)
        self.broker: Any = kind(self.transport, ENDPOINT)
        self.broker.journal = SqliteJournal(":memory:")
        self.broker.now = lambda: OPEN
        self.broker.limits = TradingLimits(duplicate_window_s=None)

    def __call__(self, name: str, *args: Any, **kwargs: Any) -> Any:
        result = getattr(self.broker, name)(*args, **kwargs)
        if not asyncio.iscoroutine(result):
            return result

        async def waited() -> Any:
            return await result

        return asyncio.run(waited())

    def submit(self, order: NewOrder = LIMIT, key: str | None = "key-1", **kwargs: Any) -> Any:
        return self("submit_order", order, idempotency_key=key, **kwargs)

    def state(self, client_order_id: str = CLIENT_ORDER_ID) -> State | None:
        known = combined(self.broker.journal.find("account-1", client_order_id))
        return known and known.state


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Iterator[Driver]:
    driver = Driver(request.param, Book)
    yield driver
    driver.broker.journal.close()


# Submit and check.


def test_submit_when_called_again_with_the_key_then_gives_the_same_order(run: Driver) -> None:
    first = run.submit()
    again = run.submit()
    assert (first.replayed, again.replayed) == (False, True)
    assert first.client_order_id == again.client_order_id == CLIENT_ORDER_ID
    assert len(run.broker.sent) == 1
    assert run.state() is State.PLACED
    assert first.meta.operation == "submit_order"


def test_submit_when_the_key_has_another_order_then_is_a_conflict(run: Driver) -> None:
    run.submit()
    with pytest.raises(IdempotencyConflict):
        run.submit(replace(LIMIT, quantity=d("11")))
    assert len(run.broker.sent) == 1


def test_submit_when_there_is_no_key_then_each_call_is_an_order(run: Driver) -> None:
    one, two = run.submit(key=None), run.submit(key=None)
    assert one.client_order_id != two.client_order_id
    assert len(run.broker.sent) == 2


def test_submit_when_the_answer_is_lost_then_finds_the_order(run: Driver) -> None:
    run.broker.faults = [(True, LOST)]
    assert run.submit().id == "order-1"
    assert len(run.broker.sent) == 1


def test_submit_when_the_first_send_is_lost_then_asks_and_sends_under_the_same_id(run: Driver) -> None:
    run.broker.faults = [(False, LOST)]
    assert run.submit().client_order_id == CLIENT_ORDER_ID
    assert [client_order_id for _, _, client_order_id in run.broker.sent] == [CLIENT_ORDER_ID, CLIENT_ORDER_ID]


def test_submit_when_nothing_comes_through_then_says_that_nobody_knows_and_how_to_find_out(run: Driver) -> None:
    run.broker.faults = [(False, LOST)] * 3
    with pytest.raises(OrderStateUnknown) as caught:
        run.submit()
    assert caught.value.client_order_id == CLIENT_ORDER_ID
    assert caught.value.extra()["client_order_id"] == CLIENT_ORDER_ID
    assert (run.state(), len(run.broker.sent)) == (State.UNKNOWN, 3)
    assert run.submit().id == "order-1"
    assert run.state() is State.PLACED


def test_submit_when_a_deadline_is_near_then_ends_with_it(run: Driver) -> None:
    run.broker.faults = [(False, LOST)] * 99
    with deadline(2.0), pytest.raises(OrderStateUnknown):
        run.submit()
    assert run.transport.now <= 2.5
    assert run.state() is State.UNKNOWN


def test_submit_when_the_broker_refuses_then_the_key_may_be_used_again(run: Driver) -> None:
    refused = OrderRejected("no", reason=RejectReason.INSUFFICIENT_BUYING_POWER, http_status=403)
    run.broker.faults = [(False, refused)]
    with pytest.raises(OrderRejected):
        run.submit()
    assert run.state() is State.REFUSED
    assert run.submit().replayed is False


def test_submit_when_credentials_are_refused_then_says_so_and_the_journal_knows_of_no_order(run: Driver) -> None:
    run.broker.faults = [(False, AuthenticationFailed("no", http_status=401))]
    with pytest.raises(AuthenticationFailed):
        run.submit()
    assert run.state() is State.ABSENT


def test_submit_when_checks_fail_then_sends_and_writes_nothing(run: Driver) -> None:
    run.broker.hours = market(is_open=False)
    with pytest.raises(OrderChecksFailed, match="queue=True"):
        run.submit()
    assert (run.broker.sent, run.state()) == ([], None)
    assert run.submit(queue=True).id == "order-1"


def test_check_order_when_asked_then_names_the_failures_and_sends_nothing(run: Driver) -> None:
    assert run("check_order", LIMIT) == []
    run.broker.thing = None
    assert [name for name, _ in run("check_order", LIMIT)] == ["asset"]
    assert run.broker.sent == []


def test_check_order_when_there_is_no_quote_then_the_rules_say_what_that_means(run: Driver) -> None:
    run.broker.price = UnknownSymbol("no quote", http_status=404)
    assert [name for name, _ in run("check_order", new_order())] == ["quote"]
    assert run("check_order", LIMIT) == []
    run.broker.price = LOST
    with pytest.raises(ProviderUnavailable):
        run("check_order", new_order())


# Replace.


def test_replace_when_the_terms_are_good_then_gives_the_new_order(run: Driver) -> None:
    run.submit()
    new = run("replace_order", "order-1", OrderChange(limit_price=d("101")))
    assert (new.id, new.replaces, new.limit_price) == ("order-2", "order-1", d("101"))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (OrderChange(limit_price=d("120")), "price_collar"),
        (OrderChange(limit_price=d("100.001")), "tick_size"),
        (OrderChange(limit_price=d("0")), "prices"),
        (OrderChange(quantity=d("0")), "size"),
        (OrderChange(quantity=d("101")), "max_notional_per_order"),
        (OrderChange(stop_price=d("90")), "prices"),
        (OrderChange(trail=d("1")), "prices"),
    ],
)
def test_replace_when_the_changed_order_breaks_a_rule_then_nothing_is_sent(
    run: Driver, change: OrderChange, rule: str
) -> None:
    run.submit()
    with pytest.raises(OrderChecksFailed) as caught:
        run("replace_order", "order-1", change)
    assert rule in [name for name, _ in caught.value.failures]
    assert len(run.broker.sent) == 1


def test_replace_when_a_trailing_stop_is_given_a_stop_price_then_nothing_is_sent(run: Driver) -> None:
    run.submit(new_order(type=OrderType.TRAILING_STOP, trail_percent="5"))
    with pytest.raises(OrderChecksFailed, match="has no stop price"):
        run("replace_order", "order-1", OrderChange(stop_price=d("105")))
    assert len(run.broker.sent) == 1


def test_replace_when_nothing_is_changed_then_says_so(run: Driver) -> None:
    run.submit()
    with pytest.raises(InvalidInput, match="changes nothing"):
        run("replace_order", "order-1", OrderChange())
    assert len(run.broker.sent) == 1


def test_replace_when_trading_is_halted_then_nothing_is_sent(run: Driver) -> None:
    run.submit()
    run.broker.limits = TradingLimits(halt=True)
    with pytest.raises(OrderChecksFailed, match="halted"):
        run("replace_order", "order-1", OrderChange(limit_price=d("101")))


def test_replace_when_a_sale_holds_the_whole_position_then_may_still_be_changed(run: Driver) -> None:
    run.submit(replace(LIMIT, side=Side.SELL, quantity=d("90")))
    run.broker.held = position("90", "0")
    new = run("replace_order", "order-1", OrderChange(limit_price=d("101")))
    assert new.limit_price == d("101")
    with pytest.raises(OrderChecksFailed) as caught:
        run("replace_order", new.id, OrderChange(quantity=d("91"), limit_price=d("98")))
    assert [name for name, _ in caught.value.failures] == ["short_sale"]


def test_replace_when_the_order_holds_the_buying_power_then_may_still_be_changed(run: Driver) -> None:
    run.submit()
    run.broker.owner = account(buying_power="10")
    assert run("replace_order", "order-1", OrderChange(limit_price=d("101"))).limit_price == d("101")
    with pytest.raises(OrderChecksFailed, match="buying power"):
        run("replace_order", "order-1", OrderChange(limit_price=d("102")))


def test_replace_when_called_again_with_the_key_then_changes_once(run: Driver) -> None:
    run.submit()
    change = OrderChange(limit_price=d("101"))
    first = run("replace_order", "order-1", change, idempotency_key="change-1")
    again = run("replace_order", "order-1", change, idempotency_key="change-1")
    assert (first.id, again.id, again.replayed) == ("order-2", "order-2", True)
    assert [verb for verb, _, _ in run.broker.sent] == ["new", "change"]


@pytest.mark.parametrize("key", ["key-1", "change-1"])
def test_replace_when_the_key_belongs_to_something_else_then_is_a_conflict(run: Driver, key: str) -> None:
    run.submit()
    run("replace_order", "order-1", OrderChange(limit_price=d("101")), idempotency_key="change-1")
    with pytest.raises(IdempotencyConflict):
        run("replace_order", "order-1", OrderChange(limit_price=d("102")), idempotency_key=key)
    assert len(run.broker.sent) == 2


DOUBTS = [LOST, UnexpectedPayload("cut off", http_status=200), ProviderUnavailable("timed out", http_status=408)]


@pytest.mark.parametrize("fault", DOUBTS)
def test_replace_when_the_answer_is_lost_then_finds_the_new_order(run: Driver, fault: Exception) -> None:
    run.submit()
    run.broker.faults = [(True, fault)]
    assert run("replace_order", "order-1", OrderChange(limit_price=d("101"))).id == "order-2"
    assert len(run.broker.sent) == 2


@pytest.mark.parametrize("fault", DOUBTS)
def test_replace_when_it_is_lost_on_the_way_then_says_that_nobody_knows_and_sends_no_more(
    run: Driver, fault: Exception
) -> None:
    run.submit()
    run.broker.faults = [(False, fault)]
    with pytest.raises(OrderStateUnknown):
        run("replace_order", "order-1", OrderChange(limit_price=d("101")), idempotency_key="change-1")
    assert len(run.broker.sent) == 2


def test_replace_when_the_broker_refuses_then_says_why(run: Driver) -> None:
    run.submit()
    run.broker.faults = [(False, OrderRejected("filled", reason=RejectReason.NOT_REPLACEABLE, http_status=422))]
    with pytest.raises(OrderRejected):
        run("replace_order", "order-1", OrderChange(limit_price=d("101")))


def test_replace_when_the_order_is_gone_by_the_time_it_is_sent_then_nothing_was_changed(run: Driver) -> None:
    run.submit()
    run.broker.faults = [(False, NotFound("order not found", http_status=404))]
    with pytest.raises(NotFound):
        run("replace_order", "order-1", OrderChange(limit_price=d("101")), idempotency_key="change-1")
    assert len(run.broker.sent) == 2


def test_submit_when_the_send_is_answered_with_not_found_then_the_broker_is_asked(run: Driver) -> None:
    run.broker.faults = [(True, NotFound("order not found", http_status=404))]
    assert run.submit().id == "order-1"
    assert len(run.broker.sent) == 1


def test_replace_when_there_is_no_such_order_then_is_not_found(run: Driver) -> None:
    with pytest.raises(NotFound):
        run("replace_order", "order-9", OrderChange(limit_price=d("101")))


# Close.

CLOSINGS: list[tuple[str, dict[str, Any], str, str]] = [
    ("100", {}, "sell", "100"),
    ("100", {"quantity": d("30")}, "sell", "30"),
    ("100", {"percent": d("50")}, "sell", "50"),
    ("100", {"percent": d("33.3")}, "sell", "33.3"),
    ("7", {"percent": d("33.333333333333")}, "sell", "2.333333333"),  # rounded down at the ninth decimal
    ("0.123456789", {}, "sell", "0.123456789"),
    ("0.123456789", {"percent": d("50")}, "sell", "0.061728394"),
    ("-40", {}, "buy", "40"),
    ("-40", {"percent": d("25")}, "buy", "10"),
]


@pytest.mark.parametrize(("held", "part", "side", "quantity"), CLOSINGS)
def test_close_when_asked_then_trades_that_much_the_other_way(
    run: Driver, held: str, part: dict[str, Any], side: str, quantity: str
) -> None:
    run.broker.held = position(held)
    order = run("close_position", AAPL, **part)
    assert (order.side, order.quantity, order.type) == (side, d(quantity), OrderType.MARKET)


def test_close_when_short_and_out_of_buying_power_then_may_still_be_closed(run: Driver) -> None:
    run.broker.held = position("-40")
    run.broker.owner = account(buying_power="0", short_market_value=Money(d("-4000"), "USD"))
    assert run("close_position", AAPL).side is Side.BUY


def test_close_when_coins_then_uses_a_time_in_force_that_they_take(run: Driver) -> None:
    run.broker.thing = asset(COIN, AssetClass.CRYPTO)
    run.broker.held = position("0.5", key=COIN, asset_class=AssetClass.CRYPTO)
    order = run("close_position", COIN)
    assert order.time_in_force in (TimeInForce.GTC, TimeInForce.IOC)


@pytest.mark.parametrize(
    "part",
    [
        {"quantity": d("101")},
        {"quantity": d("0")},
        {"percent": d("0")},
        {"percent": d("100.1")},
        {"quantity": d("1"), "percent": d("1")},
        {"percent": d("NaN")},
        {"quantity": 1.5},
    ],
)
def test_close_when_the_part_makes_no_sense_then_says_so(run: Driver, part: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        run("close_position", AAPL, **part)
    assert run.broker.sent == []


def test_close_when_there_is_no_position_then_is_not_found(run: Driver) -> None:
    run.broker.held = None
    with pytest.raises(NotFound):
        run("close_position", AAPL)


@pytest.mark.parametrize("left", [None, "50"])
def test_close_when_called_again_after_it_was_filled_then_gives_the_same_order(run: Driver, left: str | None) -> None:
    first = run("close_position", AAPL, percent=d("50"), idempotency_key="close-1")
    run.broker.book[first.client_order_id] = replace(first, status=OrderStatus.FILLED)
    run.broker.held = None if left is None else position(left)
    again = run("close_position", AAPL, percent=d("50"), idempotency_key="close-1")
    assert (again.id, again.quantity, again.replayed) == (first.id, d("50"), True)
    assert len(run.broker.sent) == 1


def test_close_when_the_key_belongs_to_another_order_then_is_a_conflict(run: Driver) -> None:
    run.submit()
    with pytest.raises(IdempotencyConflict):
        run("close_position", AAPL, idempotency_key="key-1")


# Reconcile and the journal.


def test_reconcile_when_an_order_was_lost_then_finds_it(run: Driver) -> None:
    run.broker.faults = [(False, LOST)] * 3
    with pytest.raises(OrderStateUnknown):
        run.submit()
    assert [entry.client_order_id for entry in run("reconcile_orders")] == [CLIENT_ORDER_ID]
    run.broker.book[CLIENT_ORDER_ID] = placed(LIMIT, CLIENT_ORDER_ID)
    assert run("reconcile_orders") == []
    assert run.state() is State.PLACED


def test_journal_when_first_needed_then_is_opened_where_the_settings_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "orders.sqlite3"
    monkeypatch.setenv("FIN_INFRA_TRADING_JOURNAL", str(file))
    broker = Book(Replay([]), ENDPOINT)
    assert not file.exists()
    opened = broker.journal
    assert file.exists()
    assert broker.journal is opened
    assert isinstance(opened, SqliteJournal)
    opened.close()


def test_journal_when_the_sandbox_is_the_broker_and_no_path_is_set_then_no_file_outlives_its_orders(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("FIN_INFRA_TRADING_JOURNAL", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    broker = Book(Replay([]), Endpoint("http://127.0.0.1:1", "sandbox", ProviderSettings()))
    opened = broker.journal
    assert isinstance(opened, SqliteJournal)
    assert (list(tmp_path.iterdir()), opened.unfinished()) == ([], False)
    opened.close()
    real = Book(Replay([]), ENDPOINT).journal
    assert isinstance(real, SqliteJournal)
    assert (tmp_path / "fin-infra" / "orders.sqlite3").exists()
    real.close()


def test_journal_when_a_task_needs_it_first_then_is_opened_in_another_thread(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIN_INFRA_TRADING_JOURNAL", str(tmp_path / "orders.sqlite3"))
    opened: list[int] = []

    def open_journal(file: Path) -> SqliteJournal:
        opened.append(get_ident())
        return SqliteJournal(file)

    monkeypatch.setattr(brokers, "SqliteJournal", open_journal)

    async def first() -> None:
        transport = AsyncHttpTransport(HttpConfig(base_url="http://127.0.0.1:1"))
        broker = Book(transport, ENDPOINT)
        await asyncio.gather(broker.reconcile_orders(), broker.reconcile_orders())
        assert isinstance(broker.journal, SqliteJournal)
        broker.journal.close()
        await transport.aclose()

    asyncio.run(first())
    assert len(opened) == 1
    assert opened != [get_ident()]


# Over HTTP: what the machinery of calls does with an order.


class Wire(Book[M]):
    """The same broker, with orders that go over a transport."""

    def send_order(self, order: NewOrder, client_order_id: str) -> Flow[Order]:
        body = json.dumps({"client_order_id": client_order_id}).encode()
        json_of((yield from self.request("POST", "/v2/orders", content=body)), dict)
        return placed(order, client_order_id)

    def find_order(self, client_order_id: str) -> Flow[Order]:
        found = yield from self.get("/v2/orders:by_client_order_id", client_order_id=client_order_id)
        json_of(found, dict)
        return placed(LIMIT, client_order_id)


OK, NONE = Reply(200, b"{}"), Reply(404, b"{}")
EXCHANGES: list[tuple[list[Any], list[str]]] = [
    ([NONE, OK], ["GET", "POST"]),
    ([NONE, Reply(503, b""), OK], ["GET", "POST", "GET"]),
    ([NONE, LOST, OK], ["GET", "POST", "GET"]),
    ([NONE, Reply(504, b""), NONE, OK], ["GET", "POST", "GET", "POST"]),
    ([NONE, Reply(200, b'{"id": "tru'), OK], ["GET", "POST", "GET"]),
    ([NONE, Reply(500, b""), Reply(500, b""), Reply(500, b""), OK], ["GET", "POST", "GET", "GET", "GET"]),
    ([NONE, Reply(429, b"", {"retry-after": "2"}), OK], ["GET", "POST", "POST"]),
]


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize(("answers", "methods"), EXCHANGES)
def test_post_when_its_answer_is_lost_then_is_followed_by_a_question_and_never_by_a_post(
    mode: str, answers: list[Any], methods: list[str]
) -> None:
    run = Driver(mode, Wire, answers)
    try:
        assert run.submit().client_order_id == CLIENT_ORDER_ID
    finally:
        run.broker.journal.close()
    requests: list[Request] = run.transport.requests
    assert [request.method for request in requests] == methods
    assert {dict(request.params)["client_order_id"] for request in requests if request.method == "GET"} == {
        CLIENT_ORDER_ID
    }
    posts = [json.loads(request.content or b"") for request in requests if request.method == "POST"]
    assert all(post == {"client_order_id": CLIENT_ORDER_ID} for post in posts)


def test_retry_after_when_longer_than_the_time_allowed_then_is_told_and_nothing_is_placed() -> None:
    run = Driver("sync", Wire, [NONE, Reply(429, b"", {"retry-after": "60"})])
    with pytest.raises(ProviderError) as caught:
        run.submit()
    assert caught.value.retry_after == 60
    assert run.state() is State.ABSENT
    run.broker.journal.close()
