"""Dates of calendar rules, against dates read off a calendar."""

from __future__ import annotations

import datetime as dt

import pytest

from fin_infra.insights.schedule import Schedule, Weekends

D = dt.date


def first(schedule: Schedule, count: int) -> list[str]:
    dates = schedule.dates()
    return [next(dates).isoformat() for _ in range(count)]


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        (29, ["2027-02-28", "2027-03-29", "2027-04-29"]),
        (30, ["2027-02-28", "2027-03-30", "2027-04-30"]),
        (31, ["2027-02-28", "2027-03-31", "2027-04-30"]),
    ],
)
def test_dates_when_the_day_is_past_the_end_of_february_then_march_has_its_own_again(
    day: int, wanted: list[str]
) -> None:
    schedule = Schedule(nominal=D(2027, 1, day), every_months=1, days=(day,))
    assert first(schedule, 3) == wanted


def test_dates_when_quarterly_then_each_is_three_months_on_and_not_only_the_first() -> None:
    schedule = Schedule(nominal=D(2026, 11, 30), every_months=3, days=(30,))
    assert first(schedule, 5) == ["2027-02-28", "2027-05-30", "2027-08-30", "2027-11-30", "2028-02-29"]


def test_dates_when_half_yearly_or_yearly_then_leap_day_comes_back() -> None:
    half = Schedule(nominal=D(2026, 8, 31), every_months=6, days=(31,))
    assert first(half, 3) == ["2027-02-28", "2027-08-31", "2028-02-29"]
    leap = Schedule(nominal=D(2024, 2, 29), every_months=12, days=(29,))
    assert first(leap, 4) == ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]


def test_dates_when_every_fourteen_days_then_two_weeks_apart() -> None:
    assert first(Schedule(nominal=D(2026, 12, 18), every_days=14), 3) == ["2027-01-01", "2027-01-15", "2027-01-29"]


def test_dates_when_weekends_move_then_friday_before_or_monday_after_and_the_next_is_on_its_day() -> None:
    # 2027-05-01 and 2027-08-01 are a Saturday and a Sunday
    before = Schedule(nominal=D(2027, 4, 1), every_months=1, days=(1,), weekends=Weekends.BEFORE)
    assert first(before, 4) == ["2027-04-30", "2027-06-01", "2027-07-01", "2027-07-30"]
    after = Schedule(nominal=D(2027, 4, 1), every_months=1, days=(1,), weekends=Weekends.AFTER)
    assert first(after, 4) == ["2027-05-03", "2027-06-01", "2027-07-01", "2027-08-02"]


def test_dates_when_twice_a_month_then_both_days_in_turn() -> None:
    # 15 November 2026 is a Sunday, 31 January 2027 too
    salary = Schedule(nominal=D(2026, 10, 31), every_months=1, days=(15, 31), weekends=Weekends.BEFORE)
    assert first(salary, 6) == ["2026-11-13", "2026-11-30", "2026-12-15", "2026-12-31", "2027-01-15", "2027-01-29"]


def test_dates_to_when_a_span_is_asked_then_both_ends_are_in_it() -> None:
    weekly = Schedule(nominal=D(2026, 11, 6), every_days=7)
    assert weekly.dates_to(D(2026, 11, 20), D(2026, 12, 4)) == [D(2026, 11, 20), D(2026, 11, 27), D(2026, 12, 4)]


def test_dates_when_there_is_no_rule_then_none() -> None:
    assert list(Schedule(nominal=D(2026, 11, 6)).dates()) == []
