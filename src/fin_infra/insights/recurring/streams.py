"""The streams among the transactions of one merchant: by date, by equal amounts, and by amounts of about a size.
Floor 5: a row is part of one stream at most; what belongs to none is shopping."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from operator import sub
from statistics import median_low

from fin_infra.insights.recurring.chains import (
    ANNUALLY,
    HALF_YEARLY,
    MONTHLY,
    PACES,
    QUARTERLY,
    Pace,
    Row,
    follow,
    is_steady,
    longest,
)
from fin_infra.insights.recurring.halves import paired, two_halves
from fin_infra.insights.schedule import month_of, nominal_day

MOST_OF = Decimal("0.85")
"""The share of a merchant's rows that a stream has to explain, where amounts do not tell it apart."""
MONTH_DAYS = 31
NEAR_DAY = 4
"""How many days before and after one of the month are near it: weekends, and what drifts."""
SPLITS = 3
"""How often rows are split by amount into two."""
SPLIT_FROM = Decimal("1.15")
"""The ratio between two amounts next to each other that splits."""
MOST_A_MONTH = 4
"""Rows of amounts that all differ: more of them are shopping, and streams are not looked for among it."""
SPREAD_OUT, SPREAD_IN = Decimal("1.6"), Decimal(3)
"""How many times the least amount the most may be in what comes every few weeks: groceries vary more, wages too."""
CHANGED = Decimal(2)
"""How many times the amount a stream may have after its price has changed."""
NEAR = Decimal("1.35")
"""The same of one row of an amount that is there once."""
YEARLY_CHANGE = Decimal("1.35")
PAIRS = (MONTHLY, QUARTERLY, HALF_YEARLY, ANNUALLY)
"""What two rows can be the beginning of, where the merchant has no others."""
PAIR_OFF = 3
"""Days that the second of two may be away from the day of the first: a weekend."""


@dataclass(slots=True)
class Found:
    """Rows that are one stream; `halves` are the two days of a month where it comes twice."""

    pace: Pace
    rows: list[Row]
    halves: tuple[list[Row], list[Row]] | None = None
    early: bool = field(default=False)


def streams_of(rows: Sequence[Row]) -> list[Found]:
    """Return the streams among rows of one account, merchant, currency and sign, which are sorted."""
    if len(rows) < 2:
        return []
    if len(rows) == 2:
        return _beginning(rows)
    if (single := _single(rows)) is not None:
        return [single]
    found, rest = _by_equal_amounts(rows)
    found, rest = _continued(_joined(found), rest)
    found += _by_size(rest, SPLITS)
    return _with_halves(_joined(found))


def is_fixed(rows: Sequence[Row]) -> bool:
    """Return whether amounts repeat themselves: most are equal to the one before."""
    same = sum(after.amount == before.amount for before, after in pairwise(rows))
    return 2 * same >= len(rows) - 1


def ratio(one: Decimal, other: Decimal) -> Decimal:
    """Return how many times the smaller of two amounts of one sign the larger is."""
    one, other = abs(one), abs(other)
    return max(one, other) / min(one, other)


def _beginning(rows: Sequence[Row]) -> list[Found]:
    """Return what the only two rows of a merchant begin: equal amounts on one day of the month, or nearly by year."""
    first, second = rows
    apart = ratio(first.amount, second.amount)
    for pace in PAIRS:
        if pace.steps(second.day - first.day) != 1 or apart > (YEARLY_CHANGE if pace is ANNUALLY else 1):
            continue
        expected = nominal_day(month_of(first.entry.date) + pace.months, first.entry.date.day)
        if abs(second.day - expected) <= (2 * PAIR_OFF if pace is ANNUALLY else PAIR_OFF):
            return [Found(pace, list(rows), early=pace is not ANNUALLY)]
    return []


def _single(rows: Sequence[Row], *, more: int = 0) -> Found | None:
    """Return the one stream that nearly all rows are, whatever their amounts; `more` rows than usual are asked for."""
    if len(rows) < 3:
        return None
    middle = _middle_gap(rows)
    for pace in PACES:
        if not pace.is_usual(middle):
            continue
        chain = longest(rows, pace)
        if len(chain) < MOST_OF * len(rows) or len(chain) < pace.least + more or not _even(chain, pace):
            continue
        if is_steady(chain, pace, fixed=is_fixed(chain)):
            return Found(pace, chain)
    if 13 <= middle <= 18 and (halves := two_halves(rows)) is not None:
        both = sorted([*halves[0], *halves[1]])
        if len(both) >= MOST_OF * len(rows):
            return Found(MONTHLY, both, halves)
    return None


def _middle_gap(rows: Sequence[Row]) -> int:
    days = [row.day for row in rows]
    return median_low(map(sub, days[1:], days)) if len(days) > 1 else 0


def _even(chain: Sequence[Row], pace: Pace) -> bool:
    """Return whether amounts vary as little as those of such a stream do."""
    if pace is ANNUALLY:
        return all(ratio(before.amount, after.amount) <= YEARLY_CHANGE for before, after in pairwise(chain))
    if not pace.days or is_fixed(chain):
        return True
    amounts = [abs(row.amount) for row in chain]
    return max(amounts) <= min(amounts) * (SPREAD_OUT if chain[0].amount < 0 else SPREAD_IN)


def _by_equal_amounts(rows: Sequence[Row]) -> tuple[list[Found], list[Row]]:
    buckets: dict[Decimal, list[Row]] = {}
    for row in rows:
        buckets.setdefault(row.amount, []).append(row)
    found = [each for bucket in buckets.values() if len(bucket) > 2 for each in _several(bucket, fixed=True)]
    return found, _unused(rows, found)


def _several(rows: Sequence[Row], *, fixed: bool) -> list[Found]:
    """Return the streams that run side by side through rows which amounts do not tell apart."""
    found: list[Found] = []
    rest, middle = list(rows), _middle_gap(rows)
    for pace in PACES:
        if not _can_keep(rest, pace, middle):
            continue
        chains = [chain for chain in follow(rest, pace) if len(chain) >= pace.least]
        if sum(map(len, chains)) < MOST_OF * _within(rest, chains):
            continue  # shopping that keeps to days by chance
        chains = [chain for chain in chains if is_steady(chain, pace, fixed=fixed) and _even(chain, pace)]
        if chains and sum(map(len, chains)) >= MOST_OF * _within(rest, chains):
            found += [Found(pace, chain) for chain in chains]
            rest = _unused(rest, found)
            middle = _middle_gap(rest)
    return found


def _can_keep(rows: Sequence[Row], pace: Pace, middle: int) -> bool:
    """Return whether there are as many rows as streams of a pace have: a cheap look before they are followed."""
    if len(rows) < pace.least:
        return False
    if pace.together == 1:
        return pace.is_usual(middle)
    periods = (rows[-1].day - rows[0].day) * 100 // pace.mean + 2
    return len(rows) * MOST_OF <= pace.together * periods and _are_on_days(rows, pace.together)


def _are_on_days(rows: Sequence[Row], together: int) -> bool:
    """Return whether most rows are on a few days of the month, or near them."""
    on = [0] * MONTH_DAYS
    for row in rows:
        on[row.entry.date.day - 1] += 1
    covered = 0
    for _ in range(together):
        turned = on[-NEAR_DAY:] + on + on[:NEAR_DAY]
        sums = [sum(turned[day : day + 2 * NEAR_DAY + 1]) for day in range(MONTH_DAYS)]
        best = max(range(MONTH_DAYS), key=sums.__getitem__)
        covered += sums[best]
        for day in range(best - NEAR_DAY, best + NEAR_DAY + 1):
            on[day % MONTH_DAYS] = 0
    return covered >= MOST_OF * len(rows)


def _within(rows: Sequence[Row], chains: Sequence[Sequence[Row]]) -> int:
    """Return how many rows there are while any of the chains lasts."""
    first = min((chain[0].day for chain in chains), default=0)
    last = max((chain[-1].day for chain in chains), default=0)
    return sum(first <= row.day <= last for row in rows)


def _unused(rows: Iterable[Row], found: Sequence[Found]) -> list[Row]:
    used = {row.id for each in found for row in each.rows}
    return [row for row in rows if row.id not in used] if used else list(rows)


def _joined(found: Sequence[Found]) -> list[Found]:
    """Return streams whose price has changed as one: the later begins where the earlier would have gone on."""
    whole: list[Found] = []
    for each in sorted(found, key=lambda one: one.rows[0]):
        before = [one for one in whole if _goes_on(one, each)]
        if before:
            earlier = min(before, key=lambda one: (_break(one, each), one.rows[-1]))
            earlier.rows = earlier.rows + each.rows
        else:
            whole.append(each)
    return whole


def _goes_on(one: Found, other: Found) -> bool:
    gap = other.rows[0].day - one.rows[-1].day
    return (
        one.pace is other.pace
        and one.pace.steps(gap) > 0
        and ratio(one.rows[-1].amount, other.rows[0].amount) <= CHANGED
    )


def _break(one: Found, other: Found) -> int:
    """Return how far the later one is off the next date of the earlier, in hundredths of a day."""
    gap = (other.rows[0].day - one.rows[-1].day) * 100
    return abs(gap - one.pace.steps(gap // 100) * one.pace.mean) + SPLITS * one.pace.steps(gap // 100)


def _continued(found: list[Found], rest: list[Row]) -> tuple[list[Found], list[Row]]:
    """Put single rows of another amount into streams: a first month, a month with a fee, the first of a new price."""
    for each in found:
        if not rest:
            break
        near = each.pace.mean // 100
        about = [row for row in rest if each.rows[0].day - near - 9 < row.day < each.rows[-1].day + near + 9]
        if len(about) > len(each.rows):
            continue  # beside so much shopping, a row on that day says nothing
        taken = _fitting(each, about)
        each.rows = sorted([*each.rows, *taken])
        rest = _unused(rest, [each])
    return found, rest


def _fitting(each: Found, about: Sequence[Row]) -> list[Row]:
    """Return the rows that stand on a date which a stream has none on."""
    taken: list[Row] = []
    known = list(each.rows)
    for row in about:
        before = [one for one in known if one.day < row.day]
        after = [one for one in known if one.day > row.day]
        sides = [pair for pair in (before[-1:], after[:1]) if pair]
        near = all(_is_next(each.pace, abs(row.day - side[0].day)) for side in sides)
        if near and any(ratio(row.amount, side[0].amount) <= NEAR for side in sides):
            taken.append(row)
            known = sorted([*known, row])
    return taken


def _is_next(pace: Pace, gap: int) -> bool:
    steps = pace.steps(gap)
    return steps > 0 and abs(gap * 100 - steps * pace.mean) <= 350


def _by_size(rows: Sequence[Row], splits: int) -> list[Found]:
    """Return streams of amounts that vary: all rows, else the smaller and the larger ones apart, else day by day."""
    if len(rows) < 4 or len(rows) > MOST_A_MONTH * (2 + (rows[-1].day - rows[0].day) * 100 // MONTHLY.mean):
        return []
    if (single := _single(rows, more=1)) is not None:
        return [single]
    sides = _sides(rows)
    if sides is not None and all(_single(side) for side in sides):
        return [single for side in sides if (single := _single(side)) is not None]
    if splits == SPLITS:
        several = _several(rows, fixed=False)
        if sum(len(each.rows) for each in several) >= MOST_OF * len(rows):
            return several
    if sides is None or splits == 0:
        return []
    return [each for side in sides for each in _by_size(side, splits - 1)]


def _sides(rows: Sequence[Row]) -> tuple[list[Row], list[Row]] | None:
    """Return the rows below and above the widest gap between amounts."""
    sizes = sorted([abs(row.amount) for row in rows])
    widest, border = max((above / below, above) for below, above in pairwise(sizes))
    if widest < SPLIT_FROM:
        return None
    return [row for row in rows if abs(row.amount) < border], [row for row in rows if abs(row.amount) >= border]


def _with_halves(found: Sequence[Found]) -> list[Found]:
    """Return monthly streams that are two halves of one which comes twice a month, as that one."""
    single: list[Found] = []
    for each in sorted(found, key=lambda one: one.rows[0]):
        other = next((one for one in single if _both_monthly(one, each) and paired(one.rows, each.rows)), None)
        if other is None:
            single.append(each)
        else:
            other.halves = (other.rows, each.rows)
            other.rows = sorted([*other.rows, *each.rows])
    return single


def _both_monthly(one: Found, other: Found) -> bool:
    return one.pace is MONTHLY and other.pace is MONTHLY and one.halves is None and other.halves is None
