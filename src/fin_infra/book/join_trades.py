"""The trades of two accounts that are one: equal ones become one as often as they occur, near ones become questions.
Floor 6: inside the transaction that joins the accounts."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from fin_infra.book.deal_doubts import ask_about, settled_at, unite_deals
from fin_infra.book.deal_facts import put_deals
from fin_infra.book.deal_orders import ask_about_orders
from fin_infra.book.file_trades import StoredTrades
from fin_infra.book.lease import Owner
from fin_infra.book.log import Log
from fin_infra.book.merge import REMOVED
from fin_infra.book.trade_match import match_trades


def join_trades(
    db: sa.Connection, owner: Owner, log: Log, target: int, there: StoredTrades, here: StoredTrades
) -> None:
    """Let the trades of `here` stand in the account that stays, and be those of `there` where they are."""
    moved = {row: kept._replace(account=target) for row, kept in here.rows.items() if kept.state != REMOVED}
    put_deals(db, owner, log, moved, here.rows)
    new, old = ([trade for trade in each.trades if not trade.is_gone] for each in (here, there))
    found = match_trades(new, old, settled_at(db, owner, target))
    for newer, older in found.same.items():
        unite_deals(db, owner, log, newer, older)
    ask_about(db, owner, log, target, found.questions)
    told = (*here.rows.values(), *there.rows.values())
    ask_about_orders(db, owner, log, target, {date.fromisoformat(kept.day) for kept in told})
