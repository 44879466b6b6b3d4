"""Who decides: each judge before the next, a reason and a confidence on each label, corrections that teach."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import InvalidInput
from fin_infra.insights import Judge
from fin_infra.insights.categories import UNCATEGORIZED, Categorizer, Correction, Rule, past_changes, preview
from tests.insights.entries import entry
from tests.support.effort import effort

GIFTS, RENT, COFFEE = (
    "GENERAL_MERCHANDISE_GIFTS_AND_NOVELTIES",
    "RENT_AND_UTILITIES_RENT",
    "FOOD_AND_DRINK_COFFEE",
)
EVERYTHING = entry("STARBUCKS 0412", vendor="teller", vendor_category="fuel", mcc="3005")
"""A merchant of the table, which the vendor calls fuel and the card network an airline."""


def test_judges_when_all_know_something_then_the_strongest_decides():
    rule = Rule(id="mine", category=RENT, contains="starbucks")
    unknown = replace(EVERYTHING, description="QXQX VVV")
    said = [
        Categorizer(rules=[rule], corrections=[Correction.of(EVERYTHING, GIFTS)]).label(EVERYTHING),
        Categorizer(rules=[rule]).label(EVERYTHING),
        Categorizer().label(EVERYTHING),
        Categorizer().label(unknown),
        Categorizer().label(replace(unknown, vendor_category="general")),
        Categorizer().label(replace(unknown, description="WILLOW DENTAL", vendor_category=None, mcc=None)),
        Categorizer().label(replace(unknown, vendor_category=None, mcc=None)),
    ]
    assert [(label.judge, label.category) for label in said] == [
        (Judge.PERSON, GIFTS),
        (Judge.RULE, RENT),
        (Judge.MERCHANT, COFFEE),
        (Judge.VENDOR, "TRANSPORTATION_GAS"),
        (Judge.CODE, "TRAVEL_FLIGHTS"),
        (Judge.MODEL, "MEDICAL_DENTAL_CARE"),
        (Judge.NOBODY, UNCATEGORIZED),
    ]
    assert [label.reason for label in said[:5]] == [
        "You said so of this transaction.",
        "Your rule mine found 'starbucks'.",
        "'STARBUCKS' is Starbucks in the table of merchants.",
        "teller calls it 'fuel'.",
        "Merchant category code 3005.",
    ]
    assert said[5].reason == "The letters of 'WILLOW DENTAL' look like dentist."
    assert said[6].reason.startswith("Nobody is sure: ")


def test_label_when_somebody_else_decides_then_the_vendors_word_is_kept():
    label = Categorizer().label(EVERYTHING)
    assert (label.judge, label.vendor_category) == (Judge.MERCHANT, "fuel")


def test_label_when_the_text_is_empty_then_it_is_uncategorized_with_the_reason():
    label = Categorizer().label(entry(""))
    assert (label.category, label.confidence) == (UNCATEGORIZED, Decimal(0))
    assert label.reason == "The text has no letters, and nobody else knows."


@pytest.mark.parametrize(("code", "judge"), [("5411", Judge.CODE), ("9998", Judge.NOBODY), ("abc", Judge.NOBODY)])
def test_label_when_a_code_is_unknown_then_it_decides_nothing(code, judge):
    assert Categorizer().label(entry("", mcc=code)).judge is judge
    assert Categorizer().label(entry("", sic=code)).judge is judge


def test_threshold_when_above_the_confidence_then_the_label_is_uncategorized():
    assert Categorizer(threshold=Decimal("0.95")).label(entry("", mcc="5411")).category == UNCATEGORIZED
    assert Categorizer(threshold=Decimal("0.85")).label(entry("", mcc="5411")).category == "FOOD_AND_DRINK_GROCERIES"


@pytest.mark.parametrize("threshold", ["-0.1", "1.1"])
def test_threshold_when_not_from_0_to_1_then_it_is_refused(threshold):
    with pytest.raises(InvalidInput, match="A threshold is from 0 to 1"):
        Categorizer(threshold=Decimal(threshold))


PAST, NOW, NEXT = (entry(f"HOLLY & OAK #{day}", day=day, id=str(day)) for day in (2, 10, 20))


def test_correction_when_made_then_it_holds_for_the_merchant_from_that_day_on():
    labels = Categorizer(corrections=[Correction.of(NOW, GIFTS)]).labels([PAST, NOW, NEXT])
    assert [label.judge is Judge.PERSON for label in labels] == [False, True, True]
    assert labels[2].reason == "You said so of 'HOLLY & OAK' on 2026-11-10."


def test_correction_when_the_past_is_asked_for_then_it_lists_what_would_change_and_changes_nothing():
    correction = Correction.of(NOW, GIFTS)
    before = Categorizer(corrections=[correction])
    changes = past_changes(before, correction, [PAST, NOW, NEXT])
    assert [(change.entry_id, change.after.category) for change in changes] == [("2", GIFTS)]
    assert before.label(PAST).judge is not Judge.PERSON
    agreed = Categorizer(corrections=[replace(correction, past=True)])
    assert agreed.label(PAST).category == GIFTS


def test_correction_when_a_second_follows_then_the_later_one_holds():
    twice = [Correction.of(PAST, GIFTS), Correction.of(NOW, RENT)]
    assert [label.category for label in Categorizer(corrections=twice).labels([PAST, NOW, NEXT])] == [GIFTS, RENT, RENT]


def test_correction_when_of_money_out_then_a_refund_of_that_merchant_is_not_meant():
    refund = replace(NEXT, amount=-NEXT.amount)
    assert Categorizer(corrections=[Correction.of(NOW, GIFTS)]).label(refund).judge is not Judge.PERSON


def test_correction_when_the_text_names_nobody_then_it_teaches_nothing():
    nameless, other = entry("12345", id="a"), entry("99999", id="b", day=5)
    categorizer = Categorizer(corrections=[Correction.of(nameless, GIFTS)])
    assert categorizer.label(nameless).category == GIFTS
    assert categorizer.label(other).judge is Judge.NOBODY


def test_correction_when_its_category_is_unknown_then_it_is_refused():
    with pytest.raises(InvalidInput, match="'PRESENTS' is not a category"):
        Correction.of(NOW, "PRESENTS")


def test_preview_when_a_rule_takes_all_then_every_change_is_listed_and_nothing_is_changed():
    categorizer = Categorizer()
    rows = [EVERYTHING, entry("WILLOW DENTAL"), entry("LARCH COURT RENT DUE", "-1200")]
    changes = preview(categorizer, [Rule(id="all", category=RENT, low=Decimal("0.01"))], rows)
    assert [change.entry_id for change in changes] == ["STARBUCKS 0412", "WILLOW DENTAL"]
    assert categorizer.label(EVERYTHING).category == COFFEE


@given(st.lists(st.tuples(st.text(max_size=30), st.integers(-9_999, 9_999)), max_size=8), st.randoms())
@settings(max_examples=effort(60), deadline=None)
def test_labels_when_asked_in_any_order_then_they_are_equal(rows, chance):
    entries = [entry(text, str(amount), id=str(at)) for at, (text, amount) in enumerate(rows)]
    shuffled = chance.sample(entries, len(entries))
    once = {each.id: label for each, label in zip(entries, Categorizer().labels(entries), strict=True)}
    again = Categorizer()
    assert {each.id: again.label(each) for each in shuffled} == once
    assert all(0 <= label.confidence <= 1 and label.reason for label in once.values())
