"""Alpaca's order paths on the wire: shapes, ids, lists, replacing, cancelling, closing; sums are done by hand here."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

FIRST = {"apca-api-key-id": "PKSANDBOX0000000000", "apca-api-secret-key": "sandbox-alpaca-secret"}
SECOND = {"apca-api-key-id": "PKSANDBOX0000000001", "apca-api-secret-key": "sandbox-alpaca-secret-1"}
Alpaca = Callable[..., Any]
MARKET = {"symbol": "AAPL", "qty": "10", "side": "buy", "type": "market", "time_in_force": "day"}
LIMIT = {**MARKET, "type": "limit", "limit_price": "100", "time_in_force": "gtc"}
# the key set of a real order of 2026-10
KEYS = [
    "id",
    "client_order_id",
    "created_at",
    "updated_at",
    "submitted_at",
    "filled_at",
    "expired_at",
    "expires_at",
    "canceled_at",
    "failed_at",
    "replaced_at",
    "replaced_by",
    "replaces",
    "asset_id",
    "symbol",
    "asset_class",
    "notional",
    "qty",
    "filled_qty",
    "filled_avg_price",
    "order_class",
    "order_type",
    "type",
    "side",
    "position_intent",
    "time_in_force",
    "limit_price",
    "stop_price",
    "status",
    "extended_hours",
    "legs",
    "trail_percent",
    "trail_price",
    "hwm",
    "subtag",
    "source",
]
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@pytest.fixture
def alpaca(ask: Any) -> Alpaca:
    return ask.alpaca  # type: ignore[no-any-return]  # the shared asker's method


def submit(alpaca: Alpaca, **body: Any) -> Any:
    reply = alpaca("POST", "/orders", json={**MARKET, **body})
    assert reply.status_code == 200, reply.text
    return reply.json()


def order(alpaca: Alpaca, ident: str, **query: Any) -> Any:
    return alpaca("GET", f"/orders/{ident}", params=query).json()


def test_order_when_submitted_then_the_real_key_set_and_the_state_on_arrival(alpaca: Alpaca) -> None:
    taken = submit(alpaca)
    assert list(taken) == KEYS
    assert (taken["status"], taken["filled_qty"], taken["filled_avg_price"]) == ("pending_new", "0", None)
    assert (taken["qty"], taken["notional"], taken["order_class"], taken["legs"]) == ("10", None, "", None)
    assert re.fullmatch(UUID, taken["id"])
    assert re.fullmatch(UUID, taken["client_order_id"])
    assert taken["expires_at"] == "2026-11-20T21:00:00Z"
    now = order(alpaca, taken["id"])
    assert (now["status"], now["filled_qty"], now["position_intent"]) == ("filled", "10", "buy_to_open")


def test_fill_when_the_market_is_open_then_cash_positions_and_equity_add_up(alpaca: Alpaca) -> None:
    price = Decimal(order(alpaca, submit(alpaca)["id"])["filled_avg_price"])
    account = alpaca("GET", "/account").json()
    (held,) = alpaca("GET", "/positions").json()
    assert Decimal(account["cash"]) == 100_000 - 10 * price
    assert Decimal(held["cost_basis"]) == 10 * price
    assert Decimal(held["market_value"]) == 10 * Decimal(held["current_price"])
    assert Decimal(account["equity"]) == Decimal(account["cash"]) + Decimal(held["market_value"])
    last = Decimal(held["current_price"])
    assert price == last + (last / 10_000).quantize(Decimal("0.01"))  # a basis point above the last price


def test_stamps_when_several_things_happen_at_once_then_they_differ_and_have_nanoseconds(alpaca: Alpaca) -> None:
    orders = [order(alpaca, submit(alpaca)["id"]) for _ in range(3)]
    stamps = [row[name] for row in orders for name in ("submitted_at", "filled_at")]
    assert len(set(stamps)) == 6
    assert any(re.search(r"\.\d{9}Z$", stamp) for stamp in stamps)


def test_numbers_when_sent_as_json_numbers_or_text_then_the_same_order(alpaca: Alpaca) -> None:
    as_text = submit(alpaca, qty="1.5")
    as_number = submit(alpaca, qty=1.5)
    assert as_text["qty"] == as_number["qty"] == "1.5"
    assert submit(alpaca, **{**LIMIT, "limit_price": 99.5})["limit_price"] == "99.5"


def test_notional_when_submitted_then_qty_is_null_and_nine_decimals_are_filled(alpaca: Alpaca) -> None:
    taken = submit(alpaca, qty=None, notional="500")
    assert (taken["qty"], taken["notional"]) == (None, "500")
    done = order(alpaca, taken["id"])
    price = Decimal(done["filled_avg_price"])
    assert Decimal(done["filled_qty"]) == (500 / price).quantize(Decimal("1e-9"), "ROUND_DOWN")
    assert done["status"] == "filled"


def test_client_order_id_when_used_again_then_the_code_tells_resting_from_terminal(alpaca: Alpaca) -> None:
    submit(alpaca, **LIMIT, client_order_id="resting")
    submit(alpaca, client_order_id="done")
    for ident, code in (("resting", 42210000), ("done", 40010001)):
        for body in (LIMIT, MARKET):
            reply = alpaca("POST", "/orders", json={**body, "client_order_id": ident})
            assert reply.status_code == 422
            assert reply.json() == {"code": code, "message": "client_order_id must be unique"}


def test_client_order_id_when_the_order_was_refused_then_it_is_not_used_up(alpaca: Alpaca) -> None:
    refused = alpaca("POST", "/orders", json={**MARKET, "qty": "100000", "client_order_id": "mine"})
    assert refused.status_code == 403
    missing = alpaca("GET", "/orders:by_client_order_id", params={"client_order_id": "mine"})
    assert missing.status_code == 404
    assert missing.json() == {"code": 40410000, "message": "order not found for mine"}
    taken = submit(alpaca, client_order_id="mine")
    found = alpaca("GET", "/orders:by_client_order_id", params={"client_order_id": "mine"}).json()
    assert found["id"] == taken["id"]


def test_client_order_id_when_cancelled_days_ago_then_still_used_up(alpaca: Alpaca, ask: Any) -> None:
    taken = submit(alpaca, **LIMIT, client_order_id="mine")
    assert alpaca("DELETE", f"/orders/{taken['id']}").status_code == 204
    ask.advance(days=13)
    reply = alpaca("POST", "/orders", json={**MARKET, "client_order_id": "mine"})
    assert (reply.status_code, reply.json()["code"]) == (422, 40010001)


def test_accounts_when_two_then_neither_sees_the_other(alpaca: Alpaca) -> None:
    taken = submit(alpaca, client_order_id="mine")
    assert alpaca("GET", f"/orders/{taken['id']}", SECOND).status_code == 404
    assert alpaca("GET", "/positions", SECOND).json() == []
    assert alpaca("POST", "/orders", SECOND, json={**MARKET, "client_order_id": "mine"}).status_code == 200
    ids = [alpaca("GET", "/account", keys).json()["id"] for keys in (FIRST, SECOND)]
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {**FIRST, "apca-api-secret-key": "wrong"},
        {"apca-api-key-id": "AKSANDBOX0000000000", "apca-api-secret-key": "sandbox-alpaca-live"},
        {**FIRST, "apca-api-secret-key": SECOND["apca-api-secret-key"]},
    ],
)
def test_keys_when_wrong_or_live_then_401_without_a_code(alpaca: Alpaca, keys: dict[str, str]) -> None:
    reply = alpaca("GET", "/account", keys)
    assert reply.status_code == 401
    assert reply.json() == {"message": "unauthorized."}


def test_list_when_filtered_then_only_what_was_asked_for(alpaca: Alpaca) -> None:
    first = submit(alpaca, **LIMIT)
    second = submit(alpaca, **{**LIMIT, "symbol": "KO", "limit_price": "10"})
    third = submit(alpaca)

    def ids(**query: Any) -> list[str]:
        return [row["id"] for row in alpaca("GET", "/orders", params=query).json()]

    a, b, c = first["id"], second["id"], third["id"]
    assert ids() == [b, a]
    assert ids(status="closed") == [c]
    assert ids(status="all") == [c, b, a]
    assert ids(status="all", direction="asc") == [a, b, c]
    assert ids(status="all", limit="2") == [c, b]
    assert ids(symbols="KO,MSFT") == [b]
    assert ids(status="all", side="sell") == []
    assert ids(status="all", after=first["submitted_at"]) == [c, b]
    assert ids(status="all", until=third["submitted_at"]) == [b, a]
    assert ids(status="all", after_order_id=a, before_order_id=c) == [b]
    assert alpaca("GET", "/orders", params={"limit": "501"}).status_code == 422


@pytest.mark.parametrize("word", ["True", "true"])
def test_list_when_nested_then_legs_hang_under_their_order(alpaca: Alpaca, word: str) -> None:
    exits = {"take_profit": {"limit_price": 400}, "stop_loss": {"stop_price": 200}}
    entry = submit(alpaca, order_class="bracket", **exits)
    assert [leg["status"] for leg in entry["legs"]] == ["held", "held"]
    flat = alpaca("GET", "/orders", params={"status": "all", "nested": "False"}).json()
    (rolled,) = alpaca("GET", "/orders", params={"status": "all", "nested": word}).json()
    assert len(flat) == 3
    assert all(row["legs"] is None for row in flat)
    assert [leg["status"] for leg in rolled["legs"]] == ["new", "held"]
    assert [leg["type"] for leg in rolled["legs"]] == ["limit", "stop"]
    assert rolled["id"] == entry["id"]


def test_list_when_the_entry_of_a_bracket_is_filled_then_its_exits_are_open_only_where_the_vendor_shows_them(
    alpaca: Alpaca,
) -> None:
    """Users report it so: alpaca-trade-api-js#80 and #87, alpaca-trade-api-python#322."""
    exits = {"take_profit": {"limit_price": 400}, "stop_loss": {"stop_price": 200}}
    entry = submit(alpaca, order_class="bracket", **exits)
    profit, stop = (leg["id"] for leg in entry["legs"])

    def ids(**params: str) -> list[str]:
        return [row["id"] for row in alpaca("GET", "/orders", params=params).json()]

    assert ids(status="open", nested="true") == []
    assert ids(status="open", nested="false") == [profit]
    assert set(ids(status="closed", nested="false")) == {entry["id"], stop}
    assert ids(status="closed", nested="true") == [entry["id"]]


def test_replace_when_open_then_a_new_order_takes_the_place(alpaca: Alpaca) -> None:
    old = submit(alpaca, **LIMIT)
    reply = alpaca("PATCH", f"/orders/{old['id']}", json={"qty": 5, "limit_price": "101.50"})
    new = reply.json()
    assert reply.status_code == 200
    assert (new["replaces"], new["qty"], new["limit_price"]) == (old["id"], "5", "101.5")
    assert new["id"] != old["id"]
    assert new["client_order_id"] != old["client_order_id"]
    gone = order(alpaca, old["id"])
    assert (gone["status"], gone["replaced_by"]) == ("replaced", new["id"])
    assert gone["replaced_at"]


def test_replace_when_trailing_then_trail_is_the_field(alpaca: Alpaca) -> None:
    submit(alpaca)
    old = submit(alpaca, side="sell", type="trailing_stop", trail_price="5", time_in_force="gtc")
    new = alpaca("PATCH", f"/orders/{old['id']}", json={"trail": "7.50"}).json()
    now = order(alpaca, new["id"])
    assert now["trail_price"] == "7.5"
    assert Decimal(now["stop_price"]) == Decimal(now["hwm"]) - Decimal("7.50")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"stop_price": "1"}, 40010001, "stop_price is not accepted for limit orders"),
        ({"limit_price": "100.123"}, 42210000, "sub-penny"),
        ({"qty": "1.5"}, 42210000, "fractional qty cannot be replaced"),
    ],
)
def test_replace_when_wrong_then_the_old_order_stays(
    alpaca: Alpaca, body: dict[str, str], code: int, message: str
) -> None:
    old = submit(alpaca, **LIMIT)
    reply = alpaca("PATCH", f"/orders/{old['id']}", json=body)
    assert (reply.status_code, reply.json()["code"]) == (422, code)
    assert message in reply.json()["message"]
    assert order(alpaca, old["id"])["status"] == "new"


def test_replace_and_cancel_when_filled_then_the_documented_refusals(alpaca: Alpaca) -> None:
    ident = submit(alpaca)["id"]
    replaced = alpaca("PATCH", f"/orders/{ident}", json={"qty": "5"})
    cancelled = alpaca("DELETE", f"/orders/{ident}")
    assert (replaced.status_code, replaced.json()) == (422, {"code": 42210000, "message": "order is not open"})
    assert cancelled.status_code == 422
    assert cancelled.json() == {"code": 42210000, "message": 'order is already in "filled" state'}


def test_cancel_when_open_then_204_and_again_422(alpaca: Alpaca) -> None:
    ident = submit(alpaca, **LIMIT)["id"]
    reply = alpaca("DELETE", f"/orders/{ident}")
    assert (reply.status_code, reply.content) == (204, b"")
    assert order(alpaca, ident)["status"] == "canceled"
    assert alpaca("DELETE", f"/orders/{ident}").json()["message"] == 'order is already in "canceled" state'
    unknown = alpaca("DELETE", "/orders/61e69015-8549-4bfd-b9c3-01e75843f47d")
    assert (unknown.status_code, unknown.json()["code"]) == (404, 40410000)


def test_cancel_all_when_some_are_open_then_one_line_each(alpaca: Alpaca) -> None:
    open_ids = {submit(alpaca, **LIMIT)["id"], submit(alpaca, **{**LIMIT, "limit_price": "90"})["id"]}
    submit(alpaca)
    reply = alpaca("DELETE", "/orders")
    assert reply.status_code == 207
    assert {row["id"] for row in reply.json()} == open_ids
    assert {row["status"] for row in reply.json()} == {200}
    assert alpaca("GET", "/orders").json() == []


def test_close_when_in_part_then_the_rest_is_held(alpaca: Alpaca) -> None:
    submit(alpaca)
    sold = alpaca("DELETE", "/positions/AAPL", params={"percentage": "25"}).json()
    assert (sold["side"], sold["qty"], sold["position_intent"]) == ("sell", "2.5", "sell_to_close")
    assert alpaca("GET", "/positions/AAPL").json()["qty"] == "7.5"
    alpaca("DELETE", "/positions/AAPL", params={"qty": "0.5"})
    assert alpaca("GET", "/positions/AAPL").json()["qty"] == "7"
    alpaca("DELETE", "/positions/AAPL")
    gone = alpaca("GET", "/positions/AAPL")
    assert (gone.status_code, gone.json()) == (404, {"code": 40410000, "message": "position does not exist"})


def test_close_all_when_an_order_holds_the_shares_then_refused_until_it_is_cancelled(alpaca: Alpaca) -> None:
    submit(alpaca)
    submit(alpaca, symbol="KO", qty="4")
    submit(alpaca, **{**LIMIT, "side": "sell", "limit_price": "500"})
    rows = {row["symbol"]: row for row in alpaca("DELETE", "/positions").json()}
    assert rows["AAPL"]["status"] == 403
    assert rows["AAPL"]["body"] == {
        "available": "0",
        "code": 40310000,
        "existing_qty": "10",
        "held_for_orders": "10",
        "message": "insufficient qty available for order (requested: 10, available: 0)",
        "symbol": "AAPL",
    }
    assert (rows["KO"]["status"], rows["KO"]["body"]["qty"]) == (200, "4")
    reply = alpaca("DELETE", "/positions", params={"cancel_orders": "True"})
    assert reply.status_code == 207
    assert [row["status"] for row in reply.json()] == [200]
    assert alpaca("GET", "/positions").json() == []


def test_short_when_sold_and_bought_back_then_negative_in_between(alpaca: Alpaca) -> None:
    assert submit(alpaca, side="sell")["position_intent"] == "sell_to_open"
    held = alpaca("GET", "/positions/AAPL").json()
    assert (held["side"], held["qty"], held["qty_available"]) == ("short", "-10", "-10")
    assert Decimal(held["market_value"]) < 0
    account = alpaca("GET", "/account").json()
    assert Decimal(account["equity"]) == Decimal(account["cash"]) + Decimal(account["short_market_value"])
    assert submit(alpaca)["position_intent"] == "buy_to_close"
    assert alpaca("GET", "/positions").json() == []


def test_crypto_when_the_stock_market_is_closed_then_it_trades(alpaca: Alpaca, ask: Any) -> None:
    ask.advance(days=1)  # Saturday
    taken = submit(alpaca, symbol="BTC/USD", qty="0.0283", time_in_force="gtc")
    assert (taken["asset_class"], taken["status"], taken["expires_at"]) == ("crypto", "pending_new", None)
    assert order(alpaca, taken["id"])["status"] == "filled"
    assert alpaca("GET", "/positions/BTCUSD").json()["qty"] == "0.0283"
    assert alpaca("GET", "/positions/BTC%2FUSD").json()["symbol"] == "BTCUSD"
    sold = alpaca("DELETE", "/positions/BTCUSD").json()
    assert (sold["symbol"], sold["time_in_force"]) == ("BTC/USD", "gtc")


def test_equity_when_the_market_is_closed_then_accepted_and_filled_at_the_open(alpaca: Alpaca, ask: Any) -> None:
    ask.advance(days=1)
    taken = submit(alpaca)
    assert (taken["status"], taken["expires_at"]) == ("accepted", "2026-11-23T21:00:00Z")
    ask.advance(days=1)
    assert order(alpaca, taken["id"])["status"] == "accepted"
    ask.advance(days=1)  # Monday 10:00
    done = order(alpaca, taken["id"])
    assert done["status"] == "filled"
    assert done["filled_at"].startswith("2026-11-23T14:30:00")


def test_bytes_when_the_same_is_done_in_a_new_sandbox_then_equal(alpaca: Alpaca, ask: Any) -> None:
    def day() -> list[bytes]:
        assert ask("/_sandbox/reset", "POST").status_code == 200
        submit(alpaca, order_class="bracket", take_profit={"limit_price": 300}, stop_loss={"stop_price": 260})
        ask.advance(days=4)
        return [alpaca("GET", path).content for path in ("/orders?status=all", "/account", "/account/activities")]

    assert day() == day()
