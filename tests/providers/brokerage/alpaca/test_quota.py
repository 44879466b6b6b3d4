"""Alpaca: what its quota is spent on, so that an order can always be canceled."""

from __future__ import annotations

import pytest

from fin_infra.errors import RateLimited
from fin_infra.providers.brokerage.alpaca.adapter import Alpaca
from fin_infra.transport import Reply, Request, Sync
from fin_infra.transport.replay import Replay, fixture_responder
from tests.providers.brokerage.alpaca.support import HERE, ORDER_ID, place, sent

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
