"""The feed of changes, read by position: a consumer that commits its cursor with its effect sees each change once.
Floor 6: an entry has the old values of what changed; the record beside it is the one of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
import sqlalchemy as sa

from fin_infra.book.engine import reading, wanted
from fin_infra.book.lease import Owner
from fin_infra.book.records import Change
from fin_infra.book.tables import accounts, assets, changes, documents, trades, transactions

_RECORDS: Mapping[str, sa.Table] = {
    "transaction": transactions,
    "account": accounts,
    "trade": trades,
    "document": documents,
    "asset": assets,
}
"""Subjects whose record is one row with the id of the entry."""
_UNSHOWN = frozenset({"tenant", "user_id", "e4", "sealed"})


def read_changes(engine: sa.Engine, owner: Owner, since: int, limit: int) -> list[Change]:
    """Return the entries after a position, in their order; an empty list where there is none.

    Raises:
        BookUnavailable: the database cannot be read now.
    """
    with reading(engine) as db:
        ask = sa.select(changes).where(owner.of(changes), changes.c.position > since)
        rows = db.execute(ask.order_by(changes.c.position).limit(limit)).all()
        now = {
            subject: _records(db, owner, subject, rows) for subject in {row.subject for row in rows} & _RECORDS.keys()
        }
    decode = msgspec.json.decode
    return [
        Change(
            position=row.position,
            subject=row.subject,
            kind=row.kind,
            id=row.id,
            source=row.source,
            at=row.at,
            before=_mapping(decode(row.before)) if row.before else None,
            record=now.get(row.subject, {}).get(row.id),
        )
        for row in rows
    ]


def _mapping(before: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", before) if isinstance(before, dict) else {"rows": before}


def _records(db: sa.Connection, owner: Owner, subject: str, rows: Sequence[Any]) -> dict[int, Mapping[str, Any]]:
    table = _RECORDS[subject]
    names = [column.name for column in table.c if column.name not in _UNSHOWN]
    ids = sorted({row.id for row in rows if row.subject == subject})
    if len(ids) > 1 and ids[-1] - ids[0] < 4 * len(ids):  # ids are positions: a part of the feed is mostly one range
        ask = sa.select(*(table.c[name] for name in names)).where(owner.of(table), table.c.id.between(ids[0], ids[-1]))
        found: Sequence[Any] = db.execute(ask).all()
    else:
        found = wanted(db, sa.select(*(table.c[name] for name in names)).where(owner.of(table)), table.c.id, ids)
    at = names.index("id")
    return {row[at]: dict(zip(names, row, strict=True)) for row in found}
