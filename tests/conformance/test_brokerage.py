"""Every broker against the running sandbox, in both modes: orders placed once, each kind of them, and what refuses."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import (
    FinInfraError,
    InvalidInstrument,
    NotFound,
    OrderChecksFailed,
    OrderRejected,
    ProviderError,
    RateLimited,
    RejectReason,
    UnknownSymbol,
)
from fin_infra.model import (
    Adjustment,
    AssetClass,
    InstrumentKey,
    Interval,
    NewOrder,
    OrderChange,
    OrderClass,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    TradeEvent,
)
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.provider import Endpoint, http_transport
from fin_infra.providers.registry import providers
from fin_infra.settings import load
from fin_infra.trading import SqliteJournal
from tests.support.adapters import Connect, Driver, Mode
from tests.support.rows import Broker, Updates, offering, rows
from tests.support.sandbox import Sandbox

D = Decimal
AAPL, MICROSOFT = InstrumentKey("US", "AAPL"), InstrumentKey("US", "MSFT")
BITCOIN = InstrumentKey("CRYPTO", "bitcoin")
BROKERS: list[Broker] = rows(Broker)
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
"""Where the sandbox's clock stands: a Friday morning in New York, the market open."""


@pytest.fixture(params=BROKERS, ids=lambda row: row.provider_key)
def row(request: pytest.FixtureRequest) -> Broker:
    return request.param


@pytest.fixture
def broker(connect: Connect, row: Broker) -> Driver:
    return connect(row.cls)


def order_of(**terms: Any) -> NewOrder:
    return NewOrder(**({"key": AAPL, "side": Side.BUY, "quantity": D(10)} | terms))


def test_brokers_when_counted_then_each_has_a_row() -> None:
    brokers = [cls for cls in providers("brokerage") if issubclass(cls, BrokerageProvider)]
    assert {row.provider_key for row in BROKERS} == {cls.info.provider_key for cls in brokers}


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"quantity": None, "notional": D("100.50")},
        {"quantity": D("0.5")},
        {"type": OrderType.LIMIT, "limit_price": D(265), "time_in_force": TimeInForce.GTC},
        {"type": OrderType.LIMIT, "limit_price": D(265), "extended_hours": True},
        {"type": OrderType.STOP, "stop_price": D(280)},
        {"type": OrderType.STOP_LIMIT, "stop_price": D(280), "limit_price": D(281)},
        {"type": OrderType.TRAILING_STOP, "trail_percent": D(2)},
        {"type": OrderType.TRAILING_STOP, "trail_price": D(5)},
        {"order_class": OrderClass.BRACKET, "take_profit": D(300), "stop_loss": D(250), "stop_loss_limit": D(249)},
        {"order_class": OrderClass.OTO, "stop_loss": D(250)},
        {"time_in_force": TimeInForce.IOC},
        {"time_in_force": TimeInForce.FOK},
        {"time_in_force": TimeInForce.CLS},
        {"key": BITCOIN, "quantity": None, "notional": D(50), "time_in_force": TimeInForce.GTC},
    ],
    ids=lambda terms: "-".join(f"{value}" for value in terms.values()) or "market",
)
def test_order_when_submitted_then_the_broker_has_it_as_wanted_or_it_is_refused_unsent(
    broker: Driver, row: Broker, sandbox: Sandbox, terms: dict[str, Any]
) -> None:
    wanted = order_of(**terms)
    if not row.takes(wanted):
        with pytest.raises((OrderChecksFailed, InvalidInstrument)):
            broker("submit_order", wanted, idempotency_key="one")
        assert list(row.orders(sandbox)) == []
        return
    order = broker("submit_order", wanted, idempotency_key="one")
    again = broker("submit_order", wanted, idempotency_key="one")
    assert (again.id, again.replayed, order.replayed) == (order.id, True, False)
    for name in ("key", "side", "type", "quantity", "notional", "time_in_force", "order_class", "extended_hours"):
        assert getattr(order, name) == getattr(wanted, name)
    assert (order.limit_price, order.trail_price, order.trail_percent) == (
        wanted.limit_price,
        wanted.trail_price,
        wanted.trail_percent,
    )
    assert order.submitted_at == order.created_at >= NOW
    assert list(row.orders(sandbox)).count(order.client_order_id) == 1
    assert broker("order", order.id).id == broker("order_by_client_id", order.client_order_id).id == order.id
    assert order.id in [one.id for one in broker("orders", status="all")]


@offering(Broker, "position", "positions", "close_position")
def test_position_when_bought_then_closed_by_parts(broker: Driver, row: Broker) -> None:
    broker("submit_order", order_of())
    position = broker("position", AAPL)
    assert (position.quantity, [one.key for one in broker("positions")]) == (D(10), [AAPL])
    half = broker("close_position", AAPL, percent=D(50), idempotency_key="half")
    assert (half.side, half.quantity) == (Side.SELL, D(5))
    assert broker("close_position", AAPL, idempotency_key="rest").quantity == D(5)
    with pytest.raises(NotFound):
        broker("position", AAPL)
    if not row.can("activities"):
        return
    fills = broker("activities", types=["FILL"])
    assert [(one.side, one.quantity) for one in fills] == [(Side.SELL, D(5)), (Side.SELL, D(5)), (Side.BUY, D(10))]
    account = broker("account")
    cash = sum((one.price * one.quantity * (1 if one.side is Side.SELL else -1) for one in fills), D(100_000))
    assert account.cash.amount == account.equity.amount == cash


def test_oco_when_placed_for_a_position_then_two_exits(broker: Driver, row: Broker) -> None:
    exits = order_of(
        side=Side.SELL,
        type=OrderType.LIMIT,
        order_class=OrderClass.OCO,
        take_profit=D(300),
        stop_loss=D(250),
        time_in_force=TimeInForce.GTC,
    )
    if not row.takes(exits):
        pytest.skip("this broker takes no pair of exits")
    broker("submit_order", order_of())
    order = broker("submit_order", exits, idempotency_key="exits")
    assert order.limit_price == D(300)
    assert [leg.stop_price for leg in broker("order", order.id).legs] == [D(250)]


@offering(Broker, "replace_order")
def test_order_when_replaced_and_canceled_then_the_new_one_stands_and_ends(broker: Driver) -> None:
    order = broker("submit_order", order_of(type=OrderType.LIMIT, limit_price=D(265)))
    changed = broker("replace_order", order.id, OrderChange(limit_price=D(266)), idempotency_key="change")
    assert (changed.replaces, changed.limit_price) == (order.id, D(266))
    assert broker("replace_order", order.id, OrderChange(limit_price=D(266)), idempotency_key="change").replayed
    assert broker("order", order.id).replaced_by == changed.id
    broker("cancel_order", changed.id)
    assert broker("order", changed.id).status is OrderStatus.CANCELED
    with pytest.raises(OrderRejected) as caught:
        broker("cancel_order", changed.id)
    assert caught.value.reason is RejectReason.NOT_CANCELABLE
    with pytest.raises(OrderRejected) as caught:
        broker("replace_order", changed.id, OrderChange(limit_price=D(264)))
    assert caught.value.reason is RejectReason.NOT_REPLACEABLE


@offering(Broker, "cancel_orders")
def test_orders_when_all_are_canceled_then_each_says_so(broker: Driver) -> None:
    made = [broker("submit_order", order_of(type=OrderType.LIMIT, limit_price=D(260 + n))) for n in range(3)]
    assert {one.order_id for one in broker("cancel_orders")} == {order.id for order in made}
    assert broker("orders") == []
    assert broker("cancel_orders") == []


def test_orders_when_there_are_many_then_pages_give_each_once_newest_first(connect: Connect, row: Broker) -> None:
    broker = connect(row.cls, page_size=2)
    made = [
        broker("submit_order", order_of(type=OrderType.LIMIT, limit_price=D(260 + n), quantity=D(1))) for n in range(5)
    ]
    found = broker("orders", keys=[AAPL])
    assert [order.id for order in found] == [order.id for order in reversed(made)]
    start, end = made[1].submitted_at, made[3].submitted_at
    assert [order.id for order in broker("orders", start=start, end=end)] == [made[2].id, made[1].id]


def test_market_when_closed_then_an_order_waits_only_where_told_to(broker: Driver, sandbox: Sandbox) -> None:
    sandbox.advance(days=1)
    with pytest.raises(OrderChecksFailed, match=r"market is closed and opens at 2026-11-23") as caught:
        broker("submit_order", order_of())
    assert [rule for rule, _ in caught.value.failures] == ["market_hours"]
    order = broker("submit_order", order_of(), queue=True)
    assert order.status in (OrderStatus.ACCEPTED, OrderStatus.PENDING_NEW)
    assert not broker("clock").is_open
    sandbox.advance(days=2)
    assert broker("order", order.id).status is OrderStatus.FILLED


@offering(Broker, "calendar", "assets", "asset")
def test_reference_when_asked_then_as_the_exchange_keeps_it(broker: Driver) -> None:
    days = broker("calendar", start=date(2026, 11, 23), end=date(2026, 11, 30))
    assert [day.day.day for day in days] == [23, 24, 25, 27]  # the 26th is Thanksgiving
    assert days[-1].close == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    clock = broker("clock")
    assert (clock.as_of, clock.is_open, clock.next_close) == (NOW, True, datetime(2026, 11, 20, 21, tzinfo=UTC))
    assert {"US:AAPL", "US:BRK.B"} <= {str(asset.key) for asset in broker("assets")}
    with pytest.raises(UnknownSymbol):
        broker("asset", InstrumentKey("US", "ZZZZ"))


@offering(Broker, "bid_ask", "last_trade")
def test_market_data_when_asked_then_the_trade_lies_within_the_quote(broker: Driver) -> None:
    quote, trade = broker("bid_ask", AAPL), broker("last_trade", AAPL)
    assert quote.bid < trade.price < quote.ask


@offering(Broker, "candles")
def test_candles_when_asked_then_sessions_of_the_exchange_and_splits_by_choice(broker: Driver) -> None:
    days = broker("candles", AAPL, start=datetime(2026, 11, 16, tzinfo=UTC), end=datetime(2026, 11, 20, tzinfo=UTC))
    assert [candle.start.day for candle in days.candles] == [16, 17, 18, 19]
    assert len(broker("candles", AAPL).candles) == 100
    # Apple split 4:1 on 31 August 2020
    window = {"start": datetime(2020, 8, 28, tzinfo=UTC), "end": datetime(2020, 8, 29, tzinfo=UTC)}
    [raw] = broker("candles", AAPL, **window).candles
    [split] = broker("candles", AAPL, adjustment=Adjustment.SPLITS, **window).candles
    assert round(raw.close / split.close, 2) == D(4)


@offering(Broker, "candles")
def test_candles_when_of_a_coin_then_every_hour(broker: Driver, row: Broker) -> None:
    if AssetClass.CRYPTO not in row.cls.rules:
        pytest.skip("this broker has no coins")
    hours = broker("candles", BITCOIN, interval=Interval.HOUR_1, start=datetime(2026, 11, 20, tzinfo=UTC))
    assert [candle.start.hour for candle in hours.candles] == list(range(16))


@offering(Broker, "portfolio_history")
def test_portfolio_history_when_asked_then_points_oldest_first(broker: Driver) -> None:
    points = broker("portfolio_history", period="1W").points
    assert points
    assert [point.at for point in points] == sorted(point.at for point in points)


@offering(Broker, "create_watchlist", "watchlist", "update_watchlist", "watchlists", "delete_watchlist")
def test_watchlist_when_made_changed_and_deleted_then_gone(broker: Driver) -> None:
    made = broker("create_watchlist", "Mine", [AAPL, MICROSOFT])
    assert broker("watchlist", made.id).keys == (AAPL, MICROSOFT)
    assert broker("update_watchlist", made.id, name="Yours", keys=[MICROSOFT]).keys == (MICROSOFT,)
    assert [one.name for one in broker("watchlists")] == ["Yours"]
    broker("delete_watchlist", made.id)
    with pytest.raises(NotFound):
        broker("watchlist", made.id)


FAULTS = ["drop_before", "drop_after", "status_500", "status_504_after", "rate_limit", "truncated", "html"]


@pytest.mark.parametrize("kind", FAULTS)
def test_submit_when_the_answer_is_lost_then_the_order_is_there_once_and_found(
    broker: Driver, row: Broker, sandbox: Sandbox, kind: str
) -> None:
    scope = {"retry_after": 0} if kind == "rate_limit" else {}
    method, path = row.order_route
    sandbox.fault(row.mount, kind, method=method, path=path, count=1, **scope)
    settled = broker("submit_order", order_of(), idempotency_key="lost")
    assert list(row.orders(sandbox)) == [settled.client_order_id]
    assert broker("submit_order", order_of(), idempotency_key="lost").id == settled.id


@pytest.mark.parametrize("kind", ["status_500", "expired_token", "html"])
def test_submit_when_the_broker_stays_broken_then_no_order_and_an_honest_error(
    broker: Driver, row: Broker, sandbox: Sandbox, kind: str
) -> None:
    sandbox.fault(row.mount, kind)
    with pytest.raises(ProviderError):
        broker("submit_order", order_of(), idempotency_key="broken")
    sandbox.control("DELETE", "/faults")
    assert list(row.orders(sandbox)) == []
    assert broker("submit_order", order_of(), idempotency_key="broken").id


def test_rate_limit_when_it_is_reached_then_told_with_the_wait(broker: Driver, row: Broker, sandbox: Sandbox) -> None:
    sandbox.fault(row.mount, "rate_limit", retry_after=3600)
    with pytest.raises(RateLimited) as caught:
        broker("account")
    assert caught.value.retry_after == 3600


SENTENCES: list[tuple[str, dict[str, Any], type[FinInfraError], str]] = [
    (
        "fractional_gtc",
        {
            "quantity": D("0.5"),
            "type": OrderType.LIMIT,
            "limit_price": D(265),
            "time_in_force": TimeInForce.GTC,
        },
        OrderChecksFailed,
        "A fractional order must be day here.",
    ),
    (
        "unknown_symbol",
        {"key": InstrumentKey("US", "ZZZZ")},
        OrderChecksFailed,
        "The broker does not know US:ZZZZ; look the symbol up first.",
    ),
]


@pytest.mark.parametrize(("name", "terms", "kind", "sentence"), SENTENCES)
def test_newcomer_when_an_order_cannot_be_then_one_clear_sentence(
    broker: Driver, row: Broker, name: str, terms: dict[str, Any], kind: type[FinInfraError], sentence: str
) -> None:
    if name == "fractional_gtc" and not row.takes(order_of(quantity=D("0.5"))):
        pytest.skip("this broker takes whole shares only")
    with pytest.raises(kind) as caught:
        broker("submit_order", order_of(**terms))
    print(name, caught.value)
    assert str(caught.value) == sentence


def test_newcomer_when_money_is_short_then_one_clear_sentence(broker: Driver, row: Broker, sandbox: Sandbox) -> None:
    row.fund(sandbox, 500)
    with pytest.raises(OrderChecksFailed) as caught:
        broker("submit_order", order_of())
    print("buying power", caught.value)
    [(rule, sentence)] = caught.value.failures
    assert rule == "buying_power"
    assert sentence.startswith("The order needs about 28")
    assert sentence.endswith("USD, and the buying power is 500.00.")


def test_newcomer_when_the_broker_itself_finds_money_short_then_its_reason(
    broker: Driver, row: Broker, sandbox: Sandbox
) -> None:
    row.fund(sandbox, 500)
    broker.client.limits = broker.client.limits.model_copy(update={"check_buying_power": False})  # type: ignore[attr-defined]
    with pytest.raises(OrderRejected) as caught:
        broker("submit_order", order_of())
    assert caught.value.reason is RejectReason.INSUFFICIENT_BUYING_POWER


LISTENED = [
    pytest.param(row, row.updates, frames, id=f"{row.provider_key}-{frames}")
    for row in BROKERS
    if row.updates is not None
    for frames in row.updates.frames
]


@pytest.mark.parametrize(("row", "updates_of", "frames"), LISTENED)
def test_trade_updates_when_orders_move_then_each_event_and_after_a_break_or_a_restart_what_was_missed(
    sandbox: Sandbox, row: Broker, updates_of: Updates, mode: Mode, tmp_path: Path, frames: str
) -> None:
    if mode == "sync":
        pytest.skip("trade updates are for async clients")
    provider = row.cls
    updates_of.frames[frames](sandbox)

    async def watch() -> list[tuple[TradeEvent, str]]:
        settings = load(provider.info.settings, provider.info.sandbox)
        endpoint = Endpoint(sandbox.url + provider.info.sandbox_path, "sandbox", settings)
        transport = http_transport(provider, endpoint, "async")
        client: Any = provider(transport, endpoint)
        client.journal = SqliteJournal(tmp_path / "stream.sqlite3")
        seen: list[tuple[TradeEvent, str]] = []
        async with asyncio.timeout(60), aclosing(client.trade_updates()) as updates:
            waiting = asyncio.ensure_future(anext(updates))
            while not await asyncio.to_thread(updates_of.listening, sandbox):  # noqa: ASYNC110  # nothing tells us when
                await asyncio.sleep(0.02)
            first = await client.submit_order(order_of())
            while (update := await waiting).order.status is not OrderStatus.FILLED:
                seen.append((update.event, update.order.id))
                waiting = asyncio.ensure_future(anext(updates))
            seen.append((update.event, update.order.id))
            assert update.quantity == D(10)
            resting = await client.submit_order(order_of(type=OrderType.LIMIT, limit_price=D(265)))
            while (await anext(updates)).event is not TradeEvent.NEW:
                pass
            await asyncio.to_thread(updates_of.drop, sandbox)
            await client.cancel_order(resting.id)  # nobody listens now
            while (update := await anext(updates)).order.id != resting.id:
                pass
            seen.append((update.event, "resting" if update.order.status is OrderStatus.CANCELED else "?"))
            assert first.id in {ident for _, ident in seen}
        later = await client.submit_order(order_of(quantity=D(3)))  # the stream is over
        async with asyncio.timeout(60), aclosing(client.trade_updates(since=update.as_of)) as updates:
            while (update := await anext(updates)).order.id != later.id:
                pass
            seen.append((update.event, "resumed"))
        await transport.aclose()
        return seen

    with asyncio.Runner() as runner:
        seen = runner.run(watch())
    assert TradeEvent.FILL in {kind for kind, _ in seen}
    assert seen[-2:] == [(TradeEvent.CAUGHT_UP, "resting"), (TradeEvent.CAUGHT_UP, "resumed")]
