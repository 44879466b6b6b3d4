"""Alerts that streams give: a balance that will be low, a bill that is due, a price that has risen.
Floor 5: streams and the forecast say what is expected; nothing is guessed beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from fin_infra.insights.alerts.records import Alert, AlertKind, AlertSettings, Facts, Severity, alert_id
from fin_infra.insights.forecast import ForecastLine, forecast
from fin_infra.insights.records import Entry, Stream
from fin_infra.model.money import Money

EARLIER = 6
"""Payments before the last one that have to be equal for a price to have risen; at least two are there."""


def low_balances(facts: Facts, settings: AlertSettings, today: dt.date) -> Iterator[Alert]:
    """Yield an alert for each account that falls below its floor, with the first day on which it does."""
    if settings.ahead_days is None:
        return
    until = today + dt.timedelta(days=settings.ahead_days)
    streams = {stream.id: stream for stream in facts.streams}
    for line in forecast(facts.streams, facts.balances, today=today, until=until).accounts:
        low = _first_low(line, settings.floor(line.currency), today)
        if low is not None and line.account_id is not None:
            yield _low_balance(line, low, settings, streams)


def _first_low(line: ForecastLine, floor: Money, today: dt.date) -> tuple[dt.date, Money] | None:
    """Return the first day at whose end the balance is below the floor; None also where no balance is known."""
    if line.opening is not None and line.opening < floor:
        return today, line.opening
    ends = ((day.date, day.balance) for day in line.days)
    return next(((day, balance) for day, balance in ends if balance is not None and balance < floor), None)


def _low_balance(
    line: ForecastLine, low: tuple[dt.date, Money], settings: AlertSettings, streams: Mapping[str, Stream]
) -> Alert:
    day, balance = low
    floor = settings.floor(line.currency)
    out = [one.stream_id for one in line.expected if one.date <= day and one.amount < 0]
    now = line.opening is not None and line.opening < floor
    what = f"is at {balance}" if now else f"is expected to be at {balance} on {day}"
    return Alert(
        id=alert_id(AlertKind.LOW_BALANCE, line.account_id or "", line.currency, f"{day:%Y-%m}"),
        kind=AlertKind.LOW_BALANCE,
        severity=Severity.URGENT,
        date=day,
        text=f"Account {line.account_id} {what}, below {floor or 'zero'}.",
        entry_ids=() if now else tuple(streams[each].entry_ids[-1] for each in dict.fromkeys(out)),
        account_id=line.account_id,
    )


def bills_due(facts: Facts, settings: AlertSettings, today: dt.date) -> Iterator[Alert]:
    """Yield an alert for each bill that is due within days; a late one has been told of before."""
    if settings.bill_days is None:
        return
    until = today + dt.timedelta(days=settings.bill_days)
    for stream in facts.streams:
        due = stream.next_date
        if not stream.is_active or due is None or not today <= due <= until or not _is_spent(stream, facts):
            continue
        about = "about " if stream.is_variable else ""
        yield Alert(
            id=alert_id(AlertKind.BILL_DUE, stream.id, due.isoformat()),
            kind=AlertKind.BILL_DUE,
            severity=Severity.NOTICE,
            date=due,
            text=f"{stream.merchant or stream.description} is due on {due}: {about}{-stream.expected_amount}.",
            entry_ids=stream.entry_ids[-1:],
            account_id=stream.account_id,
        )


def _is_spent(stream: Stream, facts: Facts) -> bool:
    """Say whether a stream's money goes out, and not to another account of one's own."""
    return stream.expected_amount < 0 and stream.entry_ids[-1] not in facts.exclude


def price_rises(facts: Facts, settings: AlertSettings, today: dt.date) -> Iterator[Alert]:
    """Yield an alert for each stream whose last payment is above the ones before, which were all equal."""
    entries = {entry.id: entry for entry in facts.entries}
    since = today - dt.timedelta(days=settings.recent_days)
    for stream in facts.streams:
        if settings.rise_share is None or not stream.is_active or not _is_spent(stream, facts):
            continue
        if not since <= stream.last_date <= today:
            continue
        seen = [entries[each] for each in stream.entry_ids[-EARLIER - 1 :] if each in entries]
        before, now = _prices(seen)
        if before is None or now is None or now.currency != before.currency or now <= before:
            continue
        if (now - before) / before >= settings.rise_share:
            yield _price_rise(stream, seen, before)


def _prices(seen: Sequence[Entry]) -> tuple[Money | None, Money | None]:
    """Return the one price before the last and the last; None where there was more than one, or money came in."""
    if len(seen) < 3 or any(entry.amount >= 0 for entry in seen):
        return None, None
    before = {entry.amount for entry in seen[:-1]}
    return (-before.pop(), -seen[-1].amount) if len(before) == 1 else (None, None)


def _price_rise(stream: Stream, seen: Sequence[Entry], before: Money) -> Alert:
    last = seen[-1]
    return Alert(
        id=alert_id(AlertKind.PRICE_RISE, last.id),
        kind=AlertKind.PRICE_RISE,
        severity=Severity.WARNING,
        date=last.date,
        text=f"{stream.merchant or stream.description} rose from {before} to {-last.amount} on {last.date}.",
        entry_ids=tuple(entry.id for entry in seen),
        account_id=stream.account_id,
    )
