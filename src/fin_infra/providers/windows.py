"""Which stretch of time is asked for, whoever is asked.
Floor 3: a day is the trading day at the venue, and an instant is aware."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TypeAlias

from fin_infra.errors import InvalidInput
from fin_infra.normalize import aware, zone

Bound: TypeAlias = date | datetime | None


@dataclass(frozen=True, slots=True)
class Window:
    """The bars that are wanted: from `start` to before `end`, either side open.

    Raises:
        NaiveTime: a bound has no time zone.
        InvalidInput: `start` does not lie before `end`.
    """

    start: datetime | None
    end: datetime | None

    def __post_init__(self) -> None:
        for bound in (self.start, self.end):
            if bound is not None:
                aware(bound)
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise InvalidInput("The window is empty; start must lie before end.")

    @classmethod
    def of(cls, start: Bound, end: Bound, zone_name: str, *, intraday: bool) -> Window:
        """Return the window in instants: a day is the trading day at the exchange, whose zone is `zone_name`.

        So is midnight UTC where bars are a day or longer, because no exchange but one begins its days there.
        """

        def instant(bound: Bound) -> datetime | None:
            if isinstance(bound, datetime):
                at = aware(bound)
                if intraday or at.utcoffset() or at.time() != time():
                    return at
                bound = at.date()
            if bound is None:
                return None
            if not isinstance(bound, date):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped users
                raise InvalidInput(f"{bound!r} is neither a day nor a time; use a date such as {date(2026, 1, 31)}.")
            return datetime.combine(bound, time(), zone(zone_name))

        return cls(instant(start), instant(end))

    def __contains__(self, instant: datetime) -> bool:
        return (self.start is None or instant >= self.start) and (self.end is None or instant < self.end)
