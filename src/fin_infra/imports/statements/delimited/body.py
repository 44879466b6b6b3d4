"""The rows below the column names: which are transactions, and which are totals, remarks, notes of what is pending.
Floor 4: a row is a transaction if it has a day; what has none is named, and refused where it has an amount."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter

from fin_infra.errors import InvalidInput, StatementUnreadable
from fin_infra.imports.statements.base import ReadOptions
from fin_infra.imports.statements.delimited.amounts import looks_like_amount
from fin_infra.imports.statements.delimited.days import Days, decide, sentence
from fin_infra.imports.statements.delimited.layout import Column, Layout
from fin_infra.imports.statements.delimited.table import Row, Table, plain
from fin_infra.imports.statements.values import shown

_MAX_NOTES = 20
_PENDING_SECTION = re.compile(r"(?:pending|vorgemerkte|not yet posted)\b.{0,80}", re.I)
_POSTED_SECTION = re.compile(r"(?:posted|gebuchte|booked)\b.{0,80}", re.I)
_DIGIT = re.compile(r"[0-9]")
_SUMS = re.compile(r"total|sum|saldo|balance|solde|kontostand|end of|ending|closing|opening|beginning|carried", re.I)


@dataclass(slots=True)
class Body:
    """The rows of one file at work. `said` becomes its warnings, `left_out` what a total over it lacks."""

    table: Table
    layout: Layout
    at: dict[Column, int]
    """Where each column of the layout stands."""
    width: int
    start: int
    options: ReadOptions
    days: Days = field(default_factory=Days)
    posted: Sequence[int] = ()
    """Row numbers, in file order."""
    pending: Sequence[int] = ()
    bad: set[int] = field(default_factory=set[int])
    said: dict[str, None] = field(default_factory=dict[str, None])
    left_out: list[str] = field(default_factory=list[str])

    def say(self, text: str) -> None:
        self.said[text] = None

    def fault(self, message: str, row: int, *, way: bool = True) -> None:
        """Refuse the file for a row, or set the row aside where the caller asked for that."""
        if not self.options.skip_unreadable:
            known = not way or "decimal_mark" in message
            hint = "" if known else "; skip_unreadable=True sets that row aside"
            raise self.table.fault(message + hint, row)
        self.bad.add(row)
        self.say(f"a row is set aside: {message} (at {self.table.place(row)})")

    def column(self, column: Column | None, rows: Sequence[int]) -> list[str] | None:
        """Return the cells of a column; None where the layout or the file has none."""
        if column is None or column not in self.at:
            return None
        table = self.table.rows
        chosen = table[rows.start : rows.stop] if isinstance(rows, range) else [table[row] for row in rows]
        return list(map(itemgetter(self.at[column]), chosen))

    def day(self, row: int) -> date | None:
        """Return the day of a row; one that is pending may only have the day on which the person acted."""
        cells = self.table.rows[row]
        day = self.days.read(cells[self.at[self.layout.date]])
        if day is None and self.layout.occurred in self.at:
            day = self.days.read(cells[self.at[self.layout.occurred]])
        return day

    def sort(self) -> None:
        """Tell the transactions among the rows from the rest."""
        self.days = self._decide()
        dated, special = self._dated()
        section: list[int] = []
        if special:
            dated, section = self._special(list(dated), special)
        self._by_status(tight(dated), set(section))

    def _dated(self) -> tuple[Sequence[int], list[int]]:
        """Return the numbers of the rows that have all columns and a day, and those of the others."""
        rows, at, width = self.table.rows[self.start :], self.at[self.layout.date], self.width
        read = self.days.read
        widths = set(map(len, rows))
        extra = itemgetter(slice(width, None))
        regular = len(widths) == 1 and (
            widths == {width} or (min(widths) > width and not any(map(any, map(extra, rows))))
        )
        if regular and None not in map(read, set(map(itemgetter(at), rows))):
            return range(self.start, self.start + len(rows)), []
        special: list[int] = []
        dated: list[int] = []
        for number, row in enumerate(rows, self.start):
            if len(row) >= width and (len(row) == width or not any(row[width:])) and read(row[at]) is not None:
                dated.append(number)
            else:
                special.append(number)
        return dated, special

    def _decide(self) -> Days:
        wanted = [self.at[column] for column in (self.layout.date, self.layout.occurred) if column in self.at]
        rows = self.table.rows
        body = rows[self.start :]
        least = min(map(len, body), default=0)
        texts: dict[str, None] = {}  # in file order, so that the same day is named each time
        for at in wanted:
            cells = map(itemgetter(at), body) if least > at else (row[at] for row in body if len(row) > at)
            texts |= dict.fromkeys(cells)
        try:
            days = decide(texts, self.options.day_first, self.layout.order)
        except InvalidInput as error:
            raise self.table.fault(str(error), self.start) from None
        if days.ambiguous is not None:
            texts_of_row = (
                (number, row[at].strip()) for number, row in enumerate(rows) for at in wanted if len(row) > at
            )
            number = next((number for number, text in texts_of_row if text == days.ambiguous), self.start)
            raise self.table.fault(sentence(days.ambiguous), number)
        for reason in days.reasons:
            if not self.layout.order:
                self.say(reason)
        return days

    def _special(self, dated: list[int], special: Iterable[int]) -> tuple[list[int], list[int]]:
        """Judge the rows that are not plain transactions. Returns the dated rows, and those announced as pending."""
        first, last = (dated[0], dated[-1]) if dated else (len(self.table.rows), -1)
        further: list[int] = []
        marks: list[tuple[int, bool]] = []
        for number in special:
            row = self.table.rows[number]
            text = " ".join(" ".join(row).split())
            if not text:
                continue
            if _POSTED_SECTION.fullmatch(text) or _PENDING_SECTION.fullmatch(text):
                marks.append((number, _PENDING_SECTION.fullmatch(text) is not None))
            elif self._fits(number, row) and self._is_row(number, self.table.rows[number], first < number < last):
                further.append(number)
        found = sorted([*dated, *further]) if further else dated
        announced: list[int] = []
        for index, (number, is_pending) in enumerate(marks):
            if is_pending:
                end = marks[index + 1][0] if index + 1 < len(marks) else len(self.table.rows)
                announced += found[bisect(found, number) : bisect(found, end)]
        return found, announced

    def _fits(self, number: int, row: Row) -> bool:
        """Make a row as wide as the others; False where it is only a remark."""
        if len(row) > self.width:
            if any(cell.strip() for cell in row[self.width :]):
                self.fault("A row has more cells than there are columns: one of them holds the delimiter", number)
                return False
            self.table.rows[number] = row[: self.width]
            return True
        if len(row) < self.width:
            missing = [index for index in self.at.values() if index >= len(row)]
            has_day = len(row) > self.at[self.layout.date] and self.days.read(row[self.at[self.layout.date]])
            if missing and has_day and len(row) > 1:
                self.fault(
                    "A row has fewer cells than there are columns: the file was cut off; export it again", number
                )
                return False
            self.table.rows[number] = [*row, *[""] * (self.width - len(row))]
        return True

    def _is_row(self, number: int, row: Row, inside: bool) -> bool:
        """Tell whether a row without a plain day is a transaction nevertheless: one that is pending."""
        cell = row[self.at[self.layout.date]].strip()
        if self.days.read(row[self.at[self.layout.date]]) is not None:
            return True
        if self._word(row, self.layout.pending) or self._word(row, self.layout.void):
            return True
        money = [row[self.at[column]] for column in self._money() if column in self.at]
        amounts = [text for text in money if text.strip() and looks_like_amount(text)]
        remark = not amounts or not inside or _SUMS.search(" ".join(row[:3])) is not None
        if remark and not (_DIGIT.search(cell) and amounts):
            self._note(row, bool(amounts))
            return False
        what = f"{shown(cell)!r} is not a day" if cell else "A row has an amount and no day"
        self.fault(what, number)
        return False

    def _money(self) -> Iterable[Column]:
        layout = self.layout
        return [each for each in (layout.amount, layout.debit, layout.credit, layout.balance) if each is not None]

    def _note(self, row: Row, amounts: bool) -> None:
        words = " ".join(" ".join(row).split())
        if amounts and len(self.said) < _MAX_NOTES:
            self.say(f"a row without a day is not read: {shown(words)!r}")

    def _word(self, row: Row, words: Sequence[str]) -> bool:
        status = self.layout.status
        return bool(words) and status in self.at and plain(row[self.at[status]]) in {plain(word) for word in words}

    def _by_status(self, dated: Sequence[int], announced: set[int]) -> None:
        layout = self.layout
        if layout.effect in self.at:
            idle = {plain(word) for word in layout.without_effect}
            effects = self.column(layout.effect, dated) or []
            dated = tight([row for row, word in zip(dated, effects, strict=True) if plain(word) not in idle])
            self._say_void(len(effects) - len(dated))
        if layout.status not in self.at or not (layout.pending or layout.void):
            self.posted = tight([row for row in dated if row not in announced]) if announced else dated
            self.pending = sorted(announced)
            return
        at, rows = self.at[layout.status], self.table.rows
        pending, void = {plain(word) for word in layout.pending}, {plain(word) for word in layout.void}
        kinds = {text: _kind(plain(text), pending, void) for text in {rows[row][at] for row in dated}}
        found: dict[str, list[int]] = {"posted": [], "pending": [], "void": []}
        for row in dated:
            found["pending" if row in announced else kinds[rows[row][at]]].append(row)
        self.posted, self.pending, voided = tight(found["posted"]), found["pending"], len(found["void"])
        self._say_void(voided)

    def _say_void(self, count: int) -> None:
        if count:
            self.say(f"{count} row(s) that moved no money are not read (reverted, declined or only a note)")


def tight(numbers: Sequence[int]) -> Sequence[int]:
    """Return row numbers as a range where none is left out: columns of such rows are read fastest."""
    if numbers and numbers[-1] - numbers[0] + 1 == len(numbers):
        return range(numbers[0], numbers[-1] + 1)
    return numbers


def _kind(word: str, pending: set[str], void: set[str]) -> str:
    return "pending" if word in pending else "void" if word in void else "posted"


def cut_off(table: Table, number: int) -> StatementUnreadable:
    return table.fault(
        "The last amount has fewer decimals than the others and no line end: the file was cut off", number
    )
