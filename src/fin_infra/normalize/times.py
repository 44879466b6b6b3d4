"""Time: aware in, aware out.
Floor 1: a naive local time that happens twice or never is an error unless the caller says which is meant."""

from __future__ import annotations

# Arguments are checked although they are typed: callers without a type checker get a sentence, not a traceback.
# pyright: reportUnnecessaryIsInstance=false
import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Context, Decimal
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fin_infra.arguments import checked, shown
from fin_infra.errors import InvalidInput, NaiveTime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?", re.ASCII)
_WIDE = Context(prec=100)

ZONE_ALIASES: dict[str, str] = {
    "US/Eastern": "America/New_York",
    "US/Central": "America/Chicago",
    "US/Mountain": "America/Denver",
    "US/Pacific": "America/Los_Angeles",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "EST5EDT": "America/New_York",
    "ET": "America/New_York",
    "GB": "Europe/London",
    "Asia/Calcutta": "Asia/Kolkata",
    "Hongkong": "Asia/Hong_Kong",
    "Japan": "Asia/Tokyo",
    "Singapore": "Asia/Singapore",
    "GMT": "UTC",
    "Z": "UTC",
}
"""What vendors write, and the zone they mean. `EST` from a US exchange is New York time, summer and winter."""


def aware(moment: datetime) -> datetime:
    """Return the datetime as it is; raise NaiveTime where it has no time zone."""
    if not isinstance(moment, datetime):
        raise InvalidInput(f"A datetime with a time zone is needed, not {shown(moment)}.")
    if moment.utcoffset() is None:
        raise NaiveTime(f"{moment.isoformat()} has no time zone; add one, such as tzinfo=datetime.UTC or localize().")
    return moment


def to_utc(moment: datetime) -> datetime:
    """Return the same instant in UTC; raise NaiveTime where the datetime has no time zone."""
    return in_zone(moment, UTC)


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """Return the same instant in another zone; raise InvalidInput where the calendar ends before it gets there."""
    if not isinstance(zone, tzinfo):
        raise InvalidInput(
            f"`zone` must be a tzinfo, such as fin_infra.normalize.zone('US/Eastern'), not {shown(zone)}."
        )
    try:
        return aware(moment).astimezone(zone)
    except OverflowError:
        raise InvalidInput(f"{moment.isoformat()} is too near an end of the calendar; take a time inside it.") from None


@checked
def calendar_day(day: date) -> date:
    """Return the day, also of its ISO text; raise InvalidInput for an instant, whose day depends on the zone."""
    return day


@checked
def check_days(what: str, start: date | None, end: date | None) -> None:
    """Check the bounds of a window from `start` to before `end`, which is empty where they are the same day.

    Args:
        what: what is asked for, in the plural; an error begins with it.

    Raises:
        InvalidInput: a bound is not a calendar day, or the start is after the end.
    """
    for bound in (start, end):
        if bound is not None:
            calendar_day(bound)
    if start is not None and end is not None and start > end:
        raise InvalidInput(f"{what} need a start that is not after their end, not {start} to {end}.")


@checked
def zone(name: str) -> tzinfo:
    """Return the time zone a vendor means: an IANA name, an alias such as `US/Eastern`, or an offset such as `UTC-04`.

    Raises:
        InvalidInput: no such zone.
    """
    text = ZONE_ALIASES.get(name, name)
    offset = _OFFSET.fullmatch(text)
    if offset:
        hours, minutes = int(offset[2]), int(offset[3] or 0)
        if hours > 14 or minutes > 59:
            raise InvalidInput(f"{name!r} is not an offset that exists; use one from UTC-12 to UTC+14.")
        shift = timedelta(hours=hours, minutes=minutes)
        return timezone(-shift if offset[1] == "-" else shift)
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(f"{name!r} is not a time zone; write an IANA name such as America/New_York.") from None


@checked
def localize(naive: datetime, zone_name: str, *, ambiguous: Literal["raise", "earlier", "later"] = "raise") -> datetime:
    """Say in which zone a wall-clock time was read, and get it aware.

    Args:
        naive: a datetime without a zone.
        zone_name: what `zone` takes.
        ambiguous: which instant is meant where clocks went back and the time happened twice.

    Raises:
        InvalidInput: the time already has a zone, never happened (clocks went forward), or happened twice.
    """
    if naive.tzinfo is not None:
        raise InvalidInput(f"{naive.isoformat()} already has a time zone; use astimezone() to change it.")
    local_zone = zone(zone_name)
    earlier, later = naive.replace(tzinfo=local_zone, fold=0), naive.replace(tzinfo=local_zone, fold=1)
    if earlier.utcoffset() == later.utcoffset():
        return earlier
    back = earlier.astimezone(UTC).astimezone(local_zone).replace(tzinfo=None, fold=0)
    if back != naive.replace(fold=0):
        raise InvalidInput(f"{naive.isoformat()} never happened in {zone_name}: clocks went forward over it.")
    if ambiguous == "raise":
        raise InvalidInput(
            f"{naive.isoformat()} happened twice in {zone_name}; say ambiguous='earlier' or ambiguous='later'."
        )
    return earlier if ambiguous == "earlier" else later


@checked
def trading_date(moment: datetime, zone_name: str) -> date:
    """Return the calendar day at the exchange; raise NaiveTime where the datetime has no time zone."""
    return in_zone(moment, zone(zone_name)).date()


def from_unix(seconds: int | Decimal) -> datetime:
    """Turn seconds since 1970 into an aware UTC datetime, exactly; beyond microseconds is an error, as are floats."""
    return _since_epoch(seconds, 1_000_000, "seconds")


def from_unix_ms(milliseconds: int | Decimal) -> datetime:
    """Turn milliseconds since 1970 into an aware UTC datetime, exactly; beyond microseconds is an error."""
    return _since_epoch(milliseconds, 1_000, "milliseconds")


def _since_epoch(count: int | Decimal, microseconds: int, unit: str) -> datetime:
    if isinstance(count, bool) or not isinstance(count, (int, Decimal)):
        raise InvalidInput(f"Unix {unit} are int or Decimal, not {type(count).__name__}.")
    if isinstance(count, Decimal) and not (count.is_finite() and count.adjusted() < 20):
        raise InvalidInput(f"{count} {unit} since 1970 is not a date.")
    exact = count * microseconds if isinstance(count, int) else _WIDE.multiply(count, microseconds)
    whole = int(exact)
    if whole != exact:
        raise InvalidInput(f"{count} {unit} is finer than a microsecond; round it first.")
    try:
        return _EPOCH + timedelta(microseconds=whole)
    except OverflowError:
        unit_hint = "; from_unix_ms reads milliseconds" if unit == "seconds" else ""
        raise InvalidInput(f"{count} {unit} since 1970 is not a date{unit_hint}.") from None
