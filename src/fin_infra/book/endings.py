"""How a connection ends: no sync has it any more, then its vendor is told, then its tokens are destroyed.
Floor 6: each function is one transaction; a crash between two leaves a tombstone, with which the vendor is told later.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fin_infra.book.engine import writing
from fin_infra.book.lease import Owner, begun
from fin_infra.book.log import PERSON
from fin_infra.book.logins import ENDED, ENDED_THERE, set_state, stored, throw_away
from fin_infra.book.records import ConnectionState
from fin_infra.book.tables import connections, streams
from fin_infra.errors import FinInfraError
from fin_infra.security import mask

_ENDING = "Sync once more: each sync tells the vendor again, and destroys the token then."


def end(engine: sa.Engine, owner: Owner, connection: str, now: datetime, *, reason: str = ENDED) -> bool:
    """End a connection for syncs and keep its sealed tokens, with which the vendor is still to be told.

    Say whether there is something to tell with; one that was ended before and has no tokens is done.

    Args:
        reason: ENDED_THERE of one that the vendor says is over; the next sync asks it to forget the login.
    """
    with writing(engine) as db:
        row = stored(db, owner, connection)
        if row.state != ConnectionState.REVOKED:
            throw_away(db, owner, connection)
            if reason != ENDED:  # nobody waits for the answer: a sync is due at once
                mine = owner.of(streams, connection=connection)
                db.execute(sa.update(streams).where(mine).values(tried_at=None))
            source = PERSON if reason == ENDED else connection
            set_state(db, owner, row, ConnectionState.REVOKED, reason, _ENDING, source, now)
        return row.sealed is not None


def destroy(engine: sa.Engine, owner: Owner, connection: str) -> None:
    """Destroy the tokens and the key of a connection that was ended; its history stays."""
    with writing(engine) as db:
        row = stored(db, owner, connection)
        mine = owner.of(connections, id=connection)
        said = _said(row)
        reason = f"{said} With it ended how {row.funds} moves money of its accounts." if row.funds else said
        gone = {"sealed": None, "data_key": None, "reason": reason, "next_step": "Connect again to go on."}
        db.execute(sa.update(connections).where(mine).values(**gone))


def not_told(engine: sa.Engine, owner: Owner, connection: str, error: FinInfraError, now: datetime) -> None:
    """Write that the vendor could not be told of an end; the tokens stay sealed until it was."""
    with writing(engine) as db:
        begun(db, owner, connection)
        db.execute(sa.update(streams).where(owner.of(streams, connection=connection)).values(tried_at=now))
        said = _said(stored(db, owner, connection))
        reason = f"{said} The vendor could not be told yet, and may still charge for it: {mask(error.for_caller())}"
        mine = owner.of(connections, id=connection)
        db.execute(sa.update(connections).where(mine).values(reason=reason, next_step=_ENDING))


def _said(row: Any) -> str:
    """Return who ended a connection, as its reason begins."""
    return ENDED_THERE if (row.reason or "").startswith(ENDED_THERE) else ENDED
