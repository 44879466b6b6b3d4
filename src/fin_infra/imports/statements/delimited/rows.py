"""The amounts and balances of a file's rows, with the sign that its layout gives them.
Floor 4: money out is negative; what says neither way, or both, is a fault of its row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import repeat
from operator import is_
from typing import cast

from fin_infra.imports.statements import values
from fin_infra.imports.statements.delimited.amounts import Fault, Mark, Marks, decide_mark, read_amounts, read_exact
from fin_infra.imports.statements.delimited.body import Body, cut_off
from fin_infra.imports.statements.delimited.layout import Column
from fin_infra.imports.statements.delimited.table import plain
from fin_infra.imports.statements.delimited.texts import Texts

_BALANCE_WORDS = re.compile(r"balance|saldo|solde|kontostand|carried|brought|total", re.I)
_ZERO = Decimal(0)


@dataclass(slots=True)
class Rows:
    """The transactions of one kind, posted or pending, with what every statement needs of them."""

    numbers: Sequence[int]
    amounts: list[Decimal]
    balances: list[Decimal | None]
    remarks: set[int]
    """Rows that print a balance and no amount: an opening balance is not a transaction."""

    def transactions(self) -> Rows:
        """Return the rows without those that only print a balance."""
        if not self.remarks:
            return self
        return self.only([index for index, row in enumerate(self.numbers) if row not in self.remarks])

    def only(self, chosen: Sequence[int]) -> Rows:
        """Return the rows at these places."""
        return Rows(
            [self.numbers[index] for index in chosen],
            [self.amounts[index] for index in chosen],
            [self.balances[index] for index in chosen],
            self.remarks,
        )


class RowReader:
    """What reads the rows of one file, posted and pending ones."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.layout = body.layout
        self.options = body.options
        self.texts = Texts(body)

    def rows(self, numbers: Sequence[int], currency: str | None) -> Rows:
        """Read amounts and balances; rows at fault are left out where the caller asked for that."""
        body, layout = self.body, self.layout
        amounts = self._amounts(numbers, currency)
        balances = self._balances(numbers, currency)
        if layout.balance_owed:
            balances = [None if balance is None else -balance for balance in balances]
        if not body.bad and not any(map(is_, amounts, repeat(None))):
            return Rows(numbers, cast("list[Decimal]", amounts), balances, set())
        texts = self.texts.first(layout.description, numbers)
        remarks: set[int] = set()
        for index, (row, amount) in enumerate(zip(numbers, amounts, strict=True)):
            if amount is None and row not in body.bad:
                if balances[index] is not None and (not texts[index] or _BALANCE_WORDS.search(texts[index])):
                    remarks.add(row)
                elif not texts[index] and balances[index] is None:
                    body.bad.add(row)
                else:
                    body.fault("A row has a day and no amount", row)
        kept = [index for index, row in enumerate(numbers) if row not in body.bad]
        return Rows(
            [numbers[index] for index in kept],
            [amounts[index] or _ZERO for index in kept],
            [balances[index] for index in kept],
            remarks,
        )

    def _balances(self, numbers: Sequence[int], currency: str | None) -> list[Decimal | None]:
        """Read the balances; a row is not lost for its balance where the caller lets rows be set aside."""

        def fault(index: int, message: str) -> None:
            if not self.options.skip_unreadable:
                self.body.fault(message, numbers[index])
            self.body.say(f"a balance is set aside: {message} (at {self.body.table.place(numbers[index])})")

        return self._cells(self.layout.balance, numbers, currency, fault) or _none(numbers)

    def _amounts(self, numbers: Sequence[int], currency: str | None) -> list[Decimal | None]:
        layout = self.layout
        if layout.amount is not None:
            found = self._cells(layout.amount, numbers, currency) or _none(numbers)
            if layout.indicator in self.body.at:
                found = self._by_word(found, numbers)
            if layout.sign == "inverted":
                found = [amount and -amount for amount in found]
        else:
            debits = self._cells(layout.debit, numbers, currency) or _none(numbers)
            credits = self._cells(layout.credit, numbers, currency) or _none(numbers)
            found = self._two(debits, credits, numbers)
        fees = self._cells(layout.fee, numbers, currency)
        if fees and any(fees):
            self.body.say("fees in a column of their own are taken off the amounts")
            found = [
                None if amount is None else amount - (fee or _ZERO) for amount, fee in zip(found, fees, strict=True)
            ]
        return found

    def _two(
        self, debits: Sequence[Decimal | None], credits: Sequence[Decimal | None], numbers: Sequence[int]
    ) -> list[Decimal | None]:
        """Join a column of money out and one of money in. In either, the other sign is a refund, unless all have it."""
        absolute = self.layout.sign == "absolute"
        signed = not absolute and any(debits) and all(not debit or debit < 0 for debit in debits)
        found: list[Decimal | None] = []
        for row, debit, credit in zip(numbers, debits, credits, strict=True):
            if debit and credit:
                self.body.fault("A row has money out and money in at once", row)
                found.append(None)
            elif debit:
                found.append(-abs(debit) if absolute else debit if signed else -debit)
            elif credit:
                found.append(abs(credit) if absolute else credit)
            else:
                found.append(None if debit is None and credit is None else _ZERO)
        return found

    def _by_word(self, amounts: list[Decimal | None], numbers: Sequence[int]) -> list[Decimal | None]:
        layout = self.layout
        words = self.body.column(layout.indicator, numbers) or []
        out, into = {plain(word) for word in layout.money_out}, {plain(word) for word in layout.money_in}
        ways = {text: -1 if plain(text) in out else 1 if plain(text) in into else 0 for text in set(words)}
        found: list[Decimal | None] = []
        for row, word, amount in zip(numbers, words, amounts, strict=True):
            way = ways[word]
            if not way and amount is not None:
                self.body.fault(f"{values.shown(word)!r} says neither money in nor money out", row)
            found.append(amount if amount is None or layout.sign != "absolute" else amount * way)
        return found

    def _cells(
        self, column: Column | None, numbers: Sequence[int], currency: str | None, fault: Fault | None = None
    ) -> list[Decimal | None] | None:
        texts = self.body.column(column, numbers)
        if texts is None or column is None:
            return None

        def row_fault(index: int, message: str) -> None:
            if numbers[index] not in self.body.bad:
                self.body.fault(message, numbers[index])

        if self.layout.exact:
            return read_exact(texts, fault or row_fault)
        return read_amounts(texts, currency, self._marks(column, texts), fault or row_fault)

    def _marks(self, column: Column, texts: list[str]) -> Marks:
        """Return the decimal mark of a column: as said, as its clear amounts agree, or as the other columns have it."""
        marks = decide_mark(texts)
        said = self.options.decimal_mark
        if said is not None:
            return Marks(said, plain=marks.plain and marks.mark in (None, said))
        if marks.mixed:
            self.body.say(
                f"the amounts of column {column!r} have points and commas as decimal mark; each is read by itself"
            )
            return marks
        if marks.mark is not None or marks.plain:
            return marks
        others: set[Mark] = set()
        for other in self.money_columns():
            mark = decide_mark(self.body.column(other, self.body.posted) or []).mark
            if mark is not None:
                others.add(mark)
        only: Mark | None = others.pop() if len(others) == 1 else self.layout.decimal_mark
        return Marks(only)

    def check_last(self, posted: Rows) -> None:
        """Refuse a file that ends in the middle of its last amount, as half a file does."""
        table = self.body.table
        if not posted.numbers or table.source.text.endswith(("\n", "\r")) or posted.numbers[-1] != len(table.rows) - 1:
            return
        last = max(self.body.at.values())
        if not any(self.body.at[column] == last for column in self.money_columns()):
            return
        places = {_places(table.rows[row][last]) for row in posted.numbers[:-1] if table.rows[row][last].strip()}
        if len(places) == 1 and len(posted.numbers) > 2 and _places(table.rows[-1][last]) < places.pop():
            raise cut_off(table, len(table.rows) - 1)

    def money_columns(self) -> list[Column]:
        layout = self.layout
        wanted = (layout.amount, layout.debit, layout.credit, layout.balance)
        return [column for column in wanted if column is not None and column in self.body.at]


def _none(numbers: Sequence[int]) -> list[Decimal | None]:
    return [None] * len(numbers)


def _places(text: str) -> int:
    """Return how many digits stand behind the last mark of an amount."""
    text = text.strip()
    at = max(text.rfind("."), text.rfind(","))
    return len(text) - 1 - at if at >= 0 else 0
