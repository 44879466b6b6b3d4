"""An account over prices written down by hand, so that every outcome can be worked out on paper."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.sandbox.broker.account import Event
from fin_infra.sandbox.broker.assets import Asset
from fin_infra.sandbox.broker.engine import Engine
from fin_infra.sandbox.broker.market import Market
from fin_infra.sandbox.broker.orders import Order
from fin_infra.sandbox.broker.tape import Quote
from fin_infra.sandbox.broker.tickets import ticket
from fin_infra.sandbox.world.world import World

FRIDAY = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 10:00 in New York


class HandTape:
    """Prices by minute after Friday 10:00, each standing until the next; a spread of ten cents each side."""

    def __init__(self) -> None:
        self.path: dict[int, str] = {0: "100"}
        self.day_volume = 3_900_000  # ten thousand a minute, so that an order takes at most a thousand

    def last(self, asset: Asset, at: datetime) -> Decimal:
        minute = (at - FRIDAY) // timedelta(minutes=1)
        return Decimal(self.path[max((m for m in self.path if m <= minute), default=0)])

    def quote(self, asset: Asset, at: datetime) -> Quote:
        last, half = self.last(asset, at), Decimal("0.10")
        return Quote(at, last - half, last + half, last, 100, 100)

    def bar(self, asset: Asset, day: Any) -> Any:
        raise NotImplementedError

    def close(self, asset: Asset, day: Any) -> Decimal:
        return Decimal("123.45")  # the closing auction

    def volume(self, asset: Asset, at: datetime) -> int:
        return self.day_volume // 390


class Floor:
    """One account at 100,000 dollars over a hand tape, and what it was told."""

    def __init__(self, world: World) -> None:
        self.market = Market(world)
        self.tape = HandTape()
        self.market.tape = self.tape  # type: ignore[assignment]  # the same questions, other answers
        self.now = FRIDAY
        self.engine = Engine("K", self.market, FRIDAY - timedelta(days=40), FRIDAY, Decimal(100_000))
        self.events: list[tuple[str, str]] = []
        self.engine.tell = self._hear

    def _hear(self, event: Event) -> None:
        self.events.append((event.kind, event.order.role))

    def order(self, **body: Any) -> Order:
        given = {"symbol": "AAPL", "side": "buy", "type": "market", "time_in_force": "day", "qty": "10", **body}
        return self.engine.submit(ticket(given, self.market.assets), self.now)

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)
        self.engine.catch_up(self.now)

    def prices(self, **path: str) -> None:
        """Say the price from a minute after ten o'clock on: m5="101"."""
        self.tape.path |= {int(name[1:]): price for name, price in path.items()}


@pytest.fixture(scope="session")
def world() -> World:
    return World(7)


@pytest.fixture
def floor(world: World) -> Floor:
    return Floor(world)
