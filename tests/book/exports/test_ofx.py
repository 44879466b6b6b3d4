"""The OFX file of transactions: well formed, dated, with the balances that the book knows and no other."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date
from decimal import Decimal
from pathlib import Path

from fin_infra.book import Book
from fin_infra.imports.statements import read_statement
from fin_infra.model import AccountType, Money
from fin_infra.transport import Sync
from tests.book.exports.ledger import Vendor, full, told


def tree(file: Path) -> ET.Element:
    return ET.fromstring(file.read_text("utf-8"))


def test_ofx_when_written_then_each_kind_of_account_has_its_statement_in_each_currency(
    book: Book[Sync], tmp_path: Path
) -> None:
    full(book)
    book.export_transactions(tmp_path / "all.ofx")
    root = tree(tmp_path / "all.ofx")
    assert [child.tag for child in root] == [
        "SIGNONMSGSRSV1", "BANKMSGSRSV1", "CREDITCARDMSGSRSV1", "INVSTMTMSGSRSV1"
    ]  # fmt: skip
    currencies = {
        tag: [node.findtext("CURDEF") for node in root.iter(tag)] for tag in ("STMTRS", "CCSTMTRS", "INVSTMTRS")
    }
    assert currencies == {"STMTRS": ["EUR", "USD", "KWD"], "CCSTMTRS": ["USD"], "INVSTMTRS": ["JPY"]}
    kinds = [node.findtext("BANKACCTFROM/ACCTTYPE") for node in root.iter("STMTRS")]
    assert kinds == ["CHECKING", "CHECKING", "CREDITLINE"]
    read = {(each.account.type, each.account.currency) for each in read_statement(tmp_path / "all.ofx").statements}
    assert (AccountType.INVESTMENT, "JPY") in read


def test_ofx_when_written_then_days_are_those_of_the_rows_or_those_asked_for(book: Book[Sync], tmp_path: Path) -> None:
    full(book)
    book.export_transactions(tmp_path / "all.ofx")
    first = next(tree(tmp_path / "all.ofx").iter("BANKTRANLIST"))
    assert (first.findtext("DTSTART"), first.findtext("DTEND")) == ("20260303120000", "20260307120000")
    book.export_transactions(tmp_path / "march.ofx", start=date(2026, 3, 1), end=date(2026, 4, 1))
    first = next(tree(tmp_path / "march.ofx").iter("BANKTRANLIST"))
    assert (first.findtext("DTSTART"), first.findtext("DTEND")) == ("20260301120000", "20260331120000")


def test_ofx_when_written_twice_then_ids_are_the_same_also_once_a_row_has_posted(
    book: Book[Sync], tmp_path: Path
) -> None:
    vendor = Vendor(book)
    vendor.says(told("1"), told("p", "-3", pending=True))
    book.export_transactions(tmp_path / "one.ofx")
    vendor.says(told("v", "-3", 4, pending_id="p"), removed=["p"])
    book.export_transactions(tmp_path / "two.ofx")
    one, two = tree(tmp_path / "one.ofx"), tree(tmp_path / "two.ofx")
    announced = [node.text for node in one.iter("REFNUM")]
    before, after = ([node.text for node in root.iter("FITID")] for root in (one, two))
    assert after == [*before, *announced]
    assert len(set(after)) == 2


def test_ofx_when_the_book_knows_a_balance_then_it_is_told_and_else_there_is_none(
    book: Book[Sync], tmp_path: Path
) -> None:
    full(book)
    book.export_transactions(tmp_path / "all.ofx")
    balances = {
        (each.account.currency, each.account.type, balance.kind): (balance.amount.amount, balance.at)
        for each in read_statement(tmp_path / "all.ofx").statements
        for balance in each.balances
    }
    day = date(2026, 3, 20)
    assert balances == {
        ("EUR", AccountType.DEPOSITORY, "ledger"): (Decimal("72.28"), day),
        ("EUR", AccountType.DEPOSITORY, "available"): (Decimal("69.28"), day),
        ("USD", AccountType.CREDIT, "ledger"): (Decimal("-20.10"), day),
    }
    book.export_transactions(tmp_path / "early.ofx", end=date(2026, 3, 10))
    assert "LEDGERBAL" not in (tmp_path / "early.ofx").read_text()


def test_ofx_when_a_text_is_long_then_it_is_in_the_elements_that_have_room(book: Book[Sync], tmp_path: Path) -> None:
    text = "".join(f"{number:03} " for number in range(100)).strip()
    Vendor(book).says(told("1", text=text), told("2", text="Fish & <chips>"))
    book.export_transactions(tmp_path / "all.ofx")
    long, short = tree(tmp_path / "all.ofx").iter("STMTTRN")
    assert [long.findtext(name) for name in ("NAME", "EXTDNAME", "MEMO")] == [text[:32], text[:100], text[:255]]
    assert [short.findtext(name) for name in ("NAME", "EXTDNAME", "MEMO")] == ["Fish & <chips>", None, None]


def test_ofx_when_an_amount_has_three_decimals_then_it_reads_in_one_way(book: Book[Sync], tmp_path: Path) -> None:
    Vendor(book).says(told("1", "1.234"), told("2", "1.234", account="d", currency="KWD"))
    book.export_transactions(tmp_path / "all.ofx")
    texts = [node.text for node in tree(tmp_path / "all.ofx").iter("TRNAMT")]
    assert texts == ["1.2340", "1.234"]
    lines = [line for each in read_statement(tmp_path / "all.ofx").statements for line in each.lines]
    assert [line.amount for line in lines] == [Money(Decimal("1.234"), "EUR"), Money(Decimal("1.234"), "KWD")]
