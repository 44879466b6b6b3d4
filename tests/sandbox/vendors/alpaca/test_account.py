"""Alpaca's account, history, activities, assets, calendar, watchlists, limits, and the control plane."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

BUY = {"symbol": "AAPL", "qty": "10", "side": "buy", "type": "market", "time_in_force": "day"}
# the key set of a real account of 2026-10: nothing of the pattern day trader rule
ACCOUNT_KEYS = {
    "account_blocked", "account_number", "accrued_fees", "admin_configurations", "balance_asof", "buying_power", "cash",
    "created_at", "crypto_status", "crypto_tier", "currency", "effective_buying_power", "equity", "id",
    "initial_margin", "intraday_adjustments", "last_equity", "last_maintenance_margin", "long_market_value",
    "maintenance_margin", "multiplier", "non_marginable_buying_power", "options_approved_level", "options_buying_power",
    "options_trading_level", "pending_reg_taf_fees", "portfolio_value", "position_market_value", "regt_buying_power",
    "short_market_value", "shorting_enabled", "sma", "status", "trade_suspended_by_user", "trading_blocked",
    "transfers_blocked", "user_configurations",
}  # fmt: skip
POSITION_KEYS = {
    "asset_id", "symbol", "exchange", "asset_class", "asset_marginable", "avg_entry_price", "qty", "qty_available",
    "side", "market_value", "cost_basis", "unrealized_pl", "unrealized_plpc", "unrealized_intraday_pl",
    "unrealized_intraday_plpc", "current_price", "lastday_price", "change_today",
}  # fmt: skip


def buy(ask: Any, **more: Any) -> Any:
    reply = ask.alpaca("POST", "/orders", json={**BUY, **more})
    assert reply.status_code == 200, reply.text
    return reply.json()


def account(ask: Any) -> Any:
    return ask.alpaca("GET", "/account").json()


def test_account_when_new_then_the_real_keys_and_a_hundred_thousand(ask: Any) -> None:
    found = account(ask)
    assert set(found) == ACCOUNT_KEYS
    assert (found["cash"], found["equity"], found["buying_power"]) == ("100000", "100000", "400000")
    assert (found["status"], found["multiplier"], found["crypto_tier"]) == ("ACTIVE", "4", 1)
    assert all(isinstance(found[name], str) for name in found if name.endswith(("power", "value", "margin", "equity")))


def test_position_when_held_over_night_then_day_and_total_profit_differ(ask: Any) -> None:
    buy(ask)
    (today,) = ask.alpaca("GET", "/positions").json()
    assert set(today) == POSITION_KEYS
    assert today["unrealized_pl"] == today["unrealized_intraday_pl"] == "-0.3"  # the spread: ten times three cents
    ask.advance(days=3)  # Monday 10:00
    (held,) = ask.alpaca("GET", "/positions").json()
    price, lastday, cost = (Decimal(held[n]) for n in ("current_price", "lastday_price", "cost_basis"))
    assert Decimal(held["unrealized_pl"]) == 10 * price - cost
    assert Decimal(held["unrealized_intraday_pl"]) == 10 * (price - lastday)
    assert lastday == Decimal("268.25")  # the close of 2026-11-20, on which the world is anchored
    before = Decimal(account(ask)["last_equity"])
    assert before == 100_000 - cost + 10 * lastday


def test_configurations_when_changed_then_kept_and_applied(ask: Any) -> None:
    found = ask.alpaca("GET", "/account/configurations").json()
    assert set(found) == {
        "fractional_trading", "max_margin_multiplier", "no_shorting", "suspend_trade", "trade_confirm_email",
        "ptp_no_exception_entry", "max_options_trading_level", "disable_overnight_trading",
    }  # fmt: skip
    changed = ask.alpaca("PATCH", "/account/configurations", json={"max_margin_multiplier": "1", "no_shorting": True})
    assert changed.json() == {**found, "max_margin_multiplier": "1", "no_shorting": True}
    assert account(ask)["buying_power"] == "100000"
    assert account(ask)["shorting_enabled"] is False
    wrong = ask.alpaca("PATCH", "/account/configurations", json={"max_margin_multiplier": "3", "suspend_trade": True})
    assert wrong.status_code == 422
    assert ask.alpaca("GET", "/account/configurations").json()["suspend_trade"] is False


def test_history_when_daily_then_a_point_per_session_that_ends_at_the_equity_of_now(ask: Any) -> None:
    buy(ask, qty="100")
    ask.advance(days=7)  # the Friday after Thanksgiving, 10:00
    found = ask.alpaca("GET", "/account/portfolio/history", params={"period": "1W", "timeframe": "1D"}).json()
    assert found["timestamp"] == [1795185000 + 86400 * n for n in (0, 3, 4, 5, 7)]  # opens; Thursday is Thanksgiving
    assert found["equity"][-1] == float(account(ask)["equity"])
    assert [round(e - found["base_value"], 2) for e in found["equity"]] == found["profit_loss"]
    assert found["timeframe"] == "1D"


def test_history_when_intraday_then_a_point_per_window(ask: Any) -> None:
    found = ask.alpaca("GET", "/account/portfolio/history", params={"period": "1D", "timeframe": "15Min"}).json()
    # from Thursday 10:00 to its close 24 windows, and three on Friday until 10:00
    assert len(found["timestamp"]) == 24 + 3
    assert set(found["equity"]) == {100_000}


@pytest.mark.parametrize(
    "query",
    [
        {"period": "1X"},
        {"timeframe": "2Min"},
        {"period": "1D", "start": "2026-11-01", "end": "2026-11-02"},
        {"period": "1A", "timeframe": "5Min"},
    ],
)
def test_history_when_asked_wrongly_then_refused(ask: Any, query: dict[str, str]) -> None:
    assert ask.alpaca("GET", "/account/portfolio/history", params=query).status_code == 422


def test_activities_when_paged_then_each_fill_once_and_no_client_id(ask: Any) -> None:
    orders = [buy(ask)["id"] for _ in range(5)]
    seen: list[Any] = []
    query: dict[str, str] = {"page_size": "2"}
    while page := ask.alpaca("GET", "/account/activities/FILL", params=query).json():
        seen += page
        query["page_token"] = page[-1]["id"]
    assert [row["order_id"] for row in seen] == orders[::-1]
    assert set(seen[0]) == {
        "activity_type", "id", "transaction_time", "type", "price", "qty", "side", "symbol", "leaves_qty", "cum_qty",
        "order_id", "order_status",
    }  # fmt: skip
    assert re.fullmatch(r"20261120100000000::[0-9a-f-]{36}", seen[0]["id"])  # New York's wall clock
    after = ask.alpaca("GET", "/account/activities", params={"after": seen[1]["transaction_time"]}).json()
    assert [row["id"] for row in after] == [seen[0]["id"]]


def test_activities_when_money_moves_then_a_row_of_its_own(ask: Any) -> None:
    ask("/_sandbox/alpaca", "POST", json={"deposit": "-250.50"})
    rows = ask.alpaca("GET", "/account/activities", params={"category": "non_trade_activity"}).json()
    assert [(row["activity_type"], row["net_amount"]) for row in rows] == [("CSW", "-250.5"), ("CSD", "100000")]
    assert ask.alpaca("GET", "/account/activities", params={"activity_types": "FILL"}).json() == []
    assert account(ask)["cash"] == "99749.5"


def test_clock_when_moved_then_open_and_next_times_follow(ask: Any) -> None:
    assert ask.alpaca("GET", "/clock").json() == {
        "timestamp": "2026-11-20T10:00:00-05:00",
        "is_open": True,
        "next_open": "2026-11-23T09:30:00-05:00",
        "next_close": "2026-11-20T16:00:00-05:00",
    }
    ask("/_sandbox/clock", "POST", json={"set": "2026-07-02T21:00:00Z"})
    assert ask.alpaca("GET", "/clock").json() == {
        "timestamp": "2026-07-02T17:00:00-04:00",
        "is_open": False,
        "next_open": "2026-07-06T09:30:00-04:00",  # the third is the observed holiday
        "next_close": "2026-07-06T16:00:00-04:00",
    }


def test_calendar_when_asked_then_sessions_with_early_close_and_settlement(ask: Any) -> None:
    rows = ask.alpaca("GET", "/calendar", params={"start": "2026-11-25", "end": "2026-11-30"}).json()
    assert [(row["date"], row["open"], row["close"], row["settlement_date"]) for row in rows] == [
        ("2026-11-25", "09:30", "16:00", "2026-11-27"),
        ("2026-11-27", "09:30", "13:00", "2026-11-30"),
        ("2026-11-30", "09:30", "16:00", "2026-12-01"),
    ]
    assert (rows[0]["session_open"], rows[0]["session_close"]) == ("0400", "2000")
    query = {"start": "2026-11-30", "end": "2026-11-30", "date_type": "SETTLEMENT"}
    assert [row["date"] for row in ask.alpaca("GET", "/calendar", params=query).json()] == ["2026-11-27"]


def test_assets_when_listed_then_the_class_asked_for(ask: Any) -> None:
    equities = ask.alpaca("GET", "/assets").json()
    coins = ask.alpaca("GET", "/assets", params={"asset_class": "crypto"}).json()
    assert {"AAPL", "BRK.B"} <= {row["symbol"] for row in equities}
    assert {row["class"] for row in equities} == {"us_equity"}
    assert {"BTC/USD", "ETH/USD"} <= {row["symbol"] for row in coins}
    assert all({"min_order_size", "min_trade_increment", "price_increment"} <= set(row) for row in coins)
    aapl = next(row for row in equities if row["symbol"] == "AAPL")
    assert ask.alpaca("GET", "/assets/AAPL").json() == ask.alpaca("GET", f"/assets/{aapl['id']}").json() == aapl
    assert isinstance(aapl["maintenance_margin_requirement"], int)
    assert isinstance(aapl["margin_requirement_long"], str)
    missing = ask.alpaca("GET", "/assets/ZZZ")
    assert (missing.status_code, missing.json()) == (404, {"code": 40410000, "message": "asset not found for ZZZ"})


def test_watchlist_when_created_changed_and_deleted_then_so(ask: Any) -> None:
    made = ask.alpaca("POST", "/watchlists", json={"name": "mine", "symbols": ["AAPL"]}).json()
    path = f"/watchlists/{made['id']}"
    assert [row["symbol"] for row in made["assets"]] == ["AAPL"]
    assert ask.alpaca("POST", path, json={"symbol": "BTC/USD"}).status_code == 200
    assert ask.alpaca("PUT", path, json={"name": "ours"}).json()["name"] == "ours"
    assert [row["symbol"] for row in ask.alpaca("GET", path).json()["assets"]] == ["AAPL", "BTC/USD"]
    left = ask.alpaca("DELETE", f"{path}/BTC%2FUSD").json()
    assert [row["symbol"] for row in left["assets"]] == ["AAPL"]
    assert "assets" not in ask.alpaca("GET", "/watchlists").json()[0]
    assert ask.alpaca("DELETE", path).status_code == 204
    assert ask.alpaca("GET", path).status_code == 404


def test_rate_limit_when_switched_on_then_the_two_hundred_and_first_is_refused(ask: Any) -> None:
    first = ask.alpaca("GET", "/clock")
    assert first.headers["x-ratelimit-limit"] == "200"
    assert first.headers["x-ratelimit-remaining"] == "199"
    assert first.headers["x-ratelimit-reset"] == "1795186860"  # 10:01 in New York
    ask("/_sandbox/alpaca", "POST", json={"rate_limit": True})
    for _ in range(199):
        last = ask.alpaca("GET", "/clock")
    assert (last.status_code, last.headers["x-ratelimit-remaining"]) == (200, "0")
    over = ask.alpaca("GET", "/clock")
    assert (over.status_code, over.json()) == (429, {"code": 42910000, "message": "rate limit exceeded"})
    ask.advance(minutes=1)
    assert ask.alpaca("GET", "/clock").status_code == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"cash": "1.001"}, "whole cents"),
        ({"cash": "1", "deposit": "1"}, "either"),
        ({"fill": "some"}, "must be one of liquidity"),
        ({"frames": "smoke"}, "must be one of binary"),
        ({"assets": {"ZZZ": {}}}, "There is no asset 'ZZZ'"),
        ({"assets": {"AAPL": {"price": "1"}}}, "Unknown field 'price'"),
        ({"shorting": "yes"}, "true or false"),
        ({"account": "nobody"}, "There is no account"),
        ({"money": 1}, "Unknown field 'money'"),
    ],
)
def test_control_when_asked_wrongly_then_one_sentence_and_nothing_changes(
    ask: Any, body: dict[str, Any], words: str
) -> None:
    before = ask("/_sandbox/alpaca").json()
    reply = ask("/_sandbox/alpaca", "POST", json={"fill": "none", **body})
    assert reply.status_code == 422
    assert words in reply.json()["error"]
    assert ask("/_sandbox/alpaca").json() == before


def test_control_when_asked_then_orders_of_all_accounts_and_a_ledger_that_balances(ask: Any) -> None:
    buy(ask, client_order_id="one")
    ask("/_sandbox/alpaca", "POST", json={"account": "PKSANDBOX0000000001", "deposit": "5000"})
    accounts = ask("/_sandbox/alpaca").json()["accounts"]
    assert list(accounts) == ["PKSANDBOX0000000000", "PKSANDBOX0000000001"]
    first, second = accounts.values()
    assert [order["client_order_id"] for order in first["orders"]] == ["one"]
    (order,) = ask("/_sandbox/alpaca").json()["orders"]
    assert (order.pop("account"), order) == ("PKSANDBOX0000000000", first["orders"][0])
    assert (second["cash"], second["orders"]) == ("105000", [])
    assert sum(Decimal(row["cash"]) for row in first["ledger"]) == Decimal(first["cash"])


@pytest.mark.parametrize(("path", "body"), [("/reset", {}), ("/alpaca", {"forget": True})])
def test_accounts_when_forgotten_then_they_start_again(ask: Any, path: str, body: dict[str, bool]) -> None:
    first = buy(ask, client_order_id="one")
    assert ask(f"/_sandbox{path}", "POST", json=body).status_code == 200
    assert account(ask)["cash"] == "100000"
    assert ask.alpaca("GET", "/orders", params={"status": "all"}).json() == []
    assert buy(ask, client_order_id="one") == first


def test_log_when_keys_are_sent_then_neither_is_kept(ask: Any) -> None:
    ask.alpaca("GET", "/account")
    assert "sandbox-alpaca-secret" not in ask("/_sandbox/requests").text
    assert "PKSANDBOX" not in ask("/_sandbox/requests").text
