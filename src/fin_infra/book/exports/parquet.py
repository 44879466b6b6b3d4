"""Transactions as Parquet: the columns of the CSV file, days as dates, amounts as decimals without rounding.
Floor 6: pyarrow is loaded here and nowhere else in the book; a part of rows is one row group."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from importlib import import_module
from typing import Any, BinaryIO

from fin_infra.book.exports.rows import Rows
from fin_infra.book.exports.spreadsheet import values_of
from fin_infra.errors import MissingExtra
from fin_infra.imports.statements.delimited.ours import COLUMNS

_NARROW, _WIDE = 38, 76
"""Digits of Arrow's two decimals."""
_LEAST_PLACES = 2


def write_parquet(rows: Rows, out: BinaryIO) -> int:
    """Write a row for each transaction, pending ones too; return how many.

    Amounts are `decimal128(38, n)`, where `n` holds the places of every amount of the file, at least 2; `decimal256` in
    a file that has more digits.
    """
    arrow, parquet = _package("pyarrow"), _package("pyarrow.parquet")
    kinds = {"date": arrow.date32(), "amount": _decimal(arrow, rows.amounts())}
    schema = arrow.schema([(name, kinds.get(name, arrow.string())) for name in COLUMNS])
    count = 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for account in rows.accounts:
            for part in rows.parts(account):
                found = [values_of(rows, account, row) for row in part]
                writer.write_table(arrow.table({name: [row[name] for row in found] for name in COLUMNS}, schema=schema))
                count += len(part)
    return count


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        raise MissingExtra(f"Parquet files need {missing.name}; run: pip install pyarrow") from None


def _decimal(arrow: Any, amounts: Iterable[Decimal]) -> Any:
    """Return the type that holds all of these amounts as they are."""
    places, whole = _LEAST_PLACES, 1
    for amount in amounts:
        places = max(places, -int(amount.as_tuple().exponent))
        whole = max(whole, amount.adjusted() + 1)
    return arrow.decimal128(_NARROW, places) if places + whole <= _NARROW else arrow.decimal256(_WIDE, places)
