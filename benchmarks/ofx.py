"""Time the OFX import: 5,000 bookings, against a bare regex pass and xml.etree on the same text.

Run: python benchmarks/ofx.py [bookings]. Prints medians of rounds taken in turns; trust the ratios, not the seconds.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections.abc import Callable
from xml.etree import ElementTree

from fin_infra.imports.statements import read_statement

_HEADER = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n"
_XML_HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211"?>\n'
_LEAF = re.compile(r"<(/?)([A-Z0-9.]+)>([^<\r\n]*)")


def body(bookings: int, *, closed: bool) -> str:
    """Write a checking account's statement, with or without end tags on its leaves."""

    def leaf(name: str, value: object) -> str:
        return f"<{name}>{value}</{name}>\n" if closed else f"<{name}>{value}\n"

    lines = "".join(
        "<STMTTRN>\n"
        + leaf("TRNTYPE", "DEBIT")
        + leaf("DTPOSTED", f"2026{1 + n % 12:02}{1 + n % 28:02}120000.000[-5:EST]")
        + leaf("TRNAMT", f"-{n % 900}.{n % 100:02}")
        + leaf("FITID", f"{n:012}")
        + leaf("NAME", f"CORNER SHOP {n % 300}")
        + leaf("MEMO", f"CARD PAYMENT REFERENCE {n:08}")
        + "</STMTTRN>\n"
        for n in range(bookings)
    )
    account = leaf("BANKID", "000000001") + leaf("ACCTID", "12345678") + leaf("ACCTTYPE", "CHECKING")
    return (
        "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS>\n"
        + leaf("CURDEF", "USD")
        + f"<BANKACCTFROM>\n{account}</BANKACCTFROM>\n<BANKTRANLIST>\n{lines}</BANKTRANLIST>\n"
        + "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
    )


def medians(works: list[Callable[[], object]], rounds: int = 5) -> list[float]:
    """Time each piece of work in turns, so that a busy moment meets all of them; the first round is a warm-up."""
    times: list[list[float]] = [[] for _ in works]
    for number in range(rounds + 1):
        for work, taken in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            if number:
                taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def main() -> None:
    bookings = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    sgml = _HEADER + body(bookings, closed=False)
    xml = body(bookings, closed=True)
    sgml_bytes, xml_bytes = sgml.encode(), (_XML_HEADER + xml).encode()
    read = sum(len(statement.lines) for statement in read_statement(sgml_bytes).statements)
    if read != bookings:
        raise SystemExit(f"{read} bookings read of {bookings}: the times below would mean nothing")
    bare, etree, *ours = medians(
        [
            lambda: _LEAF.findall(sgml),
            lambda: ElementTree.fromstring(xml),
            lambda: read_statement(sgml_bytes),
            lambda: read_statement(xml_bytes),
        ]
    )
    print(f"{bookings} bookings, {len(sgml_bytes) / 1e6:.1f} MB as OFX 1, {len(xml_bytes) / 1e6:.1f} MB as OFX 2")
    print(f"bare regex pass, no values     {bare:7.3f} s")
    print(f"xml.etree, no values           {etree:7.3f} s")
    for label, took in zip(("OFX 1", "OFX 2"), ours, strict=True):
        print(
            f"read_statement, typed, {label}   {took:7.3f} s  {took / bare:5.1f} x regex  {took / etree:5.1f} x etree"
        )


if __name__ == "__main__":
    main()
