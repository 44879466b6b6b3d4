"""Flows one period apart: net present value, internal and modified internal rate of return.
Floor 1: pyxirr computes where its answer is right and can be proved to be the only one; `roots` finds the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

# Arguments are checked although they are typed: callers without a type checker get a sentence, not a traceback.
# pyright: reportUnnecessaryIsInstance=false, reportUnnecessaryComparison=false
from fin_infra.arguments import shown
from fin_infra.cashflows.checks import Number, finite, flows_of, only, rate_above, well_behaved
from fin_infra.cashflows.roots import rates_of, sign_changes
from fin_infra.errors import InvalidInput

LONG = 200
"""From so many flows on pyxirr's IRR is slower than ours where it has to look for the rate (5 ms for 10,000 flows)."""
SIZE = 1e8
"""pyxirr's tolerances, 1e-9 and 1e-3, are those of an amount: flows are scaled to this sum before it looks."""


def npv(rate: Number, flows: Sequence[Number], *, first: Literal[0, 1] = 0) -> float:
    """Return the net present value: `sum(flow / (1 + rate) ** (place + first))`.

    Two conventions go by this name. With `first=0`, as in numpy-financial and in textbooks, the first flow is today's
    and not discounted. With `first=1`, as in Excel, LibreOffice and Google Sheets, it comes at the end of period 1.

    Args:
        rate: For one period, above -1; 0.08 is 8 %.
        flows: Money in positive, money out negative, one period apart.
        first: The period at whose end the first flow comes.

    Raises:
        InvalidInput: no flows, one that is not a finite number, or a rate of -1 or below.

    >>> flows = [-10000, 3000, 4200, 6800]
    >>> round(npv(0.1, flows), 2), round(npv(0.1, flows, first=1), 2)
    (1307.29, 1188.44)
    """
    import pyxirr

    made, chosen = flows_of(flows), rate_above("rate", rate)
    if isinstance(first, bool) or first not in (0, 1):
        raise InvalidInput(
            f"`first` must be 0, for a first flow of today, or 1, for one at the end of a period; not {shown(first)}."
        )

    at_zero = first == 0
    value = pyxirr.npv(chosen, made, start_from_zero=at_zero)
    return finite(math.nan if value is None else value, "net present value")


def irr(flows: Sequence[Number]) -> float | None:
    """Return the internal rate of return: the rate for one period at which `npv` is 0.

    Flows that do not change their sign have none, and neither have flows whose value never crosses 0, such as 100,
    -200, 150: the answer is None, never a rate of 0.

    Args:
        flows: Money in positive, money out negative, one period apart.

    Raises:
        SeveralRates: there are several; `rates` of the error are all of them, as `irr_all` returns them.
        InvalidInput: fewer than two flows, or one that is not a finite number.

    >>> round(irr([-100, 110]) or 0, 9), irr([100, 110])
    (0.1, None)
    """
    made = flows_of(flows, least=2)
    quick = _single(made) if sign_changes(made) == 1 and len(made) < LONG else None
    return only(_all(made)) if quick is None else quick


def irr_all(flows: Sequence[Number]) -> list[float]:
    """Return every internal rate of return above -1, ascending; empty where there is none.

    Each is proved by bounds and none depends on a first guess. A rate at which the value touches 0 counts once.

    Raises:
        InvalidInput: fewer than two flows, or one that is not a finite number.

    >>> [round(rate, 9) for rate in irr_all([-1600, 10000, -10000])]
    [0.25, 4.0]
    """
    return _all(flows_of(flows, least=2))


def mirr(flows: Sequence[Number], finance_rate: Number, reinvest_rate: Number) -> float | None:
    """Return the modified internal rate of return, which is always one number.

    Money out is discounted to the first flow at `finance_rate`, money in is carried to the last at `reinvest_rate`, and
    the result is the rate between the two sums: `(in / out) ** (1 / (n - 1)) - 1`. None where all flows go one way.

    Raises:
        InvalidInput: fewer than two flows, one that is not a finite number, or a rate of -1 or below.

    >>> round(mirr([-120000, 39000, 30000, 21000, 37000, 46000], 0.10, 0.12) or 0, 6)
    0.126094
    """
    made = flows_of(flows, least=2)
    paid, earned = rate_above("finance_rate", finance_rate), rate_above("reinvest_rate", reinvest_rate)
    periods = len(made) - 1
    try:
        out = math.fsum(-flow * (1 + paid) ** -place for place, flow in enumerate(made) if flow < 0)
        back = math.fsum(flow * (1 + earned) ** (periods - place) for place, flow in enumerate(made) if flow > 0)
    except OverflowError:
        out, back = math.inf, 1.0
    if not out or not back:
        return None
    return math.expm1(math.log(back / finite(out, "sum of flows")) / periods)


def _all(flows: Sequence[float]) -> list[float]:
    return rates_of(flows, range(len(flows)))


def _single(flows: Sequence[float]) -> float | None:
    """Return the one rate that a single change of sign has, or None where pyxirr does not find it for certain."""
    import pyxirr

    size = math.fsum(map(abs, flows)) / SIZE
    rate = pyxirr.irr([flow / size for flow in flows], silent=True)
    return rate if well_behaved(rate, len(flows)) else None
