"""The amounts of a column: the decimal mark is decided per column, and plain columns are read in one go.
Floor 4: what can be read in two ways is an error; a cell is text and nothing else, whatever it begins with."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements import values
from fin_infra.model.currency import CURRENCIES

Mark = Literal[".", ","]
_POINT, _COMMA = frozenset("0123456789.+-"), frozenset("0123456789,+-")
_LONGEST = 15
_AMOUNT = re.compile(
    r"[(+\-\u2212\u2013]?\s?(?:[A-Z]{0,3}\$|[€£¥₹]|zł|kr|Kč|Ft|[A-Z]{3})?\s?[+\-\u2212]?\s?"
    r"[0-9][0-9.,'’\s]*-?\s?(?:\$|[€£¥₹]|zł|kr|Kč|Ft|[A-Z]{3}|[CD][Rr]\.?)?\)?"
)
_SIDE = re.compile(r"(?P<amount>[^-+(\u2212]*[0-9]) ?(?P<side>[CD])[Rr]\.?")
"""An amount with its side behind it, as `12.50 DR`: a sign in letters."""
_CODE = re.compile(r"[A-Z]{3}|€|₹|zł|Kč|Ft|US\$|R\$|A\$|AU\$|CA\$|NZ\$|HK\$|S\$|NT\$|MX\$")
_SIGNS = {"€": "EUR", "₹": "INR", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "US$": "USD", "R$": "BRL"}
_EXACT = re.compile(r"-?[0-9]{1,1000}(?:\.[0-9]{1,1000})?")
_EMPTY = frozenset({"", "-", "–", "--"})
"""What stands in a column of amounts where there is none."""

Fault = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class Marks:
    """The decimal mark of one column; `mixed` where its clear amounts disagree."""

    mark: Mark | None
    mixed: bool = False
    plain: bool = False
    """True for bare numbers, which need no look at each of them."""


def decide_mark(texts: Sequence[str]) -> Marks:
    """Return the decimal mark that the clear amounts of a column agree on."""
    plain = _plain(texts)
    if plain is not None:
        return Marks(plain[0], plain=True)
    distinct = set(map(str.strip, texts))
    mark = values.decimal_mark(distinct)
    if mark in (".", ","):
        return Marks("." if mark == "." else ",")
    clear = {values.decimal_mark([text]) for text in distinct} - {None}
    return Marks(None, mixed=len(clear) > 1)


def read_amounts(texts: Sequence[str], currency: str | None, marks: Marks, fault: Fault) -> list[Decimal | None]:
    """Read a column; None where a cell is empty, and where `fault` was told of one that cannot be read."""
    mark = marks.mark
    if marks.plain and texts:
        cells = [text.replace(",", ".") for text in texts] if mark == "," else texts
        try:
            return [Decimal(text) if text else None for text in cells] if "" in texts else list(map(Decimal, cells))
        except InvalidOperation:
            pass  # a sign in the middle, or two marks: each cell is looked at below
    found: list[Decimal | None] = []
    seen: dict[str, Decimal | None] = {}
    for index, text in enumerate(texts):
        if text in seen:
            found.append(seen[text])
            continue
        value = None
        cell = text.strip()
        if cell not in _EMPTY:
            if side := _SIDE.fullmatch(cell):
                cell = ("-" if side["side"] == "D" else "") + side["amount"]
            try:
                value = values.amount(cell, currency, mark)
            except InvalidInput as error:
                fault(index, str(error))
                found.append(None)
                continue
        seen[text] = value
        found.append(value)
    return found


def read_exact(texts: Sequence[str], fault: Fault) -> list[Decimal | None]:
    """Read a column of plain numbers with a point, of any length; None as `read_amounts` has it."""
    found: list[Decimal | None] = []
    for index, text in enumerate(texts):
        plain = _EXACT.fullmatch(text) is not None
        if text and not plain:
            fault(index, f"{values.shown(text)!r} is not an amount like -1234.56")
        found.append(Decimal(text) if plain else None)
    return found


def _plain(texts: Sequence[str]) -> tuple[Mark | None] | None:
    """Return the decimal mark of a column of bare numbers, which needs no look at each of them; else None."""
    signs = set("\n".join(texts)) - {"\n"}
    mark: Mark | None = "." if "." in signs else "," if "," in signs else None
    if not signs <= (_COMMA if mark == "," else _POINT) or max(map(len, texts), default=0) > _LONGEST:
        return None
    if mark is not None and mark in {text[-4:-3] for text in texts}:
        return None  # `1.234` reads in two ways
    return (mark,)


def looks_like_amount(text: str) -> bool:
    """Tell whether a cell can be an amount of money."""
    text = text.strip()
    return len(text) <= 40 and _AMOUNT.fullmatch(text) is not None


def named_currency(text: str) -> str | None:
    """Return the one currency that a cell or a column name prints, as in `12,50 €` or `Amount (GBP)`."""
    found = {_SIGNS.get(code, code) for code in _CODE.findall(text)} & set(CURRENCIES)
    return found.pop() if len(found) == 1 else None
