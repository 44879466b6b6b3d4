"""Trading calendars beside exchange_calendars: `python benchmarks/calendars.py`.

10,000 instants of one year at XNYS, asked of both in turns in one run; target: `is_open` at least 10 times as fast as
`is_open_on_minute`. Then what it costs to import and to ask the first question, each in a fresh interpreter.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import exchange_calendars
import pandas as pd

from fin_infra.calendars import calendar

CHECKS = 10_000
ROUNDS = 7
FIRST_ANSWER = {
    "fin_infra.calendars": (
        "from fin_infra.calendars import calendar; from datetime import datetime, UTC;"
        " calendar('XNYS').is_open(datetime(2026, 3, 9, 14, tzinfo=UTC))"
    ),
    "exchange_calendars": (
        "import exchange_calendars, pandas;"
        " exchange_calendars.get_calendar('XNYS').is_open_on_minute(pandas.Timestamp('2026-03-09 14:00Z'))"
    ),
}


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    ours, theirs = calendar("XNYS"), exchange_calendars.get_calendar("XNYS", start="2024-01-01", end="2026-12-31")
    drawn = random.Random(1).sample(range(365 * 24 * 60), CHECKS)
    moments = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minute) for minute in drawn]
    stamps = [pd.Timestamp(moment) for moment in moments]
    assert [ours.is_open(m) for m in moments] == [theirs.is_open_on_minute(s) for s in stamps]
    cases: dict[str, Callable[[], object]] = {
        "Calendar.is_open": lambda: [ours.is_open(moment) for moment in moments],
        "Calendar.session": lambda: [ours.session(moment) for moment in moments],
        "Calendar.next_open": lambda: [ours.next_open(moment) for moment in moments],
        "exchange_calendars is_open_on_minute": lambda: [theirs.is_open_on_minute(stamp) for stamp in stamps],
    }
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, work in cases.items():
            found[name].append(seconds(work))
    middle = {name: statistics.median(times) for name, times in found.items()}
    slow = middle["exchange_calendars is_open_on_minute"]
    print(f"{CHECKS:,} questions, the answers of both equal")
    for name, value in middle.items():
        print(f"{name:40} {value * 1000:8.1f} ms   {slow / value:6.1f} times as fast as is_open_on_minute")
    print("import and first answer, fresh interpreters")
    for name, code in {"python -c pass": "pass", **FIRST_ANSWER}.items():
        times = [seconds(lambda code=code: subprocess.run([sys.executable, "-c", code], check=True)) for _ in range(3)]
        print(f"{name:40} {min(times) * 1000:8.1f} ms")


if __name__ == "__main__":
    main()
