"""Transactions as the tests of insights need them: only what a case is about is given."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fin_infra.insights import Entry
from fin_infra.model import Money


def entry(description: str = "", amount: str = "-12.50", *, day: int = 1, **more: Any) -> Entry:
    """Return a transaction of November 2026; `id` is its description where none is given."""
    facts = {"id": description, "account_id": "checking", "date": dt.date(2026, 11, day)} | more
    return Entry(amount=Money.of(amount, more.pop("currency", "USD")), description=description, **_without(facts))


def _without(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name != "currency"}
