"""Deals that two sources have told: who told each, which may be one, and what becomes of them when they are.
Floor 6: inside the transaction of whoever writes; `trade_match.py` decides, and a person where it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.book.accounts import Accounts
from fin_infra.book.deal_facts import Kept, deals_of, deals_where, put_deals, told_of
from fin_infra.book.documents import is_connection
from fin_infra.book.engine import ensure, wanted
from fin_infra.book.lease import Owner
from fin_infra.book.log import Log
from fin_infra.book.merge import POSTED, REMOVED
from fin_infra.book.settled import institution_of, settled_by
from fin_infra.book.tables import aliases, documents, doubts, trades
from fin_infra.book.trade_match import SETTLES, Matched, Question, Trade, match_trades
from fin_infra.book.words import hand_over

ABOUT_TRADES = "trade:"
"""What kinds of questions about trades begin with."""


def is_about_trades(kind: str) -> bool:
    return kind.startswith(ABOUT_TRADES)


def told_by(db: sa.Connection, owner: Owner, rows: Iterable[int]) -> dict[int, frozenset[str]]:
    """Return who has told each row."""
    ask = sa.select(aliases.c.id, aliases.c.source).where(owner.of(aliases))
    found: dict[int, set[str]] = {}
    for row, source in wanted(db, ask, aliases.c.id, sorted(rows), most=1_000):
        found.setdefault(row, set()).add(source)
    return {row: frozenset(sources) for row, sources in found.items()}


def schemes(db: sa.Connection, owner: Owner) -> Callable[[str], str]:
    """Return how to tell whose words a source has: of files, those of their format."""
    ask = sa.select(documents.c.id, documents.c.format).where(owner.of(documents))
    formats = {f"import:{id}": format for id, format in db.execute(ask)}
    return lambda source: formats.get(source, source)


def match_deals(db: sa.Connection, owner: Owner, source: str, account: int, told: Sequence[Trade]) -> Matched:
    """Return which trades of a source are rows of the account that others have told, and this source has not."""
    there = _foreign(db, owner, source, account, [each.day for trade in told for each in trade.worded])
    return match_trades(told, there, settled_at(db, owner, account)) if there else Matched({}, [])


def _foreign(db: sa.Connection, owner: Owner, source: str, account: int, days: Sequence[date]) -> list[Trade]:
    near, t = timedelta(days=SETTLES), trades
    within = sa.and_(t.c.day >= min(days) - near, t.c.day <= max(days) + near)
    rows = deals_where(db, owner.of(t, account=account), within, t.c.source != source, t.c.state == POSTED)
    if not rows:
        return []
    sources, scheme = told_by(db, owner, rows), schemes(db, owner)
    found = ((row, kept, sources.get(row, frozenset[str]())) for row, kept in rows.items())
    return [
        Trade(row, (told_of(kept, scheme(kept.source)),), names) for row, kept, names in found if source not in names
    ]


def settled_at(db: sa.Connection, owner: Owner, account: int) -> Callable[[str], bool | None]:
    """Return how to look up what a person said of two names of an instrument at the institution of an account."""
    return partial(settled_by(db, owner, Accounts(db, owner)), account)


def ask_about(db: sa.Connection, owner: Owner, log: Log, account: int, questions: Iterable[Question]) -> None:
    """Ask about pairs of rows, each once."""
    asked = list(questions)
    if not asked:
        return
    institution = institution_of(Accounts(db, owner), account)
    for each in asked:
        facts = {"kind": ABOUT_TRADES + each.kind, "institution": institution, "pattern": each.pattern, "same": None}
        ensure(db, doubts, **owner.scope, row=each.new, other=each.old, at=log.at, **facts)


def unite_deals(db: sa.Connection, owner: Owner, log: Log, newer: int, older: int) -> None:
    """Let two rows be one: the older stays, with what its broker says of it now, and the newer is removed."""
    rows = deals_of(db, owner, {newer, older})
    new, old = rows[newer], rows[older]
    gone = new._replace(state=REMOVED, vendor_id=f"{new.vendor_id} ={older}")
    stays = new._replace(account=old.account) if _says_more(new, old) else old
    put_deals(db, owner, log, {newer: gone, older: stays}, rows)
    hand_over(db, owner, log, newer, older)
    close_rivals(db, owner, older)


def _says_more(new: Kept, old: Kept) -> bool:
    """Tell whether the newer row has the word: a connection's counts before a file's."""
    if is_connection(old.source):
        return False
    return is_connection(new.source) or old.state == REMOVED


def close_rivals(db: sa.Connection, owner: Owner, row: int) -> None:
    """Answer what is still asked about a row and another one that a source of it has told too: these are two.

    Nobody has said so of their names, so nothing is remembered of it.
    """
    mine = sa.or_(doubts.c.row == row, doubts.c.other == row)
    open_ones = sa.and_(owner.of(doubts), doubts.c.same.is_(None), mine)
    pairs = [tuple(pair) for pair in db.execute(sa.select(doubts.c.row, doubts.c.other).where(open_ones))]
    sources = told_by(db, owner, {each for pair in pairs for each in pair})
    for one, other in pairs:
        if sources.get(one, frozenset()) & sources.get(other, frozenset()):
            db.execute(sa.update(doubts).where(owner.of(doubts, row=one, other=other)).values(same=0, pattern=""))


def answer_deals(db: sa.Connection, owner: Owner, log: Log, doubt: sa.Row[Any], same: bool) -> None:
    """Carry out an answer about two deals.

    One about two names of an instrument answers all that is asked of these at the same institution.
    """
    asked: tuple[int, int] | None = (doubt.row, doubt.other)
    while asked is not None:
        db.execute(sa.update(doubts).where(owner.of(doubts, row=asked[0], other=asked[1])).values(same=int(same)))
        before = msgspec.json.encode({"other": asked[1]}).decode()
        log.add("doubt", "same" if same else "different", asked[0], before)
        if same:
            unite_deals(db, owner, log, *asked)
        asked = _next_asked(db, owner, doubt) if doubt.pattern else None


def _next_asked(db: sa.Connection, owner: Owner, like: sa.Row[Any]) -> tuple[int, int] | None:
    mine = owner.of(doubts, institution=like.institution, pattern=like.pattern)
    ask = sa.select(doubts.c.row, doubts.c.other).where(mine, doubts.c.same.is_(None))
    found = db.execute(ask.order_by(doubts.c.row, doubts.c.other).limit(1)).first()
    return None if found is None else (found.row, found.other)
