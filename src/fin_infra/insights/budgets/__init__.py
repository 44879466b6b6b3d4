"""Budgets: envelopes that hold money until it is spent, targets by date, and simple limits.
Floor 5: pure functions of a person's steps and of sums of transactions; the book keeps the steps."""

from fin_infra.insights.budgets.activity import Activity, Opening, activity_of
from fin_infra.insights.budgets.budget import Budget
from fin_infra.insights.budgets.envelopes import READY, envelope_from
from fin_infra.insights.budgets.months import month_after, month_before, month_from, month_of
from fin_infra.insights.budgets.plan import Plan
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
from fin_infra.insights.budgets.view import (
    BudgetMonth,
    CurrencyMonth,
    EnvelopeMonth,
    LimitMonth,
    TargetMonth,
    TargetState,
)

__all__ = [
    "READY",
    "Activity",
    "Assign",
    "Budget",
    "BudgetMonth",
    "Close",
    "CurrencyMonth",
    "EnvelopeMonth",
    "LimitMonth",
    "Move",
    "Opening",
    "Overspending",
    "Plan",
    "Reopen",
    "SetLimit",
    "SetOverspending",
    "SetTarget",
    "Step",
    "TargetMonth",
    "TargetState",
    "Undo",
    "activity_of",
    "envelope_from",
    "month_after",
    "month_before",
    "month_from",
    "month_of",
]
