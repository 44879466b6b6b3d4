"""Balances and holdings of a page: dated snapshots of what an account held.
Floor 6: inside the transaction of the page; a day's last word counts, and only what differs from before is a change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.book.columns import decimal_text, e4, microseconds
from fin_infra.book.engine import put
from fin_infra.book.lease import Owner
from fin_infra.book.log import Log, differing
from fin_infra.book.pages import CASH, Level, Position
from fin_infra.book.tables import balances, holdings, snapshots

_LEVEL = ("currency", "current", "available")
_POSITION = (
    *("vendor_id", "instrument", "name", "quantity", "price", "value", "basis", "currency", "kind"),
    *("asset_class", "average_price", "identifier"),
)
_KIND = _POSITION.index("kind")


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
    cash_unread: Collection[int] = (),
) -> None:
    """Write all that accounts hold at an instant, in place of what was told of that day before.

    None is of a time after the book's now, whatever the clock of a vendor says.

    Args:
        held: when that was true, by account; what is older than what the book has changes nothing.
        cash_unread: accounts of whose cash not all could be read; what the book has of the rest of it stays.
    """
    by_account: defaultdict[int, list[Position]] = defaultdict(list)
    for account, position in positions:
        by_account[account].append(position)
    for account, told_at in held.items():
        at, last = min(told_at, log.at), _last_snapshot(db, owner, account)
        if last is not None and last.at > at:
            continue
        now = sorted((position_row(each) for each in by_account[account]), key=str)
        old = None if last is None else _positions_of(db, owner, account, last.day)
        if account in cash_unread and old is not None:
            now = _with_purses(now, old)
        put_snapshot(db, owner, log.source, account, at, now)
        if old != now:
            before = None if old is None else _told_positions(old)
            log.add("holdings", "added" if old is None else "modified", account, before)


def _with_purses(now: Sequence[tuple[Any, ...]], old: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    told = {row[0] for row in now}
    return sorted([*now, *(row for row in old if row[_KIND] == CASH and row[0] not in told)], key=str)


def put_snapshot(
    db: sa.Connection, owner: Owner, source: str, account: int, at: datetime, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Write all that an account holds on the day of `at`; each row as `position_row` makes it."""
    day = at.astimezone(UTC).date()
    db.execute(holdings.delete().where(owner.of(holdings, account=account), holdings.c.day == day))
    scope = (owner.tenant, owner.user_id, account, day.isoformat())
    put(db, snapshots, [(*scope, source, microseconds(at))])
    put(db, holdings, [(*scope, *row) for row in rows])


def remove_snapshots(db: sa.Connection, owner: Owner, log: Log) -> None:
    """Remove what the log's source told of holdings: what was known before it is the last word again."""
    mine = sa.and_(owner.of(snapshots), snapshots.c.source == log.source)
    for told in db.execute(sa.select(snapshots).where(mine).order_by(snapshots.c.account, snapshots.c.day)).all():
        old = _positions_of(db, owner, told.account, told.day)
        of_day = {"account": told.account, "day": told.day}
        db.execute(holdings.delete().where(owner.of(holdings, **of_day)))
        db.execute(snapshots.delete().where(owner.of(snapshots, **of_day)))
        log.add("holdings", "removed", told.account, _told_positions(old))


def _told_positions(rows: Sequence[tuple[Any, ...]]) -> str:
    return msgspec.json.encode([dict(zip(_POSITION, row, strict=True)) for row in rows]).decode()


def position_row(position: Position) -> tuple[Any, ...]:
    """Return a position as stored values, in the order of the columns after its day."""
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


def _text(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)
