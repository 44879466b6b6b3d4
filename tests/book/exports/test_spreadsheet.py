"""The CSV file of transactions: every cell by hand, and no cell is a formula."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from fin_infra.book import Book
from fin_infra.imports.statements import read_statement
from fin_infra.transport import Sync
from tests.book.exports.ledger import Vendor, full, told


def test_csv_when_written_then_every_column_of_a_row(book: Book[Sync], tmp_path: Path) -> None:
    full(book)
    [row] = book.transactions(search="Shoes")
    book.note(row.id, "for Ann")
    book.export_transactions(tmp_path / "all.csv")
    with (tmp_path / "all.csv").open(newline="") as file:
        found = {each["description"]: each for each in csv.DictReader(file)}
    mark, id = found["Shoes"]["transaction_id"].split("-")
    assert (id, len(mark)) == (str(row.id), 12)
    assert {**found["Shoes"], "transaction_id": "", "account": ""} == {
        "transaction_id": "",
        "date": "2026-03-03",
        "amount": "-20.10",
        "currency": "USD",
        "status": "posted",
        "description": "Shoes",
        "counterparty": "",
        "category": row.category,
        "note": "for Ann",
        "account": "",
        "account_name": 'Card, "gold"',
    }
    assert found["Shoes"]["account"] == f"{mark}-{row.account_id}-9876"
    assert found["Announced"]["status"] == "pending"
    assert found['\'=HYPERLINK("http://x")']["amount"] == "-12.00"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "＝x", "'quoted", "'' twice", " =x"])
def test_text_when_it_would_be_a_formula_then_it_is_text_and_comes_back_as_it_was(
    text: str, book: Book[Sync], tmp_path: Path
) -> None:
    Vendor(book).says(told("1", text=text))
    book.export_transactions(tmp_path / "all.csv")
    with (tmp_path / "all.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert row["description"] == f"'{text}"
    [statement] = read_statement(tmp_path / "all.csv").statements
    assert statement.lines[0].description == text.strip()


def test_amount_when_it_has_many_decimals_then_it_is_read_as_it_is(book: Book[Sync], tmp_path: Path) -> None:
    Vendor(book).says(told("1", "-1.234"), told("2", "0.123456789012345678"))
    book.export_transactions(tmp_path / "all.csv")
    [statement] = read_statement(tmp_path / "all.csv").statements
    assert [line.amount.amount for line in statement.lines] == [Decimal("-1.234"), Decimal("0.123456789012345678")]
