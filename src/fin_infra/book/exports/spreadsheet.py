"""Transactions as CSV, in the columns that `fin-infra import` knows by their names.
Floor 6: text that a spreadsheet would take for a formula begins with an apostrophe, which reading takes off again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from typing import Any, BinaryIO

from fin_infra.book.exports.rows import Rows
from fin_infra.book.records import BookAccount, BookTransaction
from fin_infra.imports.statements.delimited.ours import COLUMNS, escaped
from fin_infra.model.frames import Column, Filled, Holds
from fin_infra.model.spreadsheets import to_csv

_BREAKS = re.compile(r"\r\n?")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_KINDS = {"date": Holds.DATE, "amount": Holds.DECIMAL}


def values_of(rows: Rows, account: BookAccount, row: BookTransaction) -> Mapping[str, Any]:
    """Return what stands in the columns of one transaction, also in Parquet."""
    values = (
        rows.marks.row(row.id),
        row.date,
        row.amount.amount,
        row.amount.currency,
        row.status.value,
        row.description,
        row.counterparty,
        row.category,
        row.note,
        rows.marks.account(account.id, account.ending),
        account.name,
    )
    return dict(zip(COLUMNS, values, strict=True))


def write_csv(rows: Rows, out: BinaryIO) -> int:
    """Write a row for each transaction, pending ones too; return how many."""
    written = TextIOWrapper(out, "utf-8", newline="")
    written.write(to_csv(_filled([])))
    count = 0
    for account in rows.accounts:
        for part in rows.parts(account):
            written.write(to_csv(_filled([values_of(rows, account, row) for row in part]), header=False))
            count += len(part)
    written.flush()
    written.detach()
    return count


def _filled(part: Sequence[Mapping[str, Any]]) -> list[Filled]:
    return [_column(name, [row[name] for row in part]) for name in COLUMNS]


def _column(name: str, values: list[Any]) -> Filled:
    holds = _KINDS.get(name, Holds.TEXT)
    if holds is Holds.TEXT:
        values = [value if value is None else escaped(_plain(value)) for value in values]
    return Filled(Column(name, holds, lambda row: row[name]), values)


def _plain(text: str) -> str:
    """Return text with line breaks of one kind and without other control characters, which files cannot have."""
    return _CONTROLS.sub(" ", _BREAKS.sub("\n", text))
