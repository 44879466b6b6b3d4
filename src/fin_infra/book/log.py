"""The append-only log of a household: positions without a gap, taken and written in the transaction of the change.
Floor 6: PostgreSQL's sequences commit out of order, so a reader of one would skip rows; a locked counter does not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.book.columns import microseconds
from fin_infra.book.engine import ensure, put
from fin_infra.book.lease import Owner
from fin_infra.book.tables import changes, households

PERSON = "person"
"""The source of a change that somebody made by hand."""


class Log:
    """The changes of one transaction. It holds the household's lock from its making to the commit.

    Call `close` at the end: it writes the entries and moves the head.
    """

    def __init__(self, db: sa.Connection, owner: Owner, source: str, now: datetime) -> None:
        self._db = db
        self._owner = owner
        self.source = source
        self.at = now
        ensure(db, households, head=0, **owner.scope)
        ask = sa.select(households.c.head).where(owner.of(households)).with_for_update()
        self.head = int(db.execute(ask).scalar_one())
        self._began = self.head
        self._rows: list[tuple[Any, ...]] = []

    @property
    def next_id(self) -> int:
        """The id of a row that the next entry adds."""
        return self.head + 1

    @property
    def count(self) -> int:
        """How many changes there are so far."""
        return self.head - self._began

    def add(self, subject: str, kind: str, id: int | None = None, before: str | None = None) -> int:
        """Write down that `subject` number `id` changed; a new row is named by the position, which is returned."""
        self.head += 1
        id = self.head if id is None else id
        stamp = microseconds(self.at)
        row = (self._owner.tenant, self._owner.user_id, self.head, subject, kind, id, self.source, stamp, before)
        self._rows.append(row)
        return id

    def close(self) -> None:
        put(self._db, changes, self._rows)
        moved = sa.update(households).where(self._owner.of(households)).values(head=self.head)
        self._db.execute(moved)


def differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """Return the old values of what differs as JSON; None where nothing does."""
    found = {name: value for name, value in old.items() if value != new[name]}
    return msgspec.json.encode(found).decode() if found else None
