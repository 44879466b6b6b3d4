"""Where the money is, month by month: from envelope to envelope, from one month into the next.
Floor 5: one pass over the months in which something happens; envelopes and what is ready are all the money there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact, InvalidOperation

from fin_infra.errors import InvalidInput
from fin_infra.insights.budgets.activity import Activity
from fin_infra.insights.budgets.envelopes import READY, envelope_of
from fin_infra.insights.budgets.plan import Plan, plain, spoken
from fin_infra.insights.budgets.steps import Assign, Move, Overspending, Step
from fin_infra.model.money import EXACT_DIGITS, Money

EXACT = Context(prec=EXACT_DIGITS, traps=[Inexact, InvalidOperation])
ZERO = Decimal(0)


@dataclass(slots=True)
class Funds:
    """Where the money of one currency is in one month."""

    ready: Decimal = ZERO
    """Ready to assign at the end of the month; below zero where more was assigned than there is."""
    taken: Decimal = ZERO
    """What overspending of the months before took from it; zero or below."""
    income: Decimal = ZERO
    carried: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    assigned: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    spent: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    """Activity by envelope: spending is below zero, and refunds come back."""

    @property
    def categories(self) -> list[str]:
        return sorted({*self.carried, *self.assigned, *self.spent})

    def available(self, category: str) -> Decimal:
        held = EXACT.add(self.carried.get(category, ZERO), self.assigned.get(category, ZERO))
        return EXACT.add(held, self.spent.get(category, ZERO))


Course = Mapping[tuple[str, str], Funds]
"""Funds by month and currency."""


def course(plan: Plan, activity: Activity, month: str) -> Course:
    """Return where the money is in each month in which something happens, and in `month`."""
    found: dict[tuple[str, str], Funds] = {}
    months = {month} | {cell[0] for cell in (*activity.sums, *plan.assigned)}
    months |= {since for told in plan.overspending.values() for since, _ in told.words}
    currencies = {cell[1] for cell in (*activity.sums, *plan.assigned)}
    happened = _by_month(plan, activity)
    for currency in sorted(currencies):
        before, last = "", Funds()
        for each in sorted(months):
            last = _next(plan, before, last)
            for category, assigned, amount in happened.get((each, currency), ()):
                _put(last, category, assigned, amount)
            found[each, currency] = last
            before = each
    return found


Happened = tuple[str, bool, Decimal]
"""Category or READY, whether the amount was assigned, and the amount."""


def _by_month(plan: Plan, activity: Activity) -> dict[tuple[str, str], list[Happened]]:
    found: dict[tuple[str, str], list[Happened]] = {}
    for (month, currency, category), amount in plan.assigned.items():
        found.setdefault((month, currency), []).append((category, True, amount))
    for (month, currency, place), amount in activity.sums.items():
        envelope = place if place == READY else envelope_of(place, month, plan.named)
        found.setdefault((month, currency), []).append((envelope, False, amount))
    return found


def _put(funds: Funds, category: str, assigned: bool, amount: Decimal) -> None:
    if assigned:
        funds.assigned[category] = EXACT.add(funds.assigned.get(category, ZERO), amount)
        funds.ready = EXACT.subtract(funds.ready, amount)
    elif category == READY:
        funds.income = EXACT.add(funds.income, amount)
        funds.ready = EXACT.add(funds.ready, amount)
    else:
        funds.spent[category] = EXACT.add(funds.spent.get(category, ZERO), amount)


def _next(plan: Plan, month: str, last: Funds) -> Funds:
    """Return how the next month begins: envelopes keep what they have, and overspending goes where the person chose."""
    following = Funds(ready=last.ready)
    for category in last.categories:
        held = last.available(category)
        if held < 0 and plan.policy(category, month) is Overspending.FROM_READY:
            following.taken = EXACT.add(following.taken, held)
        elif held:
            following.carried[category] = held
    following.ready = EXACT.add(following.ready, following.taken)
    return following


def check_funds(plan: Plan, after: Plan, step: Step, activity: Activity) -> None:
    """Refuse a step that gives or takes money which is not there, in its month or in a later one.

    Raises:
        InvalidInput: it would leave an envelope that it takes from, or what is ready to assign, below zero.
    """
    if not isinstance(step, Assign | Move):
        return
    currency, place = step.amount.currency, (step.month, step.amount.currency, step.category)
    more = Money(EXACT.subtract(after.assigned[place], plan.assigned.get(place, ZERO)), currency)
    found = course(after, activity, step.month)
    later = {month: funds for (month, each), funds in found.items() if each == currency and month >= step.month}
    if more > 0:
        _check_ready(step, later, more, Money(plan.assigned.get(place, ZERO), currency))
    elif more < 0:
        left = {month: funds.available(step.category) for month, funds in later.items()}
        month, least = _least(left)
        if least < 0:
            most = max(Money.zero(currency), Money(least, currency) - more)
            why = "" if month == step.month else f", since {spoken(month)} needs the rest"
            raise InvalidInput(
                f"At most {_plain(most)} can be taken from {step.category} in {spoken(step.month)}{why}."
            )


def _check_ready(step: Step, later: Mapping[str, Funds], more: Money, before: Money) -> None:
    if not isinstance(step, Assign):
        return
    currency = more.currency
    if not any(funds.income or EXACT.add(funds.ready, more.amount) for funds in later.values()):
        raise InvalidInput(f"The budget's accounts have no {currency}, so there is none to assign.")
    month, least = _least({month: funds.ready for month, funds in later.items()})
    if least < 0:
        free = max(Money.zero(currency), Money(least, currency) + more)
        why = "" if month == step.month else f", since {spoken(month)} needs the rest"
        raise InvalidInput(
            f"{_plain(free)} is ready to assign in {spoken(step.month)}{why}: "
            f"give {step.category} at most {_plain(free + before)}."
        )


def _least(amounts: Mapping[str, Decimal]) -> tuple[str, Decimal]:
    """Return the least amount and the first month that has it."""
    month = min(sorted(amounts), key=lambda each: amounts[each])
    return month, amounts[month]


def _plain(money: Money) -> str:
    return f"{plain(money)} {money.currency}"
