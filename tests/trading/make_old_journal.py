"""Writes an order journal with the code of an earlier commit, as SQL text.

`git worktree add ../old b2dae12`, then, with that folder's `src` as PYTHONPATH:
`python tests/trading/make_old_journal.py > tests/trading/journal_b2dae12.sql`. It uses only what that commit has.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from fin_infra.model import InstrumentKey, NewOrder, OrderType, Side, TimeInForce
from fin_infra.trading import SqliteJournal, client_order_id, fingerprint
from fin_infra.trading.journal import JournalEntry, State

AT = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
AAPL = InstrumentKey("US", "AAPL")
ORDERS: list[tuple[str, NewOrder, State]] = [
    ("placed", NewOrder(key=AAPL, side=Side.BUY, quantity=Decimal(10)), State.PLACED),
    (
        "limit",
        NewOrder(
            key=AAPL,
            side=Side.BUY,
            quantity=Decimal("10.50"),
            type=OrderType.LIMIT,
            limit_price=Decimal("187.50"),
            time_in_force=TimeInForce.GTC,
        ),
        State.PLACED,
    ),
    ("closed", NewOrder(key=AAPL, side=Side.SELL, quantity=Decimal(10)), State.PLACED),
    ("lost", NewOrder(key=AAPL, side=Side.BUY, quantity=Decimal(3)), State.INTENT),
]


def write(journal: SqliteJournal) -> None:
    for number, (key, order, state) in enumerate(ORDERS, 1):
        entry = JournalEntry(
            account="account-1",
            client_order_id=client_order_id("account-1", key),
            attempt=f"attempt-{number}",
            fingerprint=fingerprint(order),
            summary=key,
            estimate=Decimal(1000),
            at=AT,
            lands_by=AT + timedelta(seconds=150),
        )
        journal.open(entry, AT - timedelta(days=1), lambda *_: None)
        if state is not State.INTENT:
            journal.record(entry, state, AT, f"order-{number}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        journal: Any = SqliteJournal(Path(folder) / "orders.sqlite3")
        write(journal)
        sys.stdout.write("-- made by tests/trading/make_old_journal.py with the code of commit b2dae12\n")
        sys.stdout.writelines(f"{line}\n" for line in journal._connection.iterdump())


if __name__ == "__main__":
    main()
