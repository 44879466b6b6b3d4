"""Every figure by its transactions: the sentences by hand, and the sums for whole households."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import InvalidInput
from fin_infra.insights.categories import Categorizer
from fin_infra.insights.explain import Figure, explain_cash_flow, explain_spending
from fin_infra.insights.spending import By, CountsAs, Period, cash_flow, count, spending
from fin_infra.insights.transfers import Activity
from fin_infra.model import Money
from tests.insights.entries import entry
from tests.insights.household import ACCOUNTS, Household
from tests.insights.spending.test_figures import FOOD, row
from tests.support.effort import effort


def counted():
    rows = [
        entry("ACME PAYROLL", "2000.00", id="pay", vendor="plaid", vendor_category="INCOME_SALARY"),
        entry("ZARA USA 3391 MIAMI FL", "-40.00", id="coat", mcc="5651"),
        entry("ZARA USA 3391 MIAMI FL", "15.00", id="back", day=9),
        entry("TRANSFER TO SAVINGS", "-200.00", id="out", day=10),
        entry("TRANSFER FROM CHECKING", "200.00", id="in", day=11, account_id="savings"),
    ]
    labels = {each.id: Categorizer().label(each) for each in rows}
    return count(Activity(entries=rows, labels=labels, accounts=ACCOUNTS))


def test_explain_spending_when_asked_then_each_line_says_what_it_adds_and_why():
    told = explain_spending(spending(counted()).rows[0], counted())
    assert (told.figure, str(told.amount)) == (
        "Spending on GENERAL_MERCHANDISE_CLOTHING_AND_ACCESSORIES",
        "25.00 USD",
    )
    assert told.sentence == "Spending on GENERAL_MERCHANDISE_CLOTHING_AND_ACCESSORIES: 25.00 USD from 2 lines."
    assert [(each.entry_id, str(each.amount)) for each in told.lines] == [("coat", "40.00 USD"), ("back", "-15.00 USD")]
    assert told.lines[0].sentence.startswith(
        "2026-11-01, ZARA, -40.00 USD: counts as spending on GENERAL_MERCHANDISE_CLOTHING_AND_ACCESSORIES. "
    )
    assert told.lines[1].sentence == (
        "2026-11-09, ZARA, 15.00 USD: reduces the spending on GENERAL_MERCHANDISE_CLOTHING_AND_ACCESSORIES."
        " 'ZARA' gave back 15.00 of the 40.00 of 2026-11-01."
    )


def test_explain_cash_flow_when_asked_for_a_column_then_it_has_those_lines():
    month = cash_flow(counted()).rows[0]
    ids = {of: [line.entry_id for line in explain_cash_flow(month, counted(), of).lines] for of in Figure}
    assert ids == {
        Figure.INCOME: ["pay"],
        Figure.SPENDING: ["coat", "back"],
        Figure.NET: ["coat", "pay", "back"],
        Figure.TRANSFERS: ["out", "in"],
        Figure.SAVINGS_RATE: ["coat", "pay", "back"],
    }
    moved = explain_cash_flow(month, counted(), Figure.TRANSFERS)
    assert moved.sentence == "Transfers in 2026-11: 0.00 USD from 2 lines."
    assert moved.lines[0].sentence == (
        "2026-11-10, TRANSFER TO SAVINGS, -200.00 USD: only moved."
        " Equal amounts in two accounts a day apart; both texts or labels speak of a transfer."
    )
    rate = explain_cash_flow(month, counted(), Figure.SAVINGS_RATE)
    assert rate.sentence == (
        "Savings rate in 2026-11: net 1975.00 USD of income 2000.00 USD is 0.9875; the net is of 3 lines."
    )


def test_explain_cash_flow_when_there_is_no_income_then_the_rate_is_said_to_be_none():
    month = cash_flow([row("a", "-5.00")]).rows[0]
    told = explain_cash_flow(month, [row("a", "-5.00")], Figure.SAVINGS_RATE)
    assert told.sentence == (
        "Savings rate in 2026-01: net -5.00 USD of income 0 USD has no rate, because there is no income;"
        " the net is of 1 line."
    )


def test_explain_when_the_transactions_are_other_ones_then_it_refuses():
    spent, month = spending([row("a", "-5.00")]).rows[0], cash_flow([row("a", "-5.00")]).rows[0]
    for others in ([], [row("a", "-6.00")]):
        with pytest.raises(InvalidInput, match="is not made of these transactions"):
            explain_spending(spent, others)
        with pytest.raises(InvalidInput, match="is not made of these transactions"):
            explain_cash_flow(month, others)


def test_explain_when_a_row_is_of_a_period_then_its_name_says_which():
    rows = [row("a", "-5.00", date="2026-05-03")]
    said = [explain_spending(spending(rows, period=each).rows[0], rows).figure for each in Period]
    assert [each.removeprefix(f"Spending on {FOOD}") for each in said] == [
        "", " in 2026-05", " in quarter 2 of 2026", " in 2026",
    ]  # fmt: skip
    nameless = [replace(rows[0], merchant="")]
    assert explain_spending(spending(nameless, by=By.MERCHANT).rows[0], nameless).figure == (
        "Spending on merchants without a name"
    )
    assert explain_spending(spending(rows).totals[0], rows).figure == "All spending"


@settings(max_examples=effort(40))
@given(st.integers(0, 10_000), st.sampled_from(By), st.sampled_from(Period))
def test_explain_when_a_whole_household_is_asked_about_then_every_figure_is_the_sum_of_its_lines(seed, by, period):
    truth = Household(seed).months(3)
    categorizer = Categorizer()
    labels = {each.id: categorizer.label(each) for each in truth.entries}
    told = count(Activity(entries=truth.entries, labels=labels, accounts=ACCOUNTS, links=truth.links))
    amounts = {each.id: each.amount for each in truth.entries}
    asked = spending(told, by=by, period=period)
    seen: list[str] = []
    for spent in asked.rows:
        lines = explain_spending(spent, told).lines
        assert Money.total((amounts[each.entry_id] for each in lines), spent.spent.currency) == -spent.spent
        seen += [each.entry_id for each in lines]
    assert sorted(seen) == sorted(each.entry_id for each in told if each.counts_as is CountsAs.SPENDING)
    for month in (*cash_flow(told).rows, *cash_flow(told).totals):
        whole = (Figure.NET, Figure.TRANSFERS)
        lines = [line for of in whole for line in explain_cash_flow(month, told, of).lines]
        change = Money.total((amounts[each.entry_id] for each in lines), month.net.currency)
        assert change == month.net + month.transfers
        assert sorted(each.entry_id for each in lines) == sorted(month.entry_ids)
        assert all(Decimal(0) <= each.confidence <= 1 for each in lines)
