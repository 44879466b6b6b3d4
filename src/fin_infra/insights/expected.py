"""The dates on which streams are expected again, with what they are expected to bring.
Floor 5: a stream without a calendar rule is expected once, on its next date; one that has ended never."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from fin_infra.errors import InvalidInput
from fin_infra.insights.records import Stream
from fin_infra.model.money import Money
from fin_infra.model.record import Model

YEARS = 10
"""How far ahead anybody may look: no stream is known to last that long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected(Model):
    """One time that a stream comes again."""

    date: dt.date
    """Where it is late, today."""
    stream_id: str
    account_id: str
    amount: Money
    """The last one, or the average where amounts differ each time; positive is money in."""
    low: Money
    """The least it is expected to be, which of money out is the most paid; equal to `amount` where it is fixed."""
    high: Money
    late_since: dt.date | None = None
    """The date that has passed without it."""


def expected(streams: Iterable[Stream], today: dt.date, until: dt.date) -> list[Expected]:
    """Return what streams bring from today up to and with `until`, in order of date and stream.

    Raises:
        InvalidInput: `until` is before today, or more than ten years after it.
    """
    check_days(today, until)
    found = [each for stream in streams for each in _of(stream, today, until)]
    return sorted(found, key=lambda one: (one.date, one.stream_id))


def check_days(today: dt.date, until: dt.date) -> None:
    """Refuse days that cannot be meant, as `expected` does."""
    if until < today:
        raise InvalidInput(f"The last day, {until.isoformat()}, is before today, {today.isoformat()}.")
    if until.year - today.year > YEARS:
        raise InvalidInput(f"At most {YEARS} years ahead can be said; {until.isoformat()} is further away.")


def _of(stream: Stream, today: dt.date, until: dt.date) -> list[Expected]:
    first = stream.next_date
    if not stream.is_active or first is None:
        return []
    later = stream.schedule.dates_to(first + dt.timedelta(days=1), until) if stream.schedule else []
    return [_one(stream, day, today) for day in (first, *later) if day <= until]


def _one(stream: Stream, day: dt.date, today: dt.date) -> Expected:
    amount = stream.expected_amount
    varies = stream.is_variable and stream.low_amount is not None and stream.high_amount is not None
    return Expected(
        date=max(day, today),
        stream_id=stream.id,
        account_id=stream.account_id,
        amount=amount,
        low=stream.low_amount if varies and stream.low_amount is not None else amount,
        high=stream.high_amount if varies and stream.high_amount is not None else amount,
        late_since=day if day < today else None,
    )
