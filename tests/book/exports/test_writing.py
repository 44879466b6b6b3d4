"""Files of transactions: there whole or not at all, and known again when the book reads its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.book import Book, MatchReason, open_book
from fin_infra.book.exports import rows, writing
from fin_infra.errors import BookUnavailable, InvalidInput
from fin_infra.imports.statements import read_statement
from fin_infra.model import AccountType, Money, Statement, StatementAccount, StatementFile, StatementLine
from fin_infra.security.vault import demo_vault
from fin_infra.transport import Sync
from tests.book.exports.ledger import NOON, Vendor, full, state, told
from tests.support.effort import SHARED, effort

_users = itertools.count()

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    [
        "", "=1+1", "+49 30", "-", "@x", "'quoted", "''", " =x", "＝x", "a\r\nb", "\x00\x07", "<OFX>", "!Type:Bank",
        "&amp; &lt;", "Straße ÅÄÖ", "ΑΣ", "ﬁne", "\N{LEFT-TO-RIGHT OVERRIDE}x", "a;b;c;d", "\"", "\N{NEXT LINE}x",
        "\ufeffx", "total", "Pending", "x" * 300, "Long " * 80,
    ]
)  # fmt: skip
AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=2) | st.sampled_from(
    [Decimal(text) for text in ("1.234", "-1.234", "0", "1E+3", "-12", "0.0001", "999999999999.99")]
)
PLACES = [("a", "EUR"), ("a", "USD"), ("b", "USD"), ("c", "JPY"), ("d", "KWD")]
ROWS = st.lists(
    st.tuples(st.sampled_from(PLACES), AMOUNTS, st.integers(1, 4), TEXTS, st.booleans(), st.integers(1, 3)), max_size=8
)


@pytest.fixture(scope="module")
def shared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book[Sync]]:
    """A book in which each example has a household of its own."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "book.db").write_bytes(template.read_bytes())
    found = open_book(f"sqlite:///{folder / 'book.db'}", vault=demo_vault(), clock=lambda: NOON)
    yield found
    found.engine.dispose()


@pytest.mark.parametrize("form", ["csv", "ofx"])
@given(ledger=ROWS)
@settings(max_examples=effort(200), deadline=None, suppress_health_check=SHARED)
def test_own_file_when_imported_again_then_nothing_in_the_book_changes(
    form: str, ledger: list[Any], shared: Book[Sync], tmp_path_factory: pytest.TempPathFactory
) -> None:
    number = next(_users)
    book = shared.of(f"user {number}")
    lines = [
        told(f"{at}.{twin}", str(amount), day, text, account=account, currency=currency, pending=pending)
        for at, ((account, currency), amount, day, text, pending, twins) in enumerate(ledger)
        for twin in range(twins)
    ]
    Vendor(book).says(*lines)
    before = state(book)
    file = tmp_path_factory.getbasetemp() / f"{number}.{form}"
    written = book.export_transactions(file)
    assert written.rows == len(lines)
    read = read_statement(file)
    posted = [line for line in lines if not line.pending]
    assert sum(len(each.lines) for each in read.statements) == len(posted)
    assert sum(len(each.pending) for each in read.statements) == len(lines) - len(posted)
    assert {part.reason for part in book.plan_import(file).parts} <= {MatchReason.EXPORT}
    result = book.import_statement(file)
    assert (result.added, result.known, result.asked) == (0, len(posted), 0)
    assert state(book) == before
    book.undo_import(result.document.id)
    assert state(book) == before
    file.unlink()


FORMATS = ["csv", "ofx", "parquet", "beancount"]


@pytest.mark.parametrize("form", ["csv", "ofx"])
def test_own_file_when_imported_again_then_twins_stay_two_and_the_texts_of_formats_are_texts(
    form: str, book: Book[Sync], tmp_path: Path
) -> None:
    full(book)
    before = state(book)
    assert book.export_transactions(tmp_path / f"all.{form}").rows == 10
    result = book.import_statement(tmp_path / f"all.{form}")
    assert (result.added, result.known, result.asked) == (0, 9, 0)
    assert state(book) == before
    assert [row.description for row in book.transactions()].count("Coffee") == 2


def test_own_file_when_a_bank_file_came_first_then_it_is_known_and_the_bank_file_still_is(
    book: Book[Sync], tmp_path: Path
) -> None:
    account = StatementAccount(number="400012345678", currency="USD", type=AccountType.DEPOSITORY)
    line = StatementLine(id="f1", posted=date(2026, 3, 3), amount=Money(Decimal("-4.50"), "USD"), description="Coffee")
    statement = Statement(account=account, lines=(line, replace(line, id="f2")))
    bank = StatementFile(format="ofx", encoding="utf-8", statements=(statement,))
    book.import_statement(bank)
    book.export_transactions(tmp_path / "all.ofx")
    before = state(book)
    assert book.import_statement(tmp_path / "all.ofx").known == 2
    later = replace(line, id="f3", posted=date(2026, 3, 4))
    more = replace(bank, statements=(replace(statement, lines=(*statement.lines, later)),))
    result = book.import_statement(more)
    assert (result.added, result.known, result.asked) == (1, 2, 0)
    book.undo_import(result.document.id)
    assert state(book) == before


def test_own_file_when_its_bank_took_a_row_back_since_then_it_does_not_come_again(
    book: Book[Sync], tmp_path: Path
) -> None:
    vendor = full(book)
    book.export_transactions(tmp_path / "all.csv")
    vendor.says(removed=["1"])
    before = state(book)
    result = book.import_statement(tmp_path / "all.csv")
    assert (result.added, result.asked) == (0, 0)
    assert state(book) == before


def test_own_file_when_edited_by_hand_then_the_difference_is_asked(book: Book[Sync], tmp_path: Path) -> None:
    Vendor(book).says(told("1"))
    book.export_transactions(tmp_path / "all.csv")
    text = (tmp_path / "all.csv").read_text().replace("-4.50", "-45.00")
    (tmp_path / "all.csv").write_text(text)
    result = book.import_statement(tmp_path / "all.csv")
    assert (result.added, result.known, result.asked) == (1, 0, 1)


def test_own_file_when_the_import_was_undone_then_it_brings_the_rows_back(book: Book[Sync], tmp_path: Path) -> None:
    account = StatementAccount(number="400012345678", currency="USD", type=AccountType.DEPOSITORY)
    line = StatementLine(id="f1", posted=date(2026, 3, 3), amount=Money(Decimal("-4.50"), "USD"), description="Coffee")
    statement = Statement(account=account, lines=(line, replace(line, id="f2")))
    first = book.import_statement(StatementFile(format="ofx", encoding="utf-8", statements=(statement,)))
    before = [(row.id, row.account_id) for row in book.transactions()]
    book.export_transactions(tmp_path / "all.csv")
    book.undo_import(first.document.id)
    assert book.transactions() == []
    assert book.import_statement(tmp_path / "all.csv").added == 2
    assert [(row.id, row.account_id) for row in book.transactions()] == before


def test_other_book_when_it_imports_the_file_then_all_is_new_once_whatever_the_format(
    book: Book[Sync], tmp_path: Path
) -> None:
    full(book)
    other = book.of("other")
    for form in ("csv", "ofx"):
        book.export_transactions(tmp_path / f"all.{form}")
    assert other.import_statement(tmp_path / "all.csv").added == 9
    again = other.import_statement(tmp_path / "all.ofx")
    assert (again.added, again.known, again.asked) == (0, 9, 0)
    assert len(other.transactions()) == 9


@pytest.mark.parametrize("form", FORMATS)
def test_file_when_one_account_and_days_are_asked_for_then_no_other_row_is_in_it(
    form: str, book: Book[Sync], tmp_path: Path
) -> None:
    full(book)
    account = next(each for each in book.accounts() if each.name == "Everyday")
    days = {"start": date(2026, 3, 4), "end": date(2026, 3, 6)}
    done = book.export_transactions(tmp_path / f"some.{form}", account_id=account.id, **days)
    assert (done.rows, done.accounts, done.size) == (2, 1, (tmp_path / f"some.{form}").stat().st_size)
    [hidden, _] = book.transactions(account_id=account.id, **days)
    book.hide([hidden.id])
    assert book.export_transactions(tmp_path / f"less.{form}", account_id=account.id, **days).rows == 1
    more = book.export_transactions(tmp_path / f"more.{form}", account_id=account.id, hidden=True, **days)
    assert more.rows == 2


@pytest.mark.parametrize("form", FORMATS)
def test_file_when_there_are_more_rows_than_a_part_then_each_is_in_it_once(
    form: str, book: Book[Sync], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full(book)
    book.export_transactions(tmp_path / f"whole.{form}")
    monkeypatch.setattr(rows, "PART", 1)
    assert book.export_transactions(tmp_path / f"parts.{form}").rows == 10
    if form != "parquet":  # whose row groups are the parts
        assert (tmp_path / f"parts.{form}").read_bytes() == (tmp_path / f"whole.{form}").read_bytes()


@pytest.mark.parametrize("form", FORMATS)
def test_file_when_writing_fails_in_the_middle_then_nothing_is_left(
    form: str, book: Book[Sync], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full(book)
    folder = tmp_path / "out"
    folder.mkdir()
    whole = rows.Rows.parts

    def cut(self: Any, *args: Any) -> Iterator[Any]:
        yield from whole(self, *args)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rows.Rows, "parts", cut)
    with pytest.raises(BookUnavailable, match="the disk is full"):
        book.export_transactions(folder / f"all.{form}")
    assert list(folder.iterdir()) == []


def test_file_when_it_cannot_be_then_one_sentence_and_what_is_there_stays(book: Book[Sync], tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text("mine")
    with pytest.raises(InvalidInput, match="is there already; give the export a new file"):
        book.export_transactions(tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_text() == "mine"
    with pytest.raises(InvalidInput, match="make it first"):
        book.export_transactions(tmp_path / "none" / "all.csv")
    with pytest.raises(InvalidInput, match="names no format; give one of csv, ofx, parquet, beancount"):
        book.export_transactions(tmp_path / "all.xlsx")
    with pytest.raises(InvalidInput, match="no account 77"):
        book.export_transactions(tmp_path / "one.csv", account_id=77)


def test_file_when_written_then_only_its_owner_may_read_it(book: Book[Sync], tmp_path: Path) -> None:
    full(book)
    book.export_transactions(tmp_path / "all.csv")
    assert (tmp_path / "all.csv").stat().st_mode & 0o777 == 0o600
    assert writing.format_of(tmp_path / "all.CSV", None) == "csv"


@pytest.mark.parametrize("form", FORMATS)
def test_file_when_the_book_is_empty_then_it_has_no_rows_and_reads_as_that(
    form: str, book: Book[Sync], tmp_path: Path
) -> None:
    assert book.export_transactions(tmp_path / f"none.{form}").rows == 0
    if form == "csv":
        assert book.import_statement(tmp_path / "none.csv").added == 0


def test_open_file_when_written_into_then_it_is_what_a_path_gets_and_text_is_refused(
    book: Book[Sync], tmp_path: Path
) -> None:
    full(book)
    book.export_transactions(tmp_path / "all.csv")
    with (tmp_path / "open.csv").open("wb") as out:
        assert book.write_transactions(out, format="csv") == 10
    assert (tmp_path / "open.csv").read_bytes() == (tmp_path / "all.csv").read_bytes()
    with pytest.raises(InvalidInput, match="must be an open file"):
        book.write_transactions("all.csv", format="csv")  # type: ignore[arg-type]  # what a caller may do
