"""What the market does with orders, minute by minute, over prices and results worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fin_infra.sandbox.broker.refusals import Refused


def test_market_when_the_session_is_open_then_it_fills_at_the_ask(floor: Any) -> None:
    order = floor.order()
    assert (order.status, order.filled_qty, order.average_price) == ("filled", 10, Decimal("100.10"))
    assert floor.engine.book.cash == Decimal("98999.00")
    assert floor.events == [("pending_new", "head"), ("new", "head"), ("fill", "head")]


def test_market_when_closed_then_it_waits_for_the_open(floor: Any) -> None:
    floor.wait(hours=8)
    order = floor.order()
    assert order.status == "accepted"
    floor.wait(hours=60)  # Monday 06:00
    assert order.status == "accepted"
    floor.prices(m4290="103")  # Monday 09:30
    floor.wait(hours=4)
    assert (order.status, order.average_price) == ("filled", Decimal("103.10"))


def test_limit_when_the_ask_reaches_it_then_it_fills_at_the_ask(floor: Any) -> None:
    order = floor.order(type="limit", limit_price="99.00")
    floor.prices(m5="98.95", m7="98.85")
    floor.wait(minutes=6)
    assert order.status == "new"  # the ask is 99.05
    floor.wait(minutes=1)
    assert (order.status, order.average_price) == ("filled", Decimal("98.95"))


def test_stop_when_the_last_price_reaches_it_then_it_fills_at_the_bid(floor: Any) -> None:
    floor.order()
    order = floor.order(side="sell", type="stop", stop_price="97")
    floor.prices(m3="97.01", m4="96.50")
    floor.wait(minutes=3)
    assert order.status == "new"
    floor.wait(minutes=1)
    assert (order.status, order.average_price) == ("filled", Decimal("96.40"))
    assert floor.engine.book.realized == Decimal("-37.00")


def test_stop_limit_when_triggered_beyond_its_limit_then_it_rests_as_a_limit(floor: Any) -> None:
    order = floor.order(type="stop_limit", stop_price="102", limit_price="102.50")
    floor.prices(m2="103", m4="102.30")
    floor.wait(minutes=3)
    assert (order.status, order.triggered) == ("new", True)
    floor.wait(minutes=1)
    assert (order.status, order.average_price) == ("filled", Decimal("102.40"))


def test_trailing_stop_when_the_price_rises_and_falls_then_it_follows_up_only(floor: Any) -> None:
    floor.order()
    order = floor.order(side="sell", type="trailing_stop", trail_price="2")
    assert (order.hwm, order.stop_price) == (100, 98)
    floor.prices(m1="105", m2="103.50", m3="102.99")
    floor.wait(minutes=2)
    assert (order.status, order.hwm, order.stop_price) == ("new", 105, 103)
    floor.wait(minutes=1)
    assert (order.status, order.average_price) == ("filled", Decimal("102.89"))


def test_trailing_stop_when_in_percent_on_the_buy_side_then_it_follows_down(floor: Any) -> None:
    order = floor.order(type="trailing_stop", trail_percent="5")
    floor.prices(m1="80", m2="83.99", m3="84")
    floor.wait(minutes=2)
    assert (order.hwm, order.stop_price, order.status) == (80, 84, "new")
    floor.wait(minutes=1)
    assert order.average_price == Decimal("84.10")


def test_day_order_when_the_session_ends_then_it_expires(floor: Any) -> None:
    order = floor.order(type="limit", limit_price="50")
    floor.wait(hours=5, minutes=59)
    assert order.status == "new"
    floor.wait(minutes=1)
    assert order.status == "expired"
    assert order.expired_at == order.expires_at


def test_gtc_order_when_the_session_ends_then_it_stays(floor: Any) -> None:
    order = floor.order(type="limit", limit_price="50", time_in_force="gtc")
    floor.wait(days=80)
    assert order.status == "new"
    floor.wait(days=11)
    assert order.status == "expired"


def test_extended_order_when_after_hours_then_it_trades_and_ends_at_eight(floor: Any) -> None:
    floor.wait(hours=7)  # 17:00
    regular = floor.order(type="limit", limit_price="99.00")
    extended = floor.order(type="limit", limit_price="99.00", extended_hours=True)
    assert (regular.status, extended.status) == ("accepted", "new")
    floor.wait(hours=3)
    assert (regular.status, extended.status) == ("accepted", "expired")
    again = floor.order(type="limit", limit_price="98.00", extended_hours=True)
    floor.prices(m3960="97")  # Monday 04:00
    floor.wait(hours=57)
    assert (again.status, again.average_price) == ("filled", Decimal("97.10"))
    assert regular.status == "accepted"


def test_closing_auction_when_in_time_then_the_official_price(floor: Any) -> None:
    order = floor.order(time_in_force="cls")
    assert order.status == "accepted"
    floor.wait(hours=6)
    assert (order.status, order.average_price) == ("filled", Decimal("123.45"))


def test_closing_auction_when_the_limit_is_too_low_then_it_is_cancelled(floor: Any) -> None:
    order = floor.order(time_in_force="cls", type="limit", limit_price="123.44")
    floor.wait(hours=6)
    assert order.status == "canceled"


@pytest.mark.parametrize(("tif", "minute", "refused"), [("cls", 349, False), ("cls", 350, True), ("opg", 0, True)])
def test_auction_order_when_too_late_then_refused(floor: Any, tif: str, minute: int, refused: bool) -> None:
    floor.wait(minutes=minute)  # 15:49 and 15:50 in New York
    if refused:
        with pytest.raises(Refused):
            floor.order(time_in_force=tif)
    else:
        assert floor.order(time_in_force=tif).status == "accepted"


def test_large_order_when_volume_is_thin_then_it_fills_over_minutes(floor: Any) -> None:
    floor.tape.day_volume = 39_000  # a hundred a minute: ten for one order
    floor.prices(m1="100.50")
    order = floor.order(qty="25")
    assert (order.status, order.filled_qty) == ("partially_filled", 10)
    floor.wait(minutes=2)
    assert (order.status, order.filled_qty) == ("filled", 25)
    assert order.average_price == Decimal("100.40")  # (10 * 100.10 + 15 * 100.60) / 25


@pytest.mark.parametrize(("tif", "status", "filled"), [("ioc", "canceled", 10), ("fok", "canceled", 0)])
def test_immediate_order_when_volume_is_thin_then_the_rest_or_all_is_cancelled(
    floor: Any, tif: str, status: str, filled: int
) -> None:
    floor.tape.day_volume = 39_000
    order = floor.order(qty="25", time_in_force=tif)
    assert (order.status, order.filled_qty) == (status, filled)


def test_notional_when_filled_then_it_costs_what_was_asked(floor: Any) -> None:
    order = floor.order(qty=None, notional="250")
    assert order.filled_qty == Decimal("2.497502497")  # 250 / 100.10, rounded down
    assert floor.engine.book.cash == Decimal("99750.00")
    assert order.status == "filled"


@pytest.mark.parametrize(
    ("policy", "status", "filled"),
    [("full", "filled", 25), ("partial", "partially_filled", 12), ("none", "new", 0), ("reject", "rejected", 0)],
)
def test_policy_when_set_then_it_overrides_the_market(floor: Any, policy: str, status: str, filled: int) -> None:
    floor.tape.day_volume = 39_000
    floor.market.fill = policy
    order = floor.order(qty="25")
    assert (order.status, order.filled_qty) == (status, filled)
    assert (order.failed_at is not None) is (policy == "reject")
    floor.market.fill = "full"
    floor.wait(minutes=1)
    assert order.status == ("rejected" if policy == "reject" else "filled")


def bracket(floor: Any, **more: Any) -> Any:
    return floor.order(
        order_class="bracket", take_profit={"limit_price": "110"}, stop_loss={"stop_price": "95"}, **more
    )


def test_bracket_when_the_entry_fills_then_the_profit_works_and_the_stop_is_held(floor: Any) -> None:
    entry = bracket(floor)
    profit, stop = entry.legs
    assert (entry.status, profit.status, stop.status) == ("filled", "new", "held")
    assert floor.engine.available("AAPL") == 0


def test_bracket_when_the_profit_is_taken_then_the_stop_is_cancelled(floor: Any) -> None:
    profit, stop = bracket(floor).legs
    floor.prices(m5="110.10")
    floor.wait(minutes=5)
    assert (profit.status, profit.average_price, stop.status) == ("filled", 110, "canceled")
    assert floor.engine.book.realized == Decimal("99.00")
    assert not floor.engine.open_orders()


def test_bracket_when_the_stop_is_reached_then_the_profit_is_cancelled(floor: Any) -> None:
    profit, stop = bracket(floor).legs
    floor.prices(m5="94.90")
    floor.wait(minutes=5)
    assert (profit.status, stop.status, stop.average_price) == ("canceled", "filled", Decimal("94.80"))
    assert floor.events[-3:] == [("canceled", "take_profit"), ("new", "stop_loss"), ("fill", "stop_loss")]
    assert not floor.engine.book.positions


def test_bracket_when_the_profit_is_taken_in_part_then_the_stop_covers_the_rest(floor: Any) -> None:
    profit, stop = bracket(floor).legs
    floor.tape.day_volume = 390 * 40  # four shares a minute
    floor.prices(m5="110.10", m6="94")
    floor.wait(minutes=5)
    assert (profit.status, profit.filled_qty, stop.ticket.qty) == ("partially_filled", 4, 6)
    floor.wait(minutes=2)
    assert (profit.status, stop.status, stop.filled_qty) == ("canceled", "filled", 6)
    assert not floor.engine.book.positions


def test_bracket_when_the_entry_is_cancelled_then_the_exits_go_with_it(floor: Any) -> None:
    entry = bracket(floor, type="limit", limit_price="96", time_in_force="gtc")
    assert [leg.status for leg in entry.legs] == ["held", "held"]
    floor.prices(m1="94")
    floor.market.fill = "none"
    floor.wait(minutes=1)
    floor.engine.cancel(entry, floor.now)
    assert [each.status for each in (entry, *entry.legs)] == ["canceled"] * 3


def test_oco_when_one_side_trades_then_the_other_is_cancelled(floor: Any) -> None:
    floor.order()
    head = floor.order(
        side="sell", type="limit", order_class="oco", take_profit={"limit_price": "105"},
        stop_loss={"stop_price": "95", "limit_price": "94"},
    )  # fmt: skip
    (stop,) = head.legs
    assert (head.status, head.ticket.limit_price, stop.status) == ("new", 105, "held")
    floor.prices(m2="94.50")
    floor.wait(minutes=2)
    assert (head.status, stop.status, stop.average_price) == ("canceled", "filled", Decimal("94.40"))


def test_oto_when_the_entry_fills_then_the_exit_works(floor: Any) -> None:
    entry = floor.order(order_class="oto", stop_loss={"stop_price": "99"})
    (stop,) = entry.legs
    assert stop.status == "new"
    floor.prices(m1="98.50")
    floor.wait(minutes=1)
    assert (stop.status, stop.average_price) == ("filled", Decimal("98.40"))


def test_replace_when_partly_filled_then_the_new_order_carries_the_fills(floor: Any) -> None:
    floor.market.fill = "partial"
    old = floor.order(type="limit", limit_price="101", qty="10")
    new = floor.engine.change(old, {"qty": Decimal(12), "limit_price": Decimal("102")}, None, floor.now)
    assert (old.status, old.replaced_by, new.replaces, new.filled_qty) == ("replaced", new.id, old.id, 5)
    floor.market.fill = "full"
    floor.engine.work(new, floor.now)
    assert (new.status, new.filled_qty) == ("filled", 12)
    assert floor.engine.book.positions["AAPL"].qty == 12


def test_replace_when_the_new_order_is_too_dear_then_the_old_one_stays(floor: Any) -> None:
    old = floor.order(type="limit", limit_price="90")
    with pytest.raises(Refused, match="insufficient buying power"):
        floor.engine.change(old, {"qty": Decimal(100_000)}, None, floor.now)
    assert old.status == "new"
    assert floor.engine.open_orders() == [old]


def test_clock_when_it_goes_back_then_nothing_is_undone(floor: Any) -> None:
    order = floor.order(type="limit", limit_price="99")
    floor.prices(m10="98")
    floor.wait(minutes=10)
    assert order.status == "filled"
    floor.wait(minutes=-10)
    assert order.status == "filled"
    assert floor.engine.book.positions["AAPL"].qty == 10


def test_amount_when_the_price_falls_then_it_sells_no_more_than_other_orders_leave(floor: Any) -> None:
    coin = {"symbol": "BTC/USD", "time_in_force": "gtc"}
    floor.order(**coin, qty="1")
    amount = floor.order(
        **coin, side="sell", type="stop_limit", notional="50", qty=None, stop_price="80", limit_price="79"
    )
    rest = floor.order(**coin, side="sell", type="limit", qty="0.49", limit_price="150")
    floor.prices(m10="80")  # 50 dollars are 0.626 of a coin by now
    floor.wait(minutes=30)
    assert amount.filled_qty == Decimal("0.51")
    floor.prices(m40="151")
    floor.wait(minutes=30)
    assert (rest.status, floor.engine.book.qty("BTC/USD")) == ("filled", 0)  # a coin cannot be short


def test_change_when_refused_then_the_order_keeps_its_place_in_the_line(floor: Any) -> None:
    first, second = (floor.order(type="limit", limit_price=price) for price in ("90", "91"))
    with pytest.raises(Refused, match="insufficient buying power"):
        floor.engine.change(first, {"qty": Decimal(1_000_000)}, None, floor.now)
    assert floor.engine.open_orders() == [first, second]
