"""Say on which days the sandbox's markets and the euro payment system are open.
Floor 8: rule-based, enough for a made-up world; New York also has its one-off closures since 2006.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

DAY = timedelta(days=1)
Open = Callable[[date], bool]
# Mourning for Presidents Ford, Bush and Carter, and Hurricane Sandy: announced by the exchange each time
_CLOSED_ONCE_US = frozenset(
    {date(2007, 1, 2), date(2012, 10, 29), date(2012, 10, 30), date(2018, 12, 5), date(2025, 1, 9)}
)


@lru_cache(maxsize=256)
def easter(year: int) -> date:
    """Return Easter Sunday (Meeus/Jones/Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last_monday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=last.weekday())


def _observed(day: date) -> date:
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


@lru_cache(maxsize=256)
def _closed_us(year: int) -> frozenset[date]:
    new_year = date(year, 1, 1)
    days = {
        _nth(year, 1, 0, 3),
        _nth(year, 2, 0, 3),
        easter(year) - 2 * DAY,
        _last_monday(year, 5),
        _observed(date(year, 7, 4)),
        _nth(year, 9, 0, 1),
        _nth(year, 11, 3, 4),
        _observed(date(year, 12, 25)),
    }
    if new_year.weekday() != 5:  # NYSE Rule 7.2: a Saturday New Year is not observed on the Friday before
        days.add(_observed(new_year))
    if year >= 2022:
        days.add(_observed(date(year, 6, 19)))
    return frozenset(days) | _CLOSED_ONCE_US


@lru_cache(maxsize=256)
def _closed_uk(year: int) -> frozenset[date]:
    days = {
        easter(year) - 2 * DAY,
        easter(year) + DAY,
        _nth(year, 5, 0, 1),
        _last_monday(year, 5),
        _last_monday(year, 8),
    }
    for fixed in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        while fixed.weekday() >= 5 or fixed in days:
            fixed += DAY
        days.add(fixed)
    return frozenset(days)


@lru_cache(maxsize=256)
def _closed_target(year: int) -> frozenset[date]:
    fixed = {date(year, 1, 1), date(year, 5, 1), date(year, 12, 25), date(year, 12, 26)}
    return frozenset(fixed | {easter(year) - 2 * DAY, easter(year) + DAY})


@lru_cache(maxsize=256)
def _closed_xetra(year: int) -> frozenset[date]:
    return _closed_target(year) | {date(year, 12, 24), date(year, 12, 31)}


@lru_cache(maxsize=256)
def _closed_hk(year: int) -> frozenset[date]:
    return frozenset({date(year, 1, 1), date(year, 5, 1), date(year, 10, 1), date(year, 12, 25), date(year, 12, 26)})


_CLOSED: dict[str, Callable[[int], frozenset[date]]] = {
    "US": _closed_us,
    "UK": _closed_uk,
    "DE": _closed_xetra,
    "HK": _closed_hk,
    "TARGET": _closed_target,
}


def is_open(market: str, day: date) -> bool:
    """Return whether `market` (US, UK, DE, HK or TARGET) works on `day`."""
    return day.weekday() < 5 and day not in _CLOSED[market](day.year)


def last_open(market: str, day: date) -> date:
    """Return `day` or the newest open day before it."""
    while not is_open(market, day):
        day -= DAY
    return day


def open_days(market: str, first: date, last: date) -> Iterator[date]:
    """Yield the open days from `last` down to `first`, newest first."""
    day = last
    while day >= first:
        if is_open(market, day):
            yield day
        day -= DAY


def utc_midnight(day: date) -> datetime:
    """Return the instant a UTC day begins."""
    return datetime.combine(day, time(0), UTC)


def weekday_number(day: date) -> int:
    """Return a number that grows by one per weekday; Saturday and Sunday share Friday's."""
    week, weekday = divmod(day.toordinal() - 1, 7)
    return week * 5 + min(weekday, 4)
