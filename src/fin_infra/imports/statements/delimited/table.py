"""The rows of a CSV file, and where each of them begins.
Floor 4: the standard library's reader splits the rows; what it cannot say is added: bytes, lines, a quote left open."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import accumulate, islice

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements.delimited.layout import DELIMITERS
from fin_infra.imports.statements.text import Text

Row = list[str]
HEAD_CHARS = 64 * 1024
_MOST_PREAMBLE = 60
"""Rows above the column names: more than any bank prints."""


@dataclass(slots=True)
class Table:
    """All rows of a file, by one delimiter; `offsets` and `numbers` say at which byte and line each begins."""

    source: Text
    delimiter: str
    rows: list[Row]
    offsets: list[int]
    numbers: Sequence[int]

    def fault(self, message: str, row: int) -> StatementUnreadable:
        at = min(row, len(self.rows) - 1)
        return StatementUnreadable(message + ".", self.offsets[at], self.numbers[at])

    def place(self, row: int) -> str:
        return f"byte {self.offsets[row]}, line {self.numbers[row]}"


def read_table(source: Text, delimiter: str) -> Table:
    """Split the whole text into rows.

    Raises:
        StatementUnreadable: a quote is never closed, or the reader gives up.
    """
    reader = csv.reader(StringIO(source.text, newline=""), delimiter=delimiter)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise source.fault(f"The rows cannot be told apart ({error}); export the file again", 0) from None
    sizes = _line_sizes(source)
    starts = list(accumulate(sizes, initial=source.size - sum(sizes)))
    if reader.line_num == len(rows):
        _check_end(source, delimiter, len(rows))
        return Table(source, delimiter, rows, starts, range(1, len(rows) + 1))
    numbers = _numbers(source, delimiter)
    return Table(source, delimiter, rows, [starts[number - 1] for number in numbers], numbers)


def _line_sizes(source: Text) -> list[int]:
    """Return the bytes of each line, as the reader counts lines."""
    lines = StringIO(source.text, newline="")
    if source.size == len(source.text) or source.encoding in ("cp1252", "latin-1"):
        return list(map(len, lines))
    encoding = source.encoding
    return [len(line.encode(encoding, "replace")) for line in lines]


def _numbers(source: Text, delimiter: str) -> list[int]:
    """Return the line at which each row begins, for files whose rows take several.

    Such a file is read strictly: a quote that is not closed would else swallow the rows up to the next quote.
    """
    reader = csv.reader(StringIO(source.text, newline=""), delimiter=delimiter, strict=True)
    numbers: list[int] = []
    last = 0
    try:
        for _ in reader:
            numbers.append(last + 1)
            last = reader.line_num
    except csv.Error:
        raise _open_quote(source, last + 1) from None
    return numbers


def _check_end(source: Text, delimiter: str, lines: int) -> None:
    """Refuse a file whose last line ends inside a quote: it was cut off."""
    tail = "".join(islice(StringIO(source.text, newline=""), lines - 1, None))
    try:
        list(csv.reader([tail], delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise _open_quote(source, lines) from None


def _open_quote(source: Text, line: int) -> StatementUnreadable:
    at = sum(islice(map(len, StringIO(source.text, newline="")), line - 1))
    return source.fault(
        "A quote is not closed, or stands inside one; the file was cut off or edited, export it again", at
    )


def likely_delimiters(text: str) -> Iterator[str]:
    """Return the delimiters that give the beginning of a file several columns, the likeliest first."""
    head = text[:HEAD_CHARS]
    if len(text) > len(head):
        head = head.rpartition("\n")[0]
    found: list[tuple[int, int, str]] = []
    for number, delimiter in enumerate(DELIMITERS):
        widths = Counter(len(row) for row in head_rows(head, delimiter) if len(row) > 1)
        best = max(((count * (width - 1), count) for width, count in widths.items()), default=(0, 0))
        if best[0]:
            found.append((-best[0], number, delimiter))
    yield from (delimiter for _, _, delimiter in sorted(found))


def head_rows(head: str, delimiter: str) -> list[Row]:
    rows: list[Row] = []
    try:
        for row in csv.reader(StringIO(head, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) >= 200:
                break
    except csv.Error:
        pass
    return rows


def preamble(rows: list[Row]) -> Iterator[tuple[int, Row]]:
    """Return the rows among which the column names may stand, with their numbers."""
    for number, row in enumerate(rows[:_MOST_PREAMBLE]):
        if len(row) > 1:
            yield number, row


def plain(cell: str) -> str:
    """Return a cell as it is compared: without mark, outer spaces and capitals."""
    return " ".join(cell.replace("\ufeff", "").split()).casefold()


def names(row: Row) -> list[str]:
    """Return the column names of a row as they are compared, without empty ones at its end."""
    found = [plain(cell) for cell in row]
    while found and not found[-1]:
        found.pop()
    return found
