"""What stands beside a transaction: a person's words about it, and the ids that name it; both outlive its row.
Floor 6: inside the transaction of whoever changes rows; a word that is there already changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import sqlalchemy as sa

from fin_infra.book.engine import ensure, put, wanted
from fin_infra.book.lease import Owner
from fin_infra.book.log import Log
from fin_infra.book.search import write_note
from fin_infra.book.tables import aliases, doubts, said


def say_word(db: sa.Connection, owner: Owner, log: Log, row: int, kind: str, word: str | None) -> None:
    """Write one word of a person about a transaction; None takes it back."""
    mine = owner.of(said, id=row, kind=kind)
    old = db.scalar(sa.select(said.c.value).where(mine))
    if old == word:
        return
    log.add("said", kind if word is not None else f"no {kind}", row, msgspec.json.encode({kind: old}).decode())
    if word is None:
        db.execute(said.delete().where(mine))
    else:
        put(db, said, [(owner.tenant, owner.user_id, row, kind, word, log.head)])
    if kind == "note":
        write_note(db, owner, row)


def hand_over(db: sa.Connection, owner: Owner, log: Log, row: int, other: int) -> None:
    """Let another row have the ids of one, its open questions, and the words that it has none of its own for."""
    names = sa.select(aliases.c.source, aliases.c.vendor_id).where(owner.of(aliases), aliases.c.id == row)
    put(db, aliases, [(owner.tenant, owner.user_id, *name, other) for name in db.execute(names).all()])
    words = db.execute(sa.select(said.c.kind, said.c.value).where(owner.of(said, id=row))).all()
    has = dict(db.execute(sa.select(said.c.kind, said.c.value).where(owner.of(said, id=other))).tuples().all())
    for kind, value in words:
        if has.get(kind, value) == value:
            say_word(db, owner, log, other, kind, value)
            say_word(db, owner, log, row, kind, None)
    _move_questions(db, owner, row, other)


def hand_over_all(db: sa.Connection, owner: Owner, log: Log, others: Mapping[int, int]) -> None:
    """Let each of many rows hand over to another one, as `hand_over` does; most of them have ids and nothing else."""
    rows = sorted(others)
    names = sa.select(aliases.c.source, aliases.c.vendor_id, aliases.c.id).where(owner.of(aliases))
    named = wanted(db, names, aliases.c.id, rows, most=8)
    put(db, aliases, [(owner.tenant, owner.user_id, source, name, others[row]) for source, name, row in named])
    spoken = set(db.scalars(sa.select(said.c.id).where(owner.of(said)).distinct()))
    for pair in db.execute(sa.select(doubts.c.row, doubts.c.other).where(owner.of(doubts), doubts.c.same.is_(None))):
        spoken.update(pair)
    for row in rows:
        if row in spoken:
            hand_over(db, owner, log, row, others[row])


def _move_questions(db: sa.Connection, owner: Owner, row: int, other: int) -> None:
    mine = sa.and_(owner.of(doubts), doubts.c.same.is_(None), sa.or_(doubts.c.row == row, doubts.c.other == row))
    names = [column.name for column in doubts.c]
    moved = [
        [other if value == row and name in ("row", "other") else value for name, value in zip(names, each, strict=True)]
        for each in db.execute(sa.select(doubts).where(mine))
    ]
    db.execute(doubts.delete().where(mine))
    for values in moved:
        each = dict(zip(names, values, strict=True))
        if each["row"] != each["other"]:
            ensure(db, doubts, **each)


def withdraw(db: sa.Connection, owner: Owner, log: Log, row: int) -> None:
    """Take back the open questions about a row that is not there any more."""
    mine = sa.and_(owner.of(doubts), doubts.c.same.is_(None), sa.or_(doubts.c.row == row, doubts.c.other == row))
    for asked, other in db.execute(sa.select(doubts.c.row, doubts.c.other).where(mine)).all():
        log.add("doubt", "withdrawn", asked, msgspec.json.encode({"other": other}).decode())
    db.execute(doubts.delete().where(mine))
