"""Time the MT940 import: 20,000 transactions, against the library mt-940 alone.

Run: python benchmarks/mt940_import.py [transactions]. Prints medians of rounds taken in turns; trust the ratio.
"""

from __future__ import annotations

import sys

import mt940
from ofx import medians

from fin_infra.imports.statements import read_statement


def document(transactions: int) -> bytes:
    """Write one statement that adds up."""
    cents = [100 + number * 37 % 90_000 for number in range(transactions)]
    rows = "".join(
        f":61:2601{1 + number % 28:02}01{1 + number % 28:02}D{cent // 100},{cent % 100:02}NTRFNONREF//{number:012}\r\n"
        f":86:116?00UEBERWEISUNG?20EREF+E2E-{number:08}?21SVWZ+Invoice {number:08}\r\n"
        f"?30BYLADEM1001?31DE02120300000000202051?32Corner shop {number % 300}\r\n"
        for number, cent in enumerate(cents)
    )
    closing = 500_000 - sum(cents)
    return (
        f":20:STARTUMS\r\n:25:37040044/0532013000\r\n:28C:1/1\r\n:60F:C251231EUR5000,00\r\n{rows}"
        f":62F:{'D' if closing < 0 else 'C'}260131EUR{abs(closing) // 100},{abs(closing) % 100:02}\r\n-\r\n"
    ).encode()


def main() -> None:
    transactions = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    data = document(transactions)
    read = sum(len(statement.lines) for statement in read_statement(data).statements)
    if read != transactions:
        raise SystemExit(f"{read} transactions read of {transactions}: the times below would mean nothing")
    theirs, ours = medians([lambda: mt940.parse(data.decode()), lambda: read_statement(data)])
    print(f"{transactions} transactions, {len(data) / 1e6:.1f} MB")
    print(f"mt-940 alone                      {theirs:7.3f} s")
    print(f"read_statement, typed and proved  {ours:7.3f} s  {ours / theirs:5.2f} x mt-940 (bound 1.2)")


if __name__ == "__main__":
    main()
