"""Two accounts are one, by a person's word or by proof (`sameness.py`).
Floor 6: one transaction; equal transactions become one as often as they occur, and near ones become questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa

from fin_infra.book.accounts import Accounts
from fin_infra.book.columns import microseconds
from fin_infra.book.documents import is_connection
from fin_infra.book.engine import put, writing
from fin_infra.book.file_accounts import FILE, FileAccounts
from fin_infra.book.file_lines import KINDS, Stored, decided, pattern_of, stored_in
from fin_infra.book.file_sealing import FileSealer
from fin_infra.book.file_trades import stored_trades
from fin_infra.book.join_trades import join_trades
from fin_infra.book.lease import Owner
from fin_infra.book.log import PERSON, Log
from fin_infra.book.merge import POSTED, REMOVED, Known, Merge, united
from fin_infra.book.say import unite
from fin_infra.book.settled import institution_of, settled_by
from fin_infra.book.tables import doubts, transactions
from fin_infra.book.words import hand_over_all
from fin_infra.book.write import rows_of, store
from fin_infra.errors import InvalidInput
from fin_infra.imports.statements import MergeResult
from fin_infra.model import StatementLine
from fin_infra.security.vault import Vault


def join(engine: sa.Engine, owner: Owner, vault: Callable[[], Vault], one: int, other: int, now: datetime) -> int:
    """Make two accounts one; return the number of changes.

    Raises:
        InvalidInput: one of them is not in the book, or their currencies differ.
        BookUnavailable: the database cannot be used now; nothing was written.
    """
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        joined(db, owner, vault, log, one, other)
        log.close()
        return log.count


def joined(db: sa.Connection, owner: Owner, vault: Callable[[], Vault], log: Log, one: int, other: int) -> None:
    """Make two accounts one, in the transaction of whoever knows that they are.

    Two connections tell each transaction of an account: where an amount stands as often on a day in both, these are the
    same transactions in whatever words. What a file has is matched with its words.

    Raises:
        InvalidInput: one of them is not in the book, or their currencies differ.
    """
    accounts, sealer = Accounts(db, owner), FileSealer(db, owner, vault)
    files = FileAccounts(accounts, sealer)
    stays, goes = files.require(one), files.require(other)
    if stays == goes:
        return
    if accounts.kept[stays].source == FILE and accounts.kept[goes].source != FILE:
        stays, goes = goes, stays
    kept, gone = accounts.kept[stays], accounts.kept[goes]
    if kept.currency != gone.currency:
        raise InvalidInput(
            f"The account {stays} is in {kept.currency} and {goes} in {gone.currency}; two currencies are two accounts."
        )
    there = stored_in(db, owner, sealer, accounts, stays)
    here = stored_in(db, owner, sealer, accounts, goes)
    pairs = _pairs(_told(db, owner, accounts, stays), _told(db, owner, accounts, goes))
    for newer, older in pairs:
        here.rows.pop(newer, None)
        there.rows.pop(older, None)
    trades = [stored_trades(db, owner, sealer, accounts, account) for account in (stays, goes)]
    ask = settled_by(db, owner, accounts)
    result = decided(there, _lines(here), (), lambda pattern: ask(stays, pattern))
    _move(db, owner, log, sorted(accounts.all_of(goes)), stays)
    accounts.put(log, goes, gone._replace(joined=stays))
    _unite_pairs(db, owner, log, pairs)
    _unite(db, owner, log, result)
    _ask(db, owner, log, institution_of(accounts, stays), result)
    join_trades(db, owner, log, stays, trades[0], trades[1])


Content = tuple[date, Decimal, str]


def _told(db: sa.Connection, owner: Owner, accounts: Accounts, account: int) -> dict[int, Content]:
    """Return what connections tell of an account: day, amount and state of what is not removed."""
    t = transactions
    ask = sa.select(t.c.id, t.c.source, t.c.day, t.c.amount, t.c.state).where(
        owner.of(t), t.c.account.in_(sorted(accounts.all_of(account))), t.c.state != REMOVED
    )
    return {row.id: (row.day, row.amount, row.state) for row in db.execute(ask) if is_connection(row.source)}


def _pairs(there: dict[int, Content], here: dict[int, Content]) -> list[tuple[int, int]]:
    """Return which rows of two records of one account are one transaction: as many of one amount on a day in both."""
    known, fresh = defaultdict[Content, list[int]](list), defaultdict[Content, list[int]](list)
    for rows, found in ((there, known), (here, fresh)):
        for row, content in sorted(rows.items()):
            found[content].append(row)
    same = [(rows, known[content]) for content, rows in fresh.items() if len(rows) == len(known[content])]
    return [pair for rows, others in same for pair in zip(rows, others, strict=True)]


def _lines(stored: Stored) -> list[StatementLine]:
    """Return the rows of an account as lines, each in the words of the newest file that named it."""
    posted = {row: facts for row, facts in stored.rows.items() if facts.state == POSTED}
    return Stored(posted, stored.worded).known([])


def _move(db: sa.Connection, owner: Owner, log: Log, accounts: list[int], target: int) -> None:
    """Let all that is not removed stand in the account that stays: a sync looks for it there."""
    t = transactions
    ids = db.scalars(
        sa.select(t.c.id).where(owner.of(t), t.c.account.in_(accounts), t.c.state != REMOVED).order_by(t.c.id)
    )
    rows = rows_of(db, owner, list(ids))
    merge = Merge(Known(rows=dict(rows)), log.head)
    for row, facts in sorted(rows.items()):
        merge.settle(row, facts._replace(account=target))
    store(db, owner, log, merge.out)


def _unite_pairs(db: sa.Connection, owner: Owner, log: Log, pairs: list[tuple[int, int]]) -> None:
    """Let pairs of a newer and an older row be one each: the older stays, with what the newer's bank says of it."""
    rows = rows_of(db, owner, {row for pair in pairs for row in pair})
    merge = Merge(Known(rows=dict(rows)), log.head)
    for newer, older in pairs:
        merge.settle(older, rows[newer]._replace(account=rows[older].account))
        merge.settle(newer, united(rows[newer], older))
    store(db, owner, log, merge.out)
    hand_over_all(db, owner, log, dict(pairs))


def _unite(db: sa.Connection, owner: Owner, log: Log, result: MergeResult) -> None:
    for line, known in result.matched:
        unite(db, owner, log, -line.offset, -known.offset)


def _ask(db: sa.Connection, owner: Owner, log: Log, institution: str, result: MergeResult) -> None:
    rows: list[tuple[object, ...]] = []
    for conflict in result.conflicts:
        if conflict.other is not None:
            names = (-conflict.incoming.offset, -conflict.other.offset)
            facts = (KINDS[conflict.question], institution, pattern_of(conflict), microseconds(log.at), None)
            rows.append((owner.tenant, owner.user_id, *names, *facts))
    put(db, doubts, rows)
