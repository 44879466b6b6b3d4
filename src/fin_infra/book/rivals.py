"""What one answer says of the other open questions: two rows of one source are two, and a twin takes the free place.
Floor 6: inside the transaction of whoever writes; nothing here asks about trades."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from fin_infra.book.columns import microseconds
from fin_infra.book.engine import put
from fin_infra.book.lease import Owner
from fin_infra.book.log import Log
from fin_infra.book.merge import POSTED, Facts, date_of
from fin_infra.book.tables import aliases, doubts, transactions
from fin_infra.book.write import STORED, rows_of


class Freed(NamedTuple):
    """A row that was offered for one which is another row now; a twin of that one may be it."""

    row: int
    twin_of: Facts
    is_newer: bool
    """Whether it stands first in its question."""
    question: sa.Row[Any]


def close_rivals(db: sa.Connection, owner: Owner, row: int, other: int) -> list[Freed]:
    """Close what else was asked about two rows that are one, where one source would have told it twice.

    Nobody has said so of their words, so nothing is remembered of it. Return whose partner is to be found elsewhere.
    """
    beside_these = sa.or_(doubts.c.row == row, doubts.c.other == other)
    found = db.execute(sa.select(doubts).where(owner.of(doubts), doubts.c.same.is_(None), beside_these)).all()
    facts = rows_of(db, owner, {each for doubt in found for each in (doubt.row, doubt.other)} | {row, other})
    freed: list[Freed] = []
    for doubt in found:
        is_newer = doubt.row != row
        beside, rival = (row, doubt.row) if is_newer else (other, doubt.other)
        if facts[beside].source == facts[rival].source:
            mine = owner.of(doubts, row=doubt.row, other=doubt.other)
            db.execute(sa.update(doubts).where(mine).values(same=0, pattern=""))
            freed.append(Freed(rival, facts[other if is_newer else row], is_newer, doubt))
    return freed


def ask_twins(db: sa.Connection, owner: Owner, log: Log, freed: Iterable[Freed]) -> None:
    """Ask of a twin what was asked of the row that has found its place, where nothing else is asked of the free one."""
    for each in freed:
        if _is_asked(db, owner, each.row):
            continue
        told_by = _told(db, owner, each.row)
        twin = next((row for row in _twins(db, owner, each) if not _told(db, owner, row) & told_by), None)
        if twin is not None:
            pair = (each.row, twin) if each.is_newer else (twin, each.row)
            asked = (each.question.kind, each.question.institution, each.question.pattern, microseconds(log.at), None)
            put(db, doubts, [(owner.tenant, owner.user_id, *pair, *asked)])


def _is_asked(db: sa.Connection, owner: Owner, row: int) -> bool:
    open_one = sa.and_(doubts.c.same.is_(None), sa.or_(doubts.c.row == row, doubts.c.other == row))
    return db.scalar(sa.select(doubts.c.row).where(owner.of(doubts), open_one).limit(1)) is not None


def _twins(db: sa.Connection, owner: Owner, each: Freed) -> list[int]:
    """Return the posted rows that nobody could tell from the one it was offered for, and that it was not compared with.

    That one itself is either removed or has been asked about.
    """
    t, facts = transactions, each.twin_of
    alike = owner.of(t, account=facts.account, day=date_of(facts), currency=facts.currency, source=facts.source)
    rows = db.execute(sa.select(t.c.id, *STORED).where(alike, t.c.state == POSTED).order_by(t.c.id)).all()
    pairs = db.execute(
        sa.select(doubts.c.row, doubts.c.other).where(
            owner.of(doubts), sa.or_(doubts.c.row == each.row, doubts.c.other == each.row)
        )
    ).all()
    compared = {id for pair in pairs for id in pair}
    return [row[0] for row in rows if Facts(*row[1:]).content == facts.content and row[0] not in compared]


def _told(db: sa.Connection, owner: Owner, row: int) -> set[str]:
    return set(db.scalars(sa.select(aliases.c.source).where(owner.of(aliases, id=row))))
