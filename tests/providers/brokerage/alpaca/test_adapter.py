"""Alpaca: requests as documented, answers read exactly; the figures are those of the fixture files."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.errors import (
    CircuitOpen,
    InvalidInput,
    InvalidInstrument,
    NaiveTime,
    NotFound,
    ProviderUnavailable,
    UnexpectedPayload,
    UnknownSymbol,
)
from fin_infra.flow import row_errors
from fin_infra.model import (
    Adjustment,
    AssetClass,
    InstrumentKey,
    Interval,
    Money,
    OrderClass,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
)
from fin_infra.providers.brokerage.alpaca.adapter import Alpaca
from fin_infra.transport import Async, Reply, Request
from fin_infra.transport.replay import AsyncReplay, Replay, fixture_responder
from tests.providers.brokerage.alpaca.support import (
    AAPL,
    BITCOIN,
    BRK_B,
    CALL,
    HERE,
    ORDER_ID,
    WATCHLIST_ID,
    answering,
    body_of,
    place,
    recorded,
    scripted,
    sent,
)
from tests.providers.brokerage.alpaca.support import reply as told


def usd(text: str) -> Money:
    return Money(Decimal(text), "USD")


def test_account_when_read_then_every_digit_and_nothing_of_the_day_trading_rule() -> None:
    account = recorded().account()
    assert account.id == "7d2f6f1e-52c8-4d36-9f7b-0f5a52a1c001"
    assert account.equity == usd("100012.345678901")
    assert account.last_equity == usd("99998.12345678901")
    assert (account.cash, account.buying_power) == (usd("99910.72"), usd("399821.44"))
    assert (account.multiplier, account.shorting_enabled, account.can_trade) == (Decimal(4), True, True)
    assert (account.pattern_day_trader, account.daytrade_count) == (None, None)
    assert account.created_at == datetime(2026, 9, 1, 12, 30, 45, 123456, tzinfo=UTC)
    assert "PA3MADEUP01X" not in repr(account)
    assert account.number == "PA3MADEUP01X"
    assert account.meta is not None
    assert account.meta.rate_limit is not None
    assert (account.meta.request_id, account.meta.rate_limit.remaining) == ("made-up-0001", 199)


def test_account_when_it_has_the_old_fields_then_they_are_read() -> None:
    account = answering(body_of("account") | {"pattern_day_trader": False, "daytrade_count": 2}).account()
    assert (account.pattern_day_trader, account.daytrade_count) == (False, 2)


def test_account_when_a_count_is_not_whole_then_it_is_not_cut() -> None:
    with pytest.raises(UnexpectedPayload, match="'daytrade_count' should be a whole number"):
        answering(body_of("account") | {"daytrade_count": 2.5}).account()


@pytest.mark.parametrize("name", ["trading_blocked", "account_blocked", "trade_suspended_by_user"])
def test_account_when_blocked_then_it_cannot_trade(name: str) -> None:
    assert not answering(body_of("account") | {name: True}).account().can_trade


@pytest.mark.parametrize(
    ("name", "value"),
    [("id", None), ("cash", None), ("equity", "much"), ("buying_power", True), ("trading_blocked", "false")],
)
def test_account_when_a_field_is_wrong_then_unexpected_payload_names_it(name: str, value: Any) -> None:
    with pytest.raises(UnexpectedPayload, match=f"'{name}'"):
        answering(body_of("account") | {name: value}).account()


def test_clock_when_in_new_york_offsets_then_utc_to_the_microsecond() -> None:
    clock = recorded().clock()
    assert clock.as_of == datetime(2026, 10, 8, 14, 2, 13, 123456, tzinfo=UTC)
    assert (clock.is_open, clock.next_close) == (True, datetime(2026, 10, 8, 20, 0, tzinfo=UTC))


def test_calendar_when_a_day_closes_early_then_its_times_are_new_yorks() -> None:
    broker = recorded()
    days = broker.calendar(start=date(2026, 11, 25), end=date(2026, 11, 28))
    assert [day.day for day in days] == [date(2026, 11, 25), date(2026, 11, 27)]
    assert days[1].open == datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
    assert days[1].close == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert days[1].extended_open == datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    assert days[1].extended_close == datetime(2026, 11, 27, 22, 0, tzinfo=UTC)
    assert days[0].settlement_date == date(2026, 11, 27)
    assert dict(sent(broker)[0].params) == {"start": "2026-11-25", "end": "2026-11-27"}


@pytest.mark.parametrize("midnight", ["24:00", "2400"])
def test_calendar_when_a_session_closes_at_24_hours_then_that_is_the_next_midnight(midnight: str) -> None:
    rows = [row | {"session_close": midnight} for row in body_of("calendar")]
    days = answering(rows).calendar(start=date(2026, 11, 25), end=date(2026, 11, 28))
    assert days[0].extended_close == datetime(2026, 11, 26, 5, 0, tzinfo=UTC)  # midnight in New York


def test_calendar_when_it_ends_before_it_starts_then_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="needs a start before its end"):
        recorded().calendar(start=date(2026, 11, 25), end=date(2026, 11, 25))


def test_assets_when_listed_then_classes_have_a_dot_and_what_no_key_can_hold_is_left_out() -> None:
    assets = recorded().assets()
    assert [str(asset.key) for asset in assets] == ["US:AAPL", "US:BRK.B", "US:GME.WS"]
    assert [asset.easy_to_borrow for asset in assets] == [True, False, True]
    assert [asset.fractionable for asset in assets] == [True, True, False]


def test_assets_when_coins_then_only_those_in_dollars_that_we_know() -> None:
    [coin] = recorded().assets(asset_class=AssetClass.CRYPTO)
    assert (coin.key, coin.asset_class) == (BITCOIN, AssetClass.CRYPTO)
    assert coin.min_order_size == Decimal("0.000109")
    assert coin.min_trade_increment == Decimal("0.000000001")


def test_assets_when_options_then_one_sentence_and_no_request() -> None:
    broker = recorded()
    with pytest.raises(InvalidInput, match="ask for a single option"):
        broker.assets(asset_class=AssetClass.OPTION)
    assert not sent(broker)


@pytest.mark.parametrize(
    ("key", "path"),
    [(BRK_B, "/v2/assets/BRK.B"), (BITCOIN, "/v2/assets/BTC%2FUSD"), (CALL, f"/v2/options/contracts/{CALL.symbol}")],
)
def test_asset_when_asked_then_its_own_path_and_key(key: InstrumentKey, path: str) -> None:
    broker = recorded()
    assert broker.asset(key).key == key
    assert sent(broker)[0].path == path


def test_asset_when_unknown_then_unknown_symbol_names_it() -> None:
    with pytest.raises(UnknownSymbol, match="does not know US:ZZZZ") as caught:
        recorded().asset(InstrumentKey("US", "ZZZZ"))
    assert caught.value.vendor_code == "40410000"


@pytest.mark.parametrize("text", ["XLON:TSCO", "FX:EURUSD", "CRYPTO:no-such-coin", "ISIN:US0378331005"])
def test_asset_when_alpaca_has_no_spelling_then_invalid_instrument_and_no_request(text: str) -> None:
    broker = recorded()
    with pytest.raises(InvalidInstrument):
        broker.asset(InstrumentKey.parse(text))
    assert not sent(broker)


def test_order_when_read_then_terms_and_instants() -> None:
    order = recorded().order(ORDER_ID)
    assert (order.id, order.client_order_id, order.key) == (ORDER_ID, "fin-one", AAPL)
    assert (order.side, order.type, order.time_in_force) == (Side.BUY, OrderType.LIMIT, TimeInForce.DAY)
    assert (order.order_class, order.status) == (OrderClass.SIMPLE, OrderStatus.PARTIALLY_FILLED)
    assert (order.quantity, order.filled_quantity) == (Decimal(10), Decimal(4))
    assert (order.limit_price, order.filled_average_price) == (Decimal("187.5"), Decimal("187.4475"))
    assert order.created_at == datetime(2026, 10, 8, 14, 2, 11, 95216, tzinfo=UTC)  # nanoseconds are cut
    assert order.as_of == order.updated_at == datetime(2026, 10, 8, 14, 2, 12, 100000, tzinfo=UTC)
    assert order.expires_at == datetime(2026, 10, 8, 20, 0, tzinfo=UTC)
    assert (order.notional, order.filled_at, order.legs) == (None, None, ())


def test_order_when_unknown_then_not_found() -> None:
    with pytest.raises(NotFound):
        recorded().order("0b1f3c5a-0000-4000-8000-0000000000ff")


def test_orders_when_of_every_kind_then_each_is_read() -> None:
    coin, trailing, notional, bracket, option = recorded().orders(status="all")
    assert (coin.key, coin.currency, coin.quantity) == (BITCOIN, "USD", Decimal("0.0283"))
    assert (trailing.trail_percent, trailing.high_water_mark) == (Decimal("1.25"), Decimal("187.473417"))
    assert (notional.quantity, notional.notional) == (None, Decimal("100.5"))
    assert notional.filled_quantity == Decimal("0.536193029")
    assert [leg.status for leg in bracket.legs] == [OrderStatus.HELD, OrderStatus.HELD]
    assert [(leg.limit_price, leg.stop_price) for leg in bracket.legs] == [(Decimal(200), None), (None, Decimal(180))]
    assert (option.key, option.asset_class) == (CALL, AssetClass.OPTION)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"status": "teleported"}, "'status' has a word we do not know: 'teleported'"),
        ({"side": ""}, "'side' has a word"),
        ({"type": "iceberg"}, "'type' has a word"),
        ({"time_in_force": "gtd"}, "'time_in_force' has a word"),
        ({"symbol": ""}, "'symbol'"),
        ({"filled_qty": None}, "'filled_qty'"),
        ({"limit_price": "NaN"}, "'limit_price'"),
        ({"hwm": "string"}, "'hwm'"),
        ({"created_at": "2026-10-08 14:02"}, "'created_at'"),
        ({"legs": [{}]}, "'symbol'"),
        ({"legs": "none"}, "'legs'"),
    ],
)
def test_order_when_a_field_is_wrong_then_unexpected_payload_says_which(change: dict[str, Any], match: str) -> None:
    with pytest.raises(UnexpectedPayload, match=match):
        answering(body_of("order") | change).order(ORDER_ID)


@pytest.mark.parametrize("status", list(OrderStatus))
def test_order_when_in_any_known_state_then_read(status: OrderStatus) -> None:
    assert answering(body_of("order") | {"status": status.value}).order(ORDER_ID).status is status


def test_order_when_in_a_class_of_assets_we_do_not_know_then_unknown() -> None:
    order = answering(body_of("order") | {"symbol": "FI111225", "asset_class": "ipo"}).order(ORDER_ID)
    assert (order.asset_class, order.key) == (AssetClass.UNKNOWN, None)
    assert order.symbol_text == "FI111225"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"symbol": "AAPL`"}, AssetClass.EQUITY),
        ({"symbol": "NEWCOIN/USD", "asset_class": "crypto"}, AssetClass.CRYPTO),
        ({"symbol": "BTC-PERP", "asset_class": "crypto_perp"}, AssetClass.UNKNOWN),
    ],
)
def test_order_when_no_key_names_its_symbol_then_the_text_is_kept(change: dict[str, Any], kind: AssetClass) -> None:
    order = answering(body_of("order") | change).order(ORDER_ID)
    assert (order.key, order.symbol_text, order.asset_class) == (None, change["symbol"], kind)


def test_order_when_it_has_several_legs_then_parent_and_legs_are_read() -> None:
    leg = body_of("order") | {"symbol": "AAPL250620C00100000", "asset_class": "us_option"}
    parent = body_of("order") | {"order_class": "mleg", "symbol": "", "asset_class": "", "side": "", "legs": [leg]}
    order = answering(parent).order(ORDER_ID)
    assert (order.order_class, order.key, order.side) == (OrderClass.MLEG, None, None)
    assert [str(one.key) for one in order.legs] == ["OCC:AAPL250620C00100000"]


def test_order_when_the_answer_is_about_another_then_refused() -> None:
    with pytest.raises(UnexpectedPayload, match="another order"):
        answering(body_of("order")).order("0" + ORDER_ID[1:] if ORDER_ID[0] != "0" else "1" + ORDER_ID[1:])


def test_orders_when_one_cannot_be_read_then_the_others_come_and_it_is_named() -> None:
    good, bad = body_of("order"), body_of("order") | {"id": "bad-1", "status": "teleported"}
    with row_errors() as errors:
        found = list(answering([bad, good]).orders())
    assert [order.id for order in found] == [ORDER_ID]
    assert [(error.place, error.id) for error in errors] == [("orders[0]", "bad-1")]
    assert "'status'" in errors[0].reason


def test_order_when_numbers_come_as_json_numbers_then_exact() -> None:
    order = answering(b'{"qty": 1.10,' + _rest(body_of("order"), "qty")).order(ORDER_ID)
    assert str(order.quantity) == "1.10"


def _rest(body: dict[str, Any], without: str) -> bytes:
    import json

    return json.dumps({name: value for name, value in body.items() if name != without}).encode()[1:]


def test_cancel_orders_when_one_is_filled_then_not_accepted() -> None:
    assert [one.accepted for one in recorded().cancel_orders()] == [True, False]


def test_positions_when_of_every_kind_then_short_is_negative_and_coins_have_no_slash() -> None:
    share, short, coin, option = recorded().positions()
    assert (share.quantity, share.available_quantity) == (Decimal("0.536193029"), Decimal("0.5"))
    assert (share.market_value, share.unrealized) == (usd("101.625678901"), usd("1.125678901"))
    assert share.unrealized_today == usd("-0.25")
    assert (short.side, short.quantity, short.available_quantity) == (PositionSide.SHORT, Decimal(-3), Decimal(-3))
    assert (short.market_value, short.cost_basis) == (usd("-720.3"), usd("-750"))
    assert (coin.key, coin.symbol_text, coin.currency) == (BITCOIN, "BTCUSD", "USD")
    assert (option.key, option.average_entry_price, option.market_value) == (CALL, Decimal("9.5"), usd("2000"))


def test_positions_when_short_quantities_are_told_without_sign_then_negative_all_the_same() -> None:
    row = body_of("positions")[1] | {"qty": "3", "qty_available": "0", "market_value": "720.3", "cost_basis": "750"}
    [short] = answering([row]).positions()
    assert (short.quantity, short.market_value, short.cost_basis) == (Decimal(-3), usd("-720.3"), usd("-750"))
    assert str(short.available_quantity) == "0"


def test_position_when_of_a_coin_then_asked_without_slash() -> None:
    broker = recorded()
    assert broker.position(BITCOIN).key == BITCOIN
    assert sent(broker)[0].path == "/v2/positions/BTCUSD"


def test_position_when_none_then_not_found() -> None:
    with pytest.raises(NotFound):
        recorded().position(InstrumentKey("US", "MSFT"))


def test_portfolio_history_when_a_day_has_no_value_then_none_and_never_zero() -> None:
    history = recorded().portfolio_history()
    assert [point.at for point in history.points] == [datetime(2026, 10, day, tzinfo=UTC) for day in (6, 7, 8)]
    assert [point.equity for point in history.points] == [usd("100000"), usd("100012.35"), None]
    assert history.points[1].profit_loss_ratio == Decimal("0.0001235")
    assert (history.base_value, history.timeframe) == (usd("100000"), "1D")


def test_portfolio_history_when_stamps_are_milliseconds_then_the_same_instants() -> None:
    body = body_of("portfolio_history")
    body["timestamp"] = [seconds * 1000 for seconds in body["timestamp"]]
    assert answering(body).portfolio_history().points[0].at == datetime(2026, 10, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "match"),
    [({"equity": [1]}, "as long as"), ({"timestamp": None}, "'timestamp'"), ({"equity": {}}, "'equity'")],
)
def test_portfolio_history_when_lists_do_not_fit_then_unexpected_payload(change: dict[str, Any], match: str) -> None:
    with pytest.raises(UnexpectedPayload, match=match):
        answering(body_of("portfolio_history") | change).portfolio_history()


def test_portfolio_history_when_both_ends_are_given_then_no_period_is_sent() -> None:
    broker = recorded()
    start, end = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 8, tzinfo=UTC)
    broker.portfolio_history(start=start, end=end)
    broker.portfolio_history(start=start)
    assert dict(sent(broker)[0].params) == {
        "timeframe": "1D",
        "start": "2026-10-01T00:00:00Z",
        "end": "2026-10-08T00:00:00Z",
    }
    assert dict(sent(broker)[1].params)["period"] == "1M"


def test_activities_when_read_then_days_are_new_yorks_and_amounts_signed() -> None:
    fill, dividend, fee = recorded().activities()
    assert (fill.type, fill.key, fill.side) == ("FILL", AAPL, Side.BUY)
    assert fill.at == datetime(2026, 10, 9, 1, 30, 11, 900123, tzinfo=UTC)
    assert fill.day == date(2026, 10, 8)
    assert (fill.quantity, fill.price, fill.amount) == (Decimal("0.536193029"), Decimal("187.433"), None)
    assert (dividend.at, dividend.day) == (None, date(2026, 10, 7))
    assert (dividend.price, dividend.amount) == (Decimal("0.26"), usd("2.46"))
    assert (fee.key, fee.amount) == (BITCOIN, usd("-0.12"))
    assert "Cash dividend" not in repr(dividend)


def test_activities_when_there_are_pages_then_each_row_once_by_the_last_id() -> None:
    rows = [body_of("activities")[1] | {"id": f"row-{n}"} for n in range(5)]
    broker = scripted(told(rows[:2]), told(rows[2:4]), told(rows[4:]), page_size=2)
    assert [one.id for one in broker.activities(types=["DIV", "FEE"])] == [f"row-{n}" for n in range(5)]
    tokens = [dict(request.params).get("page_token") for request in sent(broker)]
    assert tokens == [None, "row-1", "row-3"]
    assert dict(sent(broker)[0].params)["activity_types"] == "DIV,FEE"


def test_activities_when_a_page_comes_twice_then_error_and_no_endless_loop() -> None:
    rows = [body_of("activities")[1] | {"id": f"row-{n}"} for n in range(2)]
    broker = scripted(told(rows), told(rows), page_size=2)
    with pytest.raises(UnexpectedPayload, match="does not advance"):
        list(broker.activities())


def test_watchlists_when_listed_and_read_then_keys_come_with_the_single_one() -> None:
    broker = recorded()
    [listed] = broker.watchlists()
    assert (listed.id, listed.keys) == (WATCHLIST_ID, ())
    whole = broker.watchlist(WATCHLIST_ID)
    assert (whole.keys, whole.updated_at) == ((AAPL, BITCOIN), datetime(2026, 9, 3, 21, 49, 5, 146280, tzinfo=UTC))
    assert "Primary" not in repr(whole)


def test_watchlist_when_made_changed_and_deleted_then_bodies_as_documented() -> None:
    broker = recorded()
    assert broker.create_watchlist("Coins", [BITCOIN]).keys == (BITCOIN,)
    assert broker.update_watchlist(WATCHLIST_ID, name="Shares", keys=[AAPL]).name == "Shares"
    broker.delete_watchlist(WATCHLIST_ID)
    made, changed, deleted = sent(broker)
    assert (made.method, made.content) == ("POST", b'{"name":"Coins","symbols":["BTC/USD"]}')
    assert (changed.method, changed.content) == ("PUT", b'{"name":"Shares","symbols":["AAPL"]}')
    assert deleted.method == "DELETE"
    assert not any(request.repeatable for request in sent(broker))


def test_bid_ask_when_nobody_offers_then_none_and_never_zero() -> None:
    broker = recorded()
    quote = broker.bid_ask(AAPL)
    assert (quote.bid, quote.bid_size) == (Decimal("172.51"), Decimal(100))
    assert (quote.ask, quote.ask_size) == (None, None)
    assert quote.as_of == datetime(2026, 10, 8, 13, 59, 30, 805564, tzinfo=UTC)
    assert sent(broker)[0].host == "data"


def test_bid_ask_when_of_a_coin_then_its_own_path() -> None:
    quote = recorded().bid_ask(BITCOIN)
    assert (quote.bid, quote.ask, quote.ask_size) == (Decimal(61239), Decimal("61240.125"), Decimal("3.252"))


def test_bid_ask_when_symbol_is_absent_then_unknown_symbol() -> None:
    with pytest.raises(UnknownSymbol, match="US:ZZZZ"):
        recorded().bid_ask(InstrumentKey("US", "ZZZZ"))


def test_last_trade_when_of_a_share_class_and_of_an_option_then_read() -> None:
    broker = recorded()
    trade, option = broker.last_trade(BRK_B), broker.last_trade(CALL)
    assert (trade.price, trade.size, trade.id) == (Decimal("472.78"), Decimal(100), "826")
    assert (option.price, option.id) == (Decimal("71.85"), None)


def test_candles_when_in_pages_then_all_that_open_in_the_window() -> None:
    broker = recorded(feed="iex")
    start, end = datetime(2026, 10, 5, 4, tzinfo=UTC), datetime(2026, 10, 8, 4, tzinfo=UTC)
    series = broker.candles(AAPL, start=start, end=end, adjustment=Adjustment.SPLITS)
    assert [candle.start.day for candle in series.candles] == [5, 6, 7]  # the 8th opens at the end, which is excluded
    assert (series.candles[0].high, series.candles[0].close) == (Decimal("178.26"), Decimal("178.21"))
    assert (series.adjustment, series.currency) == (Adjustment.SPLITS, "USD")
    first = dict(sent(broker)[0].params)
    assert first == {
        "symbols": "AAPL",
        "timeframe": "1Day",
        "start": "2026-10-05T04:00:00+00:00",
        "end": "2026-10-08T04:00:00+00:00",
        "sort": "asc",
        "limit": "10000",
        "adjustment": "split",
        "feed": "iex",
    }


def test_candles_when_no_start_then_the_newest_hundred_oldest_first_in_one_call() -> None:
    broker = recorded()
    series = broker.candles(AAPL)
    assert [candle.start.day for candle in series.candles] == [7, 8]
    assert len(sent(broker)) == 1


@pytest.mark.parametrize(
    ("interval", "word"),
    [
        (Interval.MIN_1, "1Min"),
        (Interval.MIN_5, "5Min"),
        (Interval.MIN_15, "15Min"),
        (Interval.MIN_30, "30Min"),
        (Interval.HOUR_1, "1Hour"),
        (Interval.HOUR_4, "4Hour"),
        (Interval.DAY_1, "1Day"),
        (Interval.WEEK_1, "1Week"),
        (Interval.MONTH_1, "1Month"),
    ],
)
def test_candles_when_of_an_interval_then_the_vendors_word(interval: Interval, word: str) -> None:
    broker = recorded()
    series = broker.candles(BITCOIN, interval=interval)
    assert series.candles[0].volume == Decimal("0.0123")
    params = dict(sent(broker)[0].params)
    assert (params["timeframe"], "adjustment" in params, "feed" in params) == (word, False, False)


def test_candles_when_not_to_be_had_then_one_sentence_and_no_request() -> None:
    broker = recorded()
    with pytest.raises(InvalidInput, match="no 4d bars"):
        broker.candles(AAPL, interval=Interval.DAY_4)
    with pytest.raises(InvalidInput, match="take raw ones"):
        broker.candles(BITCOIN, adjustment=Adjustment.SPLITS)
    with pytest.raises(NaiveTime):
        broker.candles(AAPL, start=datetime(2026, 10, 5))  # noqa: DTZ001  # that it is naive is the point
    assert not sent(broker)


def test_candles_when_a_token_comes_twice_then_error_and_no_endless_loop() -> None:
    page = {"bars": {}, "next_page_token": "same"}
    with pytest.raises(UnexpectedPayload, match="page token came twice"):
        answering(page).candles(AAPL, start=datetime(2026, 10, 5, tzinfo=UTC))


async def test_operations_when_async_then_the_same_answers() -> None:
    broker: Alpaca[Async] = Alpaca(AsyncReplay(fixture_responder(HERE)), place())
    assert (await broker.account()).cash == usd("99910.72")
    assert len([order async for order in broker.orders(status="all")]) == 5


def test_cancel_order_when_the_market_data_is_down_then_still_goes_through() -> None:
    def answer(request: Request) -> Reply:
        return Reply(503 if request.host == "data" else 204, b"")

    broker = Alpaca(Replay(answer), place(breaker_threshold=1))
    with pytest.raises(ProviderUnavailable):
        broker.last_trade(AAPL)
    with pytest.raises(CircuitOpen):
        broker.last_trade(AAPL)
    broker.cancel_order(ORDER_ID)


def test_cancel_when_the_broker_failed_so_often_that_nothing_else_is_asked_then_is_still_sent() -> None:
    sent: list[tuple[str, str]] = []

    def answer(request: Request) -> Reply:
        sent.append((request.method, request.path))
        if request.method == "DELETE":
            return Reply(204, b"") if request.path != "/v2/orders" else Reply(207, b"[]")
        return Reply(503, b"")

    broker = Alpaca(Replay(answer), place(breaker_threshold=1))
    with pytest.raises(ProviderUnavailable):
        broker.account()
    sent.clear()
    with pytest.raises(CircuitOpen):
        broker.account()
    assert sent == []
    broker.cancel_order(ORDER_ID)
    assert broker.cancel_orders() == []
    assert sent == [("DELETE", f"/v2/orders/{ORDER_ID}"), ("DELETE", "/v2/orders")]
    with pytest.raises(CircuitOpen):  # the cancellations say nothing about what else the vendor can do
        broker.account()


def test_cancel_order_when_candles_have_used_up_the_quota_then_is_not_kept_waiting() -> None:
    page = {"bars": {"AAPL": []}, "next_page_token": None}
    broker = answering(page)
    for _ in range(200):
        broker.candles(AAPL)
    started = broker.policy.clock()
    with pytest.raises(UnexpectedPayload, match="204"):  # the vendor is asked
        broker.cancel_order(ORDER_ID)
    assert broker.policy.clock() == started
