"""Refunds: the purchase they are of, by hand, and never more than was bought."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.insights import Entry, Judge, Label
from fin_infra.insights.transfers.refunds import refunds
from tests.insights.entries import entry
from tests.support.effort import effort

SHOP = "ZARA USA 3391 MIAMI FL"


def label(category: str, judge: Judge = Judge.VENDOR) -> Label:
    return Label(category=category, judge=judge, reason="Somebody says so.", confidence=Decimal("0.9"))


def bought(id: str, amount: str, **more: Any) -> Entry:
    return entry(more.pop("text", SHOP), f"-{amount}", id=id, **more)


def back(id: str, amount: str, **more: Any) -> Entry:
    return entry(more.pop("text", SHOP), amount, id=id, **({"day": 20} | more))


def of(*entries: Entry, **labels: Label) -> list[tuple[str, str | None, str]]:
    return [(each.entry_id, each.purchase_id, each.category) for each in refunds(entries, labels)]


CLOTHES = "GENERAL_MERCHANDISE_CLOTHING_AND_ACCESSORIES"


def test_refunds_when_the_whole_comes_back_then_it_is_of_its_purchase_and_category():
    found = refunds([bought("p", "40.00"), back("r", "40.00")], {"p": label(CLOTHES)})[0]
    assert (found.entry_id, found.purchase_id, found.category) == ("r", "p", CLOTHES)
    assert (found.confidence, found.reason) == (Decimal("0.97"), "'ZARA' gave back the whole of 2026-11-01.")


def test_refunds_when_a_part_comes_back_then_the_text_says_how_much_of_what():
    found = refunds([bought("p", "40.00"), back("r", "15.00")], {})[0]
    assert (found.purchase_id, found.confidence) == ("p", Decimal("0.90"))
    assert found.reason == "'ZARA' gave back 15.00 of the 40.00 of 2026-11-01."


def test_refunds_when_two_purchases_fit_then_an_equal_amount_comes_before_the_later_day():
    rows = [bought("equal", "15.00", day=2), bought("later", "40.00", day=9)]
    assert of(*rows, back("r", "15.00"))[0][1] == "equal"
    assert of(*rows, back("r", "14.00"))[0][1] == "later"


def test_refunds_when_parts_use_a_purchase_up_then_the_next_one_is_not_of_it():
    rows = [bought("p", "40.00"), back("a", "30.00", day=10), back("b", "10.00", day=11), back("c", "1.00", day=12)]
    assert [each[:2] for each in of(*rows)] == [("a", "p"), ("b", "p")]


def test_refunds_when_more_comes_back_or_before_the_purchase_or_elsewhere_then_it_is_not_of_it():
    assert of(bought("p", "40.00"), back("r", "40.01")) == []
    assert of(bought("p", "40.00", day=21), back("r", "40.00")) == []
    assert of(bought("p", "40.00"), back("r", "40.00", text="REI.COM SUMNER WA")) == []
    assert of(bought("p", "40.00"), back("r", "40.00", currency="EUR")) == []
    assert of(bought("p", "40.00", text=""), back("r", "40.00", text="")) == []


def test_refunds_when_half_a_year_is_over_then_the_purchase_is_not_looked_for():
    late = dt.date(2026, 11, 1) + dt.timedelta(days=181)
    assert of(bought("p", "40.00"), back("r", "40.00", date=late)) == []
    assert len(of(bought("p", "40.00"), back("r", "40.00", date=late - dt.timedelta(days=1)))) == 1


def test_refunds_when_somebody_calls_it_income_then_it_is_not_one_unless_the_text_says_refund():
    assert of(bought("p", "40.00"), back("r", "40.00"), r=label("INCOME_SALARY")) == []
    assert len(of(bought("p", "40.00"), back("r", "40.00"), r=label("INCOME_SALARY", Judge.MODEL))) == 1
    assert of(bought("p", "40.00", text="VENMO"), back("r", "40.00", text="VENMO")) == []


def test_refunds_when_there_is_no_purchase_then_it_takes_somebody_who_knows():
    assert of(back("r", "9.00"), r=label(CLOTHES)) == [("r", None, CLOTHES)]
    assert of(back("r", "9.00"), r=label(CLOTHES, Judge.MODEL)) == []
    assert len(of(back("r", "9.00", text="ZARA REFUND"), r=label(CLOTHES, Judge.MODEL))) == 1
    assert len(of(back("r", "9.00", text="FEE REVERSAL"), r=label("BANK_FEES_OVERDRAFT_FEES"))) == 1
    assert of(back("r", "9.00"), r=label("a word of mine", Judge.PERSON)) == []


ROWS = st.lists(st.tuples(st.integers(-6, 6).filter(bool), st.integers(1, 28)), max_size=20)


@settings(max_examples=effort(200))
@given(ROWS)
def test_refunds_when_many_come_back_then_no_purchase_gives_back_more_than_it_cost(rows):
    entries = [entry(SHOP, f"{amount}.00", id=f"{at}", day=day) for at, (amount, day) in enumerate(rows)]
    by_id = {each.id: each for each in entries}
    left = {each.id: -each.amount for each in entries if each.amount < 0}
    for found in refunds(entries, {}):
        assert found.purchase_id is not None
        left[found.purchase_id] -= found.amount
        assert by_id[found.purchase_id].date <= by_id[found.entry_id].date
    assert all(each >= 0 for each in left.values())
