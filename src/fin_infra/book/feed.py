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
from fin_infra.providers.bulk import collector_paused, quick

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
    with reading(engine) as db, collector_paused():
        ask = sa.select(*(changes.c[name] for name in _ENTRY)).where(owner.of(changes), changes.c.position > since)
        rows = [tuple(row) for row in db.execute(ask.order_by(changes.c.position).limit(limit))]
        ids: dict[str, set[int]] = {}
        for _, subject, _, id, *_ in rows:
            ids.setdefault(subject, set()).add(id)
        now = {subject: _records(db, owner, subject, sorted(ids[subject])) for subject in ids.keys() & _RECORDS.keys()}
        return [
            _made(position, subject, kind, id, source, at, _before(before), now.get(subject, _NONE).get(id))
            for position, subject, kind, id, source, at, before in rows
        ]


_ENTRY = ("position", "subject", "kind", "id", "source", "at", "before")
_NONE: Mapping[int, Mapping[str, Any]] = {}
_made = quick(Change)


def _before(stored: str | None) -> Mapping[str, Any] | None:
    if stored is None:
        return None
    before: Any = msgspec.json.decode(stored)
    return cast("Mapping[str, Any]", before) if isinstance(before, dict) else {"rows": before}


def _records(db: sa.Connection, owner: Owner, subject: str, ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    table = _RECORDS[subject]
    names = [column.name for column in table.c if column.name not in _UNSHOWN]
    if len(ids) > 1 and ids[-1] - ids[0] < 4 * len(ids):  # ids are positions: a part of the feed is mostly one range
        ask = sa.select(*(table.c[name] for name in names)).where(owner.of(table), table.c.id.between(ids[0], ids[-1]))
        found: Sequence[Any] = db.execute(ask).all()
    else:
        found = wanted(db, sa.select(*(table.c[name] for name in names)).where(owner.of(table)), table.c.id, ids)
    at = names.index("id")
    return {row[at]: dict(zip(names, row, strict=True)) for row in found}
