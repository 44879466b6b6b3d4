"""What aggregators and budgeting programs call a category, and the code for it.
Floor 5: facts as data; a word that could be anything is None, so that somebody else decides, and stays on the label."""

from __future__ import annotations

from collections.abc import Mapping

from fin_infra.insights.categories.taxonomy import in_version_2

Code = str | tuple[str, str] | None
"""One code, or two where the sign decides: money out, money in."""

_LOAN = ("LOAN_PAYMENTS_OTHER_PAYMENT", "LOAN_DISBURSEMENTS_OTHER_DISBURSEMENT")
_INVESTED = ("TRANSFER_OUT_INVESTMENT_AND_RETIREMENT_FUNDS", "TRANSFER_IN_INVESTMENT_AND_RETIREMENT_FUNDS")
_MOVED = ("TRANSFER_OUT_ACCOUNT_TRANSFER", "TRANSFER_IN_ACCOUNT_TRANSFER")
_SIGHTS = "ENTERTAINMENT_SPORTING_EVENTS_AMUSEMENT_PARKS_AND_MUSEUMS"
_TAX = ("GOVERNMENT_AND_NON_PROFIT_TAX_PAYMENT", "INCOME_TAX_REFUND")

TELLER: Mapping[str, Code] = {  # https://teller.io/docs/api/account/transactions
    "accommodation": "TRAVEL_LODGING",
    "advertising": "GENERAL_SERVICES_OTHER_GENERAL_SERVICES",
    "bar": "FOOD_AND_DRINK_BEER_WINE_AND_LIQUOR",
    "charity": "GOVERNMENT_AND_NON_PROFIT_DONATIONS",
    "clothing": "GENERAL_MERCHANDISE_CLOTHING_AND_ACCESSORIES",
    "dining": "FOOD_AND_DRINK_RESTAURANT",
    "education": "GENERAL_SERVICES_EDUCATION",
    "electronics": "GENERAL_MERCHANDISE_ELECTRONICS",
    "entertainment": "ENTERTAINMENT_OTHER_ENTERTAINMENT",
    "fuel": "TRANSPORTATION_GAS",
    "general": None,
    "groceries": "FOOD_AND_DRINK_GROCERIES",
    "health": "MEDICAL_OTHER_MEDICAL",
    "home": "HOME_IMPROVEMENT_OTHER_HOME_IMPROVEMENT",
    "income": "INCOME_OTHER",
    "insurance": "GENERAL_SERVICES_INSURANCE",
    "investment": _INVESTED,
    "loan": _LOAN,
    "office": "GENERAL_MERCHANDISE_OFFICE_SUPPLIES",
    "phone": "RENT_AND_UTILITIES_TELEPHONE",
    "service": None,
    "shopping": "GENERAL_MERCHANDISE_OTHER_GENERAL_MERCHANDISE",
    "software": "GENERAL_MERCHANDISE_ELECTRONICS",
    "sport": "GENERAL_MERCHANDISE_SPORTING_GOODS",
    "tax": _TAX,
    "transport": "TRANSPORTATION_OTHER_TRANSPORTATION",
    "transportation": "TRANSPORTATION_OTHER_TRANSPORTATION",
    "utilities": "RENT_AND_UTILITIES_OTHER_UTILITIES",
}

_SHARED: Mapping[str, Code] = {  # words that MX and Mint have in common
    "Advertising": "GENERAL_SERVICES_OTHER_GENERAL_SERVICES",
    "Air Travel": "TRAVEL_FLIGHTS",
    "Alcohol & Bars": "FOOD_AND_DRINK_BEER_WINE_AND_LIQUOR",
    "Allowance": None,
    "Amusement": _SIGHTS,
    "Arts": _SIGHTS,
    "ATM Fee": "BANK_FEES_ATM_FEES",
    "Auto & Transport": "TRANSPORTATION_OTHER_TRANSPORTATION",
    "Auto Insurance": "GENERAL_SERVICES_INSURANCE",
    "Auto Payment": "LOAN_PAYMENTS_CAR_PAYMENT",
    "Baby Supplies": "GENERAL_MERCHANDISE_OTHER_GENERAL_MERCHANDISE",
    "Babysitter & Daycare": "GENERAL_SERVICES_CHILDCARE",
    "Bills & Utilities": "RENT_AND_UTILITIES_OTHER_UTILITIES",
    "Bonus": "INCOME_SALARY",
    "Books": "GENERAL_MERCHANDISE_BOOKSTORES_AND_NEWSSTANDS",
    "Books & Supplies": "GENERAL_SERVICES_EDUCATION",
    "Business Services": "GENERAL_SERVICES_OTHER_GENERAL_SERVICES",
    "Buy": _INVESTED,
    "Charity": "GOVERNMENT_AND_NON_PROFIT_DONATIONS",
    "Child Support": ("GENERAL_SERVICES_CHILDCARE", "INCOME_CHILD_SUPPORT"),
    "Clothing": "GENERAL_MERCHANDISE_CLOTHING_AND_ACCESSORIES",
    "Coffee Shops": "FOOD_AND_DRINK_COFFEE",
    "Credit Card Payment": "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT",
    "Dentist": "MEDICAL_DENTAL_CARE",
    "Deposit": _INVESTED,
    "Dividend & Cap Gains": "INCOME_DIVIDENDS",
    "Doctor": "MEDICAL_PRIMARY_CARE",
    "Education": "GENERAL_SERVICES_EDUCATION",
    "Electronics & Software": "GENERAL_MERCHANDISE_ELECTRONICS",
    "Entertainment": "ENTERTAINMENT_OTHER_ENTERTAINMENT",
    "Eyecare": "MEDICAL_EYE_CARE",
    "Fast Food": "FOOD_AND_DRINK_FAST_FOOD",
    "Federal Tax": _TAX,
    "Fees & Charges": "BANK_FEES_OTHER_BANK_FEES",
    "Finance Charge": "BANK_FEES_INTEREST_CHARGE",
    "Financial": None,
    "Financial Advisor": "GENERAL_SERVICES_ACCOUNTING_AND_FINANCIAL_PLANNING",
    "Food & Dining": "FOOD_AND_DRINK_OTHER_FOOD_AND_DRINK",
    "Furnishings": "HOME_IMPROVEMENT_FURNITURE",
    "Gift": "GENERAL_MERCHANDISE_GIFTS_AND_NOVELTIES",
    "Gifts & Donations": "GOVERNMENT_AND_NON_PROFIT_DONATIONS",
    "Groceries": "FOOD_AND_DRINK_GROCERIES",
    "Gym": "PERSONAL_CARE_GYMS_AND_FITNESS_CENTERS",
    "Hair": "PERSONAL_CARE_HAIR_AND_BEAUTY",
    "Health & Fitness": "MEDICAL_OTHER_MEDICAL",
    "Health Insurance": "GENERAL_SERVICES_INSURANCE",
    "Hobbies": "GENERAL_MERCHANDISE_OTHER_GENERAL_MERCHANDISE",
    "Home": "HOME_IMPROVEMENT_OTHER_HOME_IMPROVEMENT",
    "Home Improvement": "HOME_IMPROVEMENT_OTHER_HOME_IMPROVEMENT",
    "Home Insurance": "GENERAL_SERVICES_INSURANCE",
    "Home Phone": "RENT_AND_UTILITIES_TELEPHONE",
    "Home Services": "HOME_IMPROVEMENT_REPAIR_AND_MAINTENANCE",
    "Home Supplies": "HOME_IMPROVEMENT_OTHER_HOME_IMPROVEMENT",
    "Hotel": "TRAVEL_LODGING",
    "Income": "INCOME_OTHER",
    "Interest Income": "INCOME_INTEREST_EARNED",
    "Internet": "RENT_AND_UTILITIES_INTERNET_AND_CABLE",
    "Investments": _INVESTED,
    "Kids": None,
    "Kids Activities": "ENTERTAINMENT_OTHER_ENTERTAINMENT",
    "Late Fee": "BANK_FEES_LATE_FEES",
    "Laundry": "PERSONAL_CARE_LAUNDRY_AND_DRY_CLEANING",
    "Lawn & Garden": "HOME_IMPROVEMENT_HARDWARE",
    "Legal": "GENERAL_SERVICES_CONSULTING_AND_LEGAL",
    "Life Insurance": "GENERAL_SERVICES_INSURANCE",
    "Local Tax": _TAX,
    "Mobile Phone": "RENT_AND_UTILITIES_TELEPHONE",
    "Mortgage & Rent": None,  # two categories of ours in one word
    "Movies & DVDs": "ENTERTAINMENT_TV_AND_MOVIES",
    "Music": "ENTERTAINMENT_MUSIC_AND_AUDIO",
    "Newspapers & Magazines": "GENERAL_MERCHANDISE_BOOKSTORES_AND_NEWSSTANDS",
    "Office Supplies": "GENERAL_MERCHANDISE_OFFICE_SUPPLIES",
    "Parking": "TRANSPORTATION_PARKING",
    "Paycheck": "INCOME_SALARY",
    "Personal Care": "PERSONAL_CARE_OTHER_PERSONAL_CARE",
    "Pet Food & Supplies": "GENERAL_MERCHANDISE_PET_SUPPLIES",
    "Pet Grooming": "GENERAL_MERCHANDISE_PET_SUPPLIES",
    "Pets": "GENERAL_MERCHANDISE_PET_SUPPLIES",
    "Pharmacy": "MEDICAL_PHARMACIES_AND_SUPPLEMENTS",
    "Printing": "GENERAL_SERVICES_OTHER_GENERAL_SERVICES",
    "Property Tax": _TAX,
    "Public Transportation": "TRANSPORTATION_PUBLIC_TRANSIT",
    "Reimbursement": "INCOME_OTHER",
    "Rental Car & Taxi": None,  # two categories of ours in one word
    "Rental Income": "INCOME_RENTAL",
    "Restaurants": "FOOD_AND_DRINK_RESTAURANT",
    "Sales Tax": _TAX,
    "Sell": _INVESTED,
    "Service & Parts": "GENERAL_SERVICES_AUTOMOTIVE",
    "Service Fee": "BANK_FEES_OTHER_BANK_FEES",
    "Shipping": "GENERAL_SERVICES_POSTAGE_AND_SHIPPING",
    "Shopping": "GENERAL_MERCHANDISE_OTHER_GENERAL_MERCHANDISE",
    "Spa & Massage": "PERSONAL_CARE_HAIR_AND_BEAUTY",
    "Sporting Goods": "GENERAL_MERCHANDISE_SPORTING_GOODS",
    "Sports": _SIGHTS,
    "State Tax": _TAX,
    "Student Loan": "LOAN_PAYMENTS_STUDENT_LOAN_PAYMENT",
    "Taxes": _TAX,
    "Television": "RENT_AND_UTILITIES_INTERNET_AND_CABLE",
    "Toys": "GENERAL_MERCHANDISE_GIFTS_AND_NOVELTIES",
    "Trade Commissions": "BANK_FEES_OTHER_BANK_FEES",
    "Transfer": _MOVED,
    "Transfer for Cash Spending": None,
    "Travel": "TRAVEL_OTHER_TRAVEL",
    "Tuition": "GENERAL_SERVICES_EDUCATION",
    "Uncategorized": None,
    "Utilities": "RENT_AND_UTILITIES_OTHER_UTILITIES",
    "Vacation": "TRAVEL_OTHER_TRAVEL",
    "Veterinary": "MEDICAL_VETERINARY_SERVICES",
    "Withdrawal": _INVESTED,
}

MX: Mapping[str, Code] = {  # https://docs.mx.com/api-reference/platform-api/reference/default-categories
    **_SHARED,
    "Banking Fee": "BANK_FEES_OTHER_BANK_FEES",
    "Cash": "TRANSFER_OUT_WITHDRAWAL",
    "Check": None,
    "Domain Names": "GENERAL_SERVICES_OTHER_GENERAL_SERVICES",
    "Fraud Protection": "GENERAL_SERVICES_OTHER_GENERAL_SERVICES",
    "Gas": "TRANSPORTATION_GAS",
    "Hosting": "GENERAL_SERVICES_OTHER_GENERAL_SERVICES",
    "Mortgage Payment": "LOAN_PAYMENTS_MORTGAGE_PAYMENT",
}

MINT: Mapping[str, Code] = {  # the columns of its CSV export, as programs that read it list them
    **_SHARED,
    "ATM/Cash": "TRANSFER_OUT_WITHDRAWAL",
    "Bank Fee": "BANK_FEES_OTHER_BANK_FEES",
    "Cash & ATM": "TRANSFER_OUT_WITHDRAWAL",
    "Check": None,
    "Food Delivery": "FOOD_AND_DRINK_RESTAURANT",
    "Gas & Fuel": "TRANSPORTATION_GAS",
    "Loan Payment": "LOAN_PAYMENTS_OTHER_PAYMENT",
    "Misc Expenses": None,
    "Ride Share": "TRANSPORTATION_TAXIS_AND_RIDE_SHARES",
}

WORDS: Mapping[str, Mapping[str, Code]] = {"teller": TELLER, "mx": MX, "mint": MINT}
_FOLDED = {vendor: {word.casefold(): code for word, code in words.items()} for vendor, words in WORDS.items()}


def vendor_code(vendor: str, word: str, *, money_in: bool) -> str | None:
    """Return the code for a vendor's word; None where it is unknown, or could be anything.

    Args:
        vendor: `plaid`, `teller`, `mx` or `mint`, alone or as a provider key such as `banking:plaid`.
        word: as the vendor sends it; Plaid's detailed code of either version.
    """
    name = vendor.rpartition(":")[2]
    if name == "plaid":
        return in_version_2(word)
    return chosen(_FOLDED.get(name, {}).get(word.strip().casefold()), money_in)


def chosen(code: Code, money_in: bool) -> str | None:
    """Return the one of two codes that the sign decides for."""
    return code[1 if money_in else 0] if isinstance(code, tuple) else code
