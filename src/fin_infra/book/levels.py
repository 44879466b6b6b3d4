"""Balances, holdings and deals of a page: dated snapshots of what an account held, and what was bought and sold.
Floor 6: inside the transaction of the page; a day's last word counts, and only what differs from before is a change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.book.columns import decimal_text, e4, microseconds
from fin_infra.book.engine import put, wanted
from fin_infra.book.lease import Owner
from fin_infra.book.log import Log, differing
from fin_infra.book.merge import POSTED, REMOVED
from fin_infra.book.pages import Deal, Level, Position
from fin_infra.book.tables import aliases, balances, holdings, snapshots, trades

DEAL = "deal:"
"""Deals have ids of their own beside those of transactions."""
_LEVEL = ("currency", "current", "available")
_POSITION = (
    *("vendor_id", "instrument", "name", "quantity", "price", "value", "basis", "currency", "kind"),
    *("asset_class", "average_price", "identifier"),
)
_DEAL = ("account", "day", "at", "kind", "instrument", "quantity", "price", "amount", "currency", "text", "state")


def write_levels(db: sa.Connection, owner: Owner, log: Log, levels: Sequence[Level], accounts: dict[str, int]) -> None:
    """Write balances, the latest of a day; one that says what the last one said changes nothing.

    None is of a time after the book's now, whatever the clock of a vendor says.
    """
    for level in sorted(levels, key=lambda level: level.at):
        account, at = accounts[level.account], min(level.at, log.at)
        day = at.astimezone(UTC).date()
        last = _last_level(db, owner, account, day)
        if last is not None and last.day == day and last.at > at:
            continue
        now = {"currency": level.currency, "current": _text(level.current), "available": _text(level.available)}
        old = None if last is None else _told(last)
        whole = e4(level.current) if level.current is not None else None
        row = (owner.tenant, owner.user_id, account, day.isoformat(), log.source, microseconds(at))
        put(db, balances, [(*row, now["currency"], now["current"], now["available"], whole)])
        if old != now:
            before = None if old is None else differing(old, now)
            log.add("balance", "added" if old is None else "modified", account, before)


def _told(last: Any) -> dict[str, str | None]:
    return {"currency": last.currency, "current": _text(last.current), "available": _text(last.available)}


def _last_level(db: sa.Connection, owner: Owner, account: int, day: date) -> Any:
    ask = sa.select(balances).where(owner.of(balances, account=account), balances.c.day <= day)
    return db.execute(ask.order_by(balances.c.day.desc()).limit(1)).first()


def write_positions(
    db: sa.Connection,
    owner: Owner,
    log: Log,
    held: Mapping[int, datetime],
    positions: Sequence[tuple[int, Position]],
) -> None:
    """Write all that accounts hold at an instant, in place of what was told of that day before.

    Args:
        held: when that was true, by account; what is older than what the book has changes nothing.
    """
    by_account: defaultdict[int, list[Position]] = defaultdict(list)
    for account, position in positions:
        by_account[account].append(position)
    for account, at in held.items():
        last = _last_snapshot(db, owner, account)
        if last is not None and last.at > at:
            continue
        now = sorted((position_row(each) for each in by_account[account]), key=str)
        old = None if last is None else _positions_of(db, owner, account, last.day)
        put_snapshot(db, owner, log.source, account, at, now)
        if old != now:
            before = (
                None if old is None else msgspec.json.encode([dict(zip(_POSITION, row, strict=True)) for row in old])
            )
            log.add("holdings", "added" if old is None else "modified", account, before.decode() if before else None)


def put_snapshot(
    db: sa.Connection, owner: Owner, source: str, account: int, at: datetime, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Write all that an account holds on the day of `at`; each row as `position_row` makes it."""
    day = at.astimezone(UTC).date()
    db.execute(holdings.delete().where(owner.of(holdings, account=account), holdings.c.day == day))
    scope = (owner.tenant, owner.user_id, account, day.isoformat())
    put(db, snapshots, [(*scope, source, microseconds(at))])
    put(db, holdings, [(*scope, *row) for row in rows])


def position_row(position: Position) -> tuple[Any, ...]:
    return (
        position.vendor_id,
        position.instrument,
        position.name,
        decimal_text(position.quantity),
        _text(position.price),
        _text(position.value),
        _text(position.basis),
        position.currency,
        position.kind,
        position.asset_class,
        _text(position.average_price),
        position.identifier,
    )


def _last_snapshot(db: sa.Connection, owner: Owner, account: int) -> Any:
    ask = sa.select(snapshots).where(owner.of(snapshots, account=account))
    return db.execute(ask.order_by(sa.type_coerce(snapshots.c.day, sa.Text()).desc()).limit(1)).first()


def _positions_of(db: sa.Connection, owner: Owner, account: int, day: date) -> list[tuple[Any, ...]]:
    columns = [sa.type_coerce(holdings.c[name], sa.Text()) for name in _POSITION]
    rows = db.execute(sa.select(*columns).where(owner.of(holdings, account=account), holdings.c.day == day))
    return sorted((tuple(row) for row in rows), key=str)


def write_deals(db: sa.Connection, owner: Owner, log: Log, deals: Sequence[Deal], accounts: dict[str, int]) -> None:
    """Write deals by their vendor's id; one that says what it said before changes nothing."""
    if not deals:
        return
    named = [DEAL + deal.vendor_id for deal in deals]
    ask = sa.select(aliases.c.vendor_id, aliases.c.id).where(owner.of(aliases, source=log.source))
    known: dict[str, int] = dict(wanted(db, ask, aliases.c.vendor_id, list(dict.fromkeys(named))))
    stored = sa.select(trades.c.id, *(_stored(name) for name in _DEAL)).where(owner.of(trades))
    rows = {row[0]: tuple(row[1:]) for row in wanted(db, stored, trades.c.id, sorted(set(known.values())))}
    names: list[tuple[Any, ...]] = []
    for name, deal in dict(zip(named, deals, strict=True)).items():
        new = _deal(deal, accounts[deal.account])
        row = known.get(name)
        old = rows.get(row) if row is not None else None
        if old == new:
            continue
        changed = (
            None if old is None else differing(dict(zip(_DEAL, old, strict=True)), dict(zip(_DEAL, new, strict=True)))
        )
        row = log.add("trade", _deal_kind(old, new), row, changed)
        account, day, *rest = new
        put(db, trades, [(owner.tenant, owner.user_id, row, account, log.source, deal.vendor_id, day, *rest)])
        names.append((owner.tenant, owner.user_id, log.source, name, row))
    put(db, aliases, names)


def _stored(name: str) -> Any:
    column = trades.c[name]
    kind: Any = sa.BigInteger() if name == "at" else sa.Text()
    return sa.type_coerce(column, kind) if isinstance(column.type, sa.TypeDecorator) else column


def _deal(deal: Deal, account: int) -> tuple[Any, ...]:
    return (
        account,
        deal.day.isoformat(),
        None if deal.at is None else microseconds(deal.at),
        deal.kind,
        deal.instrument,
        _text(deal.quantity),
        _text(deal.price),
        _text(deal.amount),
        deal.currency,
        deal.text,
        REMOVED if deal.canceled else POSTED,
    )


def _deal_kind(old: tuple[Any, ...] | None, new: tuple[Any, ...]) -> str:
    if old is None:
        return "added"
    return "removed" if new[-1] == REMOVED else "restored" if old[-1] == REMOVED else "modified"


def _text(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)
