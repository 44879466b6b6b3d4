"""The texts of a file's rows, and the transactions that they and the amounts make.
Floor 4: texts have single spaces and no control characters; a cell that begins like a formula is one, too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements import values
from fin_infra.imports.statements.delimited.body import Body
from fin_infra.imports.statements.delimited.build import many, money
from fin_infra.imports.statements.delimited.layout import Column
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.statement import StatementCounterparty, StatementLine

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x9f]+")


class Texts:
    """What reads the texts of one file."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.layout = body.layout

    def lines(self, numbers: Sequence[int], amounts: list[Decimal], currency: str) -> list[StatementLine]:
        body, layout = self.body, self.layout
        if not numbers:
            return []
        tight = isinstance(numbers, range)
        offsets, read = body.table.offsets, body.days.read
        days = (
            [body.day(row) for row in numbers]
            if not self._plain_days(numbers)
            else list(map(body.days.seen.__getitem__, body.column(layout.date, numbers) or []))
        )
        occurred = body.column(layout.occurred, numbers)
        described = self.first(layout.description, numbers)
        columns: dict[str, Iterable[object]] = {
            "posted": days,
            "amount": money(amounts, currency),
            "description": described,
            "offset": offsets[numbers[0] : numbers[-1] + 1] if tight else [offsets[number] for number in numbers],
        }
        for name in ("id", "type_text", "check_number", "reference"):
            if texts := self._one(getattr(layout, name), numbers):
                columns["reference_number" if name == "reference" else name] = texts
        columns.setdefault("id", [None] * len(numbers))
        if layout.memo:
            memos = self._joined_text(layout.memo, numbers)
            columns["memo"] = [memo if memo != text else None for memo, text in zip(memos, described, strict=True)]
        if occurred:
            columns["occurred"] = [read(text) if text.strip() else None for text in occurred]
        if layout.original_currency in body.at:
            columns |= self._foreign(numbers, currency)
        if numbers_of_others := self._one(layout.counterparty, numbers):
            banks = self._one(layout.counterparty_bank, numbers) or [None] * len(numbers)
            columns["counterparty"] = [
                StatementCounterparty(number=number, bank_id=bank) if number else None
                for number, bank in zip(numbers_of_others, banks, strict=True)
            ]
        return many(StatementLine, len(numbers), columns)

    def _plain_days(self, numbers: Sequence[int]) -> bool:
        at, rows, read = self.body.at[self.layout.date], self.body.table.rows, self.body.days.read
        return not self.body.pending or all(read(rows[row][at]) is not None for row in numbers)

    def _foreign(self, numbers: Sequence[int], currency: str) -> dict[str, Iterable[object]]:
        """Return the currency that a row was converted from, and the rate, where the file prints them."""
        codes = self._one(self.layout.original_currency, numbers) or []
        rates = self._one(self.layout.rate, numbers) or [None] * len(numbers)
        foreign = [code if code in CURRENCIES and code != currency else None for code in codes]
        return {
            "original_currency": foreign,
            "rate": [
                _rate(rate, self.layout.decimal_mark) if code and rate else None
                for code, rate in zip(foreign, rates, strict=True)
            ],
        }

    def _clean(self, texts: list[str]) -> list[str]:
        """Return texts with single spaces and without control characters; most columns have nothing to clean."""
        joined = "|".join(texts)
        if joined.isprintable():
            if not (
                "  " in joined or " |" in joined or "| " in joined or joined.startswith(" ") or joined.endswith(" ")
            ):
                return texts
        else:
            texts = [_CONTROL.sub(" ", text) for text in texts]
        return [" ".join(text.split()) for text in texts]

    def _one(self, column: Column | None, numbers: Sequence[int]) -> list[str | None] | None:
        texts = self.body.column(column, numbers)
        return None if texts is None else [text or None for text in self._clean(texts)]

    def first(self, columns: Sequence[Column], numbers: Sequence[int]) -> list[str]:
        """Return the first of the columns that is not empty, for each row."""
        found = [""] * len(numbers)
        for column in columns:
            texts = self.body.column(column, numbers)
            if texts is None:
                continue
            if self.layout.exact:
                texts = [text.removeprefix("'") for text in texts]
            cleaned = self._clean(texts)
            found = cleaned if column == columns[0] else [old or new for old, new in zip(found, cleaned, strict=True)]
        return found

    def _joined_text(self, columns: Sequence[Column], numbers: Sequence[int]) -> list[str | None]:
        cleaned = [self._clean(texts) for column in columns if (texts := self.body.column(column, numbers)) is not None]
        if not cleaned:
            return [None] * len(numbers)
        if len(cleaned) == 1:
            return [text or None for text in cleaned[0]]
        return [" ".join(filter(None, dict.fromkeys(parts))) or None for parts in zip(*cleaned, strict=True)]


def _rate(text: str, mark: str | None) -> Decimal | None:
    try:
        return values.number(text, mark)
    except InvalidInput:
        return None
