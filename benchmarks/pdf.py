"""Time a PDF statement: 20 pages of transactions, against reading the box of each character on them.

Run: python benchmarks/pdf.py [pages]. Prints medians of rounds taken in turns; trust the ratios, not the seconds.
"""

from __future__ import annotations

import sys
from decimal import Decimal

import pypdfium2
from fpdf import FPDF
from ofx import medians

from fin_infra.imports.statements import read_statement

_ROWS = 48
_DAYS = 28


def statement(pages: int) -> bytes:
    """Write a checking account's statement with a running balance."""
    document = FPDF(unit="pt", format="A4")
    document.set_font("helvetica", size=9)
    left = Decimal("100000.00")
    for page in range(pages):
        document.add_page()
        document.text(40, 30, "Account number 12345678, statement period 1 Jan 2026 to 31 Dec 2026")
        for at, title in ((40, "Date"), (110, "Description"), (350, "Debit"), (430, "Credit"), (500, "Balance")):
            document.text(at, 50, title)
        if page == 0:
            document.text(110, 64, "Opening balance")
            _right(document, 535, 64, f"{left:,.2f}")
        for number in range(_ROWS):
            count = page * _ROWS + number
            amount = Decimal(count % 90000 + 101) / 100
            out = count % 3 != 0
            left += -amount if out else amount
            y = 80 + number * 14
            document.text(40, y, f"{1 + count * _DAYS // (pages * _ROWS):02}/06/2026")
            document.text(110, y, f"CORNER SHOP {count % 300} CARD PAYMENT {count:06}")
            _right(document, 375 if out else 455, y, f"{amount:,.2f}")
            _right(document, 535, y, f"{left:,.2f}")
    return bytes(document.output())


def _right(document: FPDF, edge: float, y: float, text: str) -> None:
    document.text(edge - document.get_string_width(text), y, text)


def boxes(data: bytes) -> int:
    """Read the box of each character, which is what a reader by places cannot do without."""
    document = pypdfium2.PdfDocument(data)
    count = 0
    for page in document:
        text = page.get_textpage()
        for index in range(text.count_chars()):
            text.get_charbox(index)
            count += 1
    document.close()
    return count


def main() -> None:
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    data = statement(pages)
    read = len(read_statement(data, currency="USD", day_first=True).statements[0].lines)
    if read != pages * _ROWS:
        raise SystemExit(f"{read} transactions read of {pages * _ROWS}: the times below would mean nothing")
    bare, ours = medians([lambda: boxes(data), lambda: read_statement(data, currency="USD", day_first=True)])
    print(f"{pages} pages, {read} transactions, {boxes(data):,} characters")
    print(f"box of each character          {bare:7.3f} s")
    print(f"read_statement, typed, proven  {ours:7.3f} s  {ours / bare:5.2f} x boxes")


if __name__ == "__main__":
    main()
