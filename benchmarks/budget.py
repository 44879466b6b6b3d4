"""Time a month's budget of a book of 1,000,000 transactions over ten years: with its sums kept, after news, without.

Run: python benchmarks/budget.py [rows]. Prints medians; a month must take at most 50 ms once the sums are kept.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import date, timedelta
from decimal import Decimal

from book_read import median_ms
from book_sync import NOW, ready

from fin_infra.book import month_sums, open_book
from fin_infra.book.columns import decimal_text, e4, microseconds
from fin_infra.book.engine import Database, put, writing
from fin_infra.book.lease import Owner
from fin_infra.book.log import Log
from fin_infra.book.tables import accounts, changes, transactions
from fin_infra.model import Money

DAYS = 3_650
FIRST = date(2016, 11, 1)
MONTH = "2026-09"
SHOPS = (
    "WHOLE FOODS MARKET",
    "STARBUCKS STORE",
    "SHELL OIL",
    "NETFLIX.COM",
    "DELTA AIR",
    "CVS PHARMACY",
    "ACME PAYROLL",
)
SCOPE = ("default", "")


def fill(database: Database, rows: int) -> None:
    """Write transactions of two accounts: 700 texts that come again and again, as a household's do."""
    with writing(database.engine) as db:
        log = Log(db, Owner(*SCOPE), "c", NOW)
        for id, kind in ((1, "depository"), (2, "credit")):
            put(
                db,
                accounts,
                [(*SCOPE, id, "c", f"a{id}", "A", kind, "unknown", "USD", "Bank", None, "open", None, None)],
            )
        log.head = 2 + rows
        log.close()
    stamp = microseconds(NOW)
    for at in range(0, rows, 50_000):
        with writing(database.engine) as db:
            part = range(at, min(at + 50_000, rows))
            put(db, transactions, [_row(n) for n in part])
            put(db, changes, [(*SCOPE, n + 3, "transaction", "added", n + 3, "c", stamp, None) for n in part])


def _row(n: int) -> tuple[object, ...]:
    shop = SHOPS[n % 7]
    amount = Decimal(250_000 if n % 7 == 6 else -(n % 9_000) - 1).scaleb(-2)
    day = (FIRST + timedelta(days=n % DAYS)).isoformat()
    text = f"{shop} #{n % 100:04}"
    facts = (day, text, "USD", decimal_text(amount), e4(amount), "posted", "unknown", None, None, None)
    return (*SCOPE, n + 3, 1 + n % 2, "c", f"t{n}", *facts)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        file = f"sqlite:///{folder}/book.db"
        database = ready(file)
        fill(database, rows)
        book = open_book(file, clock=lambda: NOW)
        start = time.perf_counter()
        found = book.budget(MONTH)
        print(
            f"{rows:,} transactions; {sum(len(each.entry_ids) for each in found.currencies[0].envelopes):,} in {MONTH}"
        )
        print(f"the first time, all labeled and added up {time.perf_counter() - start:10.1f} s")
        print(f"a month with its sums kept               {median_ms(lambda: book.budget(MONTH)):10.1f} ms")
        for at, (category, amount) in enumerate((("groceries", "100"), ("coffee", "50"), ("gas", "70"))):
            book.assign(category, Money.of(amount, "USD"), month=f"2026-0{at + 6}")
        print(f"the same with envelopes                  {median_ms(lambda: book.budget(MONTH)):10.1f} ms")
        row = book.transactions(limit=1)[0].id
        flags = iter(range(100))
        print(
            "after a change in the last month         "
            f"{median_ms(lambda: (book.hide([row], hidden=next(flags) % 2 == 0), book.budget(MONTH)), 3):10.1f} ms"
        )
        kept = book.budget(MONTH)
        with writing(database.engine) as db:
            month_sums.throw_away(db, book.owner)
        print(f"thrown away and made again, it is the same: {book.budget(MONTH) == kept}")


if __name__ == "__main__":
    main()
