"""Statement files themselves in the book: given back byte for byte, sealed, and gone with their import."""

from __future__ import annotations

import json
import logging
import stat
import tracemalloc
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.book import Book, open_book
from fin_infra.book.backup import restore_backup, write_backup
from fin_infra.book.engine import writing
from fin_infra.book.file_sealing import FileSealer
from fin_infra.book.originals import CHUNK, keep_original, original_parts
from fin_infra.book.tables import payloads
from fin_infra.errors import InvalidInput, NotRemembered, SealBroken
from fin_infra.imports.statements import read_statement
from fin_infra.security.vault import demo_vault
from fin_infra.transport import Sync
from tests.support.effort import effort

FILE = Path(__file__).parents[1] / "imports" / "fixtures" / "ofx" / "checking.ofx"
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def book(url: str) -> Iterator[Book[Sync]]:
    found = open_book(url, vault=demo_vault(), clock=lambda: NOON)
    yield found
    found.engine.dispose()


def chunks(book: Book[Sync]) -> list[tuple[str, int]]:
    """Return where chunks of files are stored."""
    ask = sa.select(payloads.c.source, payloads.c.position).where(payloads.c.source.startswith("file:"))
    with book.engine.connect() as db:
        return [(row.source, row.position) for row in db.execute(ask.order_by(*payloads.primary_key))]


@pytest.mark.parametrize("how", ["path", "bytes", "read"])
def test_file_when_imported_then_it_comes_back_byte_for_byte_however_it_was_given(
    book: Book[Sync], tmp_path: Path, how: str
) -> None:
    content = FILE.read_bytes()
    if how == "read":
        result = book.import_statement(read_statement(FILE), original=FILE)
    else:
        result = book.import_statement(FILE if how == "path" else content)
    assert result.document.kept
    assert book.imported_file(result.document.id) == content
    assert book.save_imported_file(result.document.id, tmp_path / "again.ofx") == len(content)
    assert (tmp_path / "again.ofx").read_bytes() == content
    assert stat.S_IMODE((tmp_path / "again.ofx").stat().st_mode) == 0o600


def _repeated(piece: bytes, times: int, end: bytes) -> bytes:
    return piece * times + end


@settings(max_examples=effort(60), deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.builds(
            _repeated, st.binary(min_size=1, max_size=40), st.integers(0, 3 * CHUNK // 20), st.binary(max_size=3)
        ),
        st.sampled_from([b"x" * CHUNK, b"y" * (CHUNK - 1), b"z" * (CHUNK + 1), b"x" * 2 * CHUNK]),
    )
)
def test_chunks_when_of_any_content_then_put_together_they_are_that_content(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    book = open_book(f"sqlite:///{tmp_path_factory.mktemp('book')}/book.db", vault=demo_vault())
    with writing(book.engine) as db:
        sealer = FileSealer(db, book.owner, book.vault)
        keep_original(db, book.owner, sealer, 7, content, NOON)
        assert b"".join(original_parts(db, book.owner, sealer, 7)) == content
        assert list(original_parts(db, book.owner, sealer, 8)) == []
    book.engine.dispose()


def test_file_when_imported_twice_then_it_is_kept_once_and_an_undo_destroys_it(book: Book[Sync]) -> None:
    first = book.import_statement(FILE)
    again = book.import_statement(FILE.read_bytes(), name="other.ofx")
    number = first.document.id
    assert (again.already, chunks(book)) == (True, [(f"file:{number}", 0), (f"file:{number}", 1)])
    assert book.undo_import(number).kept is False
    assert chunks(book) == []
    with pytest.raises(NotRemembered, match="undone, and its file destroyed"):
        book.imported_file(number)
    back = book.import_statement(FILE)
    assert back.document.id != number
    assert book.imported_file(back.document.id) == FILE.read_bytes()


@pytest.mark.parametrize("how", ["argument", "variable", "read before"])
def test_file_when_it_is_not_to_be_kept_then_only_what_was_read_is(
    url: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "variable":
        monkeypatch.setenv("FIN_INFRA_KEEP_FILES", "false")
    book = open_book(url, vault=demo_vault(), keep_files=False if how == "argument" else None)
    given_file = read_statement(FILE) if how == "read before" else FILE
    result = book.import_statement(given_file)
    assert (result.document.kept, chunks(book)) == (False, [])
    assert book.undo_import(result.document.id).kept is False
    result = book.of("ben").import_statement(given_file)  # a household beside it keeps as little
    with pytest.raises(NotRemembered, match="not the file itself"):
        book.of("ben").imported_file(result.document.id)
    book.engine.dispose()


def test_file_when_it_cannot_be_given_back_then_one_sentence_and_nothing_is_written(
    book: Book[Sync], tmp_path: Path
) -> None:
    number = book.import_statement(FILE).document.id
    with pytest.raises(InvalidInput, match="no import 999"):
        book.imported_file(999)
    with pytest.raises(InvalidInput, match="no import"):
        book.of("ben").save_imported_file(number, tmp_path / "a.ofx")
    (tmp_path / "there.ofx").write_text("mine")
    with pytest.raises(InvalidInput, match="is there already"):
        book.save_imported_file(number, tmp_path / "there.ofx")
    with pytest.raises(InvalidInput, match="make it first"):
        book.save_imported_file(number, tmp_path / "no" / "a.ofx")
    with writing(book.engine) as db:
        db.execute(payloads.delete().where(book.owner.of(payloads, source=f"file:{number}", position=1)))
    with pytest.raises(SealBroken, match="part of the file"):
        book.save_imported_file(number, tmp_path / "a.ofx")
    left = {each.name: each.read_text() for each in tmp_path.iterdir() if not each.name.startswith("book.db")}
    assert left == {"there.ofx": "mine"}


def test_chunk_when_put_in_the_place_of_another_then_it_does_not_open(book: Book[Sync]) -> None:
    with writing(book.engine) as db:
        sealer = FileSealer(db, book.owner, book.vault)
        keep_original(db, book.owner, sealer, 7, b"a" * CHUNK + b"b" * CHUNK, NOON)
        mine = book.owner.of(payloads, source="file:7")
        db.execute(sa.update(payloads).where(mine, payloads.c.position == 1).values(position=9))
        db.execute(sa.update(payloads).where(mine, payloads.c.position == 2).values(position=1))
        with pytest.raises(SealBroken):
            list(original_parts(db, book.owner, sealer, 7))


def test_erase_when_a_file_was_kept_then_it_is_gone_and_a_backup_from_before_carries_it(
    url: str, tmp_path: Path
) -> None:
    book = open_book(url, vault=demo_vault())
    number = book.import_statement(FILE).document.id
    write_backup(tmp_path / "backup.db", url)
    other = f"sqlite:///{tmp_path / 'other.db'}"
    restore_backup(tmp_path / "backup.db", other)
    restored = open_book(other, vault=book.vault())
    assert restored.imported_file(number) == FILE.read_bytes()
    book.erase()
    assert chunks(book) == []
    for each in (book, restored):
        each.engine.dispose()


def test_export_when_files_are_kept_then_they_are_in_it_and_the_records_of_vendors_stay_readable(
    book: Book[Sync], tmp_path: Path
) -> None:
    number = book.import_statement(FILE, name="März 2026/../x.ofx").document.id
    told = book.export(tmp_path / "all")
    assert told.rows["files.json"] == 1
    [entry] = json.loads((tmp_path / "all" / "files.json").read_text())
    assert entry == {"document": number, "file": f"files/{number}-M_rz_2026_.._x.ofx", "size": FILE.stat().st_size}
    assert (tmp_path / "all" / entry["file"]).read_bytes() == FILE.read_bytes()
    records = json.loads((tmp_path / "all" / "vendor-records.json").read_text())
    assert [each["source"] for each in records] == [f"import:{number}"]
    stranger = open_book(book.engine.url.render_as_string(hide_password=False), vault=demo_vault())
    stranger.export(tmp_path / "closed")
    [entry] = json.loads((tmp_path / "closed" / "files.json").read_text())
    assert (entry["file"], bool(entry["reason"])) == (None, True)
    assert list((tmp_path / "closed" / "files").iterdir()) == []
    stranger.engine.dispose()


def test_file_when_large_then_neither_keeping_nor_saving_it_needs_its_size_in_memory(
    book: Book[Sync], tmp_path: Path
) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as out:
        for _ in range(24):
            out.write(b"2026-03-02;coffee;-4,50\n" * (CHUNK // 24))
    read = read_statement(FILE)
    tracemalloc.start()
    number = book.import_statement(read, original=large).document.id
    assert book.save_imported_file(number, tmp_path / "again.csv") == large.stat().st_size
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * CHUNK
    assert (tmp_path / "again.csv").read_bytes() == large.read_bytes()


def test_path_when_it_cannot_be_read_any_more_then_one_sentence_and_nothing_is_imported(
    book: Book[Sync], tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        book.import_statement(read_statement(FILE), original=tmp_path / "gone.ofx")
    assert (book.imports(), book.accounts()) == ([], [])


def test_file_when_kept_then_nothing_of_it_is_in_clear_in_the_database_or_in_a_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    planted = "739114420871"
    number = read_statement(FILE).statements[0].account.number
    content = FILE.read_bytes().replace(number.encode(), planted.encode())
    book = open_book(f"sqlite:///{tmp_path / 'book.db'}", vault=demo_vault())
    with caplog.at_level(logging.DEBUG):
        done = book.import_statement(content)
        assert planted.encode() in book.imported_file(done.document.id)
    assert planted not in caplog.text + repr(done)
    with book.engine.connect() as db:
        for body in db.scalars(sa.select(payloads.c.body).where(payloads.c.source.startswith("file:"))):
            with pytest.raises(zlib.error):
                zlib.decompress(bytes(body))
    book.engine.dispose()
    assert all(planted.encode() not in each.read_bytes() for each in tmp_path.glob("book.db*"))
