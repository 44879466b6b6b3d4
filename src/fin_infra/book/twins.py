"""A login that is there twice: noticed before its first sync, so that no account is counted two times.
Floor 6: the vendor gives a second login other ids for everything; bank, ending and name stay the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from fin_infra.book.accounts import Accounts
from fin_infra.book.engine import writing
from fin_infra.book.lease import Owner
from fin_infra.book.log import PERSON
from fin_infra.book.logins import set_state, stored
from fin_infra.book.pages import Holder
from fin_infra.book.records import ConnectionState
from fin_infra.book.tables import connections


def twin_of(db: sa.Connection, owner: Owner, connection: str, holders: Sequence[Holder]) -> tuple[str, str] | None:
    """Return another live connection of the same vendor that has an account of these, and which account it is.

    The same one is the same bank, ending and name: what a vendor gives a second login are other ids for all of them.
    """
    row = stored(db, owner, connection)
    same = sa.select(connections.c.id).where(
        owner.of(connections, provider=row.provider),
        connections.c.id != connection,
        connections.c.state != ConnectionState.REVOKED,
    )
    others = set(db.scalars(same))
    known: dict[tuple[str, str | None, str], str] = {
        (kept.institution, kept.ending, kept.name): kept.source
        for kept in Accounts(db, owner).kept.values()
        if kept.source in others and kept.ending
    }
    for each in holders:
        other = known.get((each.institution, each.ending, each.name))
        if other is not None:
            return other, f"{each.institution}, the account ending in {each.ending}"
    return None


def wait_for_word(
    engine: sa.Engine, owner: Owner, connection: str, holders: Sequence[Holder], now: datetime
) -> str | None:
    """Pause a connection that looks like one that is there, until the person says; return the other one."""
    with writing(engine) as db:
        found = twin_of(db, owner, connection, holders)
        if found is None:
            return None
        other, what = found
        row = stored(db, owner, connection)
        db.execute(sa.update(connections).where(owner.of(connections, id=connection)).values(twin=other))
        reason = f"It looks like the connection {other}, which has the same: {what}. Nothing of {connection} was read."
        step = f"End {connection} if it is the same; resume it if both are wanted. {other} goes on."
        set_state(db, owner, row, ConnectionState.PAUSED, reason, step, PERSON, now)
        return other
