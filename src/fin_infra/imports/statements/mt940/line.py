"""`:61:`, one transaction, and the balances around it.
Floor 4: a mark says the direction and the amount has none; a reversal of a credit (RC) is money out.

Field formats: SWIFT User Handbook, category 9, MT940 fields 60a, 61, 62a, 64 and 65.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements import values
from fin_infra.imports.statements.base import DecimalMark
from fin_infra.imports.statements.mt940.details import IBAN, Details, read_details, reference
from fin_infra.imports.statements.mt940.fields import lines
from fin_infra.imports.statements.parts import joined, plain
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.money import Money
from fin_infra.model.statement import StatementCounterparty, StatementLine

_LINE = re.compile(
    r"\s*(?P<value>[0-9]{6})(?P<entry>[0-9]{4})?(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?\s*"
    r"(?P<amount>-?[0-9][0-9.,]{0,24}|-?,[0-9]{1,4})(?P<kind>[A-Z][A-Z0-9 ]{3})(?P<rest>.*)",
    re.S,
)
"""`funds` is the third letter of the currency; `kind` is N, F or S and three signs, and some banks put others."""
_BALANCE = re.compile(r"\s*(?P<mark>[CD])(?P<day>[0-9]{6})(?P<currency>[A-Z]{3})(?P<amount>-?[0-9.,]{1,25})\s*")
_PLAIN = re.compile(r"[0-9]{1,15}(?:,[0-9]{0,5})?")
_NUMBERED = re.compile(r"\A[0-9]{2}")
_OUT = frozenset(("D", "RC", "ED"))
_FIRST_YEAR = 80
"""Two digits of a year from here on are of the last century; SWIFT's statements are younger than that."""


@dataclass(slots=True)
class Row:
    """A `:61:` and what its `:86:` adds, still in the bank's words."""

    index: int
    text: str
    more: list[str]
    others: list[str] = field(default_factory=list[str])
    """Of `:NS:`, where banks put what others have in `:86:`."""


@dataclass(frozen=True, slots=True)
class Read:
    line: StatementLine
    pending: bool
    doubtful: bool
    """A reversal, or an amount with a minus besides its mark: the balances may prove the other direction."""


def read_line(row: Row, currency: str, offset: int, mark: DecimalMark | None) -> Read:
    """Raise InvalidInput for what is not formed as a `:61:`, or has a day or amount that cannot be."""
    match = _LINE.fullmatch(row.text)
    if match is None:
        raise InvalidInput(f"{values.shown(row.text.strip())!r} is not a statement line (:61:)")
    value = value_day(match["value"])
    posted = entry_day(match["entry"], value) if match["entry"] else value
    amount = amount_of(match["amount"].lstrip("-"), currency, mark)
    first, *rest = lines(match["rest"]) or [""]
    customer, _, bank = first.partition("//")
    details = read_details("\n".join(row.more)) if row.more else Details(text=_other_text(row.others))
    more = plain(" ".join(rest))
    number, name, said, left = _other_party(customer.strip(), more, details)
    description = name or said or ""
    own = reference(customer) if not IBAN.fullmatch(customer.strip()) else None
    line = StatementLine(
        id=reference(bank),
        posted=posted,
        amount=Money(-amount if match["mark"] in _OUT else amount, currency),
        description=description,
        memo=said if name else left,
        type_text="+".join(part for part in (match["kind"].rstrip(), details.code) if part),
        counterparty=StatementCounterparty(number=number, bank_id=details.bank_id) if number else None,
        reference_number=details.reference or (own if own not in ("EREF", "PREF", "MARF") else None),
        offset=offset,
    )
    return Read(line, match["mark"][0] == "E", match["mark"][0] == "R" or match["amount"][0] == "-")


def _other_text(others: list[str]) -> str | None:
    """Return the texts of `:NS:`, whose lines begin with a number of two digits."""
    return plain(" ".join(_NUMBERED.sub("", line) for text in others for line in lines(text))) or None


def _other_party(customer: str, more: str, details: Details) -> tuple[str | None, str | None, str | None, str | None]:
    """Return account and name of the other party, the text, and what is left of the line below `:61:`.

    ASN Bank puts the account where the reference is, and the name in the line below; Rabobank the account there.
    """
    if details.number is None and IBAN.fullmatch(customer):
        return customer, details.name or more or None, details.text, None
    below = more.replace(" ", "")
    if IBAN.fullmatch(below):
        return details.number or below, details.name, details.text, None
    if details.name:
        return details.number, details.name, joined((details.text, more)), None
    return details.number, None, details.text or more or None, (more or None) if details.text else None


@dataclass(frozen=True, slots=True)
class Printed:
    amount: Money
    at: date | None


def read_balance(text: str, mark: DecimalMark | None) -> Printed:
    match = _BALANCE.fullmatch(text)
    if match is None:
        raise InvalidInput(f"{values.shown(text.strip())!r} is not a balance like C260131EUR1234,56")
    currency = currency_code(match["currency"])
    amount = amount_of(match["amount"], currency, mark)
    if amount < 0:
        raise InvalidInput(f"{values.shown(match['amount'])!r} is negative, where C or D says the direction")
    return Printed(Money(-amount if match["mark"] == "D" else amount, currency), day(match["day"]))


def currency_code(code: str) -> str:
    if code not in CURRENCIES or code in ("XXX", "XTS"):
        raise InvalidInput(f"{values.shown(code)!r} is not an ISO 4217 currency code")
    return code


def amount_of(text: str, currency: str, mark: DecimalMark | None) -> Decimal:
    """Read an amount: the comma is the decimal mark of SWIFT; another form is read as in any other file."""
    if _PLAIN.fullmatch(text):
        whole, _, rest = text.partition(",")
        return Decimal(f"{whole}.{rest}" if rest else whole)
    return values.amount(text, currency, mark or ("," if "," in text else None))


def day(text: str) -> date | None:
    """Read YYMMDD; None for all zeros."""
    if text == "000000":
        return None
    return _date(_year(text), text[2:])


def value_day(text: str) -> date:
    """Read the value date; banks that give each month 30 days print the 29th and 30th of February."""
    if text[2:] in ("0229", "0230"):
        try:
            return _date(_year(text), text[2:])
        except InvalidInput:
            return _date(_year(text), "0301") - timedelta(days=1)
    found = day(text)
    if found is None:
        raise InvalidInput("a statement line (:61:) has no day")
    return found


def _year(text: str) -> int:
    year = int(text[:2])
    return (1900 if year >= _FIRST_YEAR else 2000) + year


def entry_day(text: str, value: date) -> date:
    """Read MMDD in the year that brings it next to the value date: December and January meet at the turn of a year."""
    found: list[date] = []
    for year in (value.year - 1, value.year, value.year + 1):
        try:
            found.append(_date(year, text))
        except InvalidInput:
            continue
    if not found:
        raise InvalidInput(f"{values.shown(text)!r} is not a day of the calendar")
    return min(found, key=lambda each: abs(each - value))


def _date(year: int, text: str) -> date:
    try:
        return date(year, int(text[:2]), int(text[2:]))
    except ValueError:
        raise InvalidInput(f"{values.shown(text)!r} is not a day of the calendar") from None
