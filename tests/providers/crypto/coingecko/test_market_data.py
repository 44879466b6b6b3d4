"""CoinGecko's candles and charts: where a candle begins, which is unfinished, and one bad row beside good ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import UnexpectedPayload
from fin_infra.flow import row_errors
from tests.providers.crypto.coingecko.support import BITCOIN, END, START, answering
from tests.support.effort import effort, share

NOON = 1709380800000  # 2024-03-02 12:00 UTC
HOUR = 3_600_000
GOOD = [3, 5, 2, 4]


def at(hour: float) -> datetime:
    return datetime(2024, 3, 2, tzinfo=UTC) + timedelta(hours=hour)


def rows(*hours: float, cells: list[Any] = GOOD) -> list[list[Any]]:
    """Rows that end at these hours of 2024-03-02."""
    return [[NOON + int((hour - 12) * HOUR), *cells] for hour in hours]


@pytest.mark.parametrize(
    ("days", "hours", "opened", "complete"),
    [
        (7, [12, 16], 12, True),
        (7, [12, 16, 17.25], 16, False),  # worked out a quarter past five
        (7, [17.25], 16, False),  # without one before it
        (7, [8, 17.25], 16, False),  # after a hole
        (7, [16, 20], 16, True),
        (7, [24], 20, True),  # midnight
        (1, [12, 12.5], 12, True),
        (1, [12, 12.75], 12.5, False),
        (1, [12.25], 12, False),
        (30, [20, 23.75], 20, False),
    ],
)
def test_candles_when_the_last_one_is_not_over_then_it_says_so_and_begins_on_the_clock(
    days: int, hours: list[float], opened: float, complete: bool
) -> None:
    series = answering(rows(*hours)).candles(BITCOIN, days=days)
    assert (series.candles[-1].start, series.candles[-1].complete) == (at(opened), complete)
    assert all(candle.complete for candle in series.candles[:-1])
    assert series.errors == ()


@pytest.mark.parametrize(("hours", "opened", "complete"), [([96, 192], 96, True), ([96, 120], 96, False)])
def test_candles_when_of_four_days_then_the_last_one_begins_where_the_others_end(
    hours: list[float], opened: float, complete: bool
) -> None:
    last = answering(rows(*hours)).candles(BITCOIN, days=90).candles[-1]
    assert (last.start, last.complete) == (at(opened), complete)


BAD_BARS: dict[str, list[Any]] = {
    "low above close": [3, 5, 4.5, 4],
    "high below open": [6, 5, 2, 4],
    "one zero": [3, 5, 0, 4],
    "negative": [3, 5, -2, 4],
    "null": [3, None, 2, 4],
    "word": ["soon", 5, 2, 4],
    "commas": ["1,234", 5, 2, 4],
    "true": [True, 5, 2, 4],
    "list": [[3], 5, 2, 4],
}


@pytest.mark.parametrize("name", BAD_BARS)
def test_candles_when_a_bar_cannot_be_one_then_set_aside_and_named_and_the_next_keeps_its_opening(name: str) -> None:
    body = [*rows(12), *rows(16, cells=BAD_BARS[name]), *rows(20)]
    series = answering(body).candles(BITCOIN, days=7)
    assert [candle.start for candle in series] == [at(8), at(16)]
    assert [error.stamp for error in series.errors] == [at(16).isoformat()]
    assert all(error.detail for error in series.errors)


@pytest.mark.parametrize("row", [7, None, {}, [], [NOON], [NOON, 1, 1, 1], [NOON, 1, 1, 1, 1, 1], [None, *GOOD]])
def test_candles_when_a_row_has_no_place_then_named_by_its_number_and_hides_no_other(row: Any) -> None:
    with row_errors() as unread:
        series = answering([*rows(12), row, *rows(16)]).candles(BITCOIN, days=7)
    assert [candle.start for candle in series] == [at(8), at(12)]
    assert [error.stamp for error in series.errors] == ["ohlc[1]"] == [error.id for error in unread]


def test_candles_when_a_stamp_comes_twice_then_once_if_both_agree_and_else_not_at_all() -> None:
    assert len(answering(rows(12, 12, 16)).candles(BITCOIN, days=7)) == 2
    series = answering([*rows(12), *rows(16), *rows(16, cells=[1, 1, 1, 1])]).candles(BITCOIN, days=7)
    assert [candle.start for candle in series] == [at(8)]
    assert [error.stamp for error in series.errors] == [at(16).isoformat()]


def test_candles_when_not_in_order_then_oldest_first_all_the_same() -> None:
    assert [candle.start for candle in answering(rows(20, 12, 16)).candles(BITCOIN, days=7)] == [at(8), at(12), at(16)]


@pytest.mark.parametrize("text", [b"1e2", b"100.0", b"100", b"1.0E+2", b'"100"', b'"1e2"'])
def test_candles_when_numbers_have_exponents_then_exact(text: bytes) -> None:
    (candle,) = answering(b"[[%d,%s,%s,%s,%s]]" % (NOON, text, text, text, text)).candles(BITCOIN, days=7)
    assert candle.close == 100


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"-Infinity", b"nan"])
def test_answer_when_a_number_is_none_of_json_then_unexpected_payload(text: bytes) -> None:
    with pytest.raises(UnexpectedPayload):
        answering(b"[[%d,1,1,1,%s]]" % (NOON, text)).candles(BITCOIN, days=7)
    with pytest.raises(UnexpectedPayload):
        answering(b'{"bitcoin":{"usd":%s}}' % text).price(BITCOIN)


def test_candles_when_dust_rounds_to_nothing_then_four_zeros_are_a_bar() -> None:
    (candle,) = answering(rows(12, cells=[0, 0, 0, 0])).candles(BITCOIN, days=7)
    assert candle.close == 0


DAYS = [1711843200000, 1711929600000]  # 2024-03-31 and 2024-04-01


def chart(**series: Any) -> dict[str, Any]:
    whole = {name: [[day, 5] for day in DAYS] for name in ("prices", "market_caps", "total_volumes")}
    return {**whole, **series}


@pytest.mark.parametrize("row", [None, 7, [], [DAYS[0]], [DAYS[0], 1, 1], [None, 1], ["x", 1], [-1, 1], [10**30, 1]])
@pytest.mark.parametrize("name", ["prices", "market_caps", "total_volumes"])
def test_chart_when_one_row_cannot_be_read_then_named_by_series_and_number(name: str, row: Any) -> None:
    found = answering(chart(**{name: [row, [DAYS[1], 7]]})).market_chart(BITCOIN, start=START, end=END)
    assert [error.place for error in found.errors] == [f"{name}[0]"]
    points = {point.at.day: (point.price, point.market_cap, point.volume) for point in found.points}
    assert points[1] == tuple(7 if name == each else 5 for each in ("prices", "market_caps", "total_volumes"))
    if name == "prices":
        assert points.keys() == {1}
    else:
        assert points[31] == (5, *(None if name == each else 5 for each in ("market_caps", "total_volumes")))


@pytest.mark.parametrize("value", [None, "soon", -1, True, {}, "1,234"])
def test_chart_when_a_price_is_none_then_its_point_is_named_and_never_zero(value: Any) -> None:
    found = answering(chart(prices=[[DAYS[0], value], [DAYS[1], 7]])).market_chart(BITCOIN, start=START, end=END)
    assert [point.price for point in found.points] == [7]
    assert [error.place for error in found.errors] == ["prices[0]"]


def test_chart_when_a_cap_is_null_then_none_and_no_error() -> None:
    found = answering(chart(market_caps=[[DAYS[0], None]])).market_chart(BITCOIN, start=START, end=END)
    assert ([point.market_cap for point in found.points], found.errors) == ([None, None], ())


def test_chart_when_a_stamp_comes_with_two_values_then_neither_counts() -> None:
    prices = [[DAYS[0], 1], [DAYS[0], 2], [DAYS[0], 3], [DAYS[1], 7]]
    found = answering(chart(prices=prices)).market_chart(BITCOIN, start=START, end=END)
    assert [point.price for point in found.points] == [7]
    assert [error.place for error in found.errors] == ["prices[1]", "prices[2]"]


@pytest.mark.parametrize("name", ["prices", "market_caps", "total_volumes"])
def test_chart_when_a_series_is_absent_then_unexpected_payload(name: str) -> None:
    with pytest.raises(UnexpectedPayload, match=name):
        answering(chart(**{name: None})).market_chart(BITCOIN, start=START, end=END)


STRANGE: list[Any] = [None, "", "a-word-nobody-knows", [], {}, True, -7, [None], "NaN", "1,5", 10**40]


def spoiled(body: Any) -> Iterator[Any]:
    """Yield a body with each value in it replaced by each strange one, and left out."""
    places: list[Any] = list(body) if isinstance(body, dict) else list(range(len(body)))
    for place in places:
        rest = {key: body[key] for key in body if key != place} if isinstance(body, dict) else [*body]
        if isinstance(rest, list):
            del rest[place]
        yield rest
        for strange in STRANGE:
            yield {**body, place: strange} if isinstance(body, dict) else [*body[:place], strange, *body[place + 1 :]]
        if isinstance(body[place], (dict, list)):
            for inner in spoiled(body[place]):
                yield {**body, place: inner} if isinstance(body, dict) else [*body[:place], inner, *body[place + 1 :]]


EVERY = share(1, test=2, quick=9)
"""Each how manieth change is tried."""


def test_candles_when_any_cell_is_strange_then_the_other_bars_come() -> None:
    good = {candle.start: candle for candle in answering(rows(12, 16, 20)).candles(BITCOIN, days=7)}
    for changed in [*spoiled(rows(12, 16))][::EVERY]:
        found = answering([*changed, *rows(20)]).candles(BITCOIN, days=7)
        kept = [candle for candle in found if good.get(candle.start) == candle]
        assert len(kept) >= 2 - (len(changed) < 2)
        assert len(found) + len(found.errors) in (len(changed) + 1, len(changed))


def test_chart_when_any_cell_is_strange_then_the_other_points_come() -> None:
    good = answering(chart()).market_chart(BITCOIN, start=START, end=END).points
    for changed in [*spoiled(chart())][::EVERY]:
        try:
            found = answering(changed).market_chart(BITCOIN, start=START, end=END)
        except UnexpectedPayload:
            assert any(type(changed.get(name)) is not list or changed[name] == [None] for name in chart())
            continue
        assert len(found.errors) <= 1 or changed["prices"] == []
        same = [point for point in found.points if point in good]
        assert len(same) >= 1 or any(len(changed[name]) < 2 for name in chart())
        assert all(point.price > 0 for point in found.points)


@settings(max_examples=effort(100), deadline=None)
@given(
    closes=st.lists(st.integers(0, 40), min_size=1, max_size=12, unique=True),
    late=st.integers(0, 15),
)
def test_candles_when_any_of_the_grid_come_then_none_overlaps_another(closes: list[int], late: int) -> None:
    """Four-hour candles at any places, and one more that ends some quarters of an hour after the last."""
    hours = [float(4 * n) for n in sorted(closes)]
    hours += [hours[-1] + late / 4] if late else []
    series = answering(rows(*hours)).candles(BITCOIN, days=7)
    assert len(series) == len(hours)
    ends = dict(zip([candle.start for candle in series], map(at, hours), strict=True))
    assert all(end <= start for end, start in zip([*ends.values()][:-1], [*ends][1:], strict=True))
    assert all(end - start <= timedelta(hours=4) for start, end in ends.items())
    assert [candle.complete for candle in series] == [True] * (len(hours) - (late > 0)) + [False] * (late > 0)
    assert Decimal(5) == series.candles[0].high
