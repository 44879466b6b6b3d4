"""Money from month to month, worked out by hand, and steps that there is no money for."""

from __future__ import annotations

import pytest

from fin_infra.errors import InvalidInput
from fin_infra.insights.budgets import Activity, Budget, Move, Overspending, SetOverspending, Step, activity_of
from tests.insights.budgets.sums import FOOD, GROCERIES, TRIPS, earned, envelope, give, of, row, usd


def overspent(policy: Overspending | None) -> tuple[Budget, Activity]:
    """Return 1,000 earned and 100 given to groceries in October, of which 130 are spent."""
    activity = activity_of(
        [row("salary", "2026-10-01", "1000", "INCOME_SALARY"), row("market", "2026-10-09", "-130", GROCERIES)]
    )
    budget = Budget().after(give(GROCERIES, "100"), activity)
    if policy is not None:
        budget = budget.after(SetOverspending(month="2026-10", category=GROCERIES, overspending=policy), activity)
    return budget, activity


@pytest.mark.parametrize("policy", [None, Overspending.FROM_READY])
def test_overspending_when_taken_from_ready_then_the_envelope_begins_at_zero(policy: Overspending | None) -> None:
    budget, activity = overspent(policy)
    assert envelope(budget, activity, GROCERIES).overspent == usd("30")
    november = of(budget.month("2026-11", activity))
    assert (november.ready_to_assign, november.taken, november.money) == (usd("870"), usd("-30"), usd("870"))
    assert envelope(budget, activity, GROCERIES, "2026-11").carried == 0


def test_overspending_when_carried_then_the_envelope_stays_below_zero_until_it_is_filled() -> None:
    budget, activity = overspent(Overspending.CARRY)
    november = of(budget.month("2026-11", activity))
    assert (november.ready_to_assign, november.taken, november.money) == (usd("900"), usd("0"), usd("870"))
    assert envelope(budget, activity, GROCERIES, "2027-05").available == usd("-30")
    filled = budget.after(give(GROCERIES, "40", "2026-11"), activity)
    assert envelope(filled, activity, GROCERIES, "2026-11").available == usd("10")


def test_overspending_when_the_policy_changes_in_a_quiet_month_then_it_is_taken_at_the_end_of_that_one() -> None:
    budget, activity = overspent(Overspending.CARRY)
    step = SetOverspending(month="2026-12", category=GROCERIES, overspending=Overspending.FROM_READY)
    later = budget.after(step, activity)
    held = [envelope(later, activity, GROCERIES, month).available for month in ("2026-12", "2027-01")]
    assert held == [usd("-30"), usd("0")]
    assert of(later.month("2027-02", activity)).ready_to_assign == usd("870")


def test_money_when_left_over_then_it_rolls_over() -> None:
    activity = activity_of([row("s", "2026-10-01", "500", "INCOME_SALARY"), row("m", "2026-11-02", "-25.50", TRIPS)])
    budget = Budget().after(give(TRIPS, "100"), activity).after(give(TRIPS, "10", "2026-12"), activity)
    held = [
        envelope(budget, activity, TRIPS, month).available for month in ("2026-10", "2026-11", "2026-12", "2027-06")
    ]
    assert held == [usd("100"), usd("74.50"), usd("84.50"), usd("84.50")]


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (
            give(FOOD, "700"),
            "600.00 USD is ready to assign in October 2026, since November 2026 needs the rest: "
            "give FOOD_AND_DRINK at most 600.00 USD.",
        ),
        (
            give(TRIPS, "650", "2026-11"),
            "600.00 USD is ready to assign in November 2026: give TRAVEL_FLIGHTS at most 600.00 USD.",
        ),
        (
            give(TRIPS, "1000"),
            "600.00 USD is ready to assign in October 2026, since November 2026 needs the rest: "
            "give TRAVEL_FLIGHTS at most 900.00 USD.",
        ),
        (give(FOOD, "1", currency="EUR"), "The budget's accounts have no EUR, so there is none to assign."),
        (
            Move(month="2026-10", category=TRIPS, to=FOOD, amount=usd("250")),
            "At most 200.00 USD can be taken from TRAVEL_FLIGHTS in October 2026, since November 2026 needs the rest.",
        ),
        (
            Move(month="2026-11", category=TRIPS, to=FOOD, amount=usd("200.01")),
            "At most 200.00 USD can be taken from TRAVEL_FLIGHTS in November 2026.",
        ),
        (
            give(TRIPS, "99"),
            "At most 200.00 USD can be taken from TRAVEL_FLIGHTS in October 2026, since November 2026 needs the rest.",
        ),
        (
            Move(month="2026-10", category=FOOD, to=TRIPS, amount=usd("1")),
            "At most 0.00 USD can be taken from FOOD_AND_DRINK in October 2026.",
        ),
    ],
)
def test_step_when_there_is_not_so_much_money_then_says_how_much_there_is(step: Step, sentence: str) -> None:
    """1,000 earned and 300 given to trips in October; 100 of it spent, and 100 given to groceries, in November."""
    activity = activity_of([row("s", "2026-10-01", "1000", "INCOME_SALARY"), row("m", "2026-11-02", "-100", TRIPS)])
    budget = Budget().after(give(TRIPS, "300"), activity).after(give(GROCERIES, "100", "2026-11"), activity)
    with pytest.raises(InvalidInput) as caught:
        budget.after(step, activity)
    assert str(caught.value) == sentence


def test_assignment_when_spending_of_before_goes_into_the_new_envelope_then_giving_is_not_taking() -> None:
    activity = activity_of([row("s", "2026-10-01", "200", "INCOME_SALARY"), row("m", "2026-10-02", "-120", GROCERIES)])
    budget = Budget().after(give(FOOD, "100"), activity)
    assert envelope(budget, activity, FOOD).available == usd("-20")
    assert [each.category for each in of(budget.month("2026-10", activity)).envelopes] == [FOOD]


def test_move_when_all_is_moved_then_an_empty_envelope_stays_in_the_list() -> None:
    activity = earned()
    budget = Budget().after(give(FOOD, "50"), activity)
    moved = budget.after(Move(month="2026-10", category=FOOD, to=TRIPS, amount=usd("50")), activity)
    held = {each.category: each.available for each in of(moved.month("2026-11", activity)).envelopes}
    assert held == {FOOD: usd("0"), TRIPS: usd("50")}
