"""The calendar rule that a stream's dates keep to: which weekday or day of the month, and where weekends go.
Floor 5: the latest dates count most, so that a stream that has moved to another day is expected on that."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from fin_infra.insights.recurring.chains import Pace, Row, counts
from fin_infra.insights.schedule import (
    LAST_DAY,
    Schedule,
    Weekends,
    month_length,
    month_of,
    moved_day,
    nominal_day,
)

WEIGHTS = (100, 80, 64, 51, 41, 33, 26, 21, 17, 13, 11, 9)
"""Of the latest date, of the one before it, and so on; older ones say nothing."""
FAR = 4
"""Days: what is further off counts no more than this."""
SAME_DISTANCE = 4
"""Dates that are equally far apart: months never are, so that it is days that are counted."""


class _Seen(NamedTuple):
    """A date of a stream with its weight."""

    day: int
    month: int
    of_month: int
    weight: int


class _Fit(NamedTuple):
    """How badly days of the month fit, the best ones, and where their weekends go."""

    cost: int
    days: tuple[int, ...]
    weekends: Weekends


def schedule_of(pace: Pace, rows: Sequence[Row], halves: Sequence[Sequence[Row]] = ()) -> Schedule:
    """Return the calendar rule of a stream's rows; `halves` are its two days where it comes twice a month."""
    days = pace.days or _distance(rows)
    if days and not halves:
        return Schedule(nominal=_on_line(rows, pace, days), every_days=days)
    slots = [_seen(half) for half in (halves or (rows,))]
    fit = _best(slots)
    last = _seen(rows[-1:])[0]
    nominal = min(
        (_nominal(last, day) for day in fit.days), key=lambda day: (abs(moved_day(day, fit.weekends) - last.day), day)
    )
    return Schedule(
        nominal=dt.date.fromordinal(nominal),
        every_months=pace.months,
        days=tuple(sorted(set(fit.days))),
        weekends=fit.weekends,
    )


def _distance(rows: Sequence[Row]) -> int:
    """Return the days between dates where all late ones are equally far apart, else 0."""
    late = rows[-SAME_DISTANCE:]
    gaps = {after.day - before.day for before, after in pairwise(late)}
    return gaps.pop() if len(late) == SAME_DISTANCE and len(gaps) == 1 and max(gaps) in (28, 29, 30) else 0


def _on_line(rows: Sequence[Row], pace: Pace, days: int) -> dt.date:
    """Return the date that the last row belongs to, by the weekday of most late ones."""
    late = rows[-len(WEIGHTS) :]
    off, place = [0], 0
    for row, before, count in zip(late[1:], late, counts(late, pace), strict=False):
        place += row.day - before.day - count * days
        off.append(place)
    weights = WEIGHTS[: len(off)][::-1]
    best = min(sorted(set(off)), key=lambda each: sum(w * abs(o - each) for o, w in zip(off, weights, strict=True)))
    return dt.date.fromordinal(rows[-1].day - off[-1] + best)


def _seen(rows: Sequence[Row]) -> list[_Seen]:
    late = rows[: -len(WEIGHTS) - 1 : -1]
    dates = [(row.day, row.entry.date) for row in late]
    return [_Seen(day, month_of(date), date.day, weight) for (day, date), weight in zip(dates, WEIGHTS, strict=False)]


def _best(slots: Sequence[Sequence[_Seen]]) -> _Fit:
    """Return the days that fit best; weekends stay where they are unless moving them fits better."""
    kept = _fit(slots, Weekends.KEPT)
    if not kept.cost:
        return kept
    return min(kept, _fit(slots, Weekends.BEFORE), _fit(slots, Weekends.AFTER), key=lambda fit: fit.cost)


def _fit(slots: Sequence[Sequence[_Seen]], weekends: Weekends) -> _Fit:
    best = [_best_day(seen, weekends) for seen in slots]
    return _Fit(sum(cost for cost, _ in best), tuple(day for _, day in best), weekends)


def _best_day(seen: Sequence[_Seen], weekends: Weekends) -> tuple[int, int]:
    """Return how badly the best day of the month fits, and that day: the lowest of equal ones."""
    best = (sum(WEIGHTS) * FAR, LAST_DAY)
    for day in _candidates(seen):
        best = min(best, (_cost(seen, day, weekends, best[0]), day))
    return best


def _candidates(seen: Sequence[_Seen]) -> list[int]:
    """Return the days of the month that it can be, the one seen most often first."""
    days = Counter(each.of_month for each in seen)
    found = [day for day, _ in days.most_common()]
    if any(each.of_month == month_length(each.month) for each in seen):
        found += [day for day in (29, 30, LAST_DAY) if day not in days]
    return [*found, 1] if max(days) > 28 and 1 not in days else found


def _cost(seen: Sequence[_Seen], day: int, weekends: Weekends, enough: int) -> int:
    """Return how far dates are off a day of the month, the late ones counting most; more than enough is not counted."""
    cost = 0
    for each in seen:
        nominal = _nominal(each, day)
        if weekends is not Weekends.KEPT:
            nominal = moved_day(nominal, weekends)
        if nominal != each.day:
            cost += each.weight * min(abs(nominal - each.day), FAR)
            if cost > enough:
                break
    return cost


def _nominal(seen: _Seen, day: int) -> int:
    """Return that day of the month, in the month in which it is nearest."""
    month = seen.month
    if seen.of_month - day > 15:
        month += 1
    elif day - seen.of_month > 15:
        month -= 1
    return nominal_day(month, day)
