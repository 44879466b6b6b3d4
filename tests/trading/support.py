"""What the order tests share: an account, a market, and the broker's order for a new one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from fin_infra.model import (
    Asset,
    AssetClass,
    BidAsk,
    BrokerAccount,
    InstrumentKey,
    MarketClock,
    Money,
    NewOrder,
    Order,
    OrderClass,
    OrderStatus,
    OrderType,
    Position,
    PositionSide,
    Side,
)
from fin_infra.providers.brokerage.alpaca.rules import RULES as ALPACA
from fin_infra.trading import Context, TradingLimits

AAPL = InstrumentKey("US", "AAPL")
COIN = InstrumentKey("CRYPTO", "bitcoin")
OPTION = InstrumentKey("OCC", "AAPL261218C00200000")
OPEN = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
"""A Tuesday, 11:00 in New York: the market is open."""
MIDNIGHT = datetime(2026, 3, 11, 4, 0, tzinfo=UTC)
"""The next midnight of New York, which is on summer time since 8 March."""


def d(text: str) -> Decimal:
    return Decimal(text)


def new_order(quantity: str | None = "10", **terms: Any) -> NewOrder:
    """An order to buy AAPL at the market, changed by `terms`; texts become numbers where a number belongs."""
    numbers = {name: d(value) for name, value in terms.items() if isinstance(value, str) and name in NUMBERS}
    size = None if quantity is None else d(quantity)
    return NewOrder(**({"key": AAPL, "side": Side.BUY, "quantity": size} | terms | numbers))


NUMBERS = {
    "notional",
    "limit_price",
    "stop_price",
    "trail_price",
    "trail_percent",
    "take_profit",
    "stop_loss",
    "stop_loss_limit",
}


def account(account_id: str = "account-1", buying_power: str = "1000000", **facts: Any) -> BrokerAccount:
    power = Money(d(buying_power), "USD")
    given: dict[str, Any] = {
        "source": "brokerage:test",
        "as_of": OPEN,
        "id": account_id,
        "number": "12345",
        "status": "ACTIVE",
        "currency": "USD",
        "cash": power,
        "equity": power,
        "buying_power": power,
    }
    return BrokerAccount(**(given | facts))


def market(at: datetime = OPEN, is_open: bool = True) -> MarketClock:
    return MarketClock(
        source="brokerage:test",
        as_of=at,
        is_open=is_open,
        next_open=at + timedelta(hours=20),
        next_close=at + timedelta(hours=5),
    )


def asset(key: InstrumentKey = AAPL, kind: AssetClass = AssetClass.EQUITY, **facts: Any) -> Asset:
    given: dict[str, Any] = {
        "source": "brokerage:test",
        "as_of": OPEN,
        "id": "asset-1",
        "key": key,
        "asset_class": kind,
        "name": "Apple",
        "exchange": "NASDAQ",
        "active": True,
        "tradable": True,
        "fractionable": True,
        "marginable": True,
        "shortable": True,
    }
    return Asset(**(given | facts))


def quote(bid: str | None = "99.99", ask: str | None = "100.01", at: datetime = OPEN) -> BidAsk:
    return BidAsk(
        source="brokerage:test",
        as_of=at,
        key=AAPL,
        bid=None if bid is None else d(bid),
        ask=None if ask is None else d(ask),
        bid_size=d("100"),
        ask_size=d("100"),
        currency="USD",
    )


def position(quantity: str = "100", available: str | None = None, key: InstrumentKey = AAPL, **facts: Any) -> Position:
    size = d(quantity)
    given: dict[str, Any] = {
        "source": "brokerage:test",
        "as_of": OPEN,
        "account_id": "account-1",
        "key": key,
        "asset_class": AssetClass.EQUITY,
        "side": PositionSide.LONG if size > 0 else PositionSide.SHORT,
        "quantity": size,
        "available_quantity": size if available is None else d(available),
        "currency": "USD",
        "average_entry_price": d("90"),
        "current_price": d("100"),
        "market_value": None,
        "cost_basis": None,
        "unrealized": None,
    }
    return Position(**(given | facts))


def surroundings(kind: AssetClass = AssetClass.EQUITY, **facts: Any) -> Context:
    """What an order is checked against: an open market, a rich account, a quote around 100."""
    given: dict[str, Any] = {
        "limits": TradingLimits(),
        "rules": ALPACA[kind],
        "account": account(),
        "clock": market(),
        "asset": asset(kind=kind),
        "quote": quote(),
        "position": None,
    }
    return Context(**(given | facts))


def placed(order: NewOrder, client_order_id: str, order_id: str = "order-1", **facts: Any) -> Order:
    """The broker's order for a new one, as Alpaca shows it."""
    oco = order.order_class is OrderClass.OCO
    given: dict[str, Any] = {
        "source": "brokerage:test",
        "as_of": OPEN,
        "id": order_id,
        "client_order_id": client_order_id,
        "key": order.key,
        "asset_class": AssetClass.EQUITY,
        "side": order.side,
        "type": order.type,
        "time_in_force": order.time_in_force,
        "order_class": order.order_class,
        "status": OrderStatus.ACCEPTED,
        "quantity": order.quantity,
        "notional": order.notional,
        "filled_quantity": d("0"),
        "filled_average_price": None,
        "limit_price": order.take_profit if oco else order.limit_price,
        "stop_price": d("98.5") if order.type is OrderType.TRAILING_STOP else order.stop_price,
        "trail_price": order.trail_price,
        "trail_percent": order.trail_percent,
        "high_water_mark": None,
        "extended_hours": order.extended_hours,
        "currency": "USD",
        "created_at": OPEN,
    }
    return Order(**(given | facts))
