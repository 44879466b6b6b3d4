"""The logical records of a BAI2 file, put together from their lines and continuations.
Floor 4: a record knows how many lines it has, as the control counts do, and where it begins.

Cash Management Balance Reporting Specifications, Version 2 (BAI): `/` ends a record, 88 continues the one before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements.text import Text

_LINE = re.compile(r"[^\r\n]+")
_BREAK = re.compile(r"[\r\n]")
_NEXT = r"(?=02,|03,[^,/]*,(?:[A-Z]{3})?[,/]|16,[0-9]{1,3},|49,[+-]?[0-9]*,[0-9]+/|88,|9[89],[+-]?[0-9]*,[0-9]+,)"
_UNBROKEN = re.compile(rf"/ *{_NEXT}")
"""Where a record ends in a file that has no line ends, only blocks padded with spaces."""
_PADDED = re.compile(rf"/ +{_NEXT}")
"""Where a record ends before the line does; without a space it may be a slash of the text, as in `1/16,`."""
_CODE = re.compile(r"(01|02|03|16|49|88|98|99)(?=[,/]|\Z)")
_PADDING = " \t\x1a\0"
WIDTH = 80
"""Lines of this length were cut where the line was full: their text goes on without a space."""


@dataclass(slots=True)
class Record:
    code: str
    index: int
    """Of its first character in the text."""
    lines: list[str] = field(default_factory=list[str])
    """What stands behind the code and its comma, one for the record and for each continuation."""
    cut: list[bool] = field(default_factory=list[bool])
    """Whether the line was full, so that the next one goes on within a word."""
    broken: int = 0
    """Lines without a code that were taken as text."""

    @property
    def counted(self) -> int:
        """Records as the control counts have them, continuations too."""
        return len(self.lines) - self.broken

    def fields(self) -> list[str]:
        """Return the fields behind the code, of a record without text.

        A line that ends with `/` ends a field; one that does not was cut within it, unless it ends with its comma.
        """
        whole = ""
        for number, line in enumerate(self.lines):
            part, slash, _ = line.partition("/")
            whole += part
            if slash and number + 1 < len(self.lines):
                whole += ","
        return whole.split(",")


def records(source: Text) -> Iterator[Record]:
    """Yield the records in file order.

    A line without a code behind a transaction is text that some system broke; the control counts leave it out.

    Raises:
        StatementUnreadable: a line begins with no record code, or the first with that of a continuation.
    """
    record: Record | None = None
    for index, line in _lines(source.text):
        found = _CODE.match(line)
        if found is None:
            if record is None or record.code != "16":
                raise _unknown(source, index)
            record.lines.append(line.rstrip(_PADDING))
            record.cut.append(False)
            record.broken += 1
            continue
        content = line[3:].rstrip(_PADDING)
        full = len(line) == WIDTH and line[-1] not in " /"
        if found[1] == "88":
            if record is None:
                raise _unknown(source, index)
            record.lines.append(content)
            record.cut.append(full)
            continue
        if record is not None:
            yield record
        record = Record(found[1], index, [content], [full])
    if record is not None:
        yield record


def _unknown(source: Text, index: int) -> StatementUnreadable:
    return source.fault("A line begins with no BAI2 record code; the file is damaged, export it again", index)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with its place; blank ones and padding before a code do not count."""
    for start, piece in _pieces(text):
        bare = piece.lstrip(" \t\ufeff\0\x1a")
        if bare:
            yield start + len(piece) - len(bare), bare


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    if _BREAK.search(text.strip()) is None:
        for match in _UNBROKEN.finditer(text):
            yield start, text[start : match.end()]
            start = match.end()
        yield start, text[start:]
        return
    for match in _LINE.finditer(text):
        start = match.start()
        for end in _PADDED.finditer(text, start, match.end()):
            yield start, text[start : end.start() + 1]
            start = end.end()
        yield start, text[start : match.end()]
