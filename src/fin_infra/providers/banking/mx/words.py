"""MX's words for accounts and categories, and ours for them.
Floor 3: tables; a word that is not in them is kept as text and told as unknown."""

from __future__ import annotations

from collections.abc import Mapping

from fin_infra.model import AccountSubtype, AccountType, Category

KEY = "banking:mx"
_DEPOSITORY, _CREDIT, _LOAN = AccountType.DEPOSITORY, AccountType.CREDIT, AccountType.LOAN
# `type` of an account in v20250224.yml
TYPES: Mapping[str, tuple[AccountType, AccountSubtype]] = {
    "CHECKING": (_DEPOSITORY, AccountSubtype.CHECKING),
    "SAVINGS": (_DEPOSITORY, AccountSubtype.SAVINGS),
    "CASH": (_DEPOSITORY, AccountSubtype.UNKNOWN),
    "PREPAID": (_DEPOSITORY, AccountSubtype.UNKNOWN),
    "CREDIT_CARD": (_CREDIT, AccountSubtype.CREDIT_CARD),
    "CHECKING_LINE_OF_CREDIT": (_CREDIT, AccountSubtype.CREDIT_LINE),
    "LINE_OF_CREDIT": (_CREDIT, AccountSubtype.CREDIT_LINE),
    "LOAN": (_LOAN, AccountSubtype.UNKNOWN),
    "MORTGAGE": (_LOAN, AccountSubtype.UNKNOWN),
    "INVESTMENT": (AccountType.INVESTMENT, AccountSubtype.UNKNOWN),
}
OWNED = frozenset({"PROPERTY", "INSURANCE"})
"""Types that no `AccountType` fits, and whose balance is something one has."""
SUBTYPES: Mapping[str, AccountSubtype] = {
    "MONEY_MARKET": AccountSubtype.MONEY_MARKET,
    "CERTIFICATE_OF_DEPOSIT": AccountSubtype.CERTIFICATE_OF_DEPOSIT,
    "BROKERAGE": AccountSubtype.BROKERAGE,
}
# https://docs.mx.com/api-reference/platform-api/reference/default-categories: the narrower ones that say more than
# their top level
CATEGORIES: Mapping[str, Category] = {
    "Alcohol & Bars": Category.BAR,
    "Groceries": Category.GROCERIES,
    "Gas": Category.FUEL,
    "Auto Insurance": Category.INSURANCE,
    "Health Insurance": Category.INSURANCE,
    "Home Insurance": Category.INSURANCE,
    "Life Insurance": Category.INSURANCE,
    "Mobile Phone": Category.PHONE,
    "Home Phone": Category.PHONE,
    "Hotel": Category.ACCOMMODATION,
    "Clothing": Category.CLOTHING,
    "Sporting Goods": Category.SPORT,
    "Sports": Category.SPORT,
    "Gym": Category.SPORT,
    "Electronics & Software": Category.ELECTRONICS,
    "Student Loan": Category.LOAN,
    "Auto Payment": Category.LOAN,
    "Charity": Category.CHARITY,
    "Office Supplies": Category.OFFICE,
    "Advertising": Category.ADVERTISING,
}
TOP_LEVELS: Mapping[str, Category] = {
    "Auto & Transport": Category.TRANSPORT,
    "Bills & Utilities": Category.UTILITIES,
    "Business Services": Category.SERVICE,
    "Education": Category.EDUCATION,
    "Entertainment": Category.ENTERTAINMENT,
    "Food & Dining": Category.DINING,
    "Gifts & Donations": Category.CHARITY,
    "Health & Fitness": Category.HEALTH,
    "Home": Category.HOME,
    "Income": Category.INCOME,
    "Investments": Category.INVESTMENT,
    "Kids": Category.GENERAL,
    "Personal Care": Category.GENERAL,
    "Pets": Category.GENERAL,
    "Shopping": Category.SHOPPING,
    "Taxes": Category.TAX,
    "Travel": Category.ACCOMMODATION,
}
