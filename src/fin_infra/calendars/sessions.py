"""Ask a calendar: is it open, when does it open, which sessions are there.
Floor 1: a session holds its open and not its close; instants come out in UTC; outside the table is an error."""

from __future__ import annotations

# Arguments are checked although they are typed: callers without a type checker get a sentence, not a traceback.
# pyright: reportUnnecessaryIsInstance=false
import datetime as dt
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from fin_infra.arguments import checked, shown
from fin_infra.calendars.table import EPOCH, Table, facts, read, span, year
from fin_infra.errors import BeyondCalendar, InvalidInput, NaiveTime
from fin_infra.model import Model

_MINUTE = timedelta(minutes=1)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Model):
    """One day of trading, from `open` to before `close`; the instants are in UTC.

    `date` is the day at the exchange. The break is None where trading goes through lunch. `early_close` is about the
    close: earlier than on a regular day of that time.
    """

    date: dt.date
    open: datetime
    close: datetime
    break_start: datetime | None
    break_end: datetime | None
    early_close: bool

    @property
    def minutes(self) -> int:
        """Return how many minutes there is trading, the lunch break left out."""
        pause = self.break_end - self.break_start if self.break_start and self.break_end else timedelta()
        return (self.close - self.open - pause) // _MINUTE


class Calendar:
    """When one exchange trades; get one with `calendar("XNYS")`.

    Every question about an instant takes an aware datetime of any zone and raises NaiveTime for one without; every
    question about a day takes a date. Outside `first` to `last` there is no answer but BeyondCalendar.
    """

    def __init__(self, name: str, table: str) -> None:
        self.name = name
        self._file = table

    def __repr__(self) -> str:
        return f"Calendar({self.name!r})"

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of the exchange."""
        return ZoneInfo(facts(self._file)["zone"])

    @property
    def first(self) -> date:
        """Return the first day the table knows about, be it a session or not."""
        return span(self._file)[0]

    @property
    def last(self) -> date:
        """Return the last day the table knows about, be it a session or not."""
        return span(self._file)[1]

    def is_open(self, at: datetime) -> bool:
        """Say whether there is trading at that instant: from the open to before the close, and not in the break."""
        table = self._table
        try:  # as in _since, without the call: this question is asked in loops
            since = at - EPOCH
        except TypeError:
            raise _unusable(at) from None
        if table.start <= since < table.stop:
            return bisect_right(table.edges[since.days - table.utc_day], since) % 2 == 1
        raise self._beyond(at.isoformat())

    def session(self, at: datetime) -> Session | None:
        """Return the session that holds the instant, its lunch break included; None between sessions."""
        since = self._since(at)
        row = bisect_right(self._table.opens, since) - 1
        return self._session(self._table, row) if row >= 0 and since < self._table.closes[row] else None

    def next_open(self, at: datetime) -> datetime:
        """Return the first open after the instant; the end of a lunch break is none."""
        return self._after(self._table.opens, at, "opens")

    def next_close(self, at: datetime) -> datetime:
        """Return the first close after the instant: during a session, its own."""
        return self._after(self._table.closes, at, "closes")

    def previous_open(self, at: datetime) -> datetime:
        """Return the last open at or before the instant: during a session, its own."""
        return self._before(self._table.opens, at, "opens")

    def previous_close(self, at: datetime) -> datetime:
        """Return the last close at or before the instant."""
        return self._before(self._table.closes, at, "closes")

    @checked
    def session_on(self, day: date) -> Session | None:
        """Return the session of that day at the exchange; None where it does not trade."""
        self._check_day(day, self.last)
        table = self._table_of(day, day)
        row = bisect_left(table.days, day.toordinal())
        return self._session(table, row) if row < len(table.days) and table.days[row] == day.toordinal() else None

    @checked
    def sessions(self, start: date, end: date) -> list[Session]:
        """Return the sessions from `start` to before `end`, oldest first; `end` may be the day after `last`."""
        for day in (start, end):
            self._check_day(day, self.last + _ONE_DAY)
        if start >= end:
            if start > end:
                raise InvalidInput(f"start {start} is after end {end}; swap them.")
            return []
        table = self._table_of(start, end - _ONE_DAY)
        rows = (bisect_left(table.days, day.toordinal()) for day in (start, end))
        return [self._session(table, row) for row in range(*rows)]

    @checked
    def is_early_close(self, day: date) -> bool:
        """Say whether that day has a session that closes early."""
        session = self.session_on(day)
        return session is not None and session.early_close

    @checked
    def minutes(self, day: date) -> int:
        """Return how many minutes there is trading on that day, the lunch break left out; 0 without a session."""
        session = self.session_on(day)
        return 0 if session is None else session.minutes

    @cached_property
    def _table(self) -> Table:
        return read(self._file)

    def _since(self, at: datetime) -> timedelta:
        """Return the time since 1970, by which the table is sorted."""
        try:
            since = at - EPOCH
        except TypeError:
            raise _unusable(at) from None
        table = self._table
        if table.start <= since < table.stop:
            return since
        raise self._beyond(at.isoformat())

    def _check_day(self, day: date, latest: date) -> None:
        if not self.first <= day <= latest:
            raise self._beyond(str(day))

    def _table_of(self, start: date, end: date) -> Table:
        """Return what holds both days: a year's table, or all where they are in two years."""
        return year(self._file, start.year) if start.year == end.year else self._table

    def _after(self, instants: list[timedelta], at: datetime, what: str) -> datetime:
        row = bisect_right(instants, self._since(at))
        if row == len(instants):
            raise self._beyond(f"when it {what} after {at.isoformat()}")
        return EPOCH + instants[row]

    def _before(self, instants: list[timedelta], at: datetime, what: str) -> datetime:
        row = bisect_right(instants, self._since(at)) - 1
        if row < 0:
            raise self._beyond(f"when it {what} before {at.isoformat()}")
        return EPOCH + instants[row]

    def _session(self, table: Table, row: int) -> Session:
        pause = table.breaks[row]
        return Session(
            date=date.fromordinal(table.days[row]),
            open=EPOCH + table.opens[row],
            close=EPOCH + table.closes[row],
            break_start=None if pause is None else EPOCH + pause[0],
            break_end=None if pause is None else EPOCH + pause[1],
            early_close=table.early[row],
        )

    def _beyond(self, asked: str) -> BeyondCalendar:
        first, last = str(self.first), str(self.last)
        return BeyondCalendar(
            f"The calendar {self.name} holds from {first} to {last} and cannot say {asked};"
            f" ask inside that, or install a newer fin-infra.",
            first,
            last,
        )


def _unusable(at: object) -> InvalidInput:
    if isinstance(at, datetime):
        return NaiveTime(f"{at.isoformat()} has no time zone; add one, such as tzinfo=datetime.UTC.")
    return InvalidInput(f"A datetime with a time zone is needed, not {shown(at)}.")
