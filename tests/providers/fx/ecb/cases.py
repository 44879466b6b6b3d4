"""What the fault matrix and the search for secrets ask of this adapter: every operation at least once."""

from __future__ import annotations

from datetime import date

from tests.support.cases import Case, plain

CASES = [
    plain("ping", "ping"),
    plain("latest", "latest"),
    plain("history", "history", start=date(2026, 11, 2), end=date(2026, 11, 20)),
    Case(
        "history of a year ago",
        "history",
        kwargs={"start": date(2025, 11, 2), "end": date(2025, 11, 20)},
        heavy=True,
    ),
    plain("rate", "rate", "USD", "JPY"),
    plain("rate on a day", "rate", "EUR", "USD", on=date(2026, 11, 15)),
]
