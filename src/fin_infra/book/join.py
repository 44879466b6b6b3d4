"""Two accounts are one, by a person's word.
Floor 6: one transaction; equal transactions become one as often as they occur, and near ones become questions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from fin_infra.book.accounts import Accounts
from fin_infra.book.columns import microseconds
from fin_infra.book.engine import put, writing
from fin_infra.book.file_accounts import FILE, FileAccounts
from fin_infra.book.file_lines import KINDS, Stored, decided, pattern_of, stored_in
from fin_infra.book.file_sealing import FileSealer
from fin_infra.book.lease import Owner
from fin_infra.book.log import PERSON, Log
from fin_infra.book.merge import POSTED, REMOVED, Known, Merge
from fin_infra.book.say import unite
from fin_infra.book.tables import doubts, transactions
from fin_infra.book.write import rows_of, settled_by, store
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
        accounts, sealer = Accounts(db, owner), FileSealer(db, owner, vault)
        files = FileAccounts(accounts, sealer)
        stays, goes = files.require(one), files.require(other)
        if stays == goes:
            return 0
        if accounts.kept[stays].source == FILE and accounts.kept[goes].source != FILE:
            stays, goes = goes, stays
        kept, gone = accounts.kept[stays], accounts.kept[goes]
        if kept.currency != gone.currency:
            raise InvalidInput(
                f"The account {stays} is in {kept.currency} and {goes} in {gone.currency}; two currencies are two "
                "accounts."
            )
        there = stored_in(db, owner, sealer, accounts, stays)
        here = stored_in(db, owner, sealer, accounts, goes)
        incoming = _lines(here)
        ask = settled_by(db, owner, accounts)
        result = decided(there, incoming, (), lambda pattern: ask(stays, pattern))
        _move(db, owner, log, sorted(accounts.all_of(goes)), stays)
        accounts.put(log, goes, gone._replace(joined=stays))
        _unite(db, owner, log, result)
        _ask(db, owner, log, kept.institution, result)
        log.close()
        return log.count


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
