"""How each row counts, by hand, and that all of them together are the change of the balances."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.insights import Entry, Judge, Label
from fin_infra.insights.spending import Counted, CountsAs, cash_flow, count
from fin_infra.insights.transfers import Activity, recognize
from fin_infra.model import Money
from tests.insights.entries import entry
from tests.insights.household import ACCOUNTS
from tests.support.effort import effort

FOOD, CLOTHES = "FOOD_AND_DRINK_GROCERIES", "GENERAL_MERCHANDISE_CLOTHING_AND_ACCESSORIES"


def label(category: str, judge: Judge = Judge.VENDOR) -> Label:
    return Label(category=category, judge=judge, reason="Somebody says so.", confidence=Decimal("0.9"))


def shown(counted: Iterable[Counted]) -> list[tuple[str, str, str, str]]:
    return [(each.entry_id, each.counts_as.value, each.category, str(each.amount.amount)) for each in counted]


def only(row: Entry, said: Label | None) -> list[tuple[str, ...]]:
    told = count(Activity(entries=[row], labels={} if said is None else {row.id: said}, accounts=ACCOUNTS))
    return [each[1:] for each in shown(told)]


@pytest.mark.parametrize(
    ("amount", "said", "counts_as", "category"),
    [
        ("-5", label(FOOD), "spending", FOOD),
        ("-5", None, "spending", "UNCATEGORIZED"),
        ("5", label("INCOME_SALARY"), "income", "INCOME_SALARY"),
        ("-5", label("INCOME_SALARY"), "income", "INCOME_SALARY"),  # taken back by the employer
        ("-5", label("INCOME_SALARY", Judge.MODEL), "spending", "INCOME_SALARY"),
        ("5", label(FOOD), "spending", FOOD),  # gives back what is not in the book
        ("5", label(FOOD, Judge.MODEL), "income", "UNCATEGORIZED"),
        ("5", label("from granny", Judge.PERSON), "income", "from granny"),
        ("-5", label("LOAN_PAYMENTS_MORTGAGE_PAYMENT"), "spending", "LOAN_PAYMENTS_MORTGAGE_PAYMENT"),
        ("-5", label("TRANSFER_OUT_WITHDRAWAL"), "spending", "TRANSFER_OUT_WITHDRAWAL"),
        ("-5", label("TRANSFER_OUT_SAVINGS"), "transfer", "TRANSFER_OUT_SAVINGS"),
        ("5", None, "income", "UNCATEGORIZED"),
    ],
)
def test_count_when_there_is_one_row_then_it_counts_as_by_hand(amount, said, counts_as, category):
    assert only(entry("X", amount), said) == [(counts_as, category, amount)]


def test_count_when_a_purchase_is_given_back_then_the_refund_reduces_its_category_and_names_it():
    rows = [entry("ZARA", "-40", id="p"), entry("ZARA", "15", id="r", day=9)]
    bought, back = count(Activity(entries=rows, labels={"p": label(CLOTHES)}))
    assert shown([bought, back]) == [("p", "spending", CLOTHES, "-40"), ("r", "spending", CLOTHES, "15")]
    assert (back.other_id, back.reason) == ("p", "'ZARA' gave back 15 of the 40 of 2026-11-01.")


def test_count_when_a_transfer_is_linked_then_both_sides_name_each_other():
    rows = [entry("A", "-40", id="a"), entry("B", "40", id="b", account_id="savings")]
    told = count(Activity(entries=rows, links={"a": "b"}))
    assert [(each.counts_as, each.other_id) for each in told] == [(CountsAs.TRANSFER, "b"), (CountsAs.TRANSFER, "a")]


def test_count_when_a_person_split_one_then_each_part_counts_by_its_own_category():
    """A part that goes to savings pairs with what arrives there, and the rest is spent."""
    rows = [
        entry("SHOP", "-30", id="1/1"),
        entry("SHOP", "-20", id="1/2"),
        entry("SHOP", "-10", id="1/3"),
        entry("DEPOSIT", "10", id="2", account_id="savings"),
    ]
    said = {"1/1": FOOD, "1/2": "a word of mine", "1/3": "TRANSFER_OUT_SAVINGS"}
    labels = {id: label(word, Judge.PERSON) for id, word in said.items()}
    assert [each[:3] for each in shown(count(Activity(entries=rows, labels=labels, accounts=ACCOUNTS)))] == [
        ("1/1", "spending", FOOD),
        ("1/2", "spending", "a word of mine"),
        ("1/3", "transfer", "TRANSFER_OUT_SAVINGS"),
        ("2", "transfer", "UNCATEGORIZED"),
    ]


def test_count_when_pending_ones_are_left_out_then_their_partners_stay_transfers():
    rows = [
        entry("TRANSFER TO SAVINGS", "-5", id="a", pending=True),
        entry("TRANSFER FROM CHECKING", "5", id="b", account_id="savings"),
    ]
    assert [each[:2] for each in shown(count(Activity(entries=rows), pending=False))] == [("b", "transfer")]


def test_count_when_transfers_are_given_then_they_are_not_looked_for_again():
    activity = Activity(entries=[entry("TRANSFER TO SAVINGS", "-5")], labels={})
    nothing = recognize(Activity(entries=()))
    assert [each.counts_as for each in count(activity, nothing)] == [CountsAs.SPENDING]


CATEGORIES = [FOOD, "INCOME_SALARY", "TRANSFER_OUT_SAVINGS", "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT", "my word", None]
ROW = st.tuples(
    st.sampled_from(["checking", "savings", "visa", "euro"]),
    st.integers(1, 28),
    st.decimals(-50, 50, places=2),
    st.sampled_from(["TRANSFER TO SAVINGS", "TRANSFER FROM CHECKING", "ZARA 12", "DEPOSIT", "PAYMENT THANK YOU"]),
    st.sampled_from(CATEGORIES),
    st.sampled_from(list(Judge)),
)


def activity(rows: list[tuple[str, int, Decimal, str, str | None, Judge]], linked: int) -> Activity:
    entries = [
        entry(text, str(amount), id=f"{at:02}", account_id=account, day=day,
              currency="EUR" if account == "euro" else "USD")
        for at, (account, day, amount, text, _, _) in enumerate(rows)
    ]  # fmt: skip
    said = {f"{at:02}": label(row[4], row[5]) for at, row in enumerate(rows) if row[4] is not None}
    links = {one.id: other.id for one, other in zip(entries[:linked], entries[linked : 2 * linked], strict=False)}
    return Activity(entries=entries, labels=said, accounts=ACCOUNTS, links=links)


@settings(max_examples=effort(200))
@given(st.lists(ROW, max_size=30), st.integers(0, 4))
def test_count_when_all_is_added_up_then_it_is_the_change_of_the_balances_in_each_currency(rows, linked):
    asked = activity(rows, linked)
    told = count(asked)
    assert {each.entry_id for each in told} == {each.id for each in asked.entries}
    flow = {each.net.currency: each for each in cash_flow(told).totals}
    for currency in ("USD", "EUR"):
        change = Money.total((each.amount for each in asked.entries if each.amount.currency == currency), currency)
        ways = {
            way: Money.total((e.amount for e in told if e.amount.currency == currency and e.counts_as is way), currency)
            for way in CountsAs
        }
        assert Money.total(ways.values(), currency) == change
        if currency in flow:
            assert flow[currency].net + flow[currency].transfers == change
            assert flow[currency].spending == -ways[CountsAs.SPENDING]
