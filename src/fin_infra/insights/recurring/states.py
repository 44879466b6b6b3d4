"""Whether a stream goes on, and when it comes next, as seen on a day.
Floor 5: a date that has just passed is late and still expected; a stream whose dates pass without it has ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType

from fin_infra.insights.records import Frequency, StreamStatus
from fin_infra.insights.schedule import Schedule

LATE: Mapping[Frequency, int] = MappingProxyType(
    {
        Frequency.WEEKLY: 2,
        Frequency.BIWEEKLY: 3,
        Frequency.SEMI_MONTHLY: 4,
        Frequency.FOUR_WEEKLY: 4,
        Frequency.MONTHLY: 6,
        Frequency.QUARTERLY: 10,
        Frequency.HALF_YEARLY: 14,
        Frequency.ANNUALLY: 30,
    }
)
"""Days after its date for which a transaction is still expected."""
LONG = frozenset({Frequency.QUARTERLY, Frequency.HALF_YEARLY, Frequency.ANNUALLY})
"""What has ended after one date without it; the others after two, because a month may be skipped."""
MATURE_FROM = 3
"""Transactions of a stream that is sure; 2 where it comes once a year."""


def status_of(frequency: Frequency, schedule: Schedule, *, seen: int, today: dt.date) -> StreamStatus:
    """Return how sure a stream is that has come `seen` times."""
    missed = list(islice(schedule.dates(), 1 if frequency in LONG else 2))
    if missed and today > missed[-1] + dt.timedelta(days=LATE[frequency]):
        return StreamStatus.TOMBSTONED
    sure = seen >= (2 if frequency is Frequency.ANNUALLY else MATURE_FROM)
    return StreamStatus.MATURE if sure else StreamStatus.EARLY_DETECTION


def next_date(frequency: Frequency, schedule: Schedule, *, today: dt.date) -> dt.date | None:
    """Return the first date that has not passed, or has but is only late."""
    since = today - dt.timedelta(days=LATE[frequency])
    return next((day for day in schedule.dates() if day >= since), None)
