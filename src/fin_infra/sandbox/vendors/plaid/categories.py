"""Translate the world's words for a purchase into Plaid's personal finance categories, in both versions.
Floor 8: detailed codes are of version 2, with the primary as their beginning; V1 has those that are spelled otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from fin_infra.sandbox.world.ledger import Entry

V1: Mapping[str, str] = {
    "INCOME_SALARY": "INCOME_WAGES",
    "INCOME_OTHER": "INCOME_OTHER_INCOME",
    "OTHER_OTHER": "GENERAL_MERCHANDISE_OTHER_GENERAL_MERCHANDISE",
}
PRIMARIES = (
    "BANK_FEES",
    "ENTERTAINMENT",
    "FOOD_AND_DRINK",
    "GENERAL_MERCHANDISE",
    "GENERAL_SERVICES",
    "HOME_IMPROVEMENT",
    "INCOME",
    "LOAN_PAYMENTS",
    "MEDICAL",
    "OTHER",
    "RENT_AND_UTILITIES",
    "TRANSFER_IN",
    "TRANSFER_OUT",
    "TRANSPORTATION",
)
_PURCHASES: Mapping[str, str] = {
    "bar": "FOOD_AND_DRINK_BEER_WINE_AND_LIQUOR",
    "clothing": "GENERAL_MERCHANDISE_CLOTHING_AND_ACCESSORIES",
    "dining": "FOOD_AND_DRINK_RESTAURANT",
    "electronics": "GENERAL_MERCHANDISE_ELECTRONICS",
    "entertainment": "ENTERTAINMENT_TV_AND_MOVIES",
    "fuel": "TRANSPORTATION_GAS",
    "general": "GENERAL_MERCHANDISE_OTHER_GENERAL_MERCHANDISE",
    "groceries": "FOOD_AND_DRINK_GROCERIES",
    "health": "MEDICAL_PHARMACIES_AND_SUPPLEMENTS",
    "home": "HOME_IMPROVEMENT_HARDWARE",
    "income": "INCOME_OTHER",
    "insurance": "GENERAL_SERVICES_INSURANCE",
    "loan": "LOAN_PAYMENTS_STUDENT_LOAN_PAYMENT",
    "office": "RENT_AND_UTILITIES_RENT",
    "phone": "RENT_AND_UTILITIES_TELEPHONE",
    "shopping": "GENERAL_MERCHANDISE_BOOKSTORES_AND_NEWSSTANDS",
    "software": "GENERAL_SERVICES_OTHER_GENERAL_SERVICES",
    "sport": "GENERAL_MERCHANDISE_SPORTING_GOODS",
    "transport": "TRANSPORTATION_PUBLIC_TRANSIT",
    "transportation": "GENERAL_SERVICES_POSTAGE_AND_SHIPPING",
    "utilities": "RENT_AND_UTILITIES_GAS_AND_ELECTRICITY",
}


def code_of(entry: Entry, money_out: bool) -> str:
    """Return the detailed code of an entry."""
    match entry.kind:
        case "atm":
            return "TRANSFER_OUT_WITHDRAWAL"
        case "interest":
            return "INCOME_INTEREST_EARNED"
        case "payment":
            return "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT"
        case "transfer" if "CARD" in entry.description:
            return "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT"
        case "transfer":
            return "TRANSFER_OUT_ACCOUNT_TRANSFER" if money_out else "TRANSFER_IN_ACCOUNT_TRANSFER"
        case "deposit" if "PAYROLL" in entry.description:
            return "INCOME_SALARY"
        case "ach" if entry.description.startswith("RENT "):
            return "RENT_AND_UTILITIES_RENT"
        case "card_payment" if "COFFEE" in entry.description:
            return "FOOD_AND_DRINK_COFFEE"
        case _:
            return _PURCHASES.get(entry.category or "", "OTHER_OTHER")


def primary_of(code: str) -> str:
    """Return the primary category of a detailed code of either version."""
    return next(name for name in PRIMARIES if code.startswith(name))


def spelled(code: str, version: str) -> str:
    """Return the detailed code as version `v1` or `v2` spells it."""
    return V1.get(code, code) if version == "v1" else code
