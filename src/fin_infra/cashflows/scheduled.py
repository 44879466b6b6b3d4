"""Flows on dates: XNPV and XIRR, in years of 365 days as spreadsheets count them.
Floor 1: pyxirr computes, started near the answer; where the signs of the flows do not prove it to be the only one,
`roots` looks for all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from itertools import accumulate

from fin_infra.cashflows.checks import Number, dated, finite, only, rate_above, well_behaved
from fin_infra.cashflows.roots import rates_of

YEAR_DAYS = 365
CHUNKS = 8
"""A first guess is the rate of so many sums of neighbors on each side of the change of sign: seldom 1e-4 off."""
MANY = 500
"""From so many flows on a guess pays for itself."""
SMALLEST, LARGEST = 1e5, 1e9
"""pyxirr's tolerances, 1e-9 and 1e-3, are those of an amount: flows of other sums are scaled before it looks."""


def xnpv(rate: Number, dates: Sequence[date], flows: Sequence[Number]) -> float:
    """Return the net present value on the first date: `sum(flow / (1 + rate) ** (days / 365))`.

    Args:
        rate: For a year of 365 days, above -1.
        dates: The first has to be the earliest; the others may come in any order.
        flows: Money in positive, money out negative, one for each date.

    Raises:
        InvalidInput: no flows, other numbers of dates and flows, a date before the first, something that is not a
            finite number or a date, or a rate of -1 or below.

    >>> round(xnpv(0.09, [date(2026, 1, 1), date(2027, 1, 1)], [-1000, 1100]), 2)
    9.17
    """
    made, chosen = dated(dates, flows), rate_above("rate", rate)
    start = made[0][0]
    try:  # not pyxirr's, which refuses flows of one sign
        value = math.fsum(flow * (1 + chosen) ** ((start - day).days / YEAR_DAYS) for day, flow in made)
    except OverflowError:
        value = math.inf
    return finite(value, "net present value")


def xirr(dates: Sequence[date], flows: Sequence[Number]) -> float | None:
    """Return the internal rate of return for a year of 365 days: the rate at which `xnpv` is 0.

    None where there is none: flows of one sign, or a value that never crosses 0.

    Args:
        dates: The first has to be the earliest; the others may come in any order.
        flows: Money in positive, money out negative, one for each date.

    Raises:
        SeveralRates: there are several; `rates` of the error are all of them, as `xirr_all` returns them.
        InvalidInput: fewer than two flows, other numbers of dates and flows, a date before the first, or something that
            is not a finite number or a date.

    >>> round(xirr([date(2026, 1, 1), date(2027, 1, 1)], [-1000, 1100]) or 0, 9)
    0.1
    """
    try:
        quick = _single(dates, flows)
    except (TypeError, ValueError, ArithmeticError):  # something is not what it should be; the slow way says what
        quick = None
    return only(xirr_all(dates, flows)) if quick is None else quick


def xirr_all(dates: Sequence[date], flows: Sequence[Number]) -> list[float]:
    """Return every internal rate of return above -1, ascending; empty where there is none.

    Each is proved by bounds and none depends on a first guess. A rate at which the value touches 0 counts once.

    Raises:
        InvalidInput: as `xirr`.

    >>> days = [date(2025, 1, 1), date(2026, 1, 1), date(2027, 1, 1)]
    >>> [round(rate, 9) for rate in xirr_all(days, [-1600, 10000, -10000])]
    [0.25, 4.0]
    """
    made = dated(dates, flows, least=2)
    start = made[0][0]
    return rates_of([flow for _, flow in made], [(day - start).days / YEAR_DAYS for day, _ in made])


def _single(dates: Sequence[date], flows: Sequence[Number]) -> float | None:
    """Return the rate where it can be proved cheaply to be the only one, or None.

    Flows are looked at by functions in C only: for 10,000 of them a loop of Python takes longer than the search itself.
    """
    import pyxirr

    if not isinstance(dates, list) or not isinstance(flows, list) or not 1 < len(dates) == len(flows):
        return None
    if type(dates[0]) is not date or dates != sorted(dates):
        return None
    middle = _change(flows)
    if middle is None:
        return None
    days, sums = _chunks(dates, flows, middle)
    size = math.fsum(map(abs, sums))
    if not SMALLEST <= size <= LARGEST:
        if not 0 < size < math.inf:
            return None
        flows = [float(flow) / size * LARGEST for flow in flows]
    guess = pyxirr.xirr(days, sums, silent=True) if len(flows) >= MANY else None
    rate = pyxirr.xirr(dates, flows, guess=guess, silent=True)
    return rate if well_behaved(rate, (dates[-1] - dates[0]).days / YEAR_DAYS) else None


def _change(flows: list[Number]) -> int | None:
    """Return the place of the change of sign that proves that there is at most one rate, or None without a proof.

    One change of sign in date order is such a proof (Descartes' rule, which holds for any exponents). So are sums so
    far of which only one, or those from the end of which none, changes its sign, and the other way round: the first
    count bounds the rates above 0, the second those below (Laguerre 1883; in finance Norstrom 1972). pyxirr counts
    zeros as positive, which may add changes and hides none.
    """
    import pyxirr

    changes = pyxirr.zero_crossing_points(flows)
    if len(changes) == 1:
        return changes[0] + 1
    so_far = len(pyxirr.zero_crossing_points(list(accumulate(flows))))
    to_come = len(pyxirr.zero_crossing_points(list(accumulate(reversed(flows)))))
    return len(flows) // 2 if changes and so_far + to_come == 1 else None


def _chunks(dates: list[date], flows: list[Number], middle: int) -> tuple[list[date], list[float]]:
    """Return sums of neighbors on the date in their middle, apart for the flows before and after the change of sign."""
    days: list[date] = []
    sums: list[float] = []
    for start, end in ((0, middle), (middle, len(flows))):
        step = -(-(end - start) // CHUNKS)
        for place in range(start, end, step):
            part = flows[place : min(place + step, end)]
            days.append(dates[place + len(part) // 2])
            sums.append(float(sum(part)))
    return days, sums
