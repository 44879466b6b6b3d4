"""Transactions by date, as the tests of streams need them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from fin_infra.insights import Entry
from fin_infra.model import Money

TODAY = dt.date(2026, 11, 28)


def paid(text: str, amount: str | Iterable[str], *days: str, currency: str = "USD", **more: Any) -> list[Entry]:
    """Return a transaction for each day, all of one amount or each of its own; ids are text and place."""
    amounts = [amount] * len(days) if isinstance(amount, str) else list(amount)
    name = more.pop("name", text)
    facts = {"account_id": "checking"} | more
    return [
        Entry(
            id=f"{name} {number}",
            date=dt.date.fromisoformat(day),
            amount=Money.of(each, currency),
            description=text,
            **facts,
        )
        for number, (day, each) in enumerate(zip(days, amounts, strict=True), 1)
    ]


def months(day: int, first: str, count: int) -> list[str]:
    """Return that day of so many months; the month of `first`, `2026-01`, is the first."""
    year, month = map(int, first.split("-"))
    numbers = range(year * 12 + month - 1, year * 12 + month - 1 + count)
    return [f"{number // 12}-{number % 12 + 1:02d}-{day:02d}" for number in numbers]


def every(days: int, first: str, count: int) -> list[str]:
    """Return so many dates that are `days` apart."""
    begin = dt.date.fromisoformat(first)
    return [(begin + dt.timedelta(days=days * number)).isoformat() for number in range(count)]
