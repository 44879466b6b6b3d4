"""`Budget`: the steps of a person, and what follows from them and from the transactions.
Floor 5: immutable; a step gives a further budget, and an undo gives one with the plan of before."""

from __future__ import annotations

from dataclasses import dataclass, field

from fin_infra.arguments import checked
from fin_infra.insights.budgets.activity import Activity
from fin_infra.insights.budgets.funds import check_funds
from fin_infra.insights.budgets.months import month_from
from fin_infra.insights.budgets.plan import Plan, check_plan, plan_after
from fin_infra.insights.budgets.steps import Step, standing
from fin_infra.insights.budgets.view import BudgetMonth, month_view


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget after its steps, the oldest first; one without steps has no envelope and no limit."""

    steps: tuple[Step, ...] = ()
    plan: Plan = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "plan", plan_after(standing(self.steps)))

    @checked
    def after(self, step: Step, activity: Activity) -> Budget:
        """Return the budget with one more step.

        Raises:
            InvalidInput: there is not so much money, the month is closed, there is nothing to undo, or the step says
                something that cannot be meant; the sentence says which.
        """
        check_plan(self.plan, step)
        further = Budget((*self.steps, step))
        check_funds(self.plan, further.plan, step, activity)
        return further

    @checked
    def month(self, month: str, activity: Activity) -> BudgetMonth:
        """Return one month, such as `2026-11`, with each envelope, what is ready to assign, and the limits."""
        return month_view(self.plan, activity, month_from(month))
