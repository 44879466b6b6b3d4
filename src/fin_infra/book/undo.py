"""An import is undone: the state is the one without it, and the log keeps both.
Floor 6: one transaction; a row that a connection or another file names too stays and is theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time

import msgspec
import sqlalchemy as sa

from fin_infra.book.accounts import REMOVED, Accounts
from fin_infra.book.columns import decimal_text, e4, microseconds
from fin_infra.book.documents import ORIGINAL, SOURCE, UNDONE, lines_of, source_of
from fin_infra.book.engine import put, wanted, writing
from fin_infra.book.exports.marks import Marks
from fin_infra.book.file_accounts import FILE
from fin_infra.book.file_sealing import FileSealer
from fin_infra.book.file_trades import take_trades_back
from fin_infra.book.import_records import Document, DocumentState
from fin_infra.book.imported_rows import document_of
from fin_infra.book.imports import facts_from
from fin_infra.book.lease import Owner
from fin_infra.book.levels import remove_snapshots
from fin_infra.book.log import PERSON, Log
from fin_infra.book.merge import Facts, Known, Merge
from fin_infra.book.tables import aliases, balances, document_parts, documents, payloads
from fin_infra.book.words import withdraw
from fin_infra.book.write import rows_of, store
from fin_infra.errors import InvalidInput
from fin_infra.security.vault import Vault


def undo(engine: sa.Engine, owner: Owner, vault: Callable[[], Vault], id: int, now: datetime) -> Document:
    """Take an import back.

    Raises:
        InvalidInput: the book does not have it, or it was undone before.
        VaultError: what another file says of its rows cannot be opened.
        BookUnavailable: the database cannot be used now; nothing was written.
    """
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        document = document_of(db, owner, id)
        if document.state is DocumentState.UNDONE:
            raise InvalidInput(f"The import {id} was undone before; import the file again to have it back.")
        log.source = source_of(id)
        log.add("document", "undone", id, msgspec.json.encode({"state": document.state}).decode())
        sealer = FileSealer(db, owner, vault)
        take_trades_back(db, owner, log, sealer)
        _take_rows_back(db, owner, log, sealer)
        parts = db.execute(sa.select(document_parts).where(owner.of(document_parts, document=id))).all()
        db.execute(document_parts.delete().where(owner.of(document_parts, document=id)))
        for source in (log.source, f"{ORIGINAL}{id}"):
            db.execute(payloads.delete().where(owner.of(payloads, source=source)))
        accounts = Accounts(db, owner)
        _take_levels_back(db, owner, log, accounts)
        remove_snapshots(db, owner, log)
        for row in sorted({part.account for part in parts}):
            _take_account_back(db, owner, log, accounts, row)
        db.execute(sa.update(documents).where(owner.of(documents, id=id)).values(state=UNDONE))
        log.close()
        return document_of(db, owner, id)


def _take_rows_back(db: sa.Connection, owner: Owner, log: Log, sealer: FileSealer) -> None:
    mine = owner.of(aliases, source=log.source)
    ids = sorted(set(db.scalars(sa.select(aliases.c.id).where(mine))))
    db.execute(aliases.delete().where(mine))
    ask = sa.select(aliases.c.id, aliases.c.source, aliases.c.vendor_id).where(owner.of(aliases))
    others: dict[int, list[tuple[str, str]]] = {}
    for row, source, vendor_id in wanted(db, ask, aliases.c.id, ids, most=1_000):
        others.setdefault(row, []).append((source, vendor_id))
    rows = {row: facts for row, facts in rows_of(db, owner, ids).items() if facts.source == log.source}
    heirs = _heirs(db, owner, sealer, {row: others[row] for row in rows if row in others})
    merge = Merge(Known(rows=dict(rows)), log.head)
    for row, facts in rows.items():
        if facts.state != REMOVED:
            merge.settle(row, _inherited(facts, heirs.get(row)))
    store(db, owner, log, merge.out)
    for row, facts in merge.out.rows.items():
        if facts.state == REMOVED:
            withdraw(db, owner, log, row)


Heir = tuple[str, str, Facts | None]
"""Source and vendor id of who knows a row too, and what it says of it where that is kept."""


def _heirs(
    db: sa.Connection, owner: Owner, sealer: FileSealer, named: Mapping[int, list[tuple[str, str]]]
) -> dict[int, Heir]:
    """Return whose each row is from now on: a connection's, or the newest file's."""
    chosen = {row: max(names, key=_precedence) for row, names in named.items()}
    numbers = {int(source.removeprefix(SOURCE)) for source, _ in chosen.values() if source.startswith(SOURCE)}
    d = document_parts
    ask = sa.select(d.c.document, d.c.number).where(owner.of(d), d.c.document.in_(sorted(numbers)))
    lines = lines_of(db, owner, sealer, [(row.document, row.number) for row in db.execute(ask)])
    marks = Marks.of(db, owner)
    found: dict[int, Heir] = {}
    for row, (source, vendor_id) in chosen.items():
        line = lines.get((int(source.removeprefix(SOURCE)), vendor_id)) if source.startswith(SOURCE) else None
        exported = line is not None and marks.id_in(line.id) == row  # it repeats the row, and not all of it
        found[row] = (source, vendor_id, facts_from(line, 0, source) if line and not exported else None)
    return found


def _precedence(name: tuple[str, str]) -> tuple[bool, int]:
    source, _ = name
    return (False, int(source.removeprefix(SOURCE))) if source.startswith(SOURCE) else (True, 0)


def _inherited(facts: Facts, heir: Heir | None) -> Facts:
    if heir is None:
        return facts._replace(state=REMOVED)
    source, vendor_id, said = heir
    return said._replace(account=facts.account) if said else facts._replace(source=source, vendor_id=vendor_id)


def _take_levels_back(db: sa.Connection, owner: Owner, log: Log, accounts: Accounts) -> None:
    """Take the file's balances back; where another file tells one of the same day, that one is in its place."""
    mine = sa.and_(owner.of(balances), balances.c.source == log.source)
    for level in db.execute(sa.select(balances).where(mine)).all():
        db.execute(balances.delete().where(owner.of(balances, account=level.account, day=level.day)))
        d = document_parts
        every = sorted(accounts.all_of(accounts.target(level.account)))
        ask = sa.select(d).where(owner.of(d, day=level.day), d.c.account.in_(every))
        other = db.execute(ask.order_by(d.c.document).limit(1)).first()
        if other is not None:
            texts = [None if each is None else decimal_text(each) for each in (other.current, other.available)]
            stamp = microseconds(datetime.combine(level.day, time(), UTC))
            whole = None if other.current is None else e4(other.current)
            told = (source_of(other.document), stamp, other.currency, *texts, whole)
            put(db, balances, [(owner.tenant, owner.user_id, level.account, level.day.isoformat(), *told)])
        old = {"current": str(level.current), "available": str(level.available)}
        log.add("balance", "modified" if other else "removed", level.account, msgspec.json.encode(old).decode())


def _take_account_back(db: sa.Connection, owner: Owner, log: Log, accounts: Accounts, row: int) -> None:
    """Remove an account that no other file tells of, unless another one is joined to it."""
    d = document_parts
    told = db.scalar(sa.select(d.c.document).where(owner.of(d, account=row)).limit(1)) is not None
    joined = any(kept.joined == row and kept.status != REMOVED for kept in accounts.kept.values())
    if accounts.kept[row].source == FILE and not told and not joined:
        accounts.put(log, row, accounts.kept[row]._replace(status=REMOVED, joined=None))
