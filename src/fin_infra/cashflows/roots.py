"""All rates at which flows are worth nothing: every root, proved by bounds, and none by luck of a first guess.
Floor 1: pure Python over `math`. A present value is a sum of exponentials, whose rising and falling parts bound it.

With y = ln(1 + rate) a present value is `sum(a * exp(-y * t))`. For y of 0 and above, with times counted from the first
flow, inflows P(y) and outflows N(y) both fall as y grows, so that on an interval from a to b the value lies between
P(b) - N(a) and P(a) - N(b): an interval where these have one sign has no root. The same bound on the derivative
shows where the value only rises or only falls, and two ends of different signs then hold exactly one root. Anything
else is halved. Rates below 0 are the same problem with times counted backwards from the last flow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

EPSILON = 2.0**-50
"""Relative error of a sum of exponentials: a few roundings of the products, none of the sum (`math.fsum`)."""
WIDTH = 2e-8
"""Where no bound decides on an interval as narrow as this, values are within rounding of zero: two roots that touch."""
FLAT = 1e-3
"""Three roots that touch make a longer stretch of zeros; on one up to this long they are one root."""
ORDER = 5
"""Derivatives of Taylor's formula; the last is bounded and not computed."""
HIGHEST = 700.0
"""Rates up to exp(700) - 1, about 1e304, are looked at: the range of floats."""
LOWEST = 36.0
"""Rates down to exp(-36) - 1, the last floats above -1."""


class Point(NamedTuple):
    """Value and derivative at one place, in the parts that bound them on an interval."""

    y: float
    gains: float
    losses: float
    gains_slope: float
    losses_slope: float

    @property
    def value(self) -> float:
        return self.gains - self.losses

    @property
    def slope(self) -> float:
        """Return the derivative by y."""
        return self.losses_slope - self.gains_slope

    @property
    def error(self) -> float:
        """Return how far rounding may have moved `value`; the exponent of a term is rounded, too."""
        return EPSILON * (self.gains + self.losses + self.y * (self.gains_slope + self.losses_slope))

    @property
    def sign(self) -> int:
        """Return 0 where rounding hides the sign."""
        return 0 if abs(self.value) <= self.error else 1 if self.value > 0 else -1


@dataclass(frozen=True, slots=True)
class Side:
    """Inflows and outflows as (amount, distance in time) for y from 0 to `top`."""

    gains: Sequence[tuple[float, float]]
    losses: Sequence[tuple[float, float]]
    top: float

    def at(self, y: float) -> Point:
        gains, losses = ([(amount * math.exp(-y * far), far) for amount, far in part] for part in self._parts())
        return Point(
            y,
            math.fsum(value for value, _ in gains),
            math.fsum(value for value, _ in losses),
            math.fsum(value * far for value, far in gains),
            math.fsum(value * far for value, far in losses),
        )

    def _parts(self) -> tuple[Sequence[tuple[float, float]], Sequence[tuple[float, float]]]:
        return self.gains, self.losses

    def roots(self) -> list[float]:
        """Return every root, ascending; those that touch are one."""
        found: list[float] = []
        waiting = [(self.at(0.0), self.at(self.top))]
        while waiting:
            low, high = waiting.pop()
            if _no_root(low, high):
                continue
            one_way = _one_way(low, high)
            middle = low if one_way else self.at((low.y + high.y) / 2)
            if not one_way and (high.y - low.y) * self.reach < 1:
                no_root, one_way = self._expanded(low, middle, high)
                if no_root:
                    continue
            wide = (high.y - low.y) / max(1.0, low.y)
            if one_way:
                if low.sign * high.sign <= 0 and (low.sign or high.sign):
                    found.append(self._between(low, high))
            elif wide <= WIDTH or (wide <= FLAT and not low.sign and not middle.sign and not high.sign):
                found += [middle.y] if middle.sign == 0 or low.sign * high.sign < 0 else []
            else:
                waiting += [(middle, high), (low, middle)]
        return self._apart(sorted(found))

    @property
    def reach(self) -> float:
        return max(far for part in self._parts() for _, far in part)

    def _expanded(self, low: Point, middle: Point, high: Point) -> tuple[bool, bool]:
        """Say by Taylor's formula around the middle whether there is no root, and whether the value only goes one way.

        Where three or four roots nearly touch, these bounds shrink with the interval; those of the parts do not.
        """
        here = [(amount * math.exp(-middle.y * far), far) for amount, far in self.gains]
        here += [(-amount * math.exp(-middle.y * far), far) for amount, far in self.losses]
        slopes = [math.fsum(value * (-far) ** order for value, far in here) for order in range(ORDER)]
        highest = sum(amount * math.exp(-low.y * far) * far**ORDER for part in self._parts() for amount, far in part)
        slopes.append(highest)
        radius = (high.y - low.y) / 2

        def moved(start: int) -> float:
            return sum(
                abs(slopes[k]) * radius ** (k - start) / math.factorial(k - start) for k in range(start + 1, ORDER + 1)
            )

        slack = EPSILON * (low.gains_slope + low.losses_slope)
        return abs(slopes[0]) - low.error > moved(0), abs(slopes[1]) - slack > moved(1)

    def _between(self, low: Point, high: Point) -> float:
        """Return the one root of an interval, by Newton's steps inside a shrinking bracket."""
        if not low.sign or not high.sign:
            return high.y if low.sign else low.y
        rising = high.value > low.value
        left, right = low.y, high.y
        y = (left + right) / 2
        for _ in range(200):
            point = self.at(y)
            if point.value == 0:
                return y
            left, right = (left, y) if (point.value > 0) == rising else (y, right)
            step = y - point.value / point.slope if point.slope else left
            after = step if left < step < right else (left + right) / 2
            if after == y or right - left <= math.ulp(right):
                break
            y = after
        return y

    def _apart(self, roots: Sequence[float]) -> list[float]:
        """Return roots with those of one cluster, which is a double root seen through rounding, as its middle."""
        groups: list[list[float]] = []
        for root in roots:
            if groups and self._joined(groups[-1][-1], root):
                groups[-1].append(root)
            else:
                groups.append([root])
        return [group[0] if len(group) == 1 else self._summit(group[0], group[-1]) for group in groups]

    def _joined(self, low: float, high: float) -> bool:
        """Say whether the value never leaves zero between two roots, as far as rounding shows it."""
        near = high - low <= 4 * WIDTH * max(1.0, high)
        return near or (high - low <= FLAT and not self.at((low + high) / 2).sign)

    def _summit(self, low: float, high: float) -> float:
        """Return where the derivative changes its sign around a cluster, which is where two roots touch."""
        left, right = max(0.0, low - 4 * WIDTH), high + 4 * WIDTH
        rising = self.at(left).slope
        if rising * self.at(right).slope >= 0:
            return (low + high) / 2
        while right - left > 4 * math.ulp(right):
            middle = (left + right) / 2
            left, right = (middle, right) if self.at(middle).slope * rising > 0 else (left, middle)
        return (left + right) / 2


def _no_root(low: Point, high: Point) -> bool:
    return high.gains - low.losses > low.error or high.losses - low.gains > low.error


def _one_way(low: Point, high: Point) -> bool:
    slack = EPSILON * (low.gains_slope + low.losses_slope)
    return high.gains_slope - low.losses_slope > slack or high.losses_slope - low.gains_slope > slack


def sign_changes(amounts: Iterable[float]) -> int:
    """Count how often flows change their sign, zeros aside; the number of rates is that or less by an even number."""
    signs = [amount > 0 for amount in amounts if amount]
    return sum(before != after for before, after in pairwise(signs))


def _merged(amounts: Sequence[float], times: Sequence[float]) -> list[tuple[float, float]]:
    """Return one flow for each time, the largest of about 1; flows that cancel are left out."""
    scale = max(map(abs, amounts), default=0.0) or 1.0
    together: dict[float, list[float]] = {}
    for amount, time in zip(amounts, times, strict=True):
        together.setdefault(time, []).append(amount / scale)
    return [(total, time) for time, parts in sorted(together.items()) if (total := math.fsum(parts))]


def rates_of(amounts: Sequence[float], times: Sequence[float]) -> list[float]:
    """Return every rate above -1 at which the flows are worth nothing, ascending.

    `times` are in the periods of the rate, from 0 on. Flows that are worth nothing at any rate, such as none at all or
    two that cancel on one day, have no rate of their own: the list is empty.
    """
    flows = _merged(amounts, times)
    if not sign_changes(amount for amount, _ in flows):
        return []
    first, last = flows[0][1], flows[-1][1]
    above = Side(*_parted((amount, time - first) for amount, time in flows), HIGHEST)
    below = Side(*_parted((amount, last - time) for amount, time in flows), LOWEST)
    rates = [math.expm1(-y) for y in reversed(below.roots())] + [math.expm1(y) for y in above.roots()]
    if not above.at(0.0).sign:  # worth nothing undiscounted: 0 is a root, and what both sides found beside it is 0, too
        rates = sorted({*(rate for rate in rates if abs(rate) > FLAT), 0.0})
    return rates


def _parted(flows: Iterable[tuple[float, float]]) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    gains: list[tuple[float, float]] = []
    losses: list[tuple[float, float]] = []
    for amount, far in flows:
        (gains if amount > 0 else losses).append((abs(amount), far))
    return gains, losses
