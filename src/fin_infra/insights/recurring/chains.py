"""Dates that follow each other at the pace of a frequency, followed through rows that may hold several of them.
Floor 5: whole numbers of days only; `is_steady` says which chains are believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise
from operator import sub
from statistics import median_low
from typing import NamedTuple

from fin_infra.insights.records import Entry, Frequency
from fin_infra.insights.schedule import month_length, month_of, month_start

MONTH = 3044
"""Hundredths of a day."""


class Row(NamedTuple):
    """A transaction as the search reads it."""

    day: int
    """As an ordinal."""
    amount: Decimal
    id: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Pace:
    """How far apart the dates of a frequency are, and how exactly they keep to it."""

    frequency: Frequency
    mean: int
    """Hundredths of a day from one date to the next."""
    slack: int
    """Days that a distance may be off."""
    skips: int
    """How many dates in a row may be missing."""
    least: int
    """Transactions that make a stream."""
    off: int
    """Hundredths of a day that its dates may be off on average; half of it where there are only the least."""
    days: int = 0
    """Between two dates, where that is always the same."""
    months: int = 0
    """Between two dates, where they go by the month."""
    together: int = 1
    """How many streams at this pace may run through the same rows before it is a habit and not a stream."""

    def steps(self, gap: int) -> int:
        """Return how many periods a distance in days is, or 0 where it is not a multiple of them."""
        gap *= 100
        count = (gap + self.mean // 2) // self.mean
        if 0 < count <= self.skips + 1 and abs(gap - count * self.mean) <= self.slack * 100:
            return count
        return 0

    def is_usual(self, gap: int) -> bool:
        """Return whether a distance in days can be that of most of its dates."""
        return abs(gap - self.days) <= 1 if self.days else self.steps(gap) == 1


WEEKLY = Pace(Frequency.WEEKLY, 700, 2, 3, 4, 60, days=7)
BIWEEKLY = Pace(Frequency.BIWEEKLY, 1400, 3, 2, 3, 100, days=14)
FOUR_WEEKLY = Pace(Frequency.FOUR_WEEKLY, 2800, 3, 2, 4, 80, days=28)
MONTHLY = Pace(Frequency.MONTHLY, MONTH, 8, 3, 3, 250, months=1, together=2)
QUARTERLY = Pace(Frequency.QUARTERLY, 3 * MONTH, 12, 1, 3, 500, months=3)
HALF_YEARLY = Pace(Frequency.HALF_YEARLY, 6 * MONTH, 14, 1, 3, 600, months=6)
ANNUALLY = Pace(Frequency.ANNUALLY, 12 * MONTH, 18, 1, 2, 1000, months=12)
PACES = (WEEKLY, BIWEEKLY, FOUR_WEEKLY, MONTHLY, QUARTERLY, HALF_YEARLY, ANNUALLY)
"""The shortest first: twice a week's dates are also dates of every second week, and not the other way."""
AHEAD = 200
"""Hundredths of a day that a row is off before the next row is asked whether it fits better."""
BROKEN = 0.35
"""The share of distances that a stream can have out of its pace: a row beside it breaks two."""
SKIPPED = 300
"""Hundredths of a day that a missing date counts, when a row could belong to two chains."""


def follow(rows: Sequence[Row], pace: Pace) -> list[list[Row]]:
    """Return the chains of rows that keep to a pace, each row in one of them; most are too short to mean anything."""
    alive: list[tuple[list[int], list[Row]]] = []  # where a chain has come to, and its rows
    done: list[list[Row]] = []
    mean, slack = pace.mean, pace.slack * 100
    reach = (pace.skips + 1) * mean + slack
    places = places_of(rows, pace)
    for row, at, following in zip(rows, places, [*places[1:], places[-1] + 2 * reach], strict=True):
        best, over = reach, False
        chosen: tuple[list[int], list[Row]] | None = None
        for chain in alive:
            gap = at - chain[0][0]
            count = (gap + mean // 2) // mean
            if not count:
                continue
            off = abs(gap - count * mean)
            if off <= slack and off + (count - 1) * SKIPPED < best:
                best, chosen = off + (count - 1) * SKIPPED, chain
            over = over or gap > reach
        if over:
            done += [chain[1] for chain in alive if at - chain[0][0] > reach]
            alive = [chain for chain in alive if at - chain[0][0] <= reach]
        if chosen is None or (best > AHEAD and _fits_better(at, following, chosen[0][0], pace)):
            alive.append(([at], [row]))  # the first of another stream, where the next row is this chain's
        else:
            chosen[0][0] = at
            chosen[1].append(row)
    return done + [chain[1] for chain in alive]


def _fits_better(at: int, following: int, last: int, pace: Pace) -> bool:
    """Return whether the row that follows is nearer to the date that one is near to."""
    date = last + (at - last + pace.mean // 2) // pace.mean * pace.mean
    return abs(following - date) < abs(at - date)


def longest(rows: Sequence[Row], pace: Pace) -> list[Row]:
    """Return the longest chain of rows that keep to a pace; empty where too many rows are out of it to look."""
    places = places_of(rows, pace)
    mean, slack, reach = pace.mean, pace.slack * 100, (pace.skips + 1) * pace.mean
    gaps = map(sub, places[1:], places)
    broken = sum([gap < mean - slack or gap > reach or (gap + slack) % mean > 2 * slack for gap in gaps])
    if not broken:
        return list(rows)
    return max(follow(rows, pace), key=len) if broken <= BROKEN * len(rows) else []


def places_of(rows: Sequence[Row], pace: Pace) -> list[int]:
    """Return where rows stand on the line of a pace, in hundredths of a day; months count as equally long."""
    if pace.days:
        return [row.day * 100 for row in rows]
    dates = [row.entry.date for row in rows]
    return [(date.year * 12 + date.month) * MONTH + date.day * 100 for date in dates]


def counts(chain: Sequence[Row], pace: Pace) -> list[int]:
    """Return the periods between each row and the one before it."""
    places = places_of(chain, pace)
    return [(after - before + pace.mean // 2) // pace.mean for before, after in pairwise(places)]


def keeps(chain: Sequence[Row], pace: Pace, steps: Sequence[int], allowed: int) -> bool:
    """Return whether its dates are near their weekday or day of the month: hundredths of a day off on average."""
    periods = [0, *accumulate(steps)]
    if pace.days:
        off = [row.day - pace.days * count for row, count in zip(chain, periods, strict=True)]
        middle = median_low(off)
        return 100 * sum([abs(each - middle) for each in off]) <= allowed * len(off)
    start = month_of(chain[0].entry.date)  # or the month beside it, where a weekend moved that one
    return any(
        _off_day(chain, [start + beside + pace.months * count for count in periods]) <= allowed for beside in (0, 1, -1)
    )


def _off_day(chain: Sequence[Row], months: Sequence[int]) -> int:
    """Return how far rows are off their day of these months, in hundredths of a day on average."""
    places = [row.day - month_start(month) + 1 for row, month in zip(chain, months, strict=True)]
    lengths = [month_length(month) for month in months]
    best = min(
        sum([abs(place - min(day, length)) for place, length in zip(places, lengths, strict=True)])
        for day in {median_low(places), max(places)}
    )
    return 100 * best // len(chain)


def is_steady(chain: Sequence[Row], pace: Pace, *, fixed: bool) -> bool:
    """Return whether a chain is a stream: enough rows, few dates missing, and near its days.

    A chain whose amounts differ needs a row more, and keeps nearer to its days.
    """
    size = len(chain)
    least = pace.least if fixed or pace is ANNUALLY else pace.least + 1
    if size < least:
        return False
    steps = counts(chain, pace)
    if sum(steps) + 1 > size * 1.4 or steps.count(1) < 0.6 * len(steps):
        return False
    allowed = pace.off if fixed else pace.off * 4 // 5
    if size < 2 * pace.least and pace is not ANNUALLY:
        allowed //= 2
    return keeps(chain, pace, steps, allowed) or _keeps_distance(chain, pace)


def _keeps_distance(chain: Sequence[Row], pace: Pace) -> bool:
    """Return whether it comes every so many days, as what renews after 30 days does."""
    gaps = {after.day - before.day for before, after in pairwise(chain)}
    return pace is MONTHLY and len(chain) > 3 and len(gaps) == 1 and gaps <= {29, 30, 31}
