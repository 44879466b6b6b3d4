"""Plaid's personal finance categories, in both of their versions, and ours for them.
Floor 3: the version is read from each row; the two vocabularies share all codes but those named here."""

from __future__ import annotations

from collections.abc import Mapping

from fin_infra.model import Category

RENAMED: Mapping[str, str] = {
    "INCOME_WAGES": "INCOME_SALARY",
    "INCOME_OTHER_INCOME": "INCOME_OTHER",
    "TRANSFER_IN_CASH_ADVANCES_AND_LOANS": "LOAN_DISBURSEMENTS_OTHER_DISBURSEMENT",
}
"""Detailed codes of version 1 that version 2 calls otherwise (https://plaid.com/docs/transactions/pfc-migration)."""
ADDED = frozenset(
    {
        "INCOME_CHILD_SUPPORT",
        "INCOME_GIG_ECONOMY",
        "INCOME_LONG_TERM_DISABILITY",
        "INCOME_MILITARY",
        "INCOME_RENTAL",
        "LOAN_DISBURSEMENTS_AUTO",
        "LOAN_DISBURSEMENTS_BNPL",
        "LOAN_DISBURSEMENTS_CASH_ADVANCES",
        "LOAN_DISBURSEMENTS_EWA",
        "LOAN_DISBURSEMENTS_MORTGAGE",
        "LOAN_DISBURSEMENTS_PERSONAL",
        "LOAN_DISBURSEMENTS_STUDENT",
        "LOAN_PAYMENTS_CASH_ADVANCES",
        "LOAN_PAYMENTS_EWA",
        "TRANSFER_IN_WIRE",
        "TRANSFER_OUT_WIRE",
        "BANK_FEES_LATE_FEES",
        "BANK_FEES_CASH_ADVANCE",
        "OTHER_OTHER",
    }
)
"""Detailed codes that version 2 has and version 1 had no word for."""

# By the first code that fits, detailed before primary; what is a transfer between accounts is not spending.
_CATEGORIES: Mapping[str, Category] = {
    "ENTERTAINMENT": Category.ENTERTAINMENT,
    "FOOD_AND_DRINK_BEER_WINE_AND_LIQUOR": Category.BAR,
    "FOOD_AND_DRINK_GROCERIES": Category.GROCERIES,
    "FOOD_AND_DRINK": Category.DINING,
    "GENERAL_MERCHANDISE_CLOTHING_AND_ACCESSORIES": Category.CLOTHING,
    "GENERAL_MERCHANDISE_ELECTRONICS": Category.ELECTRONICS,
    "GENERAL_MERCHANDISE_OFFICE_SUPPLIES": Category.OFFICE,
    "GENERAL_MERCHANDISE_SPORTING_GOODS": Category.SPORT,
    "GENERAL_MERCHANDISE": Category.SHOPPING,
    "GENERAL_SERVICES_EDUCATION": Category.EDUCATION,
    "GENERAL_SERVICES_INSURANCE": Category.INSURANCE,
    "GENERAL_SERVICES": Category.SERVICE,
    "GOVERNMENT_AND_NON_PROFIT_DONATIONS": Category.CHARITY,
    "GOVERNMENT_AND_NON_PROFIT_TAX_PAYMENT": Category.TAX,
    "GOVERNMENT_AND_NON_PROFIT": Category.GENERAL,
    "HOME_IMPROVEMENT": Category.HOME,
    "INCOME": Category.INCOME,
    "LOAN_DISBURSEMENTS_OTHER_DISBURSEMENT": Category.LOAN,  # a transfer in the words of version 1
    "LOAN_DISBURSEMENTS": Category.LOAN,
    "LOAN_PAYMENTS": Category.LOAN,
    "MEDICAL": Category.HEALTH,
    "PERSONAL_CARE_GYMS_AND_FITNESS_CENTERS": Category.SPORT,
    "PERSONAL_CARE": Category.SERVICE,
    "RENT_AND_UTILITIES_RENT": Category.HOME,
    "RENT_AND_UTILITIES_TELEPHONE": Category.PHONE,
    "RENT_AND_UTILITIES": Category.UTILITIES,
    "TRANSFER_IN_INVESTMENT_AND_RETIREMENT_FUNDS": Category.INVESTMENT,
    "TRANSFER_OUT_INVESTMENT_AND_RETIREMENT_FUNDS": Category.INVESTMENT,
    "TRANSPORTATION_GAS": Category.FUEL,
    "TRANSPORTATION": Category.TRANSPORT,
    "TRAVEL_LODGING": Category.ACCOMMODATION,
    "TRAVEL_RENTAL_CARS": Category.TRANSPORT,
    "TRAVEL_FLIGHTS": Category.TRANSPORT,
    "TRAVEL": Category.GENERAL,
}


def version_of(detailed: str, stated: str | None) -> str | None:
    """Return the version of a row's codes: as it states it, else by a code that one of them has alone; or None.

    What is stated comes first: an application gets version 1 or 2 by when it was enabled, and may ask for the other.
    """
    if stated:
        return stated
    return "v1" if detailed in RENAMED else "v2" if detailed in ADDED else None


def in_version_2(detailed: str) -> str:
    """Return a detailed code of either version as version 2 has it."""
    return RENAMED.get(detailed, detailed)


def category(primary: str | None, detailed: str | None) -> Category:
    """Return our category; UNKNOWN for codes that are not in the table, and for plain transfers."""
    return _CATEGORIES.get(in_version_2(detailed or "")) or _CATEGORIES.get(primary or "", Category.UNKNOWN)
