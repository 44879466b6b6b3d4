"""What was spent and earned: by category, merchant, account and period, and month by month.
Floor 5: every transaction counts once, as spending, income or a transfer; currencies never add up with each other."""

from fin_infra.insights.spending.cash_flow import cash_flow
from fin_infra.insights.spending.counting import count
from fin_infra.insights.spending.figures import spending
from fin_infra.insights.spending.records import (
    By,
    CashFlow,
    CashFlowMonth,
    Counted,
    CountsAs,
    Period,
    Spending,
    Spent,
)

__all__ = [
    "By",
    "CashFlow",
    "CashFlowMonth",
    "Counted",
    "CountsAs",
    "Period",
    "Spending",
    "Spent",
    "cash_flow",
    "count",
    "spending",
]
