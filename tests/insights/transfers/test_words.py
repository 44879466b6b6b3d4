"""What one row says by itself: its text, its label, and a person's word above both."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fin_infra.insights import Judge, Label
from fin_infra.insights.transfers.words import gives_back, goes_to_others, names, side_of
from tests.insights.entries import entry


def label(category: str, judge: Judge = Judge.VENDOR, confidence: str = "0.9") -> Label:
    return Label(category=category, judge=judge, reason="Because.", confidence=Decimal(confidence))


GROCERIES, SAVED = label("FOOD_AND_DRINK_GROCERIES"), label("TRANSFER_OUT_SAVINGS")


@pytest.mark.parametrize(
    ("text", "said", "speech"),
    [
        ("ONLINE TRANSFER TO SAV", None, 1),
        ("ONLINE TRANSFER TO SAV", GROCERIES, 0),  # the vendor may have misread it
        ("CITY POWER AUTOPAY", None, 1),
        ("CITY POWER AUTOPAY", GROCERIES, -1),  # a bill is paid like a card
        ("SOMETHING", None, 0),
        ("SOMETHING", SAVED, 1),
        ("SOMETHING", GROCERIES, -1),
        ("SOMETHING", label("TRANSFER_OUT_WITHDRAWAL"), 0),
        ("SOMETHING", label("UNCATEGORIZED", Judge.NOBODY, "0"), 0),
        ("ZELLE TO ANN", SAVED, 0),
        ("TRANSFER FEE", None, -1),
        ("INTEREST PAYMENT", None, -1),
        ("MOBILE CHECK DEPOSIT", None, -1),
        ("TRANSFER TO CHECKING", None, 1),
        ("DEPOSIT 0042", label("INCOME_SALARY", Judge.MODEL, "0.9"), 0),  # no name to guess by
        ("ACME", label("INCOME_SALARY", Judge.MODEL, "0.9"), -1),
        ("ACME", label("INCOME_SALARY", Judge.MODEL, "0.7"), 0),
        ("TRANSFER TO SAV", label("FOOD_AND_DRINK_GROCERIES", Judge.PERSON), -1),
        ("TRANSFER TO SAV", label("groceries", Judge.PERSON), -1),  # a word of their own
        ("SOMETHING", label("TRANSFER_OUT_SAVINGS", Judge.RULE), 1),
    ],
)
def test_side_when_text_and_label_are_weighed_then_the_speech_is_as_by_hand(text, said, speech):
    assert side_of(entry(text), said, owed=False).speech == speech


def test_side_when_money_comes_into_a_card_then_the_word_payment_is_as_good_as_transfer():
    bill = label("RENT_AND_UTILITIES_WATER", Judge.MERCHANT)
    assert side_of(entry("PAYMENT THANK YOU", "5"), bill, owed=True).speech == 0
    assert side_of(entry("PAYMENT THANK YOU", "5"), bill, owed=False).speech == -1


def test_names_when_a_number_ends_as_the_account_does_then_it_is_named():
    side = side_of(entry("TO SAV XXXXX9081 REF 5512345"), None, owed=False)
    assert [names(side, ending) for ending in ("9081", "2345", "0000", "", None)] == [True, True, False, False, False]


def test_words_when_asked_for_refunds_and_other_people_then_whole_words_count():
    assert [gives_back(entry(text)) for text in ("REFUND AMAZON", "PREFUNDED", "Returned item")] == [True, False, True]
    assert [goes_to_others(entry(text)) for text in ("venmo", "CASH APP*ANN", "WISEMAN")] == [True, True, False]
    assert goes_to_others(entry("X", counterparty="Zelle"))
