"""When a stream has ended, and which date comes next, counted by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from fin_infra.insights import Frequency, StreamStatus
from fin_infra.insights.recurring.states import next_date, status_of
from fin_infra.insights.schedule import Schedule

D = dt.date
MONTHLY = Schedule(nominal=D(2026, 9, 10), every_months=1, days=(10,))
QUARTERLY = Schedule(nominal=D(2026, 6, 10), every_months=3, days=(10,))


@pytest.mark.parametrize(
    ("today", "status"),
    [
        (D(2026, 9, 20), StreamStatus.MATURE),
        (D(2026, 11, 16), StreamStatus.MATURE),  # October skipped, and November six days late
        (D(2026, 11, 17), StreamStatus.TOMBSTONED),
    ],
)
def test_status_when_two_months_pass_without_it_then_it_has_ended(today: dt.date, status: StreamStatus) -> None:
    assert status_of(Frequency.MONTHLY, MONTHLY, seen=5, today=today) is status


@pytest.mark.parametrize(
    ("today", "status"), [(D(2026, 9, 20), StreamStatus.MATURE), (D(2026, 9, 21), StreamStatus.TOMBSTONED)]
)
def test_status_when_a_quarter_passes_without_it_then_it_has_ended(today: dt.date, status: StreamStatus) -> None:
    assert status_of(Frequency.QUARTERLY, QUARTERLY, seen=5, today=today) is status


def test_status_when_it_has_come_twice_then_it_is_early_but_not_by_year() -> None:
    assert status_of(Frequency.MONTHLY, MONTHLY, seen=2, today=D(2026, 9, 20)) is StreamStatus.EARLY_DETECTION
    yearly = Schedule(nominal=D(2026, 6, 10), every_months=12, days=(10,))
    assert status_of(Frequency.ANNUALLY, yearly, seen=2, today=D(2026, 9, 20)) is StreamStatus.MATURE


def test_next_date_when_one_is_late_then_it_is_that_one_until_it_is_given_up() -> None:
    assert next_date(Frequency.MONTHLY, MONTHLY, today=D(2026, 10, 16)) == D(2026, 10, 10)
    assert next_date(Frequency.MONTHLY, MONTHLY, today=D(2026, 10, 17)) == D(2026, 11, 10)
