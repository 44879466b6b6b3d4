"""What every market-data provider promises, in both modes, over HTTP against the sandbox and its faults.

Expected prices come from the sandbox's account of its own world, never from a provider.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fin_infra.errors import InvalidInput, NotCovered, UnknownSymbol
from fin_infra.model import Adjustment, Candle, CandleSeries, InstrumentKey, Interval
from fin_infra.providers.registry import providers
from tests.support.rows import Market, offering, rows

MARKETS: list[Market] = rows(Market)
IBM, NVIDIA = InstrumentKey("US", "IBM"), InstrumentKey("XNAS", "NVDA")
BERKSHIRE, TESCO = InstrumentKey("XNYS", "BRK.B"), InstrumentKey("XLON", "TSCO")
SAP, TENCENT = InstrumentKey("XETR", "SAP"), InstrumentKey("XHKG", "700")
NOBODY = InstrumentKey("US", "NOPE")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year to minute


@pytest.fixture(params=MARKETS, ids=lambda row: row.provider_key)
def row(request: pytest.FixtureRequest) -> Market:
    return request.param


@pytest.fixture
def market(row: Market, connect: Any) -> Any:
    return connect(row.cls)


def closes(series: CandleSeries) -> list[Decimal]:
    return [candle.close for candle in series.candles]


def test_rows_when_counted_then_each_provider_has_one() -> None:
    assert {row.provider_key for row in MARKETS} == {cls.info.provider_key for cls in providers("market")}


def test_quote_when_known_then_the_worlds_price(market: Any, sandbox: Any) -> None:
    truth = sandbox.world()["equities"]
    for key, symbol in ((IBM, "IBM"), (BERKSHIRE, "BRK-B")):
        quote = market("quote", key)
        assert quote.price == Decimal(truth[symbol]["close"])
        assert (quote.key, quote.currency) == (key, "USD")
        assert quote.trading_day.isoformat() == truth[symbol]["day"]
        assert quote.as_of.tzinfo is not None
        assert quote.meta.environment == "sandbox"


def test_quote_when_pence_then_pounds(market: Any, sandbox: Any) -> None:
    quote = market("quote", TESCO)
    assert quote.price * 100 == Decimal(sandbox.world()["equities"]["TSCO.LON"]["close"])
    assert (quote.currency, quote.unit) == ("GBP", "GBX")


@offering(Market, "quotes")
def test_quotes_when_many_then_order_of_keys_and_same_price_as_one(market: Any) -> None:
    keys = [NVIDIA, BERKSHIRE, IBM]
    quotes = market("quotes", keys)
    assert [quote.key for quote in quotes] == keys
    assert quotes[2].price == market("quote", IBM).price
    assert quotes.meta.operation == "quotes"


@pytest.mark.parametrize("operation", ["quote", "candles", "overview"])
def test_operation_when_symbol_is_unknown_then_unknown_symbol(market: Any, row: Market, operation: str) -> None:
    if not row.can(operation):
        pytest.skip(f"{row.provider_key} does not offer {operation}")
    with pytest.raises(UnknownSymbol):
        market(operation, NOBODY)


@offering(Market, "quotes")
def test_quotes_when_one_is_unknown_then_it_is_named(market: Any) -> None:
    quotes = market("quotes", [IBM, NOBODY])
    assert [quote.key for quote in quotes] == [IBM]
    assert [(error.key, error.code) for error in quotes.errors] == [(NOBODY, UnknownSymbol.code)]


def test_quote_when_venue_is_not_covered_then_clear_error(market: Any, row: Market) -> None:
    with pytest.raises(NotCovered):
        market("quote", row.not_covered)


def test_candles_when_daily_then_oldest_first_aware_and_ending_at_the_quote(market: Any) -> None:
    series = market("candles", IBM)
    starts = [candle.start for candle in series.candles]
    assert starts == sorted(set(starts))
    assert all(start.utcoffset() is not None for start in starts)
    assert closes(series)[-1] == market("quote", IBM).price
    assert all(candle.low <= min(candle.open, candle.close) for candle in series.candles)
    assert all(candle.high >= max(candle.open, candle.close) for candle in series.candles)


def test_candles_when_window_is_long_then_wholly_covered_and_half_open(market: Any) -> None:
    start, end = utc(2024, 1, 1), utc(2026, 1, 1)
    series = market("candles", IBM, start=start, end=end)
    assert 495 <= len(series.candles) <= 510  # about 252 sessions a year
    assert start <= series.candles[0].start < start + timedelta(days=4)
    assert end - timedelta(days=4) < series.candles[-1].start < end


def test_candles_when_windows_are_joined_then_the_same_as_one(market: Any) -> None:
    ends = [utc(2026, 2, 20), utc(2026, 3, 9, 4), utc(2026, 4, 2)]
    whole = market("candles", IBM, start=ends[0], end=ends[2]).candles
    parts = [market("candles", IBM, start=a, end=b).candles for a, b in pairwise(ends)]
    assert parts[0] + parts[1] == whole


def test_candles_when_split_then_adjusted_has_no_jump_and_raw_has(market: Any) -> None:
    window = {"start": utc(2024, 6, 3), "end": utc(2024, 6, 15)}  # ten for one on 2024-06-10
    raw = closes(market("candles", NVIDIA, **window))
    adjusted = market("candles", NVIDIA, adjustment=Adjustment.SPLITS_AND_DIVIDENDS, **window)
    jumps = [before / after for before, after in pairwise(raw)]
    smooth = [before / after for before, after in pairwise(closes(adjusted))]
    assert max(jumps) > 8
    assert max(smooth) < 2
    assert [candle.split for candle in adjusted.candles if candle.split != 1] == [10]
    assert all(candle.low <= min(candle.open, candle.close) for candle in adjusted.candles)
    assert all(candle.high >= max(candle.open, candle.close) for candle in adjusted.candles)


@pytest.mark.parametrize(
    ("sunday", "before", "after"), [(utc(2026, 3, 8), 14, 13), (utc(2026, 11, 1), 13, 14)], ids=["spring", "autumn"]
)
def test_candles_when_clocks_change_then_regular_open_moves_in_utc(
    market: Any, sunday: datetime, before: int, after: int
) -> None:
    series = market(
        "candles", IBM, interval=Interval.MIN_30, start=sunday - timedelta(days=2), end=sunday + timedelta(days=2)
    )
    opens = [candle.start.astimezone(UTC) for candle in series.candles if f"{candle.start:%H:%M}" == "09:30"]
    assert [(at.date(), at.hour) for at in opens] == [
        ((sunday - timedelta(days=2)).date(), before),
        ((sunday + timedelta(days=1)).date(), after),
    ]


@pytest.mark.parametrize(
    "interval", [Interval.MIN_1, Interval.MIN_5, Interval.MIN_15, Interval.MIN_30, Interval.HOUR_1]
)
def test_candles_when_intraday_then_bars_lie_on_the_interval(market: Any, interval: Interval) -> None:
    series = market("candles", IBM, interval=interval, start=utc(2026, 10, 5), end=utc(2026, 10, 7))
    step = timedelta(minutes=int(interval.value.removesuffix("min")))
    starts = [candle.start.astimezone(UTC) for candle in series]
    for day in (5, 6):
        bell, close = utc(2026, 10, day, 13, 30), utc(2026, 10, day, 20)
        own = [start for start in starts if start.day == day]
        assert all(later - earlier == step for earlier, later in pairwise(own))
        # the first bar holds the opening bell: it begins with it, or on the full hour before
        assert own[0] in (bell, bell - (bell - utc(2026, 10, day)) % step)
        assert own[-1] < close <= own[-1] + step
        starts = starts[len(own) :]
    assert (starts, series.errors) == ([], ())
    assert all(candle.complete for candle in series)


def shape(bar: Candle) -> tuple[Any, ...]:
    """Where a bar is and its prices; how a day's volume is spread over its minutes is the vendor's own business."""
    return bar.start, bar.open, bar.high, bar.low, bar.close


def test_candles_when_extended_hours_are_wanted_then_more_bars_around_the_same_ones(market: Any) -> None:
    window = {"start": utc(2026, 10, 5), "end": utc(2026, 10, 6, 4), "interval": Interval.MIN_30}
    regular = market("candles", IBM, **window).candles
    extended = market("candles", IBM, extended_hours=True, **window).candles
    inside = [bar for bar in extended if regular[0].start <= bar.start <= regular[-1].start]
    assert [shape(bar) for bar in inside] == [shape(bar) for bar in regular]
    assert min(bar.start for bar in extended) < regular[0].start
    assert max(bar.start for bar in extended) > regular[-1].start


@pytest.mark.parametrize(
    ("adjustment", "interval"),
    [(Adjustment.RAW, Interval.WEEK_1), (Adjustment.SPLITS_AND_DIVIDENDS, Interval.MONTH_1)],
)
def test_candles_when_grouped_then_each_is_made_of_its_own_days(
    market: Any, interval: Interval, adjustment: Adjustment
) -> None:
    window = {"start": date(2024, 1, 1), "adjustment": adjustment}  # with NVIDIA's split of June 2024
    days = market("candles", NVIDIA, end=date(2025, 1, 1), **window).candles
    periods = market("candles", NVIDIA, end=date(2024, 12, 2), interval=interval, **window).candles
    for period, after in pairwise(periods):
        own = [day for day in days if period.start <= day.start < after.start]
        assert (period.open, period.close) == (own[0].open, own[-1].close)
        assert (period.high, period.low) == (max(day.high for day in own), min(day.low for day in own))
        assert period.volume == sum(day.volume for day in own)


@pytest.mark.parametrize(
    ("key", "zone"),
    [(IBM, "America/New_York"), (TESCO, "Europe/London"), (SAP, "Europe/Berlin"), (TENCENT, "Asia/Hong_Kong")],
)
def test_candles_when_days_are_asked_by_date_then_those_trading_days_at_any_venue(
    market: Any, key: InstrumentKey, zone: str
) -> None:
    series = market(
        "candles", key, start=date(2026, 3, 26), end=date(2026, 3, 31)
    )  # Europe's clocks change on the 29th
    days = [candle.start.astimezone(ZoneInfo(zone)) for candle in series]
    assert [day.date() for day in days] == [date(2026, 3, 26), date(2026, 3, 27), date(2026, 3, 30)]
    assert {day.time() for day in days} == {time()}
    midnights = market("candles", key, start=utc(2026, 3, 26), end=utc(2026, 3, 31))
    assert midnights.candles == series.candles
    assert series.errors == ()


@pytest.mark.parametrize("interval", [Interval.DAY_1, Interval.WEEK_1, Interval.MONTH_1, Interval.MIN_30])
def test_candles_when_the_newest_then_only_the_last_may_be_forming_and_none_is_newer_than_as_of(
    market: Any, interval: Interval
) -> None:
    series = market("candles", IBM, interval=interval)
    assert all(candle.complete for candle in series.candles[:-1])
    assert series.candles[-1].start < series.as_of
    quote = market("quote", IBM)
    assert quote.as_of.date() == quote.trading_day  # its close, and not the midnight before
    assert quote.as_of > series.candles[-1].start


@pytest.mark.parametrize("interval", [Interval.WEEK_1, Interval.MONTH_1])
def test_candles_when_grouped_then_opening_day_of_each(market: Any, interval: Interval) -> None:
    series = market("candles", IBM, interval=interval, start=utc(2026, 1, 1), end=utc(2026, 7, 1))
    days = [
        candle.start.weekday() if interval is Interval.WEEK_1 else candle.start.day - 1 for candle in series.candles
    ]
    assert set(days) == {0}
    assert len(days) == (26 if interval is Interval.WEEK_1 else 6)  # Mondays 5 January to 29 June


def test_candles_when_window_is_before_the_listing_then_empty(market: Any) -> None:
    assert market("candles", IBM, start=utc(1990, 1, 1), end=utc(1990, 2, 1)).candles == ()


def test_candles_when_window_is_upside_down_then_refused(market: Any) -> None:
    with pytest.raises(InvalidInput):
        market("candles", IBM, start=utc(2026, 2, 1), end=utc(2026, 1, 1))


@offering(Market, "search")
def test_search_when_name_then_keys_and_currencies(market: Any) -> None:
    hits = {str(hit.key): hit for hit in market("search", "tesco")}
    assert hits["XLON:TSCO"].currency == "GBP"
    assert hits["US:TSCDY"].currency == "USD"


@offering(Market, "search")
def test_search_when_nothing_fits_then_empty(market: Any) -> None:
    assert market("search", "qqqqqqqqqq") == []


@offering(Market, "overview")
def test_overview_when_company_then_facts_and_none_for_what_is_missing(market: Any) -> None:
    facts = market("overview", IBM)
    assert (facts.name, facts.currency, facts.exchange) == ("International Business Machines", "USD", "NYSE")
    assert facts.shares_outstanding == 934_700_000
    assert facts.beta is None
