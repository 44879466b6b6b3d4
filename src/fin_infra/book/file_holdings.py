"""What an investment statement lists as held, as a snapshot of its day.
Floor 6: inside the import's transaction; a day of which the book has a list already keeps it."""

from __future__ import annotations

from datetime import UTC, datetime, time

import sqlalchemy as sa

from fin_infra.book.brokers import told_apart
from fin_infra.book.documents import Group
from fin_infra.book.lease import Owner
from fin_infra.book.levels import write_positions
from fin_infra.book.log import Log
from fin_infra.book.pages import Position
from fin_infra.book.tables import snapshots
from fin_infra.model import StatementPosition


def write_holdings(db: sa.Connection, owner: Owner, log: Log, account: int, group: Group) -> None:
    """Write what a file lists; a list that is older than what the book has of the account changes nothing.

    It is true at the beginning of its day for all that is known, so what a connection says of that day comes after it.
    """
    told = group.held()
    if told is None:
        return
    day, listed = told
    if db.scalar(sa.select(snapshots.c.at).where(owner.of(snapshots, account=account, day=day))) is not None:
        return
    held = told_apart([_position(each, group.account.currency) for each in listed])
    write_positions(db, owner, log, {account: datetime.combine(day, time(), UTC)}, [(account, each) for each in held])


def _position(position: StatementPosition, currency: str) -> Position:
    value = position.market_value
    return Position(
        account="",
        vendor_id=" ".join(filter(None, (position.id_type, position.security_id, position.side))),
        instrument=None,  # a ticker alone does not say of which venue
        name=position.name or position.ticker or position.security_id,
        quantity=position.units,
        price=position.unit_price,
        value=None if value is None else value.amount,
        basis=None,
        currency=currency if value is None else value.currency,
        identifier=position.security_id,
    )
