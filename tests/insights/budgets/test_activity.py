"""Transactions added up: the order does not matter, transfers touch no envelope, a split counts by its parts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.insights.budgets import READY, Opening, activity_of
from tests.insights.budgets.sums import GROCERIES, TRIPS, row, usd
from tests.support.effort import effort


def test_activity_when_added_up_then_refunds_come_back_and_income_is_ready() -> None:
    found = activity_of(
        [
            row("a", "2026-10-31", "-70.10", GROCERIES),
            row("b", "2026-10-01", "20.05", GROCERIES),
            row("c", "2026-11-01", "-1", GROCERIES),
            row("d", "2026-10-02", "900", "INCOME_SALARY"),
            row("e", "2026-10-02", "-5", TRIPS, currency="EUR"),
        ]
    )
    assert found.sums == {
        ("2026-10", "USD", GROCERIES): Decimal("-50.05"),
        ("2026-11", "USD", GROCERIES): Decimal(-1),
        ("2026-10", "USD", READY): Decimal(900),
        ("2026-10", "EUR", TRIPS): Decimal(-5),
    }
    assert found.ids(("2026-10", "USD", GROCERIES)) == ("a", "b")
    assert found.ids(("2026-12", "USD", GROCERIES)) == ()


def test_activity_when_a_transfer_is_within_the_budget_then_it_touches_no_envelope() -> None:
    rows = [row("out", "2026-10-31", "-200", GROCERIES), row("in", "2026-11-01", "200", GROCERIES, account="card")]
    found = activity_of(rows, transfers=["out", "in"])
    assert found.sums == {("2026-10", "USD", READY): Decimal(-200), ("2026-11", "USD", READY): Decimal(200)}


def test_activity_when_an_account_is_not_budgeted_then_it_is_left_out_and_openings_are_ready() -> None:
    day = dt.date(2026, 10, 3)
    openings = [
        Opening(account_id="checking", date=day, amount=usd("100")),
        Opening(account_id="checking", date=day, amount=usd("11")),
        Opening(account_id="house", date=day, amount=usd("5")),
    ]
    rows = [row("a", "2026-10-03", "-7", TRIPS), row("b", "2026-10-03", "-8", TRIPS, account="house")]
    found = activity_of(rows, accounts=["checking"], openings=openings)
    assert found.sums == {("2026-10", "USD", TRIPS): Decimal(-7), ("2026-10", "USD", READY): Decimal(111)}


def test_activity_when_a_transaction_is_split_then_each_part_counts_and_it_is_named_once() -> None:
    rows = [
        row("a", "2026-10-03", "-7", TRIPS),
        row("a", "2026-10-03", "-3", GROCERIES),
        row("a", "2026-10-03", "-1", TRIPS),
    ]
    found = activity_of(rows)
    assert found.sums == {("2026-10", "USD", TRIPS): Decimal(-8), ("2026-10", "USD", GROCERIES): Decimal(-3)}
    assert found.ids(("2026-10", "USD", TRIPS)) == ("a",)


@settings(max_examples=effort(200))
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(-(10**9), 10**9)), max_size=12), st.randoms())
def test_activity_when_rows_come_in_another_order_then_the_sums_are_the_same(
    facts: list[tuple[int, int]], random: Random
) -> None:
    rows = [row(str(at), f"2026-11-{day:02}", f"{cents}E-2", TRIPS) for at, (day, cents) in enumerate(facts)]
    mixed = random.sample(rows, len(rows))
    assert activity_of(rows).sums == activity_of(mixed).sums
