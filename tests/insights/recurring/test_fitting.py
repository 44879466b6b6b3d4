"""Calendar rules read back from dates that were made by them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.insights.recurring.chains import BIWEEKLY, MONTHLY, Row
from fin_infra.insights.recurring.fitting import schedule_of
from fin_infra.insights.schedule import Weekends
from tests.insights.households import by_month, open_day
from tests.insights.recurring.payments import paid
from tests.support.effort import effort

D = dt.date
STEPS = {Weekends.KEPT: 0, Weekends.BEFORE: -1, Weekends.AFTER: 1}


def rows(*days: dt.date) -> list[Row]:
    entries = paid("X", "-1.00", *(day.isoformat() for day in days))
    return [Row(each.date.toordinal(), Decimal(-1), each.id, each) for each in entries]


@settings(max_examples=effort(200))
@given(st.integers(1, 31), st.sampled_from(list(Weekends)), st.integers(0, 24))
def test_schedule_when_dates_keep_to_a_day_of_the_month_then_the_next_year_is_said_right(
    day: int, weekends: Weekends, skipped: int
) -> None:
    dates = list(by_month((day,), step=0))
    moved = [_weekend(each, STEPS[weekends]) for each in dates][skipped:]
    schedule = schedule_of(MONTHLY, rows(*moved[:14]))
    said = schedule.dates_to(moved[14], moved[25])
    assert sum(one == other for one, other in zip(said, moved[14:26], strict=False)) >= 11


def _weekend(day: dt.date, step: int) -> dt.date:
    while step and day.weekday() > 4:
        day += dt.timedelta(days=step)
    return day


def test_schedule_when_the_day_has_moved_for_good_then_the_new_one_is_expected() -> None:
    old, new = ([D(2025, month, 3) for month in range(1, 13)], [D(2026, month, 19) for month in range(1, 4)])
    assert schedule_of(MONTHLY, rows(*old, *new)).days == (19,)


def test_schedule_when_the_last_came_a_day_early_for_a_holiday_then_the_weekday_stays() -> None:
    fridays = [D(2026, 10, 16) + dt.timedelta(days=14 * n) for n in range(5)]
    early = [*fridays, open_day(D(2026, 12, 25), -1)]
    assert early[-1] == D(2026, 12, 24)
    schedule = schedule_of(BIWEEKLY, rows(*early))
    assert schedule.dates_to(D(2027, 1, 1), D(2027, 1, 31)) == [D(2027, 1, 8), D(2027, 1, 22)]
