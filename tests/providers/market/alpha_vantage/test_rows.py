"""Every cell of the recorded rows absent, null, empty and unknown: the other rows come, and nothing else is raised."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import FinInfraError, UnexpectedPayload
from fin_infra.model import Adjustment, InstrumentKey, Interval
from fin_infra.providers.market.alpha_vantage.adapter import AlphaVantage, Settings
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import load
from fin_infra.transport import Reply, Sync
from fin_infra.transport.replay import Replay
from tests.support.effort import share

HERE = Path(__file__).parent
IBM = InstrumentKey("US", "IBM")
NOW = datetime(2026, 11, 20, 22, tzinfo=UTC)
EVERY = share(1, test=3, quick=11)
"""Each how manieth change is tried."""
STRANGE: list[Any] = [
    None, "", "a-word-nobody-knows", [], {}, True, -7, 1.5, [None],
    "NaN", "Infinity", "1e5", "1,234.5", "-", "None", "0", "-1", "9" * 40,
]  # fmt: skip


def body(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text())["reply"]["json"]
    return found


def client(*bodies: Any) -> AlphaVantage[Sync]:
    settings = load(Settings, {"api_key": "K", "per_second": 0, "per_day": 0, "max_attempts": 1})
    replies = [Reply(200, json.dumps(one).encode(), received_at=NOW) for one in bodies]
    return AlphaVantage(Replay(replies), Endpoint("http://127.0.0.1:1", "custom", settings))


def cells(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row with each of its cells absent and strange."""
    for name in row:
        yield {key: cell for key, cell in row.items() if key != name}
        yield from (row | {name: strange} for strange in STRANGE)


SERIES: dict[str, tuple[str, dict[str, Any]]] = {
    "daily": ("daily_ibm", {}),
    "adjusted days": ("daily_adjusted_splt", {"adjustment": Adjustment.SPLITS_AND_DIVIDENDS}),
    "weeks": ("weekly_ibm", {"interval": Interval.WEEK_1}),
    "minutes": ("intraday_2026_03", {"interval": Interval.HOUR_1}),
}


@pytest.mark.parametrize("name", SERIES)
def test_series_when_any_cell_of_a_bar_is_strange_then_the_other_bars_come_unchanged(name: str) -> None:
    file, asked = SERIES[name]
    whole = body(file)
    whole["Meta Data"]["2. Symbol"] = "IBM"
    root = next(key for key in whole if key != "Meta Data")
    right = {candle.start: candle for candle in client(whole).candles(IBM, **asked)}
    for stamp, row in whole[root].items():
        others = {start: candle for start, candle in right.items() if start != start_of(right, stamp)}
        for changed in [*cells(row), *STRANGE][::EVERY]:
            try:
                found = client({**whole, root: whole[root] | {stamp: changed}}).candles(IBM, **asked)
            except UnexpectedPayload:
                assert not others
                continue
            kept = {candle.start: candle for candle in found}
            named = {error.stamp[:10] for error in found.errors}
            assert {start for start in others if start not in kept} <= {at for at in right if str(at.date()) in named}
            assert all(kept[start] == candle for start, candle in others.items() if start in kept)
            assert len(found) + len(found.errors) == len(right)
            if name != "adjusted days":  # there one close may be what tells of its neighbor
                assert others.keys() <= kept.keys()


def start_of(right: dict[datetime, Any], stamp: str) -> datetime:
    """Return the start of the bar that is stamped so: the last one that begins by the end of that day."""
    return max(start for start in right if start.replace(tzinfo=None).isoformat(" ") <= f"{stamp:.10} 23:59:59"[:19])


@pytest.mark.parametrize(
    "strange", ["", "soon", "2026-13-01", "2026-02-30", "2026-03-08 02:30:00", "1 March", "٢٠٢٦-٠٣-٠٦"]
)
def test_series_when_a_stamp_is_strange_then_named_and_the_other_bars_come(strange: str) -> None:
    whole = body("daily_ibm")
    root = next(key for key in whole if key != "Meta Data")
    right = client(whole).candles(IBM).candles
    stamp, row = next(iter(whole[root].items()))
    rest = {key: bar for key, bar in whole[root].items() if key != stamp}
    found = client({**whole, root: {strange: row, **rest}}).candles(IBM)
    assert found.candles == right[:-1]
    assert [error.stamp for error in found.errors] == [strange]


SEARCH = {"1. symbol": "IBM", "2. name": "IBM", "8. currency": "USD", "5. marketOpen": "09:30", "9. matchScore": "1.0"}
BATCH = {"symbol": "AAPL", "timestamp": "2026-11-20 16:00:00", "open": "1", "close": "2", "volume": "3"}
SUCCESS = "success"
LISTS: dict[str, tuple[dict[str, Any], str, Callable[[list[Any]], Any]]] = {
    "search": (SEARCH, "bestMatches", lambda rows: client({"bestMatches": rows}).search("i")),
    "batch": (
        BATCH,
        "keys",
        lambda rows: client({"message": SUCCESS, "data": rows}).quotes([InstrumentKey("US", "AAPL"), IBM]),
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_list_when_any_cell_of_a_row_is_strange_then_the_other_row_comes_and_the_one_is_named(name: str) -> None:
    row, place, ask = LISTS[name]
    good = {**row, "1. symbol": "IBM", "symbol": "IBM"} if name == "batch" else row
    right = ask([row, good])
    assert (len(right), right.errors) == (2, ())
    for changed in [*cells(row), *STRANGE][::EVERY]:
        found = ask([changed, good])
        assert len(found) + len(found.errors) == 2
        assert found[-1] == right[-1]
        assert all(error.place == f"{place}[0]" and error.reason for error in found.errors)


@pytest.mark.parametrize("name", ["search", "batch"])
def test_list_when_no_row_can_be_read_then_an_error_and_no_empty_list(name: str) -> None:
    with pytest.raises(FinInfraError):
        LISTS[name][2]([7, {}])


PRICES = ("price", "open", "high", "low", "previous_close", "rate", "bid", "ask", "high_52_weeks", "low_52_weeks")
FACTS: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "quote": ("quote_ibm", lambda one: client(one).quote(IBM)),
    "overview": ("overview_ibm", lambda one: client(one).overview(IBM)),
    "rate": ("rate_eurusd", lambda one: client(one).fx_rate("EUR", "USD")),
}


@pytest.mark.parametrize("name", FACTS)
def test_fact_when_any_cell_is_strange_then_the_figure_is_as_written_or_none_and_never_zero(name: str) -> None:
    file, ask = FACTS[name]
    whole = body(file)
    right = ask(whole)
    nested = next(((key, value) for key, value in whole.items() if isinstance(value, dict)), None)
    for changed in [*cells(nested[1] if nested else whole)][::EVERY]:
        try:
            found = ask({nested[0]: changed} if nested else changed)
        except FinInfraError:
            continue
        for field in (field for field in type(found).__dataclass_fields__ if field not in ("raw", "meta", "as_of")):
            value, before = getattr(found, field), getattr(right, field)
            if value == before or value is None or field in ("trading_day", "date"):
                continue
            shown = [str(cell) for cell in changed.values()] if isinstance(changed, dict) else []
            assert str(value) in shown, f"{field} is {value!r} out of nothing"
        prices = (
            "price",
            "open",
            "high",
            "low",
            "previous_close",
            "rate",
            "bid",
            "ask",
            "high_52_weeks",
            "low_52_weeks",
        )
        assert all(getattr(found, field, None) != 0 for field in prices)
