"""Deals of a run as rows: each is one that the book knows by its id, by equal content, or a new one.
Floor 6: inside the transaction of the page; what a run would have shown and does not show was taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from fin_infra.book.columns import decimal_text, microseconds
from fin_infra.book.engine import put, wanted
from fin_infra.book.lease import Owner
from fin_infra.book.log import Log, differing
from fin_infra.book.merge import POSTED, REMOVED
from fin_infra.book.pages import NO_CURRENCY, Deal, Page
from fin_infra.book.tables import aliases, trades

DEAL = "deal:"
"""Deals have ids of their own beside those of transactions."""


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

    @property
    def content(self) -> tuple[Any, ...]:
        """What stays when a vendor gives it another id."""
        return self.account, *self[3:-1]


@dataclass(slots=True)
class DealsShown:
    """What all pages of a run say of deals."""

    names: set[str] = field(default_factory=set[str])
    windows: dict[str, date] = field(default_factory=dict[str, date])

    def add(self, page: Page) -> None:
        self.names.update(deal.vendor_id for deal in page.deals)
        self.windows.update((window.account, window.start) for window in page.deal_windows)


@dataclass(slots=True)
class _Stored:
    """What the book has that deals may touch."""

    names: dict[str, int]
    rows: dict[int, Kept]
    gone: dict[int, Kept]


def write_deals(
    db: sa.Connection,
    owner: Owner,
    log: Log,
    deals: Sequence[Deal],
    shown: DealsShown,
    accounts: Mapping[str, int],
    currencies: Mapping[int, str],
) -> None:
    """Write deals by their vendor's id; one that says what it said before changes nothing.

    A vendor may give a deal another id: one of a further id is the row of equal content that the run does not show any
    more, as often as they occur.

    Args:
        currencies: what accounts are kept in, for a deal without an amount whose currency nobody names.
    """
    if not deals:
        return
    told = {deal.vendor_id: _kept(deal, log.source, accounts[deal.account], currencies) for deal in deals}
    stored = _stored(db, owner, log.source, [DEAL + name for name in told], shown, accounts)
    pool: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row, kept in sorted(stored.gone.items()):
        pool[kept.content].append(row)
    rows: list[tuple[Any, ...]] = []
    names: list[tuple[Any, ...]] = []
    for new in told.values():
        known = _row_of(new, stored, pool, shown)
        old = stored.rows[known] if known is not None else None
        if old == new:
            continue
        changed = None if old is None else differing(old._asdict(), new._asdict())
        row = log.add("trade", _kind(old, new), known, changed)
        stored.rows[row] = new
        rows.append((owner.tenant, owner.user_id, row, *new))
        names.append((owner.tenant, owner.user_id, log.source, DEAL + new.vendor_id, row))
    put(db, trades, rows)
    put(db, aliases, names)


def remove_gone(db: sa.Connection, owner: Owner, log: Log, shown: DealsShown, accounts: Mapping[str, int]) -> None:
    """Remove what the whole run would have shown and does not show."""
    rows: list[tuple[Any, ...]] = []
    for row, old in sorted(_gone(db, owner, log.source, shown, accounts).items()):
        new = old._replace(state=REMOVED)
        log.add("trade", "removed", row, differing(old._asdict(), new._asdict()))
        rows.append((owner.tenant, owner.user_id, row, *new))
    put(db, trades, rows)


def _row_of(new: Kept, stored: _Stored, pool: Mapping[tuple[Any, ...], list[int]], shown: DealsShown) -> int | None:
    """Return the row that a deal is; None where it is a new one."""
    row = stored.names.get(DEAL + new.vendor_id)
    if row is not None:
        current = stored.rows[row].vendor_id
        if current == new.vendor_id or current not in shown.names:
            return row
    elif pool.get(new.content):
        return pool[new.content].pop(0)
    return None  # also where another deal of equal content has been given the row since, and both are shown


def _stored(
    db: sa.Connection, owner: Owner, source: str, names: list[str], shown: DealsShown, accounts: Mapping[str, int]
) -> _Stored:
    ask = sa.select(aliases.c.vendor_id, aliases.c.id).where(owner.of(aliases, source=source))
    known: dict[str, int] = dict(wanted(db, ask, aliases.c.vendor_id, names))
    found = sa.select(trades.c.id, *_STORED).where(owner.of(trades))
    rows = {row[0]: Kept(*row[1:]) for row in wanted(db, found, trades.c.id, sorted(set(known.values())))}
    gone = _gone(db, owner, source, shown, accounts) if len(known) < len(names) else {}
    return _Stored(known, gone | rows, gone)


def _gone(
    db: sa.Connection, owner: Owner, source: str, shown: DealsShown, accounts: Mapping[str, int]
) -> dict[int, Kept]:
    """Return the rows that a run does not show although its windows cover them."""
    starts = {accounts[name]: start for name, start in shown.windows.items() if name in accounts}
    if not starts:
        return {}
    t = trades
    recent = sa.and_(t.c.account.in_(sorted(starts)), t.c.day >= min(starts.values()), t.c.state == POSTED)
    ask = sa.select(t.c.id, *_STORED).where(owner.of(t, source=source), recent)
    rows = {row[0]: Kept(*row[1:]) for row in db.execute(ask)}
    return {
        row: kept
        for row, kept in rows.items()
        if kept.day >= starts[kept.account].isoformat() and kept.vendor_id not in shown.names
    }


def _plain(name: str) -> Any:
    column = trades.c[name]
    kind: Any = sa.BigInteger() if name == "at" else sa.Text()
    return sa.type_coerce(column, kind) if isinstance(column.type, sa.TypeDecorator) else column


_STORED = tuple(_plain(name) for name in Kept._fields)


def _kept(deal: Deal, source: str, account: int, currencies: Mapping[int, str]) -> Kept:
    unnamed = deal.amount is None and deal.currency == NO_CURRENCY
    return Kept(
        account=account,
        source=source,
        vendor_id=deal.vendor_id,
        day=deal.day.isoformat(),
        at=None if deal.at is None else microseconds(deal.at),
        kind=deal.kind,
        instrument=deal.instrument,
        quantity=decimal_text(deal.quantity) if deal.quantity is not None else None,
        price=decimal_text(deal.price) if deal.price is not None else None,
        amount=decimal_text(deal.amount) if deal.amount is not None else None,
        currency=currencies[account] if unnamed else deal.currency,
        text=deal.text,
        state=REMOVED if deal.canceled else POSTED,
    )


def _kind(old: Kept | None, new: Kept) -> str:
    if old is None:
        return "added"
    if new.state == REMOVED:
        return "removed"
    return "restored" if old.state == REMOVED else "modified"
