"""A month as it is shown: targets and limits by hand, currencies apart, and what each figure is made of."""

from __future__ import annotations

import pytest

from fin_infra.insights.budgets import Activity, Budget, SetLimit, SetTarget, TargetState, activity_of
from fin_infra.model import Money
from tests.insights.budgets.sums import FOOD, GROCERIES, TRIPS, earned, envelope, give, of, row, usd


def saving(*given: tuple[str, str]) -> tuple[Budget, Activity]:
    """Return a budget that saves 1,000 by December from October on, with what each month was given."""
    activity = earned("5000")
    target = SetTarget(month="2026-10", category=TRIPS, amount=usd("1000"), by="2026-12")
    budget = Budget().after(target, activity)
    for month, amount in given:
        budget = budget.after(give(TRIPS, amount, month), activity)
    return budget, activity


@pytest.mark.parametrize(
    ("given", "month", "needed", "missing", "state"),
    [
        ((), "2026-10", "333.34", "333.34", "short"),
        ((("2026-10", "100"),), "2026-10", "333.34", "233.34", "short"),
        ((("2026-10", "333.34"),), "2026-10", "333.34", "0", "on_track"),
        ((("2026-10", "333.34"),), "2026-11", "333.33", "333.33", "short"),
        ((("2026-10", "100"),), "2026-12", "900", "900", "short"),
        ((("2026-10", "1200"),), "2026-11", "0", "0", "reached"),
    ],
)
def test_target_when_a_month_is_asked_then_needs_its_even_share_of_what_is_missing(
    given: tuple[tuple[str, str], ...], month: str, needed: str, missing: str, state: str
) -> None:
    found = envelope(*saving(*given), TRIPS, month).target
    assert found is not None
    assert (found.needed, found.missing, found.state) == (usd(needed), usd(missing), TargetState(state))
    assert (found.amount, found.by) == (usd("1000"), "2026-12")


def test_target_when_its_needs_are_given_each_month_then_it_is_reached_to_the_cent() -> None:
    budget, activity = saving()
    for month in ("2026-10", "2026-11", "2026-12"):
        asked = envelope(budget, activity, TRIPS, month).target
        assert asked is not None
        assert asked.needed is not None
        budget = budget.after(give(TRIPS, str(asked.needed.amount), month), activity)
    assert envelope(budget, activity, TRIPS, "2026-12").available == usd("1000.00")


def test_target_when_its_month_is_over_then_nothing_is_needed_and_it_is_past() -> None:
    found = envelope(*saving(), TRIPS, "2027-01").target
    assert found is not None
    assert (found.needed, found.missing, found.state) == (None, None, TargetState.PAST)


def test_target_when_it_is_taken_back_or_not_begun_then_there_is_none() -> None:
    budget, activity = saving()
    assert of(budget.month("2026-11", activity)).envelopes[0].target is not None
    gone = budget.after(SetTarget(month="2026-11", category=TRIPS, amount=usd("0"), by="2026-12"), activity)
    assert of(gone.month("2026-10", activity)).envelopes[0].target is not None
    assert of(gone.month("2026-11", activity)).envelopes == ()
    assert of(gone.month("2026-11", activity)).money == usd("5000")


def test_limit_when_set_then_counts_spending_less_refunds_and_holds_no_money() -> None:
    activity = activity_of(
        [
            row("s", "2026-10-01", "300", "INCOME_SALARY"),
            row("a", "2026-10-02", "-80", GROCERIES),
            row("b", "2026-10-03", "15.50", GROCERIES),
            row("c", "2026-10-04", "-40", "FOOD_AND_DRINK_COFFEE"),
            row("d", "2026-10-04", "-40", TRIPS),
            row("e", "2026-11-04", "-1", GROCERIES),
            row("f", "2026-10-04", "-7", GROCERIES, currency="EUR"),
        ]
    )
    budget = Budget().after(SetLimit(month="2026-10", category=FOOD, amount=usd("100")), activity)
    (found,) = budget.month("2026-10", activity).limits
    assert (found.category, found.spent, found.left, found.exceeded) == (FOOD, usd("104.50"), usd("-4.50"), True)
    assert found.entry_ids == ("a", "b", "c")
    assert of(budget.month("2026-10", activity)).ready_to_assign == usd("300")
    assert budget.month("2026-09", activity).limits == ()
    (november,) = budget.month("2026-11", activity).limits
    assert (november.spent, november.left, november.exceeded) == (usd("1"), usd("99"), False)
    gone = budget.after(SetLimit(month="2026-11", category=FOOD, amount=usd("0")), activity)
    assert gone.month("2026-11", activity).limits == ()


def test_month_when_two_currencies_are_budgeted_then_each_adds_up_on_its_own() -> None:
    activity = activity_of(
        [
            row("s", "2026-10-01", "1000", "INCOME_SALARY"),
            row("e", "2026-10-01", "200", "INCOME_RENTAL", currency="EUR"),
            row("a", "2026-10-05", "-60", TRIPS, currency="EUR"),
        ]
    )
    budget = Budget().after(give(TRIPS, "80", currency="EUR"), activity)
    euro, dollar = budget.month("2026-10", activity).currencies
    assert (euro.currency, euro.ready_to_assign, euro.money) == ("EUR", Money.of("120", "EUR"), Money.of("140", "EUR"))
    assert (dollar.currency, dollar.ready_to_assign, dollar.money) == ("USD", usd("1000"), usd("1000"))
    assert euro.entry_ids == ("e",)
    assert euro.envelopes[0].entry_ids == ("a",)
    assert (euro.envelopes[0].activity, euro.activity) == (Money.of("-60", "EUR"),) * 2


def test_month_when_nothing_happened_then_it_is_empty_or_has_what_was_carried() -> None:
    assert Budget().month("2026-10", Activity()).currencies == ()
    budget = Budget().after(give(FOOD, "50"), earned())
    assert budget.month("2026-09", earned()).currencies == ()
    later = of(budget.month("2030-01", earned()))
    assert (later.ready_to_assign, later.income, later.envelopes[0].carried) == (usd("950"), usd("0"), usd("50"))


def test_month_when_later_months_have_assigned_then_says_how_much_and_does_not_take_it_off() -> None:
    budget = Budget().after(give(FOOD, "50", "2026-12"), earned())
    found = of(budget.month("2026-10", earned()))
    assert (found.ready_to_assign, found.assigned_later) == (usd("1000"), usd("50"))
    assert of(budget.month("2026-12", earned())).assigned_later == 0
