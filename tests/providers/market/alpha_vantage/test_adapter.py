"""Operations of the Alpha Vantage adapter in both modes, against fixtures with numbers worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from fin_infra.errors import (
    InvalidInput,
    NaiveTime,
    NotCovered,
    PermissionDenied,
    RateLimited,
    UnexpectedPayload,
    UnknownSymbol,
)
from fin_infra.model import Adjustment, InstrumentKey, Interval
from fin_infra.normalize import trading_date
from fin_infra.providers.market.alpha_vantage import symbols
from fin_infra.providers.market.alpha_vantage.adapter import UNITS_KEPT_S
from fin_infra.transport import Reply, Request

D = Decimal
IBM = InstrumentKey("XNYS", "IBM")
TESCO = InstrumentKey("XLON", "TSCO")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year to minute


# quote


def test_quote_when_us_listing_then_dollars_in_one_call(vendor: Any) -> None:
    quote = vendor.quote(IBM)
    assert (quote.price, quote.currency, quote.unit) == (D("291.4000"), "USD", "USD")
    assert (quote.open, quote.high, quote.low) == (D("290.0000"), D("293.5000"), D("289.1000"))
    assert (quote.previous_close, quote.volume) == (D("288.2500"), D("3456789"))
    assert quote.trading_day == date(2026, 11, 20)
    assert quote.as_of == utc(2026, 11, 20, 21)  # the close in New York
    assert (quote.key, quote.source) == (IBM, "market:alpha_vantage")
    assert quote.raw["05. price"] == "291.4000"
    assert (quote.meta.operation, quote.meta.attempts) == ("quote", 1)
    assert vendor.asked == [{"function": "GLOBAL_QUOTE", "symbol": "IBM", "datatype": "json"}]


def test_quote_when_share_class_then_asked_with_hyphen(vendor: Any) -> None:
    quote = vendor.quote(InstrumentKey("XNYS", "BRK.B"))
    assert (str(quote.key), quote.price) == ("XNYS:BRK.B", D("504.0000"))
    assert vendor.asked[0]["symbol"] == "BRK-B"


def test_quote_when_london_then_pence_become_pounds_exactly(vendor: Any) -> None:
    quote = vendor.quote(TESCO)
    assert (quote.price, quote.currency, quote.unit) == (D("4.466"), "GBP", "GBX")
    assert (quote.open, quote.previous_close) == (D("4.44"), D("4.45"))
    assert quote.volume == 12345678
    assert quote.as_of == utc(2026, 11, 20, 16, 30)  # the close in London


def test_quote_when_london_twice_then_unit_is_searched_once(vendor: Any) -> None:
    vendor.quote(TESCO)
    vendor.quote(TESCO)
    assert [params["function"] for params in vendor.asked] == ["GLOBAL_QUOTE", "SYMBOL_SEARCH", "GLOBAL_QUOTE"]


def test_quote_when_search_names_no_currency_then_no_guess(vendor: Any) -> None:
    with pytest.raises(UnexpectedPayload, match=r"no currency for ORPH\.LON"):
        vendor.quote(InstrumentKey("XLON", "ORPH"))


def test_quote_when_delayed_root_then_read(vendor: Any) -> None:
    assert vendor.quote(InstrumentKey("US", "LATE")).price == D("1.5000")


def test_quote_when_empty_object_then_unknown_symbol(vendor: Any) -> None:
    with pytest.raises(UnknownSymbol, match=r"US:NOPE.*search\(\)"):
        vendor.quote(InstrumentKey("US", "NOPE"))


def test_quote_when_answer_is_about_another_symbol_then_refused(vendor: Any) -> None:
    with pytest.raises(UnexpectedPayload, match="another instrument than US:OTHER"):
        vendor.quote(InstrumentKey("US", "OTHER"))


def test_quote_when_price_is_zero_then_error_and_no_price(vendor: Any) -> None:
    with pytest.raises(UnexpectedPayload, match="'price'"):
        vendor.quote(InstrumentKey("US", "ZERO"))


@pytest.mark.parametrize("key", ["XTKS:7203", "FX:EURUSD", "CRYPTO:bitcoin"])
def test_quote_when_vendor_has_no_spelling_then_refused_before_asking(vendor: Any, key: str) -> None:
    with pytest.raises(NotCovered):
        vendor.quote(InstrumentKey.parse(key))
    assert vendor.asked == []


def test_quote_when_field_is_missing_then_error_names_it(scripted: Any) -> None:
    body = b'{"Global Quote": {"01. symbol": "IBM", "07. latest trading day": "2026-11-20"}}'
    with pytest.raises(UnexpectedPayload, match="'price'"):
        scripted(body).quote(IBM)


# quotes


def test_quotes_when_premium_then_order_of_keys(vendor: Any) -> None:
    brk, ibm, again = vendor.quotes([InstrumentKey("US", "BRK.B"), IBM, IBM])
    assert (brk.price, ibm.price, again.price) == (D("504.12"), D("247.31"), D("247.31"))
    assert (ibm.key, ibm.open, ibm.previous_close) == (IBM, D("246.21"), D("258.24"))
    assert ibm.as_of == utc(2026, 11, 19, 21)  # the close, whose price it is
    assert ibm.trading_day == date(2026, 11, 19)
    assert len(vendor.asked) == 1


def test_quotes_when_one_is_missing_then_it_is_named(vendor: Any) -> None:
    quotes = vendor.quotes([IBM, InstrumentKey("US", "NOPE")])
    assert [quote.key for quote in quotes] == [IBM]
    (error,) = quotes.errors
    assert (str(error.key), error.code) == ("US:NOPE", "fin.unknown_symbol")


def test_quotes_when_price_is_blank_then_error(vendor: Any) -> None:
    with pytest.raises(UnexpectedPayload, match="'close'"):
        vendor.quotes([InstrumentKey("US", "VOID")])


def test_quotes_when_no_keys_then_empty_without_a_call(vendor: Any) -> None:
    assert vendor.quotes([]) == []
    assert vendor.asked == []


def bulk_reply(request: Request) -> Reply:
    symbols = dict(request.params)["symbol"].split(",")
    rows = [{"symbol": symbol, "timestamp": "2026-11-19 16:00:00.000", "close": "1.5"} for symbol in symbols]
    return Reply(200, msgspec.json.encode({"message": "success", "data": rows}))


def test_quotes_when_more_than_a_hundred_then_several_calls(make: Any) -> None:
    keys = [InstrumentKey("US", f"S{n}") for n in range(150)]
    vendor = make(bulk_reply)
    assert [quote.key for quote in vendor.quotes(keys)] == keys
    assert [params["symbol"].count(",") + 1 for params in vendor.asked] == [100, 50]


# daily candles


def test_candles_when_daily_raw_then_oldest_first_at_midnight_new_york(vendor: Any) -> None:
    series = vendor.candles(IBM, start=utc(2026, 1, 1))
    assert [candle.start for candle in series.candles] == [
        utc(2026, 3, 6, 5),  # EST
        utc(2026, 3, 9, 4),  # EDT, after the clocks went forward on 2026-03-08
        utc(2026, 3, 10, 4),
    ]
    first = series.candles[0]
    assert (first.open, first.high, first.low, first.close) == (D("238.5"), D("240.75"), D("237.25"), D("240"))
    assert (first.volume, first.dividend, first.split) == (3900000, None, None)
    assert (series.currency, series.unit, series.adjustment) == ("USD", "USD", Adjustment.RAW)
    assert series.as_of == utc(2026, 3, 10, 20)
    assert series.raw["2. Symbol"] == "IBM"


def test_candles_when_window_then_half_open(vendor: Any) -> None:
    series = vendor.candles(IBM, start=utc(2026, 3, 6, 5), end=utc(2026, 3, 10, 4))
    assert [candle.close for candle in series.candles] == [D("240"), D("241")]


def test_candles_when_london_then_pounds_and_midnight_in_london(vendor: Any) -> None:
    series = vendor.candles(TESCO, start=utc(2026, 1, 1))
    assert (series.currency, series.unit) == ("GBP", "GBX")
    assert [candle.start for candle in series.candles] == [utc(2026, 3, 27), utc(2026, 3, 29, 23)]  # BST from 29 March
    assert series.candles[1].high == D("4.466")


def test_candles_when_adjusted_then_bar_is_scaled_and_close_is_the_vendors(vendor: Any) -> None:
    series = vendor.candles(
        InstrumentKey("US", "SPLT"), adjustment=Adjustment.SPLITS_AND_DIVIDENDS, start=utc(2026, 1, 1)
    )
    before, split_day, dividend_day = series.candles
    # 100.98 / 204 = 0.495; the row prints two decimals, so the high of 104.1975 becomes 104.20
    assert (before.open, before.high, before.low, before.close) == (D("99.00"), D("104.20"), D("98.01"), D("100.98"))
    assert str(before.high) == "104.20"
    assert (before.split, before.dividend, before.volume) == (1, 0, 900000)
    # 101.97 / 103 = 0.99
    assert (split_day.open, split_day.high, split_day.low) == (D("100.98"), D("102.96"), D("99.99"))
    assert split_day.split == 2
    assert (dividend_day.open, dividend_day.close, dividend_day.dividend) == (D("101.0"), D("102.0"), D("1.03"))


def test_candles_when_adjusted_close_is_missing_then_error(scripted: Any) -> None:
    body = {
        "Meta Data": {"3. Last Refreshed": "2026-03-06", "5. Time Zone": "US/Eastern"},
        "Time Series (Daily)": {"2026-03-06": {"1. open": "1", "2. high": "1", "3. low": "1", "4. close": "1"}},
    }
    with pytest.raises(UnexpectedPayload, match="'adjusted close'"):
        scripted(msgspec.json.encode(body)).candles(IBM, adjustment=Adjustment.SPLITS_AND_DIVIDENDS)


def test_candles_when_weekly_then_start_on_monday_and_no_output_size(vendor: Any) -> None:
    series = vendor.candles(IBM, interval=Interval.WEEK_1)
    assert [candle.start for candle in series.candles] == [utc(2026, 3, 2, 5), utc(2026, 3, 9, 4)]
    assert "outputsize" not in vendor.asked[0]


@pytest.mark.parametrize("interval", [Interval.HOUR_4, Interval.DAY_4])
def test_candles_when_interval_is_not_offered_then_text_lists_those_that_are(vendor: Any, interval: Interval) -> None:
    with pytest.raises(InvalidInput, match="take 1d, 1wk, 1mo, 1min"):
        vendor.candles(IBM, interval=interval)


def test_candles_when_splits_only_then_refused(vendor: Any) -> None:
    with pytest.raises(InvalidInput, match="raw or splits_and_dividends"):
        vendor.candles(IBM, adjustment=Adjustment.SPLITS)


def test_candles_when_start_is_naive_then_refused(vendor: Any) -> None:
    with pytest.raises(NaiveTime):
        vendor.candles(IBM, start=datetime(2026, 1, 1))  # noqa: DTZ001  # the fault under test


def test_candles_when_window_is_empty_then_refused(vendor: Any) -> None:
    with pytest.raises(InvalidInput, match="start must lie before end"):
        vendor.candles(IBM, start=utc(2026, 1, 2), end=utc(2026, 1, 2))


# how much is asked for


def daily(newest: date, count: int) -> bytes:
    days = [newest - timedelta(days=n) for n in range(count)]
    row = {"1. open": "1.0", "2. high": "2.0", "3. low": "0.5", "4. close": "1.5", "5. volume": "10"}
    meta = {"3. Last Refreshed": newest.isoformat(), "5. Time Zone": "US/Eastern"}
    return msgspec.json.encode({"Meta Data": meta, "Time Series (Daily)": {day.isoformat(): row for day in days}})


def ago(days: int) -> datetime:
    return datetime.combine(datetime.now(UTC).date() - timedelta(days=days), time(), UTC)


def test_candles_when_no_window_then_compact(scripted: Any) -> None:
    vendor = scripted(daily(date(2026, 3, 6), 100))
    assert len(vendor.candles(IBM).candles) == 100
    assert [params["outputsize"] for params in vendor.asked] == ["compact"]


def test_candles_when_window_is_near_and_covered_then_compact_is_enough(scripted: Any) -> None:
    vendor = scripted(daily(ago(0).date(), 100))
    assert len(vendor.candles(IBM, start=ago(30)).candles) in (30, 31)
    assert [params["outputsize"] for params in vendor.asked] == ["compact"]


def test_candles_when_compact_does_not_reach_the_start_then_full(scripted: Any) -> None:
    vendor = scripted(daily(ago(0).date(), 100), daily(ago(0).date(), 400))
    series = vendor.candles(IBM, start=ago(120))
    assert [params["outputsize"] for params in vendor.asked] == ["compact", "full"]
    assert len(series.candles) in (120, 121)


def test_candles_when_compact_holds_the_whole_history_then_no_second_call(scripted: Any) -> None:
    vendor = scripted(daily(ago(0).date(), 20))
    assert len(vendor.candles(IBM, start=ago(120)).candles) == 20
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("window", [{"start": utc(2020, 1, 1)}, {"end": utc(2020, 1, 1)}])
def test_candles_when_window_is_far_then_full_at_once(scripted: Any, window: dict[str, datetime]) -> None:
    vendor = scripted(daily(ago(0).date(), 400))
    vendor.candles(IBM, **window)
    assert [params["outputsize"] for params in vendor.asked] == ["full"]


# intraday candles


def test_candles_when_intraday_in_march_then_clock_change_is_followed(vendor: Any) -> None:
    series = vendor.candles(IBM, interval=Interval.HOUR_1, start=utc(2026, 3, 2), end=utc(2026, 3, 14))
    assert [candle.start for candle in series.candles] == [utc(2026, 3, 6, 14), utc(2026, 3, 9, 13)]
    assert vendor.asked == [
        {
            "function": "TIME_SERIES_INTRADAY",
            "symbol": "IBM",
            "interval": "60min",
            "adjusted": "false",
            "extended_hours": "false",
            "outputsize": "full",
            "month": "2026-03",
            "datatype": "json",
        }
    ]


def test_candles_when_intraday_over_two_months_then_a_call_each_and_clock_change_is_followed(vendor: Any) -> None:
    series = vendor.candles(IBM, interval=Interval.HOUR_1, start=utc(2026, 10, 26), end=utc(2026, 11, 4))
    assert [candle.start for candle in series.candles] == [utc(2026, 10, 30, 13), utc(2026, 11, 2, 14)]
    assert [params["month"] for params in vendor.asked] == ["2026-10", "2026-11"]
    assert series.as_of == utc(2026, 11, 2, 15)


def test_candles_when_intraday_adjusted_then_the_vendor_adjusts(vendor: Any) -> None:
    series = vendor.candles(
        IBM,
        interval=Interval.HOUR_1,
        adjustment=Adjustment.SPLITS_AND_DIVIDENDS,
        start=utc(2026, 3, 2),
        end=utc(2026, 3, 14),
    )
    assert [candle.close for candle in series.candles] == [D("240.15")]
    assert vendor.asked[0]["adjusted"] == "true"


def test_candles_when_meta_but_no_series_then_empty(vendor: Any) -> None:
    series = vendor.candles(IBM, interval=Interval.HOUR_1, start=utc(2026, 4, 2), end=utc(2026, 4, 3))
    assert series.candles == ()


def test_candles_when_intraday_and_no_window_then_newest_hundred(scripted: Any) -> None:
    vendor = scripted(b'{"Meta Data": {"3. Last Refreshed": "", "6. Time Zone": "US/Eastern"}}')
    vendor.candles(IBM, interval=Interval.MIN_1)
    assert vendor.asked[0]["outputsize"] == "compact"
    assert "month" not in vendor.asked[0]


def test_candles_when_intraday_has_only_an_end_then_start_is_asked_for(vendor: Any) -> None:
    with pytest.raises(InvalidInput, match="need a start"):
        vendor.candles(IBM, interval=Interval.MIN_5, end=utc(2026, 3, 14))


def test_candles_when_intraday_over_years_then_refused_before_asking(vendor: Any) -> None:
    with pytest.raises(InvalidInput, match="at most 12 months"):
        vendor.candles(IBM, interval=Interval.MIN_5, start=utc(2024, 1, 15), end=utc(2026, 3, 14))
    assert vendor.asked == []


@pytest.mark.parametrize("stamp", ["2026-03-08 02:30:00", "2026-11-01 01:30:00", "2026-02-30 10:00:00", "1 March"])
def test_candles_when_stamp_has_no_single_instant_then_refused(scripted: Any, stamp: str) -> None:
    row = {"1. open": "1", "2. high": "1", "3. low": "1", "4. close": "1"}
    body = {
        "Meta Data": {"3. Last Refreshed": "2026-11-02", "6. Time Zone": "US/Eastern"},
        "Time Series (5min)": {stamp: row},
    }
    with pytest.raises(UnexpectedPayload, match="'timestamp'"):
        scripted(msgspec.json.encode(body)).candles(IBM, interval=Interval.MIN_5)


# search and overview


@pytest.mark.parametrize("unit", ["XXX", "XTS", "gold", "", "None"])
def test_quote_when_the_unit_is_no_money_then_no_price(scripted: Any, unit: str) -> None:
    quote = {"01. symbol": "TSCO.LON", "05. price": "446.6", "07. latest trading day": "2026-11-20"}
    search = {"bestMatches": [{"1. symbol": "TSCO.LON", "2. name": "Tesco", "8. currency": unit}]}
    vendor = scripted(msgspec.json.encode({"Global Quote": quote}), msgspec.json.encode(search))
    with pytest.raises(UnexpectedPayload, match="currency"):
        vendor.quote(TESCO)


def test_quote_when_a_day_has_passed_then_the_unit_is_searched_again(vendor: Any) -> None:
    vendor.quote(TESCO)
    vendor.transport.now += UNITS_KEPT_S
    vendor.quote(TESCO)
    assert [params["function"] for params in vendor.asked].count("SYMBOL_SEARCH") == 1
    vendor.transport.now += 1
    vendor.quote(TESCO)
    assert [params["function"] for params in vendor.asked].count("SYMBOL_SEARCH") == 2


@pytest.mark.parametrize("name", ["None", "-", "", "N/A", None])
def test_overview_when_a_text_is_a_word_for_missing_then_none_and_the_symbol_for_the_name(
    scripted: Any, name: str | None
) -> None:
    body = {"Symbol": "IBM", "Name": name, "Sector": name, "Country": name, "52WeekHigh": "0", "52WeekLow": "0.00"}
    facts = scripted(msgspec.json.encode({**body, "Currency": "USD"})).overview(IBM)
    assert (facts.name, facts.sector, facts.country) == ("IBM", None, None)
    assert (facts.high_52_weeks, facts.low_52_weeks) == (None, None)


def test_series_when_iterated_then_its_candles_and_an_empty_one_is_an_answer(vendor: Any) -> None:
    series = vendor.candles(IBM, start=utc(2026, 1, 1))
    assert (len(series), list(series)) == (3, list(series.candles))
    empty = vendor.candles(IBM, interval=Interval.HOUR_1, start=utc(2026, 4, 2), end=utc(2026, 4, 3))
    assert (len(empty), bool(empty)) == (0, True)


def test_search_when_hits_then_keys_by_the_spelling_table(vendor: Any) -> None:
    hong_kong, frankfurt, elsewhere, class_share = vendor.search("tencent")
    assert (str(hong_kong.key), hong_kong.currency, hong_kong.score) == ("XHKG:700", "HKD", D("0.8889"))
    assert (hong_kong.opens, hong_kong.closes) == (time(9, 30), time(16))
    assert str(frankfurt.key) == "XFRA:NNND"
    assert (elsewhere.key, elsewhere.symbol) == (None, "TCEHY.SAO")
    assert str(class_share.key) == "US:BRK.B"


def test_search_when_pence_then_pounds_and_the_word_kept(vendor: Any) -> None:
    tesco, _ = vendor.search("TSCO.LON")
    assert (tesco.currency, tesco.unit) == ("GBP", "GBX")


def test_search_when_nothing_fits_then_empty(vendor: Any) -> None:
    hits = vendor.search(" zzzz ")
    assert hits == []
    assert hits.meta.operation == "search"


def test_search_when_blank_then_refused(vendor: Any) -> None:
    with pytest.raises(InvalidInput):
        vendor.search("  ")


def test_overview_when_figures_are_missing_then_none_and_never_zero(vendor: Any) -> None:
    facts = vendor.overview(IBM)
    assert (facts.name, facts.exchange, facts.currency, facts.cik) == (
        "International Business Machines", "NYSE", "USD", "51143"
    )  # fmt: skip
    assert (facts.market_cap, facts.eps, facts.pe_ratio) == (D("272371580000"), D("13.62"), D("21.4"))
    assert (facts.dividend_yield, facts.high_52_weeks) == (D("0.0231"), D("301.25"))
    assert facts.latest_quarter == date(2026, 9, 30)
    assert (facts.beta, facts.book_value, facts.peg_ratio, facts.ex_dividend_date) == (None, None, None, None)


def test_overview_when_pence_then_prices_scaled_and_doubtful_amounts_none(vendor: Any) -> None:
    facts = vendor.overview(TESCO)
    assert (facts.currency, facts.high_52_weeks, facts.low_52_weeks) == ("GBP", D("4.821"), D("3.109"))
    assert (facts.market_cap, facts.eps, facts.dividend_per_share) == (None, None, None)
    assert facts.pe_ratio == D("15.2")


def test_overview_when_empty_object_then_unknown_symbol(vendor: Any) -> None:
    with pytest.raises(UnknownSymbol):
        vendor.overview(InstrumentKey("US", "NOPE"))


# currencies


def test_fx_rate_when_given_then_rate_with_bid_and_ask(vendor: Any) -> None:
    rate = vendor.fx_rate("EUR", "USD")
    assert (rate.base, rate.quote, rate.rate) == ("EUR", "USD", D("1.16240000"))
    assert (rate.bid, rate.ask, rate.date) == (D("1.1623"), D("1.1625"), date(2026, 11, 20))
    assert rate.as_of == utc(2026, 11, 20, 14, 59) + timedelta(seconds=58)


def test_fx_rate_when_no_bid_then_none(vendor: Any) -> None:
    rate = vendor.fx_rate("GBP", "JPY")
    assert (rate.rate, rate.bid, rate.ask) == (D("203.53"), None, None)


@pytest.mark.parametrize("text", ["0", "0.00000000", "-", "None", ""])
def test_fx_rate_when_bid_or_ask_is_zero_or_a_word_for_missing_then_none(scripted: Any, text: str) -> None:
    row = {"1. From_Currency Code": "EUR", "3. To_Currency Code": "USD", "5. Exchange Rate": "1.1"}
    row |= {
        "6. Last Refreshed": "2026-11-20 14:59:58",
        "7. Time Zone": "UTC",
        "8. Bid Price": text,
        "9. Ask Price": text,
    }
    rate = scripted(msgspec.json.encode({"Realtime Currency Exchange Rate": row})).fx_rate("EUR", "USD")
    assert (rate.rate, rate.bid, rate.ask) == (D("1.1"), None, None)


def test_quote_when_its_volume_is_negative_then_the_error_names_it(scripted: Any) -> None:
    row = {"01. symbol": "IBM", "05. price": "1.5", "06. volume": "-5", "07. latest trading day": "2026-11-20"}
    with pytest.raises(UnexpectedPayload, match="'volume'"):
        scripted(msgspec.json.encode({"Global Quote": row})).quote(IBM)
    zero = scripted(msgspec.json.encode({"Global Quote": row | {"06. volume": "0"}})).quote(IBM)
    assert zero.volume == 0


def test_fx_rate_when_answer_is_about_another_pair_then_refused(vendor: Any) -> None:
    with pytest.raises(UnexpectedPayload, match="another pair than USD/EUR"):
        vendor.fx_rate("USD", "EUR")


def test_fx_rate_when_code_is_no_code_then_refused_before_asking(vendor: Any) -> None:
    with pytest.raises(InvalidInput):
        vendor.fx_rate("EUR&apikey=x", "USD")
    assert vendor.asked == []


def test_fx_candles_when_daily_then_utc_days_without_volume(vendor: Any) -> None:
    series = vendor.fx_candles("EUR", "USD", start=utc(2026, 1, 1))
    assert [candle.start for candle in series.candles] == [utc(2026, 3, 27), utc(2026, 3, 30)]
    assert (series.candles[0].close, series.candles[0].volume) == (D("1.15010"), None)
    assert (str(series.key), series.currency) == ("FX:EURUSD", "USD")
    assert series.as_of == utc(2026, 3, 30, 14, 55)


def test_fx_candles_when_intraday_reaches_back_then_window(vendor: Any) -> None:
    series = vendor.fx_candles("EUR", "USD", interval=Interval.MIN_5, start=utc(2026, 3, 30, 0, 5))
    assert [candle.close for candle in series.candles] == [D("1.15015")]


def test_fx_candles_when_intraday_does_not_reach_back_then_text_says_from_when(vendor: Any) -> None:
    with pytest.raises(InvalidInput, match="from 2026-03-30T00:00:00"):
        vendor.fx_candles("EUR", "USD", interval=Interval.MIN_5, start=utc(2026, 3, 29))


def test_fx_candles_when_weekly_then_refused(vendor: Any) -> None:
    with pytest.raises(InvalidInput, match="take 1min"):
        vendor.fx_candles("EUR", "USD", interval=Interval.WEEK_1)


# quotas of our own


def test_calls_when_a_second_is_full_then_the_next_waits(make: Any) -> None:
    free = make(per_second=1, per_day=25)
    free.quote(IBM)
    free.quote(IBM)
    assert [round(pause) for pause in free.transport.pauses] == [1]


def test_calls_when_the_day_is_used_up_then_rate_limited_without_asking(make: Any) -> None:
    free = make(per_second=0, per_day=2)
    free.quote(IBM)
    free.quote(IBM)
    with pytest.raises(RateLimited) as refused:
        free.quote(IBM)
    assert refused.value.retry_after is not None
    assert refused.value.retry_after > 86_000
    assert len(free.asked) == 2


def test_ping_when_key_is_good_then_silent(vendor: Any) -> None:
    assert vendor.ping() is None
    assert vendor.asked[0]["symbol"] == "IBM"


def test_candles_when_interval_and_adjustment_are_plain_words_then_read_as_their_members(vendor: Any) -> None:
    weekly = vendor.candles(IBM, interval="1wk")
    assert weekly.interval is Interval.WEEK_1
    assert all(candle.start.weekday() == 0 for candle in weekly.candles)
    with pytest.raises(InvalidInput, match=r"`interval` must be an Interval: one of .*, not 'hourly'"):
        vendor.candles(IBM, interval="hourly")
    with pytest.raises(InvalidInput, match=r"`adjustment` must be an Adjustment: one of .*, not 'none'"):
        vendor.candles(IBM, adjustment="none")


def test_candles_when_intraday_adjustment_is_the_word_raw_then_raw_bars_are_asked_for(scripted: Any) -> None:
    vendor = scripted(b"{}")
    with pytest.raises(UnknownSymbol):
        vendor.candles(IBM, interval="5min", adjustment="raw")
    assert vendor.asked[0]["adjusted"] == "false"


def test_candles_when_start_is_the_beginning_of_time_then_refused(vendor: Any) -> None:
    with pytest.raises(InvalidInput, match="calendar"):
        vendor.candles(IBM, interval=Interval.MIN_5, start=datetime.min.replace(tzinfo=UTC))


def test_quotes_when_keys_come_from_a_generator_then_all_are_there(vendor: Any) -> None:
    keys = [InstrumentKey("US", "BRK.B"), IBM]
    assert [quote.key for quote in vendor.quotes(iter(keys))] == keys


def test_quote_when_key_is_a_text_then_error_says_how_to_make_one(vendor: Any) -> None:
    with pytest.raises(InvalidInput, match="instrument"):
        vendor.quote("AAPL")


# adjusted periods, days, answers about something else, bars that cannot be one


def series(rows: dict[str, dict[str, str]], root: str = "Time Series (Daily)", **meta: str) -> bytes:
    about = {"2. Symbol": "IBM", "3. Last Refreshed": max(rows), "5. Time Zone": "US/Eastern", **meta}
    return msgspec.json.encode({"Meta Data": about, root: rows})


def bar(
    *prices: str, adjusted: str = "", split: str = "1.0", dividend: str = "0.0", volume: str = "10"
) -> dict[str, str]:
    names = ("open", "high", "low", "close")
    row = dict(zip(names, prices, strict=True)) | {"volume": volume}
    return row | (
        {"adjusted close": adjusted, "split coefficient": split, "dividend amount": dividend} if adjusted else {}
    )


BOTH = Adjustment.SPLITS_AND_DIVIDENDS


@pytest.mark.parametrize("interval", [Interval.WEEK_1, Interval.MONTH_1])
def test_candles_when_adjusted_period_holds_a_split_then_built_from_adjusted_days(
    scripted: Any, interval: Interval
) -> None:
    days = {
        "2024-06-11": bar("12", "13", "11", "12.5", adjusted="12.5"),
        "2024-06-10": bar("12", "14", "10", "12", adjusted="12", split="10.0"),
        "2024-06-07": bar("110", "125", "100", "120", adjusted="12.00"),
        "2024-06-06": bar("105", "120", "90", "110", adjusted="11.00"),
    }
    vendor = scripted(series(days))
    found = vendor.candles(IBM, interval=interval, adjustment=BOTH)
    assert vendor.asked[0]["function"] == "TIME_SERIES_DAILY_ADJUSTED"
    if interval is Interval.MONTH_1:
        (june,) = found
        assert (june.open, june.high, june.low, june.close) == (D("10.5"), D("14"), D("9"), D("12.5"))
        assert (june.split, june.volume, june.start) == (10, 40, utc(2024, 6, 1, 4))
    else:
        assert [(week.open, week.high) for week in found] == [(D("10.5"), D("12.5")), (D("12"), D("14"))]


def test_candles_when_days_are_asked_by_date_then_the_same_trading_days_everywhere(scripted: Any) -> None:
    for key, symbol in ((IBM, "IBM"), (InstrumentKey("XHKG", "700"), "0700.HKG"), (TESCO, "TSCO.LON")):
        rows = {f"2024-06-0{n}": bar("1", "1", "1", "1") for n in (3, 4, 5, 6, 7)}
        search = msgspec.json.encode({"bestMatches": [{"1. symbol": symbol, "2. name": "x", "8. currency": "HKD"}]})
        for start, end in ((date(2024, 6, 4), date(2024, 6, 7)), (utc(2024, 6, 4), utc(2024, 6, 7))):
            vendor = scripted(series(rows, **{"2. Symbol": symbol}), search)
            found = vendor.candles(key, start=start, end=end)
            zone_name = symbols.venue_zone(key)
            assert [trading_date(c.start, zone_name).day for c in found] == [4, 5, 6]


@pytest.mark.parametrize(
    ("ask", "body"),
    [
        ({}, series({"2024-06-04": bar("1", "1", "1", "1")}, **{"2. Symbol": "AAPL"})),
        ({}, series({"2024-06-04": bar("1", "1", "1", "1")}, "Monthly Time Series")),
        ({"interval": Interval.WEEK_1}, series({"2024-06-04": bar("1", "1", "1", "1")}, "Weekly Adjusted Time Series")),
        (
            {"interval": Interval.MIN_5},
            series({"2024-06-04 10:00:00": bar("1", "1", "1", "1")}, "Time Series (5min)", **{"4. Interval": "60min"}),
        ),
        ({"interval": Interval.MIN_5}, series({"2024-06-04 10:00:00": bar("1", "1", "1", "1")}, "Time Series (60min)")),
    ],
)
def test_candles_when_the_answer_is_about_something_else_then_refused(scripted: Any, ask: Any, body: bytes) -> None:
    with pytest.raises(UnexpectedPayload, match="another"):
        scripted(body).candles(IBM, **ask)


GOOD = bar("10", "12", "9", "11", adjusted="11")


@pytest.mark.parametrize("name", ["open", "high", "low", "close", "volume", "adjusted close", "split coefficient"])
@pytest.mark.parametrize("value", [None, "", "soon", "-1", "0.0000", 7, "absent"])
def test_candles_when_one_cell_is_spoiled_then_the_other_bars_stay(scripted: Any, name: str, value: Any) -> None:
    row: dict[str, Any] = {**GOOD, name: value}
    if value == "absent":
        del row[name]
    days = {"2024-06-05": GOOD, "2024-06-04": row, "2024-06-03": GOOD, "2024-05-31": GOOD}
    found = scripted(series(days)).candles(IBM, adjustment=BOTH)
    assert {utc(2024, 5, 31, 4), utc(2024, 6, 3, 4), utc(2024, 6, 5, 4)} <= {candle.start for candle in found}
    if len(found) == 3:
        assert [error.stamp for error in found.errors] == ["2024-06-04"]
    else:
        assert found.errors == ()
        assert name in ("volume", "split coefficient") or (name, value) == ("low", "-1")  # oil was below zero once


@pytest.mark.parametrize(
    "row",
    [
        bar("10", "12", "9", "13"),
        bar("8", "12", "9", "11"),
        bar("10", "12", "0.0000", "11"),
        bar("10", "12", "9", "11", volume="-5"),
    ],
)
def test_candles_when_a_bar_cannot_be_one_then_set_aside_and_named(scripted: Any, row: dict[str, str]) -> None:
    ok = bar("10", "12", "9", "11")
    found = scripted(series({"2024-06-05": ok, "2024-06-04": row})).candles(IBM)
    assert [candle.start for candle in found] == [utc(2024, 6, 5, 4)]
    assert [error.stamp for error in found.errors] == ["2024-06-04"]


def test_candles_when_prices_are_negative_then_kept(scripted: Any) -> None:
    (oil,) = scripted(series({"2020-04-20": bar("17.73", "17.85", "-40.32", "-37.63")})).candles(IBM)
    assert oil.close == D("-37.63")


def test_candles_when_one_adjusted_close_is_absurd_then_that_day_alone_is_set_aside(scripted: Any) -> None:
    days = {f"2024-06-0{n}": bar("11", "12", "10", "11.23", adjusted="11.23") for n in (3, 4, 5, 6, 7)}
    for bad in days:
        rows = {**days, bad: {**days[bad], "adjusted close": "245397"}}
        found = scripted(series(rows)).candles(IBM, adjustment=BOTH)
        assert [error.stamp for error in found.errors] == [bad]
        assert {candle.close for candle in found} == {D("11.23")}


def test_candles_when_the_session_is_on_then_its_bar_is_incomplete(scripted: Any) -> None:
    rows = {"2026-11-20": bar("1", "1", "1", "1"), "2026-11-19": bar("1", "1", "1", "1")}
    reply = Reply(200, series(rows), received_at=utc(2026, 11, 20, 16))
    found = scripted(reply).candles(IBM)
    assert [candle.complete for candle in found] == [True, False]
    assert found.as_of == utc(2026, 11, 20, 16)
    closed = scripted(Reply(200, series(rows), received_at=utc(2026, 11, 20, 22))).candles(IBM)
    assert [candle.complete for candle in closed] == [True, True]
    assert closed.as_of == utc(2026, 11, 20, 21)


def test_candles_when_extended_hours_are_wanted_then_asked_for(scripted: Any) -> None:
    vendor = scripted(series({"2024-06-04 10:00:00": bar("1", "1", "1", "1")}, "Time Series (5min)"))
    vendor.candles(IBM, interval=Interval.MIN_5, extended_hours=True)
    assert vendor.asked[0]["extended_hours"] == "true"


# samples beside a refusal

SAMPLE = {
    "endpoint": "Realtime Bulk Quotes",
    "message": "This is a premium endpoint. ***THE SAMPLE DATA SCHEMA BELOW IS ARTIFICIAL AND FOR ONLY***",
    "data": [{"symbol": "IBM", "timestamp": "2024-10-18 19:54:00.879", "close": "232.22", "volume": "1"}],
}


def test_quotes_when_the_batch_is_a_sample_then_asked_one_by_one_and_no_sample_price(scripted: Any) -> None:
    one = {"Global Quote": {"01. symbol": "IBM", "05. price": "1.50", "07. latest trading day": "2026-11-20"}}
    (quote,) = scripted(msgspec.json.encode(SAMPLE), msgspec.json.encode(one)).quotes([IBM])
    assert quote.price == D("1.50")


def test_quotes_when_the_batch_is_a_sample_and_symbols_are_many_then_permission_denied(scripted: Any) -> None:
    with pytest.raises(PermissionDenied):
        scripted(msgspec.json.encode(SAMPLE)).quotes([InstrumentKey("US", f"S{n}") for n in range(6)])


@pytest.mark.parametrize("message", [None, "delayed", 1])
def test_quotes_when_nothing_calls_them_real_then_refused(scripted: Any, message: Any) -> None:
    with pytest.raises(UnexpectedPayload):
        scripted(msgspec.json.encode({**SAMPLE, "message": message})).quotes([IBM])


def test_candles_when_a_notice_follows_the_meta_data_then_it_is_the_answer(scripted: Any) -> None:
    body = {"Meta Data": {"3. Last Refreshed": "", "5. Time Zone": "US/Eastern"}, "Note": "5 calls per minute"}
    with pytest.raises(RateLimited):
        scripted(msgspec.json.encode(body)).candles(IBM)
