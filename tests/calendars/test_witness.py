"""Every session of every calendar equals exchange_calendars', but for the overrides, which are written out here."""

from __future__ import annotations

import random
import sys
import tomllib
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fin_infra.calendars import CALENDARS, calendar

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "src" / "fin_infra" / "calendars" / "data"
UPSTREAM = [name for name, table in CALENDARS.items() if table == name.replace("/", "-")]
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the source's use of pandas
Row = tuple[datetime, datetime, datetime | None, datetime | None, bool]


def rows_of(witness: Any) -> dict[date, Row]:
    early = set(witness.early_closes)
    schedule = witness.schedule
    columns = [list(schedule[name].dt.to_pydatetime()) for name in ("open", "close", "break_start", "break_end")]
    return {
        stamp.date(): (*(moment if moment == moment else None for moment in moments), stamp in early)
        for stamp, *moments in zip(schedule.index, *columns, strict=True)
    }


def hong_kong_break(day: date, row: Row) -> Row:
    """Put the lunch break of before 2012-03-05 in: it was 12:30 to 14:30, then 12:00 to 13:30."""
    if row[2] is None or day >= date(2012, 3, 5):
        return row
    begin, end = ("04:30", "06:30") if day < date(2011, 3, 7) else ("04:00", "05:30")
    moments = (datetime.fromisoformat(f"{day}T{clock}+00:00") for clock in (begin, end))
    return (row[0], row[1], *moments, row[4])


@pytest.mark.parametrize("name", UPSTREAM)
def test_sessions_when_compared_with_exchange_calendars_then_each_is_equal(
    name: str, witness: Callable[[str], Any], overridden: Callable[[str], set[date]]
) -> None:
    ours = calendar(name)
    found = {
        session.date: (session.open, session.close, session.break_start, session.break_end, session.early_close)
        for session in ours.sessions(ours.first, ours.last + timedelta(days=1))
    }
    expected = rows_of(witness(name))
    if name == "XHKG":
        expected = {day: hong_kong_break(day, row) for day, row in expected.items()}
    spared = overridden(name)
    assert len(expected) > 240 * (ours.last - ours.first).days // 366  # Bangkok has the fewest, 245 a year
    assert {d: row for d, row in found.items() if d not in spared} == {
        d: row for d, row in expected.items() if d not in spared
    }


@pytest.mark.parametrize("name", UPSTREAM)
def test_is_open_when_compared_with_exchange_calendars_then_each_minute_is_equal(
    name: str, witness: Callable[[str], Any], overridden: Callable[[str], set[date]]
) -> None:
    import pandas as pd

    ours, theirs, drawn = calendar(name), witness(name), random.Random(20261121)
    sessions = ours.sessions(max(ours.first, date(2013, 1, 1)), ours.last)  # since when Hong Kong's lunch is the same
    moments = []
    for session in drawn.sample(sessions, 150):
        edges = [session.open, session.close, session.break_start, session.break_end]
        moments += [edge + shift for edge in edges if edge for shift in (-MINUTE, timedelta(), MINUTE)]
        moments.append(session.open + drawn.randrange(24 * 60) * MINUTE)
    spared = overridden(name)
    moments = [m for m in moments if not {m.date() + timedelta(days=shift) for shift in (-1, 0, 1)} & spared]
    assert len(moments) > 900
    for moment in moments:
        assert ours.is_open(moment) == theirs.is_open_on_minute(pd.Timestamp(moment)), moment
    for moment in moments[:60]:
        odd = moment + timedelta(seconds=59, microseconds=999_999)
        assert ours.is_open(odd) == theirs.is_open_at_time(pd.Timestamp(odd), side="left"), odd


@pytest.mark.parametrize("name", ["XNYS", "XTKS", "XASX"])
def test_next_and_previous_when_compared_with_exchange_calendars_then_are_equal(
    name: str, witness: Callable[[str], Any]
) -> None:
    import pandas as pd

    ours, theirs, drawn = calendar(name), witness(name), random.Random(7)
    for _ in range(300):
        moment = datetime(2016, 1, 1, tzinfo=UTC) + drawn.randrange(12 * 365 * 24 * 60) * MINUTE + timedelta(seconds=30)
        stamp = pd.Timestamp(moment)
        assert ours.next_open(moment) == theirs.next_open(stamp)
        assert ours.next_close(moment) == theirs.next_close(stamp)
        assert ours.previous_open(moment) == theirs.previous_open(stamp)
        assert ours.previous_close(moment) == theirs.previous_close(stamp)


def hours(name: str, day: date) -> str | None:
    """Return a session's hours on the exchange's clock."""
    ours = calendar(name)
    session = ours.session_on(day)
    if session is None:
        return None
    clocks = (session.open, session.break_start, session.break_end, session.close)
    return " ".join(moment.astimezone(ours.zone).strftime("%H:%M") for moment in clocks if moment)


@pytest.mark.parametrize(
    ("name", "day", "expected"),
    [
        ("XHKG", date(2013, 9, 23), "13:00 16:00"),
        ("XHKG", date(2014, 9, 16), "13:00 16:00"),
        ("XHKG", date(2020, 8, 19), "13:30 16:00"),
        ("XHKG", date(2021, 6, 28), "13:30 16:00"),
        ("XHKG", date(2022, 8, 25), "13:00 16:00"),
        ("XHKG", date(2023, 9, 1), None),
        ("XHKG", date(2023, 9, 8), None),
        ("XHKG", date(2023, 10, 9), "14:00 16:00"),
        ("XHKG", date(2011, 3, 4), "10:00 12:30 14:30 16:00"),
        ("XHKG", date(2011, 3, 7), "09:30 12:00 13:30 16:00"),
        ("XHKG", date(2012, 3, 2), "09:30 12:00 13:30 16:00"),
        ("XHKG", date(2012, 3, 5), "09:30 12:00 13:00 16:00"),
        ("XBOM", date(2015, 2, 28), "09:15 15:30"),
        ("XBOM", date(2020, 2, 1), "09:15 15:30"),
        ("XBOM", date(2024, 1, 20), "09:15 15:30"),
        ("XNSE", date(2025, 2, 1), "09:15 15:30"),
        ("XNSE", date(2026, 2, 1), "09:15 15:30"),
    ],
)
def test_override_when_asked_then_the_announced_hours_hold(name: str, day: date, expected: str | None) -> None:
    assert hours(name, day) == expected


def test_overrides_when_read_then_each_has_a_source_and_its_calendar_is_shipped() -> None:
    entries = tomllib.loads((ROOT / "dx" / "calendar_overrides.toml").read_text())
    assert set(entries) <= set(UPSTREAM)
    listed = [entry for each in entries.values() for entry in each]
    assert len(listed) >= 10
    for entry in listed:
        assert entry["source"].startswith("https://"), entry
        assert entry["why"], entry


@pytest.fixture(scope="module")
def generator() -> Any:
    sys.path.insert(0, str(ROOT / "dx"))
    try:
        import make_calendars
    finally:
        sys.path.pop(0)
    return make_calendars


def test_data_when_made_again_then_the_bytes_are_the_same(generator: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = {generator.file_name(name): generator.render(name) for name in generator.SPANS}
    made["origin.toml"] = generator.origin()
    assert set(made) == {path.name for path in DATA.iterdir()}
    for name, text in made.items():
        assert (DATA / name).read_bytes() == text.encode(), f"run python dx/make_calendars.py: {name}"


def test_data_when_weighed_then_it_is_small_and_says_where_it_is_from() -> None:
    sizes = [path.stat().st_size for path in DATA.iterdir()]
    assert sum(sizes) <= 130_000  # 44 tables of about 2.7 kB; a table that lists its sessions would have 100 kB
    assert max(sizes) <= 6_000
    origin = tomllib.loads((DATA / "origin.toml").read_text())
    assert origin["license"] == "Apache-2.0"
    assert origin["source"] == "exchange_calendars"
    assert {f"{table}.json" for table in CALENDARS.values()} | {"origin.toml"} == {p.name for p in DATA.iterdir()}
