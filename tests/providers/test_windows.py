"""Windows of time: a day is the trading day at the venue, whichever venue and whatever the clocks do there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.errors import InvalidInput, NaiveTime
from fin_infra.providers.windows import Window

# The instant a day begins at the venue, by hand from the offsets of that day.
MIDNIGHTS = [
    ("America/New_York", date(2026, 3, 8), datetime(2026, 3, 8, 5, tzinfo=UTC)),  # the clocks go forward that night
    ("America/New_York", date(2026, 3, 9), datetime(2026, 3, 9, 4, tzinfo=UTC)),
    ("America/New_York", date(2026, 11, 2), datetime(2026, 11, 2, 5, tzinfo=UTC)),
    ("Europe/London", date(2026, 3, 30), datetime(2026, 3, 29, 23, tzinfo=UTC)),
    ("Europe/London", date(2026, 10, 26), datetime(2026, 10, 26, tzinfo=UTC)),
    ("Europe/Berlin", date(2026, 7, 1), datetime(2026, 6, 30, 22, tzinfo=UTC)),
    ("America/Toronto", date(2026, 12, 31), datetime(2026, 12, 31, 5, tzinfo=UTC)),
    ("Asia/Kolkata", date(2026, 1, 1), datetime(2025, 12, 31, 18, 30, tzinfo=UTC)),
    ("Asia/Hong_Kong", date(2024, 2, 29), datetime(2024, 2, 28, 16, tzinfo=UTC)),
    ("Asia/Shanghai", date(2024, 2, 29), datetime(2024, 2, 28, 16, tzinfo=UTC)),
    ("UTC", date(2024, 2, 29), datetime(2024, 2, 29, tzinfo=UTC)),
]


@pytest.mark.parametrize(("zone_name", "day", "begins"), MIDNIGHTS)
@pytest.mark.parametrize("intraday", [True, False])
def test_window_when_bounds_are_days_then_from_midnight_to_midnight_at_the_venue(
    zone_name: str, day: date, begins: datetime, intraday: bool
) -> None:
    window = Window.of(day, day + timedelta(days=1), zone_name, intraday=intraday)
    assert window.start == begins
    assert begins in window
    assert begins - timedelta(microseconds=1) not in window
    assert window.end is not None
    assert window.end not in window


@pytest.mark.parametrize(("zone_name", "day", "begins"), MIDNIGHTS)
def test_window_when_midnight_utc_then_the_day_for_days_and_the_instant_for_minutes(
    zone_name: str, day: date, begins: datetime
) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert Window.of(midnight, None, zone_name, intraday=False).start == begins
    assert Window.of(midnight, None, zone_name, intraday=True).start == midnight


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 6, 1, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 6, 1, tzinfo=timezone(timedelta(hours=8))),
        datetime(2026, 6, 1, 13, 30, tzinfo=UTC),
    ],
)
@pytest.mark.parametrize("intraday", [True, False])
def test_window_when_another_instant_then_that_instant(instant: datetime, intraday: bool) -> None:
    assert Window.of(None, instant, "Asia/Hong_Kong", intraday=intraday).end == instant


@pytest.mark.parametrize("bound", ["2026-01-01", 1, 1.5, True, [2026, 1, 1]])
def test_window_when_a_bound_is_no_time_then_the_text_shows_one(bound: Any) -> None:
    with pytest.raises(InvalidInput, match="use a date such as 2026-01-31"):
        Window.of(bound, None, "UTC", intraday=False)


def test_window_when_naive_or_empty_then_refused() -> None:
    with pytest.raises(NaiveTime):
        Window.of(datetime(2026, 1, 1), None, "UTC", intraday=False)  # noqa: DTZ001  # the fault under test
    for end in (date(2026, 1, 1), date(2025, 12, 31)):
        with pytest.raises(InvalidInput, match="start must lie before end"):
            Window.of(date(2026, 1, 1), end, "UTC", intraday=False)


@given(day=st.dates(date(1990, 1, 1), date(2040, 1, 1)), zone_name=st.sampled_from([row[0] for row in MIDNIGHTS]))
def test_window_when_days_are_joined_then_every_instant_is_in_exactly_one(day: date, zone_name: str) -> None:
    days = [day + timedelta(days=n) for n in range(4)]
    parts = [Window.of(a, b, zone_name, intraday=False) for a, b in pairwise(days)]
    whole = Window.of(days[0], days[-1], zone_name, intraday=False)
    assert whole.start is not None
    assert whole.end is not None
    step = (whole.end - whole.start) / 97
    for n in range(98):
        at = whole.start + step * n
        assert sum(at in part for part in parts) == (at in whole)
