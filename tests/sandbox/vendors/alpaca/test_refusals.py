"""Every refusal of Alpaca's orders: status, code, message and extra keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

BASE = {"symbol": "AAPL", "qty": "10", "side": "buy", "type": "market", "time_in_force": "day"}
LIMIT = {"type": "limit", "limit_price": "100"}
INVALID, RULE, MAY_NOT = (422, 40010001), (422, 42210000), (403, 40310000)
EXITS = {"take_profit": {"limit_price": "300"}, "stop_loss": {"stop_price": "200"}}
FRACTION = {"qty": "0.5"}
SUB_PENNY = "sub-penny increment does not fulfill minimum pricing criteria"

# what differs from a market order for ten shares of AAPL, and what comes back
REFUSED: list[tuple[dict[str, Any], tuple[int, int], str]] = [
    ({"symbol": "ZZZ"}, RULE, 'asset "ZZZ" not found'),
    ({"symbol": None}, INVALID, "symbol is required"),
    ({"symbol": "TSCDY"}, RULE, 'asset "TSCDY" is not tradable'),
    ({"type": "iceberg"}, INVALID, "invalid order type"),
    ({"side": "hold"}, INVALID, "invalid side"),
    ({"time_in_force": "week"}, INVALID, "invalid time_in_force"),
    ({"order_class": "triple"}, INVALID, "invalid order_class"),
    ({"notional": "100"}, INVALID, "only one of qty or notional is accepted"),
    ({"qty": None}, INVALID, "qty or notional is required"),
    ({"qty": "0"}, INVALID, "qty must be > 0"),
    ({"qty": "-1"}, INVALID, "qty must be > 0"),
    ({"qty": "ten"}, INVALID, "qty must be a number"),
    ({"qty": True}, INVALID, "qty must be a number"),
    ({"qty": "NaN"}, INVALID, "qty must be a number"),
    ({"qty": "1e400"}, INVALID, "qty must be a number"),
    ({"symbol": "BTC/USD", **LIMIT, "limit_price": "1." + "1" * 100}, INVALID, "limit_price must be a number"),
    ({"type": "trailing_stop", "trail_percent": "1." + "1" * 100}, INVALID, "trail_percent must be a number"),
    ({"qty": "0.0000000001"}, INVALID, "qty is limited to 9 decimal places"),
    ({"qty": None, "notional": "10.123"}, RULE, "notional increment does not fulfill minimum pricing criteria"),
    ({"client_order_id": "x" * 129}, INVALID, "client_order_id must be no more than 128 characters"),
    ({"extended_hours": "perhaps"}, INVALID, "extended_hours must be true or false"),
    # prices that a type needs or does not take
    ({"limit_price": "100"}, INVALID, "market orders require no limit or stop price"),
    ({"type": "limit"}, INVALID, "limit orders require limit price"),
    ({"type": "stop"}, INVALID, "stop orders require stop price"),
    ({"type": "stop_limit", "stop_price": "1"}, INVALID, "stop limit orders require both stop and limit price"),
    ({"type": "trailing_stop"}, INVALID, "trailing stop orders must specify one of trail_price or trail_percent"),
    ({"type": "trailing_stop", "trail_price": "1", "trail_percent": "1"}, INVALID,
     "trailing stop orders must specify one of trail_price or trail_percent"),
    ({"trail_price": "1"}, INVALID, "trail_price and trail_percent are only accepted with trailing stop orders"),
    ({"type": "trailing_stop", "trail_percent": "100"}, INVALID, "trail_percent must be < 100"),
    # ticks
    ({"type": "limit", "limit_price": "290.123"}, RULE, f"invalid limit_price 290.123. {SUB_PENNY}"),
    ({"type": "limit", "limit_price": 290.123}, RULE, f"invalid limit_price 290.123. {SUB_PENNY}"),
    ({"type": "limit", "limit_price": "0.99999"}, RULE, f"invalid limit_price 0.99999. {SUB_PENNY}"),
    ({"type": "stop", "stop_price": "1.001"}, RULE, f"invalid stop_price 1.001. {SUB_PENNY}"),
    ({"order_class": "oto", "stop_loss": {"stop_price": "1.001"}}, RULE,
     f"invalid stop_loss.stop_price 1.001. {SUB_PENNY}"),
    # times in force
    ({"type": "stop", "stop_price": "1", "time_in_force": "ioc"}, RULE,
     "time_in_force ioc is not valid for stop orders"),
    ({"type": "trailing_stop", "trail_price": "1", "time_in_force": "opg"}, RULE,
     "time_in_force opg is not valid for trailing_stop orders"),
    ({"time_in_force": "opg"}, RULE, "opg orders are not accepted at this time"),
    # fractions
    ({**FRACTION, "symbol": "BRK.A"}, MAY_NOT, 'asset "BRK.A" is not fractionable'),
    ({**FRACTION, "time_in_force": "gtc"}, RULE, "fractional orders must be DAY orders"),
    ({**FRACTION, **LIMIT, "time_in_force": "gtc"}, RULE, "fractional orders must be DAY orders"),
    ({**FRACTION, "order_class": "bracket", **EXITS}, RULE, "fractional orders must be simple orders"),
    ({**FRACTION, "side": "sell"}, RULE, "fractional orders cannot be sold short"),
    ({"qty": None, "notional": "0.99"}, MAY_NOT, "cost basis must be >= minimal amount of order 1"),
    ({"qty": "0.001"}, MAY_NOT, "cost basis must be >= minimal amount of order 1"),
    # extended hours
    ({"extended_hours": True}, RULE, "extended hours order must be DAY limit orders"),
    ({**LIMIT, "extended_hours": "True", "time_in_force": "ioc"}, RULE,
     "extended hours order must be DAY limit orders"),
    ({**LIMIT, "extended_hours": True, "order_class": "bracket", "take_profit": {"limit_price": "101"},
      "stop_loss": {"stop_price": "99"}}, RULE, "extended hours order must be DAY limit orders"),
    # groups
    ({"order_class": "bracket", "stop_loss": {"stop_price": "1"}}, RULE,
     "bracket orders require take_profit.limit_price"),
    ({"order_class": "bracket", "take_profit": {"limit_price": "300"}}, RULE,
     "bracket orders require stop_loss.stop_price"),
    ({"order_class": "bracket", "take_profit": {}}, INVALID, "take_profit.limit_price is required"),
    ({"order_class": "bracket", "stop_loss": {"limit_price": "1"}}, INVALID, "stop_loss.stop_price is required"),
    ({"order_class": "bracket", "take_profit": {"limit_price": "200"}, "stop_loss": {"stop_price": "250"}}, RULE,
     "take_profit.limit_price must be > stop_loss.stop_price"),
    ({"order_class": "bracket", "side": "sell", **EXITS}, RULE,
     "take_profit.limit_price must be < stop_loss.stop_price"),
    ({"order_class": "bracket", **EXITS, "time_in_force": "ioc"}, RULE, "bracket orders must be DAY or GTC orders"),
    ({"order_class": "oto", **EXITS}, RULE, "oto orders require either take_profit or stop_loss"),
    ({"order_class": "oco", **EXITS}, RULE, "oco orders must be limit orders"),
    ({"order_class": "oco", "type": "limit", "side": "sell", **EXITS}, RULE, "oco orders must be exit orders"),
    (EXITS, INVALID, "take_profit and stop_loss are only accepted with complex orders"),
    ({"order_class": "mleg"}, RULE, "mleg orders are for options, which this account cannot trade"),
    # coins
    ({"symbol": "BTC/USD", "qty": "1"}, RULE, "invalid crypto time_in_force"),
    ({"symbol": "BTC/USD", "type": "stop", "stop_price": "1", "time_in_force": "gtc"}, RULE,
     "invalid order type for crypto order"),
    ({"symbol": "BTC/USD", "qty": None, "notional": "9.99", "time_in_force": "gtc"}, MAY_NOT,
     "cost basis must be >= minimal amount of order 10"),
    ({"symbol": "BTC/USD", "qty": "0.1", "time_in_force": "gtc", "order_class": "oto",
      "stop_loss": {"stop_price": "1"}}, RULE, "crypto orders must be simple orders"),
]  # fmt: skip


def place(ask: Any, **body: Any) -> Any:
    return ask.alpaca("POST", "/orders", json={**BASE, **body})


def change(ask: Any, **body: Any) -> None:
    assert ask("/_sandbox/alpaca", "POST", json=body).status_code == 200


def truth(ask: Any) -> Any:
    return ask("/_sandbox/alpaca").json()["accounts"]["PKSANDBOX0000000000"]


@pytest.mark.parametrize(
    ("body", "status", "message"), REFUSED, ids=[f"{n}-{m[:40]}" for n, (_, _, m) in enumerate(REFUSED)]
)
def test_order_when_a_rule_is_broken_then_the_vendors_words_and_no_row(
    ask: Any, body: dict[str, Any], status: tuple[int, int], message: str
) -> None:
    reply = place(ask, **body)
    assert (reply.status_code, reply.json()) == (status[0], {"code": status[1], "message": message})
    assert truth(ask)["orders"] == []


@pytest.mark.parametrize("body", ["[]", "no json", '{"qty": NaN'])
def test_body_when_not_an_object_then_refused(ask: Any, body: str) -> None:
    reply = ask.alpaca("POST", "/orders", content=body)
    assert (reply.status_code, reply.json()["code"]) == (422, 40010001)


def test_money_when_there_is_too_little_then_both_sums_are_told(ask: Any) -> None:
    change(ask, cash="1000.00")
    reply = place(ask, **LIMIT)  # ten at 100.00 would do
    assert reply.status_code == 200
    again = place(ask, **{**LIMIT, "limit_price": "100.01"}, qty=1)
    assert again.status_code == 403
    assert again.json() == {
        "buying_power": "0", "code": 40310000, "cost_basis": "100.01", "message": "insufficient buying power",
    }  # fmt: skip
    assert list(again.json()) == sorted(again.json())


def test_money_when_an_order_is_cancelled_then_it_is_free_again(ask: Any) -> None:
    change(ask, cash="1000.00")
    taken = place(ask, **LIMIT).json()
    assert ask.alpaca("GET", "/account").json()["buying_power"] == "0"
    ask.alpaca("DELETE", f"/orders/{taken['id']}")
    assert ask.alpaca("GET", "/account").json()["buying_power"] == "1000"


def test_margin_when_equity_is_two_thousand_then_four_times(ask: Any) -> None:
    for cash, power, multiplier in (("1999.99", "1999.99", "1"), ("2000.00", "8000", "4")):
        change(ask, cash=cash)
        account = ask.alpaca("GET", "/account").json()
        assert (account["buying_power"], account["multiplier"]) == (power, multiplier)
        assert account["non_marginable_buying_power"] == cash.removesuffix(".00")


def test_market_buy_when_measured_then_with_a_collar_above_the_ask(ask: Any) -> None:
    change(ask, cash="1000.00")
    quote = ask("/_sandbox/alpaca").json()["quotes"]["AAPL"]
    assert quote == {"bid": "270.23", "ask": "270.29", "last": "270.26"}
    reply = place(ask, qty="4").json()
    assert reply["cost_basis"] == "1108.189"  # 4 * 270.29 * 1.025


def test_quantity_when_held_for_another_order_then_what_is_free_is_told(ask: Any) -> None:
    place(ask)
    place(ask, side="sell", qty="7", type="limit", limit_price="400")
    reply = place(ask, side="sell", qty="4")
    assert reply.status_code == 403
    assert reply.json() == {
        "available": "3",
        "code": 40310000,
        "existing_qty": "10",
        "held_for_orders": "7",
        "message": "insufficient qty available for order (requested: 4, available: 3)",
        "symbol": "AAPL",
    }
    assert place(ask, side="sell", qty="3").status_code == 200


@pytest.mark.parametrize("body", [{"shorting": False}, {"cash": "1000.00"}])
def test_short_when_not_permitted_then_refused(ask: Any, body: dict[str, Any]) -> None:
    change(ask, **body)
    reply = place(ask, side="sell", qty="1")
    assert reply.status_code == 403
    assert reply.json() == {"code": 40310000, "message": "account is not allowed to short"}


def test_short_when_the_share_cannot_be_borrowed_then_refused(ask: Any) -> None:
    change(ask, assets={"AAPL": {"shortable": False}})
    reply = place(ask, side="sell", qty="1")
    assert (reply.status_code, reply.json()["message"]) == (422, 'asset "AAPL" cannot be sold short')


@pytest.mark.parametrize(
    ("resting", "new", "reason"),
    [
        ({"type": "stop", "stop_price": "300"}, {"side": "sell"}, "opposite side market/stop order exists"),
        (LIMIT, {"side": "sell"}, "opposite side limit order exists"),
        (LIMIT, {"side": "sell", "type": "limit", "limit_price": "99"}, "buy limit price is not below"),
    ],
)
def test_opposite_order_when_it_could_trade_with_another_then_a_wash_trade(
    ask: Any, resting: dict[str, Any], new: dict[str, Any], reason: str
) -> None:
    first = place(ask, **resting).json()
    reply = place(ask, **new)
    body = reply.json()
    assert (reply.status_code, body["code"]) == (403, 40310000)
    assert body["message"] == "potential wash trade detected. use complex orders"
    assert body["existing_order_id"] == first["id"]
    assert reason in body["reject_reason"]


def test_opposite_limits_when_they_cannot_meet_then_both_rest(ask: Any) -> None:
    assert place(ask, **LIMIT).status_code == 200
    assert place(ask, side="sell", type="limit", limit_price="400").status_code == 200


def test_stop_loss_when_not_a_cent_below_the_base_then_refused_with_it(ask: Any) -> None:
    body = {**LIMIT, "order_class": "bracket", "take_profit": {"limit_price": "110"}}
    assert place(ask, **body, stop_loss={"stop_price": "99.99"}).status_code == 200
    reply = place(ask, **body, stop_loss={"stop_price": "100"})
    assert reply.status_code == 422
    assert reply.json() == {
        "base_price": "100", "code": 42210000, "message": "stop_loss.stop_price must be <= base_price - 0.01",
    }  # fmt: skip


def test_bracket_when_it_would_close_a_position_then_refused(ask: Any) -> None:
    place(ask)
    reply = place(
        ask, side="sell", order_class="bracket", take_profit={"limit_price": "200"}, stop_loss={"stop_price": "300"}
    )
    assert (reply.status_code, reply.json()["message"]) == (422, "bracket orders must be entry orders")


def test_asset_when_flags_are_changed_then_orders_meet_them(ask: Any) -> None:
    change(ask, assets={"AAPL": {"fractionable": False}, "KO": {"tradable": False}})
    assert place(ask, qty="0.5").json()["message"] == 'asset "AAPL" is not fractionable'
    assert place(ask, symbol="KO").json()["message"] == 'asset "KO" is not tradable'
    assert ask.alpaca("GET", "/assets/KO").json()["tradable"] is False


def test_trading_when_suspended_by_its_owner_then_refused(ask: Any) -> None:
    settings = ask.alpaca("PATCH", "/account/configurations", json={"suspend_trade": True}).json()
    assert settings["suspend_trade"] is True
    reply = place(ask)
    assert (reply.status_code, reply.json()["message"]) == (403, "new orders are rejected by user request")


def test_policy_when_reject_then_a_row_that_ends_rejected(ask: Any) -> None:
    change(ask, fill="reject")
    taken = place(ask).json()
    assert taken["status"] == "pending_new"
    now = ask.alpaca("GET", f"/orders/{taken['id']}").json()
    assert now["status"] == "rejected"
    assert now["failed_at"]


def test_refusals_when_many_then_no_id_is_used_up_and_nothing_is_held(ask: Any) -> None:
    for body, _, _ in REFUSED:
        place(ask, **{"client_order_id": "same", **body})
    assert place(ask, client_order_id="same").status_code == 200
    assert len(truth(ask)["orders"]) == 1
    assert truth(ask)["reserved"] == "0"


def test_order_when_its_id_is_half_a_character_then_refused_and_the_list_still_answers(ask: Any) -> None:
    body = json.dumps({**BASE, "client_order_id": "\ud800"})
    reply = ask.alpaca("POST", "/orders", content=body)
    assert (reply.status_code, reply.json()["message"]) == (422, "request body format is invalid")
    assert ask.alpaca("GET", "/orders", params={"status": "all"}).json() == []
