"""Save up for something: by a day or by so much a month, with a yield or without; and for emergencies.
Floor 5: money is put aside a month from today and each month after it, and yields from then on, rounded to the cent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput
from fin_infra.insights.goals.checks import (
    MOST_MONTHS,
    after,
    ahead,
    cents,
    least,
    monthly_interest,
    months_between,
    one_currency,
    share,
)
from fin_infra.model.money import Money
from fin_infra.model.record import Model

TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pot(Model):
    """What is saved for something, and how much it takes. `annual_yield` is nominal, 0.04 is 4 % a year."""

    target: Money
    saved: Money
    annual_yield: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsPlan(Model):
    """How a pot is filled."""

    pot: Pot
    monthly: Money
    months: int
    """How many times `monthly` is put aside, the last time possibly less; 0 where everything is saved."""
    reached_on: dt.date
    deposits: Money
    """All that is put aside from now on, the last time only what is still needed."""
    interest: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Essentials(Model):
    """What a household cannot do without in a month, and the transactions that say so."""

    monthly: Money
    """Positive."""
    entry_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyFund(Model):
    """How long savings last if no money comes in."""

    target: Money
    saved: Money
    to_save: Money
    """Zero where there is enough."""
    months_covered: Decimal
    """In tenths, rounded down."""
    entry_ids: tuple[str, ...]
    """The transactions that essential spending is made of."""


@checked
def save_monthly(pot: Pot, monthly: Money, *, today: dt.date) -> SavingsPlan:
    """Return when a pot is full if `monthly` is put aside each month.

    Raises:
        InvalidInput: it is never full, with the least amount that works; or an amount or rate cannot be meant.
        CurrencyMismatch: amounts are in several currencies.

    >>> trip = Pot(target=Money.of("1200.00", "USD"), saved=Money.of("0.00", "USD"))
    >>> save_monthly(trip, Money.of("100.00", "USD"), today=dt.date(2026, 1, 31)).reached_on
    datetime.date(2027, 1, 31)
    """
    _sound(pot, monthly)
    cents("monthly", monthly)
    plan = _filled(pot, monthly, MOST_MONTHS, today)
    if plan is None:
        needed = _least(pot, MOST_MONTHS, today)
        raise InvalidInput(f"With {monthly} a month {pot.target} is never reached; it takes at least {needed} a month.")
    return plan


@checked
def save_by(pot: Pot, by: dt.date, *, today: dt.date) -> SavingsPlan:
    """Return the least amount a month that fills a pot by a day, itself included.

    A day less than a month away takes one deposit, on that day.

    Raises:
        InvalidInput: the day has passed or is today, or an amount or rate cannot be meant.
        CurrencyMismatch: amounts are in several currencies.

    >>> trip = Pot(target=Money.of("1000.00", "USD"), saved=Money.of("0.00", "USD"))
    >>> save_by(trip, dt.date(2026, 7, 1), today=dt.date(2026, 1, 1)).monthly
    Money('166.67', 'USD')
    """
    _sound(pot)
    ahead("by", by, today)
    months = max(1, months_between(today, by))
    monthly = _least(pot, months, today)
    plan = save_monthly(pot, monthly, today=today)
    return replace(plan, reached_on=min(plan.reached_on, by))


@checked
def emergency_fund(essentials: Essentials, months: int, saved: Money) -> EmergencyFund:
    """Return how a fund of so many months of essential spending stands.

    Raises:
        InvalidInput: no months, or nothing is spent.
        CurrencyMismatch: spending and savings are in different currencies.

    >>> spent = Essentials(monthly=Money.of("2000.00", "USD"))
    >>> emergency_fund(spent, 6, Money.of("5000.00", "USD")).months_covered
    Decimal('2.5')
    """
    one_currency("Spending and savings", essentials.monthly, saved)
    monthly, have = cents("monthly", essentials.monthly, least=1), cents("saved", saved)
    if not 1 <= months <= MOST_MONTHS:
        raise InvalidInput(f"`months` is {months}; a fund is for at least 1 month, usually 3 to 6.")
    target = monthly * months
    return EmergencyFund(
        target=target,
        saved=have,
        to_save=max(target - have, Money.zero(have.currency)),
        months_covered=(have / monthly).quantize(TENTH, ROUND_DOWN),
        entry_ids=essentials.entry_ids,
    )


def _sound(pot: Pot, *others: Money) -> None:
    one_currency("Target and savings", pot.target, pot.saved, *others)
    cents("target", pot.target, least=1)
    cents("saved", pot.saved)
    share("annual_yield", pot.annual_yield)


def _filled(pot: Pot, monthly: Money, most: int, today: dt.date) -> SavingsPlan | None:
    """Return the plan; None where the pot is not full after `most` months."""
    none = Money.zero(pot.target.currency)
    have, deposits, interest, months = pot.saved, none, none, 0
    while have < pot.target:
        if months == most:
            return None
        gain = monthly_interest(have, pot.annual_yield)
        put = max(none, min(monthly, pot.target - have - gain))
        have, deposits, interest, months = have + gain + put, deposits + put, interest + gain, months + 1
    return SavingsPlan(
        pot=pot,
        monthly=monthly,
        months=months,
        reached_on=after(today, months),
        deposits=deposits,
        interest=interest,
    )


def _least(pot: Pot, months: int, today: dt.date) -> Money:
    none = Money.zero(pot.target.currency)
    return least(none, max(none, pot.target - pot.saved), lambda each: _filled(pot, each, months, today) is not None)
