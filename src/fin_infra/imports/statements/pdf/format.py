"""Statements as PDF: one account's transactions, read by their places on the page and proven by the balances.
Floor 4: what no balance proves is refused with the next step; a scan and a missing password are said to be that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice

from fin_infra.errors import InvalidInput, StatementUnreadable
from fin_infra.imports.statements import values
from fin_infra.imports.statements.base import ReadOptions, StatementFormat
from fin_infra.imports.statements.pdf.days import Printed, dates_in, in_period, order_of, period_of
from fin_infra.imports.statements.pdf.layouts import CARD, CODE, Layout, layout_of
from fin_infra.imports.statements.pdf.pages import Line, read_pages
from fin_infra.imports.statements.pdf.proof import Read, readings
from fin_infra.imports.statements.pdf.table import Balance, Row, read_table
from fin_infra.imports.statements.proof import prove
from fin_infra.model.banking import AccountType
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.money import Money
from fin_infra.model.statement import Statement, StatementAccount, StatementBalance, StatementFile, StatementLine

_HEAD_BYTES = 1024
"""Readers accept some bytes before the mark (PDF 1.7, implementation note 13)."""
_FRONT_PAGES = 2
_MAX_TEXT = 400
"""Characters of a line in which a period or a number is looked for."""
_OTHERWISE = "download it as CSV, OFX or CAMT from the bank"
_PLAIN = ReadOptions()
_IBAN = re.compile(r"\b([A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8})\b")
_NUMBER = re.compile(
    r"(?:account (?:number|no)|a/c no|kontonummer|konto-nr|nummer|numéro de compte|cuenta)[.:]?\s*:?\s*"
    r"([\d*xX][\dxX* -]{2,30}\d)",
    re.I,
)
_CURRENCY = re.compile(r"(?:currency|währung|devise|moneda|valuta)\s*:?\s*([A-Z]{3})\b")
_DEPOSITS = re.compile(
    r"girokonto|che(?:ck|que?)ing|cheq\w* account|current account|savings|compte de chèques|cuenta corriente", re.I
)
_TYPES = ((CARD, AccountType.CREDIT), (_DEPOSITS, AccountType.DEPOSITORY))


class Pdf(StatementFormat):
    title = "PDF (with text, and balances that prove it)"

    def recognizes(self, head: bytes) -> bool:
        return b"%PDF-" in head[:_HEAD_BYTES]

    def read(self, data: bytes, options: ReadOptions = _PLAIN) -> StatementFile:
        pages = read_pages(data, options.password)
        return StatementFile(format="pdf", encoding="pdf", statements=(_Reader(pages, options).statement(),))


@dataclass(frozen=True, slots=True)
class _Days:
    """How a statement's dates are to be read."""

    day_first: bool
    start: date | None
    end: date | None


class _Reader:
    def __init__(self, pages: Iterator[list[Line]], options: ReadOptions) -> None:
        self.options = options
        front = list(islice(pages, _FRONT_PAGES))
        self.front = [line.text[:_MAX_TEXT] for lines in front for line in lines]
        self.layout: Layout | None = layout_of("\n".join(self.front).lower())
        self.table = read_table(chain.from_iterable(chain(front, pages)), self.layout)

    def statement(self) -> Statement:
        if not self.table.titles:
            raise StatementUnreadable(
                f"The PDF shows no table of transactions with a date column and columns of amounts; {_OTHERWISE}."
            )
        if not self.table.rows:
            raise StatementUnreadable(f"The PDF's table of transactions holds none that can be read; {_OTHERWISE}.")
        currency = self._currency()
        type = next((type for mark, type in _TYPES if any(map(mark.search, self.front))), AccountType.UNKNOWN)
        account = StatementAccount(number=self._number(), type=type, currency=currency)
        first, proven = self._likeliest(account)
        read = proven or first
        if read is None:
            raise self._unclear()
        if proven is None and not self.options.accept_difference:
            self._refuse(account, read)
        return prove(self._made(account, read, proven is not None), self.options)

    def _likeliest(self, account: StatementAccount) -> tuple[Read | None, Read | None]:
        """Return the likeliest reading, and the first that the balances prove."""
        bodies = {amount.body for row in self.table.rows for amount in row.amounts}
        mark = self.options.decimal_mark or values.decimal_mark(bodies)
        card = account.type is AccountType.CREDIT
        try:
            first: Read | None = None
            for read in readings(self.table, card=card, currency=account.currency, mark=mark):
                if read.proven:
                    return first or read, read
                first = first or read
            return first, None
        except InvalidInput as error:
            raise StatementUnreadable(f"{error}.") from None

    def _refuse(self, account: StatementAccount, read: Read) -> None:
        """Refuse what no balance proves, with the difference where there is one."""
        if read.opening and read.closing:
            prove(self._made(account, read, proven=False), self.options)
        if read.opening or any(balance is not None for _, _, balance in read.rows):
            raise StatementUnreadable(
                f"The balances of the PDF do not follow from the amounts that were read; {_OTHERWISE}."
            )
        raise StatementUnreadable(f"The PDF prints no balances that prove what was read; {_OTHERWISE}.")

    def _unclear(self) -> StatementUnreadable:
        place = self.table.rows[0].place
        return StatementUnreadable(
            f"The amounts of the PDF's table (from {place}) stand in other places than its titles; {_OTHERWISE}."
        )

    def _made(self, account: StatementAccount, read: Read, proven: bool) -> Statement:
        days = self._days()
        rows = list(reversed(read.rows)) if read.newest_first else list(read.rows)
        dated = [(row, money, balance, self._day(row, days)) for row, money, balance in rows]
        currency = account.currency
        further = tuple(f"a further table of transactions ({line.place}) is not read" for line in self.table.others)
        balances: list[StatementBalance] = []
        for kind, around, at in (("opening", read.opening, days.start), ("ledger", read.closing, days.end)):
            if around is not None:
                day = self._on(around[1], days) or at
                balances.append(StatementBalance(amount=Money(around[0], currency), at=day, kind=kind))
        _, _, last, day = dated[-1]
        if read.closing is None and last is not None:
            balances.append(StatementBalance(amount=Money(last, currency), at=day, kind="ledger"))
        return Statement(
            account=account,
            lines=tuple(self._line(row, Money(money, currency), day) for row, money, _, day in dated),
            balances=tuple(balances),
            start=days.start,
            end=days.end,
            left_out=further,
            warnings=further if proven else (*further, "no balance of the PDF proves the amounts that were read"),
        )

    def _line(self, row: Row, amount: Money, day: date) -> StatementLine:
        return StatementLine(
            id=None,
            posted=day,
            amount=amount,
            description=row.texts[0] if row.texts else "",
            memo=" ".join(row.texts[1:]) or None,
            place=row.place,
        )

    def _days(self) -> _Days:
        start, end = period_of(self.front)
        printed = [row.day for row in self.table.rows if row.day] + [each for each in (start, end) if each]
        said = self.layout.day_first if self.options.day_first is None and self.layout else self.options.day_first
        order = order_of(printed) if said is None else said
        if order is None:
            raise StatementUnreadable(
                "Some dates of the PDF have the day first and others the month; say which, as in day_first=True."
            )
        if isinstance(order, Printed):
            year = order.year or (end.year if end and end.year else None) or 2000
            raise StatementUnreadable(
                f"A date may be {order.on(year, True)} or {order.on(year, False)}, and no other date of the PDF tells; "
                "say day_first=True for the first reading, day_first=False for the second."
            )
        last = end.on(end.year, order) if end and end.year else None
        first = in_period(start, order, None, last) if start and last else None
        return _Days(order, first if first and last and first <= last else None, last)

    def _day(self, row: Row, days: _Days) -> date:
        found = in_period(row.day, days.day_first, days.start, days.end) if row.day else None
        if found is None:
            what = "has no date" if row.day is None else "prints a date that has no year or is not of the calendar"
            raise StatementUnreadable(
                f"The transaction on {row.place} {what}, and the statement names no period; {_OTHERWISE}."
            )
        return found

    def _on(self, balance: Balance, days: _Days) -> date | None:
        """Return the day that a balance's own line names."""
        found = [each.on(each.year, days.day_first) for each in dates_in(balance.line.text) if each.year]
        return found[0] if found else None

    def _currency(self) -> str:
        titles = [
            match[1] for title in self.table.money for match in CODE.finditer(title.text) if match[1] in CURRENCIES
        ]
        if titles:
            return titles[0]
        if self.layout is not None:
            return self.layout.currency
        said = [match[1] for text in self.front if (match := _CURRENCY.search(text)) and match[1] in CURRENCIES]
        if said:
            return said[0]
        if self.options.currency is None:
            raise StatementUnreadable("The PDF does not name its currency; give it, as in currency='EUR'.")
        return self.options.currency

    def _number(self) -> str:
        for text in self.front:
            match = _IBAN.search(text)
            iban = str(match[1]).replace(" ", "") if match else ""
            while len(iban) > 14:  # the next word may have been taken for its end
                if _is_iban(iban):
                    return iban
                iban = iban[:-1]
        for text in self.front:
            if match := _NUMBER.search(text):
                return " ".join(str(match[1]).split())
        said = self.options.account
        if said is None:
            raise StatementUnreadable("The PDF names no account number; say it, as in account='12345678'.")
        return said


def _is_iban(text: str) -> bool:
    """Tell whether the check digits are right (ISO 13616): with its first four signs behind it, it is 1 modulo 97."""
    turned = text[4:] + text[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1
