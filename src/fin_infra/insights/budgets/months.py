"""Months of a calendar, as text such as `2026-11`, which sorts as they follow each other.
Floor 5: no clock; whoever asks says which month it is."""

from __future__ import annotations

import datetime as dt
import re

from fin_infra.arguments import checked, shown
from fin_infra.errors import InvalidInput

_MONTH = re.compile(r"(\d{4})-(\d\d)", re.ASCII)


@checked
def month_from(text: str) -> str:
    """Return the month that a person writes.

    Raises:
        InvalidInput: it is not a month.
    """
    found = _MONTH.fullmatch(text.strip())
    if found is None or not 1 <= int(found[2]) <= 12 or int(found[1]) == 0:
        raise InvalidInput(f"{shown(text)} is not a month; write it like 2026-11.")
    return found[0]


def month_of(day: dt.date) -> str:
    return f"{day.year:04}-{day.month:02}"


def first_day(month: str) -> dt.date:
    return dt.date.fromisoformat(f"{month}-01")


def month_after(month: str) -> str:
    return _moved(month, 1)


def month_before(month: str) -> str:
    return _moved(month, -1)


def months_until(month: str, last: str) -> int:
    """Count the months from one to another, both included; 1 for the same month, below 1 for an earlier one."""
    return _count(last) - _count(month) + 1


def _count(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _moved(month: str, by: int) -> str:
    year, at = divmod(_count(month) + by, 12)
    return f"{year:04}-{at + 1:02}"
