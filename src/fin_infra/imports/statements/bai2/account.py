"""One account of a BAI2 file: its balances, its transactions, and whether they add up.
Floor 4: the day is the group's as-of date; a currency that neither account nor group names is the caller's, or USD.

By the specification the default currency is USD. A value date is not taken for the day of posting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements.bai2 import item
from fin_infra.imports.statements.bai2.record import Record
from fin_infra.imports.statements.base import ReadOptions
from fin_infra.imports.statements.parts import Notes, account_sentence, plain
from fin_infra.imports.statements.proof import CLOSING, OPENING, prove
from fin_infra.imports.statements.text import Text
from fin_infra.imports.statements.values import shown
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.money import Money
from fin_infra.model.statement import Statement, StatementAccount, StatementBalance, StatementLine

_DEFAULT_CURRENCY = "USD"
_KINDS = {"010": OPENING, "015": CLOSING, "030": "interim", "045": "available", "060": "available"}
"""Opening, closing and current ledger; closing and current available."""
_INSTEAD = {"060": "045"}
"""What was available at some time of the day counts only where the day's end is missing."""
_TOTALS = {"100": "credit", "400": "debit"}
_BROKEN = "{} line(s) without a record code are read as text of the transaction before"
_NO_MONEY = "{} record(s) of text only (890) are not read"


class Account:
    """A 03 record at work: transactions come one by one, and `finished` makes the statement."""

    def __init__(self, record: Record, group: tuple[str, str, str], source: Text, options: ReadOptions) -> None:
        """Read the account and its balances.

        Args:
            group: originator, as-of date and currency of the group.

        Raises:
            StatementUnreadable: number, day, currency or a balance cannot be read.
        """
        self.records = record.counted
        """Lines from the 03 on, continuations and trailer counted too."""
        self._source = source
        self._notes = Notes(options)
        self._lines: list[StatementLine] = []
        fields = record.fields()
        try:
            self._at = _day(group[1])
            self._currency = _currency(fields[1].strip() if len(fields) > 1 else "", group[2], self._notes)
            number = plain(fields[0]) or options.account
            if number is None:
                raise InvalidInput(account_sentence("field 2 of 03"))
            self._amounts = item.listed(fields[2:])
        except InvalidInput as error:
            raise source.fault(_sentence(error), record.index) from None
        self._account = StatementAccount(number=number, bank_id=plain(group[0]) or None, currency=self._currency)
        self.total = sum((each.printed for each in self._amounts if each.printed is not None), Decimal())
        """Of all amounts as printed, for the control total."""

    def add(self, record: Record) -> None:
        """Read a 16 record; one that cannot be read ends the import, or is set aside where that is asked."""
        try:
            row = item.transaction(record)
            self.total += row.printed or 0
            line = _line(row, self._currency, self._at, self._source.byte(record.index), self._notes)
        except InvalidInput as error:
            self._notes.set_aside("transaction", self._source.fault(_sentence(error), record.index))
            return
        for _ in range(record.broken):
            self._notes.count(_BROKEN)
        if line:
            self._lines.append(line)

    def finished(self) -> Statement:
        """Raise StatementUnreadable where it does not add up."""
        statement = Statement(
            account=self._account,
            lines=tuple(self._lines),
            balances=tuple(_balances(self._amounts, self._currency, self._at)),
        )
        _summaries(self._amounts, statement, self._notes)
        return prove(replace(statement, warnings=self._notes.warnings()), self._notes.options)


def _sentence(error: InvalidInput) -> str:
    text = str(error)
    return (text[:1].upper() + text[1:]).removesuffix(".")


def _day(text: str) -> date:
    try:
        year = int(text[:2])
        if len(text) not in (6, 8) or not text.isdecimal():
            raise ValueError
        if len(text) == 8:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        return date(2000 + year if year < 80 else 1900 + year, int(text[2:4]), int(text[4:]))
    except ValueError:
        raise InvalidInput(f"{shown(text)!r} is not the as-of date of a group (02), like 260131") from None


def _currency(own: str, group: str, notes: Notes) -> str:
    code = (own or group or notes.options.currency or "").upper()
    if not code:
        notes.say(f"the file names no currency; it is read in {_DEFAULT_CURRENCY}, the default of BAI2")
        return _DEFAULT_CURRENCY
    if code not in CURRENCIES or code in ("XXX", "XTS"):
        raise InvalidInput(f"{shown(code)!r} is not an ISO 4217 currency code")
    return code


def _line(row: item.Transaction, currency: str, at: date, offset: int, notes: Notes) -> StatementLine | None:
    if row.code == item.NO_MONEY:
        notes.count(_NO_MONEY)
        return None
    if row.printed is None:
        raise InvalidInput("a transaction (16) has no amount")
    amount = item.amount(row.printed, currency)
    return StatementLine(
        id=plain(row.bank_reference) or None,
        posted=at,
        amount=Money(-amount if item.direction(row.code) == "debit" else amount, currency),
        description=row.text,
        type_text=row.code,
        reference_number=plain(row.customer_reference) or None,
        offset=offset,
    )


def _balances(amounts: Sequence[item.Listed], currency: str, at: date) -> list[StatementBalance]:
    there = {each.code for each in amounts if each.printed is not None}
    return [
        StatementBalance(amount=Money(item.amount(each.printed, currency), currency), at=at, kind=_KINDS[each.code])
        for each in amounts
        if each.printed is not None and each.code in _KINDS and _INSTEAD.get(each.code) not in there
    ]


def _summaries(amounts: Sequence[item.Listed], statement: Statement, notes: Notes) -> None:
    """Say where total credits or debits are not those of the transactions; some banks report totals only."""
    if notes.aside or not statement.lines:
        return
    for each in amounts:
        kind = _TOTALS.get(each.code)
        if kind is None or each.printed is None:
            continue
        rows = [line.amount for line in statement.lines if line.type_text and item.direction(line.type_text) == kind]
        made = Money.total(rows, statement.account.currency)
        said = item.amount(each.printed, statement.account.currency)
        if abs(made.amount) != abs(said) or each.count not in (None, len(rows)):
            count = "" if each.count is None else f"{each.count} "
            notes.say(
                f"the summary {each.code} says {count}{kind} transactions of {said} in all, and there are "
                f"{len(rows)} of {abs(made)}"
            )
