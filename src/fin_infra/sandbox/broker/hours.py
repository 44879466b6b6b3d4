"""Say when the New York market trades: regular sessions with early closes, and the extended hours around them.
Floor 8: NYSE Rule 7.2 and the exchange's published early closes, good for every year of the sandbox clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from fin_infra.sandbox.world.days import DAY, is_open

NEW_YORK = ZoneInfo("America/New_York")
MINUTE = timedelta(minutes=1)
CRYPTO_STEP = timedelta(minutes=5)
GTC_LIFE = timedelta(days=90)
T_PLUS_ONE_SINCE = date(2024, 5, 28)
Phase = Literal["pre", "regular", "after", "closed"]


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day; all four instants are in UTC."""

    day: date
    starts: datetime
    opens: datetime
    closes: datetime
    ends: datetime


def is_early_close(day: date) -> bool:
    """Return whether the market closes at 13:00: the day before Independence Day, after Thanksgiving, Christmas Eve.

    Independence Day and Christmas shorten the weekday before them only when they fall on a weekday themselves.
    """
    if (day.month, day.day) in ((7, 3), (12, 24)):
        return day.weekday() < 4
    return day.month == 11 and day.weekday() == 4 and 23 <= day.day <= 29


@lru_cache(maxsize=4096)
def session(day: date) -> Session | None:
    """Return the session of a New York day, None when the market stays closed."""
    if not is_open("US", day):
        return None
    closes, ends = (time(13), time(17)) if is_early_close(day) else (time(16), time(20))
    starts, opens = time(4), time(9, 30)
    moments = [datetime.combine(day, at, NEW_YORK).astimezone(UTC) for at in (starts, opens, closes, ends)]
    return Session(day, *moments)


def local_day(at: datetime) -> date:
    """Return the New York date of an instant."""
    return at.astimezone(NEW_YORK).date()


def phase(at: datetime) -> Phase:
    """Return what kind of trading goes on at an instant; the close itself belongs to the after hours."""
    today = session(local_day(at))
    if today is None or not today.starts <= at < today.ends:
        return "closed"
    if at < today.opens:
        return "pre"
    return "regular" if at < today.closes else "after"


def sessions(first: date, last: date) -> Iterator[Session]:
    """Yield the sessions from `first` to `last`, both included, oldest first."""
    day = first
    while day <= last:
        if found := session(day):
            yield found
        day += DAY


def session_before(day: date) -> Session:
    """Return the newest session before a day."""
    while (found := session(day := day - DAY)) is None:
        pass
    return found


def closing_after(at: datetime) -> Session:
    """Return the first session whose close lies after an instant."""
    day = local_day(at)
    while (found := session(day)) is None or found.closes <= at:
        day += DAY
    return found


def opening_after(at: datetime) -> Session:
    """Return the first session whose open lies after an instant."""
    day = local_day(at)
    while (found := session(day)) is None or found.opens <= at:
        day += DAY
    return found


def settlement(day: date) -> date:
    """Return when a trade of `day` settles: T+1 since 2024-05-28, T+2 before; bank holidays are not looked at."""
    for _ in range(1 if day >= T_PLUS_ONE_SINCE else 2):
        day = opening_after(datetime.combine(day, time(12), NEW_YORK)).day
    return day


def gtc_expiry(at: datetime) -> datetime:
    """Return when a good-till-canceled order of an instant ends: at the last close within ninety days."""
    day = local_day(at) + GTC_LIFE
    return (session(day) or session_before(day)).closes


def ticks(after: datetime, until: datetime, *, extended: bool, crypto: bool) -> Iterator[datetime]:
    """Yield the instants at which orders are looked at, after `after` up to and with `until`.

    Every minute from open to close, from 4:00 to 20:00 when `extended`, and every five minutes all day for coins.
    """
    day = local_day(after)
    while day <= local_day(until):
        moments = set[datetime]()
        if today := session(day):
            first, last = (today.starts, today.ends) if extended else (today.opens, today.closes)
            moments.update(_grid(first, last, MINUTE))
        if crypto:
            midnight = datetime.combine(day, time(0), NEW_YORK).astimezone(UTC)
            moments.update(_grid(midnight, midnight + timedelta(hours=24), CRYPTO_STEP))
        yield from sorted(at for at in moments if after < at <= until)
        day += DAY


def _grid(first: datetime, last: datetime, step: timedelta) -> Iterator[datetime]:
    while first <= last:
        yield first
        first += step
