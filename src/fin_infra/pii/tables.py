"""Who issues which numbers: card ranges, IBAN lengths, groups of taxpayer numbers.
Floor 0: facts as data, each table with its source."""

from __future__ import annotations

from collections.abc import Mapping

CARD_RANGES: tuple[tuple[str, range | tuple[int, ...], str, str], ...] = (
    # https://en.wikipedia.org/wiki/Payment_card_number (issuer identification numbers), read November 2026:
    # network, lengths, first and last prefix
    ("Visa", (13, 16, 19), "4", "4"),
    ("Mastercard", (16,), "51", "55"),
    ("Mastercard", (16,), "2221", "2720"),
    ("American Express", (15,), "34", "34"),
    ("American Express", (15,), "37", "37"),
    ("Discover", range(16, 20), "6011", "6011"),
    ("Discover", range(16, 20), "644", "649"),
    ("Discover", range(16, 20), "65", "65"),
    ("Discover", range(16, 20), "622126", "622925"),
    ("Diners Club", range(14, 20), "300", "305"),
    ("Diners Club", range(14, 20), "3095", "3095"),
    ("Diners Club", range(14, 20), "36", "36"),
    ("Diners Club", range(14, 20), "38", "39"),
    ("Diners Club US", (16,), "54", "55"),
    ("JCB", range(16, 20), "3528", "3589"),
    ("JCB", (15,), "1800", "1800"),
    ("JCB", (15,), "2131", "2131"),
    ("UnionPay", range(16, 20), "62", "62"),
    ("UnionPay", range(16, 20), "81", "81"),
    ("RuPay", (16,), "60", "60"),
    ("RuPay", (16,), "82", "82"),
    ("RuPay", (16,), "508", "508"),
    ("RuPay", (16,), "353", "353"),
    ("RuPay", (16,), "356", "356"),
    ("Mir", range(16, 20), "2200", "2204"),
    ("Borica", (16,), "2205", "2205"),
    ("Elo", (16,), "401178", "401179"),
    ("Elo", (16,), "4576", "4576"),
    ("Elo", (16,), "506699", "506778"),
    ("Elo", (16,), "509000", "509999"),
    ("Elo", (16,), "627780", "627780"),
    ("Elo", (16,), "636297", "636297"),
    ("Elo", (16,), "636368", "636368"),
    ("Hipercard", (16,), "606282", "606282"),
    ("Troy", (16,), "9792", "9792"),
    ("Verve", (16, 18, 19), "506099", "506198"),
    ("Verve", (16, 18, 19), "507865", "507964"),
    ("Verve", (16, 18, 19), "650002", "650027"),
    ("LankaPay", (16,), "357111", "357111"),
    ("UzCard", (16,), "8600", "8600"),
    ("UzCard", (16,), "5614", "5614"),
    ("Humo", (16,), "9860", "9860"),
    ("InterPayment", range(16, 20), "636", "636"),
    ("InstaPayment", (16,), "637", "639"),
    ("Dankort", (16,), "5019", "5019"),
    ("Dankort", (16,), "4571", "4571"),
    ("Bankcard", (16,), "5610", "5610"),
    ("GPN", range(16, 20), "1946", "1946"),
    ("Napas", (16, 19), "9704", "9704"),
    ("UATP", (15,), "1", "1"),
    ("Maestro", range(12, 20), "50", "50"),
    ("Maestro", range(12, 20), "56", "58"),
    ("Maestro", range(12, 20), "6304", "6304"),
    ("Maestro", range(12, 20), "6390", "6390"),
    ("Maestro", range(12, 20), "67", "67"),
)
MAJOR: Mapping[str, int] = {
    "Visa": 16,
    "Mastercard": 16,
    "American Express": 15,
    "Discover": 16,
    "Diners Club US": 16,
    "JCB": 16,
    "UnionPay": 16,
    "RuPay": 16,
    "Mir": 16,
    "Elo": 16,
    "Troy": 16,
}
"""The usual length of the cards of large networks (same source); Diners Club's 14 is the length of many other ids."""
IBAN_LENGTHS: Mapping[str, int] = {
    # SWIFT IBAN Registry, https://www.swift.com/standards/data-standards/iban-international-bank-account-number
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
    # not in the registry, used all the same: https://www.iban.com/structure (partial and experimental)
    "AO": 25, "BF": 28, "BJ": 28, "CF": 27, "CG": 27, "CI": 28, "CM": 27, "CV": 25, "DZ": 26, "GA": 27, "GQ": 27,
    "GW": 25, "IR": 26, "KM": 27, "MA": 28, "MG": 27, "ML": 28, "MZ": 25, "NE": 28, "SN": 28, "TD": 27, "TG": 28,
}  # fmt: skip
ITIN_GROUPS: tuple[tuple[str, str], ...] = (("50", "65"), ("70", "88"), ("90", "99"))
"""Digits four and five of an ITIN, 93 of an ATIN among them (https://www.irs.gov/tin/itin; IRM 3.21.263)."""
