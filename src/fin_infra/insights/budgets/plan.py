"""What a person has planned, as their steps leave it: assigned money, policies, targets, limits, closed months.
Floor 5: it refuses steps that cannot be meant; `funds.py` refuses what there is no money for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Generic, TypeVar

from fin_infra.errors import InvalidInput
from fin_infra.insights.budgets.months import first_day, month_before
from fin_infra.insights.budgets.steps import (
    Assign,
    Close,
    Move,
    Overspending,
    Reopen,
    SetLimit,
    SetOverspending,
    SetTarget,
    Step,
    Undo,
)
from fin_infra.insights.categories.taxonomy import primary
from fin_infra.model.money import Money

Slot = tuple[str, str]
"""Currency and category."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Since(Generic[T]):
    """A word that holds from a month on, until the next one."""

    words: tuple[tuple[str, T], ...] = ()

    def at(self, month: str) -> T | None:
        found = bisect_right(self.words, month, key=lambda word: word[0])
        return self.words[found - 1][1] if found else None

    def told(self, month: str, word: T) -> Since[T]:
        kept = [each for each in self.words if each[0] != month]
        return Since(tuple(sorted([*kept, (month, word)], key=lambda each: each[0])))


_SILENT: Since[Any] = Since()


@dataclass(frozen=True, slots=True)
class Plan:
    """What holds after some steps; two plans are equal when everything in them is."""

    assigned: Mapping[tuple[str, str, str], Decimal] = field(default_factory=dict[tuple[str, str, str], Decimal])
    """By month, currency and category."""
    named: Mapping[str, str] = field(default_factory=dict[str, str])
    """The first month of each envelope that a person has given money or a target."""
    overspending: Mapping[str | None, Since[Overspending]] = field(
        default_factory=dict[str | None, Since[Overspending]]
    )
    targets: Mapping[Slot, Since[tuple[Decimal, str]]] = field(default_factory=dict[Slot, Since[tuple[Decimal, str]]])
    """Amount and last month; an amount of zero stands for none."""
    limits: Mapping[Slot, Since[Decimal]] = field(default_factory=dict[Slot, Since[Decimal]])
    closed: str | None = None
    """The last closed month; all before it are closed too."""

    def policy(self, category: str, month: str) -> Overspending:
        """Return what becomes of overspending: by the category's word, its primary one's, that for all, else YNAB's."""
        for each in (category, primary(category), None):
            if each in self.overspending and (found := self.overspending[each].at(month)) is not None:
                return found
        return Overspending.FROM_READY

    def is_closed(self, month: str) -> bool:
        return self.closed is not None and month <= self.closed


def plan_after(steps: Iterable[Step]) -> Plan:
    """Return the plan that steps lead to; none of them may be an undo."""
    draft = _Draft()
    for step in steps:
        draft.take(step)
    return Plan(draft.assigned, draft.named, draft.overspending, draft.targets, draft.limits, draft.closed)


@dataclass(slots=True)
class _Draft:
    assigned: dict[tuple[str, str, str], Decimal] = field(default_factory=dict[tuple[str, str, str], Decimal])
    named: dict[str, str] = field(default_factory=dict[str, str])
    overspending: dict[str | None, Since[Overspending]] = field(default_factory=dict[str | None, Since[Overspending]])
    targets: dict[Slot, Since[tuple[Decimal, str]]] = field(default_factory=dict[Slot, Since[tuple[Decimal, str]]])
    limits: dict[Slot, Since[Decimal]] = field(default_factory=dict[Slot, Since[Decimal]])
    closed: str | None = None

    def take(self, step: Step) -> None:
        match step:
            case Assign():
                self._give(step.month, step.category, step.amount, anyway=True)
            case Move():
                self._give(step.month, step.category, -step.amount)
                self._give(step.month, step.to, step.amount)
            case SetOverspending():
                told = self.overspending.get(step.category, _SILENT)
                self.overspending[step.category] = told.told(step.month, step.overspending)
            case SetTarget():
                self._name(step.category, step.month)
                slot = (step.amount.currency, step.category)
                target = (step.amount.amount, step.by)
                self.targets[slot] = self.targets.get(slot, _SILENT).told(step.month, target)
            case SetLimit():
                slot = (step.amount.currency, step.category)
                self.limits[slot] = self.limits.get(slot, _SILENT).told(step.month, step.amount.amount)
            case Close():
                self.closed = step.month
            case Reopen():
                self.closed = month_before(step.month)
            case Undo():
                raise TypeError("undone steps are left out before a plan is made")

    def _give(self, month: str, category: str, amount: Money, *, anyway: bool = False) -> None:
        self._name(category, month)
        at = (month, amount.currency, category)
        before = Money.zero(amount.currency) if anyway else Money(self.assigned.get(at, Decimal(0)), amount.currency)
        self.assigned[at] = (before + amount).amount

    def _name(self, category: str, month: str) -> None:
        self.named[category] = min(month, self.named.get(category, month))


def check_plan(plan: Plan, step: Step) -> None:
    """Refuse a step that cannot be meant, whatever money there is.

    Raises:
        InvalidInput: its month is closed, or it says something that makes no sense.
    """
    match step:
        case Undo():
            return
        case Close():
            if plan.is_closed(step.month):
                raise InvalidInput(f"{spoken(step.month)} is closed already.")
            return
        case Reopen():
            if not plan.is_closed(step.month):
                raise InvalidInput(f"{spoken(step.month)} is not closed.")
            return
        case Move():
            if step.amount <= 0:
                raise InvalidInput(f"{step.amount} cannot be moved; give an amount above zero.")
            if step.category == step.to:
                raise InvalidInput("An envelope cannot move money to itself; name another one.")
        case SetTarget():
            if step.by < step.month:
                raise InvalidInput(
                    f"{spoken(step.by)} is before {spoken(step.month)}, when the target begins; give a later one."
                )
        case _:
            pass
    if isinstance(step, SetTarget | SetLimit) and step.amount < 0:
        raise InvalidInput("A target or limit is an amount above zero; 0 takes it away.")
    if not isinstance(step, SetOverspending) and step.amount.quantize() != step.amount:
        raise InvalidInput(f"{step.amount} has more decimal places than {step.amount.currency} has; round it.")
    if plan.is_closed(step.month):
        raise InvalidInput(f"{spoken(step.month)} is closed; reopen it before you change it.")


def plain(money: Money) -> str:
    """Return the number of an amount for people: to the cent, where its currency has cents."""
    try:
        return f"{money.quantize().amount:,f}"
    except InvalidInput:  # gold and such
        return f"{money.amount:,f}"


def spoken(month: str) -> str:
    """Return a month as people say it: November 2026."""
    return f"{first_day(month):%B %Y}"
