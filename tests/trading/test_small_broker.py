"""What a broker gets that offers the core alone: integer order ids, no quotes, no changes, no brackets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from fin_infra.errors import (
    FeatureDisabled,
    NotFound,
    OrderChecksFailed,
    OrderRejected,
    ProviderUnavailable,
    RejectReason,
)
from fin_infra.flow import operation, paged
from fin_infra.model import (
    AssetClass,
    Cancellation,
    InstrumentKey,
    NewOrder,
    Order,
    OrderChange,
    OrderClass,
    OrderType,
    Position,
    Side,
    TimeInForce,
)
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import ProviderSettings
from fin_infra.trading import SqliteJournal
from fin_infra.trading.matrix import VenueRules
from fin_infra.transport import Flow, M, Page, Pages, Pause
from fin_infra.transport.replay import Replay
from tests.trading.support import AAPL, COIN, OPEN, account, asset, d, market, new_order, placed, position

CORE = {
    "account",
    "asset",
    "cancel_order",
    "clock",
    "find_order",
    "order",
    "orders",
    "positions",
    "send_order",
}
MARKET_OR_LIMIT = VenueRules(times=dict.fromkeys((OrderType.MARKET, OrderType.LIMIT), frozenset({TimeInForce.DAY})))
LIMIT = new_order("10", type=OrderType.LIMIT, limit_price="100")


class Corner(BrokerageProvider[M]):
    """A broker around the corner. Its orders are counted, 1, 2, 3, and listed two to a page."""

    info = ProviderInfo(
        provider_key="brokerage:corner",
        title="Corner",
        settings=ProviderSettings,
        can=frozenset({"submit_order"}),
        live_url="http://127.0.0.1:1",
        sandbox_path="/corner",
        ping="account",
        docs="",
    )
    rules: ClassVar[Any] = {AssetClass.EQUITY: MARKET_OR_LIMIT}

    def configure(self) -> None:
        self.rows: list[tuple[int, NewOrder, str]] = []
        self.held: list[Position] = []
        self.refusals: dict[int, Exception] = {}
        self.canceled: list[str] = []

    def _order(self, row: tuple[int, NewOrder, str]) -> Order:
        number, order, client_order_id = row
        return placed(order, client_order_id, str(number))

    def send_order(self, order: NewOrder, client_order_id: str) -> Flow[Order]:
        yield Pause(0.1)
        self.rows.append((len(self.rows) + 1, order, client_order_id))
        return self._order(self.rows[-1])

    def find_order(self, client_order_id: str) -> Flow[Order]:
        yield Pause(0.1)
        for row in self.rows:
            if row[2] == client_order_id:
                return self._order(row)
        raise NotFound("no such order", http_status=404)

    @operation
    def account(self) -> Flow[Any]:
        yield from ()
        return account()

    @operation
    def clock(self) -> Flow[Any]:
        yield from ()
        return market()

    @operation
    def asset(self, key: InstrumentKey) -> Flow[Any]:
        yield from ()
        return asset(key)

    @operation
    def order(self, order_id: str) -> Flow[Order]:
        yield from ()
        return self._order(self.rows[int(order_id) - 1])

    @paged
    def orders(self, **_: Any) -> Pages[Order]:
        for start in range(0, len(self.rows), 2):
            yield Pause(0.1)
            yield Page([self._order(row) for row in self.rows[start : start + 2]])

    @operation
    def cancel_order(self, order_id: str) -> Flow[None]:
        yield Pause(0.1)
        if int(order_id) in self.refusals:
            raise self.refusals[int(order_id)]
        self.canceled.append(order_id)

    @operation
    def positions(self) -> Flow[Any]:
        yield from ()
        return self.held


@pytest.fixture
def broker() -> Iterator[Any]:
    corner: Any = Corner(Replay([]), Endpoint("http://127.0.0.1:1", "custom", ProviderSettings()))
    corner.journal = SqliteJournal(":memory:")
    corner.now = lambda: OPEN
    yield corner
    corner.journal.close()


def test_interface_when_it_asks_for_the_least_then_that_is_what_the_order_path_needs() -> None:
    assert BrokerageProvider.__abstractmethods__ == CORE


def test_submit_when_the_broker_has_the_core_alone_then_places_the_order_once_for_its_key(broker: Any) -> None:
    first = broker.submit_order(LIMIT, idempotency_key="key-1")
    again = broker.submit_order(LIMIT, idempotency_key="key-1")
    assert (first.id, again.id, again.replayed, len(broker.rows)) == ("1", "1", True, 1)
    assert broker.order_by_client_id(first.client_order_id).id == "1"


def test_submit_when_the_broker_has_no_quotes_then_a_market_order_is_stopped_by_the_rule_that_needs_one(
    broker: Any,
) -> None:
    with pytest.raises(OrderChecksFailed, match="There is no quote for US:AAPL") as caught:
        broker.submit_order(new_order())
    assert [rule for rule, _ in caught.value.failures] == ["quote"]
    assert broker.rows == []


def test_submit_when_the_broker_takes_no_brackets_then_the_rules_say_so(broker: Any) -> None:
    bracket = new_order(
        type=OrderType.LIMIT, limit_price="100", order_class=OrderClass.BRACKET, take_profit="110", stop_loss="95"
    )
    with pytest.raises(OrderChecksFailed) as caught:
        broker.submit_order(bracket)
    assert [rule for rule, _ in caught.value.failures] == ["legs"]
    assert broker.rows == []


def test_replace_when_the_broker_cannot_then_says_that_it_is_not_offered(broker: Any) -> None:
    placed_order = broker.submit_order(LIMIT)
    with pytest.raises(FeatureDisabled, match="brokerage:corner does not offer replace_order"):
        broker.replace_order(placed_order.id, OrderChange(limit_price=d("101")))


def test_trade_updates_when_the_broker_cannot_then_says_so_before_anything_is_sent(broker: Any) -> None:
    assert not broker.streams()
    with pytest.raises(FeatureDisabled, match="brokerage:corner does not stream trade updates"):
        broker.trade_updates()


OPTIONAL: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("assets", (), {}),
    ("bid_ask", (AAPL,), {}),
    ("calendar", (), {"start": OPEN.date(), "end": OPEN.date()}),
    ("candles", (AAPL,), {}),
    ("create_watchlist", ("tech", [AAPL]), {}),
    ("delete_watchlist", ("1",), {}),
    ("last_trade", (AAPL,), {}),
    ("portfolio_history", (), {}),
    ("update_watchlist", ("1",), {"name": "tech", "keys": [AAPL]}),
    ("watchlist", ("1",), {}),
    ("watchlists", (), {}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), OPTIONAL)
def test_operation_when_the_broker_does_not_offer_it_then_is_refused_before_any_request(
    broker: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    with pytest.raises(FeatureDisabled, match=f"does not offer {name};"):
        getattr(broker, name)(*args, **kwargs)
    assert broker.transport.requests == []


def test_activities_when_the_broker_does_not_offer_them_then_are_refused_with_the_first_page(broker: Any) -> None:
    with pytest.raises(FeatureDisabled, match="does not offer activities;"):
        next(iter(broker.activities()))


HELD = [
    position("5", key=InstrumentKey("US", "MSFT")),
    position("1", key=InstrumentKey("XLON", "AAPL")),
    position("3", key=AAPL),
    position("7", key=COIN),
]


@pytest.mark.parametrize(
    ("key", "quantity"),
    [(AAPL, "3"), (InstrumentKey("XNAS", "AAPL"), "3"), (InstrumentKey("XLON", "AAPL"), "1"), (COIN, "7")],
)
def test_position_when_only_the_list_is_offered_then_is_found_in_it(
    broker: Any, key: InstrumentKey, quantity: str
) -> None:
    broker.held = HELD
    assert broker.position(key).quantity == d(quantity)


@pytest.mark.parametrize(
    "key", [InstrumentKey("US", "IBM"), InstrumentKey("XLON", "MSFT"), InstrumentKey("FX", "EURUSD")]
)
def test_position_when_nothing_of_it_is_held_then_is_not_found(broker: Any, key: InstrumentKey) -> None:
    broker.held = [*HELD, position("1", key=None)]  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        broker.position(key)


def test_sale_when_the_position_is_found_in_the_list_then_is_allowed_up_to_it(broker: Any) -> None:
    broker.held = HELD
    sale = new_order("3", side=Side.SELL, type=OrderType.LIMIT, limit_price="100")
    assert broker.check_order(sale) == []
    assert [rule for rule, _ in broker.check_order(new_order("4", side=Side.SELL))] == ["short_sale", "quote"]


def test_cancel_orders_when_the_broker_has_no_call_for_it_then_asks_for_each_on_every_page(broker: Any) -> None:
    for number in range(5):
        broker.submit_order(new_order(str(number + 1), type=OrderType.LIMIT, limit_price="100"))
    final = OrderRejected("filled", reason=RejectReason.NOT_CANCELABLE, http_status=422)
    broker.refusals = {2: final, 3: NotFound("gone", http_status=404)}
    ends = {found.order_id: found.accepted for found in broker.cancel_orders()}
    assert ends == {"1": True, "2": False, "3": False, "4": True, "5": True}
    assert broker.canceled == ["1", "4", "5"]


def test_cancel_orders_when_one_answer_is_lost_then_the_others_are_asked_for_before_the_error(broker: Any) -> None:
    for number in range(3):
        broker.submit_order(new_order(str(number + 1), type=OrderType.LIMIT, limit_price="100"))
    lost = ProviderUnavailable("the line is dead", retryable=True)
    broker.refusals = {1: lost, 2: ProviderUnavailable("again", retryable=True)}
    with pytest.raises(ProviderUnavailable, match="the line is dead"):
        broker.cancel_orders()
    assert broker.canceled == ["3"]


def test_cancel_orders_when_there_are_none_then_the_list_is_empty(broker: Any) -> None:
    none: list[Cancellation] = []
    assert broker.cancel_orders() == none
