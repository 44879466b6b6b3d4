"""What has to be paid, by date: the streams of money out, as rows and as a calendar.
Floor 5: a bill is expected from what was paid before; nobody has sent it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from fin_infra.arguments import checked
from fin_infra.insights.expected import expected
from fin_infra.insights.records import Frequency, Stream
from fin_infra.model.money import Money
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill(Model):
    """A payment that is expected."""

    date: dt.date
    stream_id: str
    account_id: str
    merchant: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    category: str
    frequency: Frequency
    amount: Money
    """Negative: money out. The last one, or the average where amounts differ each time."""
    most: Money
    """What it may be at most, negative too; equal to `amount` where it is fixed."""
    least: Money
    late_since: dt.date | None = None
    """The date that has passed without it; then `date` is today."""


@checked
def bills(streams: Iterable[Stream], *, today: dt.date, until: dt.date) -> list[Bill]:
    """Return the payments that are expected from today up to and with `until`, by date.

    Raises:
        InvalidInput: `until` is before today, or more than ten years after it.
    """
    out = {stream.id: stream for stream in streams if stream.average_amount < 0}
    return [
        Bill(
            date=each.date,
            stream_id=each.stream_id,
            account_id=each.account_id,
            merchant=out[each.stream_id].merchant,
            category=out[each.stream_id].category,
            frequency=out[each.stream_id].frequency,
            amount=each.amount,
            most=each.low,
            least=each.high,
            late_since=each.late_since,
        )
        for each in expected(out.values(), today, until)
    ]
