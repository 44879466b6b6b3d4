"""Everything of a household as files: complete, exact, without tokens, safe in a spreadsheet, whole or not there."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from fin_infra.book import Book, export
from fin_infra.book.engine import Database, reading
from fin_infra.book.pages import Deal, Position
from fin_infra.book.tables import PERSONAL, changes
from fin_infra.errors import BookUnavailable, InvalidInput
from fin_infra.security.keyring import Keyring, new_key_text
from fin_infra.security.vault import Vault
from fin_infra.transport import Sync
from tests.book.small import NOON, TOKEN, Home, level, page, told


def full(database: Database, user: str = "ada") -> Book[Sync]:
    home = Home(database, user)
    position = Position(
        account="a-1", vendor_id="p-1", instrument="XNAS:AAPL", name="Apple", quantity=Decimal("1E+3"),
        price=Decimal("255.10"), value=None, basis=None, currency="USD",
    )  # fmt: skip
    deal = Deal(
        vendor_id="d-1", account="a-1", day=NOON.date(), at=NOON, kind="fill", instrument="XNAS:AAPL",
        quantity=Decimal(3), price=Decimal("1.00"), amount=Decimal("-3.00"), currency="USD", text="Bought 3",
    )  # fmt: skip
    rows = [told(f"{user}-1", "-12345678901234567890.10"), told(f"{user}-2", "-7", 3, text='=HYPERLINK("x")')]
    home.sync(page(*rows, levels=[level("100.00")], held=["a-1"], positions=[position], deals=[deal]))
    home.sync(page(levels=[level("90.00", 5)], removed=[f"{user}-1"]))
    book = Book(database, home.owner, "sync", lambda: home.vault, home.clock)
    book.note(book.transactions()[0].id, "-1+2")
    book.hide([book.transactions()[0].id])
    return book


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_export_when_done_then_lists_are_csv_with_whole_amounts_and_days(database: Database, tmp_path: Path) -> None:
    full(database).export(tmp_path / "out")
    rows = {row["vendor_id"]: row for row in read(tmp_path / "out", "transactions.csv")}
    assert rows["ada-1"]["amount"] == "-12345678901234567890.10"
    assert (rows["ada-1"]["currency"], rows["ada-1"]["date"], rows["ada-1"]["removed"]) == ("USD", "2026-03-02", "true")
    assert (rows["ada-2"]["hidden"], rows["ada-2"]["note"]) == ("true", "'-1+2")
    assert rows["ada-2"]["description"] == '\'=HYPERLINK("x")'
    balances = read(tmp_path / "out", "balances.csv")
    assert [(row["day"], row["current"], row["current_currency"]) for row in balances] == [
        ("2026-03-02", "100.00", "USD"),
        ("2026-03-05", "90.00", "USD"),
    ]
    [held] = read(tmp_path / "out", "holdings.csv")
    assert (held["quantity"], held["price"], held["instrument"]) == ("1000", "255.10", "XNAS:AAPL")
    [trade] = read(tmp_path / "out", "trades.csv")
    assert (trade["amount"], trade["kind"]) == ("-3.00", "fill")


def test_export_when_done_then_every_table_of_the_household_is_somewhere(database: Database, tmp_path: Path) -> None:
    full(database).export(tmp_path / "out")
    ours = {"about", "files", "vendor-records", "identity-reports"}
    names = {file.stem for file in (tmp_path / "out").iterdir()} - ours
    inner = {"households", "streams", "pages", "vault_keys", "payloads", "sums_state", "month_sums"}
    assert names == {table.name for table in PERSONAL} - inner
    with reading(database.engine) as db:
        positions = db.execute(sa.select(changes.c.position).order_by(changes.c.position)).scalars().all()
    told = json.loads((tmp_path / "out" / "changes.json").read_text())
    assert [each["position"] for each in told] == list(positions)
    removed = next(each for each in told if each["kind"] == "removed")
    assert removed["before"] == {"state": "posted"}
    assert {"kind": "note", "value": "-1+2"}.items() <= json.loads((tmp_path / "out" / "said.json").read_text())[
        1
    ].items()
    [records] = json.loads((tmp_path / "out" / "vendor-records.json").read_text())
    assert [each["id"] for each in records["records"]] == ["ada-1", "ada-2"]


def test_export_when_read_then_no_token_no_key_and_nothing_of_others_is_in_it(
    database: Database, tmp_path: Path
) -> None:
    full(database, "bob")
    full(database).export(tmp_path / "out")
    text = "".join(file.read_text() for file in (tmp_path / "out").iterdir())
    for words in (TOKEN, "fv1.", "fk1.", "bob-1"):
        assert words not in text
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "out").iterdir()} == {0o600}


def test_export_when_the_folder_is_there_then_it_is_left_alone(database: Database, tmp_path: Path) -> None:
    book = full(database)
    (tmp_path / "out").mkdir()
    with pytest.raises(InvalidInput, match="is there already"):
        book.export(tmp_path / "out")
    with pytest.raises(InvalidInput, match="make it first"):
        book.export(tmp_path / "none" / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_export_when_it_fails_in_the_middle_then_nothing_is_left(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = full(database)

    def full_disk(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "_vendor_records", full_disk)
    with pytest.raises(BookUnavailable, match="the disk is full"):
        book.export(tmp_path / "out")
    assert [file.name for file in tmp_path.iterdir() if not file.name.startswith("book.db")] == []


def test_export_when_the_vault_key_is_not_there_then_only_vendor_records_say_so(
    database: Database, tmp_path: Path
) -> None:
    book = full(database)
    other = Vault(Keyring.from_text(new_key_text("two")))
    Book(database, book.owner, "sync", lambda: other, book.clock).export(tmp_path / "out")
    [records] = json.loads((tmp_path / "out" / "vendor-records.json").read_text())
    assert (records["records"], records["reason"]) == (None, "Vault key missing")
    assert len(read(tmp_path / "out", "transactions.csv")) == 2


def test_export_when_there_are_more_rows_than_a_part_then_each_is_there_once(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = full(database)
    for name in ("export", "copying"):
        monkeypatch.setattr(f"fin_infra.book.{name}.PART", 1)
    result = book.export(tmp_path / "out")
    assert sorted(row["vendor_id"] for row in read(tmp_path / "out", "transactions.csv")) == ["ada-1", "ada-2"]
    head = book.changes()[-1].position
    assert result.rows["changes.json"] == head
    assert len(json.loads((tmp_path / "out" / "changes.json").read_text())) == head
