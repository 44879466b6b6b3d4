"""Vendors' words: every one leads to a code that exists, and what could be anything to none."""

from __future__ import annotations

import pytest

from fin_infra.insights.categories.codes import CODES
from fin_infra.insights.categories.vendor_words import TELLER, WORDS, chosen, vendor_code
from fin_infra.model import Category


@pytest.mark.parametrize("vendor", WORDS)
@pytest.mark.parametrize("money_in", [True, False])
def test_words_when_mapped_then_each_code_exists(vendor, money_in):
    assert {chosen(code, money_in) for code in WORDS[vendor].values()} - {None} <= set(CODES)


def test_teller_when_listed_then_it_has_the_vendors_28_words():
    assert set(TELLER) == {each.value for each in Category} - {"unknown"}
    assert len(TELLER) == 28


@pytest.mark.parametrize(
    ("vendor", "word", "money_in", "code"),
    [
        ("banking:teller", "groceries", False, "FOOD_AND_DRINK_GROCERIES"),
        ("teller", "general", False, None),
        ("teller", "loan", False, "LOAN_PAYMENTS_OTHER_PAYMENT"),
        ("teller", "loan", True, "LOAN_DISBURSEMENTS_OTHER_DISBURSEMENT"),
        ("mx", "Coffee Shops", False, "FOOD_AND_DRINK_COFFEE"),
        ("mx", "coffee shops ", False, "FOOD_AND_DRINK_COFFEE"),
        ("banking:mx", "Taxes", True, "INCOME_TAX_REFUND"),
        ("mint", "Gas & Fuel", False, "TRANSPORTATION_GAS"),
        ("mint", "Uncategorized", False, None),
        ("plaid", "INCOME_WAGES", True, "INCOME_SALARY"),
        ("banking:plaid", "TRAVEL_FLIGHTS", False, "TRAVEL_FLIGHTS"),
        ("plaid", "NEVER_HEARD_OF", False, None),
        ("acme", "groceries", False, None),
    ],
)
def test_word_when_looked_up_then_the_code_is_the_meant_one(vendor, word, money_in, code):
    assert vendor_code(vendor, word, money_in=money_in) == code
