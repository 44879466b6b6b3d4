"""Damaged CSV files: a clear error with its place, or rows whose day and amount are in the file, where it says."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fin_infra.errors import StatementUnreadable, UnknownCurrency
from fin_infra.imports.statements import StatementFile, read_statement
from tests.imports.statements.delimited.samples import SAMPLES
from tests.imports.statements.mutations import digits, mutated
from tests.support.effort import share

MUTATIONS = share(100_000, test=500, quick=100)
"""Of all files together."""
PUBLIC = Path(__file__).resolve().parents[5] / "shared" / "samples" / "csv"
JUNK = (b'"', b'""', b";", b",", b"\t", b"\n", b'"\n', b"(", b"1.234", b"1,234", b"-", b"=1+1", b"EUR", b"\0")
LINE_END = re.compile(rb"\r\n|\r|\n")
SAID: dict[str, Any] = {"account": "4711", "currency": "USD"}
WITH_FEES = ("Revolut", "PayPal activity")


def files() -> Iterator[tuple[str, bytes]]:
    for sample in SAMPLES:
        if sample.layout not in WITH_FEES:
            yield sample.layout, sample.text.encode(sample.encoding)
    for path in sorted(PUBLIC.glob("*.csv")) if PUBLIC.is_dir() else ():
        yield path.name, path.read_bytes()


def damaged(data: bytes, random: Random) -> bytes:
    data = mutated(data, random)
    if random.random() < 0.5:
        at = random.randrange(len(data) + 1)
        data = data[:at] + random.choice(JUNK) + data[at + random.choice((0, 0, 1, 4)) :]
    return data


def test_file_when_damaged_then_error_with_place_or_every_row_is_the_files() -> None:
    random = Random("csv")
    every = list(files())
    found = 0
    for number in range(MUTATIONS):
        name, whole = every[number % len(every)]
        data = damaged(whole, random)
        options = {**SAID, "skip_unreadable": number % 2 == 0, "accept_difference": number % 3 == 0}
        found += checked(data, options, f"mutation {number} of {name}")
    assert found > MUTATIONS // 10, "many mutations should leave something to check"


def checked(data: bytes, options: dict[str, Any], what: str) -> bool:
    error, file = read(data, options)
    if file is None:
        if isinstance(error, StatementUnreadable):
            assert error.reason.endswith("."), what
            assert "\n" not in str(error), what
            assert 0 <= (error.offset or 0) <= len(data), what
            assert 1 <= (error.line or 1) <= len(LINE_END.findall(data)) + 1, what
        return False
    if file.format == "csv":
        assert list(unaccounted(data, file)) == [], what
    return file.format == "csv"


def read(data: bytes, options: dict[str, Any]) -> tuple[Exception | None, StatementFile | None]:
    try:
        return None, read_statement(data, **options)
    except (StatementUnreadable, UnknownCurrency) as error:
        return error, None


def unaccounted(data: bytes, file: StatementFile) -> Iterator[str]:
    """Yield what was read and does not stand in its row."""
    for statement in file.statements:
        every = sorted((*statement.lines, *statement.pending), key=lambda line: line.offset)
        offsets = [line.offset for line in every]
        if len(set(offsets)) != len(offsets):
            yield "two transactions of one row"
        for line in every:
            row = data[line.offset : line.offset + 4000].decode(file.encoding, "replace")
            if digits(_whole(abs(line.amount.amount))) not in re.sub(r"[^0-9]", "", row):
                yield f"amount {line.amount} at {line.offset} is not in its row"
            if f"{line.posted.day}" not in row.replace("0", "") and f"{line.posted.day}" not in row:
                yield f"day {line.posted} at {line.offset} is not in its row"


def _whole(amount: Decimal) -> str:
    return f"{amount:f}"


def test_file_when_large_then_its_memory_is_less_than_twenty_times_its_size() -> None:
    rows = "".join(f'DEBIT,{1 + n % 12:02}/13/2026,"CORNER SHOP {n}",-{n % 90}.10,DEBIT_CARD,,,\n' for n in range(5000))
    data = f"Details,Posting Date,Description,Amount,Type,Balance,Check or Slip #\n{rows}".encode()
    read_statement(data, **SAID)
    tracemalloc.start()
    try:
        kept = read_statement(data, **SAID)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kept.statements[0].lines) == 5000
    assert peak < 20 * len(data)


def test_file_when_every_row_is_of_another_account_or_section_then_it_is_read_in_linear_time() -> None:
    accounts = b"Date,Description,Amount,Account Number\n" + b"".join(
        b"2026-01-13,a,-1.00,%d\n" % number for number in range(8000)
    )
    assert len(read_statement(accounts, **SAID).statements) == 8000
    sections = b"Date,Description,Amount\n" + b"Pending\n2026-01-13,a,-1.00\nPosted\n" * 8000 + b"2026-01-13,b,-1.00\n"
    (statement,) = read_statement(sections, **SAID).statements
    assert (len(statement.lines), len(statement.pending)) == (1, 8000)


@pytest.mark.parametrize("name", ["one row a byte", "one open quote", "many columns", "long cell"])
def test_file_when_made_to_be_slow_then_it_is_refused_or_read_at_once(name: str) -> None:
    data = {
        "one row a byte": b"a,\n" * 200_000,
        "one open quote": b"Date,Amount,Text\n" + b'01/13/2026,"1.00,x\n' * 50_000,
        "many columns": b"Date,Amount,Text\n01/13/2026,1.00," + b"," * 300_000,
        "long cell": b"Date,Amount,Text\n01/13/2026,-1.00," + b"x" * 200_000,
    }[name]
    with pytest.raises(StatementUnreadable):
        read_statement(data, **SAID)
