"""Time a first sync of 100,000 transactions and the syncs after it, beside a bare `executemany` into the same tables.

Run: python benchmarks/book_sync.py [rows]. Prints medians of rounds taken in turns; trust the ratios, not the seconds.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fin_infra.book import logins, schema  # noqa: E402  # after the path
from fin_infra.book.columns import microseconds  # noqa: E402
from fin_infra.book.engine import Database, put, writing  # noqa: E402
from fin_infra.book.lease import Owner  # noqa: E402
from fin_infra.book.merge import facts_of  # noqa: E402
from fin_infra.book.pages import Holder, Level, Page, VendorTransaction  # noqa: E402
from fin_infra.book.search import write_texts  # noqa: E402
from fin_infra.book.sync import Progress, sync  # noqa: E402
from fin_infra.book.tables import aliases, changes, transactions  # noqa: E402
from fin_infra.transport.local import LocalTransport  # noqa: E402

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
FIRST = date(2024, 1, 1)
PAGE = 500
"""Transactions to a page, as the large aggregators give at most."""


def told(rows: int) -> list[VendorTransaction]:
    return [
        VendorTransaction(
            vendor_id=f"txn_{n:012}",
            account=f"acc_{n % 3}",
            day=FIRST + timedelta(days=n % 1000),
            text=f"CORNER SHOP {n % 300} CARD PAYMENT {n:08}",
            currency="USD",
            amount=Decimal(-(n % 90_000) - 1).scaleb(-2),
            category="groceries",
        )
        for n in range(rows)
    ]


class Vendor:
    """A vendor that has its answers ready: what is timed is the book alone."""

    resumes = True

    def __init__(self, rows: list[VendorTransaction], page: int) -> None:
        holders = [
            Holder(
                vendor_id=f"acc_{n}",
                name=f"Account {n}",
                type="depository",
                subtype="checking",
                currency="USD",
                institution="Bank",
            )
            for n in range(3)
        ]
        levels = [Level(account=f"acc_{n}", at=NOW, currency="USD", current=Decimal(100)) for n in range(3)]
        parts = [rows[at : at + page] for at in range(0, len(rows), page)]
        self.pages = {
            str(n or ""): Page(
                after=str(n + 1),
                complete=n == len(parts) - 1,
                holders=holders if n == 0 else [],
                levels=levels if n == 0 else [],
                transactions=part,
            )
            for n, part in enumerate(parts)
        }

    def changes(self, cursor: str) -> Any:
        yield from ()
        return self.pages.get(cursor) or Page(after=cursor, complete=True)


def first_sync(database: Database, rows: list[VendorTransaction], page: int, owner: Owner) -> None:
    connection = logins.add(database.engine, owner, "banking:bench", {}, None, NOW)
    run(database, owner, connection, Vendor(rows, page))


def run(database: Database, owner: Owner, connection: str, vendor: Vendor) -> int:
    progress = Progress()
    LocalTransport().run(sync(database.engine, owner, connection, vendor, lambda: NOW, progress))
    return progress.changes


def bare(database: Database, rows: list[VendorTransaction], owner: Owner) -> None:
    """Write the same rows into the same tables and indexes, ready made, in one transaction, with nothing asked."""
    facts = [facts_of(row, 1, "c") for row in rows]
    scope, stamp = (owner.tenant, owner.user_id), microseconds(NOW)
    with writing(database.engine) as db:
        put(db, transactions, [(*scope, n, *row) for n, row in enumerate(facts, 1)])
        put(db, aliases, [(*scope, "c", row.vendor_id, n) for n, row in enumerate(facts, 1)])
        log = [(*scope, n, "transaction", "added", n, "c", stamp, None) for n in range(1, len(rows) + 1)]
        put(db, changes, log)
        write_texts(db, owner, {n: (row.text, row.counterparty) for n, row in enumerate(facts, 1)}, ())


@contextmanager
def databases() -> Iterator[dict[str, Callable[[], Database]]]:
    """Give new databases of each kind; PostgreSQL by its unix socket where a server can be started."""
    with tempfile.TemporaryDirectory() as folder:
        made = iter(range(10_000))

        def sqlite() -> Database:
            return ready(f"sqlite:///{folder}/{next(made)}.db")

        kinds: dict[str, Callable[[], Database]] = {"SQLite": sqlite}
        try:
            from tests.support.postgres_server import PostgresServer

            server = PostgresServer(socket=True)
        except BaseException as exc:  # a test's skip is no Exception
            print(f"PostgreSQL is left out: {exc}")
            yield kinds
            return
        kinds["PostgreSQL"] = lambda: ready(server.socket_url(server.database()))
        try:
            yield kinds
        finally:
            server.stop()


def ready(url: str) -> Database:
    database = Database(url)
    schema.check(database)
    return database


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rows = told(count)
    figures: dict[str, list[float]] = {}
    with databases() as kinds:
        for number in range(4):
            for kind, new in kinds.items():
                owner = Owner("default", f"user-{number}")
                taken = {
                    "bare executemany": timed(lambda new=new, owner=owner: bare(new(), rows, owner)),
                    "pages written at once": timed(lambda new=new, owner=owner: first_sync(new(), rows, count, owner)),
                }
                database = new()
                taken["pages kept, then written"] = timed(lambda: first_sync(database, rows, PAGE, owner))  # noqa: B023  # run at once
                taken |= later(database, owner, rows)
                for label, value in taken.items():
                    if number:  # the first round is a warm-up
                        figures.setdefault(f"{kind}: {label}", []).append(value)
                database.engine.dispose()
    show(figures, count)


def later(database: Database, owner: Owner, rows: list[VendorTransaction]) -> dict[str, float]:
    """Time what comes after a first sync: no news, and the whole window once more."""
    from sqlalchemy import select

    from fin_infra.book.engine import reading
    from fin_infra.book.tables import connections

    with reading(database.engine) as db:
        connection = db.scalars(select(connections.c.id).where(owner.of(connections))).one()
    none = Vendor([], PAGE)
    no_news = statistics.median(timed(lambda: run(database, owner, connection, none)) for _ in range(20))
    again = Vendor(rows, len(rows))
    again.pages = {str(len(rows) // PAGE): again.pages[""]}
    unchanged = timed(lambda: run(database, owner, connection, again))
    return {"a sync without news": no_news, "the same rows once more": unchanged}


def show(figures: dict[str, list[float]], count: int) -> None:
    medians = {label: statistics.median(values) for label, values in figures.items()}
    base = medians["SQLite: bare executemany"]
    print(f"{count:,} transactions, into tables with their indexes")
    for label, value in medians.items():
        if "without news" in label:
            print(f"{label:44} {value * 1000:8.1f} ms")
        else:
            print(f"{label:44} {value:8.2f} s  {value / count * 1e6:6.1f} us a row  {value / base:5.1f} x bare SQLite")


if __name__ == "__main__":
    main()
