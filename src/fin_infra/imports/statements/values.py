"""Amounts, numbers and dates as banks print them.
Floor 4: nothing is guessed: what can be read in two ways is an error, and the caller says which way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from fin_infra.errors import InvalidInput
from fin_infra.model.currency import CURRENCIES

_MAX_CHARS = 64
_PLAIN = re.compile(r"[+-]?[0-9]{1,32}(?:\.(?:[0-9]{1,2}|[0-9]{4,20}))?")
_DOLLARS = frozenset(
    """
    USD CAD AUD NZD HKD SGD TWD BRL MXN ARS CLP COP UYU DOP JMD TTD BBD BSD BZD BMD KYD XCD FJD GYD LRD NAD SBD SRD BND
    CUP NIO TOP WST CVE BOB PHP ZWG ZWL ECS SVC
    """.split()  # noqa: SIM905 - a table of words reads better as words
)
_SIGNS = {
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP", "FKP", "GIP", "SHP", "EGP", "SDG", "SSP", "SYP", "LBP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "₹": frozenset({"INR"}),
    "zł": frozenset({"PLN"}),
    "kr": frozenset({"SEK", "NOK", "DKK", "ISK"}),
    "Kč": frozenset({"CZK"}),
    "Ft": frozenset({"HUF"}),
    "$": _DOLLARS,
    "R$": frozenset({"BRL"}),
    "US$": frozenset({"USD"}),
    "A$": frozenset({"AUD"}),
    "AU$": frozenset({"AUD"}),
    "C$": frozenset({"CAD", "NIO"}),
    "CA$": frozenset({"CAD"}),
    "NZ$": frozenset({"NZD"}),
    "HK$": frozenset({"HKD"}),
    "S$": frozenset({"SGD"}),
    "NT$": frozenset({"TWD"}),
    "MX$": frozenset({"MXN"}),
}
"""What a printed currency sign can mean; it never says more than the file does, but it can contradict it."""
_SYMBOL = r"(?:[A-Z]{0,2}\$|[€£¥₹]|zł|kr|Kč|Ft|[A-Z]{3})"
_DRESSED = re.compile(
    rf"(?P<sign>[+-]?) ?(?P<named>{_SYMBOL}?) ?(?P<sign2>[+-]?) ?"
    rf"(?P<digits>[0-9.,][0-9.,'’ ]*) ?(?P<sign3>-?) ?(?P<named2>{_SYMBOL}?)"
)
_LIKE_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_INDIAN = re.compile(r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")
_SEPARATORS = re.compile(r"[.,'’ ]")
_MINUSES = re.compile("[\u2212\u2013]")
"""The minus sign and the en dash that typesetters put for it."""
_IN_BRACKETS = re.compile(r"\( ?([^-+()]+?) ?\)")
"""How bookkeepers write a negative amount."""
_SPARE_DECIMALS = 4
"""Banks pad or compute with a few more decimals than the currency has; what is longer has run into the next value."""
_MOST_DIGITS = 15
"""Before the decimal mark: more than anyone has of the smallest currency; what is longer ran into the next value."""
_READABLE_LETTERS = 4
"""`N/A`, `NaN`, `None`, `EURO` help a person find the place; longer words may be somebody's name."""
_YEAR_FIRST = re.compile(r"(?:19|20)[0-9]{2}[0-9-]{2,6}(?![0-9])")
_DIGIT = re.compile(r"[0-9]")
_DATE = re.compile(
    r"([0-9]{4})([-/.]?)([0-9]{2})\2([0-9]{2})"
    r"(?:[T ]?(?:[0-9]{2}:?){1,3}(?:[.,]?[0-9]*)?)?\s*"
    r"(?:[A-Za-z]{1,5}(?:[+-][0-9:.]{1,6})?|[+-][0-9:.]+|\[[^\]]*\]?"
    r"|\([A-Za-z0-9:+-]{1,10}\)|[A-Z]{3,4}[0-9][A-Z]{3,4}|[A-Z][A-Za-z]+/[A-Za-z_/-]+)?"
)
_LETTER = re.compile(r"[^\W\d_]")


def amount(text: str, currency: str | None = None, mark: str | None = None, *, computed: bool = False) -> Decimal:
    """Read an amount of money; `currency` and `mark` settle what `1,234` means.

    With `computed` it may have any number of decimals, as a market value that is units times price.

    OFX has one decimal mark, point or comma, and no thousands separators; banks print them all the same. With one
    separator before exactly three digits (`1,234`) the text reads as thousands or as thousandths, so it is refused
    unless `mark` names the decimal mark or the currency has three decimals, or none.

    Raises:
        InvalidInput: not an amount, or one that can be read in two ways.
    """
    decimals = CURRENCIES.get(currency or "")
    if mark is None and _PLAIN.fullmatch(text):
        return _sized(text, Decimal(text), None if computed else decimals or 0)
    sign, digits, named = _undress(text)
    if currency and not all(currency == name or currency in _may_mean(name) for name in named):
        raise InvalidInput(f"{shown(text)!r} does not look like an amount in {currency}")
    if mark is None and _LIKE_THOUSANDS.fullmatch(digits):
        if decimals == 0:
            mark = "," if "." in digits else "."
        elif decimals != 3:
            raise _ambiguous(text)
    value = _decimal(text, sign, digits, mark)
    return _sized(text, value, None if computed else decimals or 0)


def _may_mean(sign: str) -> frozenset[str]:
    return _SIGNS.get(sign, _DOLLARS if sign.endswith("$") else frozenset())


def _sized(text: str, value: Decimal, decimals: int | None) -> Decimal:
    """Refuse more digits than money has: an amount and the next value ran together. None allows any decimals."""
    if value.adjusted() >= _MOST_DIGITS:
        raise InvalidInput(f"{shown(text)!r} has more digits than an amount of money can have")
    if decimals is None:
        return value
    most = decimals + _SPARE_DECIMALS
    if -int(value.as_tuple().exponent) > most and -int(value.normalize().as_tuple().exponent) > most:
        raise InvalidInput(f"{shown(text)!r} has more decimals than an amount of money can have")
    return value


def number(text: str, mark: str | None = None) -> Decimal:
    """Read units, a price or a rate. Three decimals are usual here, so only `1,234` is refused as ambiguous.

    Raises:
        InvalidInput: not a number, or one that can be read in two ways.
    """
    sign, digits, _ = _undress(text)
    if mark is None and "," in digits and _LIKE_THOUSANDS.fullmatch(digits):
        raise _ambiguous(text)
    return _decimal(text, sign, digits, mark)


class AmbiguousAmount(InvalidInput):
    """An amount that reads in two ways; never leaves the import."""


def _ambiguous(text: str) -> AmbiguousAmount:
    return AmbiguousAmount(f"{shown(text)!r} may mean thousands or thousandths; pass decimal_mark='.' or ','")


def decimal_mark(texts: Iterable[str]) -> str | None:
    """Return the decimal mark that the clear amounts of a file agree on; None where they are silent or disagree."""
    marks: set[str] = set()
    for text in texts:
        try:
            digits = _undress(text)[1]
        except InvalidInput:
            continue
        if _LIKE_THOUSANDS.fullmatch(digits):
            continue
        if max(digits.count("."), digits.count(",")) > 1 and not ("." in digits and "," in digits):
            marks.add("." if "," in digits else ",")
        elif digits.count(".") + digits.count(",") == 1:
            marks.add("." if "." in digits else ",")
        elif "." in digits and "," in digits:
            marks.add(max(".,", key=digits.rfind))
    return marks.pop() if len(marks) == 1 else None


@lru_cache(maxsize=4096)
def day(text: str) -> date | None:
    """Read the calendar date as printed, whatever zone follows it; None for all zeros, OFX's empty date.

    Raises:
        InvalidInput: not a date of the calendar.
    """
    match = _DATE.fullmatch(text) if len(text) <= _MAX_CHARS else None
    if match is None:
        raise InvalidInput(f"{shown(text)!r} is not a date like 20260131")
    year, month, month_day = int(match[1]), int(match[3]), int(match[4])
    if year == month == month_day == 0:
        return None
    try:
        return date(year, month, month_day)
    except ValueError:
        raise InvalidInput(f"{shown(text)!r} is not a day of the calendar") from None


def shown(text: str) -> str:
    """Shorten a value for an error text so that its shape can be recognized and nothing private is read.

    Digits are blotted out, but for a date's, and so are letters where there are more than a code or `N/A` has: the
    value may not be what its tag says.
    """
    short = text[:24]
    if len(_LETTER.findall(text)) > _READABLE_LETTERS:
        short = _LETTER.sub("x", short)
    date_end = match.end() if (match := _YEAR_FIRST.match(short)) else 0
    return short[:date_end] + _DIGIT.sub("#", short[date_end:]) + ("..." if len(text) > 24 else "")


def _undress(text: str) -> tuple[str, str, tuple[str, ...]]:
    """Split sign, digits and the currencies named; a sign may stand in one place only."""
    plain = _MINUSES.sub("-", " ".join(text.split())) if len(text) <= _MAX_CHARS else ""
    match = _DRESSED.fullmatch(_IN_BRACKETS.sub(r"-\1", plain))
    signs = match["sign"] + match["sign2"] + match["sign3"] if match else ""
    if match is None or len(signs) > 1:
        raise InvalidInput(f"{shown(text)!r} is not an amount like -1234.56")
    return signs, match["digits"].strip(), tuple(filter(None, (match["named"], match["named2"])))


def _decimal(text: str, sign: str, digits: str, mark: str | None) -> Decimal:
    points, commas = digits.count("."), digits.count(",")
    if mark is None and points and commas:
        mark = max(".,", key=digits.rfind)
    elif mark is None:
        mark = "." if points == 1 else "," if commas == 1 else ""
    whole, found, fraction = digits.partition(mark) if mark else (digits, "", "")
    separators = {char for char in whole if not char.isdigit()}
    groups = _SEPARATORS.split(whole)
    grouped = len(separators) == 1 and 1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    grouped = grouped or _INDIAN.fullmatch(whole) is not None
    if (separators and not grouped) or (fraction and not fraction.isdigit()) or not (whole or fraction):
        marked = f" with the decimal mark {mark!r}" if mark and mark not in text else ""
        raise InvalidInput(f"{shown(text)!r} is not an amount like -1234.56{marked}")
    plain = "".join(groups) + ("." + fraction if found and fraction else "")
    return Decimal(sign + plain)
