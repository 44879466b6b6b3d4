"""Zones, wall clocks and Unix time. Expected instants are worked by hand from the published clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.errors import InvalidInput, NaiveTime
from fin_infra.normalize import (
    aware,
    calendar_day,
    check_days,
    from_unix,
    from_unix_ms,
    in_zone,
    localize,
    to_utc,
    trading_date,
    zone,
)

NAIVE = datetime(2026, 3, 9, 9, 30)  # noqa: DTZ001 - a time without a zone is what is tested


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("ask", [aware, to_utc, lambda moment: trading_date(moment, "UTC")])
def test_naive_time_is_refused(ask: object) -> None:
    with pytest.raises(NaiveTime, match="no time zone; add one"):
        ask(NAIVE)  # type: ignore[operator]  # three functions of one argument


@pytest.mark.parametrize(
    ("local", "zone_name", "utc"),
    [
        ("2026-03-06T09:30", "America/New_York", "2026-03-06T14:30"),  # Friday before clocks go forward
        ("2026-03-09T09:30", "US/Eastern", "2026-03-09T13:30"),  # Monday after
        ("2026-10-30T16:00", "EST", "2026-10-30T20:00"),
        ("2026-11-02T16:00", "America/New_York", "2026-11-02T21:00"),
        ("2026-03-27T08:00", "Europe/London", "2026-03-27T08:00"),
        ("2026-03-30T08:00", "Europe/London", "2026-03-30T07:00"),  # summer time began on the 29th
        ("2026-10-26T08:00", "GB", "2026-10-26T08:00"),  # and ended on October 25th
        ("2026-07-01T09:15", "Asia/Calcutta", "2026-07-01T03:45"),
        ("2026-07-01T12:00", "UTC-04", "2026-07-01T16:00"),
        ("2026-07-01T12:00", "UTC+05:30", "2026-07-01T06:30"),
        ("2026-07-01T12:00", "UTC", "2026-07-01T12:00"),
    ],
)
def test_local_time_gives_the_instant(local: str, zone_name: str, utc: str) -> None:
    moment = localize(naive(local), zone_name)
    assert moment == naive(utc).replace(tzinfo=UTC)
    assert to_utc(moment).tzinfo is UTC
    assert moment.replace(tzinfo=None) == naive(local)


@pytest.mark.parametrize(
    ("local", "zone_name"),
    [
        ("2026-03-08T02:30", "America/New_York"),
        ("2026-03-08T02:00", "US/Eastern"),
        ("2026-03-29T01:30", "Europe/London"),
    ],
)
@pytest.mark.parametrize("ambiguous", ["raise", "earlier", "later"])
def test_local_time_that_never_happened_raises(local: str, zone_name: str, ambiguous: str) -> None:
    with pytest.raises(InvalidInput, match="never happened"):
        localize(naive(local), zone_name, ambiguous=ambiguous)  # type: ignore[arg-type]  # the three literals


@pytest.mark.parametrize(
    ("local", "zone_name", "earlier", "later"),
    [
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30", "2026-11-01T06:30"),
        ("2026-10-25T01:30", "Europe/London", "2026-10-25T00:30", "2026-10-25T01:30"),
    ],
)
def test_local_time_that_happened_twice_raises_unless_one_is_chosen(
    local: str, zone_name: str, earlier: str, later: str
) -> None:
    with pytest.raises(InvalidInput, match="happened twice"):
        localize(naive(local), zone_name)
    assert to_utc(localize(naive(local), zone_name, ambiguous="earlier")) == naive(earlier).replace(tzinfo=UTC)
    assert to_utc(localize(naive(local), zone_name, ambiguous="later")) == naive(later).replace(tzinfo=UTC)


def test_aware_time_is_not_localized_again() -> None:
    with pytest.raises(InvalidInput, match="already has a time zone"):
        localize(datetime(2026, 1, 1, tzinfo=UTC), "America/New_York")


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "UTC+15", "UTC+05:75", "America"])
def test_unknown_zone_raises_with_the_next_step(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"IANA name|offset"):
        zone(name)


def test_offset_zone_is_fixed() -> None:
    assert zone("UTC-04") == timezone(timedelta(hours=-4))
    assert zone("+0530") == timezone(timedelta(hours=5, minutes=30))


def test_trading_date_is_the_day_at_the_exchange() -> None:
    evening = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    assert trading_date(evening, "US/Eastern") == date(2026, 11, 20)
    assert trading_date(evening, "Asia/Tokyo") == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("build", "count", "expected"),
    [
        (from_unix, 0, "1970-01-01T00:00:00+00:00"),
        (from_unix, 1604323800, "2020-11-02T13:30:00+00:00"),
        (from_unix, Decimal("1604323800.000001"), "2020-11-02T13:30:00.000001+00:00"),
        (from_unix, -1, "1969-12-31T23:59:59+00:00"),
        (from_unix_ms, 1604323800123, "2020-11-02T13:30:00.123000+00:00"),
        (from_unix_ms, Decimal("1604323800123.4"), "2020-11-02T13:30:00.123400+00:00"),
    ],
)
def test_unix_time_is_exact(build: object, count: int | Decimal, expected: str) -> None:
    assert build(count).isoformat() == expected  # type: ignore[operator]  # two functions of one argument


@pytest.mark.parametrize("count", [1.5, True, "1", None, Decimal("NaN"), Decimal("1e30"), 10**15, Decimal("0.0000001")])
def test_unix_time_that_is_no_exact_date_raises(count: object) -> None:
    with pytest.raises(InvalidInput):
        from_unix(count)  # type: ignore[arg-type]  # what a user may try


@given(st.integers(-(10**10), 10**11))
def test_unix_seconds_and_milliseconds_agree(seconds: int) -> None:
    assert from_unix(seconds) == from_unix_ms(seconds * 1000)
    assert from_unix(seconds) - from_unix(0) == timedelta(seconds=seconds)


@pytest.mark.parametrize("moment", [None, "2026-01-01", date(2026, 1, 1)])
def test_aware_when_it_is_no_datetime_then_invalid_input(moment: Any) -> None:
    with pytest.raises(InvalidInput, match="datetime with a time zone"):
        aware(moment)


def test_in_zone_when_calendar_ends_before_it_then_invalid_input() -> None:
    with pytest.raises(InvalidInput, match="end of the calendar"):
        in_zone(datetime.min.replace(tzinfo=UTC), zone("America/New_York"))
    with pytest.raises(InvalidInput, match="end of the calendar"):
        trading_date(datetime.max.replace(tzinfo=UTC), "Asia/Tokyo")


@pytest.mark.parametrize("day", [None, "2026-1-1", "2026-02-30", "20260101", datetime(2026, 1, 1, tzinfo=UTC)])
def test_calendar_day_when_it_is_no_plain_day_then_invalid_input(day: Any) -> None:
    with pytest.raises(InvalidInput, match=r"must be a datetime\.date or ISO text"):
        calendar_day(day)


@pytest.mark.parametrize(
    ("start", "end"), [(None, None), (date(2026, 1, 1), None), (None, date.min), (date(2026, 1, 1), date(2026, 1, 1))]
)
def test_check_days_when_bounds_are_days_in_order_then_nothing(start: date | None, end: date | None) -> None:
    check_days("Transactions", start, end)


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (date(2026, 1, 2), date(2026, 1, 1), "^Fills need a start that is not after their end, not 2026-01-02 to"),
        (datetime(2026, 1, 1, tzinfo=UTC), None, r"must be a datetime\.date or ISO text"),
        (None, "January", r"must be a datetime\.date or ISO text"),
    ],
)
def test_check_days_when_a_bound_is_wrong_then_invalid_input(start: Any, end: Any, text: str) -> None:
    with pytest.raises(InvalidInput, match=text):
        check_days("Fills", start, end)


def test_zone_when_digits_are_of_another_script_then_invalid_input() -> None:
    with pytest.raises(InvalidInput, match="not a time zone"):
        zone("UTC+\u0663")


def test_from_unix_when_thread_has_a_short_decimal_context_then_exact() -> None:
    with localcontext(prec=6):
        assert from_unix(Decimal("1700000000.5")) == datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)
