"""A household's budget, as methods of its book: what a month looks like, and the steps that a person takes.
Floor 6: `insights/budgets` decides; `budget_steps.py` keeps the steps, and `month_sums.py` adds up the transactions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from functools import partial

from fin_infra.book import budget_steps, month_sums
from fin_infra.book.methods import Household, method
from fin_infra.errors import BookUnavailable, InvalidInput
from fin_infra.insights.budgets import (
    Activity,
    Assign,
    Budget,
    BudgetMonth,
    Close,
    Move,
    Overspending,
    Reopen,
    SetLimit,
    SetOverspending,
    SetTarget,
    Step,
    Undo,
    envelope_from,
    month_after,
    month_from,
    month_of,
)
from fin_infra.insights.budgets.plan import spoken
from fin_infra.insights.categories.taxonomy import primary
from fin_infra.model import Money
from fin_infra.transport import Flow, M, blocking


class Budgets(Household[M]):
    @method
    def budget(self, month: str | None = None) -> Flow[BudgetMonth]:
        """Return a month of the budget: envelopes, what is ready to assign, targets and limits, by currency.

        It is of the money in bank accounts and on cards, pending transactions too.

        Args:
            month: such as `2026-11`, past or future; the present one where None.

        Raises:
            InvalidInput: it is not a month.
            MissingExtra: the extra `insights` is not installed.
        """
        return (yield from self._shown(self._month(month)))

    @method
    def assign(self, category: str, amount: Money, *, month: str | None = None) -> Flow[BudgetMonth]:
        """Let an envelope have been given just so much in a month, whatever it was before; return the month.

        Args:
            category: a code of a category, primary or detailed, the end of one such as `groceries`, or a word of the
                person's own that a transaction has.
            month: the present one where None.

        Raises:
            InvalidInput: there is not so much money to assign or to take back, the month is closed, or the category is
                unknown.
        """
        when = self._month(month)
        activity = yield from self._activity(when)
        step = Assign(month=when, category=_envelope(category, activity), amount=amount)
        return (yield from self._taken([step], activity, when))

    @method
    def move(self, category: str, to: str, amount: Money, *, month: str | None = None) -> Flow[BudgetMonth]:
        """Move money from one envelope to another; return the month.

        Raises:
            InvalidInput: the first envelope does not have so much, the month is closed, or a category is unknown.
        """
        when = self._month(month)
        activity = yield from self._activity(when)
        names = [_envelope(each, activity) for each in (category, to)]
        step = Move(month=when, category=names[0], to=names[1], amount=amount)
        return (yield from self._taken([step], activity, when))

    @method
    def set_overspending(
        self, overspending: Overspending, *, category: str | None = None, month: str | None = None
    ) -> Flow[BudgetMonth]:
        """Say what becomes of an envelope below zero when its month ends, from a month on; return the month.

        Args:
            category: of one envelope; of all that have no word of their own where None.

        Raises:
            InvalidInput: the month is closed, or the category is unknown.
        """
        when = self._month(month)
        activity = yield from self._activity(when)
        name = None if category is None else _envelope(category, activity)
        step = SetOverspending(month=when, category=name, overspending=overspending)
        return (yield from self._taken([step], activity, when))

    @method
    def set_target(self, category: str, amount: Money, by: str, *, month: str | None = None) -> Flow[BudgetMonth]:
        """Say how much an envelope must have by the end of a month; return the month in which saving begins.

        Args:
            amount: 0 takes the target back.
            by: the last month, such as `2027-06`.
            month: the first month; the present one where None.

        Raises:
            InvalidInput: `by` is before `month`, the month is closed, or the category is unknown.
        """
        when, last = self._month(month), month_from(by)
        activity = yield from self._activity(when)
        step = SetTarget(month=when, category=_envelope(category, activity), amount=amount, by=last)
        return (yield from self._taken([step], activity, when))

    @method
    def set_limit(self, category: str, amount: Money, *, month: str | None = None) -> Flow[BudgetMonth]:
        """Say what may be spent in each month from a month on, without holding money for it; return the month.

        Args:
            category: a primary one counts all that belong to it.
            amount: 0 takes the limit back.

        Raises:
            InvalidInput: the amount is below zero, the month is closed, or the category is unknown.
        """
        when = self._month(month)
        activity = yield from self._activity(when)
        step = SetLimit(month=when, category=_envelope(category, activity), amount=amount)
        return (yield from self._taken([step], activity, when))

    @method
    def close_month(self, month: str) -> Flow[BudgetMonth]:
        """Close a month that is over, and all before it: no step changes them until it is reopened; return it.

        Transactions that come late count all the same, since the money has moved.

        Raises:
            InvalidInput: the month is not over, or closed already.
        """
        when = month_from(month)
        if when >= self._month(None):
            raise InvalidInput(f"{spoken(when)} is not over; close it from {spoken(month_after(when))} on.")
        return (yield from self._taken([Close(month=when)], Activity(), when))

    @method
    def reopen_month(self, month: str) -> Flow[BudgetMonth]:
        """Open a closed month again, and those after it; return it.

        Raises:
            InvalidInput: it is not closed.
        """
        when = month_from(month)
        return (yield from self._taken([Reopen(month=when)], Activity(), when))

    @method
    def undo_budget(self, steps: int = 1) -> Flow[BudgetMonth]:
        """Take the last steps back that stand, whatever month they are of; return the present month.

        Raises:
            InvalidInput: there are fewer, and then none is taken back.
        """
        if steps < 1:
            raise InvalidInput(f"{steps} steps cannot be undone; give 1 or more.")
        return (yield from self._taken([Undo()] * steps, Activity(), self._month(None)))

    def _month(self, month: str | None) -> str:
        return month_of(self.clock().astimezone(UTC).date()) if month is None else month_from(month)

    def _activity(self, month: str) -> Flow[Activity]:
        activity, kept = yield from self.ask(month_sums.activity_in, month)
        try:
            yield from blocking(month_sums.store, self.engine, self.owner, kept)
        except BookUnavailable:  # the sums are right; only keeping them failed
            return activity
        return activity

    def _taken(self, steps: Sequence[Step], activity: Activity, month: str) -> Flow[BudgetMonth]:
        take = partial(budget_steps.take_steps, self.engine, self.owner, steps, activity, self.clock())
        yield from blocking(take)
        return (yield from self._shown(month))

    def _shown(self, month: str) -> Flow[BudgetMonth]:
        activity = yield from self._activity(month)
        steps = yield from self.ask(budget_steps.steps_of)
        return (yield from blocking(Budget(steps).month, month, activity))


def _envelope(category: str, activity: Activity) -> str:
    own = {place for _, _, place in activity.sums if primary(place) == place}
    return envelope_from(category, own=own)
