"""SnapTrade's wire: users, connections, accounts, positions, orders, activities, errors; expected values by hand."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import SHARED, effort

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?\+00:00"


def _refusal(reply: Any) -> tuple[int, str]:
    body = reply.json()
    assert isinstance(body["detail"], str)
    assert reply.headers["x-request-id"].startswith("sandbox-")
    return reply.status_code, body["code"]


def test_authorizations_when_listed_then_six_brokers_one_of_them_disabled(snap: Any) -> None:
    rows = snap("/authorizations").json()
    assert [(row["brokerage"]["slug"], row["type"], row["disabled"]) for row in rows] == [
        ("SCHWAB", "trade", False),
        ("ROBINHOOD", "trade", False),
        ("QUESTRADE", "read", False),
        ("COINBASE", "read", False),
        ("KRAKEN", "read", False),
        ("FIDELITY", "read", True),
    ]
    assert [row["disabled_date"] for row in rows] == [None] * 5 + ["2026-11-12 18:22:10.345612+00:00"]
    for row in rows:
        assert re.fullmatch(UUID, row["id"])
        assert re.fullmatch(STAMP, row["created_date"])
        assert snap(f"/authorizations/{row['id']}").json() == row


def test_accounts_when_listed_then_the_documented_keys_and_states(snap: Any, samples: Any) -> None:
    rows = snap("/accounts").json()
    example = json.loads((samples / "snaptrade" / "openapi_examples.json").read_text())["GET /accounts 200"][0]
    assert all(set(row) == set(example) for row in rows)
    assert all(set(row["sync_status"]["holdings"]) == set(example["sync_status"]["holdings"]) for row in rows)
    assert [(row["name"], row["status"]) for row in rows] == [
        ("Schwab Individual", "open"),
        ("Schwab Roth Contributory IRA", "open"),
        ("Robinhood Individual", "open"),
        ("Robinhood Retirement", "closed"),
        ("Questrade Margin", "open"),
        ("Questrade TFSA", "unavailable"),
        ("Coinbase", "open"),
        ("Kraken", "open"),
        ("Fidelity Rollover IRA", "open"),
    ]
    assert [row["name"] for row in rows if row["balance"]["total"] is None] == ["Questrade TFSA"]
    assert {row["balance"]["total"]["currency"] for row in rows if row["balance"]["total"]} == {"USD", "CAD", "EUR"}
    assert all(snap(f"/accounts/{row['id']}").json() == row for row in rows)
    each = [snap(f"/authorizations/{row['id']}/accounts").json() for row in snap("/authorizations").json()]
    assert [account for accounts in each for account in accounts] == rows


def test_connection_accounts_when_listed_then_the_newer_shape_with_masked_numbers(snap: Any) -> None:
    rows = snap(f"/connections/{snap.connection('QUESTRADE')}/accounts").json()["results"]
    assert [(row["kind"], row["display_name"], row["masked_account_number"]) for row in rows] == [
        ("investment", "Questrade Margin", "****8840"),
        ("investment", "Questrade TFSA", "****8857"),
    ]
    assert rows[0]["net_value"]["currency"] == "CAD"
    assert rows[1]["net_value"] is None


def test_positions_when_read_then_decimals_are_text_and_every_kind_has_its_instrument(snap: Any) -> None:
    body = snap(f"/accounts/{snap.account('schwab-individual')}/positions/all").json()
    assert body["data_freshness"] == {"as_of": "2026-11-20 15:00:00+00:00"}
    rows = {row["instrument"]["symbol"]: row for row in body["results"]}
    assert {symbol: (row["instrument"]["kind"], row["units"], row["cost_basis"]) for symbol, row in rows.items()} == {
        "AAPL": ("stock", "60", "171.3"),
        "BRK/B": ("stock", "25", "403.15"),
        "VTI": ("etf", "120", "254.2"),
        "KO": ("stock", "150", "59.8"),
        "TSLA": ("stock", "-15", "245.1"),
        "AAPL  270115C00300000": ("option", "2", "6.35"),
        "SPY   261218P00550000": ("option", "-1", "4.1"),
    }
    assert all(re.fullmatch(r"\d+(\.\d+)?", row["price"]) for row in rows.values())
    option = rows["AAPL  270115C00300000"]["instrument"]
    assert (option["option_type"], option["strike_price"], option["multiplier"]) == ("CALL", "300", "100")
    assert (option["expiration_date"], option["underlying"]["symbol"]) == ("2027-01-15", "AAPL")


def test_positions_when_fractional_unpriced_or_without_a_known_cost_then_so_on_the_wire(snap: Any) -> None:
    rows = snap.positions("robinhood-individual")
    assert Decimal(rows["AAPL"]["units"]) > Decimal("3.14159")  # dividends are reinvested
    assert rows["BRK.B"]["units"] == "0.5"
    assert (rows["SIVBQ"]["price"], rows["SIVBQ"]["cost_basis"]) == (None, "0.85")
    assert (rows["DOGE"]["units"], rows["DOGE"]["cost_basis"]) == ("1250.5", None)
    assert "exchange" not in rows["DOGE"]["instrument"]


def test_positions_when_one_instrument_is_at_three_brokers_then_spelt_as_each_broker_does(snap: Any) -> None:
    slugs = ("schwab-individual", "robinhood-individual", "fidelity-ira")
    spelt = {slug: next(s for s in snap.positions(slug) if s.startswith("BRK")) for slug in slugs}
    assert spelt == {"schwab-individual": "BRK/B", "robinhood-individual": "BRK.B", "fidelity-ira": "BRK-B"}
    found = [snap.positions(slug)[spelt[slug]]["instrument"] for slug in slugs]
    assert len({row["id"] for row in found}) == 3
    assert [row["figi_instrument"] is None for row in found] == [True, False, False]
    assert found[1]["figi_instrument"] == found[2]["figi_instrument"]
    assert [set(snap.positions(slug)) & {"BTC", "XXBT"} for slug in ("coinbase-wallet", "kraken-spot")] == [
        {"BTC"},
        {"XXBT"},
    ]


def _figi_digit(head: str) -> int:
    digits = "".join(str(int(char, 36) * (1 + at % 2)) for at, char in enumerate(head))
    return -sum(int(digit) for digit in digits) % 10


def test_figis_when_made_up_then_their_check_digits_are_right(snap: Any) -> None:
    assert [_figi_digit(real[:11]) for real in ("BBG000B9XRY4", "BBG000B9Y5X2")] == [4, 2]
    found = [row["instrument"].get("figi_instrument") for row in snap.positions("questrade-margin").values()]
    codes = [code for marks in found for code in marks.values()]
    assert len(codes) == 6
    for code in codes:
        assert re.fullmatch(r"XXG[0-9BCDFGHJ-NP-TV-Z]{8}\d", code)
        assert int(code[-1]) == _figi_digit(code[:-1])


def test_listings_when_two_share_a_class_then_their_share_class_figi_is_equal(snap: Any) -> None:
    toronto = snap.positions("questrade-margin")["SHOP.TO"]
    nasdaq = snap.positions("robinhood-individual")["SHOP"]
    one, two = toronto["instrument"], nasdaq["instrument"]
    assert (one["raw_symbol"], one["exchange"], one["currency"], toronto["currency"]) == ("SHOP", "XTSE", "CAD", "CAD")
    assert (two["raw_symbol"], two["exchange"], two["currency"]) == ("SHOP", "XNAS", "USD")
    assert one["figi_instrument"]["figi_share_class"] == two["figi_instrument"]["figi_share_class"]
    assert one["figi_instrument"]["figi_code"] != two["figi_instrument"]["figi_code"]


def test_balances_when_two_currencies_are_held_then_two_rows_of_numbers(snap: Any) -> None:
    rows = snap(f"/accounts/{snap.account('questrade-margin')}/balances").json()
    assert [row["currency"]["code"] for row in rows] == ["CAD", "USD"]
    assert rows[0]["cash"] == 10519.05  # 24000 - 40 * 101.25 - (300 * 31.42 + 4.95)
    assert [row["buying_power"] is None for row in rows] == [True, False]


def test_balances_when_a_money_market_fund_is_held_then_cash_counts_it_and_the_position_says_so(snap: Any) -> None:
    slug = "schwab-roth"
    fund = snap.positions(slug)["SWVXX"]
    assert (fund["units"], fund["price"], fund["cash_equivalent"]) == ("1500", "1", True)
    (cash,) = snap.exact(f"/accounts/{snap.account(slug)}/balances")
    history = snap.exact(f"/accounts/{snap.account(slug)}/activities")["data"]
    assert cash["cash"] == sum(row["amount"] for row in history) + 1500


@pytest.mark.parametrize("slug", ["schwab-individual", "schwab-roth", "robinhood-individual"])
def test_total_when_told_then_cash_and_priced_positions(snap: Any, slug: str) -> None:
    (cash,) = snap.exact(f"/accounts/{snap.account(slug)}/balances")
    worth = cash["cash"]
    for row in snap.positions(slug).values():
        if row["price"] is not None and not row.get("cash_equivalent"):
            per = int(row["instrument"].get("multiplier", 1))
            worth += Decimal(row["units"]) * Decimal(row["price"]) * per
    total = snap.exact(f"/accounts/{snap.account(slug)}")["balance"]["total"]
    assert (total["amount"], total["currency"]) == (worth.quantize(Decimal("0.01")), "USD")


def test_holdings_when_read_then_numbers_and_an_options_average_is_per_contract(snap: Any) -> None:
    body = snap.exact(f"/accounts/{snap.account('schwab-individual')}/holdings")
    assert set(body) == {"account", "balances", "positions", "option_positions", "orders", "total_value"}
    new = snap.positions("schwab-individual")
    assert len(body["positions"]) == 5
    for row in body["positions"]:
        other = new[row["symbol"]["symbol"]["symbol"]]
        assert (str(row["units"]), row["price"]) == (other["units"], Decimal(other["price"]))
        assert row["average_purchase_price"] == Decimal(other["cost_basis"])
    averages = {
        row["symbol"]["option_symbol"]["ticker"]: row["average_purchase_price"] for row in body["option_positions"]
    }
    assert averages == {"AAPL  270115C00300000": 635, "SPY   261218P00550000": 410}
    assert body["total_value"]["value"] == body["account"]["balance"]["total"]["amount"]


def test_holdings_when_gone_then_410_and_the_other_paths_stay(snap: Any) -> None:
    path = f"/accounts/{snap.account('schwab-roth')}"
    snap.control(holdings_gone=True)
    assert snap(f"{path}/holdings").status_code == 410
    assert snap(f"{path}/positions/all").status_code == 200


def test_first_sync_when_under_way_then_425_and_no_history_until_it_is_finished(snap: Any) -> None:
    path = f"/accounts/{snap.account('coinbase-wallet')}"
    snap.control(start_sync="COINBASE")
    for part in ("holdings", "positions/all", "balances", "orders"):
        assert _refusal(snap(f"{path}/{part}")) == (425, "3012")
    account = snap(path).json()
    assert account["sync_status"]["holdings"] == {
        "initial_sync_completed": False,
        "last_successful_sync": None,
        "holdings_unavailable": False,
    }
    assert account["balance"]["total"] is None
    assert snap(f"{path}/activities").json()["pagination"]["total"] == 0
    assert snap(f"/accounts/{snap.account('kraken-spot')}/holdings").status_code == 200
    snap.control(finish_sync="COINBASE")
    assert snap(f"{path}/holdings").status_code == 200


def test_unavailable_account_when_asked_then_listed_without_a_total_and_503(snap: Any) -> None:
    path = f"/accounts/{snap.account('questrade-tfsa')}"
    assert snap(path).json()["sync_status"]["holdings"]["holdings_unavailable"] is True
    for part in ("positions/all", "balances", "holdings", "orders"):
        assert _refusal(snap(f"{path}/{part}")) == (503, "3002")


def test_closed_account_when_asked_then_empty_with_a_history(snap: Any) -> None:
    path = f"/accounts/{snap.account('robinhood-closed')}"
    assert snap(f"{path}/positions/all").json()["results"] == []
    assert snap(f"{path}/balances").json()[0]["cash"] == 0
    assert snap(f"{path}/activities").json()["pagination"]["total"] == 8


def test_disabled_connection_when_time_passes_then_the_last_state_until_it_is_mended(snap: Any) -> None:
    path = f"/accounts/{snap.account('fidelity-ira')}/positions/all"
    before = snap(path).content
    assert json.loads(before)["data_freshness"]["as_of"] == "2026-11-12 18:22:10.345612+00:00"
    snap.at("2026-12-15T15:00:00Z")
    assert snap(path).content == before
    snap.control(enable="FIDELITY")
    assert snap(path).json()["data_freshness"]["as_of"] == "2026-12-15 15:00:00+00:00"
    assert snap(f"/authorizations/{snap.connection('FIDELITY')}").json()["disabled_date"] is None


def test_disable_when_asked_then_disabled_once(snap: Any) -> None:
    path = f"/authorizations/{snap.connection('KRAKEN')}"
    reply = snap(f"{path}/disable", "POST")
    assert reply.json() == {"detail": f"Connection {snap.connection('KRAKEN')} has been disabled"}
    assert snap(path).json()["disabled_date"] == "2026-11-20 15:00:00+00:00"
    again = snap(f"{path}/disable", "POST")
    assert (again.status_code, again.json()) == (
        402,
        {"detail": "This connection is already disabled.", "code": "3011"},
    )


def test_refresh_when_too_soon_disabled_or_not_enabled_then_429_402_403(snap: Any) -> None:
    path = f"/authorizations/{snap.connection('SCHWAB')}/refresh"
    assert snap(path, "POST").status_code == 200
    assert _refusal(snap(path, "POST")) == (429, "throttled")
    snap.at("2026-11-20T15:05:00Z")
    assert snap(path, "POST").status_code == 200
    assert _refusal(snap(f"/authorizations/{snap.connection('FIDELITY')}/refresh", "POST")) == (402, "3003")
    snap.control(refresh_enabled=False)
    assert _refusal(snap(path, "POST")) == (403, "1141")


@pytest.mark.parametrize("path", ["/connection/{}", "/authorizations/{}"])
def test_connection_when_deleted_then_it_and_its_accounts_are_gone(snap: Any, path: str) -> None:
    ident, account = snap.connection("COINBASE"), snap.account("coinbase-wallet")
    assert snap(path.format(ident), "DELETE").json() == {
        "detail": "Connection queued for deletion; please wait for webhook for confirmation.",
        "connection_id": ident,
    }
    assert _refusal(snap(f"/authorizations/{ident}")) == (404, "1011")
    assert _refusal(snap(f"/accounts/{account}/balances")) == (404, "1011")
    assert len(snap("/accounts").json()) == 8
    snap.ask("/_sandbox/reset", "POST")
    assert snap(f"/accounts/{account}/balances").status_code == 200


def test_user_when_the_name_is_half_a_character_then_400_and_the_list_still_answers(snap: Any) -> None:
    url, body = f"/snaptrade/snapTrade/registerUser?{snap.query()}", '{"userId":"\\ud800"}'
    assert _refusal(snap.ask(url, "POST", content=body)) == (400, "1076")
    assert snap("/snapTrade/listUsers", user=False).json() == ["sandbox-user"]


def test_users_when_registered_then_listed_without_connections_until_deleted(snap: Any) -> None:
    made = snap("/snapTrade/registerUser", "POST", {"userId": "plain-1"}, user=False).json()
    assert (made["userId"], bool(re.fullmatch(UUID, made["userSecret"]))) == ("plain-1", True)
    assert snap("/snapTrade/listUsers", user=False).json() == ["sandbox-user", "plain-1"]
    mine = {"user": False, "userId": "plain-1", "userSecret": made["userSecret"]}
    assert snap("/authorizations", **mine).json() == []
    assert snap("/accounts", **mine).json() == []
    assert _refusal(snap(f"/accounts/{snap.account('schwab-roth')}", **mine)) == (404, "1011")
    twice = snap("/snapTrade/registerUser", "POST", {"userId": "plain-1"}, user=False)
    assert (twice.status_code, twice.json()["status_code"]) == (400, 400)
    gone = snap("/snapTrade/deleteUser", "DELETE", user=False, userId="plain-1").json()
    assert (gone["status"], gone["userId"]) == ("deleted", "plain-1")
    assert snap("/snapTrade/listUsers", user=False).json() == ["sandbox-user"]
    assert _refusal(snap("/authorizations", **mine)) == (401, "1083")


def test_secret_when_reset_then_the_old_one_is_refused(snap: Any) -> None:
    body = {"userId": "sandbox-user", "userSecret": "sandbox-user-secret"}
    fresh = snap("/snapTrade/resetUserSecret", "POST", body, user=False).json()["userSecret"]
    assert snap("/accounts").json() == {
        "detail": "Invalid userID or userSecret provided",
        "status_code": 401,
        "code": "1083",
    }
    assert snap("/accounts", user=False, userId="sandbox-user", userSecret=fresh).status_code == 200
    assert snap.truth()["user_secret"] == fresh


def test_user_when_missing_or_unknown_then_401(snap: Any) -> None:
    assert _refusal(snap("/accounts", user=False)) == (401, "1083")
    assert _refusal(snap("/accounts", user=False, userId="nobody", userSecret="x")) == (401, "1083")


def test_login_when_asked_then_a_link_with_a_session(snap: Any) -> None:
    body = {"broker": "ALPACA", "immediateRedirect": True, "connectionType": "trade"}
    found = snap("/snapTrade/login", "POST", body).json()
    assert set(found) == {"redirectURI", "sessionId"}
    assert found["sessionId"] in found["redirectURI"]


@settings(max_examples=effort(12), deadline=None, suppress_health_check=SHARED)
@given(limit=st.integers(min_value=1, max_value=1000))
def test_activities_when_paged_with_any_limit_then_each_exactly_once_newest_first(snap: Any, limit: int) -> None:
    path = f"/accounts/{snap.account('schwab-individual')}/activities"
    whole = snap(path).json()["data"]
    paged: list[dict[str, Any]] = []
    while True:
        page = snap(path, offset=len(paged), limit=limit).json()
        assert page["pagination"] == {"offset": len(paged), "limit": limit, "total": len(whole)}
        assert len(page["data"]) <= limit
        paged += page["data"]
        if not page["data"] or len(paged) >= page["pagination"]["total"]:
            break
    assert paged == whole
    assert len({row["id"] for row in paged}) == len(paged) > 70
    dates = [row["trade_date"] for row in paged]
    assert dates == sorted(dates, reverse=True)


def test_activities_when_filtered_then_only_those_days_and_types(snap: Any) -> None:
    path = f"/accounts/{snap.account('schwab-individual')}/activities"
    whole = snap(path).json()["data"]
    some = snap(path, startDate="2024-10-01", endDate="2025-03-01", type="CONTRIBUTION,SELL").json()
    assert [(row["type"], row["trade_date"][:10]) for row in some["data"]] == [
        ("CONTRIBUTION", "2025-03-01"),
        ("CONTRIBUTION", "2025-02-01"),
        ("CONTRIBUTION", "2025-01-01"),
        ("CONTRIBUTION", "2024-12-01"),
        ("CONTRIBUTION", "2024-11-01"),
        ("SELL", "2024-10-01"),
        ("CONTRIBUTION", "2024-10-01"),
    ]
    assert all(row in whole for row in some["data"])
    assert snap(path, offset=10_000).json()["data"] == []


def test_activities_when_read_then_amounts_are_signed_numbers(snap: Any) -> None:
    rows = snap.exact(f"/accounts/{snap.account('schwab-individual')}/activities")["data"]
    (call,) = [row for row in rows if row["option_symbol"] and row["type"] == "BUY"]
    assert (call["units"], call["price"], call["fee"]) == (2, Decimal("6.35"), Decimal("1.3"))
    assert call["amount"] == Decimal("-1271.3")  # 2 contracts * 100 * 6.35, and the fee
    assert call["option_type"] == "BUY_TO_OPEN"
    assert call["option_symbol"]["strike_price"] == 300
    short = next(row for row in rows if row["symbol"] and row["symbol"]["symbol"] == "TSLA")
    assert (short["type"], short["units"], short["amount"]) == ("SELL", -15, Decimal("3676.5"))


def test_orders_when_listed_then_text_by_state_and_days(snap: Any) -> None:
    path = f"/accounts/{snap.account('schwab-individual')}/orders"
    rows = snap(path).json()
    assert [(row["brokerage_order_id"], row["status"]) for row in rows] == [
        ("1004417560", "CANCELED"),
        ("1004417551", "ACCEPTED"),
    ]
    assert (rows[1]["limit_price"], rows[1]["open_quantity"], rows[0]["canceled_quantity"]) == ("420", "10", "5")
    assert [row["status"] for row in snap(path, state="open").json()] == ["ACCEPTED"]
    (put,) = snap(path, state="executed", days=60).json()
    assert (put["option_symbol"]["ticker"], put["execution_price"]) == ("SPY   261218P00550000", "4.1")
    assert (put["total_quantity"], put["action"]) == ("1", "SELL_OPEN")
    (part,) = snap(f"/accounts/{snap.account('schwab-roth')}/orders/v2").json()["orders"]
    (leg,) = part["legs"]
    assert (part["status"], leg["total_quantity"], leg["filled_quantity"]) == ("PARTIAL", "30", "12")


def test_recent_orders_when_a_trade_was_today_then_only_that_one(snap: Any) -> None:
    path = f"/accounts/{snap.account('robinhood-individual')}/recentOrders"
    assert snap(path).json() == {"orders": []}
    snap.at("2026-11-23T15:00:00Z")
    (row,) = snap(path).json()["orders"]
    assert (row["universal_symbol"]["symbol"], row["filled_quantity"], row["status"]) == ("NVDA", "40", "EXECUTED")


def test_orders_when_the_broker_has_none_then_501_in_its_own_shape(snap: Any) -> None:
    reply = snap(f"/accounts/{snap.account('kraken-spot')}/orders")
    assert reply.status_code == 501
    assert reply.json() == {"error": "The orders endpoint is not yet implemented for brokerage KRAKEN"}


def test_quotes_when_asked_by_ticker_or_id_then_around_the_last_price(snap: Any) -> None:
    path = f"/accounts/{snap.account('schwab-individual')}/quotes"
    rows = snap(path, symbols="AAPL,BRK/B,NOPE", use_ticker="true").json()
    assert [row["symbol"]["symbol"] for row in rows] == ["AAPL", "BRK/B"]
    assert all(row["bid_price"] < row["last_trade_price"] < row["ask_price"] for row in rows)
    assert snap(path, symbols=rows[0]["symbol"]["id"]).json() == rows[:1]
    assert _refusal(snap(path, symbols=",".join("ABCDEFGHIJK"))) == (400, "1076")


def test_symbols_when_searched_or_read_then_universal_symbols(snap: Any) -> None:
    found = snap("/symbols", "POST", {"substring": "berk"}, user=False).json()
    assert [row["symbol"] for row in found] == ["BRK.B"]
    assert snap("/symbols/BRK-B", user=False).json()["symbol"] == "BRK-B"
    assert snap(f"/symbols/{found[0]['id']}", user=False).json() == found[0]
    assert _refusal(snap("/symbols/NOPE", user=False)) == (404, "1011")
    own = snap(f"/accounts/{snap.account('schwab-roth')}/symbols", "POST", {"substring": "costco"}).json()
    assert [row["symbol"] for row in own] == ["COST"]


def test_reference_data_when_listed_then_exchanges_and_ways_to_connect(snap: Any) -> None:
    exchanges = {row["mic_code"]: row for row in snap("/exchanges", user=False).json()}
    assert (exchanges["XTSE"]["code"], exchanges["XTSE"]["suffix"]) == ("TSX", ".TO")
    kinds = snap("/brokerageAuthorizationTypes", user=False, brokerage="SCHWAB,KRAKEN").json()
    assert [(row["brokerage"]["slug"], row["type"]) for row in kinds] == [
        ("SCHWAB", "read"),
        ("SCHWAB", "trade"),
        ("KRAKEN", "read"),
    ]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("activities", {"limit": 0}),
        ("activities", {"limit": 1001}),
        ("activities", {"offset": -1}),
        ("activities", {"startDate": "yesterday"}),
        ("orders", {"days": 91}),
        ("orders", {"days": "x"}),
        ("orders", {"state": "maybe"}),
        ("quotes", {}),
    ],
)
def test_parameters_when_out_of_range_then_400(snap: Any, path: str, query: dict[str, Any]) -> None:
    assert _refusal(snap(f"/accounts/{snap.account('schwab-roth')}/{path}", **query)) == (400, "1076")


@pytest.mark.parametrize("path", ["/nope", "/accounts/nope", "/accounts/nope/holdings", "/authorizations/nope"])
def test_path_when_unknown_then_the_vendors_404(snap: Any, path: str) -> None:
    assert _refusal(snap(path)) == (404, "1011")


def test_legacy_path_when_used_then_the_same_body_and_a_deprecation_header(snap: Any) -> None:
    old, new = snap("/api/v1/accounts"), snap("/accounts")
    assert old.content == new.content
    assert old.headers["deprecation"] == "@1781222400"
    assert "deprecation" not in new.headers
    assert snap("/api/v1/nope").headers["deprecation"] == "@1781222400"
    assert old.headers["x-request-id"] != new.headers["x-request-id"]


def test_rate_limit_when_enforced_then_429_with_seconds_to_wait(snap: Any) -> None:
    free = snap("/accounts")
    assert (free.headers["x-ratelimit-limit"], free.headers["x-ratelimit-remaining"]) == ("250", "249")
    snap.control(rate_limit=2)
    assert [snap("/accounts").headers["x-ratelimit-remaining"] for _ in range(2)] == ["1", "0"]
    refused = snap("/accounts")
    wait = int(refused.headers["retry-after"])
    assert refused.status_code == 429
    assert refused.json() == {
        "detail": f"Request was throttled. Expected available in {wait} seconds.",
        "status_code": 429,
        "code": "0000",
    }
    assert refused.headers["x-ratelimit-reset"] == str(wait)
    assert 0 < wait <= 60
    snap.control(rate_limit=None)
    assert snap("/accounts").status_code == 200


@pytest.mark.parametrize(
    ("kind", "more", "status", "body"),
    [
        (
            "rate_limit_bare",
            {},
            429,
            {
                "detail": "Request was throttled. Expected available in 7 seconds.",
                "status_code": 429,
                "code": "0000",
            },
        ),
        (
            "status_503",
            {},
            503,
            {
                "detail": "Unable to sync with brokerage account. Invalid response from Brokerage API.",
                "status_code": 503,
                "code": "3002",
            },
        ),
        (
            "expired_token",
            {},
            401,
            {"detail": "Invalid userID or userSecret provided", "status_code": 401, "code": "1083"},
        ),
    ],
)
def test_fault_when_on_then_the_vendors_own_body(
    snap: Any, kind: str, more: dict[str, Any], status: int, body: dict[str, Any]
) -> None:
    snap.ask("/_sandbox/faults", "POST", json={"vendor": "snaptrade", "kind": kind, "count": 1, **more})
    reply = snap("/accounts")
    assert (reply.status_code, reply.json()) == (status, body)
    assert reply.headers["x-request-id"]
    assert snap("/accounts").status_code == 200


def test_requests_when_logged_then_the_user_secret_is_masked(snap: Any) -> None:
    snap("/accounts")
    text = snap.ask("/_sandbox/requests").text
    assert "sandbox-user-secret" not in text
    assert json.loads(text)["requests"][-1]["query"]["userSecret"] == "***"
