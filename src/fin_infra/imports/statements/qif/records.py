"""The letters of a QIF file as records: a line begins with the letter of its field, `^` ends a record, `!` a list.
Floor 4: one pass, linear in time; what a letter means depends on the list it stands in, which is not decided here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from fin_infra.imports.statements.text import Text

_LINE = re.compile(r"[^\r\n]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Header:
    """A line that begins with `!`: what follows it is a list of that kind, or an option."""

    text: str
    index: int

    @property
    def word(self) -> str:
        """The header in small letters and without spaces: `type:otha`."""
        return "".join(self.text.lower().split())


@dataclass(slots=True)
class Record:
    """The fields of one record, in file order; `ended` is False where no `^` closed it."""

    index: int
    fields: list[tuple[str, str, int]] = field(default_factory=list[tuple[str, str, int]])
    """Letter, text, and where the line begins."""
    ended: bool = False

    def text(self, letter: str) -> str | None:
        """Return the text of the first field with that letter; None where it is missing or empty."""
        return next((text for found, text, _ in self.fields if found == letter and text), None)

    def at(self, letter: str) -> int:
        """Return where that field is, or where the record begins if it has none."""
        return next((index for found, _, index in self.fields if found == letter), self.index)


def parts(source: Text) -> Iterator[Header | Record]:
    """Yield the headers and records of a file in their order; `#` begins a comment."""
    record: Record | None = None
    for match in _LINE.finditer(source.text):
        line = match[0]
        if not line.isprintable():
            line = _CONTROLS.sub(" ", line)
        first = line[0]
        if first == "!":
            if record is not None:
                yield record
                record = None
            yield Header(line[1:].strip(), match.start())
        elif first == "^" and not line[1:].strip():
            yield _ended(record or Record(match.start()))
            record = None
        elif first != "#" and line.strip():
            if record is None:
                record = Record(match.start())
            record.fields.append((first, line[1:].strip(), match.start()))
    if record is not None:
        yield record


def _ended(record: Record) -> Record:
    record.ended = True
    return record
