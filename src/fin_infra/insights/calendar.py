"""Bills as a calendar file, iCalendar of RFC 5545, by hand: whole-day events that a calendar program subscribes to.
Floor 5: an event repeats by a rule only where the rule is exactly the stream's; else each date is an event."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator

from fin_infra.arguments import checked
from fin_infra.errors import NaiveTime
from fin_infra.insights.bills import bills
from fin_infra.insights.expected import check_days
from fin_infra.insights.records import Stream
from fin_infra.insights.schedule import LAST_DAY, Schedule, Weekends
from fin_infra.model.money import Money

OCTETS = 75
"""Of a line at most, without its end (RFC 5545, 3.1)."""
SAFE_DAY = 28
"""Every month has it; a rule on the 29th or 30th would leave February out."""


@checked
def to_ical(streams: Iterable[Stream], *, today: dt.date, until: dt.date, at: dt.datetime) -> str:
    """Return the bills of streams as the text of an `.ics` file, with CRLF at the end of lines.

    An event keeps its UID from file to file, so that a calendar program updates it.

    Args:
        streams: those of money in are left out.
        today: the first day of a bill.
        until: the last one; an event that repeats by a rule goes on after it.
        at: when the file is made, aware.

    Raises:
        NaiveTime: `at` has no zone.
        InvalidInput: `until` is before today, or more than ten years after it.
    """
    if at.tzinfo is None:
        raise NaiveTime("The time at which a calendar is made has no time zone; give an aware datetime.")
    check_days(today, until)
    stamp = at.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//fin-infra//bills//EN",
        "CALSCALE:GREGORIAN",
        *(line for stream in streams for line in _events(stream, (today, until), stamp)),
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _events(stream: Stream, span: tuple[dt.date, dt.date], stamp: str) -> Iterator[str]:
    rule = _rule(stream.schedule)
    uid = hashlib.sha256(f"{stream.account_id}\n{stream.id}".encode()).hexdigest()[:32]
    for bill in bills([stream], today=span[0], until=span[1]):
        repeats = rule is not None and bill.late_since is None
        yield "BEGIN:VEVENT"
        yield f"UID:{uid}{'' if repeats else f'-{bill.late_since or bill.date:%Y%m%d}'}@fin-infra"
        yield f"DTSTAMP:{stamp}"
        yield f"DTSTART;VALUE=DATE:{bill.date:%Y%m%d}"
        if repeats:
            yield f"RRULE:{rule}"
        yield f"SUMMARY:{_escaped(f'{stream.merchant} {_sum(bill.amount)}')}"
        yield f"DESCRIPTION:{_escaped(_described(stream))}"
        yield "TRANSP:TRANSPARENT"
        yield "END:VEVENT"
        if repeats:
            break


def _described(stream: Stream) -> str:
    often = stream.frequency.value.replace("_", " ")
    seen = f"Paid {len(stream.entry_ids)} times, last {_sum(stream.last_amount)} on {stream.last_date.isoformat()}."
    if not stream.is_variable or stream.low_amount is None or stream.high_amount is None:
        return f"Expected {often}. {seen}"
    return f"Expected {often}, from {_sum(stream.high_amount)} to {_sum(stream.low_amount)}. {seen}"


def _sum(amount: Money) -> str:
    return str(abs(amount))


def _rule(schedule: Schedule | None) -> str | None:
    """Return the RRULE that gives exactly the dates of a schedule, or None where none does."""
    if schedule is None:
        return None
    if days := schedule.every_days:
        return f"FREQ=DAILY;INTERVAL={days}" if days % 7 else f"FREQ=WEEKLY;INTERVAL={days // 7}"
    exact = all(day <= SAFE_DAY or day == LAST_DAY for day in schedule.days)
    if not exact or schedule.weekends is not Weekends.KEPT:
        return None
    days_of_month = ",".join("-1" if day == LAST_DAY else str(day) for day in schedule.days)
    return f"FREQ=MONTHLY;INTERVAL={schedule.every_months};BYMONTHDAY={days_of_month}"


def _escaped(text: str) -> str:
    """Return text as a value of type TEXT (RFC 5545, 3.3.11)."""
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        text = text.replace(plain, written)
    return "".join(letter for letter in text if letter >= " " or letter == "\t")


def _folded(line: str) -> str:
    """Return a line in pieces of at most 75 octets, none of which cuts a character."""
    pieces: list[str] = []
    piece, size = "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > OCTETS:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + letter, size + octets
    return "\r\n".join([*pieces, piece])
