"""Faults that people reported to other importers, each rebuilt small; the tracker is named beside the input."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from fin_infra.imports.statements import merge, read_statement
from fin_infra.model.statement import StatementLine
from tests.imports.statements.test_dedupe import line
from tests.imports.statements.test_ofx import BOOKING, lines, ofx, transaction


@pytest.mark.parametrize(
    ("report", "known", "incoming", "new", "asked"),
    [
        ("actual#608", [line("7", 1)], [line("7", 28)], 1, 0),
        ("actual#5336", [line("a", text="ACME HOLDINGS LTD LOND")], [line("b", text="Acme Holdings Ltd London")], 0, 1),
        ("beancount-import#216", [], [line("c", text="Shop"), line("c", amount="-0.10", text="Fee")], 2, 0),
        ("beancount-import#216", [line("c", text="Shop")], [line("c", text="Shop"), line("c", amount="-0.10")], 1, 0),
        ("securo#911", [], [line("0", amount=amount) for amount in ("-1", "-2", "-3")], 3, 0),
        ("securo#98", [line("p", 1, text="TV 1/3")], [line("p", 1, text="TV 1/3"), line("p", 31, text="TV 2/3")], 1, 0),
        ("aib2ofx#4", [line("a")], [line("a"), line("b")], 1, 0),
        ("aib2ofx#4", [line(None)], [line(None), line(None)], 1, 0),
        ("aib2ofx#4", [], [line("a"), line("a")], 1, 1),
    ],
)
def test_merge_when_reported_then_nothing_is_lost_or_silently_doubled(
    report: str, known: list[StatementLine], incoming: list[StatementLine], new: int, asked: int
) -> None:
    result = merge(known, incoming)
    assert (len(result.new), len(result.conflicts)) == (new, asked), report


@pytest.mark.parametrize(
    ("report", "amount", "expected"),
    [
        ("buckets#583", "1400,82", "1400.82"),
        ("ofxparse#83", "1.400,82", "1400.82"),
        ("OBIS#6", "1,650.00", "1650.00"),
        ("actual#2418", "-8.95000", "-8.95000"),
    ],
)
def test_amount_when_reported_then_is_that_of_the_file(report: str, amount: str, expected: str) -> None:
    assert lines(ofx(transaction(amount)))[0].amount.amount == Decimal(expected), report


@pytest.mark.parametrize(
    "zone", ["[-03:EST]", "[-3:BRT]", "[+5.30:IST]", " GMT", ""]
)  # libofx#39, ofx4j#30, libofx#14, buckets#815
def test_day_when_a_zone_was_reported_then_is_the_printed_one(zone: str) -> None:
    assert lines(ofx(transaction(posted=f"20221028230000.000{zone}")))[0].posted == date(2022, 10, 28)


def test_information_line_when_printed_as_a_booking_then_does_not_block_the_bank() -> None:
    """Caixa prints the day's balance as a booking with FITID 0 and the amount `.` (cef_malformed_decimal.ofx)."""
    text = ofx(BOOKING + transaction("."))
    assert len(lines(text, skip_unreadable=True)) == 1


def test_export_when_it_names_neither_currency_nor_account_then_two_options_read_it() -> None:
    """monetr#2575: no CURDEF, CURSYM on each booking, an empty ACCTID."""
    each = BOOKING.replace("</STMTTRN>", "<CURRENCY><CURRATE>1.0<CURSYM>MXN</CURRENCY></STMTTRN>")
    text = ofx(each, currency="").replace("<ACCTID>2", "<ACCTID />")
    (statement,) = read_statement(text.encode(), account="0042", currency="MXN").statements
    assert str(statement.lines[0].amount) == "-3.20 MXN"


def test_booking_when_its_id_is_empty_then_it_has_none() -> None:
    """buckets#336."""
    assert lines(ofx(BOOKING.replace("<FITID>A1", "<FITID>")))[0].id is None
