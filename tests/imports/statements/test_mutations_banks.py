"""Damaged CAMT, MT940 and BAI2 files: a clear error with its place, or a statement that adds up and names every row."""

from __future__ import annotations

import re
import time
import tracemalloc
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements import StatementFile, read_statement, statement_formats
from fin_infra.model.statement import Statement, StatementLine
from tests.imports.statements.mutations import mutated
from tests.support.effort import share

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples"
FORMATS = ("camt", "mt940", "bai2")
MUTATIONS = share(100_000, test=500, quick=60)
"""Of each format; its files take turns."""
ABOUT_THE_WHOLE = ("This is not a statement file", "The statement file is empty", "The statement of the account")
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"account": "1", "currency": "EUR", "skip_unreadable": True, "accept_difference": True},
)
LINE_END = re.compile(rb"[\r\n]")


def files(name: str) -> list[bytes]:
    paths = [path for path in sorted((FIXTURES / name).iterdir()) if path.suffix != ".toml"]
    paths += sorted((SAMPLES / name).iterdir()) if SAMPLES.is_dir() else []
    return [path.read_bytes() for path in paths]


def test_reader_when_in_this_file_then_installed() -> None:
    assert set(FORMATS) <= set(statement_formats())


@pytest.mark.parametrize("name", FORMATS)
def test_file_when_damaged_then_error_with_place_or_it_adds_up_and_names_every_row(name: str) -> None:
    whole = files(name)
    random = Random(name)
    found = 0
    for number in range(MUTATIONS):
        data = mutated(whole[number % len(whole)], random)
        for options in OPTIONS:
            found += checked(data, options, f"mutation {number} of {name} with {options}")
    assert found > MUTATIONS // 20, "many mutations should leave something to check"


def read(data: bytes, options: dict[str, Any]) -> tuple[StatementUnreadable | None, StatementFile | None]:
    try:
        return None, read_statement(data, **options)
    except StatementUnreadable as error:
        return error, None


def checked(data: bytes, options: dict[str, Any], what: str) -> bool:
    error, file = read(data, options)
    if file is None:
        assert error is not None
        assert error.reason.endswith("."), what
        assert "\n" not in str(error), what
        if error.reason.startswith(ABOUT_THE_WHOLE):
            return False
        assert error.offset is not None, what
        assert error.line is not None, what
        assert 0 <= error.offset <= len(data), what
        assert 1 <= error.line <= len(LINE_END.findall(data)) + 1, what
        return False
    assert list(wrong(data, file, options)) == [], what
    return True


def wrong(data: bytes, file: StatementFile, options: dict[str, Any]) -> list[str]:
    """Return what was read and is not in the file, and rows that are neither read nor named."""
    found: list[str] = []
    for statement in file.statements:
        found += sums(statement, accepted="accept_difference" in options)
        for line in (*statement.lines, *statement.pending):
            found += amount(data, line, file)
    aside = sum(" is set aside" in text for statement in file.statements for text in statement.warnings)
    said = " ".join(text for statement in file.statements for text in statement.warnings) + " ".join(file.warnings)
    taken = sum(len(statement.lines) + len(statement.pending) for statement in file.statements)
    rows = counted(data, file)
    elsewhere = "details" in said or "information only" in said or "text only" in said or file.left_out
    if rows is not None and not elsewhere and rows > taken + aside:
        found.append(f"{rows} rows in the file, {taken} read, {aside} set aside")
    return found


def sums(statement: Statement, *, accepted: bool) -> list[str]:
    currency = statement.account.currency
    opening = {each.amount for each in statement.balances if each.kind == "opening"}
    closing = {each.amount for each in statement.balances if each.kind == "ledger"}
    amounts = [line.amount for line in statement.lines]
    if len(opening) != 1 or len(closing) != 1:
        return []
    first, last = opening.pop(), closing.pop()
    if {each.currency for each in (first, last, *amounts)} != {currency}:
        return []
    left = last.amount - first.amount - sum((each.amount for each in amounts), Decimal())
    shown = statement.difference.amount if statement.difference else Decimal()
    if left != shown or (left and not accepted):
        return [f"{left} is left over, and {shown} is said"]
    return []


def digits(value: object) -> str:
    return re.sub(r"[^0-9]", "", str(value)).lstrip("0").rstrip("0")


def amount(data: bytes, line: StatementLine, file: StatementFile) -> list[str]:
    """Look the amount up in the row that it is said to be from."""
    rest = data[line.offset : line.offset + 200_000].decode(file.encoding, "replace")
    row = re.split(r"</(?:\w+:)?Ntry\s*>", rest, maxsplit=1)[0] if file.format == "camt" else rest[:400]
    printed = {digits(each) for each in re.findall(r"[0-9][0-9.,]*|[.,][0-9]+", row)}
    joined = digits(re.sub(r"[^0-9]", "", row))
    if digits(line.amount.amount) in printed or digits(line.amount.amount) in joined:
        return []
    return [f"amount {line.amount} at {line.offset} is not in its row"]


def counted(data: bytes, file: StatementFile) -> int | None:
    """Count the rows by other means than the reader has."""
    text = data.decode(file.encoding, "replace")
    if file.format == "mt940":
        return len(re.findall(r"(?m)^:61:", text.replace("\r", "\n")))
    if file.format == "bai2":
        return len(re.findall(r"(?m)^16,", text.replace("\r", "\n")))
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    return sum(each.tag.rpartition("}")[2] == "Ntry" for each in root.iter())


@pytest.mark.parametrize("name", FORMATS)
def test_file_when_large_then_memory_and_time_stay_in_bounds(name: str) -> None:
    """Twice the rows may take little more than twice the time, and twenty times the file in memory."""
    small, large = (grown(name, rows) for rows in (300, 1200))
    read_statement(small, accept_difference=True)
    took = []
    for data in (small, large):
        start = time.process_time()
        read_statement(data, accept_difference=True)
        took.append(time.process_time() - start)
    assert took[1] < 4 * took[0] * 4
    tracemalloc.start()
    read_statement(large, accept_difference=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * len(large)


def grown(name: str, rows: int) -> bytes:
    """Repeat one row of the fixture."""
    data = files(name)[0]
    if name == "camt":
        row = re.search(rb"<Ntry>.*?</Ntry>\n", data, re.S)
    elif name == "mt940":
        row = re.search(rb":61:.*?(?=:61:)", data, re.S)
    else:
        row = re.search(rb"16,165.*?\n", data)
    assert row is not None
    return data[: row.start()] + row[0] * rows + data[row.end() :]
