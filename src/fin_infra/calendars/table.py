"""Read the table of one calendar: wall-clock facts in, sorted instants out.
Floor 1: facts are local times in a named zone, so daylight saving comes from the zone database, not from the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypedDict
from zoneinfo import ZoneInfo

DATA = Path(__file__).with_name("data")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MIDNIGHT = timedelta()


class Facts(TypedDict):
    """A file of `data/`: days `2026-01-31`, hours `09:30-12:00 13:00-16:00`."""

    zone: str
    first: str
    last: str
    weekdays: str
    """Days with a session, 1 for Monday."""
    hours: dict[str, str]
    """Regular hours by the first day they hold."""
    closed: dict[str, str]
    """By year, the `MM-DD` of weekdays without a session."""
    opened: dict[str, str]
    """By year, the `MM-DD` of sessions on other days."""
    special: dict[str, str]
    """Hours that differ from the regular ones, to the days that have them."""


class Hours(NamedTuple):
    """Trading hours of one day, counted from local midnight."""

    open: timedelta
    close: timedelta
    pause: tuple[timedelta, timedelta] | None
    """Beginning and end of the lunch break; None where trading goes through."""


@dataclass(frozen=True, slots=True)
class Table:
    """One row per session, as columns.

    Instants are time since 1970 in UTC: subtracting `EPOCH` is the cheapest way from any datetime to what sorts.
    """

    zone: ZoneInfo
    first: date
    last: date
    start: timedelta
    """Local midnight at the beginning of `first`."""
    stop: timedelta
    """Local midnight at the end of `last`."""
    days: list[int] = field(default_factory=list[int])
    """Proleptic day numbers, as of `date.toordinal`."""
    opens: list[timedelta] = field(default_factory=list[timedelta])
    closes: list[timedelta] = field(default_factory=list[timedelta])
    breaks: list[tuple[timedelta, timedelta] | None] = field(default_factory=list[tuple[timedelta, timedelta] | None])
    early: list[bool] = field(default_factory=list[bool])
    edges: list[tuple[timedelta, ...]] = field(default_factory=list[tuple[timedelta, ...]])
    """By UTC day, from that of `start` on: the instants at which trading begins or stops. After an odd number of them
    it is on, so a day that trading carries into begins with midnight."""
    utc_day: int = 0
    """The UTC day of `start`, counted since 1970."""


@cache
def facts(name: str) -> Facts:
    """Return the facts of a file in `data/`; each is parsed once."""
    found: Facts = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    return found


@cache
def span(name: str) -> tuple[date, date]:
    """Return the first and the last day a file knows about."""
    known = facts(name)
    return date.fromisoformat(known["first"]), date.fromisoformat(known["last"])


@cache
def read(name: str) -> Table:
    """Return all of a file as a table."""
    table = _expand(facts(name), *span(name))
    table.edges.extend(_edges_by_day(table))
    return table


@cache
def year(name: str, number: int) -> Table:
    """Return one year of a file, without `edges`: a question about a day needs no more, at a 70th of the cost."""
    first, last = span(name)
    return _expand(facts(name), max(first, date(number, 1, 1)), min(last, date(number, 12, 31)))


def _expand(known: Facts, first: date, last: date) -> Table:
    zone = ZoneInfo(known["zone"])
    start, stop = (_instant(day, _MIDNIGHT, zone) for day in (first.toordinal(), last.toordinal() + 1))
    table = Table(zone, first, last, start, stop, utc_day=start.days)
    years = range(first.year, last.year + 1)
    special = {
        _ordinal(day): hours
        for text, days in known["special"].items()
        for hours in (_hours_of(text),)
        for day in days.split()
        if int(day[:4]) in years
    }
    regular = [(_ordinal(day), _hours_of(text)) for day, text in known["hours"].items()]
    for day in _session_days(known, first, last):
        while len(regular) > 1 and day >= regular[1][0]:
            del regular[0]
        _append(table, day, special.get(day, regular[0][1]), regular[0][1])
    return table


def _hours_of(text: str) -> Hours:
    """Read `09:30-16:00`, or `09:30-12:00 13:00-16:00` with a break."""
    clocks = text.replace("-", " ").split()
    times = [timedelta(hours=int(clock[:2]), minutes=int(clock[3:])) for clock in clocks]
    if len(times) == 2:
        return Hours(times[0], times[1], None)
    return Hours(times[0], times[3], (times[1], times[2]))


def _session_days(known: Facts, first: date, last: date) -> list[int]:
    weekdays = {int(digit) % 7 for digit in known["weekdays"]}
    usual = {day for day in range(first.toordinal(), last.toordinal() + 1) if day % 7 in weekdays}
    years = range(first.year, last.year + 1)
    return sorted(usual - _listed(known["closed"], years) | _listed(known["opened"], years))


def _listed(by_year: dict[str, str], years: range) -> set[int]:
    return {_ordinal(f"{year}-{day}") for year in years for day in by_year.get(str(year), "").split()}


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _append(table: Table, day: int, hours: Hours, usual: Hours) -> None:
    opened = _instant(day, hours.open, table.zone)
    midnight = opened - hours.open  # by the clock of the opening: no exchange changes its clocks while it trades
    closed = midnight + hours.close
    pause = None if hours.pause is None else (midnight + hours.pause[0], midnight + hours.pause[1])
    table.days.append(day)
    table.opens.append(opened)
    table.closes.append(closed)
    table.breaks.append(pause)
    table.early.append(hours.close < usual.close)


def _edges_by_day(table: Table) -> Iterator[tuple[timedelta, ...]]:
    edges: list[timedelta] = []
    for opened, pause, closed in zip(table.opens, table.breaks, table.closes, strict=True):
        edges += (opened, *(pause or ()), closed)
    row = 0
    for day in range(table.utc_day, table.stop.days + 1):
        begin = row
        while row < len(edges) and edges[row].days == day:
            row += 1
        carried = (timedelta(days=day),) if begin % 2 else ()
        yield (*carried, *edges[begin:row])


def _instant(day: int, clock: timedelta, zone: ZoneInfo) -> timedelta:
    return (datetime.fromordinal(day) + clock).replace(tzinfo=zone) - EPOCH
