"""What a net worth from the book costs: `python benchmarks/book_worth.py [postgresql://user@host/name]`.

Twenty accounts with a new balance on each of 3,653 days, two of them in euros; with and without shares at a broker that
are valued by the price history. Target: the ten-year daily series in 100 ms on a quiet machine. The first line is the
bare database that adds up the same rows, to compare between machines.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa

from fin_infra.book import open_book
from fin_infra.book.columns import microseconds
from fin_infra.book.engine import put, reading, writing
from fin_infra.book.history import Close, put_closes
from fin_infra.book.tables import accounts, balances, rates

ACCOUNTS, DAYS, EUROS, ROUNDS = 20, 3_653, 2, 9
FIRST = date(2016, 11, 20)
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


def fill(book: object, user: str) -> None:
    engine = book.engine  # type: ignore[attr-defined]  # a book, whose type needs its mode
    at, days = microseconds(NOW), [(FIRST + timedelta(days=n)).isoformat() for n in range(DAYS)]
    names = [
        (
            "default",
            user,
            n,
            "file",
            f"a{n}",
            f"a{n}",
            "depository",
            "checking",
            _currency(n),
            "Bank",
            None,
            "open",
            None,
            None,
        )
        for n in range(1, ACCOUNTS + 1)
    ]
    with writing(engine) as db:
        put(db, accounts, names)
        for n in range(1, ACCOUNTS + 1):
            amounts = [100_000_00 * (1 if n % 4 else -1) + place * n for place in range(DAYS)]
            rows = [
                (
                    "default",
                    user,
                    n,
                    day,
                    "file",
                    at,
                    _currency(n),
                    f"{cents // 100}.{cents % 100:02}",
                    None,
                    cents * 100,
                )
                for day, cents in zip(days, amounts, strict=True)
            ]
            put(db, balances, rows)
        put(db, rates, [("EUR", "USD", day, at, "fx", f"1.{1000 + place % 500}") for place, day in enumerate(days)])
        closes = [Close(FIRST + timedelta(days=n), Decimal(100 + n % 50), "USD") for n in range(DAYS)]
        put_closes(db, "CRYPTO:bitcoin", "crypto", closes, NOW)


def _currency(number: int) -> str:
    return "EUR" if number <= EUROS else "USD"


def timed(once: Callable[[], object]) -> tuple[float, float]:
    found: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        once()
        found.append((time.perf_counter() - start) * 1e3)
    return statistics.median(found), min(found)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'book.db'}"
        user = f"benchmark-{time.time_ns()}"
        book = open_book(url, user=user, clock=lambda: NOW)
        fill(book, user)
        end = FIRST + timedelta(days=DAYS)
        b = balances.c
        bare = sa.select(b.day, sa.func.sum(b.e4)).where(book.owner.of(balances)).group_by(b.day)

        def read() -> object:
            with reading(book.engine) as db:
                return db.execute(bare).all()

        cases: dict[str, Callable[[], object]] = {
            "bare GROUP BY of the same rows": read,
            "daily series of ten years": lambda: book.net_worth_series("USD", FIRST, end),
            "the same in euros, 18 accounts converted": lambda: book.net_worth_series("EUR", FIRST, end),
            "monthly series of ten years": lambda: book.net_worth_series("USD", FIRST, end, step="month"),
            "net worth of the last day": lambda: book.net_worth("USD"),
            "net worth of a day five years ago": lambda: book.net_worth("USD", on=date(2021, 11, 20)),
        }
        for name, once in cases.items():
            print("{:48} {:8.1f} ms   best {:8.1f} ms".format(name, *timed(once)))
        book.set_holding("CRYPTO:bitcoin", Decimal("0.5"), on=FIRST)
        name = "daily series with a coin by the price history"
        print("{:48} {:8.1f} ms   best {:8.1f} ms".format(name, *timed(cases["daily series of ten years"])))
        book.engine.dispose()


if __name__ == "__main__":
    main()
