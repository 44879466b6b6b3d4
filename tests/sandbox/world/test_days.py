"""Holidays of the made-up markets against published calendars."""

from __future__ import annotations

from datetime import date

import pytest

from fin_infra.sandbox.world.days import easter, is_open, last_open, open_days, weekday_number


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(2000, 4, 23), (2019, 4, 21), (2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2035, 3, 25)],
)
def test_easter_when_asked_then_the_published_sunday(year: int, month: int, day: int) -> None:
    assert easter(year) == date(year, month, day)


NYSE_2026 = ("01-01", "01-19", "02-16", "04-03", "05-25", "06-19", "07-03", "09-07", "11-26", "12-25")
LSE_2026 = ("01-01", "04-03", "04-06", "05-04", "05-25", "08-31", "12-25", "12-28")
TARGET_2026 = ("01-01", "04-03", "04-06", "05-01", "12-25")


@pytest.mark.parametrize(("market", "closed"), [("US", NYSE_2026), ("UK", LSE_2026), ("TARGET", TARGET_2026)])
def test_is_open_when_every_weekday_of_2026_is_asked_then_only_the_published_holidays_are_closed(
    market: str, closed: tuple[str, ...]
) -> None:
    weekdays = [date.fromordinal(n) for n in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal())]
    shut = [f"{d:%m-%d}" for d in weekdays if d.weekday() < 5 and not is_open(market, d)]
    assert tuple(shut) == closed


def test_is_open_when_new_year_is_a_saturday_then_new_york_trades_on_the_friday_before() -> None:
    assert is_open("US", date(2021, 12, 31))


def test_last_open_when_it_is_a_holiday_weekend_then_the_thursday_before() -> None:
    assert last_open("TARGET", date(2026, 4, 6)) == date(2026, 4, 2)


def test_open_days_when_over_a_weekend_then_newest_first_without_it() -> None:
    assert list(open_days("US", date(2026, 11, 19), date(2026, 11, 23))) == [
        date(2026, 11, 23),
        date(2026, 11, 20),
        date(2026, 11, 19),
    ]


def test_weekday_number_when_a_week_passes_then_it_grows_by_five_and_weekends_share_friday() -> None:
    friday = date(2026, 11, 20)
    numbers = [weekday_number(date.fromordinal(friday.toordinal() + n)) - weekday_number(friday) for n in range(8)]
    assert numbers == [0, 0, 0, 1, 2, 3, 4, 5]
