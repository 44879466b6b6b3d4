"""Convert money and work out cross rates from one bank's table of one day.
Floor 1: both legs come from the same table, there is one division at the end, and nothing is rounded to cents."""

from __future__ import annotations

from datetime import date
from decimal import Context, Decimal, InvalidOperation

from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput, RateUnavailable, StaleRate, UnknownCurrency
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.fx import FxRate, RateTable
from fin_infra.model.money import Money
from fin_infra.normalize.numbers import MINOR_CURRENCIES
from fin_infra.normalize.times import calendar_day

MAX_AGE_DAYS = 7
"""Longer than any gap in a central bank's publication: Easter and Christmas leave five days."""

_WIDE = Context(prec=100, traps=[InvalidOperation])
_RESULT = Context(prec=34, traps=[InvalidOperation])
_ONE = Decimal(1)


@checked
def cross_rate(base: str, quote: str, rates: RateTable) -> FxRate:
    """Return how many units of `quote` one unit of `base` is by this table.

    A rate that is published in this direction is returned as published. Any other is the quotient of published ones
    with 34 significant digits; `via` is the table's base where both currencies differ from it.

    Raises:
        UnknownCurrency: a code is not in ISO 4217.
        RateUnavailable: the table does not have a currency.
    """
    units, of = legs(base, quote, rates)
    rate = units if of == 1 else _RESULT.divide(units, of)
    return FxRate(
        source=rates.source,
        as_of=rates.as_of,
        base=base,
        quote=quote,
        rate=rate,
        date=rates.date,
        via=None if base == quote or rates.base in (base, quote) else rates.base,
    )


@checked
def convert(
    money: Money, to: str, rates: RateTable, *, on: date | None = None, max_age_days: int = MAX_AGE_DAYS
) -> Money:
    """Turn money into another currency with this table; the result has up to 34 significant digits: quantize() it.

    Args:
        on: the day the money is valued. The table must be of that day or at most `max_age_days` older. None takes the
            table's own day, whatever today is.
        max_age_days: how old rates may be; the default bridges every bank holiday.

    Raises:
        UnknownCurrency: a code is not in ISO 4217.
        RateUnavailable: the table does not have a currency, or is of a later day than `on`.
        StaleRate: the table is older than allowed.
    """
    pair = legs(money.currency, to, rates)
    if on is not None:
        _check_age(money.currency, to, rates, on, max_age_days)
    if money.currency == to:
        return money
    return Money(by_legs(money.amount, pair), to)


def by_legs(amount: Decimal, pair: tuple[Decimal, Decimal]) -> Decimal:
    """Convert an amount with what `legs` gives, with 34 significant digits."""
    units, of = pair
    return _RESULT.divide(_WIDE.multiply(amount, units), of)


def legs(base: str, quote: str, rates: RateTable) -> tuple[Decimal, Decimal]:
    """Return two published numbers: the first over the second is units of `quote` for one unit of `base`.

    Raises:
        UnknownCurrency: a code is not in ISO 4217.
        RateUnavailable: the table does not have a currency.
    """
    for code in (base, quote):
        if code not in CURRENCIES:
            hint = (
                f"it is a hundredth of {MINOR_CURRENCIES[code]}" if code in MINOR_CURRENCIES else "write one like USD"
            )
            raise UnknownCurrency(f"{code!r} is not an ISO 4217 currency code; {hint}.")
    if base == quote:
        return _ONE, _ONE
    from_leg, to_leg = _leg(base, base, quote, rates), _leg(quote, base, quote, rates)
    return (from_leg, to_leg) if rates.base_per_unit else (to_leg, from_leg)


def _leg(code: str, base: str, quote: str, rates: RateTable) -> Decimal:
    if code == rates.base:
        return _ONE
    rate = rates.rates.get(code)
    if rate is None:
        raise RateUnavailable(
            f"{rates.source} has no {code} rate for {rates.date}, so {base}/{quote} is unknown;"
            f" take another date or another FX provider."
        )
    if not rate.is_finite() or rate <= 0:
        raise RateUnavailable(f"{rates.source} gives {rate} for {code} on {rates.date}, which is not an exchange rate.")
    return rate


def _check_age(base: str, quote: str, rates: RateTable, on: date, max_age_days: int) -> None:
    if max_age_days < 0:
        raise InvalidInput(f"max_age_days cannot be {max_age_days}; use zero or more.")
    age = (calendar_day(on) - rates.date).days
    if age < 0:
        raise RateUnavailable(
            f"{base}/{quote} was requested for {on}, but these rates are for {rates.date}; request the table of {on}."
        )
    if age > max_age_days:
        raise StaleRate(
            f"The {base}/{quote} rate of {rates.date} is {age} days older than {on}, and {max_age_days} are allowed;"
            f" request newer rates or raise max_age_days."
        )
