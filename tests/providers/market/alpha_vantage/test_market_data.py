"""Bars at every venue and on odd days: where they begin, when they are over, and since when their prices are true.

Opening and closing bells are written by hand from the exchanges' published hours; Hong Kong closes at 16:10 with its
auction, New York at 13:00 on the day after Thanksgiving, London at 12:30 on Christmas Eve.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import UnexpectedPayload
from fin_infra.model import Adjustment, CandleSeries, InstrumentKey, Interval
from fin_infra.providers.market.alpha_vantage.adapter import AlphaVantage, Settings
from fin_infra.providers.market.alpha_vantage.symbols import SPELLING
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import load
from fin_infra.transport import Reply, Sync
from fin_infra.transport.replay import Replay
from tests.support.effort import effort

D = Decimal
IBM = InstrumentKey("US", "IBM")
BOTH = Adjustment.SPLITS_AND_DIVIDENDS
LATER = datetime(2027, 1, 20, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year to minute


def bar(*prices: Any, volume: Any = "10", **more: str) -> dict[str, Any]:
    return dict(zip(("open", "high", "low", "close"), prices, strict=True)) | {"volume": volume} | more


def asked(
    rows: dict[str, Any],
    root: str = "Time Series (Daily)",
    *,
    key: InstrumentKey = IBM,
    at: datetime = LATER,
    refreshed: str | None = None,
    **wanted: Any,
) -> CandleSeries:
    """Return the candles that these rows give, received at `at`."""
    symbol = SPELLING.write(key)
    meta = {"2. Symbol": symbol, "3. Last Refreshed": refreshed or max(rows), "5. Time Zone": "US/Eastern"}
    search = {"bestMatches": [{"1. symbol": symbol, "2. name": "x", "8. currency": "USD"}]}
    bodies: list[Any] = [{"Meta Data": meta, root: rows}, search]
    replies = [Reply(200, msgspec.json.encode(body), received_at=at) for body in bodies]
    given = load(Settings, {"api_key": "K", "per_second": 0, "per_day": 0, "max_attempts": 1})
    client: AlphaVantage[Sync] = AlphaVantage(Replay(replies), Endpoint("http://127.0.0.1:1", "custom", given))
    return client.candles(key, **wanted)


FLAT = bar("1", "1", "1", "1")
# venue, day, when it begins there, its close: all in UTC
DAYS = [
    ("US:IBM", "2026-03-06", utc(2026, 3, 6, 5), utc(2026, 3, 6, 21)),
    ("US:IBM", "2026-03-09", utc(2026, 3, 9, 4), utc(2026, 3, 9, 20)),  # the clocks went forward on the 8th
    ("US:IBM", "2026-10-30", utc(2026, 10, 30, 4), utc(2026, 10, 30, 20)),
    ("US:IBM", "2026-11-02", utc(2026, 11, 2, 5), utc(2026, 11, 2, 21)),  # back on the 1st
    ("US:IBM", "2026-11-27", utc(2026, 11, 27, 5), utc(2026, 11, 27, 18)),  # a half day
    ("US:IBM", "2025-12-31", utc(2025, 12, 31, 5), utc(2025, 12, 31, 21)),
    ("US:IBM", "2024-02-29", utc(2024, 2, 29, 5), utc(2024, 2, 29, 21)),
    ("XTSE:SHOP", "2024-02-29", utc(2024, 2, 29, 5), utc(2024, 2, 29, 21)),
    ("XLON:TSCO", "2026-03-27", utc(2026, 3, 27), utc(2026, 3, 27, 16, 30)),
    ("XLON:TSCO", "2026-03-30", utc(2026, 3, 29, 23), utc(2026, 3, 30, 15, 30)),  # British summer from the 29th
    ("XLON:TSCO", "2025-12-24", utc(2025, 12, 24), utc(2025, 12, 24, 12, 30)),  # a half day
    ("XETR:SAP", "2026-07-01", utc(2026, 6, 30, 22), utc(2026, 7, 1, 15, 30)),
    ("XBOM:RELIANCE", "2024-02-29", utc(2024, 2, 28, 18, 30), utc(2024, 2, 29, 10)),
    ("XSHG:600104", "2024-02-29", utc(2024, 2, 28, 16), utc(2024, 2, 29, 7)),
    ("XHKG:700", "2026-01-02", utc(2026, 1, 1, 16), utc(2026, 1, 2, 8)),
]


@pytest.mark.parametrize(("key", "day", "begins", "closes"), DAYS)
def test_day_when_at_any_venue_then_from_its_midnight_and_true_since_its_close(
    key: str, day: str, begins: datetime, closes: datetime
) -> None:
    listed = InstrumentKey.parse(key)
    over = asked({day: FLAT}, key=listed)
    (candle,) = over
    assert (candle.start, candle.complete) == (begins, True)
    assert candle.start.date().isoformat() == day  # the date that the candle shows is the trading day
    assert closes <= over.as_of <= closes + timedelta(minutes=10)
    forming = asked({day: FLAT}, key=listed, at=closes - timedelta(hours=1))
    assert [bar.complete for bar in forming] == [False]
    assert forming.as_of == closes - timedelta(hours=1)
    first = date.fromisoformat(day)
    assert len(asked({day: FLAT}, key=listed, start=first, end=first + timedelta(days=1))) == 1
    for apart in (-1, 1):
        other = first + timedelta(days=apart)
        assert len(asked({day: FLAT}, key=listed, start=other, end=other + timedelta(days=1))) == 0


@pytest.mark.parametrize(
    ("key", "begins"),
    [
        ("XFRA:TCO2", utc(2026, 7, 6, 22)),
        ("XTSX:GPV", utc(2026, 7, 7, 4)),
        ("XSHE:000002", utc(2026, 7, 6, 16)),
    ],
)
def test_day_when_a_venue_may_have_no_calendar_then_its_own_midnight_and_true_by_the_next_one(
    key: str, begins: datetime
) -> None:
    found = asked({"2026-07-07": FLAT}, key=InstrumentKey.parse(key))
    assert [(candle.start, candle.complete) for candle in found] == [(begins, True)]
    assert begins + timedelta(hours=14) < found.as_of <= begins + timedelta(days=1)


# interval, root, stamp of the last session, received, begins, complete, as_of
PERIODS = [
    (Interval.WEEK_1, "2026-11-20", utc(2026, 11, 21), utc(2026, 11, 16, 5), True, utc(2026, 11, 20, 21)),
    (Interval.WEEK_1, "2026-11-20", utc(2026, 11, 20, 18), utc(2026, 11, 16, 5), False, utc(2026, 11, 20, 18)),
    (Interval.WEEK_1, "2026-11-18", utc(2026, 11, 19), utc(2026, 11, 16, 5), False, utc(2026, 11, 18, 21)),
    (Interval.WEEK_1, "2026-11-18", utc(2026, 11, 23), utc(2026, 11, 16, 5), False, utc(2026, 11, 18, 21)),
    (Interval.WEEK_1, "2026-04-02", utc(2026, 4, 4), utc(2026, 3, 30, 4), True, utc(2026, 4, 2, 20)),  # Good Friday
    (Interval.WEEK_1, "2026-01-02", utc(2026, 1, 3), utc(2025, 12, 29, 5), True, utc(2026, 1, 2, 21)),  # two years
    (Interval.MONTH_1, "2026-10-30", utc(2026, 11, 1), utc(2026, 10, 1, 4), True, utc(2026, 10, 30, 20)),
    (Interval.MONTH_1, "2026-11-20", utc(2026, 11, 21), utc(2026, 11, 1, 4), False, utc(2026, 11, 20, 21)),
    (Interval.MONTH_1, "2024-02-29", utc(2024, 3, 2), utc(2024, 2, 1, 5), True, utc(2024, 2, 29, 21)),
    (Interval.MONTH_1, "2025-12-31", utc(2026, 1, 1, 12), utc(2025, 12, 1, 5), True, utc(2025, 12, 31, 21)),
]
ROOTS = {Interval.WEEK_1: "Weekly Time Series", Interval.MONTH_1: "Monthly Time Series"}


@pytest.mark.parametrize(("interval", "stamp", "at", "begins", "complete", "as_of"), PERIODS)
def test_period_when_raw_then_over_after_its_last_session_and_never_true_before_its_price(
    interval: Interval, stamp: str, at: datetime, begins: datetime, complete: bool, as_of: datetime
) -> None:
    found = asked({stamp: FLAT}, ROOTS[interval], at=at, interval=interval)
    (candle,) = found
    assert (candle.start, candle.complete, found.as_of) == (begins, complete, as_of)


def test_period_when_the_running_week_comes_in_two_rows_then_neither_counts_and_both_are_named() -> None:
    rows = {"2026-11-20": FLAT, "2026-11-18": bar("2", "2", "2", "2"), "2026-11-13": FLAT}
    found = asked(rows, ROOTS[Interval.WEEK_1], interval=Interval.WEEK_1)
    assert [candle.start for candle in found] == [utc(2026, 11, 9, 5)]
    assert [error.stamp for error in found.errors] == ["2026-11-16"]


@pytest.mark.parametrize("minutes", [1, 5, 15, 30, 60])
def test_minutes_when_the_last_bar_is_not_over_then_it_says_so(minutes: int) -> None:
    rows = {"2026-11-20 10:00:00": FLAT}
    opens = utc(2026, 11, 20, 15)
    for late, complete in ((minutes * 60 - 1, False), (minutes * 60, True)):
        found = asked(
            rows,
            f"Time Series ({minutes}min)",
            interval=Interval(f"{minutes}min"),
            at=opens + timedelta(seconds=late),
        )
        assert [(candle.start, candle.complete) for candle in found] == [(opens, complete)]
        assert found.as_of == opens + timedelta(seconds=late)


def test_minutes_when_the_clocks_change_then_bars_keep_their_distance_and_the_hole_is_named() -> None:
    stamps = ["2026-03-08 01:30:00", "2026-03-08 02:30:00", "2026-03-08 03:30:00"]  # the second never was
    found = asked(dict.fromkeys(stamps, FLAT), "Time Series (60min)", interval=Interval.HOUR_1)
    assert [candle.start for candle in found] == [utc(2026, 3, 8, 6, 30), utc(2026, 3, 8, 7, 30)]
    assert [error.stamp for error in found.errors] == [stamps[1]]


ODD_BARS: dict[str, tuple[dict[str, Any], bool]] = {
    "no volume": (bar("1", "1", "1", "1", volume="0"), True),
    "missing volume": (bar("1", "1", "1", "1", volume="None"), True),
    "all negative": (bar("-2", "-1", "-3", "-2"), True),
    "through zero": (bar("1", "2", "-3", "-2"), True),
    "closing at zero": (bar("1", "2", "0", "0"), False),
    "opening at zero": (bar("0", "2", "0", "1"), False),
    "zero after a negative": (bar("0", "2", "-3", "-2"), True),  # oil passed it once
    "all zero": (bar("0", "0", "0", "0"), False),
    "high below low": (bar("1", "1", "2", "1"), False),
    "close above high": (bar("1", "2", "1", "3"), False),
    "open below low": (bar("0.5", "2", "1", "1"), False),
    "negative volume": (bar("1", "1", "1", "1", volume="-1"), False),
    "thirty digits": (bar(*["9" * 30] * 4), True),
    "too many digits": (bar(*["9" * 31] * 4), False),
    "comma": (bar("1,234.5", "1,234.5", "1,234.5", "1,234.5"), False),
    "decimal comma": (bar("1,5", "1,5", "1,5", "1,5"), False),
    "exponent": (bar("1e3", "1e3", "1e3", "1e3"), False),
    "NaN": (bar("NaN", "NaN", "NaN", "NaN"), False),
    "infinity": (bar("1", "Infinity", "1", "1"), False),
    "JSON numbers": (bar(1.5, 2, 1, 1), False),
    "full-width digits": (bar("\uff11", "\uff11", "\uff11", "\uff11"), False),
    "plus": (bar("+1", "+1", "+1", "+1"), False),
    "blank": (bar(" 1", "1", "1", "1"), False),
    "no bar": ({}, False),
}


@pytest.mark.parametrize("name", ODD_BARS)
def test_bar_when_odd_then_exact_or_set_aside_and_named(name: str) -> None:
    row, can_be = ODD_BARS[name]
    found = asked({"2026-11-20": FLAT, "2026-11-19": row, "2026-11-18": FLAT})
    days = [candle.start.day for candle in found]
    assert (days, [error.stamp for error in found.errors]) == (
        ([18, 19, 20], []) if can_be else ([18, 20], ["2026-11-19"])
    )
    if can_be:
        odd = found.candles[1]
        assert [odd.open, odd.high, odd.low, odd.close] == [D(row[name]) for name in ("open", "high", "low", "close")]


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"-Infinity", b"1e999999999999"])
def test_series_when_a_number_is_none_of_json_then_unexpected_payload(text: bytes) -> None:
    meta = b'{"2. Symbol": "IBM", "3. Last Refreshed": "2026-11-20", "5. Time Zone": "US/Eastern"}'
    row = b'{"2026-11-20": {"1. open": %s, "2. high": "1", "3. low": "1", "4. close": "1"}}' % text
    given = load(Settings, {"api_key": "K", "per_second": 0, "per_day": 0, "max_attempts": 1})
    content = b'{"Meta Data": %s, "Time Series (Daily)": %s}' % (meta, row)
    with pytest.raises(UnexpectedPayload):
        AlphaVantage(Replay([Reply(200, content)]), Endpoint("http://127.0.0.1:1", "custom", given)).candles(IBM)


@pytest.mark.parametrize(
    "root", ["Weekly Time Series", "Time Series FX (Daily)", "data", "Global Quote", "Time Series (5min)"]
)
def test_series_when_the_table_has_another_name_then_refused_and_no_empty_series(root: str) -> None:
    with pytest.raises(UnexpectedPayload, match="another series"):
        asked({"2026-11-20": FLAT}, root)


def adjusted(close: str) -> dict[str, Any]:
    """A day without an event, whose adjusted close is its close."""
    return bar(close, close, close, close) | {
        "adjusted close": close,
        "split coefficient": "1.0",
        "dividend amount": "0.0",
    }


def test_weeks_when_a_day_has_no_date_then_the_weeks_beside_it_are_not_offered() -> None:
    days = {f"2026-11-{n:02}": adjusted("10") for n in (20, 19, 18, 13, 12, 6)}
    spoiled = {("2026-11-1x" if day == "2026-11-19" else day): row for day, row in days.items()}
    found = asked(spoiled, refreshed="2026-11-20", interval=Interval.WEEK_1, adjustment=BOTH)
    assert [candle.start.day for candle in found] == [2, 9]
    assert {error.stamp for error in found.errors} == {"2026-11-1x", "2026-11-16"}


@pytest.mark.parametrize("interval", [Interval.WEEK_1, Interval.MONTH_1])
def test_periods_when_a_day_cannot_be_one_then_its_period_is_set_aside_and_the_others_stay(interval: Interval) -> None:
    rows = {day: adjusted("10") for day in ("2026-01-02", "2025-12-31", "2025-12-30", "2025-11-28", "2025-11-26")}
    rows["2025-12-30"] = adjusted("10") | {"low": "11"}
    found = asked(rows, interval=interval, adjustment=BOTH)
    week = interval is Interval.WEEK_1
    assert [candle.start.date() for candle in found] == (
        [date(2025, 11, 24)] if week else [date(2025, 11, 1), date(2026, 1, 1)]
    )
    assert [error.stamp for error in found.errors] == ["2025-12-29" if week else "2025-12-01"]
    assert asked(rows, interval=interval, adjustment=BOTH, end=date(2025, 11, 30)).errors == ()


@settings(max_examples=effort(60), deadline=None)
@given(
    closes=st.lists(st.integers(50, 5000), min_size=5, max_size=60),
    split=st.tuples(st.integers(0, 59), st.sampled_from([2, 3, 10])),
    first=st.dates(date(2019, 12, 20), date(2025, 3, 1)),
    interval=st.sampled_from([Interval.WEEK_1, Interval.MONTH_1]),
)
def test_adjusted_periods_when_made_of_any_days_then_first_last_highest_lowest_and_sum_of_them(
    closes: list[int], split: tuple[int, int], first: date, interval: Interval
) -> None:
    """The days are weekdays, and one of them may have a split; what a period is follows from the dates alone."""
    days = [day for n in range(200) if (day := first + timedelta(days=n)).weekday() < 5][: len(closes)]
    at, ratio = split
    rows: dict[str, Any] = {}
    for n, (day, close) in enumerate(zip(days, closes, strict=True)):
        raw = close * ratio if n < at else close
        rows[day.isoformat()] = bar(
            str(raw), str(raw + ratio if n < at else raw + 1), str(raw - ratio if n < at else raw - 1), str(raw),
            **{"adjusted close": str(close), "split coefficient": f"{ratio}.0" if n == at else "1.0",
               "dividend amount": "0.0"},
        )  # fmt: skip
    found = asked(dict(reversed(rows.items())), interval=interval, adjustment=BOTH)
    groups: dict[Any, list[int]] = {}
    for day, close in zip(days, closes, strict=True):
        name = day.isocalendar()[:2] if interval is Interval.WEEK_1 else (day.year, day.month)
        groups.setdefault(name, []).append(close)
    assert found.errors == ()
    assert [(bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in found] == [
        (own[0], max(own) + 1, min(own) - 1, own[-1], 10 * len(own)) for own in groups.values()
    ]


@pytest.mark.parametrize("name", ["impossible", "unreadable", "twice", "misadjusted"])
def test_days_when_one_outside_the_window_cannot_be_one_then_it_is_nobodys_business(name: str) -> None:
    odd: dict[str, dict[str, Any]] = {
        "impossible": {"2026-11-18": adjusted("10") | {"low": "11"}},
        "unreadable": {"2026-11-18": adjusted("10") | {"high": "soon"}},
        "twice": {"2026-11-18": adjusted("10"), "2026-11-18 00:00:00": adjusted("12")},
        "misadjusted": {"2026-11-18": adjusted("10") | {"adjusted close": "90"}},
    }
    rows = {"2026-11-20": adjusted("10"), "2026-11-19": adjusted("10"), **odd[name], "2026-11-17": adjusted("10")}
    inside = asked(rows, adjustment=BOTH)
    assert [candle.start.day for candle in inside] == [17, 19, 20]
    assert [error.stamp for error in inside.errors] == ["2026-11-18"]
    outside = asked(rows, adjustment=BOTH, start=date(2026, 11, 19))
    assert ([candle.start.day for candle in outside], outside.errors) == ([19, 20], ())


PAIR = {"2. From Symbol": "EUR", "3. To Symbol": "USD", "5. Last Refreshed": "2026-11-20", "6. Time Zone": "UTC"}


@pytest.mark.parametrize(
    "meta", [{"2. From Symbol": "GBP"}, {"3. To Symbol": "JPY"}, {"2. From Symbol": "USD", "3. To Symbol": "EUR"}]
)
@pytest.mark.parametrize(
    ("interval", "root"), [(Interval.DAY_1, "Time Series FX (Daily)"), (Interval.MIN_5, "Time Series FX (5min)")]
)
def test_fx_candles_when_the_answer_is_about_another_pair_then_refused(
    meta: dict[str, str], interval: Interval, root: str
) -> None:
    given = load(Settings, {"api_key": "K", "per_second": 0, "per_day": 0, "max_attempts": 1})
    for about in (PAIR, PAIR | meta):
        body = {"Meta Data": about, root: {"2026-11-20": bar("1", "1", "1", "1")}}
        replay = Replay([Reply(200, msgspec.json.encode(body))])
        client: AlphaVantage[Sync] = AlphaVantage(replay, Endpoint("http://127.0.0.1:1", "custom", given))
        if about is PAIR:
            assert len(client.fx_candles("EUR", "USD", interval=interval)) == 1
        else:
            with pytest.raises(UnexpectedPayload, match="another pair than EUR/USD"):
                client.fx_candles("EUR", "USD", interval=interval)
