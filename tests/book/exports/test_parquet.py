"""The Parquet file of transactions, read by pyarrow: exact decimals, days as dates, currencies beside the amounts."""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from fin_infra.book import Book
from fin_infra.errors import MissingExtra
from fin_infra.transport import Sync
from tests.book.exports.ledger import Vendor, full, told


def test_parquet_when_read_then_types_and_values(book: Book[Sync], tmp_path: Path) -> None:
    full(book)
    book.export_transactions(tmp_path / "all.parquet")
    table = parquet.read_table(tmp_path / "all.parquet")
    assert table.schema.field("date").type == pyarrow.date32()
    assert table.schema.field("amount").type == pyarrow.decimal128(38, 3)  # of the dinar's 1.234
    found = {row["description"]: row for row in table.to_pylist()}
    shoes = found["Shoes"]
    assert (shoes["date"], shoes["amount"], shoes["currency"]) == (dt.date(2026, 3, 3), Decimal("-20.10"), "USD")
    assert found['=HYPERLINK("http://x")']["note"] is None
    assert found["<OFX> & OFXHEADER\n:20: \"quoted\", 'single'"]["amount"] == 100
    assert [row["description"] for row in table.to_pylist()].count("Coffee") == 2


def test_parquet_when_amounts_have_more_than_38_digits_together_then_none_is_rounded(
    book: Book[Sync], tmp_path: Path
) -> None:
    amounts = ["12345678901234567890123456.78", "0.123456789012345678"]
    Vendor(book).says(*(told(text, text) for text in amounts))
    book.export_transactions(tmp_path / "all.parquet")
    table = parquet.read_table(tmp_path / "all.parquet")
    assert table.schema.field("amount").type == pyarrow.decimal256(76, 18)
    assert table.column("amount").to_pylist() == list(map(Decimal, amounts))


def test_parquet_when_pyarrow_is_not_there_then_one_sentence_and_no_file(
    book: Book[Sync], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(MissingExtra, match="Parquet files need pyarrow; run: pip install pyarrow"):
        book.export_transactions(out / "all.parquet")
    assert list(out.iterdir()) == []
