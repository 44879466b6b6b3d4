"""ZIP archives of statement files: read in order, bounded, and refused where they are anything else."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements import archive as module
from fin_infra.imports.statements import read_statement

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
CAMT = FIXTURES / "camt" / "statement.xml"
MT940 = FIXTURES / "mt940" / "pages.sta"


def day(number: int, opening: int) -> bytes:
    """Write a statement of one day that spends one euro."""
    return (
        f":20:{number}\n:25:1/22\n:28C:{number}\n:60F:C26010{number}EUR{opening},\n:61:26010{number}D1,NTRFNONREF\n"
        f":62F:C26010{number}EUR{opening - 1},\n-\n"
    ).encode()


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def refusal(data: bytes, **options: Any) -> StatementUnreadable:
    with pytest.raises(StatementUnreadable) as caught:
        read_statement(data, **options)
    assert "\n" not in str(caught.value)
    return caught.value


def test_archive_when_of_a_file_a_day_then_one_file_in_order_with_places() -> None:
    file = read_statement(packed(*((f"{number}.sta", day(number, 10 - number)) for number in range(1, 4))))
    assert (file.format, file.encoding, file.warnings) == ("mt940", "utf-8", ())
    assert [statement.lines[0].posted for statement in file.statements] == [date(2026, 1, day) for day in (1, 2, 3)]
    assert file.statements[2].lines[0].place == "file 3 of the archive, byte 40"
    assert [statement.warnings for statement in file.statements] == [(), (), ()]


def test_archive_when_a_day_is_missing_then_said() -> None:
    file = read_statement(packed(("1", day(1, 9)), ("3", day(3, 7))))
    assert "a statement between them is missing" in file.statements[1].warnings[0]


def test_archive_when_the_gap_is_within_a_member_then_said_once() -> None:
    file = read_statement(packed(("1", day(1, 9) + day(3, 7))))
    assert len(file.statements[1].warnings) == 1


def test_archive_when_of_several_formats_then_all_are_read() -> None:
    file = read_statement(packed(("a", CAMT.read_bytes()), ("b", MT940.read_bytes())))
    assert (file.format, [len(statement.lines) for statement in file.statements]) == ("several", [5, 4])


def test_member_when_its_name_is_a_path_then_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ("../../evil.sta", "/tmp/evil.sta", "C:\\evil.sta", "a\0b")
    assert len(read_statement(packed(*((name, day(1, 9)) for name in names))).statements) == 4
    assert list(tmp_path.iterdir()) == []


def test_member_when_a_system_put_it_there_then_passed_over() -> None:
    file = read_statement(packed(("__MACOSX/._1.sta", b"x"), ("d/", b""), (".DS_Store", b"x"), ("1", day(1, 9))))
    assert len(file.statements) == 1


def lying(size: int) -> bytes:
    """Write an archive whose member unpacks to more than it declares."""
    data = packed(("1", day(1, 9) + b"\n" * 5000))
    declared = struct.pack("<L", len(day(1, 9)) + 5000)
    return data.replace(declared, struct.pack("<L", size))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (packed(("1", b" " * 3_000_000)), "200 times"),
        (packed(*(("1", b"x" * 900_000) for _ in range(90))), "67,108,864 bytes"),
        (packed(*((str(number), b"") for number in range(module.MAX_MEMBERS + 1))), "1,000 files"),
        (packed(("1", packed(("2", day(1, 9))))), "archive itself"),
        (packed(("1", b"\x1f\x8b\x08")), "archive itself"),
        (packed(), "empty"),
        (packed(("1", b" \n")), "File 1 of the ZIP archive is empty"),
        (packed(("1", day(1, 9)), ("2", b"<html>")), "File 2 of the ZIP archive: This is not a statement file"),
        (packed(("1", day(1, 9).replace(b"D1,", b"D2,"))), "File 1 of the ZIP archive: The statement of the"),
        (packed(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")), "office document"),
        (packed(("1", day(1, 9)))[:-9], "damaged"),
        (packed(("1", day(1, 9)), method=zipfile.ZIP_STORED).replace(b"D1,", b"D7,"), "damaged"),
        (lying(10), "damaged"),
        (b"PK\x03\x04" + b"\0" * 60, "unpack"),
    ],
    ids=[
        "ratio", "total", "count", "nested", "gzip inside", "empty", "empty member", "unknown", "wrong", "xlsx", "cut",
        "checksum", "lying size", "no archive",
    ],
)  # fmt: skip
def test_archive_when_hostile_or_damaged_then_one_sentence(data: bytes, word: str) -> None:
    assert word in refusal(data).reason


def test_archive_when_above_the_bound_of_the_caller_then_refused() -> None:
    data = packed(("1", day(1, 9) + b"\n" * 5000))
    assert "raise max_bytes" in refusal(data, max_bytes=4000).reason
    assert read_statement(data, max_bytes=6000).statements


def test_error_when_in_a_member_then_tells_its_place_and_no_name() -> None:
    error = refusal(packed(("DE89370400440532013000.sta", day(1, 9).replace(b"D1,", b"D,"))))
    assert "DE89" not in str(error)
    assert (error.offset, error.line) == (40, 5)


def protected(data: bytes) -> bytes:
    """Mark the member as protected, which no writer of the standard library can do."""
    found = bytearray(packed(("1", data), method=zipfile.ZIP_STORED))
    found[6] |= 1
    found[found.index(b"PK\x01\x02") + 8] |= 1
    return bytes(found)


def test_archive_when_protected_then_its_password_is_asked_for_and_tried() -> None:
    assert "give its password" in refusal(protected(day(1, 9))).reason
    assert "does not open" in refusal(protected(day(1, 9)), password="wrong").reason
