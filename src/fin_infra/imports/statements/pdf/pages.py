"""The pages of a PDF as lines of words with their places, by pypdfium2.
Floor 4: the library is loaded with the first PDF; a scan, which has no words, and a protected file say so."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from threading import Lock
from types import ModuleType
from typing import Any, NamedTuple

from fin_infra.errors import MissingExtra, StatementUnreadable
from fin_infra.imports.statements.pdf.packed import refuse_bombs

_ONE_AT_A_TIME = Lock()
"""PDFium is not safe for threads ("Incompatibility with Threading" in the notes of pypdfium2)."""
_WORD = re.compile(r"\S+")
_PASSWORD = 4
"""FPDF_ERR_PASSWORD, fpdfview.h."""
_MAX_PAGES = 500
_MAX_CHARS = 100_000
"""Of one page; a dense one has 8,000."""
_SAME_LINE = 0.5
"""Of a letter's height: how far words of one line may stand apart."""
_PRINTED_TWICE = 1.0
"""Points by which a word is moved that is printed again to make it bold."""
_GAP = 0.6
"""Of a letter's height: a space inside a cell is narrower, one between columns wider."""


class Word(NamedTuple):
    """A word with its left and right edge, middle and height, in points from the lower left corner."""

    text: str
    left: float
    right: float
    middle: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """The words of one line from left to right; `place` says to people where it is."""

    words: tuple[Word, ...]
    page: int
    number: int

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def place(self) -> str:
        return f"page {self.page}, line {self.number}"

    def cells(self) -> list[Word]:
        """Return the words joined to cells: what stands as close together as words of one text do."""
        found: list[Word] = []
        for word in self.words:
            last = found[-1] if found else None
            if last and word.left - last.right < _GAP * max(word.height, last.height):
                found[-1] = joined(last, word, " ")
            else:
                found.append(word)
        return found


_left, _middle = attrgetter("left"), attrgetter("middle")


def joined(one: Word, other: Word, between: str = "") -> Word:
    return Word(f"{one.text}{between}{other.text}", one.left, other.right, one.middle, max(one.height, other.height))


def read_pages(data: bytes, password: str | None) -> Iterator[list[Line]]:
    """Yield the lines of each page, top to bottom.

    Raises:
        StatementUnreadable: not a PDF, a password is missing or wrong, the pages have no words, or too many.
    """
    pdfium, raw = _library()
    refuse_bombs(data)
    with _ONE_AT_A_TIME:
        document = _opened(pdfium, data, password)
    found = False
    try:
        for number in range(_pages(document)):
            with _ONE_AT_A_TIME:
                words = _page_words(document, number, raw)
            lines = list(_lines(words, number + 1))
            found = found or bool(lines)
            yield lines
    except pdfium.PdfiumError:
        raise StatementUnreadable("A page of the PDF is damaged; download the statement again.") from None
    finally:
        with _ONE_AT_A_TIME:
            document.close()
    if not found:
        raise StatementUnreadable(
            "This PDF is a scan: its pages are pictures and hold no text, and pictures are not read; "
            "download the statement from the bank as PDF with text, or as CSV, OFX or CAMT."
        )


def _pages(document: Any) -> int:
    with _ONE_AT_A_TIME:
        count = len(document)
    if count > _MAX_PAGES:
        raise StatementUnreadable(f"The PDF has more than {_MAX_PAGES} pages; export a shorter period.")
    return count


def _library() -> tuple[Any, ModuleType]:
    try:
        # 20 MB that only a reader of PDF files should pay
        import pypdfium2  # pyright: ignore[reportMissingTypeStubs]  # it has none
        from pypdfium2 import raw  # pyright: ignore[reportMissingTypeStubs]  # it has none
    except ModuleNotFoundError as missing:
        reason = MissingExtra.of("Reading PDF statements needs", missing.name, "statements")
        raise StatementUnreadable(str(reason)) from None
    return pypdfium2, raw


def _opened(pdfium: Any, data: bytes, password: str | None) -> Any:
    try:
        return pdfium.PdfDocument(data, password=password)
    except pdfium.PdfiumError as error:
        if error.err_code != _PASSWORD:
            raise StatementUnreadable("The PDF is damaged or cut off; download the statement again.") from None
        said = "The password is not that of this PDF" if password else "This PDF is protected by a password"
        raise StatementUnreadable(f"{said}; say it, as in password='...' (many banks use a birthday).") from None


def _page_words(document: Any, number: int, raw: Any) -> list[Word]:
    page = document[number]
    text_page = page.get_textpage()
    try:
        count = text_page.count_chars()
        if count > _MAX_CHARS:
            raise StatementUnreadable(f"Page {number + 1} of the PDF has more than {_MAX_CHARS:,} characters.")
        text = text_page.get_text_range()
        if len(text) != count:  # some characters are of no text, or of two units: each is asked for by itself
            text = "".join(_character(raw.FPDFText_GetUnicode(text_page, index)) for index in range(count))
        return list(_words(text, text_page, raw))
    finally:
        text_page.close()
        page.close()


def _character(code: int) -> str:
    return chr(code) if 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else " "


def _words(text: str, text_page: Any, raw: Any) -> Iterator[Word]:
    """Yield the words; each costs two boxes, that of its first and that of its last letter."""
    first, last = raw.FS_RECTF(), raw.FS_RECTF()
    to_first, to_last = ctypes.byref(first), ctypes.byref(last)
    for match in _WORD.finditer(text):
        start, end = match.span()
        if not raw.FPDFText_GetLooseCharBox(text_page, start, to_first):
            continue
        right = first.right
        if end - start > 1 and raw.FPDFText_GetLooseCharBox(text_page, end - 1, to_last):
            right = last.right
        height = abs(first.top - first.bottom)
        yield Word(match[0], first.left, right, (first.top + first.bottom) / 2, height)


def _lines(words: list[Word], page: int) -> Iterator[Line]:
    words.sort(key=_middle, reverse=True)
    found: list[Word] = []
    number = 0
    for word in words:
        if found and found[0].middle - word.middle > _SAME_LINE * max(min(found[0].height, word.height), 1.0):
            number += 1
            yield _line(found, page, number)
            found = []
        found.append(word)
    if found:
        yield _line(found, page, number + 1)


def _line(words: list[Word], page: int, number: int) -> Line:
    words.sort(key=_left)
    kept = words[:1]
    for word in words[1:]:
        if word.text != kept[-1].text or word.left - kept[-1].left > _PRINTED_TWICE:
            kept.append(word)
    return Line(tuple(kept), page, number)
