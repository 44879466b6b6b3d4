"""Alpha Vantage's wire: strings, numbered keys, newest first, adjusted prices, CSV, and errors with HTTP 200."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from fin_infra.sandbox.vendors.alpha_vantage import routes

FREE = "SANDBOXFREEKEY000"


def _strings(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_strings(v) for v in value.values())
    return all(_strings(v) for v in value) if isinstance(value, list) else isinstance(value, str)


def _table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_global_quote_when_asked_then_consistent_strings_of_the_last_finished_session(ask: Any) -> None:
    quote = ask.av("GLOBAL_QUOTE", symbol="IBM").json()["Global Quote"]
    assert list(quote) == [
        "01. symbol", "02. open", "03. high", "04. low", "05. price", "06. volume", "07. latest trading day",
        "08. previous close", "09. change", "10. change percent",
    ]  # fmt: skip
    assert _strings(quote)
    assert quote["07. latest trading day"] == "2026-11-19"  # Friday's session is not over at 10:00 in New York
    price, previous = Decimal(quote["05. price"]), Decimal(quote["08. previous close"])
    assert Decimal(quote["09. change"]) == price - previous
    assert quote["10. change percent"] == f"{(price - previous) / previous * 100:.4f}%"
    assert Decimal(quote["04. low"]) <= min(price, Decimal(quote["02. open"]))
    assert Decimal(quote["03. high"]) >= max(price, Decimal(quote["02. open"]))


def test_global_quote_when_the_session_ends_then_the_new_day_and_the_old_close(ask: Any) -> None:
    before = ask.av("GLOBAL_QUOTE", symbol="IBM").json()["Global Quote"]
    ask.advance(hours=12)
    after = ask.av("GLOBAL_QUOTE", symbol="IBM").json()["Global Quote"]
    assert after["07. latest trading day"] == "2026-11-20"
    assert after["08. previous close"] == before["05. price"]
    assert after["05. price"] == "291.4000"  # the tradable_assets's price on the anchor day


def test_daily_when_compact_then_a_hundred_sessions_newest_first_that_agree_with_the_quote(ask: Any) -> None:
    body = ask.av("TIME_SERIES_DAILY", symbol="TSCO.LON").json()
    assert list(body) == ["Meta Data", "Time Series (Daily)"]
    assert list(body["Meta Data"]) == [
        "1. Information", "2. Symbol", "3. Last Refreshed", "4. Output Size", "5. Time Zone",
    ]  # fmt: skip
    days = list(body["Time Series (Daily)"])
    assert len(days) == 100
    assert days == sorted(days, reverse=True)
    assert all(date.fromisoformat(day).weekday() < 5 for day in days)
    quote = ask.av("GLOBAL_QUOTE", symbol="TSCO.LON").json()["Global Quote"]
    assert body["Time Series (Daily)"][days[0]]["4. close"] == quote["05. price"]
    assert body["Time Series (Daily)"][days[1]]["4. close"] == quote["08. previous close"]


def test_daily_when_full_then_twenty_years_and_the_compact_part_is_the_same(ask: Any) -> None:
    full = ask.av("TIME_SERIES_DAILY", symbol="AAPL", outputsize="full").json()["Time Series (Daily)"]
    compact = ask.av("TIME_SERIES_DAILY", symbol="AAPL").json()["Time Series (Daily)"]
    assert len(full) > 5000
    assert {day: full[day] for day in compact} == compact


def test_daily_adjusted_when_full_then_splits_and_dividends_explain_the_adjusted_close(ask: Any) -> None:
    text = ask.av("TIME_SERIES_DAILY_ADJUSTED", symbol="AAPL", outputsize="full", datatype="csv").text
    assert text.startswith("timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\r\n")
    rows = _table(text)
    splits = {row["timestamp"]: row["split_coefficient"] for row in rows if row["split_coefficient"] != "1.0"}
    assert splits == {"2020-08-31": "4.0", "2014-06-09": "7.0"}
    assert sum(row["dividend_amount"] != "0.0000" for row in rows) >= 80
    factor = Decimal(1)
    for row in rows:  # newest first; the vendor's own rule, see wire facts
        close, adjusted = Decimal(row["close"]), Decimal(row["adjusted_close"])
        assert abs(adjusted - close * factor) < Decimal("1E-9")
        paid = Decimal(row["dividend_amount"])
        factor = factor * close / (close + paid) / Decimal(row["split_coefficient"])


def test_daily_adjusted_when_json_then_volume_is_the_sixth_key(ask: Any) -> None:
    body = ask.av("TIME_SERIES_DAILY_ADJUSTED", symbol="KO").json()["Time Series (Daily)"]
    assert list(next(iter(body.values()))) == [
        "1. open", "2. high", "3. low", "4. close", "5. adjusted close", "6. volume", "7. dividend amount",
        "8. split coefficient",
    ]  # fmt: skip


@pytest.mark.parametrize("interval", ["1min", "5min", "15min", "30min", "60min"])
def test_intraday_when_regular_hours_then_bars_rebuild_the_daily_candle(ask: Any, interval: str) -> None:
    body = ask.av("TIME_SERIES_INTRADAY", symbol="IBM", interval=interval, outputsize="full", extended_hours="false",
                  month="2026-11", adjusted="false").json()  # fmt: skip
    series = body[f"Time Series ({interval})"]
    day = {stamp: bar for stamp, bar in series.items() if stamp.startswith("2026-11-19")}
    candle = ask.av("TIME_SERIES_DAILY", symbol="IBM").json()["Time Series (Daily)"]["2026-11-19"]
    stamps = list(day)
    assert stamps == sorted(stamps, reverse=True)
    assert stamps[-1] == "2026-11-19 09:30:00"
    assert day[stamps[-1]]["1. open"] == candle["1. open"]
    assert day[stamps[0]]["4. close"] == candle["4. close"]
    assert max(Decimal(bar["2. high"]) for bar in day.values()) == Decimal(candle["2. high"])
    assert min(Decimal(bar["3. low"]) for bar in day.values()) == Decimal(candle["3. low"])


def test_intraday_when_extended_then_from_four_to_eight_and_the_meta_has_an_interval(ask: Any) -> None:
    body = ask.av("TIME_SERIES_INTRADAY", symbol="IBM", interval="5min", outputsize="full").json()
    assert list(body["Meta Data"])[3:] == ["4. Interval", "5. Output Size", "6. Time Zone"]
    assert body["Meta Data"]["6. Time Zone"] == "US/Eastern"
    stamps = [stamp for stamp in body["Time Series (5min)"] if stamp.startswith("2026-11-19")]
    assert (stamps[0], stamps[-1], len(stamps)) == ("2026-11-19 19:55:00", "2026-11-19 04:00:00", 192)


def test_weekly_adjusted_csv_when_asked_then_the_header_has_spaces(ask: Any) -> None:
    header = ask.av("TIME_SERIES_WEEKLY_ADJUSTED", symbol="IBM", datatype="csv").text.split("\r\n")[0]
    assert header == "timestamp,open,high,low,close,adjusted close,volume,dividend amount"


def test_weekly_when_asked_then_the_week_is_the_sum_of_its_days(ask: Any) -> None:
    weekly = ask.av("TIME_SERIES_WEEKLY", symbol="IBM").json()["Weekly Time Series"]["2026-11-13"]
    daily = ask.av("TIME_SERIES_DAILY", symbol="IBM").json()["Time Series (Daily)"]
    days = [daily[f"2026-11-{n:02d}"] for n in (9, 10, 11, 12, 13)]
    assert weekly["1. open"] == days[0]["1. open"]
    assert weekly["4. close"] == days[4]["4. close"]
    assert int(weekly["5. volume"]) == sum(int(day["5. volume"]) for day in days)
    assert Decimal(weekly["2. high"]) == max(Decimal(day["2. high"]) for day in days)


def test_search_when_by_name_then_pence_are_gbx_and_the_order_is_by_score(ask: Any) -> None:
    rows = ask.av("SYMBOL_SEARCH", keywords="tesco").json()["bestMatches"]
    assert ("TSCO.LON", "GBX") in [(row["1. symbol"], row["8. currency"]) for row in rows]
    scores = [Decimal(row["9. matchScore"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert ask.av("SYMBOL_SEARCH", keywords="BA").json()["bestMatches"][0]["9. matchScore"] == "1.0000"
    assert ask.av("SYMBOL_SEARCH", keywords="qqqzzz").json() == {"bestMatches": []}


def test_the_same_company_when_in_two_currencies_then_worth_the_same(ask: Any) -> None:
    pence = Decimal(ask.av("GLOBAL_QUOTE", symbol="BATS.LON").json()["Global Quote"]["05. price"])
    dollars = Decimal(ask.av("GLOBAL_QUOTE", symbol="BTI").json()["Global Quote"]["05. price"])
    rates = ask("/ecb/stats/eurofxref/eurofxref-hist-90d.xml").text.split('time="2026-11-19"')[1]
    usd, gbp = (Decimal(re.search(rf'currency="{c}" rate="([\d.]+)"', rates)[1]) for c in ("USD", "GBP"))  # type: ignore[index]
    assert abs(pence / 100 / gbp * usd - dollars) < Decimal("0.02")


def test_exchange_rate_when_compared_with_the_ecb_then_equal_to_four_places(ask: Any) -> None:
    body = ask.av("CURRENCY_EXCHANGE_RATE", from_currency="EUR", to_currency="USD").json()
    rate = body["Realtime Currency Exchange Rate"]["5. Exchange Rate"]
    assert re.fullmatch(r"\d+\.\d{8}", rate)
    assert f"rate='{Decimal(rate):.4f}'" in ask("/ecb/stats/eurofxref/eurofxref-daily.xml").text


def test_exchange_rate_when_compared_with_coingecko_then_the_same_bitcoin(ask: Any) -> None:
    body = ask.av("CURRENCY_EXCHANGE_RATE", from_currency="BTC", to_currency="USD").json()
    coin = ask.cg("/simple/price", ids="bitcoin", vs_currencies="usd", precision="full").json()["bitcoin"]["usd"]
    assert abs(Decimal(body["Realtime Currency Exchange Rate"]["5. Exchange Rate"]) - Decimal(repr(coin))) < 1


def test_fx_daily_when_asked_then_five_decimals_without_volume(ask: Any) -> None:
    body = ask.av("FX_DAILY", from_symbol="EUR", to_symbol="USD").json()
    assert list(body["Meta Data"]) == [
        "1. Information", "2. From Symbol", "3. To Symbol", "4. Output Size", "5. Last Refreshed", "6. Time Zone",
    ]  # fmt: skip
    bar = next(iter(body["Time Series FX (Daily)"].values()))
    assert list(bar) == ["1. open", "2. high", "3. low", "4. close"]
    assert all(re.fullmatch(r"\d+\.\d{5}", price) for price in bar.values())


def test_fx_intraday_when_asked_then_a_hundred_bars_with_the_documented_meta(ask: Any) -> None:
    body = ask.av("FX_INTRADAY", from_symbol="EUR", to_symbol="USD", interval="5min").json()
    assert list(body["Meta Data"])[3:] == ["4. Last Refreshed", "5. Interval", "6. Output Size", "7. Time Zone"]
    stamps = list(body["Time Series FX (5min)"])
    assert (len(stamps), stamps[0]) == (100, "2026-11-20 14:55:00")


def test_overview_when_asked_then_flat_strings_with_words_for_missing_numbers(ask: Any) -> None:
    body = ask.av("OVERVIEW", symbol="AMZN").json()
    assert _strings(body)
    assert (body["DividendPerShare"], body["PERatio"]) == ("None", "-")
    assert ask.av("OVERVIEW", symbol="ZZZZ").json() == {}


def test_market_status_when_friday_ten_in_new_york_then_open(ask: Any) -> None:
    states = {row["region"]: row["current_status"] for row in ask.av("MARKET_STATUS").json()["markets"]}
    assert states == {"United States": "open", "United Kingdom": "open", "Germany": "open", "Hong Kong": "closed"}


@pytest.mark.parametrize(
    ("query", "key", "text"),
    [
        ("function=GLOBAL_QUOTE&symbol=IBM", "Error Message", "apikey is invalid or missing"),
        ("function=GLOBAL_QUOTE&symbol=IBM&apikey=x", "Error Message", "apikey is invalid or missing"),
        ("function=NOPE&apikey={}", "Error Message", "This API function (NOPE) does not exist."),
        ("function=TIME_SERIES_DAILY&symbol=ZZZ&apikey={}", "Error Message", "Invalid API call"),
        ("function=TIME_SERIES_DAILY&symbol=ZZZ&datatype=csv&apikey={}", "Error Message", "Invalid API call"),
        ("function=TIME_SERIES_DAILY&apikey={}", "Error Message", "for TIME_SERIES_DAILY."),
        ("function=TIME_SERIES_INTRADAY&symbol=IBM&interval=2min&apikey={}", "Error Message", "Invalid API call"),
        ("function=CURRENCY_EXCHANGE_RATE&from_currency=ZZZ&to_currency=USD&apikey={}", "Error Message", "Invalid"),
        ("function=TIME_SERIES_DAILY_ADJUSTED&symbol=IBM&apikey={}", "Information", "premium endpoint"),
        ("function=TIME_SERIES_DAILY&symbol=IBM&outputsize=full&apikey={}", "Information", "premium endpoint"),
    ],
)
def test_query_when_wrong_then_200_with_the_vendors_single_key(ask: Any, query: str, key: str, text: str) -> None:
    reply = ask(f"/alpha-vantage/query?{query.format(FREE)}")
    assert reply.status_code == 200
    assert list(reply.json()) == [key]
    assert text in reply.json()[key]


def test_global_quote_when_the_symbol_is_unknown_then_an_empty_quote(ask: Any) -> None:
    assert ask.av("GLOBAL_QUOTE", symbol="ZZZ").json() == {"Global Quote": {}}


def test_bulk_when_the_key_is_free_then_a_refusal_beside_rows_that_nobody_asked_for(ask: Any) -> None:
    body = ask(f"/alpha-vantage/query?function=REALTIME_BULK_QUOTES&symbol=NVDA&apikey={FREE}").json()
    assert list(body) == ["endpoint", "message", "data"]
    assert body["message"] == (
        "This is a premium endpoint. ***THE SAMPLE DATA SCHEMA BELOW IS ARTIFICIAL AND FOR ILLUSTRATION PURPOSES "
        "ONLY***."
    )
    assert [row["symbol"] for row in body["data"]] == ["MSFT", "AAPL", "IBM"]
    paid = ask.av("REALTIME_BULK_QUOTES", symbol="NVDA").json()
    assert (paid["message"], [row["symbol"] for row in paid["data"]]) == ("success", ["NVDA"])


def test_path_when_unknown_then_a_404_page(ask: Any) -> None:
    reply = ask("/alpha-vantage/quotes")
    assert (reply.status_code, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_quotas_when_switched_on_then_burst_then_the_daily_note_with_the_key_in_it(ask: Any, monkeypatch: Any) -> None:
    seconds = iter(range(0, 1000, 2))
    clock = SimpleNamespace(monotonic=lambda: next(seconds))  # time.monotonic itself is the clock of every event loop
    monkeypatch.setattr(routes, "time", clock)
    ask("/_sandbox/quotas", "POST", json={"enforce": True})
    for _ in range(25):
        assert "Global Quote" in ask.av("GLOBAL_QUOTE", symbol="IBM").json()
    assert "your API key as SANDBOXDEMOKEY000" in ask.av("GLOBAL_QUOTE", symbol="IBM").json()["Information"]
    ask.advance(days=1)
    assert "Global Quote" in ask.av("GLOBAL_QUOTE", symbol="IBM").json()
    clock.monotonic = lambda: 5000
    ask.av("GLOBAL_QUOTE", symbol="IBM")
    assert "1 request per second" in ask.av("GLOBAL_QUOTE", symbol="IBM").json()["Information"]
