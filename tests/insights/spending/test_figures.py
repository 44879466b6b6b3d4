"""Spending by what it was for, worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.errors import InvalidInput
from fin_infra.insights.spending import By, Counted, CountsAs, Period, Spending, spending
from fin_infra.model import Money

FOOD, COFFEE, CLOTHES = (
    "FOOD_AND_DRINK_GROCERIES",
    "FOOD_AND_DRINK_COFFEE",
    "GENERAL_MERCHANDISE_CLOTHING_AND_ACCESSORIES",
)


def row(id: str, amount: str, category: str = FOOD, date: str = "2026-01-05", **more: Any) -> Counted:
    return Counted(
        **{
            "entry_id": id,
            "account_id": "checking",
            "date": dt.date.fromisoformat(date),
            "amount": Money.of(amount, more.pop("currency", "USD")),
            "counts_as": CountsAs.SPENDING,
            "category": category,
            "merchant": "SHOP",
            "reason": "Because.",
            "confidence": Decimal(1),
        }
        | more
    )


ROWS = (
    row("a", "-30.10"),
    row("b", "-4.00", COFFEE, merchant="BLUE BOTTLE", account_id="visa"),
    row("c", "-50.00", CLOTHES, date="2026-02-03", account_id="visa"),
    row("d", "20.00", CLOTHES, date="2026-04-01", account_id="visa"),
    row("e", "-7.00", COFFEE, date="2027-02-01", currency="EUR"),
    row("pay", "2000", "INCOME_SALARY", counts_as=CountsAs.INCOME),
    row("moved", "-99", counts_as=CountsAs.TRANSFER),
)


def shown(told: Spending) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.name, str(each.spent), each.entry_ids) for each in told.rows]


def test_spending_when_asked_by_category_then_refunds_are_off_and_income_and_transfers_are_not_in_it():
    told = spending(ROWS)
    assert shown(told) == [
        (COFFEE, "7.00 EUR", ("e",)),
        (FOOD, "30.10 USD", ("a",)),
        (CLOTHES, "30.00 USD", ("c", "d")),
        (COFFEE, "4.00 USD", ("b",)),
    ]
    assert [(str(each.spent), each.count, each.entry_ids) for each in told.totals] == [
        ("7.00 EUR", 1, ("e",)),
        ("64.10 USD", 4, ("a", "b", "c", "d")),
    ]


@pytest.mark.parametrize(
    ("by", "usd"),
    [
        (By.PRIMARY, [("FOOD_AND_DRINK", "34.10"), ("GENERAL_MERCHANDISE", "30.00")]),
        (By.MERCHANT, [("SHOP", "60.10"), ("BLUE BOTTLE", "4.00")]),
        (By.ACCOUNT, [("visa", "34.00"), ("checking", "30.10")]),
        (By.ALL, [("all", "64.10")]),
    ],
)
def test_spending_when_asked_by_something_else_then_it_is_added_up_by_that(by, usd):
    told = [each for each in spending(ROWS, by=by).rows if each.spent.currency == "USD"]
    assert [(each.name, str(each.spent.amount)) for each in told] == usd


@pytest.mark.parametrize(
    ("period", "firsts"),
    [
        (Period.MONTH, ["2026-01-01", "2026-02-01", "2026-04-01", "2027-02-01"]),
        (Period.QUARTER, ["2026-01-01", "2026-04-01", "2027-01-01"]),
        (Period.YEAR, ["2026-01-01", "2027-01-01"]),
    ],
)
def test_spending_when_asked_by_period_then_each_row_names_its_first_day(period, firsts):
    told = spending(ROWS, by=By.ALL, period=period)
    assert [str(each.start) for each in told.rows] == firsts


def test_spending_when_more_is_refunded_than_spent_then_it_is_below_zero():
    told = spending(ROWS, start=dt.date(2026, 4, 1), end=dt.date(2026, 4, 2))
    assert shown(told) == [(CLOTHES, "-20.00 USD", ("d",))]


def test_spending_when_there_is_none_then_there_is_no_row_and_no_total():
    assert spending(ROWS, end=dt.date(2026, 1, 5)) == Spending(rows=(), totals=())
    assert spending([]) == Spending(rows=(), totals=())


def test_spending_when_the_days_are_the_wrong_way_round_then_it_says_so():
    with pytest.raises(InvalidInput, match="`start` must be before `end`"):
        spending(ROWS, start=dt.date(2026, 2, 1), end=dt.date(2026, 2, 1))


def test_spending_when_a_row_has_two_parts_in_a_category_then_its_id_is_there_once():
    told = spending([row("a", "-1"), row("a", "-2")]).rows[0]
    assert (str(told.spent), told.count, told.entry_ids) == ("3 USD", 2, ("a",))
