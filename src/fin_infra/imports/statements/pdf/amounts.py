"""Amounts as statements print them: with the sign before or behind, CR and DR, a space in the middle.
Floor 4: what is one number is put together by its places on the page before it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from fin_infra.imports.statements import values
from fin_infra.imports.statements.pdf.pages import Word, joined

_BODY = r"\d{1,3}(?:[.,'’ ]\d{3})+[.,]\d{2,3}|\d+[.,]\d{2,3}|[.,]\d{2}"
_SIGN = r"(?:cr|dr|od|[-+]|[hs])"
_SYMBOL = r"(?:[A-Z]{0,2}[$€£¥₹]|[A-Z]{3}|R)"
_BEFORE = rf"(?P<before>[-+−–]?) ?{_SYMBOL}?"
_AMOUNT = re.compile(rf"\(?{_BEFORE} ?(?P<sign>[-+−–]?)(?P<body>{_BODY}) ?{_SYMBOL}?\)? ?(?P<after>{_SIGN}?)", re.I)
_WHOLE = re.compile(rf"{_BEFORE} ?(?P<sign>)(?P<body>\d{{1,9}}) ?(?P<after>{_SIGN}?)", re.I)
_PART = re.compile(r"[-+−–(]?[$€£¥]?[\d.,'’]+[-)]?")
_GROUPS = re.compile(r"[-+−–]?\d{1,3}(?: \d{3}){0,4}")
_SUFFIX = re.compile(_SIGN, re.I)
_FRONT = re.compile(rf"[-+−–(]|{_SYMBOL}", re.I)
_DIGIT = re.compile(r"[0-9]")
_CLOSE = 0.7
"""Of a letter's height: parts of one number stand no farther apart."""
_MARKED_IN = frozenset({"cr", "h", "+"})
_MARKED_OUT = frozenset({"dr", "s", "od"})


@dataclass(frozen=True, slots=True)
class Amount:
    """A number on a page: where it ends, its digits, and what its sign or mark says."""

    right: float
    body: str
    negative: bool
    mark: str
    """`in` for CR, `out` for DR, else empty."""

    def value(self, currency: str, mark: str | None) -> Decimal:
        """Return the printed number, negative with a minus or in brackets.

        Raises:
            InvalidInput: it reads in two ways.
        """
        number = values.amount(self.body, currency, mark)
        return -number if self.negative else number


def amount_of(word: Word, *, whole: bool = False) -> Amount | None:
    """Return the amount that a word is; `whole` takes one without decimals too."""
    text = word.text
    if not whole and "." not in text and "," not in text:
        return None
    match = _AMOUNT.fullmatch(text) or (_WHOLE.fullmatch(text) if whole else None)
    if match is None:
        return None
    after = match["after"].lower()
    negative = (
        match["before"] in ("-", "−", "–")
        or match["sign"] in ("-", "−", "–")
        or after == "-"
        or (text.startswith("(") and text.rstrip("CRDcrd ").endswith(")"))
    )
    mark = "in" if after in _MARKED_IN else "out" if after in _MARKED_OUT else ""
    return Amount(word.right, match["body"], negative, mark)


def whole_numbers(words: tuple[Word, ...]) -> list[Word]:
    """Return the words with the parts of each number put together: a sign, a currency, a space in the middle, CR."""
    found: list[Word] = []
    for word in words:
        last = found[-1] if found else None
        near = last is not None and word.left - last.right < _CLOSE * max(word.height, last.height)
        one = _one(last, word) if last and near else None
        if one:
            found[-1] = one
        else:
            found.append(word)
    return found


def _one(last: Word, word: Word) -> Word | None:
    """Return two neighbors as one number, if they are."""
    if not (last.text[-1].isdigit() or word.text[-1].isdigit() or _DIGIT.search(last.text + word.text)):
        return None
    before, after = amount_of(last), amount_of(word)
    if before and _SUFFIX.fullmatch(word.text) and not before.mark:
        return joined(last, word, " ")
    if after and _FRONT.fullmatch(last.text):
        return joined(last, word)
    if not ((_PART.fullmatch(last.text) or _GROUPS.fullmatch(last.text)) and _PART.fullmatch(word.text)):
        return None
    spaced, glued = joined(last, word, " "), joined(last, word)
    if before is None and after is None and amount_of(glued):
        return glued  # `1,719.3 3`
    if before is None and after and word.text.lstrip()[:1].isdigit() and amount_of(spaced):
        return spaced  # `1 234,56`
    if before is None and after is None and _GROUPS.fullmatch(spaced.text):
        return spaced  # the beginning of `1 234 567,89`
    return None
