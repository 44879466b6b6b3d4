"""The text of a statement file, in the encoding it is really in.
Floor 4: what the header declares is only a hint, and each character knows its byte."""

from __future__ import annotations

import codecs
import re

from fin_infra.errors import StatementUnreadable

_HEADER_BYTES = 4096
_DECLARED = re.compile(rb"""(?:encoding\s{0,9}=\s{0,9}["']|CHARSET:\s{0,9})([\w.:-]{1,40})""", re.I)
_MULTI_BYTE = {
    "932": "cp932",
    "cp932": "cp932",
    "shift_jis": "cp932",
    "windows-31j": "cp932",
    "euc-jp": "euc_jp",
    "936": "gb18030",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "949": "cp949",
    "euc-kr": "cp949",
    "950": "cp950",
    "big5": "cp950",
}
_SINGLE_BYTE = re.compile(r"(?:windows-|cp)?(125[0-8]|437|85[0258]|86[0356])|(?:iso)?-?8859-(1[013-6]|[1-9])")


class Text:
    """A decoded file that can say where in the file a character was."""

    def __init__(self, text: str, encoding: str, size: int, skipped: int = 0) -> None:
        self.text = text
        self.encoding = encoding
        self.size = size
        self._skipped = skipped
        self._one_byte_each = len(text) + skipped == size
        self._last = (0, skipped)
        self._break = "\n" if "\n" in text else "\r"
        self._last_line = (0, 1)

    def byte(self, index: int) -> int:
        """Return the byte offset of a character; cheap near the character asked for last."""
        if self._one_byte_each:
            return index + self._skipped
        at, offset = self._last
        if index >= at:
            offset += self._size(at, index)
        else:
            offset -= self._size(index, at)
        self._last = (index, offset)
        return offset

    def line(self, index: int) -> int:
        """Return the line of a character, counted from 1; cheap near the character asked for last."""
        at, line = self._last_line
        if index >= at:
            line += self.text.count(self._break, at, index)
        else:
            line -= self.text.count(self._break, index, at)
        self._last_line = (index, line)
        return line

    def place(self, index: int) -> str:
        """Say where a character is, for people."""
        return f"byte {self.byte(index)}, line {self.line(index)}"

    def fault(self, message: str, index: int) -> StatementUnreadable:
        return StatementUnreadable(message + ".", self.byte(index), self.line(index))

    def _size(self, start: int, end: int) -> int:
        return len(self.text[start:end].encode(self.encoding, "replace"))


def decode(data: bytes) -> Text:
    """Decode by byte order mark, then UTF-8, then what the header declares, then Windows-1252 and Latin-1.

    UTF-8 comes first because a single-byte charset fits any bytes and so proves nothing, while text with accents that
    happens to be valid UTF-8 is UTF-8. A declared multi-byte charset comes before it.
    """
    wide = _wide(data)
    if wide:
        encoding, mark = wide
        try:
            return Text(data[mark:].decode(encoding), encoding, len(data), mark)
        except UnicodeDecodeError as error:
            raise StatementUnreadable(
                f"The file is {encoding.upper()} text but breaks off or is damaged; export it again.",
                mark + error.start,
                data[mark : mark + error.start].decode(encoding, "replace").count("\n") + 1,
            ) from None
    mark = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    body = data[mark:]
    for encoding in _candidates(data[:_HEADER_BYTES]):
        try:
            return Text(body.decode(encoding), encoding, len(data), mark)
        except UnicodeDecodeError:
            continue
    return Text(body.decode("latin-1"), "latin-1", len(data), mark)


def _wide(data: bytes) -> tuple[str, int] | None:
    """Return the encoding of two or four bytes a character that the beginning shows, and the length of its mark."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32-le" if data.startswith(codecs.BOM_UTF32_LE) else "utf-32-be", 4
    zeros = [data[place:64:4].count(0) * 2 > len(data[place:64:4]) for place in range(4)]
    if sum(zeros) == 3:
        return "utf-32-be" if zeros[0] else "utf-32-le", 0
    if data.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le", 2
    if data.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be", 2
    even, odd = data[:64:2], data[1:64:2]
    if odd.count(0) * 2 > len(odd):
        return "utf-16-le", 0
    if even.count(0) * 2 > len(even):
        return "utf-16-be", 0
    return None


def _candidates(head: bytes) -> list[str]:
    match = _DECLARED.search(head)
    name = match[1].decode("ascii", "replace").lower() if match else ""
    if name in _MULTI_BYTE:
        return [_MULTI_BYTE[name], "utf-8", "cp1252"]
    single = _SINGLE_BYTE.fullmatch(name)
    if single is None:
        return ["utf-8", "cp1252"]
    declared = f"cp{single[1]}" if single[1] else f"iso8859-{single[2]}"
    return ["utf-8", *(["cp1252"] if declared == "iso8859-1" else [declared, "cp1252"])]
