"""The days of a column: in which order day, month and year stand is decided over the whole file, or asked.
Floor 4: 01/02 is never guessed; a day with points has the day first, as everywhere where days are written so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements.delimited.layout import Order
from fin_infra.imports.statements.values import shown

_MAX_CHARS = 80
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan ene gen januar january januari janvier janv enero gennaio",
            "feb fev februar february februari fevrier fevr febrero febbraio fév févr février",
            "mar mär mrz maa mrt märz march maart mars marzo marz",
            "apr avr abr april avril abril aprile",
            "may mai mei mag mayo maggio maj",
            "jun jui juin june juni junio giugno giu",
            "jul juil july juli juillet julio luglio lug",
            "aug aoû aou ago august augustus août aout agosto",
            "sep set sept september septembre septiembre settembre",
            "oct okt ott october oktober octobre octubre ottobre",
            "nov november novembre noviembre",
            "dec dez dic déc december dezember décembre decembre diciembre dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
_TIME = r"(?:[T ,/]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:[.,][0-9]{1,9})?\s*(?:[AaPp][Mm])?)?"
_ZONE = r"\s*(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}|\[[^\]]{0,20}\]?)?(?:\s+as of .{1,30})?"
_YEAR_FIRST = re.compile(rf"(?P<y>[12][0-9]{{3}})([-/.])(?P<m>[0-9]{{1,2}})\2(?P<d>[0-9]{{1,2}})\.?{_TIME}{_ZONE}")
_COMPACT = re.compile(
    rf"(?P<y>(?:19|20)[0-9]{{2}})(?P<m>[0-9]{{2}})(?P<d>[0-9]{{2}})(?:[0-9]{{6}}(?:\.[0-9]+)?)?{_ZONE}"
)
_EITHER = re.compile(
    rf"(?P<a>[0-9]{{1,2}})(?P<mark>[-/. ])(?P<b>[0-9]{{1,2}})(?P=mark)(?P<y>[0-9]{{4}}|[0-9]{{2}}){_TIME}{_ZONE}"
)
_DAY_NAMED = re.compile(
    rf"(?P<d>[0-9]{{1,2}})\.?[- ](?P<n>[^\W\d_]{{3,10}})\.?,?[- ](?P<y>[0-9]{{4}}|[0-9]{{2}}){_TIME}{_ZONE}"
)
_MONTH_NAMED = re.compile(
    rf"(?P<n>[^\W\d_]{{3,10}})\.? (?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?,? (?P<y>[0-9]{{4}}){_TIME}{_ZONE}"
)
_CENTURY = 80
"""Two digits below it are of this century: no bank keeps files that long, and none dates that far ahead."""


@dataclass(slots=True)
class Days:
    """How the days of a file are written, once all of its columns were seen."""

    day_first: bool | None = None
    reasons: list[str] = field(default_factory=list[str])
    ambiguous: str | None = None
    """A day that reads in two ways, where nothing decides."""
    seen: dict[str, date | None] = field(default_factory=dict[str, "date | None"])

    def read(self, text: str) -> date | None:
        """Return the day of a cell; None where it is not one."""
        try:
            return self.seen[text]
        except KeyError:
            day = self.seen[text] = read_day(text, self.day_first)
            return day


def decide(texts: Iterable[str], said: bool | None, known: Order | None) -> Days:
    """Decide over all days of a file whether the day or the month comes first.

    Raises:
        InvalidInput: some of the days have the day first and others the month.
    """
    first: str | None = None
    day_first = month_first = None
    points = True
    for text in texts:
        match = _EITHER.fullmatch(text.strip()) if len(text) <= _MAX_CHARS else None
        if match is None:
            continue
        first = first or text.strip()
        points = points and match["mark"] == "."
        a, b = int(match["a"]), int(match["b"])
        if a > 12 >= b:
            day_first = day_first or text.strip()
        elif b > 12 >= a:
            month_first = month_first or text.strip()
    if day_first and month_first:
        raise InvalidInput(
            f"The days are written in two ways: {day_first!r} has the day first, {month_first!r} the month; "
            "export the file again"
        )
    if first is None:
        return Days()
    if day_first or month_first:
        which = "day" if day_first else "month"
        return Days(bool(day_first), [f"the {which} comes first in the days: {day_first or month_first} says so"])
    if said is not None:
        return Days(said)
    if known in ("dmy", "mdy"):
        return Days(known == "dmy")
    if points:
        return Days(True, [f"the day comes first in {first}: days with points are written so"])
    return Days(None, ambiguous=first)


def both(text: str) -> tuple[date, date] | None:
    """Return what a day means with the day first and with the month first; None where only one is a day."""
    one, other = read_day(text, True), read_day(text, False)
    return (one, other) if one is not None and other is not None else None


@lru_cache(maxsize=4096)
def read_day(text: str, day_first: bool | None) -> date | None:
    """Read the calendar day of a cell as printed, whatever time follows it; None where it is not a day."""
    text = " ".join(text.split())
    if not 6 <= len(text) <= _MAX_CHARS:
        return None
    match = _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text)
    if match is not None:
        return _day(int(match["y"]), int(match["m"]), int(match["d"]))
    match = _EITHER.fullmatch(text)
    if match is not None:
        a, b, year = int(match["a"]), int(match["b"]), _year(match["y"])
        if day_first is None and a != b:
            return None
        return _day(year, b, a) if day_first else _day(year, a, b)
    match = _DAY_NAMED.fullmatch(text) or _MONTH_NAMED.fullmatch(text)
    month = _MONTHS.get(match["n"].casefold()) if match else None
    return _day(_year(match["y"]), month, int(match["d"])) if match and month else None


def looks_like_day(text: str) -> bool:
    """Tell whether a cell is a day, in whichever order."""
    return read_day(text, True) is not None or read_day(text, False) is not None


def sentence(text: str) -> str:
    """Say what an ambiguous day may mean, and how to decide."""
    readings = both(text)
    shown_as = " or ".join(f"{day.day} {day:%B %Y}" for day in readings) if readings else shown(text)
    return f"{text!r} may be {shown_as}, and no day of the file tells; pass day_first=True or day_first=False"


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < _CENTURY else 1900)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
