"""Days and instants in requests: the text of RFC 3339 and nothing else.
Floor 7: pydantic alone would read `20261101`, or any digits, as seconds since 1970, and answer for another window."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from fin_infra.errors import NaiveTime

_DAY = r"\d{4}-\d\d-\d\d"
_day = re.compile(_DAY, re.ASCII).fullmatch
_instant = re.compile(rf"{_DAY}[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII).fullmatch
_without_zone = re.compile(rf"{_DAY}[Tt]\d\d:\d\d(?::\d\d(?:\.\d+)?)?", re.ASCII).fullmatch
_DAY_FORM = "Write the day like 2026-01-02 (RFC 3339)."
_FORM = "Write a day like 2026-01-02, or an instant like 2026-01-02T09:30:00Z or 2026-01-02T09:30:00-05:00 (RFC 3339)."


def day(text: str) -> date:
    """Read a `full-date` of RFC 3339, section 5.6.

    Raises:
        ValueError: the text is not a date, or no such day exists.
    """
    if not _day(text):
        raise ValueError("not a day")
    return date.fromisoformat(text)


def instant(text: str) -> datetime:
    """Read a `date-time` of RFC 3339, section 5.6; aware. Digits below a microsecond are dropped.

    Raises:
        ValueError: the text is not an instant, or no such time exists; leap seconds are refused.
    """
    if not _instant(text):
        raise ValueError("not an instant")
    return datetime.fromisoformat(text.upper())


def _as_day(given: object) -> object:
    if given is None:
        return None
    try:
        return day(str(given))
    except ValueError:
        raise PydanticCustomError("day_form", _DAY_FORM) from None


def _as_day_or_instant(given: object) -> object:
    if given is None:
        return None
    text = str(given)
    try:
        if _without_zone(text):
            return datetime.fromisoformat(text)  # `zoned` has a sentence of its own for these
        return day(text) if _day(text) else instant(text)
    except ValueError:
        raise PydanticCustomError("moment_form", _FORM) from None


Day = Annotated[date | None, BeforeValidator(_as_day)]
"""A parameter that is a day."""
DayOrInstant = Annotated[datetime | date | None, BeforeValidator(_as_day_or_instant)]
"""A parameter that is a day or an instant; pass it through `zoned`."""


def zoned(name: str, bound: date | datetime | None) -> date | datetime | None:
    """Return a parameter, or raise NaiveTime where it is a time without a zone."""
    if isinstance(bound, datetime) and bound.utcoffset() is None:
        raise NaiveTime(f"`{name}` has no time zone; write it like 2026-01-02T00:00:00Z or 2026-01-02T09:30:00-05:00.")
    return bound
