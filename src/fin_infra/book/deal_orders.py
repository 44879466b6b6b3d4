"""Orders that one source tells whole and another by fills: asked, and one from then on where a person says so.
Floor 6: inside the transaction of whoever writes; a connection's record stays, and of files the one with the fills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

import msgspec
import sqlalchemy as sa

from fin_infra.book.accounts import Accounts
from fin_infra.book.deal_doubts import ABOUT_TRADES, close_rivals, schemes, told_by
from fin_infra.book.deal_facts import Kept, deals_of, deals_where, put_deals, told_of
from fin_infra.book.documents import is_connection
from fin_infra.book.engine import ensure
from fin_infra.book.lease import Owner
from fin_infra.book.log import Log
from fin_infra.book.merge import POSTED, REMOVED
from fin_infra.book.settled import institution_of
from fin_infra.book.tables import doubts, trades
from fin_infra.book.trade_match import SETTLES, Trade
from fin_infra.book.trade_parts import adds_up, find_orders
from fin_infra.book.words import hand_over
from fin_infra.errors import InvalidInput

PARTS = f"{ABOUT_TRADES}parts"
"""The kind of the questions: one for each fill, and an answer to one of them is the answer to all."""


def pairs_asked(db: sa.Connection, owner: Owner) -> set[frozenset[int]]:
    """Return of which orders and fills a person was asked, whatever they said."""
    ask = sa.select(doubts.c.row, doubts.c.other).where(owner.of(doubts, kind=PARTS))
    return {frozenset(pair) for pair in db.execute(ask)}


def ask_about_orders(db: sa.Connection, owner: Owner, log: Log, account: int, days: Iterable[date]) -> set[int]:
    """Ask about orders around these days; return the rows that the questions are about."""
    near = sorted(days)
    sources = sa.select(trades.c.source).where(owner.of(trades, account=account), trades.c.state == POSTED)
    if not near or len(db.scalars(sources.distinct().limit(2)).all()) < 2:  # nobody tells it in another way
        return set()
    institution = institution_of(Accounts(db, owner), account)
    found = find_orders(_told(db, owner, account, near[0], near[-1]), pairs_asked(db, owner))
    for order in found:
        for part in order.parts:
            pair = {"row": max(order.total, part), "other": min(order.total, part)}
            db.execute(doubts.delete().where(owner.of(doubts, **pair), doubts.c.same.is_(None)))  # of units, say
            facts = {"kind": PARTS, "institution": institution, "pattern": f"{PARTS}:{order.total}", "same": None}
            ensure(db, doubts, **owner.scope, **pair, at=log.at, **facts)
    return {row for order in found for row in (order.total, *order.parts)}


def _told(db: sa.Connection, owner: Owner, account: int, first: date, last: date) -> list[Trade]:
    t = trades
    within = (t.c.day >= _by(first, -SETTLES), t.c.day <= _by(last, SETTLES), t.c.state == POSTED)
    rows = deals_where(db, owner.of(t, account=account), *within)
    sources, scheme = told_by(db, owner, rows), schemes(db, owner)
    return [
        Trade(row, (told_of(kept, scheme(kept.source)),), sources.get(row, frozenset())) for row, kept in rows.items()
    ]


def _by(day: date, days: int) -> date:
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def answer_order(db: sa.Connection, owner: Owner, log: Log, pattern: str, same: bool) -> None:
    """Carry out an answer about an order and all of its fills.

    Raises:
        InvalidInput: they are one by it, and do not add up any more.
    """
    asked = sa.and_(owner.of(doubts, kind=PARTS, pattern=pattern), doubts.c.same.is_(None))
    pairs = [(row, other) for row, other in db.execute(sa.select(doubts.c.row, doubts.c.other).where(asked))]
    if same:
        _unite(db, owner, log, pairs)
    for row, other in pairs:
        mine = owner.of(doubts, row=row, other=other)
        db.execute(sa.update(doubts).where(mine).values(same=int(same)))
        log.add("doubt", "same" if same else "different", row, msgspec.json.encode({"other": other}).decode())


def _unite(db: sa.Connection, owner: Owner, log: Log, pairs: Sequence[tuple[int, int]]) -> None:
    common = set[int].intersection(*map(set, pairs))
    rows = deals_of(db, owner, {each for pair in pairs for each in pair})
    total = common.pop() if len(common) == 1 else None
    parts = sorted(rows.keys() - {total})
    if total is None or not _is_whole(rows[total], [rows[part] for part in parts]):
        raise InvalidInput(
            "The fills do not add up to the order any more, as one of them is gone or was corrected; answer that they "
            "are different, or import the file again."
        )
    stays, gone = (total, parts) if _total_stays(rows, total, parts) else (_first(rows, parts), [total])
    left = {row: rows[row]._replace(state=REMOVED, vendor_id=f"{rows[row].vendor_id} ={stays}") for row in gone}
    mine = owner.of(doubts, kind=PARTS)
    for row, other in pairs:  # answered before their rows go, so that they do not become questions about others
        db.execute(sa.update(doubts).where(mine, doubts.c.row == row, doubts.c.other == other).values(same=1))
    put_deals(db, owner, log, left, rows)
    for row in gone:
        hand_over(db, owner, log, row, stays)
    close_rivals(db, owner, stays)


def _is_whole(total: Kept, parts: Sequence[Kept]) -> bool:
    units = [Decimal(each.quantity) for each in parts if each.quantity is not None and each.state == POSTED]
    whole = total.quantity is not None and total.state == POSTED and len(units) == len(parts) > 1
    return whole and adds_up(Decimal(total.quantity or 0), units)


def _total_stays(rows: dict[int, Kept], total: int, parts: Sequence[int]) -> bool:
    """Tell whether the order's row is the one that stays: what a connection tells would come again with its next sync.

    Of two connections the older record stays. Of files the fills do, as an undo of their file can leave the order in
    the place of the first one.
    """
    told = any(is_connection(rows[part].source) for part in parts)
    return is_connection(rows[total].source) and (not told or total < parts[0])


def _first(rows: dict[int, Kept], parts: Sequence[int]) -> int:
    return min(parts, key=lambda part: (not is_connection(rows[part].source), part))
