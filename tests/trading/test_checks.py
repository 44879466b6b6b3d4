"""Every rule before an order is sent: one case that passes, one that fails, and the tables written by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import OrderChecksFailed
from fin_infra.model import AssetClass, Money, OrderClass, OrderType, Side, TimeInForce
from fin_infra.trading import Context, TradingLimits, check
from fin_infra.trading.checks import RULES, raise_failures
from fin_infra.trading.history import history_since, judge_history
from fin_infra.trading.journal import JournalEntry
from fin_infra.trading.proposal import estimate
from tests.support.effort import effort
from tests.trading.support import (
    AAPL,
    COIN,
    OPEN,
    OPTION,
    account,
    asset,
    d,
    market,
    new_order,
    position,
    quote,
    surroundings,
)

NEW_YORK = ZoneInfo("America/New_York")
SELL = Side.SELL
HELD = {"position": position("100")}
CRYPTO, OPTIONS = AssetClass.CRYPTO, AssetClass.OPTION


def limits(**values: Any) -> dict[str, Any]:
    return {"limits": TradingLimits(**values)}


COIN_AT_64000 = {"kind": CRYPTO, "quote": quote("63990", "64000")}


def failed(order: Any, context: Context) -> set[str]:
    return {name for name, _ in check(order, context)}


def bracket(**terms: Any) -> Any:
    given = {"type": OrderType.LIMIT, "limit_price": "100", "order_class": OrderClass.BRACKET}
    return new_order(**(given | {"take_profit": "110", "stop_loss": "95"} | terms))


def oco(**terms: Any) -> Any:
    given = {"side": SELL, "type": OrderType.LIMIT, "order_class": OrderClass.OCO}
    return new_order(**(given | {"take_profit": "110", "stop_loss": "95"} | terms))


def limit(price: str, **terms: Any) -> Any:
    return new_order(type=OrderType.LIMIT, limit_price=price, **terms)


def call(price: str) -> Any:
    return limit(price, key=OPTION)


def stop(price: str, **terms: Any) -> Any:
    return new_order(type=OrderType.STOP, stop_price=price, **terms)


def stop_limit(price: str, then: str, **terms: Any) -> Any:
    return new_order(type=OrderType.STOP_LIMIT, stop_price=price, limit_price=then, **terms)


def trailing(**terms: Any) -> Any:
    return new_order(type=OrderType.TRAILING_STOP, **terms)


# Rule, order, what is around it, whether the rule objects. Numbers are from the documentation and by hand.
CASES: list[tuple[str, Any, dict[str, Any], bool]] = [
    ("terms", new_order(), {}, False),
    ("terms", new_order("NaN"), {}, True),
    ("terms", new_order("Infinity"), {}, True),
    ("terms", limit("sNaN"), {}, True),
    ("terms", new_order("1E+100"), {}, True),
    ("terms", replace(new_order(), quantity=10), {}, True),
    ("terms", replace(new_order(), side="hold"), {}, True),
    ("halt", new_order(), {}, False),
    ("halt", new_order(), limits(halt=True), True),
    ("allow_deny", new_order(), limits(allow="US:MSFT, US:AAPL"), False),
    ("allow_deny", new_order(), limits(allow="AAPL"), False),
    ("allow_deny", new_order(), limits(allow="US:MSFT"), True),
    ("allow_deny", new_order(), limits(deny="US:AAPL"), True),
    ("allow_deny", new_order(), limits(allow="US:AAPL", deny="AAPL"), True),
    ("allow_deny", new_order(), limits(deny="US:MSFT"), False),
    ("account", new_order(), {}, False),
    ("account", new_order(), {"account": account(trading_blocked=True)}, True),
    ("account", new_order(), {"account": account(account_blocked=True)}, True),
    ("account", new_order(), {"account": account(suspended_by_user=True)}, True),
    ("account", new_order(currency="EUR"), {}, True),
    ("asset", new_order(), {}, False),
    ("asset", new_order(), {"asset": None}, True),
    ("asset", new_order(), {"asset": asset(active=False)}, True),
    ("asset", new_order(), {"asset": asset(tradable=False)}, True),
    ("size", new_order("1"), {}, False),
    ("size", new_order(None, notional="1"), {}, False),
    ("size", new_order(None), {}, True),
    ("size", new_order("1", notional="100"), {}, True),
    ("size", new_order("0"), {}, True),
    ("size", new_order("-1"), {}, True),
    ("size", new_order("0.123456789"), {}, False),
    ("size", new_order("0.1234567891"), {}, True),
    ("size", new_order("0.1234567890"), {}, False),
    ("size", new_order(None, notional="0.99"), {}, True),
    ("size", new_order(None, notional="9.99"), {"kind": CRYPTO}, True),
    ("size", new_order(None, notional="10"), {"kind": CRYPTO}, False),
    ("size", new_order("1.5"), {"kind": OPTIONS}, True),
    ("size", new_order(None, notional="10.12"), {}, False),
    ("size", new_order(None, notional="10.120"), {}, False),
    ("size", new_order(None, notional="10.123"), {}, True),
    ("size", new_order(None, notional="10.123"), {"kind": CRYPTO}, True),
    ("size", new_order("0.00001"), COIN_AT_64000, True),  # 0.64 dollars, with the collar 0.67
    ("size", new_order("0.00001", side=SELL), COIN_AT_64000, True),
    ("size", new_order("0.0002"), COIN_AT_64000, False),  # 12.80 dollars
    ("size", new_order("0.0002"), COIN_AT_64000 | {"asset": asset(min_order_size=d("0.0003"))}, True),
    ("size", new_order("0.0003"), COIN_AT_64000 | {"asset": asset(min_order_size=d("0.0003"))}, False),
    ("size", new_order("0.00035"), COIN_AT_64000 | {"asset": asset(min_trade_increment=d("0.0001"))}, True),
    ("size", new_order("0.0004"), COIN_AT_64000 | {"asset": asset(min_trade_increment=d("0.0001"))}, False),
    ("size", new_order("0.00001"), {}, False),  # of a share, whatever that is worth
    ("prices", limit("100"), {}, False),
    ("prices", new_order(limit_price="100"), {}, True),
    ("prices", new_order(type=OrderType.LIMIT), {}, True),
    ("prices", limit("0"), {}, True),
    ("prices", limit("-1"), {}, True),
    ("prices", limit("100", stop_price="101"), {}, True),
    ("prices", stop("101"), {}, False),
    ("prices", new_order(type=OrderType.STOP), {}, True),
    ("prices", stop_limit("101", "102"), {}, False),
    ("prices", stop("101", limit_price="102"), {}, True),
    ("prices", new_order(type=OrderType.STOP_LIMIT, limit_price="101"), {}, True),
    ("prices", trailing(trail_percent="1"), {}, False),
    ("prices", trailing(trail_price="1"), {}, False),
    ("prices", trailing(), {}, True),
    ("prices", trailing(trail_price="1", trail_percent="1"), {}, True),
    ("prices", trailing(trail_percent="0"), {}, True),
    ("prices", new_order(trail_percent="1"), {}, True),
    ("prices", oco(), HELD, False),
    ("prices", oco(limit_price="110"), HELD, True),
    ("tick_size", limit("0.9999"), {}, False),
    ("tick_size", limit("0.99999"), {}, True),
    ("tick_size", limit("1.00"), {}, False),
    ("tick_size", limit("1.000"), {}, False),
    ("tick_size", limit("1.001"), {}, True),
    ("tick_size", limit("100.01"), {}, False),
    ("tick_size", limit("100.015"), {}, True),
    ("tick_size", stop("100.015"), {}, True),
    ("tick_size", bracket(take_profit="110.001"), {}, True),
    ("tick_size", bracket(stop_loss="94.999"), {}, True),
    ("tick_size", bracket(stop_loss_limit="94.999"), {}, True),
    ("tick_size", limit("100.0151", time_in_force=TimeInForce.GTC), {"kind": CRYPTO}, False),
    ("tick_size", limit("64000.55"), {"kind": CRYPTO, "asset": asset(price_increment=d("0.1"))}, True),
    ("tick_size", limit("64000.5"), {"kind": CRYPTO, "asset": asset(price_increment=d("0.1"))}, False),
    ("legs", new_order(), {}, False),
    ("legs", new_order(take_profit="110"), {}, True),
    ("legs", new_order(stop_loss="90"), {}, True),
    ("legs", new_order(stop_loss_limit="90"), {}, True),
    ("legs", bracket(), {}, False),
    ("legs", bracket(stop_loss_limit="94"), {}, False),
    ("legs", bracket(stop_loss_limit="96"), {}, True),
    ("legs", bracket(take_profit=None), {}, True),
    ("legs", bracket(stop_loss=None), {}, True),
    ("legs", bracket(take_profit="94"), {}, True),
    ("legs", bracket(take_profit="95"), {}, True),
    ("legs", bracket(take_profit="99"), {}, True),
    ("legs", bracket(stop_loss="99.99"), {}, False),
    ("legs", bracket(stop_loss="99.995"), {}, True),
    ("legs", bracket(stop_loss="101"), {}, True),
    ("legs", bracket(time_in_force=TimeInForce.GTC), {}, False),
    ("legs", bracket(time_in_force=TimeInForce.IOC), {}, True),
    ("legs", bracket(extended_hours=True), {}, True),
    ("legs", bracket(side=SELL, take_profit="90", stop_loss="105"), limits(allow_short=True), False),
    ("legs", bracket(side=SELL), limits(allow_short=True), True),
    ("legs", bracket(), {"kind": CRYPTO}, True),
    ("legs", bracket(type=OrderType.MARKET, limit_price=None), {}, False),
    ("legs", bracket(type=OrderType.MARKET, limit_price=None, stop_loss="101"), {}, True),  # the offer is 100.01
    ("legs", bracket(type=OrderType.MARKET, limit_price=None, take_profit="100"), {}, True),
    ("legs", bracket(type=OrderType.STOP, limit_price=None, stop_price="112"), {}, True),
    ("legs", oco(), HELD, False),
    ("legs", oco(take_profit="90"), HELD, True),
    ("legs", oco(stop_loss=None), HELD, True),
    ("legs", oco(type=OrderType.MARKET), HELD, True),
    ("legs", oco(side=Side.BUY, take_profit="90", stop_loss="105"), {}, False),
    ("legs", bracket(order_class=OrderClass.OTO), {}, True),
    ("legs", bracket(order_class=OrderClass.OTO, take_profit=None), {}, False),
    ("legs", bracket(order_class=OrderClass.OTO, stop_loss=None), {}, False),
    ("legs", bracket(order_class=OrderClass.OTO, take_profit=None, stop_loss=None), {}, True),
    ("legs", bracket(order_class=OrderClass.OTO, stop_loss=None, stop_loss_limit="94"), {}, True),
    ("fractional", new_order("1.5"), {}, False),
    ("fractional", new_order("1.5", time_in_force=TimeInForce.GTC), {}, True),
    ("fractional", limit("100", quantity=d("1.5"), time_in_force=TimeInForce.GTC), {}, True),
    ("fractional", limit("100", quantity=d("1.5")), {}, False),
    ("fractional", new_order("1.0", time_in_force=TimeInForce.GTC), {}, False),
    ("fractional", new_order(None, notional="100"), {}, False),
    ("fractional", new_order(None, notional="100", time_in_force=TimeInForce.IOC), {}, True),
    ("fractional", new_order("1.5"), {"asset": asset(fractionable=False)}, True),
    ("fractional", new_order(None, notional="100"), {"asset": asset(fractionable=False)}, True),
    ("fractional", trailing(quantity=d("1.5"), trail_percent="1"), {}, True),
    ("fractional", bracket(quantity=d("1.5")), {}, True),
    ("fractional", new_order("1.5", time_in_force=TimeInForce.GTC), {"kind": CRYPTO}, False),
    ("fractional", new_order("1.5", time_in_force=TimeInForce.IOC), {"kind": CRYPTO}, False),
    ("stop_side", stop("100.02"), {}, False),
    ("stop_side", stop("100.01"), {}, True),
    ("stop_side", stop("99"), {}, True),
    ("stop_side", stop("99.98", side=SELL), HELD, False),
    ("stop_side", stop("99.99", side=SELL), HELD, True),
    ("stop_side", stop("99"), {"quote": None}, False),
    ("stop_side", oco(), HELD, False),
    ("stop_side", oco(take_profit="120", stop_loss="105"), HELD, True),  # the bid is 99.99
    ("stop_side", stop_limit("101", "101"), {}, False),
    ("stop_side", stop_limit("101", "100.99"), {}, True),
    ("stop_side", stop_limit("101", "100.99"), {"quote": None}, True),
    ("stop_side", stop_limit("99", "98", side=SELL), HELD, False),
    ("stop_side", stop_limit("99", "99.01", side=SELL), HELD, True),
    ("market_hours", new_order(), {}, False),
    ("market_hours", new_order(), {"clock": market(is_open=False)}, True),
    ("market_hours", new_order(), {"clock": market(is_open=False), "queue": True}, False),
    ("market_hours", new_order(time_in_force=TimeInForce.GTC), {"kind": CRYPTO, "clock": market(is_open=False)}, False),
    ("short_sale", new_order(), {}, False),
    ("short_sale", new_order("100", side=SELL), HELD, False),
    ("short_sale", new_order("101", side=SELL), HELD, True),
    ("short_sale", new_order("101", side=SELL), HELD | limits(allow_short=True), True),
    ("short_sale", new_order("10", side=SELL), {}, True),
    ("short_sale", new_order("10", side=SELL), limits(allow_short=True), False),
    ("short_sale", new_order("10", side=SELL), limits(allow_short=True) | {"kind": CRYPTO}, True),
    ("short_sale", new_order("1.5", side=SELL), limits(allow_short=True), True),
    ("short_sale", new_order("10", side=SELL), limits(allow_short=True) | {"asset": asset(shortable=False)}, True),
    (
        "short_sale",
        new_order("10", side=SELL),
        limits(allow_short=True) | {"account": account(shorting_enabled=False)},
        True,
    ),
    ("short_sale", new_order("10", side=SELL), limits(allow_short=True) | {"position": position("-5")}, False),
    ("short_sale", new_order("10", side=SELL), {"position": position("-5")}, True),
    ("short_sale", new_order("10", side=SELL), {"position": position("100", "5")}, True),
    ("short_sale", new_order("10", side=SELL), {"position": position("100", "0")} | limits(allow_short=True), True),
    ("short_sale", new_order(None, notional="100", side=SELL), HELD, False),
    ("short_sale", new_order(None, notional="100", side=SELL), limits(allow_short=True), True),
    ("short_sale", oco(), {}, True),
    ("short_sale", oco(), HELD, False),
    ("quote", new_order(), {}, False),
    ("quote", new_order(), {"quote": None}, True),
    ("quote", new_order(), {"quote": quote(ask=None)}, True),
    ("quote", new_order(side=SELL), HELD | {"quote": quote(bid=None)}, True),
    ("quote", limit("100"), {"quote": None}, False),
    ("quote", new_order(None, notional="100"), {"quote": None}, False),
    ("quote", new_order(), {"quote": quote(at=OPEN - timedelta(seconds=900))}, False),
    ("quote", new_order(), {"quote": quote(at=OPEN - timedelta(seconds=901))}, True),
    ("quote", limit("100"), {"quote": quote(at=OPEN - timedelta(seconds=901))}, False),
    ("quote", new_order(), {"quote": quote(at=OPEN - timedelta(days=3)), "clock": market(is_open=False)}, False),
    (
        "quote",
        new_order(time_in_force=TimeInForce.GTC),
        {"quote": quote(at=OPEN - timedelta(days=3)), "clock": market(is_open=False), "kind": CRYPTO},
        True,
    ),
    ("quote", new_order(), limits(max_quote_age_s=None) | {"quote": quote(at=OPEN - timedelta(days=3))}, False),
    ("price_collar", limit("105.01"), {}, False),  # 100.01 + 5 % = 105.0105
    ("price_collar", limit("105.02"), {}, True),
    ("price_collar", limit("1"), {}, False),
    ("price_collar", limit("95", side=SELL), HELD, False),  # 99.99 - 5 % = 94.9905
    ("price_collar", limit("94.99", side=SELL), HELD, True),
    ("price_collar", limit("1000", side=SELL), HELD, False),
    ("price_collar", limit("200"), limits(collar_percent=None), False),
    ("price_collar", oco(), HELD, False),
    ("price_collar", oco(take_profit="2", stop_loss="1"), HELD, True),
    ("price_collar", limit("110"), limits(collar_percent=10), False),
    ("price_collar", limit("200"), {"quote": None}, False),
    ("price_collar", stop_limit("110", "115.50"), {}, False),  # 110 + 5 % = 115.50
    ("price_collar", stop_limit("110", "115.51"), {}, True),
    ("price_collar", stop_limit("90", "85.49", side=SELL), HELD | {"quote": None}, True),  # 90 - 5 % = 85.50
    ("price_collar", limit("200"), {"quote": quote(ask="0")}, False),
    ("max_notional_per_order", limit("100", quantity=d("100")), {}, False),
    ("max_notional_per_order", limit("100.01", quantity=d("100")), {}, True),
    ("max_notional_per_order", new_order("96"), {}, False),  # 96 x 100.01 x 1.04 = 9984.9984
    ("max_notional_per_order", new_order("97"), {}, True),  # 97 x 100.01 x 1.04 = 10089.0088
    ("max_notional_per_order", new_order(None, notional="10000"), {}, False),
    ("max_notional_per_order", new_order(None, notional="10000.01"), {}, True),
    ("max_notional_per_order", new_order("1000"), limits(max_notional_per_order=None), False),
    ("max_notional_per_order", limit("0.01", quantity=d("101"), side=SELL), {"position": position("1000")}, True),
    ("max_notional_per_order", oco(quantity=d("95")), HELD, True),  # 95 x 110
    ("max_notional_per_order", stop("101", quantity=d("96")), {}, True),  # 96 x 101 x 1.04 = 10083.84
    ("max_notional_per_order", stop("99", quantity=d("101"), side=SELL), {"position": position("1000")}, False),
    ("buying_power", limit("100"), {"account": account(buying_power="1000")}, False),
    ("buying_power", limit("100"), {"account": account(buying_power="999.99")}, True),
    ("buying_power", new_order(), {"account": account(buying_power="1040.10")}, True),  # 10 x 100.01 x 1.04 = 1040.104
    ("buying_power", new_order(), {"account": account(buying_power="1040.11")}, False),
    ("buying_power", new_order(side=SELL), HELD | {"account": account(buying_power="0")}, False),
    ("buying_power", new_order(), {"account": account(buying_power="0"), "position": position("-10")}, False),
    ("buying_power", new_order(), {"account": account(buying_power="0"), "position": position("-1")}, True),
    ("buying_power", call("5"), {"account": account(buying_power="5000")}, False),  # 10 contracts x 100 x 5
    ("buying_power", call("5"), {"account": account(buying_power="4999.99")}, True),
    ("buying_power", call("5"), {"account": account(options_buying_power=Money(d("4999.99"), "USD"))}, True),
    ("max_notional_per_order", trailing(trail_percent="50"), {}, False),
    ("max_notional_per_order", trailing(trail_percent="50"), limits(max_notional_per_order=1560), True),  # x 1.5 x 1.04
    ("max_notional_per_order", trailing(trail_price="50"), limits(max_notional_per_order=1560), True),
    ("max_notional_per_order", trailing(trail_price="50"), limits(max_notional_per_order="1560.11"), False),
    ("max_notional_per_order", call("10"), {}, False),  # 10 contracts x 100 x 10
    ("max_notional_per_order", call("10.01"), {}, True),
    ("buying_power", limit("100"), limits(check_buying_power=False) | {"account": account(buying_power="0")}, False),
    (
        "buying_power",
        limit("100", time_in_force=TimeInForce.GTC),
        {"kind": CRYPTO, "account": account(non_marginable_buying_power=Money(d("1"), "USD"))},
        True,
    ),
    ("order_type", new_order(), {}, False),
    ("order_type", stop("101", time_in_force=TimeInForce.IOC), {}, True),
    ("order_type", trailing(trail_price="1", time_in_force=TimeInForce.GTC), {"kind": CRYPTO}, True),
    ("order_type", limit("100", extended_hours=True, time_in_force=TimeInForce.GTC), {"kind": CRYPTO}, True),
    ("order_type", new_order(extended_hours=True), {}, True),
]


@pytest.mark.parametrize(("rule", "order", "around", "objects"), CASES)
def test_rule_when_asked_then_objects_where_the_table_says(
    rule: str, order: Any, around: dict[str, Any], objects: bool
) -> None:
    assert (rule in failed(order, surroundings(**around))) is objects


def test_rules_when_listed_then_each_has_a_case_of_either_kind() -> None:
    assert {rule for rule, _, _, objects in CASES if objects} == set(RULES)
    assert {rule for rule, _, _, objects in CASES if not objects} == set(RULES)


# The matrix, by hand from the broker's documentation: what each type may be, T for day gtc opg cls ioc fok in turn.
TIMES = ("day", "gtc", "opg", "cls", "ioc", "fok")
MATRIX = {
    ("equity", "market"): "TTTTTT",
    ("equity", "limit"): "TTTTTT",
    ("equity", "stop"): "TT    ",
    ("equity", "stop_limit"): "TT    ",
    ("equity", "trailing_stop"): "TT    ",
    ("crypto", "market"): " T  T ",
    ("crypto", "limit"): " T  T ",
    ("crypto", "stop"): "      ",
    ("crypto", "stop_limit"): " T  T ",
    ("crypto", "trailing_stop"): "      ",
    ("option", "market"): "TT    ",
    ("option", "limit"): "TT    ",
    ("option", "stop"): "TT    ",
    ("option", "stop_limit"): "TT    ",
    ("option", "trailing_stop"): "      ",
}
EXTENDED = {("equity", "limit", "day"), ("equity", "limit", "gtc")}


@pytest.mark.parametrize(
    ("kind", "type_", "time_in_force", "extended"),
    list(product(("equity", "crypto", "option"), (t.value for t in OrderType), TIMES, (False, True))),
)
def test_matrix_when_a_combination_is_tried_then_is_taken_where_documented(
    kind: str, type_: str, time_in_force: str, extended: bool
) -> None:
    order = new_order(type=OrderType(type_), time_in_force=TimeInForce(time_in_force), extended_hours=extended)
    taken = MATRIX[kind, type_][TIMES.index(time_in_force)] == "T"
    taken = taken and (not extended or (kind, type_, time_in_force) in EXTENDED)
    assert ("order_type" not in failed(order, surroundings(AssetClass(kind)))) is taken


def test_matrix_when_it_is_read_then_names_every_type_and_time() -> None:
    assert {type_ for _, type_ in MATRIX} == {t.value for t in OrderType}
    assert set(TIMES) == {t.value for t in TimeInForce}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


HOURS = [  # New York time, broker's clock, extended hours, whether an order is taken
    ("2026-03-10T09:29:59", True, False, False),
    ("2026-03-10T09:30", True, False, True),
    ("2026-03-10T15:59:59", True, False, True),
    ("2026-03-10T16:00", True, False, False),
    ("2026-03-10T12:00", False, False, False),  # the broker knows of a halt
    ("2026-03-10T12:00", False, True, False),
    ("2026-03-10T12:00", True, True, True),
    ("2026-03-10T03:59", False, True, False),
    ("2026-03-10T04:00", False, True, True),
    ("2026-03-10T08:00", False, True, True),
    ("2026-03-10T19:59", False, True, True),
    ("2026-03-10T20:00", False, True, False),
    ("2026-11-27T12:59", True, False, True),  # the day after Thanksgiving closes at 13:00
    ("2026-11-27T13:00", True, False, False),
    ("2026-11-27T16:59", False, True, True),
    ("2026-11-27T17:00", False, True, False),
    ("2026-11-26T12:00", True, False, False),  # Thanksgiving
    ("2026-11-26T12:00", True, True, False),
    ("2026-12-25T12:00", True, False, False),
    ("2026-03-07T12:00", True, False, False),  # a Saturday
    ("2026-03-09T09:30", True, False, True),  # the first session of summer time
    ("2026-03-09T09:29", True, False, False),
    ("2026-11-02T09:30", True, False, True),  # the first one after it
    ("2026-11-02T15:59", True, False, True),
    ("2026-11-02T16:00", True, False, False),
    ("2090-01-05T12:00", True, False, True),  # beyond the calendar the broker's clock decides
    ("2090-01-05T12:00", False, False, False),
]


@pytest.mark.parametrize(("local", "is_open", "extended", "taken"), HOURS)
def test_hours_when_an_order_is_given_then_is_taken_in_session(
    local: str, is_open: bool, extended: bool, taken: bool
) -> None:
    clock = market(at(local), is_open)
    assert ("market_hours" not in failed(limit("100", extended_hours=extended), surroundings(clock=clock))) is taken


AUCTIONS = [
    (TimeInForce.OPG, "2026-03-10T09:27:59", True),
    (TimeInForce.OPG, "2026-03-10T09:28", False),
    (TimeInForce.OPG, "2026-03-10T18:59", False),
    (TimeInForce.OPG, "2026-03-10T19:00", True),
    (TimeInForce.OPG, "2026-03-07T12:00", True),  # a Saturday: it waits for Monday
    (TimeInForce.CLS, "2026-03-10T08:00", True),
    (TimeInForce.CLS, "2026-03-10T15:49:59", True),
    (TimeInForce.CLS, "2026-03-10T15:50", False),
    (TimeInForce.CLS, "2026-03-10T19:00", True),
]


@pytest.mark.parametrize(("time_in_force", "local", "taken"), AUCTIONS)
@pytest.mark.parametrize("queue", [False, True])
def test_auction_order_when_given_then_is_taken_but_in_the_hours_that_take_none(
    time_in_force: TimeInForce, local: str, taken: bool, queue: bool
) -> None:
    around = surroundings(clock=market(at(local), is_open=False), queue=queue)
    assert ("market_hours" not in failed(new_order(time_in_force=time_in_force), around)) is taken


def test_halt_when_the_variable_is_set_at_run_time_then_stops_the_next_order(monkeypatch: pytest.MonkeyPatch) -> None:
    around = surroundings()
    assert "halt" not in failed(new_order(), around)
    for word, halted in [("1", True), ("yes", True), ("HALT NOW", True), ("0", False), ("off", False), ("", False)]:
        monkeypatch.setenv("FIN_INFRA_TRADING_HALT", word)
        assert ("halt" in failed(new_order(), around)) is halted, word


def test_halt_when_the_file_appears_then_stops_until_it_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "halt"
    around = surroundings(limits=TradingLimits(halt_file=file))
    assert "halt" not in failed(new_order(), around)
    file.touch()
    assert "halt" in failed(new_order(), around)
    file.unlink()
    assert "halt" not in failed(new_order(), around)


def test_halt_when_the_file_cannot_be_looked_for_then_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bool:
        raise PermissionError

    monkeypatch.setattr(Path, "exists", refuse)
    assert TradingLimits(halt_file=Path("anything")).halted()


def test_limits_when_none_then_are_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_NOTIONAL_PER_ORDER", "MAX_NOTIONAL_PER_DAY", "COLLAR_PERCENT", "MAX_QUOTE_AGE_S"):
        monkeypatch.setenv(f"FIN_INFRA_TRADING_{name}", "none")
    monkeypatch.setenv("FIN_INFRA_TRADING_DUPLICATE_WINDOW_S", "none")
    free = TradingLimits()
    around = surroundings(limits=free, quote=quote(at=OPEN - timedelta(days=9)))
    assert failed(new_order("9000"), around) == set()
    assert failed(limit("150", quantity=d("2000")), around) == set()
    assert judge_history("f", d("1E+12"), free, OPEN, [entry("1E+12")]) == []


def test_check_when_all_is_wrong_then_names_every_failure_at_once() -> None:
    order = stop(
        "50.001",
        quantity=d("1000.5"),
        time_in_force=TimeInForce.IOC,
        extended_hours=True,
        limit_price="90",
        take_profit="1",
        currency="EUR",
    )
    around = surroundings(
        limits=TradingLimits(halt=True, deny="AAPL"),
        account=account(buying_power="5"),
        asset=asset(tradable=False),
        clock=market(is_open=False),
    )
    found = check(order, around)
    wanted = ["halt", "allow_deny", "account", "asset", "order_type", "prices", "tick_size", "legs", "fractional"]
    wanted += ["stop_side", "market_hours", "max_notional_per_order", "buying_power"]
    assert [name for name, _ in found] == wanted
    with pytest.raises(OrderChecksFailed) as caught:
        raise_failures(found)
    assert caught.value.failures == tuple(found)
    assert all(sentence in str(caught.value) for _, sentence in found)


def said(rule: str, order: Any, **around: Any) -> str:
    return dict(check(order, surroundings(**around)))[rule]


def test_size_when_too_fine_or_too_small_then_the_sentence_names_what_is_meant() -> None:
    assert said("size", new_order(None, notional="10.123")) == "A notional may have at most 2 decimal places here."
    assert said("size", new_order("0.1234567891")) == "A quantity may have at most 9 decimal places here."
    small = said("size", new_order("0.00001", key=COIN), **COIN_AT_64000)
    assert small == "Only about 0.67 is what 0.00001 of CRYPTO:bitcoin comes to; the smallest notional is 10."


@pytest.mark.parametrize("allow_short", [True, False])
def test_option_when_sold_to_open_then_says_that_it_is_not_offered(allow_short: bool) -> None:
    sale = limit("2.00", key=OPTION, side=SELL)
    around: dict[str, Any] = {"kind": OPTIONS} | limits(allow_short=allow_short)
    assert said("short_sale", sale, **around) == (
        "Only 0 of OCC:AAPL261218C00200000 can be sold; selling an option to open, as for a covered call or a "
        "cash-secured put, is not offered."
    )
    assert "short_sale" not in failed(sale, surroundings(**around, position=position("10", key=OPTION)))


@pytest.mark.parametrize("hour", ["2026-03-10T22:00", "2026-03-10T03:59", "2026-03-10T20:00"])
def test_order_when_for_the_overnight_session_then_says_that_it_is_not_offered(hour: str) -> None:
    at = datetime.fromisoformat(hour).replace(tzinfo=NEW_YORK)
    clock = market(at, is_open=False)
    assert "overnight session" in said("market_hours", limit("100", extended_hours=True), clock=clock)
    assert "overnight" not in said("market_hours", limit("100"), clock=clock)
    assert not failed(limit("100", extended_hours=True), surroundings(clock=clock, queue=True))


def test_sentences_when_read_then_are_sentences_for_people() -> None:
    sentences = {s for _, order, around, _ in CASES for _, s in check(order, surroundings(**around))}
    sentences |= {s for _, s in judge_history("f", d("50000"), TradingLimits(), OPEN, [entry("1")])}
    for sentence in sentences:
        assert re.fullmatch(r"[A-Z][^\n]+[.]", sentence), sentence
        assert len(sentence) < 200, sentence
        assert not re.search(r"None|NaN|Decimal\('|frozenset|OrderType|<", sentence), sentence
    assert len(sentences) > 50


# The journal's rules.


def entry(estimate_: str, at_: datetime = OPEN, fingerprint: str = "f") -> JournalEntry:
    return JournalEntry(
        account="account-1",
        client_order_id="fin-other",
        attempt="1",
        fingerprint=fingerprint,
        summary="buy",
        estimate=d(estimate_),
        at=at_,
        lands_by=at_ + timedelta(minutes=3),
    )


HISTORY = [  # what was sent before, this order's estimate, the rules that object
    ([], "50000", []),
    ([], "50000.01", ["max_notional_per_day"]),
    ([entry("49000", fingerprint="g")], "1000", []),
    ([entry("49000", fingerprint="g")], "1000.01", ["max_notional_per_day"]),
    ([entry("25000", fingerprint="g"), entry("24000", fingerprint="h")], "1000.01", ["max_notional_per_day"]),
    ([entry("1", OPEN - timedelta(seconds=10))], "1", ["duplicate_order"]),
    ([entry("1", OPEN - timedelta(seconds=10.001))], "1", []),
    ([entry("1", fingerprint="g")], "1", []),
    ([entry("49999.5")], "1", ["max_notional_per_day", "duplicate_order"]),
]


@pytest.mark.parametrize(("before", "worth", "rules"), HISTORY)
def test_history_when_judged_then_objects_where_the_table_says(
    before: list[JournalEntry], worth: str, rules: list[str]
) -> None:
    assert [name for name, _ in judge_history("f", d(worth), TradingLimits(), OPEN, before)] == rules


MIDNIGHTS = [  # an instant and the last midnight of New York, which is on summer time from 8 March to 1 November
    ("2026-03-10T15:00+00:00", "2026-03-10T04:00+00:00"),
    ("2026-03-08T06:59+00:00", "2026-03-08T05:00+00:00"),
    ("2026-03-08T23:00+00:00", "2026-03-08T05:00+00:00"),
    ("2026-03-09T03:59+00:00", "2026-03-08T05:00+00:00"),
    ("2026-03-09T04:00+00:00", "2026-03-09T04:00+00:00"),
    ("2026-11-01T23:00+00:00", "2026-11-01T04:00+00:00"),
    ("2026-11-02T04:59+00:00", "2026-11-01T04:00+00:00"),
    ("2026-11-02T05:00+00:00", "2026-11-02T05:00+00:00"),
]


@pytest.mark.parametrize(("instant", "midnight"), MIDNIGHTS)
def test_day_when_the_clocks_change_then_begins_at_midnight_of_the_market(instant: str, midnight: str) -> None:
    now, start = datetime.fromisoformat(instant), datetime.fromisoformat(midnight)
    rules = TradingLimits(duplicate_window_s=None)
    assert history_since(now, rules) == start
    full = entry("50000", start, "g")
    assert judge_history("f", d("1"), rules, now, [full]) != []
    assert judge_history("f", d("1"), rules, now, [replace(full, at=start - timedelta(microseconds=1))]) == []


def test_duplicate_when_midnight_lies_between_then_is_still_one() -> None:
    midnight = datetime(2026, 3, 11, 4, tzinfo=UTC)
    before, after = midnight - timedelta(seconds=3), midnight + timedelta(seconds=3)
    assert history_since(after, TradingLimits()) <= before
    found = judge_history("f", d("1"), TradingLimits(), after, [entry("50000", before)])
    assert [name for name, _ in found] == ["duplicate_order"]  # and yesterday's orders are not today's


# Whatever an order holds, the checks answer.

numbers = (
    st.none() | st.decimals() | st.sampled_from([d("0"), d("1"), d("1E+30"), d("-1E-30"), d("9" * 40), d("0E-99")])
)
orders = st.builds(
    lambda **terms: replace(new_order(), **terms),
    key=st.sampled_from([AAPL, COIN, OPTION]),
    side=st.sampled_from(list(Side)),
    type=st.sampled_from(list(OrderType)),
    time_in_force=st.sampled_from(list(TimeInForce)),
    order_class=st.sampled_from(list(OrderClass)),
    extended_hours=st.booleans(),
    currency=st.sampled_from(["USD", "EUR", ""]),
    **dict.fromkeys(("quantity", "notional", "limit_price", "stop_price", "trail_price"), numbers),
    **dict.fromkeys(("trail_percent", "take_profit", "stop_loss", "stop_loss_limit"), numbers),
)
arounds = st.builds(
    surroundings,
    st.sampled_from([AssetClass.EQUITY, AssetClass.CRYPTO, AssetClass.OPTION]),
    quote=st.sampled_from([None, quote(), quote(bid=None), quote(ask=None), quote("0", "0")]),
    position=st.sampled_from([None, position("100"), position("-3"), position("0.5", "0")]),
    queue=st.booleans(),
    clock=st.sampled_from([market(), market(is_open=False), market(datetime(2090, 1, 1, tzinfo=UTC))]),
    asset=st.sampled_from([None, asset(), asset(fractionable=False)]),
)


@settings(max_examples=effort(200), deadline=None)
@given(orders, arounds)
def test_check_when_given_anything_then_never_raises(order: Any, around: Context) -> None:
    for name, sentence in check(order, around):
        assert name in RULES
        assert sentence
    worth = estimate(order, around.quote)
    assert worth is None or isinstance(worth, Decimal)
