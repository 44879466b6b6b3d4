"""Two accounts that were joined and are not one come apart: each has again what its own sources told.
Floor 6: one transaction; `separate_rows.py` decides whose each row is, and the log keeps both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec
import sqlalchemy as sa

from fin_infra.book.accounts import REMOVED, Accounts
from fin_infra.book.columns import microseconds
from fin_infra.book.deal_facts import DEAL, deals_where, name_deals, put_deals
from fin_infra.book.documents import is_connection, lines_of, parts_in, source_of, trades_of
from fin_infra.book.engine import put, wanted, writing
from fin_infra.book.file_accounts import FileAccounts
from fin_infra.book.file_sealing import FileSealer
from fin_infra.book.lease import Owner
from fin_infra.book.log import PERSON, Log
from fin_infra.book.merge import Facts, Known, Merge
from fin_infra.book.read import ABOUT_ACCOUNTS
from fin_infra.book.separate_rows import Name, Parted, Past, Side, part
from fin_infra.book.tables import aliases, balances, changes, doubts, holdings, snapshots, trades, transactions
from fin_infra.book.write import STORED, store
from fin_infra.errors import InvalidInput
from fin_infra.security.vault import Vault


def separate(engine: sa.Engine, owner: Owner, vault: Callable[[], Vault], account: int, now: datetime) -> int:
    """Take a joined account out of the one that it was joined to; return the number of changes.

    Raises:
        InvalidInput: the book does not have it, or which account is to go is not clear.
        BookUnavailable: the database cannot be used now; nothing was written.
    """
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        accounts, sealer = Accounts(db, owner), FileSealer(db, owner, vault)
        FileAccounts(accounts, sealer).require(account)
        goes = _meant(accounts, account)
        stays = accounts.target(goes)
        every = accounts.all_of(stays)
        accounts.put(log, goes, accounts.kept[goes]._replace(joined=None))
        side = _side(db, owner, sealer, accounts, goes, every)
        _part_rows(db, owner, log, side, every)
        _part_trades(db, owner, log, side, every)
        _part_levels(db, owner, log, side, every)
        _withdraw(db, owner, log, goes, stays)
        put(db, doubts, [(owner.tenant, owner.user_id, goes, stays, ABOUT_ACCOUNTS, *_refused(accounts, stays, now))])
        log.close()
        return log.count


def _refused(accounts: Accounts, stays: int, now: datetime) -> tuple[str, str, int, int]:
    """Return the answer that two accounts are two: no proof joins them after that."""
    return accounts.kept[stays].institution, ABOUT_ACCOUNTS, microseconds(now), 0


def _meant(accounts: Accounts, account: int) -> int:
    """Return the account that was joined to another one: the one that is given, or the only one joined to it."""
    if accounts.kept[account].joined is not None:
        return account
    joined = [row for row, kept in sorted(accounts.kept.items()) if kept.joined == account and kept.status != REMOVED]
    if len(joined) == 1:
        return joined[0]
    if not joined:
        raise InvalidInput(f"The account {account} is joined with no other; `fin-infra accounts` lists what there is.")
    told = ", ".join(f"{row} ({accounts.kept[row].name}, {accounts.kept[row].source})" for row in joined)
    raise InvalidInput(f"Several accounts were joined to {account}; say which one is to go: {told}.")


def _side(db: sa.Connection, owner: Owner, sealer: FileSealer, accounts: Accounts, goes: int, every: set[int]) -> Side:
    mine = accounts.all_of(goes)
    told, others = ({accounts.kept[row].source for row in rows} for rows in (mine, every - mine))
    parts = parts_in(db, owner, sorted(mine))
    lines = {(source_of(document), number) for document, number in lines_of(db, owner, sealer, parts)}
    deals = {(source_of(document), f"{DEAL}{number}") for document, number in trades_of(db, owner, sealer, parts)}
    elsewhere = {document for document, _ in parts_in(db, owner, sorted(every - mine))}
    files = {source_of(document) for document, _ in parts if document not in elsewhere}
    connections = {source for source in told - others if is_connection(source)}
    both = frozenset(source for source in told & others if is_connection(source))
    return Side(goes, frozenset(mine), frozenset(connections | files), frozenset(lines | deals), both)


def _part_rows(db: sa.Connection, owner: Owner, log: Log, side: Side, every: set[int]) -> None:
    t = transactions
    ask = sa.select(t.c.id, *STORED).where(owner.of(t), t.c.account.in_(sorted(every))).order_by(t.c.id)
    rows = {row[0]: Facts(*row[1:]) for row in db.execute(ask)}
    parted = part(side, rows, _names(db, owner, rows), _past(db, owner, "transaction", rows))
    merge = Merge(Known(rows=dict(rows)), log.head)
    for row, facts in sorted(parted.rows.items()):
        merge.settle(row, facts)
    fresh = [(merge.add(facts), names) for facts, names in parted.fresh]
    store(db, owner, log, merge.out)
    _rename(db, owner, parted, fresh)


def _part_trades(db: sa.Connection, owner: Owner, log: Log, side: Side, every: set[int]) -> None:
    rows = deals_where(db, owner.of(trades), trades.c.account.in_(sorted(every)))
    named = {row: [(s, n.removeprefix(DEAL)) for s, n in names] for row, names in _names(db, owner, rows).items()}
    plain = Side(side.account, side.accounts, side.sources, frozenset(_deals(side.lines)), side.both)
    parted = part(plain, rows, named, _past(db, owner, "trade", rows))
    put_deals(db, owner, log, parted.rows, rows)
    fresh = [(log.add("trade", "added"), kept, names) for kept, names in parted.fresh]
    put(db, trades, [(owner.tenant, owner.user_id, row, *kept) for row, kept, _ in fresh])
    moved = [*parted.names.items(), *((name, row) for row, _, names in fresh for name in names)]
    for (source, name), row in moved:
        name_deals(db, owner, source, [(name, row)])


def _deals(lines: Iterable[Name]) -> set[Name]:
    return {(source, name.removeprefix(DEAL)) for source, name in lines if name.startswith(DEAL)}


def _names(db: sa.Connection, owner: Owner, rows: Iterable[int]) -> dict[int, list[Name]]:
    ask = sa.select(aliases.c.id, aliases.c.source, aliases.c.vendor_id).where(owner.of(aliases))
    found: dict[int, list[Name]] = {}
    for row, source, vendor_id in wanted(db, ask, aliases.c.id, sorted(rows), most=1_000):
        found.setdefault(row, []).append((source, vendor_id))
    return found


def _past(db: sa.Connection, owner: Owner, subject: str, rows: Mapping[int, object]) -> dict[int, list[Past]]:
    c = changes.c
    ask = sa.select(c.id, c.source, c.before).where(owner.of(changes, subject=subject)).order_by(c.position.desc())
    found: dict[int, list[Past]] = {}
    for row, source, before in db.execute(ask):
        if row in rows:
            found.setdefault(row, []).append(Past(source, msgspec.json.decode(before) if before else {}))
    return found


def _rename(db: sa.Connection, owner: Owner, parted: Parted, fresh: list[tuple[int, list[Name]]]) -> None:
    names = [*parted.names.items(), *((name, row) for row, each in fresh for name in each)]
    put(db, aliases, [(owner.tenant, owner.user_id, *name, row) for name, row in names])


def _part_levels(db: sa.Connection, owner: Owner, log: Log, side: Side, every: set[int]) -> None:
    """Let balances and holdings that sources of the account told of the other one be its own, the later of a day."""
    theirs = sorted(every - side.accounts)
    for table, subject in ((balances, "balance"), (snapshots, "holdings")):
        c = table.c
        mine = sa.and_(owner.of(table), c.account.in_(theirs), c.source.in_(sorted(side.sources)))
        for row in db.execute(sa.select(c.account, c.day, c.at).where(mine)).all():
            there = owner.of(table, account=side.account, day=row.day)
            tables = (table, holdings) if table is snapshots else (table,)
            own = db.scalar(sa.select(c.at).where(there))
            for each in tables:
                at = owner.of(each, account=row.account, day=row.day)
                if own is not None and own >= row.at:
                    db.execute(each.delete().where(at))
                    continue
                db.execute(each.delete().where(owner.of(each, account=side.account, day=row.day)))
                db.execute(sa.update(each).where(at).values(account=side.account))
            log.add(subject, "modified", side.account, msgspec.json.encode({"account": row.account}).decode())


def _withdraw(db: sa.Connection, owner: Owner, log: Log, goes: int, stays: int) -> None:
    """Take back what is asked of rows that stand in two accounts now, and what was said of the accounts."""
    accounts_of: dict[int, int] = {}
    for table in (transactions, trades):
        accounts_of |= dict(db.execute(sa.select(table.c.id, table.c.account).where(owner.of(table))).tuples().all())
    open_ones = sa.and_(owner.of(doubts), doubts.c.same.is_(None), doubts.c.kind != ABOUT_ACCOUNTS)
    for row, other in db.execute(sa.select(doubts.c.row, doubts.c.other).where(open_ones)).all():
        if {accounts_of.get(row), accounts_of.get(other)} == {goes, stays}:
            db.execute(doubts.delete().where(owner.of(doubts, row=row, other=other)))
            log.add("doubt", "withdrawn", row, msgspec.json.encode({"other": other}).decode())
    for row, other in ((goes, stays), (stays, goes)):
        db.execute(doubts.delete().where(owner.of(doubts, row=row, other=other, kind=ABOUT_ACCOUNTS)))
    log.add("doubt", "different", goes, msgspec.json.encode({"other": stays}).decode())
