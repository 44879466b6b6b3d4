"""Random days at the broker: whatever is asked and however time passes, books, orders and holdings agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.sandbox.broker import margin
from fin_infra.sandbox.broker.book import Deposit, Fill, Position
from fin_infra.sandbox.broker.broker import Broker
from fin_infra.sandbox.broker.engine import Engine
from fin_infra.sandbox.broker.orders import Order
from fin_infra.sandbox.broker.refusals import Refused
from fin_infra.sandbox.broker.tickets import ticket
from fin_infra.sandbox.kernel.clock import Clock
from fin_infra.sandbox.vendors.alpaca import KEYS
from fin_infra.sandbox.world.world import World
from tests.support.effort import SHARED, effort

SYMBOLS = ["AAPL", "AAPL", "KO", "BND", "BTC/USD"]
LEGS = ("take_profit", "stop_loss")
Step = tuple[str, Any]


def order_request(rng: Random, broker: Broker, now: datetime) -> dict[str, Any]:
    """An order that is well-formed most of the time, and near the market."""
    symbol = rng.choice(SYMBOLS)
    level = broker.market.tape.last(broker.market.assets[symbol], now)
    crypto, side = "/" in symbol, rng.choice(["buy", "buy", "sell"])

    def price(low: int = 970, high: int = 1030) -> str:
        return f"{level * rng.randint(low, high) / 1000:.2f}"

    kind = rng.choice(["market", "market", "limit", "limit", "stop", "stop_limit", "trailing_stop"])
    made: dict[str, Any] = {"symbol": symbol, "side": side, "type": kind, "time_in_force": rng.choice(["day", "gtc"])}
    if crypto:
        made["time_in_force"] = rng.choice(["gtc", "ioc"])
        made["qty"] = f"{rng.randint(1, 10**9) / 10**9:.9f}"
    elif rng.random() < 0.2:
        made |= {"time_in_force": "day", "notional": str(rng.randint(1, 5000))}
    elif rng.random() < 0.2:
        made |= {"time_in_force": "day", "qty": f"{rng.randint(1, 10**10) / 10**9:.9f}"}
    else:
        made["qty"] = str(rng.choice([1, 5, 10, 10, 20, 400]))
    if kind in ("market", "limit") and not crypto and rng.random() < 0.2:
        made["time_in_force"] = rng.choice(["ioc", "fok", "cls"])
    if "limit" in kind:
        made["limit_price"] = price()
    if kind in ("stop", "stop_limit"):
        made["stop_price"] = price()
    if kind == "trailing_stop":
        made[rng.choice(["trail_price", "trail_percent"])] = rng.choice(["0.5", "1", "2.25"])
    if kind in ("market", "limit") and rng.random() < 0.3:
        made["order_class"] = group = rng.choice(["bracket", "oco", "oto"])
        up, down = price(1001, 1012), price(988, 999)
        profit, loss = (up, down) if (side == "buy") is (group != "oco") else (down, up)
        made["take_profit"] = {"limit_price": profit}
        if group != "oto":
            made["stop_loss"] = {"stop_price": loss}
    if rng.random() < 0.2:
        made["client_order_id"] = rng.choice("abc")
    made["extended_hours"] = kind == "limit" and rng.random() < 0.3
    return made


def step(rng: Random, broker: Broker, now: datetime) -> Step:
    kind = rng.choice(["submit"] * 8 + ["wait"] * 5 + ["cancel", "change", "policy", "deposit", "close"])
    what: dict[str, Any] = {
        "wait": rng.choice([1, 2, 5, 30, 300, 24 * 60]),
        "cancel": rng.randint(0, 9),
        "change": (rng.randint(0, 9), rng.choice([1, 5, 10, 15, 30])),
        "policy": rng.choice(["liquidity", "full", "full", "full", "partial", "none", "reject"]),
        "deposit": rng.randint(-5_000_00, 5_000_00),
        "close": rng.choice(SYMBOLS),
    }
    return kind, order_request(rng, broker, now) if kind == "submit" else what[kind]


@dataclass
class Day:
    """One random day at one account."""

    broker: Broker
    clock: Clock
    engine: Engine

    @property
    def now(self) -> datetime:
        return self.clock.now

    def live(self, seed: int, length: int) -> Iterator[Step]:
        """Do random steps and yield each once it is done."""
        rng = Random(seed)
        for _ in range(length):
            each = step(rng, self.broker, self.now)
            self.do(each)
            yield each

    def do(self, each: Step) -> None:
        kind, what = each
        engine, market = self.engine, self.broker.market
        rows = engine.open_orders()
        try:
            if kind == "submit":
                engine.submit(ticket(what, market.assets), self.now)
            elif kind == "wait":
                self.clock.advance(timedelta(minutes=what).total_seconds())
                self.broker.catch_up()
            elif kind == "policy":
                market.fill = what
            elif kind == "deposit":
                engine.book.deposit(Decimal(what).scaleb(-2), self.now)
            elif kind == "close":
                engine.submit(engine.close(market.assets[what], None, None), self.now)
            elif rows and kind == "cancel":
                engine.cancel(rows[what % len(rows)], self.now)
            elif rows and kind == "change":
                new = engine.change(rows[what[0] % len(rows)], {"qty": Decimal(what[1])}, None, self.now)
                engine.work(new, self.now)
        except Refused:
            pass

    def check(self) -> None:
        book, engine = self.engine.book, self.engine
        fills = [entry for entry in book.entries if isinstance(entry, Fill)]
        deposits = sum((Fraction(e.amount) for e in book.entries if isinstance(e, Deposit)), Fraction(0))
        assert Fraction(book.cash) == deposits - sum((Fraction(f.amount) for f in fills), Fraction(0))
        cost = sum((Fraction(held.cost) for held in book.positions.values()), Fraction(0))
        assert Fraction(book.cash) + cost == deposits + Fraction(book.realized)
        held: Counter[str] = Counter()
        for fill in fills:
            held[fill.asset.symbol] += Fraction(fill.signed_qty)  # type: ignore[assignment]  # fractions, not counts
        assert {s: q for s, q in held.items() if q} == {s: Fraction(p.qty) for s, p in book.positions.items()}
        now = margin.standing(engine, self.now)
        prices = engine.prices(self.now)
        value = sum((Fraction(p.qty) * Fraction(prices[s]) for s, p in book.positions.items()), Fraction(0))
        assert Fraction(now.equity) == Fraction(book.cash) + value
        assert min(now.power(now.multiplier), now.cash_power, now.reserved, now.reserved_coins) >= 0
        for symbol, position in book.positions.items():
            free = engine.available(symbol)
            assert 0 <= abs(free) <= abs(position.qty)
            assert free * position.qty >= 0
            self.check_not_oversold(symbol, position)
        for order in engine.orders.values():
            self.check_order(order, fills)

    def check_not_oversold(self, symbol: str, position: Position) -> None:
        """Simple orders that close a position never ask for more than there is."""
        closing = [
            Fraction(order.open_qty(self.engine.tape.last(position.asset, self.now)))
            for order in self.engine.working()
            if order.ticket.asset.symbol == symbol
            and order.position_intent == ("sell_to_close" if position.qty > 0 else "buy_to_close")
            and order.role == "head"
            and order.ticket.notional is None
        ]
        assert sum(closing, Fraction(0)) <= abs(Fraction(position.qty))

    def check_order(self, order: Order, fills: list[Fill]) -> None:
        chain, each = {order.id}, order
        while each.replaces:
            each = self.engine.orders[each.replaces]
            chain.add(each.id)
        mine = [fill for fill in fills if fill.order_id in chain and fill.at <= order.updated_at]
        assert Fraction(order.filled_qty) == sum((Fraction(f.qty) for f in mine), Fraction(0))
        if order.filled_qty:
            value = sum((Fraction(f.qty) * Fraction(f.price) for f in mine), Fraction(0))
            assert abs(Fraction(order.average_price or 0) - value / Fraction(order.filled_qty)) <= Fraction(
                1, 2 * 10**9
            )
        if order.ticket.qty is not None:
            assert order.filled_qty <= order.ticket.qty
            assert (order.status == "filled") is (order.filled_qty == order.ticket.qty and order.replaced_at is None)
        assert order.is_open is (order in self.engine.open_orders())
        ends = [order.filled_at, order.expired_at, order.canceled_at, order.failed_at, order.replaced_at]
        assert sum(end is not None for end in ends) == (0 if order.is_open else 1)


seeds = st.integers(0, 2**32)


def open_day(world: World, *, at_night: bool = False) -> Day:
    clock = Clock()
    if at_night:
        clock.advance(7 * 3600)
    broker = Broker(world, clock, KEYS)
    return Day(broker, clock, next(iter(broker.engines.values())))


@settings(max_examples=effort(120), deadline=None, suppress_health_check=SHARED)
@given(seeds, st.integers(1, 40), st.booleans())
def test_account_when_anything_happens_then_everything_agrees(
    world: World, seed: int, length: int, at_night: bool
) -> None:
    day = open_day(world, at_night=at_night)
    for _ in day.live(seed, length):
        day.check()


def test_random_days_when_counted_then_they_reach_every_end(world: World) -> None:
    reached: Counter[str] = Counter()
    for seed in range(60):
        day = open_day(world)
        assert len(list(day.live(seed, 40))) == 40
        reached.update(f"{order.role} {order.status}" for order in day.engine.orders.values())
        reached["short"] += any(held.qty < 0 for held in day.engine.book.positions.values())
    ends = {"filled", "canceled", "expired", "replaced", "rejected", "partially_filled"}
    wanted = {f"head {end}" for end in ends} | {f"{leg} {end}" for leg in LEGS for end in ("filled", "canceled")}
    assert wanted | {"short"} <= {name for name, count in reached.items() if count}


@settings(max_examples=effort(20), deadline=None, suppress_health_check=SHARED)
@given(seeds)
def test_account_when_the_same_is_done_twice_then_the_same_happens(world: World, seed: int) -> None:
    stories: list[list[tuple[Any, ...]]] = []
    for _ in range(2):
        day, story = open_day(world), list[tuple[Any, ...]]()
        day.engine.tell = lambda e, story=story: story.append((e.kind, e.id, e.at, e.order.id))  # type: ignore[misc]  # bound now
        steps = list(day.live(seed, 25))
        stories.append([*story, *steps])
    assert stories[0] == stories[1]


@settings(max_examples=effort(20), deadline=None, suppress_health_check=SHARED)
@given(seeds, st.lists(st.integers(1, 2000), min_size=1, max_size=6))
def test_clock_when_moved_in_one_leap_or_many_steps_then_the_same_fills(
    world: World, seed: int, leaps: list[int]
) -> None:
    ledgers: list[list[Any]] = []
    for parts in (leaps, [sum(leaps)]):
        day, rng = open_day(world), Random(seed)
        for each in [order_request(rng, day.broker, day.now) for _ in range(12)]:
            day.do(("submit", each))
        for minutes in parts:
            day.do(("wait", minutes))
        fills = [entry for entry in day.engine.book.entries if isinstance(entry, Fill)]
        ledgers.append([(fill.order_id, fill.price, fill.qty, fill.at) for fill in fills])
    assert ledgers[0] == ledgers[1]
