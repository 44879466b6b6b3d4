"""Time the CSV import: 100,000 rows of a known bank and of an unknown one, against the csv module on the same bytes.

Run: python benchmarks/delimited.py [rows]. Prints medians of rounds taken in turns; trust the ratios, not the seconds.
The peers are the csv module's two readers, which split the rows and convert nothing, and the shortest script that makes
a day, an amount and a balance of each row.
"""

from __future__ import annotations

import csv
import io
import sys
from datetime import date
from decimal import Decimal

from ofx import medians

from fin_infra.imports.statements import read_statement

_KNOWN = "Details,Posting Date,Description,Amount,Type,Balance,Check or Slip #\n"
_UNKNOWN = "Kind,Posting Date,Description,Amount,Sort,Balance,Voucher\n"


def body(rows: int) -> str:
    """Write a checking account's rows with a running balance."""
    lines: list[str] = []
    cents = 0
    for n in range(rows):
        change = 500_000 if n % 7 == 0 else -(n % 900) * 100 - n % 100
        cents += change
        day = f"{1 + n % 12:02}/{1 + n % 28:02}/2026"
        lines.append(f'DEBIT,{day},"CORNER SHOP {n % 300} CARD",{change / 100:.2f},DEBIT_CARD,{cents / 100:.2f},,\n')
    return "".join(lines)


def split(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def named(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def converted(data: bytes) -> list[tuple[object, ...]]:
    return [
        (date(int(row[1][6:]), int(row[1][:2]), int(row[1][3:5])), row[2], Decimal(row[3]), Decimal(row[5]))
        for row in split(data)[1:]
    ]


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    text = body(rows)
    known, unknown = (_KNOWN + text).encode(), (_UNKNOWN + text).encode()
    read = sum(len(each.lines) for each in read_statement(known, account="1").statements)
    if read != rows:
        raise SystemExit(f"{read} rows read of {rows}: the times below would mean nothing")
    bare, by_name, script, *ours = medians(
        [
            lambda: split(known),
            lambda: named(known),
            lambda: converted(known),
            lambda: read_statement(known, account="1"),
            lambda: read_statement(unknown, account="1", currency="USD"),
        ]
    )
    print(f"{rows} rows, {len(known) / 1e6:.1f} MB")
    print(f"csv.reader, no values          {bare:7.3f} s")
    print(f"csv.DictReader, no values      {by_name:7.3f} s")
    print(f"csv.reader, values converted   {script:7.3f} s")
    for label, took in zip(("known bank", "unknown bank"), ours, strict=True):
        print(
            f"fin_infra, {label:19} {took:7.3f} s   {took / bare:.1f} x csv.reader, "
            f"{took / by_name:.1f} x csv.DictReader, {took / script:.1f} x converted"
        )


if __name__ == "__main__":
    main()
