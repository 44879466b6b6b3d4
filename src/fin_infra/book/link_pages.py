"""Pages of a vendor on which a person links a login: whose they are, and that each is used once.
Floor 6: kept by the digest of the page's token, which is worth something for as long as the page is.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from fin_infra.book.engine import ensure, writing
from fin_infra.book.lease import Owner
from fin_infra.book.tables import households, links
from fin_infra.errors import InvalidInput

OPEN, USED = "open", "used"


def digest_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def begin(engine: sa.Engine, owner: Owner, digest: str, provider: str, connection: str | None, now: datetime) -> None:
    """Remember a page on which a login is linked, or the one of a connection repaired."""
    with writing(engine) as db:
        ensure(db, households, head=0, **owner.scope)
        row = {"digest": digest, "provider": provider, "connection": connection, "state": OPEN, "made_at": now}
        db.execute(links.insert(), {**owner.scope, **row})


def found(db: sa.Connection, owner: Owner, digest: str) -> Any:
    """Return the row of a page that was begun and not used yet.

    Raises:
        InvalidInput: this household began none with that token, or has used it.
    """
    row = db.execute(sa.select(links).where(owner.of(links, digest=digest))).first()
    if row is None:
        raise InvalidInput("This link token was not started in this book; start a link, and finish it with its token.")
    if row.state != OPEN:
        raise InvalidInput("This link token was used before; start a new link to connect another login.")
    return row


def use(db: sa.Connection, owner: Owner, digest: str) -> None:
    """Use up a page; of two who use the same one, the second is refused."""
    found(db, owner, digest)
    mine = sa.and_(owner.of(links, digest=digest), links.c.state == OPEN)
    if db.execute(sa.update(links).where(mine).values(state=USED)).rowcount != 1:
        found(db, owner, digest)
