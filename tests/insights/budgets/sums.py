"""Transactions and steps as the tests of budgets need them."""

from __future__ import annotations

import datetime as dt

from fin_infra.insights import Entry
from fin_infra.insights.budgets import Activity, Assign, Budget, BudgetMonth, CurrencyMonth, EnvelopeMonth, activity_of
from fin_infra.model import Money

GROCERIES, FOOD, TRIPS = "FOOD_AND_DRINK_GROCERIES", "FOOD_AND_DRINK", "TRAVEL_FLIGHTS"


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def row(
    id: str, day: str, amount: str, category: str, *, currency: str = "USD", account: str = "checking"
) -> tuple[Entry, str]:
    """Return a transaction and its category."""
    made = Money.of(amount, currency)
    return Entry(id=id, account_id=account, date=dt.date.fromisoformat(day), amount=made, description=""), category


def earned(amount: str = "1000.00", day: str = "2026-10-01") -> Activity:
    """Return the sums of one salary."""
    return activity_of([row("salary", day, amount, "INCOME_SALARY")])


def give(category: str, amount: str, month: str = "2026-10", currency: str = "USD") -> Assign:
    return Assign(month=month, category=category, amount=Money.of(amount, currency))


def of(found: BudgetMonth, currency: str = "USD") -> CurrencyMonth:
    """Return what a month says of one currency."""
    return next(each for each in found.currencies if each.currency == currency)


def envelope(budget: Budget, activity: Activity, category: str, month: str = "2026-10") -> EnvelopeMonth:
    return next(each for each in of(budget.month(month, activity)).envelopes if each.category == category)
