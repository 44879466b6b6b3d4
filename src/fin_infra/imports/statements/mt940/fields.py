"""The fields of an MT940 file: tag, text, and where it stands.
Floor 4: only tags of the message types are tags; what looks like another one is text of the field it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from fin_infra.imports.statements.text import Text, decode

_TAG = re.compile(
    r"(?:\A|(?<=[\r\n])|(?<=\{4:))[\x00-\x08 \ufeff]{0,4}"
    r":[\r\n]{0,2}(13D?|20|21|25P?|28C?|34F|60[FM]?|61|62[FM]?|64|65|86|90[CD]|NS|94[0-2]):"
)
"""Tags of MT940, 941 and 942 (SWIFT User Handbook, category 9), `NS` of some banks, and Rabobank's `:940:` header.

Some systems break the line behind the colon."""
_END = re.compile(r"[\r\n](?:-(?:\}[^\r\n]*|XXX)?[ \t\x00-\x08]*(?=[\r\n]|\Z)|(?=\{1:)|(?=\x01|\x03))")
"""A message ends with a line of one hyphen (ING Bank: `-XXX`), `-}`, or where the next envelope begins."""
_LETTER_BYTES = re.compile(rb"(?<=[A-Za-z])[\x80-\xff]|[\x80-\xff](?=[a-z])")
_LINES = re.compile(r"\r\n|\n|\r")
WIDTH = 65
"""Characters in a line of `:86:`; a full line goes on in the next one without a space."""


class Field(NamedTuple):
    tag: str
    text: str
    start: int
    """Of its colon, in characters of the text."""


def decoded(data: bytes) -> Text:
    """Decode, and take the old code page of DOS where its letters make words and those of Windows do not.

    Banks' host systems still write it: `M\\x81ller` is Müller in cp850 and nothing in Windows-1252.
    """
    source = decode(data)
    if source.encoding not in ("cp1252", "latin-1"):
        return source
    found = b"".join(_LETTER_BYTES.findall(data))
    score = {name: sum(char.isalpha() for char in found.decode(name, "replace")) for name in ("cp1252", "cp850")}
    if score["cp850"] <= score["cp1252"]:
        return source
    return Text(data.decode("cp850"), "cp850", len(data))


def fields(source: Text) -> Iterator[Field]:
    """Yield the fields in file order; text outside of them, as envelopes are, is left out."""
    text = source.text
    tags = list(_TAG.finditer(text))
    for number, match in enumerate(tags):
        end = tags[number + 1].start() if number + 1 < len(tags) else len(text)
        closed = _END.search(text, match.end(), end)
        start = text.index(":", match.start())
        yield Field(match[1], text[match.end() : closed.start() if closed else end], start)


def lines(text: str) -> list[str]:
    """Return the lines of a field without what pads them beyond the width of the format."""
    found = [line if len(line) <= WIDTH else line[:WIDTH] + line[WIDTH:].rstrip() for line in _LINES.split(text)]
    while found and not found[-1].strip():
        found.pop()
    return found


def flowing(parts: list[str]) -> str:
    """Put lines together: a full one goes on in the next, a short one ends a word."""
    text = ""
    for part in parts:
        text += part if len(part) >= WIDTH else part + " "
    return text
