"""Random months of two currencies, beside a ledger written differently: every cent is somewhere, and undo is exact."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fin_infra.errors import InvalidInput
from fin_infra.insights import Entry
from fin_infra.insights.budgets import (
    Activity,
    Assign,
    Budget,
    Close,
    CurrencyMonth,
    Move,
    Overspending,
    Reopen,
    SetOverspending,
    SetTarget,
    Step,
    Undo,
    activity_of,
)
from fin_infra.model import Money
from tests.insights.budgets.ledger import MONTHS, Ledger
from tests.support.effort import effort

SPENDING = ("FOOD_AND_DRINK_GROCERIES", "FOOD_AND_DRINK_COFFEE", "TRAVEL_FLIGHTS", "UNCATEGORIZED")
ENVELOPES = (*SPENDING, "FOOD_AND_DRINK")
months = st.integers(0, len(MONTHS) - 1)
currencies = st.sampled_from(("USD", "EUR"))
cents = st.integers(1, 30_000)
spending = st.sampled_from(SPENDING)
envelopes = st.sampled_from(ENVELOPES)


def money(cents: int, currency: str) -> Money:
    return Money(Decimal(cents).scaleb(-2), currency)


class Months(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.entries: list[tuple[Entry, str]] = []
        self.transfers: set[str] = set()
        self.budget = Budget()
        self.befores: list[Budget] = []
        self.ledger = Ledger()

    @property
    def activity(self) -> Activity:
        return activity_of(self.entries, accounts={"checking", "card"}, transfers=self.transfers)

    def _entry(self, month: int, amount: Money, category: str, account: str = "checking") -> str:
        id = str(len(self.entries))
        day = dt.date.fromisoformat(f"{MONTHS[month]}-{1 + len(self.entries) % 28:02}")
        self.entries.append((Entry(id=id, account_id=account, date=day, amount=amount, description=""), category))
        return id

    def _try(self, step: Step, refused: bool) -> None:
        """Take a step where the ledger says that it can be taken, and see it refused where not."""
        if refused:
            with pytest.raises(InvalidInput):
                self.budget.after(step, self.activity)
            self.ledger.undo()
        else:
            self.befores.append(self.budget)
            self.budget = self.budget.after(step, self.activity)

    @rule(month=months, currency=currencies, size=cents)
    def earn(self, month: int, currency: str, size: int) -> None:
        self._entry(month, money(size * 3, currency), "INCOME_SALARY")
        self.ledger.rows.append((month, currency, None, size * 3))

    @rule(month=months, currency=currencies, size=cents, category=spending)
    def spend(self, month: int, currency: str, size: int, category: str) -> None:
        self._entry(month, money(-size, currency), category, "card")
        self.ledger.rows.append((month, currency, category, -size))

    @rule(month=months, currency=currencies, size=cents, category=spending)
    def refund(self, month: int, currency: str, size: int, category: str) -> None:
        self._entry(month, money(size, currency), category)
        into = None if category == "UNCATEGORIZED" else category  # money of which nobody knows what it is
        self.ledger.rows.append((month, currency, into, size))

    @rule(month=months, later=months, size=cents)
    def pay_the_card(self, month: int, later: int, size: int) -> None:
        """A transfer between the budget's accounts, whose sides may be months apart."""
        paid = self._entry(month, money(-size, "USD"), "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT")
        got = self._entry(later, money(size, "USD"), "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT", "card")
        self.transfers |= {paid, got}
        self.ledger.rows += [(month, "USD", None, -size), (later, "USD", None, size)]

    @rule(month=months, size=cents)
    def spend_elsewhere(self, month: int, size: int) -> None:
        self._entry(month, money(-size, "USD"), "TRAVEL_FLIGHTS", "not of the budget")

    @rule(month=months, currency=currencies, category=envelopes, size=st.integers(-5_000, 40_000))
    def assign(self, month: int, currency: str, category: str, size: int) -> None:
        paper = self.ledger.step()
        more = size - paper.given.get((month, currency, category), 0)
        self.ledger.give(month, currency, category, more)
        short = bool(more) and self.ledger.is_short(month, currency, None if more > 0 else category)
        step = Assign(month=MONTHS[month], category=category, amount=money(size, currency))
        self._try(step, short or month <= paper.closed)

    @rule(month=months, currency=currencies, category=envelopes, to=envelopes, size=cents)
    def move(self, month: int, currency: str, category: str, to: str, size: int) -> None:
        paper = self.ledger.step()
        self.ledger.give(month, currency, category, -size)
        self.ledger.give(month, currency, to, size)
        refused = category == to or month <= paper.closed or self.ledger.is_short(month, currency, category)
        self._try(Move(month=MONTHS[month], category=category, to=to, amount=money(size, currency)), refused)

    @rule(month=months, category=st.none() | envelopes, carry=st.booleans())
    def choose(self, month: int, category: str | None, carry: bool) -> None:
        paper = self.ledger.step()
        refused = month <= paper.closed
        paper.carries[category, month] = carry
        word = Overspending.CARRY if carry else Overspending.FROM_READY
        self._try(SetOverspending(month=MONTHS[month], category=category, overspending=word), refused)

    @rule(month=months, by=months, category=envelopes, size=cents)
    def save_for(self, month: int, by: int, category: str, size: int) -> None:
        paper = self.ledger.step()
        paper.opened[category] = min(month, paper.opened.get(category, 99))
        step = SetTarget(month=MONTHS[month], category=category, amount=money(size, "USD"), by=MONTHS[by])
        self._try(step, by < month or month <= paper.closed)

    @rule(month=months)
    def close(self, month: int) -> None:
        paper = self.ledger.step()
        refused = month <= paper.closed
        paper.closed = month
        self._try(Close(month=MONTHS[month]), refused)

    @rule(month=months)
    def reopen(self, month: int) -> None:
        paper = self.ledger.step()
        refused = month > paper.closed
        paper.closed = month - 1
        self._try(Reopen(month=MONTHS[month]), refused)

    @precondition(lambda self: self.befores)
    @rule()
    def undo(self) -> None:
        before = self.befores.pop()
        self.budget = self.budget.after(Undo(), self.activity)
        self.ledger.undo()
        assert self.budget.plan == before.plan
        for month in MONTHS:
            assert self.budget.month(month, self.activity) == before.month(month, self.activity)

    @precondition(lambda self: not self.befores)
    @rule()
    def undo_nothing(self) -> None:
        with pytest.raises(InvalidInput, match="nothing to undo"):
            self.budget.after(Undo(), self.activity)

    @invariant()
    def every_cent_is_where_the_ledger_has_it(self) -> None:
        activity = self.activity
        for at, month in enumerate(MONTHS):
            shown = {each.currency: each for each in self.budget.month(month, activity).currencies}
            for currency in ("USD", "EUR"):
                self._same(at, currency, shown.get(currency))

    def _same(self, at: int, currency: str, shown: CurrencyMonth | None) -> None:
        ready, held = self.ledger.state(at, currency)
        there = self.ledger.money(at, currency)
        assert ready + sum(held.values()) == there, "the ledger itself adds up"
        if shown is None:
            assert there == 0
            return
        assert shown.money == money(there, currency)
        assert shown.ready_to_assign == money(ready, currency)
        found = {each.category: each.available for each in shown.envelopes}
        assert {name: each for name, each in found.items() if each} == {
            name: money(each, currency) for name, each in held.items() if each
        }


Months.TestCase.settings = settings(max_examples=effort(200), stateful_step_count=30, deadline=None)
test_budget_when_months_are_random_then_every_cent_is_somewhere_and_undo_restores = Months.TestCase
