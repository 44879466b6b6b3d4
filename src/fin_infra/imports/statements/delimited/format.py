"""CSV files of banks, cards, payment services: by the bank's own table, by what was learned, or by what they show.
Floor 4: a file is CSV only if nothing else claims it; what is guessed is said in `warnings`, with its reasons."""

from __future__ import annotations

import gc
import re
from codecs import BOM_UTF8
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements.base import ReadOptions, StatementFormat
from fin_infra.imports.statements.delimited.banks import BANKS
from fin_infra.imports.statements.delimited.body import Body
from fin_infra.imports.statements.delimited.days import looks_like_day
from fin_infra.imports.statements.delimited.guess import Guess, guess_layout, is_header
from fin_infra.imports.statements.delimited.layout import Column, Layout
from fin_infra.imports.statements.delimited.learned import learned
from fin_infra.imports.statements.delimited.ours import FIRST_LINE, OURS
from fin_infra.imports.statements.delimited.reading import Reading
from fin_infra.imports.statements.delimited.table import (
    HEAD_CHARS,
    Row,
    Table,
    head_rows,
    likely_delimiters,
    names,
    plain,
    preamble,
    read_table,
)
from fin_infra.imports.statements.delimited.trades import TRADES, trade_statements
from fin_infra.imports.statements.text import Text, decode
from fin_infra.model.statement import StatementFile

_OTHERS = re.compile(
    r"\s*(?:<|\{|\[|!(?:Type|Account|Option|Clear)|OFXHEADER|%PDF|\{1:|:20:|:940:"
    r"|01,[^\r\n]*[\r\n]+(?:\s*88,[^\r\n]*[\r\n]+){0,9}\s*02,)",
    re.I,
)
"""How files of other formats begin: XML and HTML, JSON, QIF, OFX, PDF, MT940, BAI2."""
_INSIDE = re.compile(r"<OFX[\s>]|<\?xml|<!DOCTYPE|<html|^:20:|^:61:|^!Type:|OFXHEADER", re.I | re.M)
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SEP = re.compile(r"\s*sep=(.)\s*(?:\r\n|\n|\r)", re.I)
"""A first line for Excel."""
_PLAIN = ReadOptions()
KNOWN = (OURS, *BANKS, *(traded.rows for traded in TRADES))


class Delimited(StatementFormat):
    title = "CSV"
    guesses = True

    def is_marked(self, head: bytes) -> bool:
        return head.removeprefix(BOM_UTF8).startswith(FIRST_LINE.encode())

    def recognizes(self, head: bytes) -> bool:
        try:
            text = decode(head).text
        except StatementUnreadable:
            return False
        if _OTHERS.match(text) or _INSIDE.search(text) or _BINARY.search(text):
            return False
        return any(_has_rows(text, delimiter) for delimiter in _delimiters(text))

    def read(self, data: bytes, options: ReadOptions = _PLAIN) -> StatementFile:
        own, notes = learned()
        return read_delimited(data, options, layouts=(*own, *KNOWN), notes=notes)


@dataclass(frozen=True, slots=True)
class Found:
    """A layout, and where its columns stand in a table."""

    layout: Layout
    at: dict[Column, int]
    width: int
    start: int
    """The first row below the column names."""


def read_delimited(
    data: bytes,
    options: ReadOptions = _PLAIN,
    *,
    layouts: Sequence[Layout] = KNOWN,
    notes: Iterable[str] = (),
) -> StatementFile:
    """Read a CSV file by the first of the layouts that fits it, or by what it shows.

    Raises:
        StatementUnreadable: the file cannot be read as a whole; `offset` and `line` are the place at fault.
    """
    with _undisturbed():
        return _read(decode(data), options, layouts, tuple(notes))


def _read(source: Text, options: ReadOptions, layouts: Sequence[Layout], said: tuple[str, ...]) -> StatementFile:
    table, found = _known(source, layouts)
    if found is None:
        guess = guess_layout(table, options)
        found = Found(guess.layout, place(guess.layout, names_at(table, guess.start)), guess.width, guess.start)
        said = (*said, *guess.reasons)
    if found.layout is OURS and not any(map(any, table.rows[found.start :])):
        return StatementFile(format="csv", encoding=source.encoding, statements=())  # the book had nothing to write
    body = Body(table, found.layout, found.at, found.width, found.start, options)
    above = table.rows[: found.start]
    traded = next((each for each in TRADES if each.rows is found.layout), None)
    statements = tuple(trade_statements(body, traded, above) if traded else Reading(body, above).statements())
    said, left_out = (*said, *body.said), tuple(body.left_out)
    if len(statements) == 1:
        only = statements[0]
        statements = (replace(only, warnings=(*said, *only.warnings), left_out=(*left_out, *only.left_out)),)
        said = ()
    return StatementFile(
        format="csv", encoding=source.encoding, statements=statements, left_out=left_out, warnings=said
    )


@contextmanager
def _undisturbed() -> Generator[None]:
    """Keep the collector from walking a million new cells again and again: they make no cycles, and half the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def guess_delimited(data: bytes, options: ReadOptions = _PLAIN) -> Guess:
    """Return the layout that a file shows and the reasons, whether or not a bank is known that writes such files.

    Give it a name, `replace(guess.layout, name="My bank")`, and `learn` keeps it for the next file.

    Raises:
        StatementUnreadable: the columns, or the signs of the amounts, can be read in two ways or in none.
    """
    source = decode(data)
    return guess_layout(_known(source, ())[0], options)


def _known(source: Text, layouts: Sequence[Layout]) -> tuple[Table, Found | None]:
    """Return the table by the delimiter of a known layout and that layout; else by the likeliest delimiter."""
    likely = list(_delimiters(source.text))
    if not likely:
        raise StatementUnreadable(
            "The file has no columns that a comma, semicolon, tab or bar divides; export it as CSV."
        )
    head = Text(source.text[:HEAD_CHARS], source.encoding, source.size)
    for delimiter in likely:
        table = _head(head, delimiter)
        found = table and match(table, layouts)
        if found:
            whole = read_table(source, delimiter)
            found = match(whole, [found.layout])
            if found is not None:
                return whole, found
    return read_table(source, likely[0]), None


def _head(source: Text, delimiter: str) -> Table | None:
    rows = head_rows(source.text, delimiter)
    return Table(source, delimiter, rows, [0] * len(rows), range(1, len(rows) + 1)) if rows else None


def match(table: Table, layouts: Sequence[Layout]) -> Found | None:
    """Return the first layout whose column names, or shape without names, a table has."""
    named = [layout for layout in layouts if layout.header]
    for number, row in preamble(table.rows):
        columns = names(row)
        present = set(columns) - {""}
        if len(present) < 3:
            continue
        for layout in named:
            if layout.delimiter in (None, table.delimiter) and _fits(layout, present):
                at = place(layout, columns)
                if _states_fit(layout, at, table.rows[number + 1 : number + 21]):
                    return Found(layout, at, len(columns), number + 1)
    for layout in layouts:
        if (
            not layout.header
            and layout.delimiter in (None, table.delimiter)
            and _fits_without_names(layout, table.rows)
        ):
            by_number: dict[Column, int] = {each: each for each in layout.columns() if isinstance(each, int)}
            return Found(layout, by_number, layout.width or 0, 0)
    return None


def _fits(layout: Layout, present: set[str]) -> bool:
    wanted = {plain(name) for name in layout.header}
    optional = {plain(name) for name in layout.optional}
    return wanted - optional <= present <= wanted


def _states_fit(layout: Layout, at: dict[Column, int], rows: list[Row]) -> bool:
    """Tell whether the first rows have the layout's words in the status column, where it is known by them."""
    if not layout.posted or layout.status not in at:
        return True
    states = {plain(word) for word in (*layout.posted, *layout.pending, *layout.void)}
    return all(plain(row[at[layout.status]]) in states for row in rows if len(row) > at[layout.status])


def _fits_without_names(layout: Layout, rows: list[Row]) -> bool:
    """Tell whether all rows of the beginning have the layout's width, its day, and its words for in and out."""
    seen = [row for row in rows[:20] if any(cell.strip() for cell in row)]
    if not seen or layout.width is None:
        return False
    words = {plain(word) for word in (*layout.money_in, *layout.money_out)}
    states = {plain(word) for word in (*layout.posted, *layout.pending, *layout.void)}
    for row in seen:
        cells = dict(enumerate(row))
        if len(row) != layout.width or not looks_like_day(row[int(layout.date)]):
            return False
        if layout.indicator is not None and plain(cells[int(layout.indicator)]) not in words:
            return False
        if layout.status is not None and states and plain(cells[int(layout.status)]) not in states:
            return False
    return True


def place(layout: Layout, columns: Sequence[str]) -> dict[Column, int]:
    """Return where the columns of a layout stand; one that the file leaves out is not in it."""
    where: dict[str, int] = {}
    for index, name in enumerate(columns):
        where.setdefault(name, index)
    found: dict[Column, int] = {}
    for column in layout.columns():
        if isinstance(column, int):
            found[column] = column
        elif plain(column) in where:
            found[column] = where[plain(column)]
    return found


def names_at(table: Table, start: int) -> list[str]:
    return names(table.rows[start - 1]) if start else []


def _delimiters(text: str) -> Iterable[str]:
    said = _SEP.match(text)
    if said:
        return (said[1],) if said[1] in ",;\t|" else ()
    return likely_delimiters(text)


def _has_rows(text: str, delimiter: str) -> bool:
    """Tell whether rows with a day or column names stand there: any text has a comma somewhere."""
    rows = head_rows(text, delimiter)
    wide = [row for row in rows if sum(1 for cell in row if cell.strip()) > 1]
    if any(any(looks_like_day(cell) for cell in row) for row in wide):
        return True
    return any(is_header(row) for row in wide[:60])
