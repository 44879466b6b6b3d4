"""Goals: debts paid off, savings, an emergency fund, and how far each is on a day.
Floor 5: pure functions to the cent; today is a parameter."""

from fin_infra.insights.goals.debts import (
    Comparison,
    Debt,
    DebtPayment,
    DebtPlan,
    PayoffPlan,
    Strategy,
    compare,
    least_payment,
    payoff,
)
from fin_infra.insights.goals.progress import Goal, GoalKind, GoalProgress, progress, sound_goal
from fin_infra.insights.goals.savings import (
    EmergencyFund,
    Essentials,
    Pot,
    SavingsPlan,
    emergency_fund,
    save_by,
    save_monthly,
)

__all__ = [
    "Comparison",
    "Debt",
    "DebtPayment",
    "DebtPlan",
    "EmergencyFund",
    "Essentials",
    "Goal",
    "GoalKind",
    "GoalProgress",
    "PayoffPlan",
    "Pot",
    "SavingsPlan",
    "Strategy",
    "compare",
    "emergency_fund",
    "least_payment",
    "payoff",
    "progress",
    "save_by",
    "save_monthly",
    "sound_goal",
]
