"""The OFX file of transactions as another program reads it: ofxparse, which shares nothing with our reader."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from fin_infra.book import Book
from fin_infra.model import TransactionStatus
from fin_infra.transport import Sync
from tests.book.exports.ledger import full

ofxparse: Any = pytest.importorskip("ofxparse")
pytestmark = [pytest.mark.witness, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def test_ofx_when_another_program_reads_it_then_it_finds_what_the_book_has(book: Book[Sync], tmp_path: Path) -> None:
    full(book)
    book.export_transactions(tmp_path / "all.ofx")
    text = (tmp_path / "all.ofx").read_text("utf-8")
    read = ofxparse.OfxParser.parse(BytesIO(text.encode("ascii", "xmlcharrefreplace")))  # it knows no UTF-8 in XML
    found = Counter(
        (each.date.date(), each.amount, account.statement.currency.upper())
        for account in read.accounts
        for each in account.statement.transactions
    )
    posted = [row for row in book.transactions() if row.status is TransactionStatus.POSTED]
    assert found == Counter((row.date, row.amount.amount, row.amount.currency) for row in posted)
    ids = [each.id for account in read.accounts for each in account.statement.transactions]
    assert len(set(ids)) == len(ids) == 9
    texts = [each.payee for account in read.accounts for each in account.statement.transactions]
    assert {"Coffee", '=HYPERLINK("http://x")', "証券"} <= set(texts)
    everyday = read.accounts[0]
    assert (everyday.statement.balance, everyday.statement.available_balance) == (Decimal("72.28"), Decimal("69.28"))
    kinds = [(each.type, each.statement.currency) for each in read.accounts]
    bank, card, broker = (getattr(ofxparse.AccountType, name) for name in ("Bank", "CreditCard", "Investment"))
    assert kinds == [(bank, "eur"), (bank, "usd"), (bank, "kwd"), (card, "usd"), (broker, "jpy")]
    assert all(not each.statement.warnings and not each.statement.discarded_entries for each in read.accounts)
