"""Time first syncs of 1,000 connections of 1,000 rows by 4 workers, beside a tenth of them; and watch the memory.

Run: python benchmarks/book_connections.py [connections]. Trust the ratio: ten times the work, ten times as long.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time

from book_sync import NOW, PAGE, Vendor, ready, run, told

from fin_infra.book import logins
from fin_infra.book.lease import Owner

ROWS, WORKERS, HOUSEHOLDS = 1_000, 4, 20


def work(url: str, numbers: list[int]) -> int:
    """Sync these connections in a process of its own; return its memory in MB at the end."""
    database = ready(url)
    for number in numbers:
        owner = Owner("default", f"user-{number % HOUSEHOLDS}")
        connection = logins.add(database.engine, owner, "banking:bench", {}, None, NOW)
        rows = told(ROWS)
        assert run(database, owner, connection, Vendor(rows, PAGE)) >= ROWS
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def timed(connections: int) -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/book.db"
        ready(url).engine.dispose()
        parts = [list(range(worker, connections, WORKERS)) for worker in range(WORKERS)]
        with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
            pool.starmap(work, [(url, [])] * WORKERS)  # start and import
            start = time.perf_counter()
            memory = pool.starmap(work, [(url, part) for part in parts])
            return time.perf_counter() - start, max(memory)


def main() -> None:
    connections = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    few, few_mb = timed(connections // 10)
    many, many_mb = timed(connections)
    print(f"{connections // 10:6,} connections of {ROWS:,} rows {few:8.1f} s, {few_mb} MB in the largest worker")
    print(f"{connections:6,} connections of {ROWS:,} rows {many:8.1f} s, {many_mb} MB in the largest worker")
    print(f"ten times the connections take {many / few:.1f} times as long")


if __name__ == "__main__":
    main()
