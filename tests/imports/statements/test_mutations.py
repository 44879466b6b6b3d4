"""Damaged files of every reader: a clear error, or values that are all in the file and rows that are all named."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements import StatementFile, read_statement, statement_formats
from tests.imports.statements.mutations import mutated, unaccounted
from tests.imports.statements.test_mutations_banks import FORMATS
from tests.support.effort import share

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
MUTATIONS = share(10_000, test=300, quick=60)
"""Of each file."""
FILES = sorted(path for path in FIXTURES.glob("*/*") if path.suffix in (".ofx", ".qfx"))
ABOUT_THE_WHOLE = (
    "The OFX file holds no",
    "This is not a statement file",
    "The file has an OFX header but no",
    "The statement file is empty",
)
LINE_END = re.compile(rb"[\r\n]")
SAID = {"account": "1", "currency": "EUR"}


def test_reader_when_installed_then_its_files_are_mutated_here() -> None:
    """A further reader brings files of its own, and its own rules in `unaccounted`."""
    assert set(statement_formats()) == {path.parent.name for path in FILES} | set(FORMATS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_file_when_damaged_then_error_with_place_or_every_row_and_value_is_the_files(path: Path) -> None:
    whole = path.read_bytes()
    random = Random(path.name)
    found = 0
    for number in range(MUTATIONS):
        data = mutated(whole, random)
        for options in ({}, {**SAID, "skip_unreadable": True}):
            found += checked(data, options, f"mutation {number} of {path.name} with {options}")
    assert found > MUTATIONS // 10, "most mutations should leave something to check"


def read(data: bytes, options: dict[str, Any]) -> tuple[StatementUnreadable | None, StatementFile | None]:
    try:
        return None, read_statement(data, **options)
    except StatementUnreadable as error:
        return error, None


def checked(data: bytes, options: dict[str, Any], what: str) -> bool:
    error, file = read(data, options)
    if file is None:
        assert error is not None
        if error.reason.startswith(ABOUT_THE_WHOLE):
            assert (error.offset, error.line) == (None, None), what
        else:
            assert error.offset is not None, what
            assert error.line is not None, what
            assert 0 <= error.offset <= len(data), what
            assert 1 <= error.line <= len(LINE_END.findall(data)) + 1, what
        assert error.reason.endswith("."), what
        assert "\n" not in str(error), what
        return False
    assert list(unaccounted(data, file, SAID if options else {})) == [], what
    return True
