"""Whether a bar can be one, whoever sent it.
Floor 3: pure arithmetic; a bar that cannot be true is set aside and named, and a negative price as such can be true."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal

from fin_infra.model import Candle

_EVENTS_APART = Decimal("0.001")
"""By how much two adjustment factors may differ without an event between them: what rounding of prices explains."""
_WIDE = Context(prec=60)


def impossible(bar: Candle, *, may_be_zero: bool = False) -> str | None:
    """Return why `bar` cannot be one, or None where it can.

    Args:
        bar: prices in one unit.
        may_be_zero: all four prices may be zero, which is what dust rounds to.
    """
    prices = (bar.open, bar.high, bar.low, bar.close)
    if bar.low > min(prices):
        return "its low is above another of its prices"
    if bar.high < max(prices):
        return "its high is below another of its prices"
    if bar.low >= 0 and 0 in prices and not (may_be_zero and bar.high == 0):
        return "it has a price of zero, which stands for a missing one"
    if bar.volume is not None and bar.volume < 0:
        return "its volume is negative"
    if bar.split is not None and bar.split <= 0:
        return "its split is not above zero"
    if bar.dividend is not None and bar.dividend < 0:
        return "its dividend is negative"
    return None


def misadjusted(factors: Sequence[Decimal], events: Sequence[bool], slack: Sequence[Decimal]) -> set[int]:
    """Return the places whose adjustment factor changes although nothing happened.

    Where one bar disagrees with both neighbors, it is that bar; where all older ones agree with it, the change itself
    is named, at its older side, and the bars before it are kept.

    Args:
        factors: adjusted close over close, oldest first.
        events: whether a dividend or split took effect on that bar, which excuses a change from the bar before.
        slack: what rounding of the printed price makes of each factor, relatively.
    """

    def agree(older: int, newer: int) -> bool:
        if any(events[older + 1 : newer + 1]):
            return True
        apart = _WIDE.divide(abs(factors[older] - factors[newer]), max(factors[older], factors[newer]))
        return apart <= _EVENTS_APART + slack[older] + slack[newer]

    last = len(factors) - 1
    if last < 1:
        return set()
    wrong: set[int] = set()
    base = last
    if last > 1 and not agree(last - 1, last) and agree(last - 2, last - 1):
        wrong.add(last)
        base = last - 1
    for at in range(base - 1, -1, -1):
        if agree(at, base):
            base = at
            continue
        wrong.add(at)
        if at and not events[at] and agree(at - 1, at):
            base = at
    return wrong
