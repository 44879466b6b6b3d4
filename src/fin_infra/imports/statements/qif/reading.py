"""What reads the values of one QIF file, and remembers what about them has to be said.
Floor 4: a first pass over all dates and numbers decides how the file prints them, before one of them is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeVar

from fin_infra.errors import InvalidInput, StatementUnreadable
from fin_infra.imports.statements import values
from fin_infra.imports.statements.base import ReadOptions
from fin_infra.imports.statements.qif.days import DayOrder, day
from fin_infra.imports.statements.qif.kinds import ACCOUNTS, SECURITIES, holds_transactions, list_of
from fin_infra.imports.statements.qif.records import Header, Record, parts
from fin_infra.imports.statements.text import Text
from fin_infra.model.money import Money

T = TypeVar("T")

_MONEY = ("T", "U", "$", "O")
_NUMBERS = ("I", "Q")
_UNCLEAR = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_FRACTION = re.compile(r"([0-9]{1,9}) ([0-9]{1,3})/(2|4|8|16|32|64|128)")
"""Prices before 2001: `50 1/2`."""


class Reading:
    """A file at work: how it prints days and numbers, and the symbols of its securities."""

    def __init__(self, source: Text, options: ReadOptions) -> None:
        self.source = source
        self.options = options
        self.symbols: dict[str, str] = {}
        order = DayOrder(source, options.day_first)
        money: set[str] = set()
        numbers: set[str] = set()
        kind = ""
        for part in parts(source):
            if isinstance(part, Header):
                kind = list_of(part)
                order.option(part.word)
            elif kind == ACCOUNTS:
                order.see(part.text("/"), part.at("/"))
            elif kind == SECURITIES:
                self._symbol(part)
            elif holds_transactions(kind):
                self._printed(part, order, money, numbers)
        self.day_first = order.day_first()
        self.money_mark = options.decimal_mark or values.decimal_mark(money)
        self.number_mark = options.decimal_mark or values.decimal_mark(numbers) or self.money_mark

    def _symbol(self, record: Record) -> None:
        name, symbol = record.text("N"), record.text("S")
        if name and symbol:
            self.symbols.setdefault(name, symbol)

    def _printed(self, record: Record, order: DayOrder, money: set[str], numbers: set[str]) -> None:
        for letter, text, index in record.fields:
            if letter == "D":
                order.see(text, index)
            elif letter in _MONEY:
                money.add(text)
            elif letter in _NUMBERS:
                numbers.add(text)

    def fault(self, message: str, index: int) -> StatementUnreadable:
        return self.source.fault(message, index)

    def set_aside(self, error: StatementUnreadable, what: str = "transaction") -> str:
        """Return what to say about a row that is left out, where the caller asked for that; else refuse the file."""
        if not self.options.skip_unreadable:
            known = "decimal_mark" in error.reason or "day_first" in error.reason
            hint = "" if known else f"; skip_unreadable=True sets that {what} aside"
            raise StatementUnreadable(f"{error.reason[:-1]}{hint}.", error.offset, error.line)
        return f"a {what} is set aside: {error}"

    def day(self, record: Record, letter: str = "D") -> date:
        text = record.text(letter)
        if text is None:
            raise self.fault("A transaction has no date (D); export the file again", record.index)
        return self._read(lambda: day(text, self.day_first), record.at(letter))

    def amount(self, text: str, currency: str, index: int) -> Money:
        mark = self.money_mark if _UNCLEAR.fullmatch(text) else None
        return Money(self._read(lambda: values.amount(text, currency, mark), index), currency)

    def number(self, record: Record, letter: str) -> Decimal | None:
        text = record.text(letter)
        if text is None:
            return None
        if fraction := _FRACTION.fullmatch(text):
            whole, part, of = (Decimal(group) for group in fraction.groups())
            return whole + part / of
        mark = self.number_mark if _UNCLEAR.fullmatch(text) else None
        return self._read(lambda: values.number(text, mark), record.at(letter))

    def total(self, record: Record, currency: str) -> Money | None:
        """Return the amount of a transaction: T, or U, which Quicken prints beside it and which has room for more."""
        found: dict[Decimal, Money] = {}
        for letter, text, index in record.fields:
            if letter in ("T", "U") and text:
                money = self.amount(text, currency, index)
                found[money.amount] = money
                if len(found) > 1:
                    raise self.fault("A transaction has two amounts (T and U): two of them ran together", index)
        return next(iter(found.values()), None)

    def _read(self, reading: Callable[[], T], index: int) -> T:
        try:
            return reading()
        except InvalidInput as error:
            raise self.fault(str(error), index) from None
