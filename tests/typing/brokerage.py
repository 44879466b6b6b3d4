"""Only type-checked: what sync and async users of a broker see, for mypy and pyright alike."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator
from decimal import Decimal
from typing import assert_type

from fin_infra.brokerage import easy_brokerage, easy_brokerage_aggregator
from fin_infra.model import InstrumentKey, Listing, NewOrder, Order, OrderChange, Position, Side, TradeUpdate
from fin_infra.providers.brokerage.alpaca.adapter import Alpaca
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.transport import Async, Sync

WISH = NewOrder(key=InstrumentKey("US", "AAPL"), side=Side.BUY, quantity=Decimal(1))


def sync_user() -> None:
    broker = easy_brokerage()
    assert_type(broker, BrokerageProvider[Sync])
    assert_type(broker.submit_order(WISH, idempotency_key="key", queue=True), Order)
    assert_type(broker.replace_order("id", OrderChange(limit_price=Decimal(1))), Order)
    assert_type(broker.close_position(WISH.key, percent=Decimal(50)), Order)
    assert_type(broker.check_order(WISH), list[tuple[str, str]])
    assert_type(broker.orders(status="all"), Iterator[Order])
    assert_type(broker.positions(), Listing[Position])
    assert_type(easy_brokerage_aggregator("snaptrade"), BrokerageAggregatorProvider[Sync])
    broker.submit_order(WISH, "key")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # the key is keyword only
    broker.orders(status="done")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # no such filter
    NewOrder(key=WISH.key, side=Side.BUY, quantity=1.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # never float


async def async_user(alpaca: Alpaca[Async]) -> None:
    broker = easy_brokerage(mode="async")
    assert_type(broker, BrokerageProvider[Async])
    assert_type(broker.submit_order(WISH), Awaitable[Order])
    assert_type(await broker.submit_order(WISH), Order)
    assert_type(broker.orders(), AsyncIterator[Order])
    assert_type(await broker.cancel_order("id"), None)
    assert_type(alpaca.trade_updates(), AsyncGenerator[TradeUpdate])
    assert_type(broker.trade_updates(), AsyncGenerator[TradeUpdate])


def mixed(alpaca: Alpaca[Sync]) -> None:
    alpaca.trade_updates()  # type: ignore[misc]  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]  # needs the async client
