"""Transactions as beancount text: accounts with their openings, commodities, and a balanced entry for each row.
Floor 6: text only, nothing of beancount is used; the other side of a row is its category, or a transfer's equity."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from io import TextIOWrapper
from typing import BinaryIO

from fin_infra.book.exports.rows import Rows
from fin_infra.book.records import BookAccount, BookTransaction
from fin_infra.model import AccountType, TransactionStatus

_TRANSFERS = "Equity:Transfers"
_HEAD = "; Transactions of fin-infra. The other side of each entry is its category, or a transfer.\n"
_NO_LETTERS = re.compile(r"[^A-Za-z0-9]+")
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def write_beancount(rows: Rows, out: BinaryIO) -> int:
    """Write an entry for each transaction, pending ones marked `!`; return how many."""
    written = TextIOWrapper(out, "utf-8", newline="\n")
    written.write(_HEAD)
    ledger = _Ledger(rows)
    count = 0
    for account in rows.accounts:
        for part in rows.parts(account):
            for row in part:
                written.write(ledger.entry(account, row))
            count += len(part)
    written.writelines(ledger.directives())
    written.flush()
    written.detach()
    return count


@dataclass(slots=True)
class _Ledger:
    """One file at work: the names that its entries use, which are opened at its end, as beancount allows."""

    rows: Rows
    used: set[str] = field(default_factory=set[str])

    def entry(self, account: BookAccount, row: BookTransaction) -> str:
        flag = "!" if row.status is TransactionStatus.PENDING else "*"
        payee = f"{_text(row.counterparty)} " if row.counterparty else ""
        link = f" ^transfer-{min(row.id, row.linked_id)}" if row.linked_id is not None else ""
        lines = [f"\n{row.date} {flag} {payee}{_text(row.description)}{link}"]
        lines.append(f"  id: {_text(self.rows.marks.row(row.id))}")
        lines.append(f"  category: {_text(row.category)}")
        if row.note:
            lines.append(f"  note: {_text(row.note)}")
        currency = row.amount.currency
        postings = [(_name(account), row.amount.amount), *self._other_side(row)]
        lines += [f"  {name}  {amount:f} {currency}" for name, amount in postings]
        return "\n".join(lines) + "\n"

    def _other_side(self, row: BookTransaction) -> Iterator[tuple[str, Decimal]]:
        """Yield what makes the entry balance: the parts of a split, and what they leave."""
        left = row.amount.amount
        for part in row.split:
            yield self._named(part.category, part.amount.amount), -part.amount.amount
            left -= part.amount.amount
        if left or not row.split:
            yield self._named(row.category if row.linked_id is None else _TRANSFERS, left), -left

    def _named(self, category: str, amount: Decimal) -> str:
        if category != _TRANSFERS:
            category = f"{'Income' if amount > 0 else 'Expenses'}:{_component(category) or 'Uncategorized'}"
        self.used.add(category)
        return category

    def directives(self) -> Iterator[str]:
        """Yield the openings and the commodities, as of the first day of which the file tells."""
        spans = self.rows.spans
        first = min((span.first for span in spans), default=self.rows.now.date())
        yield "\n"
        for account in self.rows.accounts:
            mine = [span.first for span in spans if span.account is account]
            yield f"{min(mine, default=first)} open {_name(account)}\n"
            yield from (f"  {name}: {_text(value)}\n" for name, value in self._about(account))
        yield from (f"{first} open {name}\n" for name in sorted(self.used))
        yield from self._commodities(first)

    def _about(self, account: BookAccount) -> Iterator[tuple[str, str]]:
        yield "id", self.rows.marks.account(account.id, account.ending)
        yield "name", account.name
        if account.institution:
            yield "institution", account.institution

    def _commodities(self, first: date) -> Iterator[str]:
        every = {span.currency for span in self.rows.spans}
        yield from (f"{first} commodity {currency}\n" for currency in sorted(every))


def _name(account: BookAccount) -> str:
    """Return the account's name in the ledger; its id makes it one of its own."""
    root = "Liabilities" if account.type in (AccountType.CREDIT, AccountType.LOAN) else "Assets"
    return f"{root}:{_component(account.name) or 'Account'}-{account.id}"


def _component(text: str) -> str:
    """Return text as a part of an account's name: letters, digits and hyphens, a capital or a digit in front."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    found = _NO_LETTERS.sub("-", plain).strip("-")
    return found[:1].upper() + found[1:60].rstrip("-")


def _text(text: str) -> str:
    """Return text in quotes."""
    return f'"{_CONTROLS.sub(" ", text).translate(_ESCAPED)}"'
