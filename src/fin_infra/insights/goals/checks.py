"""What every plan of a goal asks of its amounts, days and rates, and how its months follow each other.
Floor 5: refusals are one sentence; a plan goes at most a hundred years ahead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal

from fin_infra.errors import CurrencyMismatch, InvalidInput
from fin_infra.insights.schedule import month_of, nominal_day
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.money import Money

MOST_MONTHS = 1_200
"""Months of the longest plan, a hundred years."""
HIGHEST_RATE = Decimal(10)
"""1,000 % a year: above it somebody has written percent for a share."""
_EXACT = Context(prec=60)


def cents(name: str, amount: Money, *, least: int = 0) -> Money:
    """Return an amount that is not negative and in whole cents; with `least` 1 not zero either.

    Raises:
        InvalidInput: it is something else.
    """
    if amount < 0:
        raise InvalidInput(f"`{name}` is {amount}; write what is owed, saved or paid as a positive amount.")
    if least and not amount:
        raise InvalidInput(f"`{name}` is zero; there is nothing to reach.")
    if CURRENCIES[amount.currency] is None or amount.quantize() != amount:
        raise InvalidInput(f"`{name}` is {amount}, which is not in whole minor units of {amount.currency}.")
    return amount.quantize()


def share(name: str, rate: Decimal) -> Decimal:
    """Return a yearly rate as a share of 1, such as 0.18 for 18 %.

    Raises:
        InvalidInput: it is negative, or percent.
    """
    if not rate.is_finite() or not 0 <= rate <= HIGHEST_RATE:
        raise InvalidInput(f"`{name}` is {rate}; write a yearly rate as a share of 1, such as 0.18 for 18 %.")
    return rate


def one_currency(what: str, *amounts: Money | None) -> str:
    """Return the one currency of amounts.

    Raises:
        CurrencyMismatch: there are several.
    """
    found = sorted({each.currency for each in amounts if each is not None})
    if len(found) > 1:
        raise CurrencyMismatch(f"{what} in {' and '.join(found)} cannot be in one plan; plan each currency by itself.")
    return found[0]


def not_past(name: str, day: dt.date, today: dt.date) -> dt.date:
    """Return a day that is today or later.

    Raises:
        InvalidInput: it has passed.
    """
    if day < today:
        raise InvalidInput(f"`{name}`, {day}, has passed; today is {today}.")
    return day


def ahead(name: str, day: dt.date, today: dt.date) -> dt.date:
    """Return a day that is after today.

    Raises:
        InvalidInput: it is today or has passed.
    """
    if day <= today:
        raise InvalidInput(f"`{name}`, {day}, is not after today, {today}.")
    return day


def after(day: dt.date, months: int) -> dt.date:
    """Return the same day of a later month, the last one where that month is shorter.

    Raises:
        InvalidInput: the calendar ends before.
    """
    month = month_of(day) + months
    if month >= month_of(dt.date.max):
        raise InvalidInput(f"{months} months after {day} is beyond the end of the calendar.")
    return dt.date.fromordinal(nominal_day(month, day.day))


def months_between(start: dt.date, end: dt.date) -> int:
    """Return how many whole months lie between two days."""
    months = month_of(end) - month_of(start)
    return months if after(start, months) <= end else months - 1


def monthly_interest(amount: Money, annual_rate: Decimal) -> Money:
    """Return the interest of one month, a twelfth of the yearly rate, rounded to the cent."""
    exact = _EXACT.divide(_EXACT.multiply(amount.amount, annual_rate), 12)
    return Money(exact, amount.currency).quantize(ROUND_HALF_UP)


def least(low: Money, high: Money, works: Callable[[Money], bool]) -> Money:
    """Return the least amount in whole cents that works, where `high` does and every amount above one that does."""
    unit = Money(Decimal(1).scaleb(-(CURRENCIES[high.currency] or 0)), high.currency)
    below, enough = int(low / unit), int(high / unit)
    while below < enough:
        middle = (below + enough) // 2
        if works(unit * middle):
            enough = middle
        else:
            below = middle + 1
    return unit * enough
