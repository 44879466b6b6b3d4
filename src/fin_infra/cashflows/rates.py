"""One rate in other words: effective, nominal, and the annual percentage rate of Regulation Z.
Floor 1: the actuarial method with unit-periods, appendix J to 12 CFR part 1026; dates have rules of their own."""

from __future__ import annotations

# Arguments are checked although they are typed: callers without a type checker get a sentence, not a traceback.
# pyright: reportUnnecessaryIsInstance=false
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from fin_infra.arguments import checked
from fin_infra.cashflows.checks import Number, count, finite, number, rate_above
from fin_infra.cashflows.roots import sign_changes
from fin_infra.errors import InvalidInput


def effective_rate(nominal: Number, per_year: int) -> float:
    """Return what a nominal yearly rate, compounded `per_year` times, is in a year: `(1 + nominal / m) ** m - 1`.

    Raises:
        InvalidInput: `per_year` is not a whole number above 0, or a rate of one period is -1 or below.

    >>> round(effective_rate(0.18, 12), 6)
    0.195618
    """
    periods = count("per_year", per_year)
    each = rate_above("nominal / per_year", number("nominal", nominal) / periods)
    try:
        return math.expm1(periods * math.log1p(each))
    except OverflowError:
        return finite(math.inf, "effective rate")


def nominal_rate(effective: Number, per_year: int) -> float:
    """Return the nominal yearly rate that, compounded `per_year` times, is `effective` in a year.

    Raises:
        InvalidInput: `per_year` is not a whole number above 0, or the rate is -1 or below.

    >>> round(nominal_rate(0.195618, 12), 6)
    0.18
    """
    periods = count("per_year", per_year)
    return periods * math.expm1(math.log1p(rate_above("effective", effective)) / periods)


@dataclass(frozen=True, slots=True)
class Term:
    """An advance or a payment, so many whole unit-periods and a fraction of one after the loan begins.

    `amount` is positive for both. A month is the usual unit-period; appendix J (b)(4) and (5) count them from dates.
    """

    amount: Number
    periods: int
    fraction: Number = 0.0


@checked
def level_terms(amount: Number, payments: int, periods: int, fraction: Number = 0.0) -> list[Term]:
    """Return equal payments one unit-period apart, the first after `periods` and a fraction."""
    first = count("periods", periods, least=0)
    return [Term(amount, first + place, fraction) for place in range(count("payments", payments))]


@checked
def apr(advances: Number | Sequence[Term], payments: Sequence[Term], *, per_year: int) -> float:
    """Return the annual percentage rate by the actuarial method of Regulation Z; 0.0969 is 9.69 %.

    It is `per_year` times the rate i of one unit-period at which advances and payments are worth the same, each
    discounted by `(1 + fraction * i) * (1 + i) ** periods`: compound for whole unit-periods, simple for the fraction
    (appendix J (b)(8)).

    Args:
        advances: The amount financed, or each advance with its time.
        payments: Each payment with its time; `level_terms` makes equal ones.
        per_year: Unit-periods in a year: 12 for months, 24 for half-months, 52 for weeks.

    Raises:
        InvalidInput: payments do not add up to what was advanced, or their order lets more than one rate be right.

    >>> round(apr(5000, level_terms(230, 24, 1), per_year=12), 6)
    0.096857
    """
    periods = count("per_year", per_year)
    lent = _terms("advances", advances if isinstance(advances, Sequence) else [Term(advances, 0)])
    paid = _terms("payments", payments)
    gap = math.fsum(term[0] for term in paid) - math.fsum(term[0] for term in lent)
    if gap < 0:
        raise InvalidInput("The payments add up to less than what was advanced; check amounts and their number.")
    _refuse_ambiguous(lent, paid)
    if gap == 0:
        return 0.0
    return periods * _equal(lambda rate: _worth(paid, rate) - _worth(lent, rate))


def _terms(name: str, terms: Iterable[Term]) -> list[tuple[float, int, float]]:
    made: list[tuple[float, int, float]] = []
    for place, term in enumerate(terms):
        where = f"{name}[{place}]"
        amount, fraction = number(f"{where}.amount", term.amount), number(f"{where}.fraction", term.fraction)
        if amount <= 0:
            raise InvalidInput(f"`{where}.amount` must be above 0, for advances and for payments.")
        if not 0 <= fraction < 1:
            raise InvalidInput(f"`{where}.fraction` must be from 0 to below 1, not {fraction:g}.")
        made.append((amount, count(f"{where}.periods", term.periods, least=0), fraction))
    if not made:
        raise InvalidInput(f"`{name}` is empty.")
    return made


def _refuse_ambiguous(lent: Sequence[tuple[float, int, float]], paid: Sequence[tuple[float, int, float]]) -> None:
    """Refuse orders in which what is owed changes its sign, undiscounted: only then may several rates be right."""
    flows = [(whole + part, -amount) for amount, whole, part in paid]
    flows += [(whole + part, amount) for amount, whole, part in lent]
    owed = list(accumulate(amount for _, amount in sorted(flows, key=lambda flow: (flow[0], -flow[1]))))
    if owed[0] < 0 or sign_changes(owed) > 1:
        raise InvalidInput("More is paid back than was advanced before a later advance; such a loan has no single APR.")


def _worth(terms: Iterable[tuple[float, int, float]], rate: float) -> float:
    growth = math.log1p(rate)
    return math.fsum(amount * math.exp(-growth * whole) / (1 + part * rate) for amount, whole, part in terms)


def _equal(gap: Callable[[float], float]) -> float:
    """Return where a gap that starts above 0 and ends below it is 0."""
    low, high = 0.0, 1.0
    while gap(high) > 0:
        low, high = high, high * 2
        finite(high if high < 1e300 else math.inf, "rate")
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    return middle
