"""A ZIP of statement files, as banks give one file a day.
Floor 4: members are bytes in the order of the archive; their names are never paths, nor shown, as accounts are in them.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from io import BytesIO

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements.base import ReadOptions
from fin_infra.imports.statements.parts import with_gaps_named
from fin_infra.model.statement import Statement, StatementFile, StatementLine

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
MAX_MEMBERS = 1000
"""A file a day of nearly three years."""
MAX_RATIO = 200
"""Unpacked to packed. Statements of the same words over and over reach 60; DEFLATE could do 1,032."""
_SMALL = 1024 * 1024
"""Below this many bytes unpacked no ratio is too high."""
_NESTED = (*MAGIC, b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")
_OFFICE = frozenset(("[Content_Types].xml", "mimetype"))
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError, struct.error)
_DAMAGED = "The ZIP archive is damaged; unpack it and give the statements inside it, or download it again."


def read_archive(
    data: bytes, options: ReadOptions, max_bytes: int, read: Callable[[bytes, ReadOptions], StatementFile]
) -> StatementFile:
    """Read every member with `read`, and put their statements together; lines tell which member they are in.

    Args:
        max_bytes: bound of all members together, unpacked.

    Raises:
        StatementUnreadable: no archive of statements, a protected or damaged one, or one that unpacks to too much;
            `offset` and `line` are those within the member.
    """
    with _opened(data) as archive:
        members = _members(archive, max_bytes)
        files = [_read(archive, member, number, options, read) for number, member in enumerate(members, 1)]
    statements = [_placed(statement, number) for number, file in enumerate(files, 1) for statement in file.statements]
    return StatementFile(
        format=_common(file.format for file in files),
        encoding=_common(file.encoding for file in files),
        statements=with_gaps_named(statements),
        left_out=tuple(f"file {number}: {text}" for number, file in enumerate(files, 1) for text in file.left_out),
        warnings=tuple(f"file {number}: {text}" for number, file in enumerate(files, 1) for text in file.warnings),
    )


def _opened(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(BytesIO(data))
    except _BROKEN:
        raise StatementUnreadable(_DAMAGED) from None


def _members(archive: zipfile.ZipFile, max_bytes: int) -> list[zipfile.ZipInfo]:
    """Return the files of the archive; what a system put beside them is none."""
    found = [each for each in archive.infolist() if not each.is_dir() and not _of_a_system(each.filename)]
    if any(each.filename in _OFFICE for each in found):
        raise StatementUnreadable(
            "This is an office document (such as .xlsx), not an archive of statements; export the account as CSV."
        )
    if not found:
        raise StatementUnreadable("The ZIP archive is empty; export the statements again from the bank.")
    if len(found) > MAX_MEMBERS:
        raise StatementUnreadable(
            f"The ZIP archive holds more than {MAX_MEMBERS:,} files; give the statements in smaller parts."
        )
    if sum(each.file_size for each in found) > max_bytes:
        raise StatementUnreadable(
            f"The ZIP archive unpacks to more than {max_bytes:,} bytes; export a shorter period, or raise max_bytes."
        )
    for each in found:
        if each.file_size > _SMALL and each.file_size > MAX_RATIO * each.compress_size:
            raise StatementUnreadable(
                f"The ZIP archive unpacks to more than {MAX_RATIO} times its size; unpack it and give the statements "
                "inside it."
            )
    return found


def _of_a_system(name: str) -> bool:
    last = name.rpartition("/")[2]
    return name.startswith("__MACOSX/") or last in (".DS_Store", "Thumbs.db", "desktop.ini")


def _read(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    number: int,
    options: ReadOptions,
    read: Callable[[bytes, ReadOptions], StatementFile],
) -> StatementFile:
    data = _unpacked(archive, member, options)
    if data.startswith(_NESTED):
        raise StatementUnreadable(
            f"File {number} of the ZIP archive is an archive itself; unpack it and give the statements inside it."
        )
    if not data.strip(b"\0 \t\r\n"):
        raise StatementUnreadable(f"File {number} of the ZIP archive is empty; export it again from the bank.")
    try:
        return read(data, options)
    except StatementUnreadable as error:
        raise StatementUnreadable(
            f"File {number} of the ZIP archive: {error.reason}", error.offset, error.line
        ) from None


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, options: ReadOptions) -> bytes:
    """Return the bytes of a member, which zipfile bounds by the size that the archive declares."""
    protected = member.flag_bits & 0x1
    if protected and options.password is None:
        raise StatementUnreadable("The ZIP archive is protected; give its password (password=, --password).")
    try:
        with archive.open(member, pwd=options.password.encode() if options.password and protected else None) as file:
            return file.read(member.file_size + 1)
    except NotImplementedError:
        raise StatementUnreadable(
            "The ZIP archive is packed or protected in a way that is not read; unpack it and give the statements "
            "inside it."
        ) from None
    except RuntimeError:
        raise StatementUnreadable("The password does not open the ZIP archive; check it.") from None
    except _BROKEN:
        raise StatementUnreadable(_DAMAGED) from None


def _placed(statement: Statement, number: int) -> Statement:
    def placed(line: StatementLine) -> StatementLine:
        return replace(line, place=f"file {number} of the archive, {line.place or f'byte {line.offset}'}")

    return replace(
        statement,
        lines=tuple(placed(line) for line in statement.lines),
        pending=tuple(placed(line) for line in statement.pending),
    )


def _common(words: Iterable[str]) -> str:
    """Return the one word of all, or `several`."""
    found = set(words)
    return found.pop() if len(found) == 1 else "several"
