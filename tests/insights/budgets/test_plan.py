"""What steps leave behind, and steps that cannot be meant."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fin_infra.errors import InvalidInput
from fin_infra.insights.budgets import (
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
from fin_infra.insights.budgets.plan import Plan, check_plan, plan_after
from tests.insights.budgets.sums import FOOD, GROCERIES, TRIPS, give, usd


def test_assignment_when_said_again_then_the_last_one_holds_and_moves_come_on_top() -> None:
    steps: list[Step] = [
        give(FOOD, "50"),
        give(FOOD, "80"),
        Move(month="2026-10", category=FOOD, to=TRIPS, amount=usd("30")),
    ]
    plan = plan_after(steps)
    assert plan.assigned == {("2026-10", "USD", FOOD): Decimal(50), ("2026-10", "USD", TRIPS): Decimal(30)}
    assert plan.named == {FOOD: "2026-10", TRIPS: "2026-10"}


def test_policy_when_several_fit_then_the_narrowest_of_that_month_holds() -> None:
    carry, ready = Overspending.CARRY, Overspending.FROM_READY
    plan = plan_after(
        [
            SetOverspending(month="2026-11", category=None, overspending=carry),
            SetOverspending(month="2026-12", category=FOOD, overspending=ready),
            SetOverspending(month="2027-01", category=GROCERIES, overspending=carry),
        ]
    )
    told = [plan.policy(GROCERIES, month) for month in ("2026-10", "2026-11", "2026-12", "2027-01")]
    assert told == [ready, carry, ready, carry]
    assert plan.policy(TRIPS, "2027-01") is carry


def test_month_when_closed_then_it_and_all_before_are_until_reopened() -> None:
    plan = plan_after([Close(month="2026-11")])
    assert [plan.is_closed(each) for each in ("2025-01", "2026-11", "2026-12")] == [True, True, False]
    plan = plan_after([Close(month="2026-11"), Reopen(month="2026-10")])
    assert [plan.is_closed(each) for each in ("2026-09", "2026-10")] == [True, False]


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (give(FOOD, "1.005"), "1.005 USD has more decimal places than USD has; round it."),
        (
            Move(month="2026-10", category=FOOD, to=TRIPS, amount=usd("0")),
            "0 USD cannot be moved; give an amount above zero.",
        ),
        (
            Move(month="2026-10", category=FOOD, to=FOOD, amount=usd("1")),
            "An envelope cannot move money to itself; name another one.",
        ),
        (
            SetTarget(month="2026-10", category=FOOD, amount=usd("5"), by="2026-09"),
            "September 2026 is before October 2026, when the target begins; give a later one.",
        ),
        (
            SetLimit(month="2026-10", category=FOOD, amount=usd("-5")),
            "A target or limit is an amount above zero; 0 takes it away.",
        ),
        (Reopen(month="2026-10"), "October 2026 is not closed."),
        (Close(month="2026-09"), "September 2026 is closed already."),
        (give(FOOD, "1", "2026-09"), "September 2026 is closed; reopen it before you change it."),
        (
            SetOverspending(month="2026-08", category=None, overspending=Overspending.CARRY),
            "August 2026 is closed; reopen it before you change it.",
        ),
    ],
)
def test_step_when_it_cannot_be_meant_then_one_sentence_says_why(step: Step, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_plan(plan_after([Close(month="2026-09")]), step)
    assert str(caught.value) == sentence


def test_step_when_it_can_be_meant_then_it_is_let_through() -> None:
    for step in (
        give(FOOD, "-1.25"),
        Close(month="2026-10"),
        Undo(),
        SetLimit(month="2026-10", category=FOOD, amount=usd("0")),
    ):
        check_plan(Plan(), step)
