"""Public recordings of Alpha Vantage: each file gives values checked by hand, or a typed refusal."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import UnexpectedPayload
from fin_infra.model import Adjustment, CandleSeries, InstrumentKey, Interval
from fin_infra.providers.market.alpha_vantage import market_data, payloads
from fin_infra.providers.market.alpha_vantage.market_data import Wanted
from fin_infra.providers.market.alpha_vantage.payloads import USD
from fin_infra.providers.market.alpha_vantage.symbols import SPELLING
from fin_infra.providers.windows import Window
from fin_infra.transport import Reply

D = Decimal
S = "market:alpha_vantage"
NOW = datetime(2026, 11, 20, 22, tzinfo=UTC)
FX = {"function": "FX_DAILY", "from_symbol": "EUR", "to_symbol": "AUD"}
IBM, MSFT = InstrumentKey("US", "IBM"), InstrumentKey("US", "MSFT")
CHECKED = {
    "CURRENCY_EXCHANGE_RATE.json", "GLOBAL_QUOTE_MSFT.json", "GLOBAL_QUOTE_db7544f0.csv", "INTRADAY_EXTENDED.csv",
    "LISTING_STATUS_42ba3c24.csv", "MARKET_STATUS_b3880d61.json", "OVERVIEW_IBM.json", "OVERVIEW_b1e86153.json",
    "OVERVIEW_java.json", "SYMBOL_SEARCH_BA.json", "SYMBOL_SEARCH_c3e00cd4.csv", "TIME_SERIES_DAILY_42a08190.csv",
    "TIME_SERIES_DAILY_ADJUSTED_572d0539.csv", "TIME_SERIES_INTRADAY_1min_MSFT.json",
    "TIME_SERIES_INTRADAY_3dbdcdc7.csv", "asm_currency_exchange_rate.json", "asm_time_series_daily.json",
    "asm_time_series_intraday_1min.json", "ph_eur-aud-partial.json", "ph_ibm-partial.json", "ph_physical-partial.csv",
}  # fmt: skip


@pytest.fixture
def sample(samples: Path) -> Any:
    def read(name: str) -> Reply:
        return Reply(200, (samples / "alphavantage" / name).read_bytes())

    return read


def candles(
    reply: Reply,
    key: InstrumentKey = IBM,
    interval: Interval = Interval.DAY_1,
    adjustment: Adjustment = Adjustment.RAW,
    csv_zone: str | None = None,
) -> CandleSeries:
    zone = "UTC" if key.is_fx else "America/New_York"
    asked = {"function": "TIME_SERIES_DAILY", "symbol": SPELLING.write(key)} if not key.is_fx else FX
    if interval is not Interval.DAY_1:
        asked |= {"function": "TIME_SERIES_INTRADAY", "interval": interval.value}
    table = market_data.table(reply, asked, csv_zone)
    return market_data.candles([table], Wanted(S, key, interval, adjustment, USD, Window(None, None), zone))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year to minute


def test_folder_when_read_then_each_file_has_a_test_here(samples: Path) -> None:
    assert {file.name for file in (samples / "alphavantage").iterdir()} <= CHECKED


def test_exchange_rate_when_old_without_bid_then_none(sample: Any) -> None:
    rate = payloads.fx_rate(sample("CURRENCY_EXCHANGE_RATE.json"), "BTC", "CNY", S)
    assert (rate.rate, rate.bid, rate.ask) == (D("109631.43060700"), None, None)
    assert rate.as_of.replace(microsecond=0) == utc(2017, 12, 20, 19, 23).replace(second=21)
    rate = payloads.fx_rate(sample("asm_currency_exchange_rate.json"), "EUR", "USD", S)
    assert (rate.rate, rate.date) == (D("1.16665014"), date(2018, 6, 23))


def test_quote_when_json_or_csv_then_same_fields(sample: Any) -> None:
    old = payloads.global_quote(sample("GLOBAL_QUOTE_MSFT.json"), MSFT)
    quote = payloads.quote(old, MSFT, USD, S, NOW)
    assert (quote.price, quote.open, quote.high, quote.low) == (D("112.13"), D("112.63"), D("113.17"), D("110.64"))
    assert (quote.volume, quote.trading_day, quote.previous_close) == (29062853, date(2018, 10, 5), D("112.79"))
    assert (str(quote.change), f"{quote.change_percent}%") == ("-0.6600", "-0.5852%")  # as the vendor says
    new = payloads.global_quote(sample("GLOBAL_QUOTE_db7544f0.csv"), IBM)
    quote = payloads.quote(new, IBM, USD, S, NOW)
    assert (quote.price, quote.volume, quote.trading_day) == (D("219.3000"), 6154450, date(2026, 5, 15))
    assert (quote.previous_close, quote.as_of) == (D("218.37"), utc(2026, 5, 15, 20))


def test_daily_when_csv_then_oldest_first(sample: Any) -> None:
    series = candles(sample("TIME_SERIES_DAILY_42a08190.csv"), csv_zone="US/Eastern")
    assert len(series.candles) == 100
    last = series.candles[-1]
    assert (last.start, last.open, last.high) == (utc(2026, 5, 15, 4), D("218.2"), D("220.91"))
    assert (last.low, last.close, last.volume) == (D("217.615"), D("219.3"), 6154450)
    assert series.candles[0].start < last.start


def test_daily_when_csv_and_no_zone_then_refused(sample: Any) -> None:
    with pytest.raises(UnexpectedPayload, match="time zone"):
        candles(sample("TIME_SERIES_DAILY_42a08190.csv"))


def test_daily_when_adjusted_csv_then_dividend_day_and_scaled_bar(sample: Any) -> None:
    raw = candles(sample("TIME_SERIES_DAILY_ADJUSTED_572d0539.csv"), csv_zone="US/Eastern").candles
    assert (raw[-6].start, raw[-6].dividend, raw[-6].split) == (utc(2026, 5, 8, 4), D("1.69"), 1)
    assert raw[-7].close == D("231.31")
    how = Adjustment.SPLITS_AND_DIVIDENDS
    series = candles(sample("TIME_SERIES_DAILY_ADJUSTED_572d0539.csv"), adjustment=how, csv_zone="US/Eastern")
    bar = series.candles[-7]
    assert (bar.start, bar.close) == (utc(2026, 5, 7, 4), D("229.62102225102612"))
    # 231.82 * 229.62102225102612 / 231.31 = 230.1272983365737...
    assert bar.high == D("230.12729833657375")
    assert series.candles[-1].open == D("218.2")


def test_daily_when_json_then_values(sample: Any) -> None:
    series = candles(sample("asm_time_series_daily.json"), MSFT)
    last = series.candles[-1]
    assert (last.start, last.open, last.close) == (utc(2018, 6, 8, 4), D("101.0924"), D("101.63"))
    assert (last.volume, series.as_of) == (22165128, utc(2018, 6, 8, 20))


def test_daily_when_recording_lacks_adjusted_close_then_raw_only(sample: Any) -> None:
    series = candles(sample("ph_ibm-partial.json"))
    last = series.candles[-1]
    assert (last.start, last.close, last.volume) == (utc(2021, 1, 11, 5), D("128.58"), None)
    with pytest.raises(UnexpectedPayload, match="adjusted close"):
        candles(sample("ph_ibm-partial.json"), adjustment=Adjustment.SPLITS_AND_DIVIDENDS)


def test_intraday_when_json_then_instants(sample: Any) -> None:
    series = candles(sample("TIME_SERIES_INTRADAY_1min_MSFT.json"), MSFT, Interval.MIN_1)
    last = series.candles[-1]
    assert (last.start, last.close, last.volume) == (utc(2017, 12, 18, 19, 56), D("86.5"), 10494)
    series = candles(sample("asm_time_series_intraday_1min.json"), MSFT, Interval.MIN_1)
    assert (series.candles[-1].start, series.candles[-1].volume) == (utc(2018, 6, 1, 20), 4129781)


def test_intraday_when_csv_then_instants(sample: Any) -> None:
    series = candles(sample("TIME_SERIES_INTRADAY_3dbdcdc7.csv"), IBM, Interval.MIN_5, csv_zone="US/Eastern")
    last = series.candles[-1]
    assert (last.start, last.open, last.volume) == (utc(2026, 5, 15, 23, 55), D("219.03"), 158)
    assert len(series.candles) == 100


def test_fx_when_json_then_utc_days_without_volume(sample: Any) -> None:
    series = candles(sample("ph_eur-aud-partial.json"), InstrumentKey("FX", "EURAUD"))
    last = series.candles[-1]
    assert (last.start, last.open, last.close) == (utc(2021, 1, 11), D("1.57496"), D("1.57823"))
    assert (last.volume, series.as_of) == (None, utc(2021, 7, 27, 11, 35))


def test_search_when_json_or_csv_then_keys(sample: Any) -> None:
    hits = payloads.matches(sample("SYMBOL_SEARCH_BA.json"), S)
    assert [str(hit.key) for hit in hits[:4]] == ["US:BA", "US:BABA", "US:BSVN", "XHKG:6190"]
    assert (hits[0].score, hits[3].currency, hits[3].region) == (1, "HKD", "Hong Kong")
    tesco, otc, _, frankfurt, _ = payloads.matches(sample("SYMBOL_SEARCH_c3e00cd4.csv"), S)
    assert (str(tesco.key), tesco.currency, tesco.unit, tesco.score) == ("XLON:TSCO", "GBP", "GBX", D("0.7273"))
    assert (str(otc.key), str(frankfurt.key)) == ("US:TSCDF", "XFRA:TCO2")


def test_overview_when_recorded_then_figures(sample: Any) -> None:
    new = payloads.overview(sample("OVERVIEW_b1e86153.json"), IBM, S)
    assert (new.market_cap, new.eps, new.beta) == (D("206116848000"), D("11.29"), D("0.581"))
    assert (new.high_52_weeks, new.ex_dividend_date, new.cik) == (D("320.7"), date(2026, 5, 8), "51143")
    old = payloads.overview(sample("OVERVIEW_IBM.json"), IBM, S)
    assert (old.pe_ratio, old.dividend_yield, old.cik) == (D("14.1327"), D("0.0529"), None)
    java = payloads.overview(sample("OVERVIEW_java.json"), IBM, S)
    assert (java.book_value, java.latest_quarter) == (D("24.79"), date(2021, 9, 30))


@pytest.mark.parametrize(
    "name",
    [
        "INTRADAY_EXTENDED.csv",  # a function that is gone; its stamps were the ends of bars
        "LISTING_STATUS_42ba3c24.csv",
        "MARKET_STATUS_b3880d61.json",
        "ph_physical-partial.csv",
    ],
)
def test_other_functions_when_taken_for_ours_then_refused(sample: Any, name: str) -> None:
    for parse in (
        lambda reply: market_data.table(reply, "US/Eastern"),
        lambda reply: payloads.global_quote(reply, IBM),
        lambda reply: payloads.matches(reply, S),
    ):
        with pytest.raises(UnexpectedPayload):
            parse(sample(name))
