"""The stream of trade updates by itself: gaps, heartbeats, and who is listened to for how long."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fin_infra.api.brokerage_updates import Updates
from fin_infra.errors import AuthenticationFailed
from fin_infra.model import (
    AssetClass,
    InstrumentKey,
    Order,
    OrderClass,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    TradeEvent,
    TradeUpdate,
)

NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def order(number: int) -> Order:
    empty: dict[str, Any] = dict.fromkeys(
        ("notional", "filled_average_price", "limit_price", "stop_price", "trail_price", "trail_percent")
    )
    return Order(
        source="brokerage:test",
        as_of=NOON,
        id=f"order-{number}",
        client_order_id=f"fin-{number}",
        key=InstrumentKey("US", "AAPL"),
        asset_class=AssetClass.EQUITY,
        side=Side.BUY,
        type=OrderType.MARKET,
        time_in_force=TimeInForce.DAY,
        order_class=OrderClass.SIMPLE,
        status=OrderStatus.NEW,
        quantity=Decimal(1),
        filled_quantity=Decimal(0),
        high_water_mark=None,
        extended_hours=False,
        currency="USD",
        created_at=NOON,
        **empty,
    )


class Broker:
    """Streams what a test puts in."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[int | Exception] = asyncio.Queue()
        self.subscriptions = 0
        self.left = asyncio.Event()

    def happen(self, *numbers: int) -> None:
        for number in numbers:
            self.queue.put_nowait(number)

    async def trade_updates(self) -> AsyncGenerator[TradeUpdate]:
        self.subscriptions += 1
        try:
            while True:
                item = await self.queue.get()
                if isinstance(item, Exception):
                    raise item
                yield TradeUpdate(source="brokerage:test", as_of=NOON, event=TradeEvent.NEW, order=order(item))
        finally:
            self.left.set()


def parsed(chunk: bytes) -> dict[str, str]:
    return dict(line.partition(": ")[::2] for line in chunk.decode().strip().splitlines())


async def take(stream: AsyncGenerator[bytes], count: int) -> list[dict[str, str]]:
    """The next chunks; the first of a stream is the one that says when to come back."""
    async with asyncio.timeout(30):
        return [parsed(await anext(stream)) for _ in range(count)]


def ids(events: list[dict[str, str]]) -> list[str]:
    return [json.loads(event["data"])["order"]["id"] for event in events]


async def test_clients_when_several_listen_then_each_gets_all_from_one_subscription() -> None:
    broker = Broker()
    updates = Updates(broker)
    async with aclosing(updates.stream(None)) as one, aclosing(updates.stream(None)) as two:
        await take(one, 1)
        await take(two, 1)
        broker.happen(1, 2)
        assert ids(await take(one, 2)) == ids(await take(two, 2)) == ["order-1", "order-2"]
        assert broker.subscriptions == 1


async def test_client_when_it_comes_back_soon_then_it_gets_what_it_missed() -> None:
    broker = Broker()
    updates = Updates(broker)
    async with aclosing(updates.stream(None)) as stream:
        await take(stream, 1)
        broker.happen(1)
        (event,) = await take(stream, 1)
    broker.happen(2, 3)
    async with aclosing(updates.stream(event["id"])) as stream:
        assert ids((await take(stream, 3))[1:]) == ["order-2", "order-3"]
    assert broker.subscriptions == 1


async def test_client_when_it_comes_back_late_then_it_is_told_of_the_gap() -> None:
    broker = Broker()
    updates = Updates(broker, linger_s=0)
    async with aclosing(updates.stream(None)) as stream:
        await take(stream, 1)
        broker.happen(1)
        (event,) = await take(stream, 1)
    async with asyncio.timeout(30):
        await broker.left.wait()
    broker.happen(2)
    async with aclosing(updates.stream(event["id"])) as stream:
        _, gap, after = await take(stream, 3)
    assert (gap["event"], ids([after]), broker.subscriptions) == ("gap", ["order-2"], 2)


async def test_client_when_too_slow_for_what_is_kept_then_it_is_told_of_the_gap() -> None:
    broker = Broker()
    updates = Updates(broker, kept=2)
    async with aclosing(updates.stream(None)) as slow, aclosing(updates.stream(None)) as quick:
        await take(slow, 1)
        await take(quick, 1)
        for number in (1, 2, 3, 4):
            broker.happen(number)
            assert ids(await take(quick, 1)) == [f"order-{number}"]
        gap, *rest = await take(slow, 3)
    assert (gap["event"], ids(rest)) == ("gap", ["order-3", "order-4"])


async def test_stream_when_nothing_happens_then_comments_keep_it_alive() -> None:
    async with aclosing(Updates(Broker(), heartbeat_s=0.01).stream(None)) as stream:
        _, *beats = await take(stream, 4)
    assert beats == [{"": "heartbeat"}] * 3


async def test_stream_when_the_broker_refuses_then_a_problem_ends_it_and_the_next_tries_anew() -> None:
    broker = Broker()
    updates = Updates(broker)
    async with aclosing(updates.stream(None)) as stream:
        await take(stream, 1)
        broker.queue.put_nowait(AuthenticationFailed("no such key"))
        (event,) = await take(stream, 1)
        assert (event["event"], json.loads(event["data"])["code"]) == ("error", "fin.authentication_failed")
        assert [chunk async for chunk in stream] == []
    async with aclosing(updates.stream(None)) as stream:
        await take(stream, 1)
        broker.happen(1)
        assert ids(await take(stream, 1)) == ["order-1"]
    assert broker.subscriptions == 2
