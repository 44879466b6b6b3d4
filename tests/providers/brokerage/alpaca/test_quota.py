"""Alpaca: what its quota is spent on, so that an order can always be canceled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fin_infra.errors import OrderChecksFailed, OrderRejected, RateLimited
from fin_infra.model import OrderType, Side, TimeInForce
from fin_infra.providers.brokerage.alpaca.adapter import Alpaca
from fin_infra.transport import Reply, Request, Sync
from fin_infra.transport.replay import Replay, fixture_responder
from tests.providers.brokerage.alpaca.support import BITCOIN, HERE, ORDER_ID, order_of, place, sent
from tests.support.adapters import Connect
from tests.support.sandbox import Sandbox

_fixture = fixture_responder(HERE)


def _answer(request: Request) -> Reply | Exception:
    if (request.method, request.path) == ("DELETE", f"/v2/orders/{ORDER_ID}"):
        return Reply(204, b"", {})
    return _fixture(request)


def polled() -> Alpaca[Sync]:
    """Return a client whose owner has looked at the clock two hundred times in one minute."""
    broker = Alpaca(Replay(_answer), place())
    for _ in range(200):
        try:
            broker.clock()
        except RateLimited:
            break
    return broker


def test_cancel_when_a_poll_has_used_the_quota_up_then_it_goes_through_at_once() -> None:
    broker = polled()
    broker.cancel_order(ORDER_ID)
    assert broker.cancel_orders()
    assert [request.method for request in sent(broker)[-2:]] == ["DELETE", "DELETE"]
    assert broker.transport.monotonic() < 1.0


def test_poll_when_it_goes_on_then_it_stops_before_the_reserve_and_says_when_it_may_again() -> None:
    broker = polled()
    assert len(sent(broker)) == 180
    with pytest.raises(RateLimited) as refused:
        broker.orders(status="open").__next__()
    assert refused.value.retry_after == pytest.approx(60.0, abs=0.1)
    assert not refused.value.outage
    for _ in range(20):
        broker.cancel_order(ORDER_ID)
    with pytest.raises(RateLimited):  # the vendor's own limit is reached
        broker.cancel_order(ORDER_ID)
    assert len(sent(broker)) == 200


def test_prices_when_asked_for_then_their_host_keeps_no_reserve() -> None:
    broker = Alpaca(Replay(_fixture), place())
    assert [quota.reserve for quota in broker.quotas(broker.settings)] == [20]
    assert sum(broker._policies["data"].limiter.wait() == 0.0 for _ in range(201)) == 200


# How many calls one order costs.


def spent(sandbox: Sandbox, broker: Any, *args: Any, **kwargs: Any) -> list[str]:
    """Return the last words of the paths that one operation asks for, in order."""
    before = len(sandbox.requests())
    broker(*args, **kwargs)
    return [row["path"].rpartition("/")[2] for row in sandbox.requests()[before:]]


def buy(quantity: int, **terms: Any) -> Any:
    """A limit order that never fills: the market is far above it."""
    return order_of(quantity=Decimal(quantity), type=OrderType.LIMIT, limit_price=Decimal(5), **terms)


def test_submit_when_the_instrument_is_known_today_then_a_call_less_and_every_price_and_status_is_asked_for(
    connect: Connect, sandbox: Sandbox
) -> None:
    broker = connect(Alpaca)
    whole = ["account", "orders:by_client_order_id", "clock", "AAPL", "latest", "orders"]
    assert spent(sandbox, broker, "submit_order", buy(1), idempotency_key="a", queue=True) == whole
    rest = ["account", "orders:by_client_order_id", "clock", "latest", "orders"]
    assert spent(sandbox, broker, "submit_order", buy(2), idempotency_key="b", queue=True) == rest
    assert spent(sandbox, broker, "check_order", buy(3), queue=True) == ["account", "clock", "AAPL", "latest"]


def test_submit_when_the_day_is_over_then_the_instrument_is_asked_for_again(connect: Connect, sandbox: Sandbox) -> None:
    broker = connect(Alpaca)
    broker("submit_order", buy(1), queue=True)
    sandbox.advance(hours=24)
    assert "AAPL" in spent(sandbox, broker, "submit_order", buy(2), queue=True)


def test_submit_when_the_smallest_order_moves_with_the_price_then_it_is_asked_for_each_time(
    connect: Connect, sandbox: Sandbox
) -> None:
    broker = connect(Alpaca)
    for quantity in (1, 2):
        amount = Decimal(20 * quantity)
        coins = order_of(key=BITCOIN, notional=amount, quantity=None, time_in_force=TimeInForce.GTC)
        assert "USD" in spent(sandbox, broker, "submit_order", coins)


def test_submit_when_the_instrument_is_no_longer_traded_then_refused_and_known_from_then_on(
    connect: Connect, sandbox: Sandbox
) -> None:
    broker = connect(Alpaca)
    broker("submit_order", buy(1), queue=True)
    sandbox.control("POST", "/alpaca", assets={"AAPL": {"tradable": False}})
    with pytest.raises(OrderRejected, match="cannot be traded"):
        broker("submit_order", buy(2), queue=True)
    with pytest.raises(OrderChecksFailed) as failed:
        broker("submit_order", buy(3), queue=True)
    assert [rule for rule, _ in failed.value.failures] == ["asset"]
    sandbox.control("POST", "/alpaca", assets={"AAPL": {"tradable": True}})
    assert broker("submit_order", buy(4), queue=True).quantity == 4


def test_check_when_the_instrument_is_no_longer_traded_then_it_says_so_at_once(
    connect: Connect, sandbox: Sandbox
) -> None:
    broker = connect(Alpaca)
    broker("submit_order", buy(1), queue=True)
    sandbox.control("POST", "/alpaca", assets={"AAPL": {"tradable": False}})
    assert [rule for rule, _ in broker("check_order", buy(2), queue=True)] == ["asset"]


def test_sale_when_it_may_be_short_then_whether_the_instrument_can_be_borrowed_is_asked_each_time(
    connect: Connect, sandbox: Sandbox
) -> None:
    broker = connect(Alpaca)
    broker.client.limits = broker.client.limits.model_copy(update={"allow_short": True})  # type: ignore[attr-defined]
    for quantity in (1, 2):
        order = order_of(quantity=Decimal(quantity), side=Side.SELL, type=OrderType.LIMIT, limit_price=Decimal(1000))
        assert "AAPL" in spent(sandbox, broker, "submit_order", order, queue=True)
