"""Merchant category codes and SIC: by the published names of the codes."""

from __future__ import annotations

import pytest

from fin_infra.insights.categories.codes import CODES
from fin_infra.insights.categories.merchant_codes import MCC, RANGES, SIC, mcc_category, sic_category


def test_tables_when_read_then_categories_exist_and_codes_have_four_digits():
    assert set(MCC.values()) | set(SIC.values()) | {category for _, _, category in RANGES} <= set(CODES)
    assert all(len(code) == 4 and code.isdigit() for code in (*MCC, *SIC))


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("5411", "FOOD_AND_DRINK_GROCERIES"),  # grocery stores, supermarkets
        ("5812", "FOOD_AND_DRINK_RESTAURANT"),  # eating places and restaurants
        ("742", "MEDICAL_VETERINARY_SERVICES"),  # 0742, its zero lost in a spreadsheet
        ("3000", "TRAVEL_FLIGHTS"),
        ("3350", "TRAVEL_FLIGHTS"),
        ("3351", "TRAVEL_RENTAL_CARS"),
        ("3500", "TRAVEL_RENTAL_CARS"),
        ("3501", "TRAVEL_LODGING"),
        ("3999", "TRAVEL_LODGING"),
        ("2999", None),
        ("6012", None),  # a bank's payment: a loan, a card or a fee
        ("0000", None),
        ("", None),
        ("54 11", None),
        ("٥٤١١", None),
        ("541100", None),
    ],
)
def test_mcc_when_looked_up_then_the_category_is_that_of_its_name(code, category):
    assert mcc_category(code) == category


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("4911", "RENT_AND_UTILITIES_GAS_AND_ELECTRICITY"),  # electric services: SIC alone has it
        ("7521", "TRANSPORTATION_PARKING"),
        ("7523", "TRANSPORTATION_PARKING"),  # not SIC, and the card networks' code for it
        ("9999", None),
    ],
)
def test_sic_when_looked_up_then_what_it_lacks_is_taken_for_a_merchant_code(code, category):
    assert sic_category(code) == category
