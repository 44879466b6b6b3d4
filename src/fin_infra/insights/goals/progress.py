"""A goal as a person set it, and how far it is on a day.
Floor 5: the balance is a parameter; where it is unknown nothing is said about progress."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput
from fin_infra.insights.goals.checks import MOST_MONTHS, after, ahead, cents, months_between, one_currency, share
from fin_infra.insights.goals.debts import Debt, least_payment, payoff
from fin_infra.insights.goals.savings import Pot, save_by, save_monthly
from fin_infra.model.money import Money
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model

LONGEST_NAME = 100
_CENT, _WHOLE = Decimal("0.01"), Decimal("100.00")


class GoalKind(StrEnum):
    """What a goal is about."""

    SAVINGS = "savings"
    """A balance that is to grow to the target."""
    EMERGENCY = "emergency"
    """The same, where the target is months of essential spending."""
    PAYOFF = "payoff"
    """A debt that is to come down to zero; the target is what was owed in the beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal(Model):
    """What a person wants to reach."""

    id: str
    kind: GoalKind
    name: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    target: Money
    """Positive; of a debt what was owed in the beginning."""
    account_id: str | None = None
    """Whose balance counts; None where nobody knows how far it is."""
    monthly: Money | None = None
    """What the person puts aside or pays each month."""
    by: dt.date | None = None
    """The day on which it is to be reached, itself included."""
    annual_rate: Decimal = Decimal(0)
    """The yield of savings or the interest of a debt; 0.04 is 4 % a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalProgress(Model):
    """How far a goal is on a day."""

    goal: Goal
    on: dt.date
    reached: Money | None
    """What is saved, or paid off; None where the balance is unknown. Less than nothing is zero."""
    remaining: Money | None
    percent: Decimal | None
    """From 0 to 100, in hundredths, rounded down."""
    reached_on: dt.date | None
    """When it is reached at `monthly` a month; None without it, or where it never is."""
    needed: Money | None
    """What it takes a month to reach it by its day; None without a day, or where that has passed."""
    on_track: bool | None
    """Whether it is reached by its day; None where nobody can know."""
    note: str | None = field(default=None, metadata=pii(Personal.FREE_TEXT))
    """Why it is never reached, with what would help."""


@checked
def sound_goal(goal: Goal, *, today: dt.date) -> Goal:
    """Return a goal that can be reached.

    Raises:
        InvalidInput: it has no name, no target, neither a day nor an amount a month, or one that cannot be meant.
        CurrencyMismatch: its amounts are in several currencies.
    """
    if not goal.name.strip() or len(goal.name) > LONGEST_NAME:
        raise InvalidInput(f"A goal needs a name of at most {LONGEST_NAME} characters.")
    one_currency("Target and payments", goal.target, goal.monthly)
    cents("target", goal.target, least=1)
    share("annual_rate", goal.annual_rate)
    if goal.monthly is not None:
        cents("monthly", goal.monthly)
    if goal.by is not None:
        ahead("by", goal.by, today)
    if goal.monthly is None and goal.by is None:
        raise InvalidInput("A goal needs a day, `by`, or an amount for each month, `monthly`.")
    if goal.monthly is not None:
        _date_reached(goal, goal.monthly, goal.target, today)
    return goal


@checked
def progress(goal: Goal, balance: Money | None, *, today: dt.date) -> GoalProgress:
    """Return how far a goal is.

    Args:
        balance: of its account; a debt's is negative. None where it is unknown.

    Raises:
        CurrencyMismatch: the balance is in another currency than the goal.
    """
    if balance is None:
        return _said(goal, today)
    one_currency("Goal and balance", goal.target, balance)
    none = Money.zero(goal.target.currency)
    if goal.kind is GoalKind.PAYOFF:
        remaining = max(none, -balance)
        reached = max(none, goal.target - remaining)
    else:
        reached = max(none, balance)
        remaining = max(none, goal.target - reached)
    return _said(goal, today, reached, remaining)


def _said(goal: Goal, today: dt.date, reached: Money | None = None, remaining: Money | None = None) -> GoalProgress:
    reached_on, note = _when(goal, remaining, today)
    ahead = goal.by if remaining and goal.by is not None and goal.by > today else None
    return GoalProgress(
        goal=goal,
        on=today,
        reached=reached,
        remaining=remaining,
        percent=None if reached is None else min(_WHOLE, (reached / goal.target * 100).quantize(_CENT, ROUND_DOWN)),
        reached_on=reached_on,
        needed=_needed(goal, remaining, ahead, today) if remaining and ahead else None,
        on_track=_on_track(goal, remaining, reached_on),
        note=note,
    )


def _when(goal: Goal, remaining: Money | None, today: dt.date) -> tuple[dt.date | None, str | None]:
    """Return the day on which a goal is reached, or why it never is."""
    if remaining is None:
        return None, None
    if not remaining:
        return today, None
    if goal.monthly is None:
        return None, None
    try:
        return _date_reached(goal, goal.monthly, remaining, today), None
    except InvalidInput as error:
        return None, str(error)


def _on_track(goal: Goal, remaining: Money | None, reached_on: dt.date | None) -> bool | None:
    if goal.by is None or remaining is None or (remaining and goal.monthly is None):
        return None
    return reached_on is not None and reached_on <= goal.by


def _date_reached(goal: Goal, monthly: Money, remaining: Money, today: dt.date) -> dt.date:
    if goal.kind is not GoalKind.PAYOFF:
        return save_monthly(_pot(goal, remaining), monthly, today=today).reached_on
    debt = Debt(id=goal.id, name=goal.name, balance=remaining, annual_rate=goal.annual_rate, minimum=monthly)
    return after(today, payoff([debt], first_payment=after(today, 1), today=today).months)


def _needed(goal: Goal, remaining: Money, by: dt.date, today: dt.date) -> Money:
    """Return the least amount a month that reaches a goal by its day."""
    if goal.kind is GoalKind.PAYOFF:
        return least_payment(remaining, goal.annual_rate, min(MOST_MONTHS, max(1, months_between(today, by))))
    return save_by(_pot(goal, remaining), by, today=today).monthly


def _pot(goal: Goal, remaining: Money) -> Pot:
    return Pot(target=goal.target, saved=goal.target - remaining, annual_yield=goal.annual_rate)
