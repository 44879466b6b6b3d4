"""How old an amount may be to count on a day.
Floor 5: a price ages by sessions of its venue, a coin's by hours, a balance by days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from fin_infra.errors import BeyondCalendar, InvalidInstrument, UnknownCalendar
from fin_infra.model import InstrumentKey, WorthItem
from fin_infra.normalize import calendar_of, to_utc

MAX_SESSIONS = 3
"""A price older than so many sessions of its venue is not today's."""
MAX_HOURS = 24
"""A coin's price older than so many hours is not now's."""
MAX_DAYS = 45
"""A balance older than so many days is not today's: a monthly statement, with time to be sent."""
_EAST = timedelta(hours=14)
"""The farthest zone: where it is the next day already, banks and venues date by that day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The time of a total, and how old what it adds up may be."""

    as_of: datetime
    last_day: date
    """The latest day that an amount may be of."""
    max_sessions: int = MAX_SESSIONS
    max_days: int = MAX_DAYS

    @property
    def day(self) -> date:
        return self.as_of.date()


def moment(on: date | datetime, max_sessions: int = MAX_SESSIONS, max_days: int = MAX_DAYS) -> Moment:
    """Return the time of a total: a datetime's instant, or the end of a date in UTC.

    Raises:
        NaiveTime: a datetime without a zone.
    """
    if isinstance(on, datetime):
        as_of = to_utc(on)
        try:
            last_day = (as_of + _EAST).date()
        except OverflowError:
            last_day = date.max
    else:
        as_of, last_day = datetime.combine(on, time.max, UTC), on
    return Moment(as_of=as_of, last_day=last_day, max_sessions=max_sessions, max_days=max_days)


def aged(item: WorthItem, total: Moment) -> WorthItem:
    """Take the amount from an item that is too old to be true at that time, or of a later day."""
    if item.amount is None or item.at is None:
        return item
    if item.at > total.last_day:
        return replace(item, amount=None, missing=f"of {item.at}, after {total.last_day}")
    if item.instant and item.instrument and item.instrument.namespace == "CRYPTO":
        return _aged_coin(item, item.instant, total.as_of)
    if item.instrument is not None or item.priced:
        age, most, unit = _sessions(item.instrument, item.at, total.day), total.max_sessions, "sessions"
    else:
        age, most, unit = (total.day - item.at).days, total.max_days, "days"
    if age <= most:
        return item
    return replace(item, amount=None, missing=f"old: of {item.at}, more than {most} {unit} before {total.day}")


def _aged_coin(item: WorthItem, priced_at: datetime, as_of: datetime) -> WorthItem:
    """Take the amount from a coin priced too long ago: coins trade at all hours."""
    if as_of - priced_at <= timedelta(hours=MAX_HOURS):
        return item
    return replace(item, amount=None, missing=f"old: of {priced_at.isoformat()}, more than {MAX_HOURS} hours before")


def _sessions(key: InstrumentKey | None, day: date, on: date) -> int:
    """Count the venue's sessions between `day` and `on`, both excluded; count days where no calendar covers them."""
    if day >= on:
        return 0
    after = day + timedelta(days=1)
    if key is not None:
        try:
            return len(calendar_of(key).sessions(after, on))
        except (InvalidInstrument, UnknownCalendar, BeyondCalendar):
            pass
    return (on - after).days
