"""CoinGecko's wire: numbers and nulls, paging, granularity, candle stamps, key errors; counts are by hand."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

PRO = "CG-sandboxprokey"
NOW_MS = 1_795_186_800_000  # 2026-11-20T15:00:00Z
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def test_ping_when_keyless_or_with_either_key_then_the_greeting(ask: Any) -> None:
    for headers in ({}, {"x-cg-demo-api-key": "CG-sandboxdemokey"}, {"x-cg-pro-api-key": PRO}):
        assert ask("/coingecko/api/v3/ping", headers=headers).json() == {"gecko_says": "(V3) To the Moon!"}
    assert ask.cg("/ping", x_cg_demo_api_key="CG-sandboxdemokey").status_code == 200


@pytest.mark.parametrize(
    ("headers", "nested", "code"),
    [
        ({"x-cg-demo-api-key": "CG-wrong"}, False, 10002),
        ({"x-cg-demo-api-key": PRO}, False, 10010),
        ({"x-cg-pro-api-key": "CG-wrong"}, True, 10002),
        ({"x-cg-pro-api-key": "CG-sandboxdemokey"}, True, 10011),
    ],
)
def test_key_when_wrong_or_of_the_wrong_kind_then_401_in_one_of_the_two_shapes(
    ask: Any, headers: dict[str, str], nested: bool, code: int
) -> None:
    reply = ask("/coingecko/api/v3/ping", headers=headers)
    body = reply.json()["error"] if nested else reply.json()
    assert (reply.status_code, body["status"]["error_code"]) == (401, code)


def test_simple_price_when_an_id_is_unknown_then_silently_absent(ask: Any) -> None:
    body = ask.cg("/simple/price", ids="bitcoin,nope", vs_currencies="usd,zzz").json()
    assert list(body) == ["bitcoin"]
    assert list(body["bitcoin"]) == ["usd"]
    assert ask.cg("/simple/price", ids="nope", vs_currencies="usd").json() == {}


def test_simple_price_when_euros_are_asked_then_dollars_through_the_ecb_rate(ask: Any) -> None:
    body = ask.cg("/simple/price", ids="bitcoin", vs_currencies="usd,eur,btc,sats", precision="full").json()["bitcoin"]
    usd, eur = Decimal(repr(body["usd"])), Decimal(repr(body["eur"]))
    assert abs(usd / eur - Decimal("1.1624")) < Decimal("1E-9")
    assert (body["btc"], body["sats"]) == (1, 100_000_000)


def test_simple_price_when_extras_are_wanted_then_their_documented_names_and_seconds(ask: Any) -> None:
    flags = dict.fromkeys(
        ("include_market_cap", "include_24hr_vol", "include_24hr_change", "include_last_updated_at"), "true"
    )
    row = ask.cg("/simple/price", ids="ethereum", vs_currencies="usd", **flags).json()["ethereum"]
    assert list(row) == ["usd", "usd_market_cap", "usd_24h_vol", "usd_24h_change", "last_updated_at"]
    assert row["last_updated_at"] == NOW_MS // 1000


def test_simple_price_when_by_symbol_then_the_largest_or_all(ask: Any) -> None:
    assert list(ask.cg("/simple/price", symbols="bond", vs_currencies="usd").json()) == ["barnbridge"]
    both = ask.cg("/simple/price", symbols="bond", vs_currencies="usd", include_tokens="all").json()
    assert set(both) == {"barnbridge", "bonded-finance"}


def test_simple_price_when_a_coin_has_no_market_or_is_stale_then_missing_or_null_never_zero(ask: Any) -> None:
    body = ask.cg(
        "/simple/price", ids="unlaunched-protocol,bonded-finance", vs_currencies="usd", include_24hr_change="true"
    ).json()
    assert body["unlaunched-protocol"] == {}
    assert body["bonded-finance"]["usd"] > 0
    assert body["bonded-finance"]["usd_24h_change"] is None


def test_simple_price_when_dust_then_scientific_notation_and_precision_is_honoured(ask: Any) -> None:
    text = ask.cg("/simple/price", ids="pepe", vs_currencies="usd").text
    assert "e-06" in text
    body = json.loads(
        ask.cg("/simple/price", ids="ethereum", vs_currencies="usd", precision="1").text, parse_float=Decimal
    )
    assert -Decimal(body["ethereum"]["usd"]).as_tuple().exponent <= 1
    assert ask.cg("/simple/price", ids="ethereum", vs_currencies="usd", precision="19").status_code == 422


def test_pegged_coins_when_priced_then_near_what_they_follow(ask: Any) -> None:
    ids = "bitcoin,wrapped-bitcoin,bitcoin-avalanche-bridged-btc-b,tether,usd-coin"
    body = {
        k: Decimal(repr(v["usd"]))
        for k, v in ask.cg("/simple/price", ids=ids, vs_currencies="usd", precision="full").json().items()
    }
    for name in ("wrapped-bitcoin", "bitcoin-avalanche-bridged-btc-b"):
        assert Decimal("0.995") < body[name] / body["bitcoin"] < Decimal("1.005")
    for name in ("tether", "usd-coin"):
        assert Decimal("0.998") < body[name] < Decimal("1.002")


def test_coins_list_when_asked_then_sorted_unique_ids_with_clashing_symbols_and_no_retired_coin(ask: Any) -> None:
    rows = ask.cg("/coins/list").json()
    ids = [row["id"] for row in rows]
    assert ids == sorted(set(ids))
    assert "retired-coin" not in ids
    symbols = [row["symbol"] for row in rows]
    assert {s for s in symbols if symbols.count(s) > 1} == {"bond", "uni"}
    assert [row["id"] for row in ask.cg("/coins/list", status="inactive").json()] == ["retired-coin"]


@pytest.mark.parametrize("size", [7, 100, 250])
def test_coins_markets_when_paged_then_each_coin_once_by_rank(ask: Any, size: int) -> None:
    pages, ids = 0, []
    while True:
        page = ask.cg(
            "/coins/markets", vs_currency="usd", per_page=str(size), page=str(pages + 1), precision="2"
        ).json()
        ids += [row["id"] for row in page]
        pages += 1
        if len(page) < size or pages > 6:
            break
    assert len(ids) == len(set(ids))
    assert ids[:2] == ["bitcoin", "ethereum"]
    if size > 7:
        assert set(ids) == {row["id"] for row in ask.cg("/coins/list").json()}


def test_coins_markets_when_a_coin_has_no_market_then_every_number_is_null(ask: Any) -> None:
    row = ask.cg("/coins/markets", vs_currency="usd", ids="unlaunched-protocol").json()[0]
    nulls = {name for name, value in row.items() if value is None}
    assert {"current_price", "market_cap", "market_cap_rank", "high_24h", "price_change_percentage_24h", "ath"} <= nulls
    assert {"id", "symbol", "name", "image", "last_updated"} & nulls == set()


def test_coin_when_asked_then_market_data_is_keyed_by_currency(ask: Any) -> None:
    body = ask.cg("/coins/wrapped-bitcoin").json()
    assert body["asset_platform_id"] == "ethereum"
    assert body["platforms"]["ethereum"].startswith("0x")
    assert {"usd", "eur", "btc"} <= set(body["market_data"]["current_price"])
    assert "market_data" not in ask.cg("/coins/bitcoin", market_data="false").json()


@pytest.mark.parametrize("ident", ["nope", "retired-coin"])
def test_coin_when_unknown_or_retired_then_404(ask: Any, ident: str) -> None:
    for path in (f"/coins/{ident}", f"/coins/{ident}/ohlc", f"/coins/{ident}/market_chart"):
        reply = ask.cg(path, vs_currency="usd", days="7")
        assert (reply.status_code, reply.json()) == (404, {"error": "coin not found"})


@pytest.mark.parametrize(
    ("days", "step", "count"),
    [("1", 5 * MINUTE, 289), ("2", HOUR, 49), ("90", HOUR, 2161), ("91", DAY, 92), ("365", DAY, 366)],
)
def test_market_chart_when_the_span_grows_then_the_documented_granularity(
    ask: Any, days: str, step: int, count: int
) -> None:
    body = ask.cg("/coins/bitcoin/market_chart", vs_currency="usd", days=days).json()
    stamps = [row[0] for row in body["prices"]]
    assert len(stamps) == count
    assert stamps[-1] == NOW_MS
    assert {b - a for a, b in pairwise(stamps[:-1])} == {step}
    assert [row[0] for row in body["market_caps"]] == [row[0] for row in body["total_volumes"]] == stamps
    if step == DAY:
        assert all(stamp % DAY == 0 for stamp in stamps[:-1])


def test_market_chart_range_when_asked_then_both_ends_are_included(ask: Any) -> None:
    first, last = NOW_MS // 1000 - 86_400, NOW_MS // 1000 - 3_600
    body = ask.cg(
        "/coins/bitcoin/market_chart/range", vs_currency="usd", **{"from": str(first), "to": str(last)}
    ).json()
    assert (body["prices"][0][0], body["prices"][-1][0]) == (first * 1000, last * 1000)


@pytest.mark.parametrize(
    ("days", "step", "count"),
    [("1", 30 * MINUTE, 48), ("7", 4 * HOUR, 42), ("30", 4 * HOUR, 180), ("90", 4 * DAY, 22), ("365", 4 * DAY, 91)],
)
def test_ohlc_when_the_span_grows_then_finished_candles_of_the_documented_width(
    ask: Any, days: str, step: int, count: int
) -> None:
    rows = ask.cg("/coins/bitcoin/ohlc", vs_currency="usd", days=days).json()
    stamps = [row[0] for row in rows]
    assert abs(len(rows) - count) <= 1
    assert {b - a for a, b in pairwise(stamps)} == {step}
    assert NOW_MS - step < stamps[-1] <= NOW_MS
    assert all(low <= min(o, c) <= max(o, c) <= high for _, o, high, low, c in rows)


def test_ohlc_when_compared_with_the_chart_then_the_stamp_is_the_close(ask: Any) -> None:
    chart = dict(ask.cg("/coins/ethereum/market_chart", vs_currency="usd", days="1", precision="full").json()["prices"])
    rows = ask.cg("/coins/ethereum/ohlc", vs_currency="usd", days="1", precision="full").json()
    for stamp, opened, _, _, close in rows:
        assert close == chart[stamp]
        assert opened == chart.get(stamp - 30 * MINUTE, opened)


def test_history_when_the_date_is_day_first_then_that_midnight(ask: Any) -> None:
    price = ask.cg("/coins/bitcoin/history", date="05-10-2026").json()["market_data"]["current_price"]["usd"]
    chart = dict(ask.cg("/coins/bitcoin/market_chart", vs_currency="usd", days="180").json()["prices"])
    assert price == chart[1_791_158_400_000]  # 2026-10-05T00:00:00Z
    assert ask.cg("/coins/bitcoin/history", date="2026-10-05").status_code == 422


def test_history_when_older_than_a_year_then_10012_on_a_free_plan_and_an_answer_on_pro(ask: Any) -> None:
    for path, params in (
        ("/coins/bitcoin/history", {"date": "01-01-2020"}),
        ("/coins/bitcoin/market_chart", {"vs_currency": "usd", "days": "max"}),
        ("/coins/bitcoin/ohlc", {"vs_currency": "usd", "days": "max"}),
        ("/coins/bitcoin/market_chart/range", {"vs_currency": "usd", "from": "1577836800", "to": "1577923200"}),
    ):
        reply = ask.cg(path, **params)
        assert (reply.status_code, reply.json()["error"]["status"]["error_code"]) == (401, 10012)
        assert ask.cg(path, PRO, **params).status_code == 200


def test_search_when_a_ticker_clashes_then_all_of_them_in_capitals(ask: Any) -> None:
    coins = ask.cg("/search", query="bond").json()["coins"]
    assert [(c["id"], c["symbol"], c["market_cap_rank"] is None) for c in coins] == [
        ("barnbridge", "BOND", False),
        ("bonded-finance", "BOND", True),
    ]


def test_key_when_asked_then_only_for_pro(ask: Any) -> None:
    assert ask.cg("/key").json()["status"]["error_code"] == 10005
    assert ask.cg("/key", PRO).json()["rate_limit_request_per_minute"] == 500


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/nope", {}, 404),
        ("/simple/price", {"ids": "bitcoin"}, 422),
        ("/simple/price", {"vs_currencies": "usd"}, 422),
        ("/coins/markets", {}, 422),
        ("/coins/markets", {"vs_currency": "zzz"}, 422),
        ("/coins/bitcoin/ohlc", {"vs_currency": "usd", "days": "2"}, 422),
        ("/coins/bitcoin/market_chart", {"vs_currency": "usd", "days": "many"}, 422),
        ("/coins/bitcoin/market_chart", {"vs_currency": "usd", "days": "1", "interval": "hourly"}, 401),
    ],
)
def test_path_when_unknown_or_badly_asked_then_a_json_error(
    ask: Any, path: str, params: dict[str, str], status: int
) -> None:
    reply = ask.cg(path, **params)
    assert reply.status_code == status
    assert "error" in reply.json()
