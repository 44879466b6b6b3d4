"""Dates of a QIF file: `1/ 5'18`, `28.02'2009`, `12/31/26`, `2018-01-05`.
Floor 4: which number is the day is decided over all dates of the file, never line by line, else asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements.text import Text
from fin_infra.imports.statements.values import shown

_MAX_CHARS = 32
_ALLOWED = re.compile(r"[0-9A-Za-z/.,' -]+")
_TOKENS = re.compile(r"[0-9]+|[A-Za-z]+")
_MONTHS = {
    name: number
    for number, name in enumerate(
        "jan feb mar apr may jun jul aug sep oct nov dec".split(),  # noqa: SIM905 - a table of words reads better as words
        start=1,
    )
}
_CENTURY_TURNS = 69
"""Two digits from here on are of the last century, as in POSIX; behind Quicken's apostrophe none are so high."""
_TWO_DIGITS = re.compile(r"([0-9]{2})[-/.][0-9]{2}[-/.]([0-9]{2})")
_FEW, _MANY = 2, 4
"""So many first numbers beside so many last ones look like years beside days, which other dates never do."""
_OPTIONS = {"option:mdy": False, "option:dmy": True}


@dataclass(frozen=True, slots=True)
class Readings:
    """The days that a printed date can be; None where the calendar has no such day."""

    day_first: date | None
    month_first: date | None


@lru_cache(maxsize=4096)
def readings(text: str) -> Readings:
    """Return both readings of a date; they are the same where it can be read in one way only.

    Raises:
        InvalidInput: not a date in any reading.
    """
    numbers = _TOKENS.findall(text) if len(text) <= _MAX_CHARS and _ALLOWED.fullmatch(text) else []
    found = _named(numbers) or _numbered(numbers)
    if found is None or (found.day_first is None and found.month_first is None):
        raise InvalidInput(f"{shown(text)!r} is not a date like 31.12.2026, 12/31'26 or 2026-12-31")
    return found


def _named(tokens: list[str]) -> Readings | None:
    """Read a date whose month is a word: `5 Jan 2018`, `Jan 5, 18`."""
    words = [token for token in tokens if token.isalpha()]
    numbers = [token for token in tokens if token.isdigit()]
    month = _MONTHS.get(words[0][:3].lower()) if len(words) == 1 else None
    if month is None or len(tokens) != 3 or tokens[2].isalpha() or len(numbers[0]) > 2:
        return None
    day = _day(_year(numbers[1]), month, int(numbers[0]))
    return Readings(day, day)


def _numbered(tokens: list[str]) -> Readings | None:
    if not all(token.isdigit() for token in tokens):
        return None
    if len(tokens) == 1 and len(tokens[0]) == 8:
        tokens = [tokens[0][:4], tokens[0][4:6], tokens[0][6:]]  # some banks print YYYYMMDD (GnuCash, file-format.txt)
    if len(tokens) != 3:
        return None
    first, second, third = tokens
    if len(first) == 4 and len(second) <= 2 and len(third) <= 2:
        day = _day(int(first), int(second), int(third))
        return Readings(day, day)
    if len(first) > 2 or len(second) > 2:
        return None
    year = _year(third)
    return Readings(_day(year, int(second), int(first)), _day(year, int(first), int(second)))


def _year(digits: str) -> int:
    """Return the year; Quicken prints 2008 as `' 8` and 2018 as `'18`. 0, which no calendar has, for three digits."""
    if len(digits) == 4:
        return int(digits)
    return int(digits) + (1900 if int(digits) >= _CENTURY_TURNS else 2000) if len(digits) <= 2 else 0


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


class DayOrder:
    """Which of the two readings the dates of one file have. Show it each date, then ask."""

    def __init__(self, source: Text, day_first: bool | None) -> None:
        self._source = source
        self._said = day_first
        self._option: bool | None = None
        self._only: dict[bool, int] = {}
        """Where the first date is that reads with the day first only, and with the month first only."""
        self._either: tuple[str, int] | None = None
        self._start = 0
        self._seen: set[str] = set()
        self._firsts: set[str] = set()
        self._lasts: set[str] = set()
        """The first and the last number of dates with two digits for each."""

    def option(self, word: str) -> None:
        """Take `!Option:MDY` for what it says; other options say nothing about dates."""
        self._option = _OPTIONS.get(word, self._option)

    def see(self, text: str | None, index: int) -> None:
        if text is None or text in self._seen:
            return
        self._start = self._start or index
        self._seen.add(text)
        try:
            found = readings(text)
        except InvalidInput:  # the record it stands in is at fault, not the file
            return
        if match := _TWO_DIGITS.fullmatch(text):
            self._firsts.add(match[1])
            self._lasts.add(match[2])
        if found.day_first is None or found.month_first is None:
            self._only.setdefault(found.month_first is None, index)
        elif found.day_first != found.month_first and self._either is None:
            self._either = (text, index)

    def day_first(self) -> bool:
        """Return whether the day comes first.

        Raises:
            StatementUnreadable: the dates of the file allow both, or contradict each other.
        """
        if self._said is not None:
            return self._said
        if self._option is not None:
            if (not self._option) in self._only:
                raise self._source.fault(
                    "A date contradicts what the file's !Option line says of the order of day and month; "
                    "say it, as in day_first=True",
                    self._only[not self._option],
                )
            return self._option
        if len(self._lasts) >= _MANY and len(self._firsts) <= _FEW:
            raise self._source.fault(
                "The dates may begin with the year, as in 26-01-31, which their numbers do not tell; export them with "
                "four digits for the year, or say that they do not, by day_first=True or day_first=False",
                self._start,
            )
        if len(self._only) == 2:
            raise self._source.fault(
                f"The date on line {self._source.line(self._only[True])} has the day first and this one the month: "
                "the file joins two exports; give them one by one",
                self._only[False],
            )
        if not self._only and self._either:
            found = readings(self._either[0])
            raise self._source.fault(
                f"A date may be {found.day_first} or {found.month_first}, and no other date of the file tells; "
                "say day_first=True for the first reading, day_first=False for the second",
                self._either[1],
            )
        return True in self._only


def day(text: str, day_first: bool) -> date:
    """Read a date in the file's order.

    Raises:
        InvalidInput: not a date, or not one in that order.
    """
    found = readings(text)
    chosen = found.day_first if day_first else found.month_first
    if chosen is None:
        raise InvalidInput(f"{shown(text)!r} is not a date with the {'day' if day_first else 'month'} first")
    return chosen
