"""Questions to a calendar: expected answers are worked out by hand from the hours that exchanges publish."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.calendars import ALIASES, CALENDARS, Calendar, calendar
from fin_infra.errors import BeyondCalendar, InvalidInput, NaiveTime, UnknownCalendar
from tests.support.effort import effort
from tests.support.imports import modules_after

MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "day", "opens", "closes"),
    [
        # New York, 09:30-16:00: clocks forward on 2026-03-08, back on 2026-11-01
        ("XNYS", "2026-03-06", "14:30", "21:00"),
        ("XNYS", "2026-03-09", "13:30", "20:00"),
        ("XNYS", "2026-10-30", "13:30", "20:00"),
        ("XNYS", "2026-11-02", "14:30", "21:00"),
        ("XNAS", "2026-11-02", "14:30", "21:00"),
        ("XTSE", "2026-03-09", "13:30", "20:00"),
        # London, 08:00-16:30: forward on 2026-03-29, back on 2026-10-25
        ("XLON", "2026-03-27", "08:00", "16:30"),
        ("XLON", "2026-03-30", "07:00", "15:30"),
        ("XLON", "2026-10-23", "07:00", "15:30"),
        ("XLON", "2026-10-26", "08:00", "16:30"),
        # Frankfurt, Amsterdam, Paris and Zurich, 09:00-17:30: the same days as London
        ("XETR", "2026-03-27", "08:00", "16:30"),
        ("XETR", "2026-03-30", "07:00", "15:30"),
        ("XAMS", "2026-10-26", "08:00", "16:30"),
        ("XPAR", "2026-03-30", "07:00", "15:30"),
        ("XSWX", "2026-10-23", "07:00", "15:30"),
        # Sydney, 10:00-16:00: the southern summer; back on 2026-04-05, forward on 2026-10-04
        ("XASX", "2026-04-02", "23:00", "05:00"),
        ("XASX", "2026-04-07", "00:00", "06:00"),
        ("XASX", "2026-10-02", "00:00", "06:00"),
        ("XASX", "2026-10-06", "23:00", "05:00"),
        # no daylight saving
        ("XTKS", "2026-03-09", "00:00", "06:30"),
        ("XTKS", "2024-11-01", "00:00", "06:00"),
        ("XTKS", "2024-11-05", "00:00", "06:30"),
        ("XHKG", "2026-03-09", "01:30", "08:00"),
        ("XSHG", "2026-03-09", "01:30", "07:00"),
        ("XBOM", "2026-03-09", "03:45", "10:00"),
        ("XNSE", "2026-03-09", "03:45", "10:00"),
    ],
)
def test_session_when_clocks_change_then_the_instants_follow_the_wall_clock(
    name: str, day: str, opens: str, closes: str
) -> None:
    session = calendar(name).session_on(date.fromisoformat(day))
    assert session is not None
    start = utc(f"{day}T{opens}") - (timedelta(days=1) if opens == "23:00" else timedelta())
    assert (session.open, session.close) == (start, utc(f"{day}T{closes}"))
    assert not session.early_close
    assert session.open.tzinfo is UTC


@pytest.mark.parametrize(
    ("name", "day", "close"),
    [
        ("XNYS", date(2026, 11, 27), time(13)),  # the day after Thanksgiving
        ("XNYS", date(2026, 12, 24), time(13)),
        ("XNAS", date(2026, 12, 24), time(13)),
        ("XNYS", date(2025, 7, 3), time(13)),
        ("XLON", date(2026, 12, 24), time(12, 30)),
        ("XLON", date(2026, 12, 31), time(12, 30)),
        ("XETR", date(2026, 12, 30), time(14)),
        ("XPAR", date(2026, 12, 24), time(14, 5)),
        ("XHKG", date(2026, 12, 24), time(12)),
        ("XASX", date(2026, 12, 24), time(14, 10)),
        ("XTSE", date(2026, 12, 24), time(13)),
    ],
)
def test_early_close_when_announced_then_the_session_ends_there(name: str, day: date, close: time) -> None:
    ours = calendar(name)
    session = ours.session_on(day)
    assert session is not None
    assert session.close == datetime.combine(day, close, ours.zone)
    assert session.early_close
    assert ours.is_early_close(day)
    assert not ours.is_open(session.close)
    assert ours.is_open(session.close - TICK)
    assert not ours.is_early_close(day - timedelta(days=14))


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("XNYS", date(2026, 11, 26)),
        ("XNYS", date(2001, 9, 11)),
        ("XNYS", date(2018, 12, 5)),
        ("XNYS", date(2025, 1, 9)),
        ("XLON", date(2022, 9, 19)),
        ("XTKS", date(2020, 10, 1)),
        ("XSHG", date(2026, 2, 17)),
        ("XBOM", date(2026, 1, 15)),
        ("XNYS", date(2026, 11, 28)),
    ],
)
def test_holiday_when_asked_then_there_is_no_session(name: str, day: date) -> None:
    ours = calendar(name)
    assert ours.session_on(day) is None
    assert not ours.is_early_close(day)
    assert ours.minutes(day) == 0
    assert ours.sessions(day, day + timedelta(days=1)) == []
    assert not ours.is_open(datetime.combine(day, time(12), ours.zone))


@pytest.mark.parametrize(
    ("name", "day", "begin", "end", "minutes"),
    [
        ("XTKS", date(2026, 3, 9), time(11, 30), time(12, 30), 330),
        ("XTKS", date(2024, 11, 1), time(11, 30), time(12, 30), 300),
        ("XHKG", date(2026, 3, 9), time(12), time(13), 330),
        ("XSHG", date(2026, 3, 9), time(11, 30), time(13), 240),
    ],
)
def test_lunch_when_it_begins_and_ends_then_trading_stops_and_goes_on(
    name: str, day: date, begin: time, end: time, minutes: int
) -> None:
    ours = calendar(name)
    pause = [datetime.combine(day, clock, ours.zone) for clock in (begin, end)]
    session = ours.session_on(day)
    assert session is not None
    assert [session.break_start, session.break_end] == pause
    assert ours.is_open(pause[0] - TICK)
    assert not ours.is_open(pause[0])
    assert not ours.is_open(pause[1] - TICK)
    assert ours.is_open(pause[1])
    assert ours.session(pause[0]) == ours.session(pause[1]) == session
    assert ours.next_open(pause[0]) > session.close
    assert session.minutes == ours.minutes(day) == minutes


def test_edges_when_asked_then_the_open_belongs_to_the_session_and_the_close_does_not() -> None:
    ours = calendar("XNYS")
    opened, closed = utc("2026-03-09T13:30"), utc("2026-03-09T20:00")
    assert [ours.is_open(at) for at in (opened - TICK, opened, closed - TICK, closed)] == [False, True, True, False]
    assert ours.session(opened - TICK) is ours.session(closed) is None
    monday = ours.session(opened)
    assert monday == ours.session(closed - TICK) == ours.session_on(date(2026, 3, 9))
    assert monday is not None
    assert monday.minutes == 390
    assert ours.next_open(opened - TICK) == opened
    assert ours.next_open(opened) == utc("2026-03-10T13:30")
    assert ours.next_close(closed - TICK) == closed
    assert ours.next_close(closed) == utc("2026-03-10T20:00")
    assert ours.previous_open(opened) == opened
    assert ours.previous_open(opened - TICK) == utc("2026-03-06T14:30")
    assert ours.previous_close(closed) == closed
    assert ours.previous_close(closed - TICK) == utc("2026-03-06T21:00")


def test_crypto_when_asked_then_a_session_is_a_utc_day_and_trading_never_stops() -> None:
    ours = calendar("24/7")
    midnight = utc("2026-01-04T00:00")
    assert ours.is_open(midnight)
    assert ours.is_open(midnight - TICK)
    session = ours.session(midnight)
    assert session is not None
    assert (session.date, session.open, session.close) == (date(2026, 1, 4), midnight, midnight + timedelta(days=1))
    assert session.minutes == 1440
    assert ours.next_open(midnight) == midnight + timedelta(days=1)
    assert ours.previous_close(midnight) == midnight


def test_zone_of_the_question_when_it_differs_then_the_answer_is_the_same() -> None:
    ours = calendar("XTKS")
    opened = utc("2026-03-09T00:00")
    for zone in (ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo"), timezone(timedelta(hours=-11))):
        assert ours.is_open(opened.astimezone(zone))
        assert not ours.is_open((opened - TICK).astimezone(zone))
        assert ours.next_open((opened - TICK).astimezone(zone)) == opened


def test_sessions_when_asked_for_days_then_start_is_in_and_end_is_not() -> None:
    ours = calendar("XNYS")
    found = ours.sessions(date(2026, 11, 23), date(2026, 11, 30))
    assert [session.date.day for session in found] == [23, 24, 25, 27]
    assert [session.date.day for session in ours.sessions(date(2026, 11, 27), date(2026, 11, 30))] == [27]
    assert ours.sessions(date(2026, 11, 23), date(2026, 11, 23)) == []
    assert ours.sessions(ours.last, ours.last + timedelta(days=1)) == []  # 2028-12-31 is a Sunday
    with pytest.raises(InvalidInput, match="swap"):
        ours.sessions(date(2026, 11, 30), date(2026, 11, 23))


ANNOUNCED_2025 = {
    "XNYS": 250,
    "XNAS": 250,
    "XLON": 253,
    "XETR": 253,
    "XAMS": 255,
    "XPAR": 255,
    "XSWX": 249,
    "XTKS": 243,
    "XHKG": 246,
    "XASX": 253,
    "XTSE": 251,
    "XTSX": 251,
    "XSHG": 243,
    "XSHE": 243,
    "XBOM": 248,
    "XNSE": 248,
    "24/7": 365,
}


@pytest.mark.parametrize("name", [*ANNOUNCED_2025])
def test_year_when_counted_then_has_as_many_sessions_as_the_exchange_announced(name: str) -> None:
    """Counted by hand: 261 weekdays of 2025, less the holidays on weekdays, plus India's Saturday of the budget.

    India's own count is 249: it has the hour of Muhurat trading on a holiday, which the tables have not.
    """
    assert len(calendar(name).sessions(date(2025, 1, 1), date(2026, 1, 1))) == ANNOUNCED_2025[name]


@pytest.mark.parametrize(
    "question", ["is_open", "session", "next_open", "next_close", "previous_open", "previous_close"]
)
def test_naive_when_asked_then_is_refused(question: str) -> None:
    ask: Callable[[Any], object] = getattr(calendar("XNYS"), question)
    with pytest.raises(NaiveTime, match="2026-03-09T14:00:00 has no time zone"):
        ask(datetime(2026, 3, 9, 14))  # noqa: DTZ001  # naive on purpose
    for wrong in (date(2026, 3, 9), "2026-03-09", 1_700_000_000, None):
        with pytest.raises(InvalidInput, match="datetime with a time zone is needed"):
            ask(wrong)


@pytest.mark.parametrize(
    "question", ["is_open", "session", "next_open", "next_close", "previous_open", "previous_close"]
)
def test_time_when_beyond_the_table_then_the_error_says_until_when_it_holds(question: str) -> None:
    ours = calendar("XSHG")
    ask: Callable[[datetime], object] = getattr(ours, question)
    begin, end = utc("1990-12-18T16:00"), utc("2026-12-31T16:00")  # midnight in Shanghai
    for at in (begin - TICK, end, datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        with pytest.raises(BeyondCalendar, match=r"XSHG holds from 1990-12-19 to 2026-12-31") as caught:
            ask(at)
        assert caught.value.extra() == {"first": "1990-12-19", "last": "2026-12-31"}
    assert not ours.is_open(begin)
    assert not ours.is_open(end - TICK)


def test_next_open_when_the_table_has_no_more_then_is_an_error_and_not_a_guess() -> None:
    ours = calendar("XSHG")
    assert ours.next_open(utc("2026-12-31T01:29")) == utc("2026-12-31T01:30")
    with pytest.raises(BeyondCalendar, match="cannot say when it opens after 2026-12-31T01:30"):
        ours.next_open(utc("2026-12-31T01:30"))
    with pytest.raises(BeyondCalendar, match="when it closes before"):
        ours.previous_close(utc("1990-12-19T01:00"))


def test_day_when_beyond_the_table_or_no_day_then_is_an_error() -> None:
    ours = calendar("XNYS")
    day_after = ours.last + timedelta(days=1)
    for ask in (ours.session_on, ours.is_early_close, ours.minutes):
        with pytest.raises(BeyondCalendar, match="to 2028-12-31"):
            ask(day_after)
        with pytest.raises(BeyondCalendar, match="from 1990-01-01"):
            ask(date(1989, 12, 31))
        with pytest.raises(InvalidInput, match=r"must be a datetime\.date or ISO text"):
            ask(utc("2026-03-09T14:00"))
    assert len(ours.sessions(date(2028, 12, 29), day_after)) == 1
    with pytest.raises(BeyondCalendar):
        ours.sessions(date(2028, 12, 29), day_after + timedelta(days=1))


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("XNYC", "did you mean XNYS"),
        ("xnys", "did you mean XNYS"),
        ("crypto", "did you mean CRYPTO"),
        ("XQQQ", "there are XNYS, XNAS, XLON"),
        ("7", "there are XNYS"),
    ],
)
def test_name_when_unknown_then_the_nearest_are_offered(name: Any, near: str) -> None:
    with pytest.raises(UnknownCalendar, match=near) as caught:
        calendar(name)
    assert repr(name) in str(caught.value)


def test_names_when_asked_then_each_gives_one_calendar_with_its_zone_and_range() -> None:
    assert set(CALENDARS) == {
        *("XNYS", "XNAS", "XLON", "XETR", "XAMS", "XPAR", "XSWX", "XTKS"),
        *("XHKG", "XASX", "XTSE", "XSHG", "XBOM", "XNSE", "24/7"),
        *("XSHE", "XTSX", "MTAA", "BVMF", "XBKK", "XBRU", "XBUD", "XBUE", "XCSE", "XDUB"),
        *("XDUS", "XFRA", "XHAM", "XHEL", "XICE", "XIDX", "XIST", "XJSE", "XKLS", "XKRX"),
        *("XLIS", "XMAD", "XMEX", "XMIL", "XNZE", "XOSL", "XPRA", "XSAU", "XSES", "XSTO"),
        *("XSTU", "XTAI", "XWAR", "XWBO"),
    }
    for name in CALENDARS:
        ours = calendar(name)
        assert ours is calendar(name)
        assert repr(ours) == f"Calendar({name!r})"
        assert ours.zone.key == ("UTC" if name == "24/7" else ours.zone.key)
        assert ours.first.year <= (2021 if name == "XSAU" else 2000)
        assert ours.last >= date(2026, 12, 31)
    assert calendar("SIX") is calendar("XSWX")
    assert calendar("CRYPTO") is calendar("24/7")
    assert set(ALIASES) == {"SIX", "CRYPTO"}


def test_session_when_changed_or_copied_then_is_frozen_and_equal() -> None:
    session = calendar("XNYS").session_on(date(2026, 3, 9))
    assert pickle.loads(pickle.dumps(session)) == session
    with pytest.raises(AttributeError):
        session.early_close = True  # type: ignore[union-attr,misc]


CHOSEN = st.sampled_from([calendar(name) for name in ("XNYS", "XTKS", "XASX", "XBOM", "24/7")])
MOMENTS = st.datetimes(
    datetime(1998, 1, 1),  # noqa: DTZ001  # the strategy adds the zone
    datetime(2026, 12, 1),  # noqa: DTZ001  # the same
    timezones=st.sampled_from([UTC, ZoneInfo("America/New_York")]),
)


@settings(max_examples=effort(200), deadline=None)
@given(CHOSEN, MOMENTS)
def test_answers_when_any_time_is_asked_then_they_agree(ours: Calendar, at: datetime) -> None:
    session = ours.session(at)
    before, after = ours.previous_open(at), ours.next_open(at)
    assert before <= at < after
    assert ours.previous_close(at) <= at < ours.next_close(at)
    paused = session is not None and session.break_start is not None and session.break_start <= at < session.break_end
    assert ours.is_open(at) == (session is not None and not paused)
    if session is None:
        assert before < ours.previous_close(at)
        assert after < ours.next_close(at)
        assert ours.session(after) is not None
    else:
        assert (session.open, session.close) == (before, ours.next_close(at))
        assert session.open <= at < session.close
        assert session == ours.session_on(session.date)
        assert session.open.astimezone(ours.zone).date() == session.date


@settings(max_examples=effort(100), deadline=None)
@given(CHOSEN, st.dates(date(1998, 1, 1), date(2026, 1, 1)), st.integers(0, 60), st.integers(0, 60))
def test_sessions_when_a_span_is_cut_then_the_parts_are_the_whole(
    ours: Calendar, day: date, one: int, two: int
) -> None:
    middle, end = day + timedelta(days=one), day + timedelta(days=one + two)
    whole = ours.sessions(day, end)
    assert ours.sessions(day, middle) + ours.sessions(middle, end) == whole
    assert all(a.close <= b.open for a, b in pairwise(whole))
    assert [session.date for session in whole] == [
        each for each in (day + timedelta(days=n) for n in range(one + two)) if ours.session_on(each)
    ]


def test_calendar_when_used_then_no_pandas_numpy_or_source_is_loaded() -> None:
    heavy = {"pandas", "numpy", "exchange_calendars", "babel", "pydantic", "msgspec", "httpx2"}
    asked = "from datetime import *; calendar('XHKG').is_open(datetime.now(UTC))"
    assert modules_after("import fin_infra.calendars, fin_infra.normalize, fin_infra.i18n") & heavy == set()
    assert modules_after(f"from fin_infra.calendars import calendar; {asked}") & heavy == set()
    assert {"exchange_calendars", "pandas"} <= modules_after("import exchange_calendars")


def test_tables_when_calendars_are_imported_or_named_then_are_read_only_on_the_first_question() -> None:
    code = """
from datetime import UTC, date, datetime
from fin_infra.calendars.table import facts, read, year
from fin_infra.model import InstrumentKey
from fin_infra.normalize import calendar_of
count = lambda: [kept.cache_info().currsize for kept in (facts, year, read)]
ours = calendar_of(InstrumentKey.parse("XNAS:AAPL"))
assert count() == [0, 0, 0]
assert ours.first.year == 1990
assert count() == [1, 0, 0]
assert ours.minutes(date(2026, 11, 27)) == 210
assert ours.sessions(date(2026, 1, 1), date(2027, 1, 1))
assert count() == [1, 1, 0]
assert ours.next_open(datetime(2026, 11, 26, tzinfo=UTC)).day == 27
assert count() == [1, 1, 1]
"""
    subprocess.run([sys.executable, "-I", "-c", code], check=True, timeout=120)


@pytest.mark.matrix
@pytest.mark.parametrize("name", list(CALENDARS))
def test_sessions_of_a_year_when_asked_alone_then_are_those_of_the_whole_table(name: str) -> None:
    whole, alone = (Calendar(name, CALENDARS[name]) for _ in range(2))
    first, last = whole.first, whole.last
    everything = whole.sessions(first, last + timedelta(days=1))
    assert everything[0].date >= first
    for number in {first.year, 2004, 2013, 2020, 2024, last.year} - set(range(first.year)):
        begin, end = max(first, date(number, 1, 1)), min(last, date(number, 12, 31))
        expected = [session for session in everything if session.date.year == number]
        assert alone.sessions(begin, end + timedelta(days=1)) == expected
        assert [alone.session_on(session.date) for session in expected] == expected
        assert [alone.sessions(day, day) for day in (begin, end)] == [[], []]
    assert "_table" not in vars(alone)
    assert "_table" in vars(whole)
    with pytest.raises(BeyondCalendar):
        alone.session_on(last + timedelta(days=1))


def test_docs_when_the_table_is_read_then_it_says_what_the_calendars_say() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "time-and-calendars.md").read_text()
    rows = [
        [cell.strip(" `") for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:3] == "| `"
    ]
    listed = {row[0]: row[2:] for row in rows if len(row) == 6}
    assert list(listed) == list(CALENDARS)
    for name, (zone, regular, first, last) in listed.items():
        ours = calendar(name)
        assert [zone, first, last] == [ours.zone.key, str(ours.first), str(ours.last)]
        session = ours.session_on(date(2026, 3, 9))
        assert session is not None
        clocks = [
            clock.astimezone(ours.zone) for clock in (session.open, session.break_start, session.break_end) if clock
        ]
        end = "24:00" if name == "24/7" else session.close.astimezone(ours.zone).strftime("%H:%M")
        assert re.split("[- ]", regular) == [*(clock.strftime("%H:%M") for clock in clocks), end]
