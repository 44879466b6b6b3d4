"""Copy the rows of all tables from one database to another, as they are stored, part by part.
Floor 6: inside one transaction on each side; the values have the same form in SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

import sqlalchemy as sa

from fin_infra.book.columns import Bytes
from fin_infra.book.engine import put, stored_type
from fin_infra.book.lease import Owner
from fin_infra.book.tables import PERSONAL, connections, erasures, households, meta, webhooks
from fin_infra.book.tombstones import fingerprint_of

PART = 5_000
"""Rows that are in memory at once."""
_FEW = 16
"""The same of tables with pages of a vendor or chunks of files in them, which may be large."""


def copy_rows(source: sa.Connection, target: sa.Connection, without: Set[Owner] = frozenset()) -> int:
    """Copy every row but those of some households; return how many."""
    unwanted = {(owner.tenant, owner.user_id) for owner in without}
    logins, at_login = _logins(source, without), list(webhooks.c).index(webhooks.c.login)
    count = 0
    for table in meta.sorted_tables:
        personal = table in PERSONAL
        for part in stored_rows(source, table):
            rows = [row for row in part if not (personal and row[:2] in unwanted)]
            if table is webhooks and logins:
                rows = [row for row in rows if (row[0], row[at_login]) not in logins]
            _write(target, table, rows)
            count += len(rows)
    return count


def _logins(source: sa.Connection, without: Set[Owner]) -> set[tuple[Any, ...]]:
    """Return how vendors name the logins of some households."""
    c = connections.c
    asked = [sa.select(c.provider, c.vendor_id).where(owner.of(connections)) for owner in without]
    return {tuple(row) for ask in asked for row in source.execute(ask) if row.vendor_id is not None}


def stored_rows(
    db: sa.Connection, table: sa.Table, mine: sa.ColumnElement[bool] | None = None
) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a table, or those for which a condition holds, in the order of its primary key.

    They are tuples of stored values, a part at a time.
    """
    columns = [sa.type_coerce(column, stored_type(column)).label(column.name) for column in table.c]
    keys = [sa.type_coerce(column, stored_type(column)) for column in table.primary_key]
    at = [list(table.c).index(column) for column in table.primary_key]
    most = _FEW if _has_bytes(table) else PART
    ask = sa.select(*columns).order_by(*keys).limit(most)
    if mine is not None:
        ask = ask.where(mine)
    after: tuple[Any, ...] | None = None
    while True:
        these = ask if after is None else ask.where(sa.tuple_(*keys) > sa.tuple_(*map(sa.literal, after)))
        rows = [tuple(row) for row in db.execute(these)]
        if rows:
            yield rows
        if len(rows) < most:
            return
        after = tuple(rows[-1][index] for index in at)


def _has_bytes(table: sa.Table) -> bool:
    return any(column.type is Bytes for column in table.c)


def _write(db: sa.Connection, table: sa.Table, rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        return
    if db.dialect.name == "sqlite" or not _has_bytes(table):
        put(db, table, rows)
        return
    names = [column.name for column in table.c]
    plain = sa.table(table.name, *(sa.column(column.name, stored_type(column)) for column in table.c))
    db.execute(sa.insert(plain), [dict(zip(names, row, strict=True)) for row in rows])


def is_empty(db: sa.Connection) -> bool:
    """Tell whether no table has a row, but that of what was erased."""
    kept = (table for table in meta.sorted_tables if table is not erasures)
    return all(db.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is None for table in kept)


def erased_households(db: sa.Connection, fingerprints: Set[str]) -> tuple[set[Owner], int]:
    """Return which households of a database have one of these fingerprints, and how many there are in all."""
    owners = [Owner(*row) for row in db.execute(sa.select(households.c.tenant, households.c.user_id))]
    return {owner for owner in owners if fingerprint_of(db, owner) in fingerprints}, len(owners)
