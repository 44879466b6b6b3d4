"""What the records of an account list: status and summary amounts (03), and transactions (16).
Floor 4: the range of a type code says the direction; an amount without a point is in the currency's smallest unit.

Type codes and funds types: Cash Management Balance Reporting Specifications, Version 2 (BAI), appendix A and chapter 4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements import values
from fin_infra.imports.statements.bai2.record import Record
from fin_infra.imports.statements.parts import plain
from fin_infra.model.currency import CURRENCIES

_AMOUNT = re.compile(r"([+-]?)([0-9]{1,18})(?:\.([0-9]{1,4}))?")
_CODE = re.compile(r"[0-9]{1,3}")
_MORE_FIELDS = {"V": 2, "S": 3}
"""Further fields of a funds type: day and time of the value; amounts available at once, in one and in more days."""
_FUNDS = frozenset(("", "Z", "0", "1", "2", "V", "S", "D"))
_RANGES: tuple[tuple[int, int, Literal["credit", "debit"]], ...] = (
    (100, 399, "credit"),
    (400, 699, "debit"),
    (920, 959, "credit"),
    (960, 999, "debit"),
)
"""The two last are codes that bank and customer agreed on."""
NO_MONEY = "890"
"""The code of a record with text only."""


@dataclass(slots=True)
class Listed:
    """One amount of a 03 record."""

    code: str
    printed: Decimal | None
    count: int | None


@dataclass(slots=True)
class Transaction:
    """A 16 record."""

    code: str
    printed: Decimal | None
    bank_reference: str
    customer_reference: str
    text: str


@dataclass(slots=True)
class _Cursor:
    """The fields of a record, one after the other; what is missing at the end is empty."""

    fields: Sequence[str]
    at: int = field(default=0)

    def next(self) -> str:
        found = self.fields[self.at].strip() if self.at < len(self.fields) else ""
        self.at += 1
        return found

    @property
    def done(self) -> bool:
        return self.at >= len(self.fields)

    def funds(self) -> None:
        """Pass a funds type and the fields that come with it: who does not shifts every later field."""
        kind = self.next().upper()
        if kind not in _FUNDS:
            raise InvalidInput(f"{values.shown(kind)!r} is not a funds type")
        if kind == "D":
            count = self.next()
            if not (count.isdecimal() and len(count) < 4):
                raise InvalidInput(f"{values.shown(count)!r} is not a number of availabilities")
            self.at += 2 * int(count)
        self.at += _MORE_FIELDS.get(kind, 0)


def listed(fields: Sequence[str]) -> list[Listed]:
    """Read the amounts of a 03 record, from behind its currency on."""
    cursor, found = _Cursor(fields), list[Listed]()
    while not cursor.done:
        code, amount, count = cursor.next(), cursor.next(), cursor.next()
        cursor.funds()
        if not code and not amount:
            continue
        _checked(code)
        number = int(count) if count.isdecimal() and len(count) < 10 else None
        found.append(Listed(code.zfill(3), printed(amount), number))
    return found


def transaction(record: Record) -> Transaction:
    """Read a 16 record; its text is whatever stands behind the references, commas and slashes and all."""
    first = _Cursor(_head(record).split(","))
    code, amount = first.next(), first.next()
    _checked(code)
    first.funds()
    bank, customer = first.next(), first.next()
    return Transaction(code.zfill(3), printed(amount), bank, customer, _text(record, first.at))


def _head(record: Record) -> str:
    """Return the lines as one; a slash that ends the whole record goes, others may be text."""
    whole = ""
    for number, line in enumerate(record.lines):
        ends = line.endswith("/")
        whole += line[:-1] if ends else line
        if ends and number + 1 < len(record.lines):
            whole += ","
    return whole


def _text(record: Record, commas: int) -> str:
    """Return what stands behind that many commas: a full line goes on in the next, a short one ends a word."""
    text = ""
    left = commas
    for line, full in zip(record.lines, record.cut, strict=True):
        part = line.removesuffix("/")
        if left:
            pieces = part.split(",", left)
            if len(pieces) <= left:
                left -= len(pieces) - (0 if line.endswith("/") else 1)
                continue
            part, left = pieces[left], 0
        text += part if full else part + " "
    return plain(text)


def _checked(code: str) -> None:
    if not _CODE.fullmatch(code):
        raise InvalidInput(f"{values.shown(code)!r} is not a type code")


def printed(text: str) -> Decimal | None:
    """Return an amount as printed, before its decimal point is put in; None for an empty one."""
    if not text:
        return None
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise InvalidInput(f"{values.shown(text)!r} is not an amount in a currency's smallest unit")
    return Decimal(text)


def amount(number: Decimal, currency: str) -> Decimal:
    """Put the decimal point in: two places in USD, none in JPY. A number that has one already stays."""
    if int(number.as_tuple().exponent) < 0:
        return number
    return number.scaleb(-(CURRENCIES.get(currency) or 0))


def direction(code: str) -> Literal["credit", "debit"]:
    """Raise InvalidInput for a code that is neither money in nor money out, as loans' and status codes are."""
    number = int(code)
    for first, last, kind in _RANGES:
        if first <= number <= last:
            return kind
    raise InvalidInput(f"the type code {code} says neither credit nor debit")
