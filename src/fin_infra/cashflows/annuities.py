"""Equal payments: present and future value, payment, its two parts, number of payments, rate.
Floor 1: the spreadsheet's functions and signs; formulas that keep their digits at rates near 0 and at 0 itself.

All of them solve `pv * g + payment * (1 + rate * begin) * s + fv = 0`, where g is `(1 + rate) ** periods` and s is
`(g - 1) / rate`, or `periods` where the rate is 0. What you receive is positive, what you pay negative: a loan has a
positive `pv` and negative payments. Defaults are those of a spreadsheet: `fv` is 0, payments come at the end. A result
of zero is never -0.0, hence `+ 0.0`.
"""

from __future__ import annotations

import math

from fin_infra.cashflows.checks import Number, When, at_begin, count, finite, number, only, rate_above
from fin_infra.cashflows.roots import rates_of
from fin_infra.errors import InvalidInput


def _growth(rate: float, periods: float) -> tuple[float, float]:
    """Return what 1 and what 1 paid at the end of each period have become."""
    try:
        interest = math.expm1(periods * math.log1p(rate))
    except OverflowError:
        interest = math.inf
    return finite(interest, "growth") + 1, interest / rate if rate else periods


def _future(rate: float, periods: float, payment: float, now: float) -> float:
    growth, sums = _growth(rate, periods)
    return -(now * growth + payment * sums)


def _periods(value: Number) -> float:
    made = number("periods", value)
    if made < 0:
        raise InvalidInput(f"`periods` must not be negative, as {made:g} is.")
    return made


def fv(rate: Number, periods: Number, payment: Number, pv: Number = 0, *, when: When = "end") -> float:
    """Return the future value after `periods` payments.

    Raises:
        InvalidInput: a rate of -1 or below, negative periods, or something that is not a finite number.

    >>> round(fv(0.06 / 12, 10, -200, -500, when="begin"), 2)
    2581.4
    """
    made, now, each = rate_above("rate", rate), number("pv", pv), number("payment", payment)
    return finite(_future(made, _periods(periods), each * (1 + made * at_begin(when)), now), "future value") + 0.0


def pv(rate: Number, periods: Number, payment: Number, fv: Number = 0, *, when: When = "end") -> float:
    """Return the present value of `periods` payments, and of `fv` after them.

    Raises:
        InvalidInput: a rate of -1 or below, negative periods, or something that is not a finite number.

    >>> round(pv(0.05 / 12, 120, -100, 15692.93), 2)
    -100.0
    """
    made, then, each = rate_above("rate", rate), number("fv", fv), number("payment", payment)
    shrunk, sums = _growth(made, -_periods(periods))  # sums are negative here: those of payments, discounted
    value = -(then * shrunk - each * (1 + made * at_begin(when)) * sums)
    return finite(value, "present value") + 0.0


def pmt(rate: Number, periods: Number, pv: Number, fv: Number = 0, *, when: When = "end") -> float:
    """Return the payment of each period that turns `pv` into `fv`; a loan's is negative.

    Raises:
        InvalidInput: no periods, a rate of -1 or below, or something that is not a finite number.

    >>> round(pmt(0.08 / 12, 10, 10000), 2)
    -1037.03
    """
    made, now, then = rate_above("rate", rate), number("pv", pv), number("fv", fv)
    term = _periods(periods)
    if not term:
        raise InvalidInput("`periods` is 0; a payment needs at least one period.")
    shrunk, sums = _growth(made, -term)
    return finite((now + then * shrunk) / ((1 + made * at_begin(when)) * sums), "payment") + 0.0


def ipmt(rate: Number, period: int, periods: int, pv: Number, fv: Number = 0, *, when: When = "end") -> float:
    """Return the interest in the payment of one period, counted from 1; 0 in a first payment at the beginning.

    Raises:
        InvalidInput: a period that is not one of `periods`, a rate of -1 or below, or something that is not a number.

    >>> round(ipmt(0.10 / 12, 1, 36, 8000), 2)
    -66.67
    """
    place = count("period", period)
    if place > count("periods", periods):
        raise InvalidInput(f"`period` is {place}, after the last of {periods}.")
    each = pmt(rate, periods, pv, fv, when=when)
    begin, made = at_begin(when), float(rate)
    if begin and place == 1:
        return 0.0
    before = _future(made, place - 1, each * (1 + made * begin), float(pv))
    return finite(made * before / (1 + made * begin), "interest") + 0.0


def ppmt(rate: Number, period: int, periods: int, pv: Number, fv: Number = 0, *, when: When = "end") -> float:
    """Return the principal in the payment of one period, counted from 1: the payment without `ipmt`.

    Raises:
        InvalidInput: as `ipmt`.

    >>> round(ppmt(0.10 / 12, 1, 24, 2000), 2)
    -75.62
    """
    return pmt(rate, periods, pv, fv, when=when) - ipmt(rate, period, periods, pv, fv, when=when) + 0.0


def cumipmt(rate: Number, periods: int, pv: Number, start: int, end: int, *, when: When = "end") -> float:
    """Return the interest in the payments from `start` to `end`, both included, counted from 1.

    Raises:
        InvalidInput: `start` after `end`, or as `ipmt`.

    >>> round(cumipmt(0.09 / 12, 360, 125000, 13, 24), 2)
    -11135.23
    """
    return math.fsum(ipmt(rate, period, periods, pv, when=when) for period in _span(start, end))


def cumprinc(rate: Number, periods: int, pv: Number, start: int, end: int, *, when: When = "end") -> float:
    """Return the principal in the payments from `start` to `end`, both included, counted from 1.

    Raises:
        InvalidInput: `start` after `end`, or as `ipmt`.

    >>> round(cumprinc(0.09 / 12, 360, 125000, 13, 24), 2)
    -934.11
    """
    return math.fsum(ppmt(rate, period, periods, pv, when=when) for period in _span(start, end))


def _span(start: int, end: int) -> range:
    if count("start", start) > count("end", end):
        raise InvalidInput(f"`start` {start} is after `end` {end}; swap them.")
    return range(start, end + 1)


def nper(rate: Number, payment: Number, pv: Number, fv: Number = 0, *, when: When = "end") -> float | None:
    """Return after how many payments `pv` has become `fv`; None where it never does, as with too small a payment.

    Raises:
        InvalidInput: a rate of -1 or below, or something that is not a finite number.

    >>> round(nper(0.18 / 12, -500, 10000) or 0, 3), nper(0.18 / 12, -150, 10000)
    (23.956, None)
    """
    made, each = rate_above("rate", rate), number("payment", payment)
    now, then = number("pv", pv), number("fv", fv)
    if not made:
        return _counted(-(now + then) / each) if each else (None if now + then else 0.0)
    due = each * (1 + made * at_begin(when))
    above, below = due - then * made, due + now * made
    if not below or above / below <= 0:
        return None
    ratio = -made * (now + then) / below  # of (above - below) to below, without taking apart what is nearly equal
    return _counted(math.log1p(ratio) / math.log1p(made)) if ratio > -1 else None


def _counted(periods: float) -> float | None:
    return periods + 0.0 if 0 <= periods < math.inf else None


def rate(periods: int, payment: Number, pv: Number, fv: Number = 0, *, when: When = "end") -> float | None:
    """Return the rate for one period; None where there is none.

    Raises:
        SeveralRates: there are several, as with money paid out at both ends; `rates` of the error are all of them.
        InvalidInput: `periods` is not a whole number above 0, or something is not a finite number.

    >>> round(rate(48, -200, 8000) or 0, 9)
    0.007701472
    """
    term, each = count("periods", periods), number("payment", payment)
    now, then = number("pv", pv), number("fv", fv)
    flows = [0.0] * (term + 1)
    flows[0], flows[term] = now, then
    for place in range(term) if at_begin(when) else range(1, term + 1):
        flows[place] += each
    return only(rates_of(flows, range(term + 1)))
