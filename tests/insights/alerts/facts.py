"""Facts for alerts: a day, transactions on days before it, streams with a calendar rule."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from fin_infra.insights import Entry, Frequency, Judge, Label, Stream, StreamStatus
from fin_infra.insights.schedule import Schedule
from fin_infra.model import Money

TODAY = dt.date(2026, 11, 28)


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def spent(id: str, day: dt.date | str, amount: str, words: str = "CORNER MARKET", **more: Any) -> Entry:
    """Return a transaction; `amount` is signed."""
    date = dt.date.fromisoformat(day) if isinstance(day, str) else day
    currency = more.pop("currency", "USD")
    facts = {"account_id": "1", "amount": Money.of(amount, currency)} | more
    return Entry(id=id, date=date, description=words, **facts)


def label(category: str, merchant: str = "") -> Label:
    return Label(category=category, judge=Judge.RULE, reason="A rule.", confidence=Decimal(1), merchant=merchant)


def monthly(id: str, amount: str, next_day: str | None, *, last: str = "2026-11-01", **more: Any) -> Stream:
    """Return a stream that comes on the day of the month of `last`."""
    last_day = dt.date.fromisoformat(last)
    facts: dict[str, Any] = {
        "account_id": "1",
        "merchant": id.upper(),
        "description": id,
        "category": "UNCATEGORIZED",
        "frequency": Frequency.MONTHLY,
        "status": StreamStatus.MATURE,
        "first_date": dt.date(2026, 1, 1),
        "last_date": last_day,
        "next_date": None if next_day is None else dt.date.fromisoformat(next_day),
        "average_amount": usd(amount),
        "last_amount": usd(amount),
        "entry_ids": (f"{id}-1", f"{id}-2", f"{id}-3"),
        "schedule": Schedule(nominal=last_day, every_months=1, days=(last_day.day,)),
    }
    return Stream(id=id, **(facts | more))
