"""One file of transactions, written as it is read from the book, and there whole or not at all.
Floor 6: one transaction that reads; a new format is a function in `WRITERS`, and its ending."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

import sqlalchemy as sa

from fin_infra.book.backup import publish
from fin_infra.book.engine import reading, unavailable
from fin_infra.book.exports.beancount import write_beancount
from fin_infra.book.exports.ofx import write_ofx
from fin_infra.book.exports.parquet import write_parquet
from fin_infra.book.exports.rows import Choice, Rows
from fin_infra.book.exports.spreadsheet import write_csv
from fin_infra.book.lease import Owner
from fin_infra.book.originals import opened_for_owner
from fin_infra.book.records import ExportedFile
from fin_infra.errors import InvalidInput

ExportFormat = Literal["csv", "ofx", "parquet", "beancount"]
WRITERS: Mapping[ExportFormat, Callable[[Rows, BinaryIO], int]] = {
    "csv": write_csv,
    "ofx": write_ofx,
    "parquet": write_parquet,
    "beancount": write_beancount,
}


def export_file(
    engine: sa.Engine, owner: Owner, file: Path, form: str | None, choice: Choice, now: datetime
) -> ExportedFile:
    """Write a new file; its ending says the format where `form` does not.

    Raises:
        InvalidInput: the file is there already, the folder is not, the format is unknown, or the account is.
        MissingExtra: Parquet needs pyarrow.
        BookUnavailable: the book cannot be read, or the file cannot be written; nothing is left in its place.
    """
    chosen = format_of(file, form)
    if file.exists():
        raise InvalidInput(f"{file} is there already; give the export a new file.")
    if not file.parent.is_dir():
        raise InvalidInput(f"The folder {file.parent} is not there; make it first.")
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        with reading(engine) as db, opened_for_owner(part) as out:
            rows = Rows(db, owner, choice, now)
            count = WRITERS[chosen](rows, out)
            accounts = len(rows.accounts)
        publish(part, file, "export")
    except OSError as exc:
        raise unavailable(engine, exc) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return ExportedFile(file=str(file), format=chosen, accounts=accounts, rows=count, size=file.stat().st_size)


def export_into(
    engine: sa.Engine, owner: Owner, out: BinaryIO, form: ExportFormat, choice: Choice, now: datetime
) -> int:
    """Write the same into an open file; return how many transactions there are.

    Raises:
        InvalidInput: the book has no such account.
        MissingExtra: Parquet needs pyarrow.
        BookUnavailable: the book cannot be read, or the file cannot be written; what is in it then is not whole.
    """
    with reading(engine) as db:
        return WRITERS[form](Rows(db, owner, choice, now), out)


def format_of(file: Path, form: str | None) -> ExportFormat:
    """Return the format that is meant.

    Raises:
        InvalidInput: there is no such format, or the ending says none.
    """
    named = (form or file.suffix.removeprefix(".")).lower()
    for known in WRITERS:
        if known == named:
            return known
    formats = ", ".join(WRITERS)
    raise InvalidInput(f"The file {file.name} names no format; give one of {formats}, or such an ending.")
