"""A deal as it is stored, and what it says when two records of one are compared.
Floor 6: the same for brokers and files; a file names a deal by its number, behind the prefix that all deals have."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from fin_infra.book.documents import is_connection
from fin_infra.book.engine import put, wanted
from fin_infra.book.lease import Owner
from fin_infra.book.log import Log, differing
from fin_infra.book.merge import REMOVED
from fin_infra.book.tables import aliases, trades
from fin_infra.book.trade_match import Told

DEAL = "deal:"
"""Deals have ids of their own beside those of transactions."""
_UNITED = " ="
"""Stands in the id of a row that turned out to be another one, as `merge.united` writes it."""


class Kept(NamedTuple):
    """A deal as it is stored, in the order of the columns of `trades` after its id."""

    account: int
    source: str
    vendor_id: str
    day: str
    at: int | None
    kind: str
    instrument: str | None
    quantity: str | None
    price: str | None
    amount: str | None
    currency: str
    text: str
    state: str
    symbol: str | None = None
    identifier: str | None = None
    settled: str | None = None
    fee: str | None = None
    reference: str | None = None

    @property
    def content(self) -> tuple[Any, ...]:
        """What stays when a vendor gives it another id."""
        return self.account, *self[3:12]

    @property
    def is_united(self) -> bool:
        """Whether it is only the trace of a row that turned out to be another one."""
        return self.state == REMOVED and _UNITED in self.vendor_id


def _plain(name: str) -> Any:
    column = trades.c[name]
    kind: Any = sa.BigInteger() if name == "at" else sa.Text()
    return sa.type_coerce(column, kind) if isinstance(column.type, sa.TypeDecorator) else column


STORED = tuple(_plain(name) for name in Kept._fields)
"""The columns of `Kept`, as they stand in the database."""


def deals_of(db: sa.Connection, owner: Owner, ids: Iterable[int]) -> dict[int, Kept]:
    """Return deals by id, as they are stored."""
    ask = sa.select(trades.c.id, *STORED).where(owner.of(trades))
    return {row[0]: Kept(*row[1:]) for row in wanted(db, ask, trades.c.id, sorted(ids))}


def deals_where(db: sa.Connection, *conditions: Any) -> dict[int, Kept]:
    """Return deals by id, as they are stored, oldest row first."""
    ask = sa.select(trades.c.id, *STORED).where(*conditions).order_by(trades.c.id)
    return {row[0]: Kept(*row[1:]) for row in db.execute(ask)}


def put_deals(db: sa.Connection, owner: Owner, log: Log, rows: dict[int, Kept], old: dict[int, Kept]) -> None:
    """Write what deals are now, each change with its entry; one that is that already changes nothing."""
    changed = {row: kept for row, kept in sorted(rows.items()) if old[row] != kept}
    for row, kept in changed.items():
        log.add("trade", change_of(old[row], kept), row, differing(old[row]._asdict(), kept._asdict()))
    put(db, trades, [(owner.tenant, owner.user_id, row, *kept) for row, kept in changed.items()])


def name_deals(db: sa.Connection, owner: Owner, source: str, names: Iterable[tuple[str, int]]) -> None:
    """Let ids of a source name rows."""
    put(db, aliases, [(owner.tenant, owner.user_id, source, DEAL + name, row) for name, row in names])


def change_of(old: Kept | None, new: Kept) -> str:
    if old is None:
        return "added"
    if new.state == REMOVED:
        return "removed"
    return "restored" if old.state == REMOVED else "modified"


def told_of(kept: Kept, scheme: str) -> Told:
    """Return what a stored deal says."""
    own = kept.vendor_id if is_connection(kept.source) else None
    return Told(
        scheme=scheme,
        day=date.fromisoformat(kept.day),
        kind=kept.kind,
        instrument=kept.instrument,
        quantity=_number(kept.quantity),
        price=_number(kept.price),
        amount=_number(kept.amount),
        currency=kept.currency,
        text=kept.text,
        symbol=kept.symbol,
        identifier=kept.identifier,
        settled=None if kept.settled is None else date.fromisoformat(kept.settled),
        fee=_number(kept.fee),
        references=frozenset(filter(None, (own, kept.reference))),
    )


def _number(stored: str | None) -> Decimal | None:
    return None if stored is None else Decimal(stored)
