"""Time reads of a book of 1,000,000 transactions: a month, a search, the feed; beside the bare statement in its driver.

Run: python benchmarks/book_read.py [rows]. Prints medians; trust the ratios, not the milliseconds.
"""

from __future__ import annotations

import gc
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta

from book_sync import FIRST, NOW, ready, told

from fin_infra.book import open_book
from fin_infra.book.columns import microseconds
from fin_infra.book.engine import Database, put, writing
from fin_infra.book.lease import Owner
from fin_infra.book.log import Log
from fin_infra.book.merge import facts_of
from fin_infra.book.search import write_texts
from fin_infra.book.tables import accounts, changes, transactions

MONTH = (FIRST + timedelta(days=300), FIRST + timedelta(days=308))
"""8 of 1,000 days: 8,000 of a million rows, about a busy month of them."""


def fill(database: Database, rows: int) -> None:
    owner = Owner("default", "")
    scope = ("default", "")
    with writing(database.engine) as db:
        log = Log(db, owner, "c", NOW)
        log.close()
        kept = ("c", "acc", "A", "depository", "checking", "USD", "Bank", None, "open", None, None)
        put(db, accounts, [(*scope, 1, *kept)])
    part, stamp = 50_000, microseconds(NOW)
    for at in range(0, rows, part):
        with writing(database.engine) as db:
            facts = [facts_of(row, 1, "c") for row in told(part)]
            put(db, transactions, [(*scope, at + n, *row) for n, row in enumerate(facts, 2)])
            log_rows = [(*scope, at + n, "transaction", "added", at + n, "c", stamp, None) for n in range(2, part + 2)]
            put(db, changes, log_rows)
            write_texts(db, owner, {at + n: (row.text, None) for n, row in enumerate(facts, 2)}, ())


def median_ms(work: Callable[[], object], rounds: int = 7) -> float:
    taken: list[float] = []
    for _ in range(rounds):
        gc.collect()
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/book.db"
        database = ready(f"sqlite:///{file}")
        fill(database, rows)
        book = open_book(f"sqlite:///{file}")
        bare = sqlite3.connect(file)
        start, end = MONTH
        days = (start.isoformat(), end.isoformat())
        text = "SELECT * FROM transactions WHERE tenant = 'default' AND user_id = '' AND day >= ? AND day < ?"
        order = " ORDER BY day DESC, id DESC"
        found = len(book.transactions(start=start, end=end, limit=100_000))
        print(f"{rows:,} transactions; a month of {found:,}")
        table: list[tuple[str, Callable[[], object], Callable[[], object] | None]] = [
            (
                "the first 100 of a month",
                lambda: book.transactions(start=start, end=end, limit=100),
                lambda: bare.execute(text + order + " LIMIT 100", days).fetchall(),
            ),
            (
                "the whole month",
                lambda: book.transactions(start=start, end=end, limit=100_000),
                lambda: bare.execute(text + order, days).fetchall(),
            ),
            (
                "a search that finds 1 in 50,000",
                lambda: book.transactions(search="payment 00012345", limit=100),
                lambda: bare.execute(
                    "SELECT * FROM transactions WHERE tenant = 'default' AND user_id = '' AND lower(text) LIKE ?",
                    ("%payment 00012345%",),
                ).fetchall(),
            ),
            (
                "the first 100 that a search of all finds",
                lambda: book.transactions(search="card payment", limit=100),
                lambda: bare.execute(
                    "SELECT * FROM transactions WHERE tenant = 'default' AND user_id = '' AND lower(text) LIKE ?"
                    f"{order} LIMIT 100",
                    ("%card payment%",),
                ).fetchall(),
            ),
            (
                "10,000 entries of the feed",
                lambda: book.changes(since=rows // 2, limit=10_000),
                lambda: bare.execute(
                    "SELECT * FROM changes WHERE tenant = 'default' AND user_id = '' AND position > ? LIMIT 10000",
                    (rows // 2,),
                ).fetchall(),
            ),
        ]
        for label, ours, theirs in table:
            took, alone = median_ms(ours), median_ms(theirs) if theirs else 0.0
            print(f"{label:42} {took:8.1f} ms  {took / alone:5.1f} x the bare statement ({alone:.1f} ms)")


if __name__ == "__main__":
    main()
