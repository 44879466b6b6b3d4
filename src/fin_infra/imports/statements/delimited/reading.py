"""A table and its layout made into statements: one for each account, currency and pot that the rows name.
Floor 4: the running balance is the proof; where the file names neither account nor currency, the caller says them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from fin_infra.imports.statements import values
from fin_infra.imports.statements.delimited.amounts import named_currency
from fin_infra.imports.statements.delimited.body import Body
from fin_infra.imports.statements.delimited.chain import Chain, follow
from fin_infra.imports.statements.delimited.layout import Column
from fin_infra.imports.statements.delimited.rows import RowReader, Rows
from fin_infra.imports.statements.delimited.table import plain
from fin_infra.imports.statements.proof import prove
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.money import Money
from fin_infra.model.statement import Statement, StatementAccount, StatementBalance

_MASKED = re.compile(r"\*|\.\.\.|[Xx]{3}|•")
Pot = tuple[str, str, str | None]
"""Account number, currency and product."""


class Reading:
    """One file at work."""

    def __init__(self, body: Body, above: Sequence[Sequence[str]]) -> None:
        self.body = body
        self.layout = body.layout
        self.options = body.options
        self.above = above
        self.rows = RowReader(body)

    def statements(self) -> list[Statement]:
        body = self.body
        body.sort()
        if not body.posted and not body.pending:
            raise body.table.fault(
                "The file has column names and not one transaction under them; export a period that has some",
                body.start,
            )
        currency = self._currency()
        posted, pending = self.rows.rows(body.posted, currency), self.rows.rows(body.pending, currency)
        self.rows.check_last(posted)
        return [self._statement(*each) for each in self._pots(posted, pending, currency)]

    # What the rows are about.

    def _currency(self) -> str | None:
        """Return the currency that all rows are in, where it is not a column's."""
        layout = self.layout
        if layout.currency in self.body.at:
            return None
        if layout.fixed_currency:
            return layout.fixed_currency
        printed = {self._printed_currency(column) for column in self.rows.money_columns()} - {None}
        if len(printed) == 1:
            return printed.pop()
        said = self.options.currency
        if said is None:
            raise self.body.table.fault(
                "The file does not name its currency; give it, as in currency='EUR' (--currency EUR)", self.body.start
            )
        return said

    def _printed_currency(self, column: Column) -> str | None:
        """Return the currency that a column prints beside its amounts, or in its name."""
        if isinstance(column, str) and (named := named_currency(column)):
            return named
        cells = self.body.column(column, self.body.posted[:200]) or []
        found = {named_currency(cell) for cell in cells if cell.strip()}
        return found.pop() if len(found) == 1 else None

    def _pots(self, posted: Rows, pending: Rows, currency: str | None) -> list[tuple[Pot, Rows, Rows]]:
        """Return the rows of each account, currency and product, in the order in which they first appear."""
        layout = self.layout
        if not any(column in self.body.at for column in (layout.account, layout.product, layout.currency)):
            return [((self._number(), currency or "", None), posted, pending)]
        keys = [self._keys(rows.numbers, currency) for rows in (posted, pending)]
        every = list(dict.fromkeys(pot for each in keys for pot in each if pot is not None))
        if len(every) == 1 and not any(None in each for each in keys):
            return [(every[0], posted, pending)]
        parts = [_parts(rows, each) for rows, each in zip((posted, pending), keys, strict=True)]
        nothing = posted.only(())
        return [(pot, parts[0].get(pot, nothing), parts[1].get(pot, nothing)) for pot in every]

    def _keys(self, numbers: Sequence[int], currency: str | None) -> list[Pot | None]:
        """Return what each row belongs to; None for one whose account or currency cannot be read."""
        body, layout, count = self.body, self.layout, len(numbers)
        accounts = body.column(layout.account, numbers)
        products = body.column(layout.product, numbers) or [""] * count
        currencies = body.column(layout.currency, numbers)
        number: str | None = None if accounts or not count else self._number()
        cells = list(zip(accounts or [""] * count, currencies or [""] * count, products, strict=True))
        known: dict[tuple[str, str, str], Pot | None] = {}
        for row, key in zip(numbers, cells, strict=True):
            if known.get(key) is None:
                account: str | None = _unquoted(key[0]) or self.options.account if accounts else number
                code: str | None = self._code(key[1], row) if currencies else currency
                if account is None:
                    body.fault("A row names no account; say it, as in account='12345678' (--account)", row, way=False)
                known[key] = (account, code, _unquoted(key[2])) if account and code else None
        return [known[key] for key in cells]

    def _code(self, text: str, row: int) -> str | None:
        code = named_currency(text) or text.strip().upper()
        if code in CURRENCIES and code not in ("XXX", "XTS"):
            return code
        if not text.strip() and self.options.currency:
            return self.options.currency
        self.body.fault(f"{values.shown(text.strip())!r} is not an ISO 4217 currency code", row)
        return None

    def _number(self) -> str:
        """Return the account number that stands above the column names, or what the caller says."""
        labels = {plain(label).rstrip(" :") for label in self.layout.account_label}
        masked: str | None = None
        for row in self.above:
            cells = [cell for cell in row if cell.strip()]
            if len(cells) == 1 and ":" in cells[0]:
                cells = list(cells[0].partition(":")[::2])
            if len(cells) > 1 and plain(cells[0]).rstrip(" :") in labels:
                number = cells[1].split("/")[0].strip()
                if _MASKED.search(number) is None:
                    return number
                masked = number
        said = self.options.account or masked
        if said is None:
            raise self.body.table.fault(
                "The file does not name its account; say it, as in account='12345678' (--account 12345678)",
                self.body.start,
            )
        return said

    # What becomes of them.

    def _statement(self, pot: Pot, posted: Rows, pending: Rows) -> Statement:
        number, currency, product = pot
        chain = follow(posted.amounts, posted.balances)
        printed = any(balance is not None for balance in pending.balances)
        if printed and chain is not None and not chain.holds:
            together = _joined(posted, pending)
            joined = follow(together.amounts, together.balances)
            if joined is not None and joined.holds:
                posted, pending, chain = together, replace(pending, numbers=[], amounts=[], balances=[]), joined
                self.body.say("pending rows are in the running balance, and so are read as posted")
        if chain is not None and 0 < chain.broken < len(posted.numbers) - 1:
            self.body.say(f"{chain.broken} running balance(s) do not follow from the amounts")
        layout = self.layout
        account = StatementAccount(
            number=number,
            type=layout.type,
            type_text=product,
            currency=currency,
            institution=layout.institution,
        )
        texts, booked, announced = self.rows.texts, posted.transactions(), self._dated(pending).transactions()
        statement = Statement(
            account=account,
            lines=tuple(texts.lines(booked.numbers, booked.amounts, currency)),
            pending=tuple(texts.lines(announced.numbers, announced.amounts, currency)),
            balances=tuple(self._balances(posted, chain, currency)),
        )
        # A chain that holds is a proof of each step, and so of the sum.
        return statement if chain is not None and chain.holds else prove(statement, self.options)

    def _balances(self, rows: Rows, chain: Chain | None, currency: str) -> Iterable[StatementBalance]:
        if chain is None:
            return
        days = [self.body.day(row) for row in (rows.numbers[0], rows.numbers[-1])]
        oldest_first = chain.oldest_first
        if oldest_first is None:
            every = [day for row in rows.numbers if (day := self.body.day(row)) is not None]
            days, oldest_first = [min(every), max(every)], True
        first, last = days if oldest_first else days[::-1]
        if len(rows.numbers) > 1 and not (self.body.bad and not chain.holds):
            yield StatementBalance(amount=Money(chain.opening, currency), at=first, kind="opening")
        yield StatementBalance(amount=Money(chain.closing, currency), at=last, kind="ledger")

    def _dated(self, pending: Rows) -> Rows:
        """Leave out pending rows that have no day at all."""
        kept = [index for index, row in enumerate(pending.numbers) if self.body.day(row) is not None]
        if len(kept) == len(pending.numbers):
            return pending
        self.body.left_out.append(f"{len(pending.numbers) - len(kept)} pending transaction(s) without a day not read")
        self.body.say(self.body.left_out[-1])
        return pending.only(kept)


def _unquoted(text: str) -> str | None:
    """Return a cell without the quote that keeps spreadsheets from reading it as a number."""
    return text.strip().strip("'\"").strip() or None


def _parts(rows: Rows, keys: Sequence[Pot | None]) -> dict[Pot, Rows]:
    """Return the rows of each pot."""
    found: dict[Pot, list[int]] = {}
    for index, key in enumerate(keys):
        if key is not None:
            found.setdefault(key, []).append(index)
    return {pot: rows.only(chosen) for pot, chosen in found.items()}


def _joined(one: Rows, other: Rows) -> Rows:
    every = sorted(
        (
            *zip(one.numbers, one.amounts, one.balances, strict=True),
            *zip(other.numbers, other.amounts, other.balances, strict=True),
        ),
        key=lambda row: row[0],
    )
    return Rows(
        [row[0] for row in every], [row[1] for row in every], [row[2] for row in every], one.remarks | other.remarks
    )
