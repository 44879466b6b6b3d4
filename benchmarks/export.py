"""Time the export of transactions: 100,000 rows in each format, beside csv.writer with the same rows in memory.

Run: python benchmarks/export.py [rows]. Prints medians of rounds taken in turns, as ratio to csv.writer, and the memory
that Python has at most while a file is written; trust the ratios, not the seconds.
"""

from __future__ import annotations

import csv
import sys
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory

from ofx import medians

from fin_infra.book import Book, open_book
from fin_infra.book.accounts import Accounts
from fin_infra.book.engine import put, writing
from fin_infra.book.exports.writing import WRITERS, ExportFormat
from fin_infra.book.log import Log
from fin_infra.book.merge import POSTED, Facts
from fin_infra.book.pages import Holder
from fin_infra.book.tables import transactions
from fin_infra.security.vault import demo_vault
from fin_infra.transport import Sync

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
HOLDER = Holder(
    vendor_id="a", name="Everyday", type="depository", subtype="checking", currency="EUR", institution="Model Bank"
)


def filled(url: str, count: int) -> Book[Sync]:
    """Return a book with one account and so many transactions, over ten years."""
    book = open_book(url, vault=demo_vault(), clock=lambda: NOW)
    owner = book.owner
    with writing(book.engine) as db:
        log = Log(db, owner, "c-1", NOW)
        accounts = Accounts(db, owner)
        accounts.write(log, "c-1", [HOLDER])
        [account] = accounts.kept
        rows = [(owner.tenant, owner.user_id, 10 + number, *_facts(number, account)) for number in range(count)]
        put(db, transactions, rows)
        log.close()
    return book


def _facts(number: int, account: int) -> Facts:
    cents = 100 + number * 37 % 90_000
    return Facts(
        account=account,
        source="c-1",
        vendor_id=f"v-{number}",
        day=(date(2016, 1, 1) + timedelta(days=number * 3650 // 100_000)).isoformat(),
        text=f"Corner shop {number % 300}, invoice {number:08}",
        currency="EUR",
        amount=f"-{cents // 100}.{cents % 100:02}",
        e4=-cents * 100,
        state=POSTED,
        category="FOOD_AND_DRINK",
        category_text=None,
        type_text=None,
        counterparty=f"Corner shop {number % 300}",
    )


def _values(number: int) -> tuple[object, ...]:
    """Return a row of the CSV file, days and amounts as values."""
    facts = _facts(number, 1)
    day, amount = date.fromisoformat(facts.day), Decimal(facts.amount)
    mark, name = f"fi0123456789-{10 + number}", "fi0123456789-1"
    return (
        mark, day, amount, facts.currency, facts.state, facts.text, facts.counterparty, facts.category, None, name,
        "Everyday",
    )  # fmt: skip


def plain(rows: list[tuple[object, ...]]) -> int:
    """Write rows that are in memory already, as the standard library does."""
    out = BytesIO()
    written = TextIOWrapper(out, "utf-8", newline="")
    csv.writer(written).writerows(rows)
    written.flush()
    return len(out.getvalue())


def exported(book: Book[Sync], form: ExportFormat) -> int:
    """Write a file into memory; return its size."""
    out = BytesIO()
    book.write_transactions(out, format=form)
    return len(out.getvalue())


def peak(book: Book[Sync], form: ExportFormat, file: Path) -> float:
    """Return how many MiB Python has at most while it writes a file to disk."""
    tracemalloc.start()
    book.export_transactions(file, format=form)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 2**20


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with TemporaryDirectory() as folder:
        book = filled(f"sqlite:///{folder}/book.db", count)
        rows = [_values(number) for number in range(count)]
        base, *ours = medians([partial(plain, rows), *(partial(exported, book, form) for form in WRITERS)], rounds=3)
        print(f"{count:,} rows; csv.writer {base * 1e3:.0f} ms")
        for form, taken in zip(WRITERS, ours, strict=True):
            most = peak(book, form, Path(folder) / f"all.{form}")
            print(f"{form:10} {taken / base:5.1f} times csv.writer, at most {most:.0f} MiB")
        book.engine.dispose()


if __name__ == "__main__":
    main()
