"""When a stream comes, by calendar: every so many days, or on a day of the month with weekends moved or not.
Floor 5: dates only; a day past the end of a month is its last day, so that the 31st never becomes the 28th for good."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from fin_infra.model.record import Model

LAST_DAY = 31
"""As a day of the month: the last one, whichever that is."""


class Weekends(StrEnum):
    """Where a date goes that falls on a Saturday or Sunday."""

    KEPT = "kept"
    BEFORE = "before"
    """To the Friday before."""
    AFTER = "after"
    """To the Monday after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Model):
    """The calendar rule of a stream: `every_days`, or else `every_months` with `days`."""

    nominal: dt.date
    """The date that its last transaction belongs to, before any weekend moved it."""
    every_days: int | None = None
    every_months: int | None = None
    days: tuple[int, ...] = ()
    """Of the month, in order; 31 is the last day."""
    weekends: Weekends = Weekends.KEPT

    def dates(self) -> Iterator[dt.date]:
        """Yield the dates after the last transaction, to the end of the calendar."""
        moved = moved_day
        return (dt.date.fromordinal(moved(day, self.weekends)) for day in self._nominal())

    def dates_to(self, start: dt.date, until: dt.date) -> list[dt.date]:
        """Return the dates after the last transaction from `start` up to and with `until`."""
        found: list[dt.date] = []
        for day in self.dates():
            if day > until:
                break
            if day >= start:
                found.append(day)
        return found

    def _nominal(self) -> Iterator[int]:
        last, end = self.nominal.toordinal(), dt.date.max.toordinal() - 40
        if self.every_days:
            yield from range(last + self.every_days, end, self.every_days)
        elif self.every_months and self.days:
            for month in range(month_of(self.nominal), month_of(dt.date.max) - 1, self.every_months):
                yield from (day for of in self.days if (day := nominal_day(month, of)) > last)


def month_of(day: dt.date) -> int:
    """Return the months since the year 0."""
    return day.year * 12 + day.month - 1


@lru_cache(maxsize=4096)
def month_start(month: int) -> int:
    """Return the ordinal of the first day of a month that `month_of` numbered."""
    return dt.date(month // 12, month % 12 + 1, 1).toordinal()


@lru_cache(maxsize=4096)
def month_length(month: int) -> int:
    """Return how many days a month has."""
    return month_start(month + 1) - month_start(month)


@lru_cache(maxsize=65_536)
def nominal_day(month: int, day: int) -> int:
    """Return the ordinal of a day of a month, the last one where the month is too short."""
    return month_start(month) + min(day, month_length(month)) - 1


def moved_day(day: int, weekends: Weekends) -> int:
    """Return the ordinal that a date goes to; ordinal 1 is a Monday."""
    over = (day - 1) % 7 - 4  # 1 on Saturday, 2 on Sunday
    if over <= 0 or weekends is Weekends.KEPT:
        return day
    return day - over if weekends is Weekends.BEFORE else day + 3 - over
