"""Dates as statements print them: with or without a year, with months as numbers or in eight languages.
Floor 4: a year that is not printed follows from the period: a December row of a January statement is last year's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

_NAMES = {
    1: "jan januar january janvier janv enero ene januari gennaio gen janeiro jänner",
    2: "feb februar february février févr fév febrero februari febbraio fevereiro fev",
    3: "mar märz mrz march mars marzo maart mrt março",
    4: "apr april avril avr abril abr aprile",
    5: "may mai mayo mei maggio mag maio",
    6: "jun juni june juin junio giugno giu junho",
    7: "jul juli july juillet juil julio luglio lug julho",
    8: "aug august août aoû agosto ago augustus",
    9: "sep sept september septembre septiembre settembre set setembro",
    10: "oct okt oktober october octobre octubre ottobre ott outubro out",
    11: "nov november novembre noviembre novembro",
    12: "dec dez dezember december décembre déc diciembre dic dicembre dezembro",
}
MONTHS = {name: number for number, names in _NAMES.items() for name in names.split()}
_NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})(?:\2(\d{4}|\d{2})?)?")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DAY_NAME = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.)?[ -]?(?:de )?([^\W\d_]{3,10})\.?(?:[ ,-]{1,2}(?:de )?(\d{4}|\d{2}))?"
)
_NAME_DAY = re.compile(r"([^\W\d_]{3,10})\.?[ -]?(\d{1,2})(?:st|nd|rd|th)?(?:[ ,-]{1,2}(\d{4}|\d{2}))?")
_DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})"
    r"|\d{1,2}(?:st|nd|rd|th|\.)?[ -](?:de )?[^\W\d_]{3,10}\.?,?[ -](?:de )?(?:\d{4}|\d{2})"
    r"|[^\W\d_]{3,10}\.? \d{1,2}(?:st|nd|rd|th)?,? (?:\d{4}|\d{2}))"
)
_SHORT = r"(?:\d{1,2}[ -](?:de )?[^\W\d_]{3,10}\.?|[^\W\d_]{3,10}\.? \d{1,2}|\d{1,2}[./-]\d{1,2}\.?)"
_TO = r"(?:to|through|until|thru|bis|au|al|t/m|tot|a|até|-|–|—)\s*(?:el |le |zum )?"
_PERIOD = re.compile(rf"({_DATE}|{_SHORT}),?\s*{_TO}({_DATE})", re.I)
_ONE = re.compile(_DATE)
_AS_OF = re.compile(
    rf"(?:statement date|closing date|as (?:of|at)|date of issue|datum|stand|issued|fecha de corte|arrêté au|per)"
    rf"\s*:?\s*({_DATE})",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Printed:
    """A date as printed: two numbers that are day and month, or month and day where `fixed` does not say."""

    first: int
    second: int
    year: int | None
    fixed: bool
    """The first is the day."""

    def on(self, year: int, day_first: bool) -> date | None:
        day, month = (self.first, self.second) if self.fixed or day_first else (self.second, self.first)
        try:
            return date(year, month, day)
        except ValueError:
            return None


@lru_cache(maxsize=4096)
def printed(text: str) -> Printed | None:
    """Read what is a date and nothing else; None where it is not."""
    text = text.strip(" ,")
    if match := _YEAR_FIRST.fullmatch(text):
        found = Printed(int(match[3]), int(match[2]), int(match[1]), fixed=True)
    elif match := _NUMERIC.fullmatch(text):
        found = Printed(int(match[1]), int(match[3]), _year(match[4]), fixed=False)
    elif (match := _DAY_NAME.fullmatch(text)) and (month := MONTHS.get(match[2].lower())):
        found = Printed(int(match[1]), month, _year(match[3]), fixed=True)
    elif (match := _NAME_DAY.fullmatch(text)) and (month := MONTHS.get(match[1].lower())):
        found = Printed(int(match[2]), month, _year(match[3]), fixed=True)
    else:
        return None
    return found if found.on(found.year or 2000, True) or found.on(found.year or 2000, False) else None


def _year(digits: str | None) -> int | None:
    return None if not digits else int(digits) if len(digits) == 4 else 2000 + int(digits)


def period_of(texts: Iterable[str]) -> tuple[Printed | None, Printed | None]:
    """Return the first and last day that a statement names as its period; (None, its day) where it names one day."""
    one: Printed | None = None
    for text in texts:
        if (match := _PERIOD.search(text)) and (end := printed(match[2])) and end.year:
            return printed(match[1]), end
        if one is None and (match := _AS_OF.search(text)):
            one = printed(match[1])
    return None, one


def dates_in(text: str) -> list[Printed]:
    """Return the dates with a year that a line holds."""
    return [found for match in _ONE.finditer(text) if (found := printed(match[0]))]


def order_of(found: Iterable[Printed]) -> bool | Printed | None:
    """Return whether the day comes first in these dates, or the first that reads both ways; None if they contradict."""
    either: Printed | None = None
    only: set[bool] = set()
    for each in found:
        if each.fixed or each.first == each.second:
            continue
        if each.first > 12 or each.second > 12:
            only.add(each.first > 12)
        elif either is None:
            either = each
    if len(only) == 2:
        return None
    return only.pop() if only else either or True


def in_period(each: Printed, day_first: bool, start: date | None, end: date | None) -> date | None:
    """Return the day of a date, in its own year or else in that which puts it into the period, or nearest to it."""
    if each.year is not None:
        return each.on(each.year, day_first)
    if end is None:
        return None
    found = [day for year in (end.year - 1, end.year, end.year + 1) if (day := each.on(year, day_first))]
    return min(found, key=lambda day: _distance(day, start, end), default=None)


def _distance(day: date, start: date | None, end: date) -> int:
    """Return how many days a day lies outside the period; without a beginning it reaches a year back."""
    if day > end:
        return (day - end).days * 2
    first = start or date.fromordinal(max(end.toordinal() - 364, 1))
    return max((first - day).days, 0)
