"""Net worth at any date and as a series, and what is held, as methods of a book.
Floor 6: nobody is called; `worth_read.py` reads, `worth_fold.py` adds up, and nothing of it is stored."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, timedelta
from typing import Literal

from fin_infra.arguments import check_order
from fin_infra.book.methods import Household, method
from fin_infra.book.portfolio import portfolio
from fin_infra.book.records import NetWorthPoint
from fin_infra.book.worth_fold import worth_on, worth_series
from fin_infra.book.worth_read import picture
from fin_infra.errors import InvalidInput
from fin_infra.model import Listing, NetWorth, Portfolio
from fin_infra.model.currency import minor_units
from fin_infra.transport import Flow, M, blocking

MOST = 40_000
"""Points of a series: a century of days."""
Step = Literal["day", "week", "month"]


class Worth(Household[M]):
    @method
    def net_worth(self, currency: str = "USD", *, on: date | None = None) -> Flow[NetWorth]:
        """Return what the household owned less what it owed at the end of a day, of today where None.

        Every account counts once. What has no balance, price or rate of that time has no value and is named, and so is
        a connection that did not answer; `fill_history` asks for the prices and rates of a time.

        Raises:
            UnknownCurrency: `currency` is not an ISO 4217 code.
            InvalidInput: `currency` has no minor unit.
            BookUnavailable: the database cannot be read now.
        """
        minor_units(currency)
        today = self.clock().astimezone(UTC).date()
        day = on or today
        found = yield from self.ask(picture, day, day, currency, today)
        return (yield from blocking(worth_on, found, day, currency))

    @method
    def portfolio(self, currency: str | None = None, *, on: date | None = None) -> Flow[Portfolio]:
        """Return what the household held at the end of a day, of today where None, merged by instrument.

        Values are those of the last sync, whatever their age: `oldest` says it, and `errors` names a connection that
        did not answer. What a person says they hold is priced by the last close of the book.

        Args:
            currency: of a total by the rates of the book; none without it.

        Raises:
            UnknownCurrency: `currency` is not an ISO 4217 code.
            BookUnavailable: the database cannot be read now.
        """
        if currency is not None:
            minor_units(currency)
        return (yield from self.ask(portfolio, on or self.clock().astimezone(UTC).date(), currency))

    @method
    def net_worth_series(
        self, currency: str, start: date, end: date, *, step: Step = "day"
    ) -> Flow[Listing[NetWorthPoint]]:
        """Return the net worth at the end of each day, week or month from `start` to before `end`.

        Args:
            step: a week is seven days; a month goes to the same day of the next one, or to its last day.

        Raises:
            UnknownCurrency: `currency` is not an ISO 4217 code.
            InvalidInput: the days are the wrong way round, or too many.
            BookUnavailable: the database cannot be read now.
        """
        minor_units(currency)
        days = _days(start, end, step)
        today = self.clock().astimezone(UTC).date()
        found = yield from self.ask(picture, days[0], days[-1], currency, today)
        return Listing((yield from blocking(worth_series, found, days, currency)))


def _days(start: date, end: date, step: Step) -> list[date]:
    check_order(start, end)
    if (end - start).days > MOST:
        raise InvalidInput(f"A series is of at most {MOST:,} days; ask for a shorter time.")
    if step == "month":
        return _months(start, end)
    apart = 7 if step == "week" else 1
    return [start + timedelta(days=number) for number in range(0, (end - start).days, apart)]


def _months(start: date, end: date) -> list[date]:
    found: list[date] = []
    number = start.year * 12 + start.month - 1
    while True:
        year, month = number // 12, number % 12 + 1
        day = date(year, month, min(start.day, monthrange(year, month)[1]))
        if day >= end:
            return found
        found.append(day)
        number += 1
