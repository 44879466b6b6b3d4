"""Calendar files: as text by hand, and as another library reads them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import takewhile
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from fin_infra.errors import NaiveTime
from fin_infra.insights import Entry, Stream
from fin_infra.insights.bills import bills
from fin_infra.insights.calendar import to_ical
from fin_infra.insights.recurring import find_streams
from tests.insights.households import TODAY as HOUSEHOLD_TODAY
from tests.insights.households import household
from tests.insights.recurring.payments import TODAY, every, months, paid
from tests.support.effort import effort

D = dt.date
AT = dt.datetime(2026, 11, 28, 9, 30, tzinfo=dt.UTC)
UID = "87e6e307ade76fab8dead330aa892fe5"
"""Of sha256 of account and first transaction."""
RENT = paid("GREENFIELD RENT", "-1200.00", *months(10, "2026-01", 11))


def written(entries: list[Entry]) -> str:
    return to_ical(find_streams(entries, today=TODAY), today=TODAY, until=D(2027, 3, 31), at=AT)


def read(text: str) -> list[Any]:
    return list(Calendar.from_ical(text).walk("VEVENT"))


def dates(events: list[Any], until: dt.date) -> list[dt.date]:
    """Return the dates that events stand for, rules followed by another library."""
    found: list[dt.date] = []
    for event in events:
        start = event["DTSTART"].dt
        if "RRULE" not in event:
            found.append(start)
            continue
        rule = rrulestr(event["RRULE"].to_ical().decode(), dtstart=dt.datetime.combine(start, dt.time()))
        found += [each.date() for each in takewhile(lambda one: one.date() <= until, rule)]
    return sorted(found)


def test_calendar_when_one_bill_repeats_then_the_text_is_this() -> None:
    assert written(RENT) == "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//fin-infra//bills//EN",
            "CALSCALE:GREGORIAN",
            "BEGIN:VEVENT",
            "UID:" + UID + "@fin-infra",
            "DTSTAMP:20261128T093000Z",
            "DTSTART;VALUE=DATE:20261210",
            "RRULE:FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=10",
            "SUMMARY:GREENFIELD RENT 1200.00 USD",
            "DESCRIPTION:Expected monthly. Paid 11 times\\, last 1200.00 USD on 2026-11-1",
            " 0.",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )


@pytest.mark.parametrize(
    ("days", "rule"),
    [
        (["2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31"], "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=-1"),
        (every(7, "2026-10-01", 9), "FREQ=WEEKLY;INTERVAL=1"),
        (every(28, "2026-03-06", 10), "FREQ=WEEKLY;INTERVAL=4"),
        (every(30, "2026-02-03", 10), "FREQ=DAILY;INTERVAL=30"),
        (["2025-03-10", "2025-09-10", "2026-03-10", "2026-09-10"], "FREQ=MONTHLY;INTERVAL=6;BYMONTHDAY=10"),
    ],
)
def test_calendar_when_the_rule_is_exact_then_the_event_repeats_by_it(days: list[str], rule: str) -> None:
    (event,) = read(written(paid("HULU", "-17.99", *days)))
    assert event["RRULE"].to_ical().decode() == rule


@pytest.mark.parametrize(
    ("days", "wanted"),
    [
        (["2026-07-30", "2026-08-30", "2026-09-30", "2026-10-30"],
         [D(2026, 11, 30), D(2026, 12, 30), D(2027, 1, 30), D(2027, 2, 28), D(2027, 3, 30)]),
        (["2026-05-01", "2026-06-01", "2026-07-01", "2026-08-03", "2026-09-01", "2026-10-01", "2026-11-02"],
         [D(2026, 12, 1), D(2027, 1, 1), D(2027, 2, 1), D(2027, 3, 1)]),
    ],
)  # fmt: skip
def test_calendar_when_no_rule_is_exact_then_each_date_is_an_event(days: list[str], wanted: list[dt.date]) -> None:
    events = read(written(paid("HULU", "-17.99", *days)))
    assert [event["DTSTART"].dt for event in events] == wanted
    assert all("RRULE" not in event for event in events)
    assert len({str(event["UID"]) for event in events}) == len(wanted)


def test_calendar_when_it_is_made_again_later_then_uids_stay() -> None:
    first = read(written(RENT))
    later = to_ical(find_streams(RENT, today=TODAY), today=TODAY, until=D(2027, 3, 31), at=AT + dt.timedelta(days=3))
    assert [str(event["UID"]) for event in read(later)] == [str(event["UID"]) for event in first]


@settings(max_examples=effort(200))
@given(st.text(min_size=1, max_size=200))
def test_calendar_when_a_merchant_has_any_letters_then_lines_are_short_and_another_reader_gets_them(name: str) -> None:
    (stream,) = find_streams(RENT, today=TODAY)
    text = to_ical([_named(stream, name)], today=TODAY, until=D(2026, 12, 31), at=AT)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    (event,) = read(text)
    shown = name.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(letter for letter in shown if letter in "\n\t" or letter >= " ")
    assert str(event["SUMMARY"]) == f"{kept} 1200.00 USD"


def _named(stream: Stream, merchant: str) -> Stream:
    return replace(stream, merchant=merchant)


@settings(max_examples=effort(50))
@given(st.integers(0, 2_000))
def test_calendar_when_another_library_follows_it_then_dates_are_those_of_the_bills(seed: int) -> None:
    until = D(2027, 12, 31)
    streams = find_streams(household(seed).entries, today=HOUSEHOLD_TODAY)
    events = read(to_ical(streams, today=HOUSEHOLD_TODAY, until=until, at=AT))
    assert dates(events, until) == [each.date for each in bills(streams, today=HOUSEHOLD_TODAY, until=until)]


def test_calendar_when_nothing_is_due_then_it_is_an_empty_calendar() -> None:
    text = to_ical([], today=TODAY, until=TODAY, at=AT)
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert read(text) == []


def test_calendar_when_the_time_has_no_zone_then_one_sentence() -> None:
    with pytest.raises(NaiveTime, match="no time zone"):
        to_ical([], today=TODAY, until=TODAY, at=dt.datetime(2026, 11, 28))  # noqa: DTZ001  # naive on purpose
