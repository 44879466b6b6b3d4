"""Streams that come twice a month on fixed days, as salaries do: two monthly ones that belong together.
Floor 5: two equal subscriptions at one merchant look much the same, so that money out has to keep to usual days."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from statistics import median_low

from fin_infra.insights.recurring.chains import MONTHLY, Row, follow, is_steady
from fin_infra.insights.schedule import LAST_DAY, month_length, month_of

APART = (12, 19)
"""Days between the one and the other."""
ALIKE = Decimal("1.15")
"""How many times the amount of the one that of the other may be, in the middle."""
USUAL = ((1, 15), (15, LAST_DAY))
"""The days on which money goes out twice a month; other pairs are two streams."""


def two_halves(rows: Sequence[Row]) -> tuple[list[Row], list[Row]] | None:
    """Return the two halves where rows are one stream that comes twice a month."""
    chains = sorted(follow(rows, MONTHLY), key=len, reverse=True)[:2]
    if len(chains) < 2:
        return None
    one, other = sorted(chains)
    if not paired(one, other) or not all(is_steady(half, MONTHLY, fixed=True) for half in (one, other)):
        return None
    return one, other


def paired(one: Sequence[Row], other: Sequence[Row]) -> bool:
    """Return whether two monthly streams are one: equal in amount and span, and half a month apart."""
    longer, shorter = max(len(one), len(other)), min(len(one), len(other))
    if shorter < 2 or longer > shorter * 1.25 + 1:
        return False
    both = sorted([(row.day, 0) for row in one] + [(row.day, 1) for row in other])
    gaps = [after[0] - before[0] for before, after in pairwise(both) if before[1] != after[1]]
    in_turns = len(gaps) >= 0.8 * (len(both) - 1)
    if not in_turns or not APART[0] <= median_low(gaps) <= APART[1] or sorted(gaps)[len(gaps) // 10] < APART[0] - 2:
        return False
    middle, beside = (median_low([abs(row.amount) for row in half]) for half in (one, other))
    if max(middle, beside) > min(middle, beside) * ALIKE:
        return False
    return one[0].amount > 0 or _on_usual_days(one, other)


def _on_usual_days(one: Sequence[Row], other: Sequence[Row]) -> bool:
    return tuple(sorted((_middle_day(one), _middle_day(other)))) in USUAL


def _middle_day(half: Sequence[Row]) -> int:
    """Return the day of the month in the middle; the last days of short months count as the 31st."""
    days: list[int] = []
    for row in half:
        date = row.entry.date
        left = month_length(month_of(date)) - date.day
        days.append(LAST_DAY - left if left < 3 else date.day)
    return median_low(days)
