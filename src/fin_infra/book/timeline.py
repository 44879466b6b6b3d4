"""What each thing of a household was worth over time: its readings by day, and the one that holds on a given day.
Floor 6: pure; days are ISO texts, which sort as days do, and a reading holds until the next one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from fin_infra.book.columns import of_e4
from fin_infra.book.history import Rates
from fin_infra.book.records import Connection, ConnectionState
from fin_infra.model import LeftOut, Money, RateTable, SourceError, WorthItem


class Gone(Enum):
    """In place of an amount: the thing was not there any more."""

    GONE = "gone"


GONE = Gone.GONE
Amount = Decimal | None | Gone


class Reading(NamedTuple):
    """An amount that holds from `since` on, and was true on the day `at`; None where nobody knows it."""

    since: str
    at: str
    amount: Amount
    currency: str


@dataclass(slots=True)
class Line:
    """One thing that may count, in one currency: the readings of a day are `whole` ten-thousandths, or `amounts`."""

    what: WorthItem
    """All that stays the same; its amount is None."""
    currency: str
    days: list[str]
    ats: list[str]
    amounts: list[Amount] = field(default_factory=list[Amount])
    whole: list[int] | None = None
    missing: str = "the source gives no amount"
    end: str | None = None
    """The last day on which it may count."""
    ageless: bool = False
    """Whether a reading counts however old it is: a person's word holds until the next one."""

    def amount(self, place: int) -> Amount:
        return self.amounts[place] if self.whole is None else of_e4(self.whole[place])

    def place(self, day: str) -> int:
        """Return which reading holds at the end of a day; -1 where none does."""
        if self.end is not None and day > self.end:
            return -1
        return bisect_right(self.days, day) - 1

    def item(self, day: str) -> WorthItem | None:
        """Return what the thing is worth at the end of a day; None where it is not there."""
        place = self.place(day)
        amount = self.amount(place) if place >= 0 else GONE
        if isinstance(amount, Gone):
            return None
        at = None if self.ageless else date.fromisoformat(self.ats[place])
        if amount is None:
            return replace(self.what, missing=self.missing, at=at)
        return replace(self.what, amount=Money(amount, self.currency), at=at)


@dataclass(frozen=True, slots=True)
class Place:
    """An account, apart from what it holds: a gap on days before its first reading."""

    what: WorthItem
    first: str | None
    end: str | None = None
    left_out: LeftOut | None = None
    """Why it does not count after `end`, where that is to be told."""

    def gap(self, day: str) -> WorthItem | None:
        if (self.first is not None and self.first <= day) or (self.end is not None and day > self.end):
            return None
        return replace(self.what, missing="the book knows nothing of it by that day")


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a household's net worth is drawn from, for a span of days."""

    lines: Sequence[Line]
    places: Sequence[Place]
    connections: Sequence[Connection]
    rates: Rates
    today: date

    def items(self, day: str) -> list[WorthItem]:
        found = [*(line.item(day) for line in self.lines), *(place.gap(day) for place in self.places)]
        return [item for item in found if item is not None]

    def table(self, day: str) -> RateTable | None:
        """Return the last table that is not after a day."""
        last = self.rates.last(day)
        return None if last is None else self.rates.table(last)

    def left_out(self, day: str) -> list[LeftOut]:
        return [place.left_out for place in self.places if place.left_out and place.end and day > place.end]

    def errors(self, day: date) -> list[SourceError]:
        """Return the connections that did not tell what was true at the end of a day."""
        return [_error(each) for each in self.connections if not _answered(each, day, self.today)]


def _answered(connection: Connection, day: date, today: date) -> bool:
    """Tell whether a connection covers a day: one that fails today may have answered since an earlier day."""
    if connection.state in (ConnectionState.HEALTHY, ConnectionState.REVOKED):
        return True
    return day < today and connection.synced_at is not None and connection.synced_at.date() >= day


def _error(connection: Connection) -> SourceError:
    reason = connection.reason or "it was never synced to its end"
    return SourceError(
        provider=connection.provider,
        operation="sync",
        code=f"fin.connection_{connection.state.value}",
        message=f"connection {connection.id}: {reason}",
    )


def lines_of(what: WorthItem, readings: Iterable[Reading], missing: str, end: str | None) -> list[Line]:
    """Return the readings of one thing, oldest first, as a line for each currency it was ever told in."""
    found: dict[str, Line] = {}
    for reading in readings:
        line = found.get(reading.currency)
        if line is None:
            line = found[reading.currency] = Line(what, reading.currency, [], [], missing=missing, end=end)
        for each in found.values():
            _add(each, reading if each is line else reading._replace(amount=GONE))
    if len(found) > 1:
        for line in found.values():
            line.what = replace(what, reading_of=f"{what.reading_of} {line.currency}")
    return list(found.values())


def _add(line: Line, reading: Reading) -> None:
    if line.days and line.days[-1] == reading.since:
        line.ats[-1], line.amounts[-1] = reading.at, reading.amount
        return
    line.days.append(reading.since)
    line.ats.append(reading.at)
    line.amounts.append(reading.amount)
