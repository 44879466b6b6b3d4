"""Any body at all gives a typed value or one of our errors; windows and units keep their promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import FinInfraError, InvalidInstrument
from fin_infra.model import (
    Adjustment,
    CandleSeries,
    FxRate,
    InstrumentKey,
    Interval,
    Listing,
    Overview,
    Quote,
)
from fin_infra.providers.market.alpha_vantage.adapter import AlphaVantage, Settings
from fin_infra.providers.market.alpha_vantage.market_data import MONTHS_AT_ONCE
from fin_infra.providers.market.alpha_vantage.market_data import months as months_of
from fin_infra.providers.market.alpha_vantage.symbols import SPELLING
from fin_infra.providers.provider import Endpoint
from fin_infra.providers.windows import Window
from fin_infra.settings import load
from fin_infra.transport import Reply, Sync
from fin_infra.transport.replay import Replay
from tests.support.effort import effort

IBM = InstrumentKey("US", "IBM")
ENDPOINT = Endpoint("http://127.0.0.1:1", "custom", load(Settings, {"api_key": "K", "per_second": 0, "per_day": 0}))
Operation = Callable[[AlphaVantage[Sync]], Any]
ADJUSTED = {
    "Meta Data": {"2. Symbol": "IBM", "3. Last Refreshed": "2026-03-06", "5. Time Zone": "US/Eastern"},
    "Time Series (Daily)": {
        "2026-03-06": {
            "1. open": "10.0",
            "2. high": "12.5",
            "3. low": "9.5",
            "4. close": "11.0",
            "5. adjusted close": "5.4321",
            "6. volume": "100",
            "7. dividend amount": "0.0000",
            "8. split coefficient": "2.0",
        }
    },
}


def named(root: str) -> dict[str, Any]:
    """The same bars under another series' name."""
    return {"Meta Data": ADJUSTED["Meta Data"], root: ADJUSTED["Time Series (Daily)"]}


OPERATIONS: list[tuple[Operation, type[Any], dict[str, Any]]] = [
    (
        lambda av: av.quote(IBM),
        Quote,
        {"Global Quote": {"01. symbol": "IBM", "05. price": "1.50", "07. latest trading day": "2026-11-20"}},
    ),
    (
        lambda av: av.quote(InstrumentKey("XLON", "TSCO")),
        Quote,
        {"bestMatches": [{"1. symbol": "TSCO.LON", "2. name": "Tesco", "8. currency": "GBX"}],
         "Global Quote": {"01. symbol": "TSCO.LON", "05. price": "1.50", "07. latest trading day": "2026-11-20"}},
    ),
    (
        lambda av: av.quotes([IBM]),
        Listing,
        {"message": "success", "data": [{"symbol": "IBM", "timestamp": "2026-11-20 16:00:00.5", "close": "2"}]},
    ),
    (lambda av: av.candles(IBM), CandleSeries, ADJUSTED),
    (lambda av: av.candles(IBM, adjustment=Adjustment.SPLITS_AND_DIVIDENDS), CandleSeries, ADJUSTED),
    (lambda av: av.candles(IBM, interval=Interval.MIN_5), CandleSeries, named("Time Series (5min)")),
    (lambda av: av.candles(IBM, interval=Interval.WEEK_1), CandleSeries, named("Weekly Time Series")),
    (
        lambda av: av.search("tesco"),
        Listing,
        {"bestMatches": [{"1. symbol": "A", "2. name": "B", "5. marketOpen": "09:30", "9. matchScore": "0.5"}]},
    ),
    (
        lambda av: av.overview(IBM),
        Overview,
        {"Symbol": "IBM", "Name": "IBM", "Currency": "USD", "EPS": "1.5", "LatestQuarter": "2026-09-30"},
    ),
    (
        lambda av: av.fx_rate("EUR", "USD"),
        FxRate,
        {
            "Realtime Currency Exchange Rate": {
                "1. From_Currency Code": "EUR",
                "3. To_Currency Code": "USD",
                "5. Exchange Rate": "1.1",
                "6. Last Refreshed": "2026-11-20 14:59:58",
                "7. Time Zone": "UTC",
                "8. Bid Price": "-",
            }
        },
    ),
    (lambda av: av.fx_candles("EUR", "USD"), CandleSeries, named("Time Series FX (Daily)")),
]  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["0", "0.0", "-1", "1e5", "NaN", "Infinity", "9" * 40, "0." + "0" * 29 + "1", "None", "-", "٣", "1_0", " 1",
         "2026-13-01", "2026-03-08 02:30:00", "0001-01-01", "9999-12-31", "GBX", "XYZ", "US/Nowhere", "UTC-04", "BTC"]
    ),
)  # fmt: skip
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False), TEXTS)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)


def outcome(operation: Operation, content: bytes) -> Any:
    try:
        return operation(AlphaVantage(Replay(lambda request: Reply(200, content)), ENDPOINT))
    except FinInfraError as error:
        return error


@pytest.mark.parametrize(("operation", "kind", "good"), OPERATIONS)
def test_operation_when_body_is_good_then_value(operation: Operation, kind: type[Any], good: dict[str, Any]) -> None:
    assert isinstance(outcome(operation, msgspec.json.encode(good)), kind)


@pytest.mark.parametrize(("operation", "kind", "good"), OPERATIONS)
@given(body=VALUES)
@settings(max_examples=effort(25), deadline=None)
def test_operation_when_body_is_any_json_then_value_or_our_error(
    operation: Operation, kind: type[Any], good: dict[str, Any], body: Any
) -> None:
    assert isinstance(outcome(operation, msgspec.json.encode(body)), (kind, FinInfraError))


@pytest.mark.parametrize(("operation", "kind", "good"), OPERATIONS)
@given(data=st.data())
@settings(max_examples=effort(80), deadline=None)
def test_operation_when_one_part_is_spoilt_then_value_or_our_error(
    operation: Operation, kind: type[Any], good: dict[str, Any], data: st.DataObject
) -> None:
    body = msgspec.json.decode(msgspec.json.encode(good))
    parent: Any = body
    while True:
        name = data.draw(st.sampled_from(list(parent)) if isinstance(parent, dict) else st.just(0))
        if not isinstance(parent[name], (dict, list)) or data.draw(st.booleans()):
            break
        parent = parent[name]
    spoil = data.draw(st.sampled_from(["value", "drop", "rename"]))
    if spoil == "value" or isinstance(parent, list):
        parent[name] = data.draw(VALUES)
    elif spoil == "drop":
        del parent[name]
    else:
        parent[data.draw(TEXTS)] = parent.pop(name)
    assert isinstance(outcome(operation, msgspec.json.encode(body)), (kind, FinInfraError))


@pytest.mark.parametrize(("operation", "kind", "good"), OPERATIONS)
@given(content=st.one_of(st.binary(max_size=80), st.text(max_size=80).map(str.encode)))
@settings(max_examples=effort(25), deadline=None)
def test_operation_when_body_is_any_bytes_then_our_error(
    operation: Operation, kind: type[Any], good: dict[str, Any], content: bytes
) -> None:
    assert isinstance(outcome(operation, content), (kind, FinInfraError))


PRICES = st.decimals(Decimal("0.0001"), Decimal(100_000), places=4)


@given(
    low=PRICES,
    up=st.lists(st.decimals(0, 50, places=4), min_size=3, max_size=3),
    adjusted=st.decimals("0.000001", 90_000, places=12),
)
@settings(max_examples=effort(80), deadline=None)
def test_adjusted_bar_when_scaled_then_still_a_bar_and_close_as_printed(
    low: Decimal, up: list[Decimal], adjusted: Decimal
) -> None:
    high = low + max(up)
    row = {
        "1. open": str(low + up[0]),
        "2. high": str(high),
        "3. low": str(low),
        "4. close": str(low + up[1]),
        "5. adjusted close": f"{adjusted:f}",
    }
    body = {**ADJUSTED, "Time Series (Daily)": {"2026-03-06": row}}
    series = outcome(lambda av: av.candles(IBM, adjustment=Adjustment.SPLITS_AND_DIVIDENDS), msgspec.json.encode(body))
    (bar,) = series.candles
    assert bar.low <= bar.open <= bar.high
    assert bar.low <= bar.close <= bar.high
    assert (bar.close, bar.traded_close) == (adjusted, low + up[1])


@given(
    start=st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # the strategy adds the zone
    days=st.integers(0, 330),
    seconds=st.integers(1, 86_399),
)
@settings(max_examples=effort(80), deadline=None)
def test_months_when_window_then_each_once_and_every_bar_in_one(start: datetime, days: int, seconds: int) -> None:
    from zoneinfo import ZoneInfo

    end = start + timedelta(days=days, seconds=seconds)
    months = months_of(Window(start, end), "America/New_York", start)
    assert len(months) == len(set(months)) <= MONTHS_AT_ONCE
    place = ZoneInfo("America/New_York")
    for part in range(101):
        at = start + (end - start) * part / 101
        assert f"{at.astimezone(place):%Y-%m}" in months
    assert months[0] == f"{start.astimezone(place):%Y-%m}"
    assert months[-1] == f"{(end - timedelta(microseconds=1)).astimezone(place):%Y-%m}"


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("US:BRK.B", "BRK-B"), ("XLON:TSCO", "TSCO.LON"), ("XETR:SAP", "SAP.DEX"), ("XFRA:TCO2", "TCO2.FRK"),
        ("XTSE:SHOP", "SHOP.TRT"), ("XTSX:GPV", "GPV.TRV"), ("XBOM:RELIANCE", "RELIANCE.BSE"),
        ("XSHG:600104", "600104.SHH"), ("XSHE:000002", "000002.SHZ"), ("XHKG:700", "0700.HKG"),
        ("XLON:BATS", "BATS.LON"),
    ],
)  # fmt: skip
def test_spelling_when_written_then_reads_back(key: str, written: str) -> None:
    assert SPELLING.write(InstrumentKey.parse(key)) == written
    assert str(SPELLING.read(written)) == key


def test_spelling_when_venue_is_unknown_then_refused() -> None:
    with pytest.raises(InvalidInstrument):
        SPELLING.read("PETR4.SAO")
