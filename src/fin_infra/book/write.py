"""A run of a source is written: accounts, transactions, levels, holdings and deals, each change with its log entry.
Floor 6: each function is one transaction; `merge.py` decides, this reads what it needs and stores what it says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import msgspec
import sqlalchemy as sa

from fin_infra.book import lease as leases
from fin_infra.book.accounts import Accounts, account_ids
from fin_infra.book.columns import microseconds
from fin_infra.book.deal_rows import DealsShown, remove_gone, write_deals
from fin_infra.book.engine import learn, put, reading, wanted, writing
from fin_infra.book.lease import Lease, Owner
from fin_infra.book.levels import write_levels, write_positions
from fin_infra.book.log import Log
from fin_infra.book.merge import NEAR_DAYS, POSTED, REMOVED, Facts, Known, Merge, Merged, facts_of
from fin_infra.book.pages import Page, VendorTransaction, Window
from fin_infra.book.sealing import keep_payload
from fin_infra.book.search import write_texts
from fin_infra.book.settled import institution_of, settled_by
from fin_infra.book.tables import aliases, connections, doubts, pages, streams, transactions
from fin_infra.book.words import hand_over

CHUNK = 5_000
"""Transactions and deals to a transaction of the database."""
FACTS = Facts._fields
STORED = tuple(
    sa.type_coerce(transactions.c[name], sa.Text()).label(name) if name in ("day", "amount") else transactions.c[name]
    for name in FACTS
)
"""The columns of `Facts`, as they stand in the database."""
_MOST = 64
"""Rows of one day and account that another source brought, looked at for one transaction."""


@dataclass(slots=True)
class Run:
    """What all pages of a run say together."""

    seen: set[str] = field(default_factory=set[str])
    removed: set[str] = field(default_factory=set[str])
    windows: dict[str, date] = field(default_factory=dict[str, date])
    unread: list[str] = field(default_factory=list[str])
    deals: DealsShown = field(default_factory=DealsShown)

    def add(self, page: Page) -> None:
        shown = {each.vendor_id for each in page.transactions}
        self.seen |= shown
        self.removed -= shown
        self.removed.update(page.removed)
        self.seen.difference_update(page.removed)
        self.windows.update((window.account, window.start) for window in page.windows)
        self.unread += page.unread
        self.deals.add(page)


def write_page(engine: sa.Engine, lease: Lease, page: Page, before: str, now: datetime) -> int:
    """Write a run of one page: rows, log, cursor and fence at once. Return the number of changes.

    Raises:
        LeaseLost: another worker has the connection, or the page was written before.
    """
    run = Run()
    run.add(page)
    with writing(engine) as db:
        leases.hold(db, lease, now, before, cursor=page.after, run_cursor=page.after)
        gone = set[int]() if page.empty else _gone(db, lease, run)
        written = 0 if page.empty else _write(db, lease, [page], run, gone, now, last=True)
        _mark_synced(db, lease, now)
        return written


def run_of_kept(engine: sa.Engine, lease: Lease) -> tuple[Run, set[int]]:
    """Return what the kept pages say together, and the rows that are gone by them."""
    run = Run()
    with reading(engine) as db:
        for _, page in leases.kept_pages(db, lease):
            run.add(page)
        return run, _gone(db, lease, run)


def write_kept(engine: sa.Engine, lease: Lease, run: Run, gone: set[int], now: datetime) -> int | None:
    """Write the next kept pages of a whole run; return None once all are written.

    The pages stay until the last of them is written: what the run does not show is known from all of them.
    """
    with writing(engine) as db:
        leases.hold(db, lease, now)
        applied = db.execute(
            sa.select(streams.c.applied).where(lease.owner.of(streams, connection=lease.connection))
        ).scalar_one()
        chunk: list[Page] = []
        last = applied
        for number, page in leases.kept_pages(db, lease, applied):
            if chunk and sum(_rows(each) for each in (*chunk, page)) > CHUNK:
                break
            chunk.append(page)
            last = number
        total = db.execute(
            sa.select(streams.c.kept).where(lease.owner.of(streams, connection=lease.connection))
        ).scalar_one()
        if not chunk:
            db.execute(pages.delete().where(lease.owner.of(pages, connection=lease.connection)))
            leases.hold(db, lease, now, run_cursor=streams.c.cursor, kept=0, applied=0, whole=0)
            _mark_synced(db, lease, now)
            return None
        leases.hold(db, lease, now, applied=last)
        return _write(db, lease, chunk, run, gone, now, last=last == total)


def _rows(page: Page) -> int:
    return len(page.transactions) + len(page.deals)


def _mark_synced(db: sa.Connection, lease: Lease, now: datetime) -> None:
    mine = lease.owner.of(connections, id=lease.connection)
    db.execute(sa.update(connections).where(mine).values(synced_at=now))


def _keep_login(db: sa.Connection, lease: Lease, chunk: Sequence[Page]) -> None:
    """Keep how the vendor's webhooks name the login, which some vendors say with the accounts only."""
    for login in {page.login for page in chunk if page.login is not None}:
        mine = sa.and_(
            lease.owner.of(connections, id=lease.connection), connections.c.vendor_id.is_distinct_from(login)
        )
        db.execute(sa.update(connections).where(mine).values(vendor_id=login))


def _write(
    db: sa.Connection, lease: Lease, chunk: Sequence[Page], run: Run, gone: set[int], now: datetime, *, last: bool
) -> int:
    owner = lease.owner
    log = Log(db, owner, lease.connection, now)
    accounts = Accounts(db, owner)
    for page in chunk:
        accounts.write(log, lease.connection, page.holders)
    _keep_login(db, lease, chunk)
    ids = accounts.of(lease.connection)
    told = [each for page in chunk for each in page.transactions]
    deals = [deal for page in chunk for deal in page.deals]
    levels = [level for page in chunk for level in page.levels]
    spoken = [each.account for each in told] + [each.account for each in deals] + [each.account for each in levels]
    account_ids(ids, spoken)
    _write_transactions(db, lease, log, accounts, told, gone=_still_gone(db, owner, run, gone))
    if last:
        _remove(db, lease, log, run, gone)
    write_deals(db, owner, log, deals, run.deals, ids, {row: kept.currency for row, kept in accounts.kept.items()})
    if last:
        remove_gone(db, owner, log, run.deals, ids)
    write_levels(db, owner, log, levels, ids)
    held = {ids[account]: page.held_at.get(account, now) for page in chunk for account in page.held}
    positions = [(ids[each.account], each) for page in chunk for each in page.positions]
    cash_unread = {ids[account] for page in chunk for account in page.cash_unread}
    write_positions(db, owner, log, held, positions, cash_unread)
    log.close()
    learn(db, log.count)
    raw = [record for page in chunk for record in page.raw]
    if raw and log.count and lease.sealer is not None and lease.sealer.payloads:
        keep_payload(db, lease.sealer, raw, log.head, now)
    return log.count


def _write_transactions(
    db: sa.Connection,
    lease: Lease,
    log: Log,
    accounts: Accounts,
    told: Sequence[VendorTransaction],
    *,
    gone: dict[int, Facts],
) -> None:
    ids = accounts.of(lease.connection)
    facts = [(facts_of(each, ids[each.account], lease.connection), each.pending_id) for each in told]
    known = _known(db, lease.owner, lease.connection, facts)
    known.rows.update(gone)
    known.gone = set(gone)
    _add_foreign(db, lease, accounts, known, facts)
    merge = Merge(known, log.head, settled_by(db, lease.owner, accounts))
    merge.take(facts)
    store(db, lease.owner, log, merge.out)


def _remove(db: sa.Connection, lease: Lease, log: Log, run: Run, gone: set[int]) -> None:
    """Remove what is gone by the whole run, also what an earlier part of the same run had added."""
    left = _still_gone(db, lease.owner, run, gone | _taken_back(db, lease.owner, lease.connection, run))
    merge = Merge(Known(rows=left, gone=set(left)), log.head)
    merge.remove_gone()
    store(db, lease.owner, log, merge.out)


def store(db: sa.Connection, owner: Owner, log: Log, out: Merged) -> None:
    """Write what a merge says: rows, ids, doubts, and its part of the log."""
    scope = (owner.tenant, owner.user_id)
    for entry in out.log:
        log.add("transaction", entry.kind, entry.id, entry.before)
    put(db, transactions, [(*scope, row, *facts) for row, facts in out.rows.items()])
    _index(db, owner, out)
    put(db, aliases, [(*scope, log.source, name, row) for name, row in out.names.items()])
    for row, other in out.united.items():
        hand_over(db, owner, log, row, other)
    if out.doubts:
        institutions = _institutions(db, owner, out)
        stamp = microseconds(log.at)
        rows = [
            (*scope, each.row, each.other, each.kind, institutions[each.row], each.pattern, stamp, None)
            for each in out.doubts
        ]
        put(db, doubts, rows)


def _index(db: sa.Connection, owner: Owner, out: Merged) -> None:
    """Let a search find what is new or has other words; a row that is new has no note yet."""
    added = {entry.id for entry in out.log if entry.kind == "added"}
    reworded = {entry.id for entry in out.log if entry.before is not None and _is_reworded(entry.before)} - added
    rows = {row: (out.rows[row].text, out.rows[row].counterparty) for row in sorted(added | reworded)}
    write_texts(db, owner, rows, reworded)


def _is_reworded(before: str) -> bool:
    return not {"text", "counterparty"}.isdisjoint(msgspec.json.decode(before))


def _institutions(db: sa.Connection, owner: Owner, out: Merged) -> dict[int, str]:
    accounts = Accounts(db, owner)
    rows = rows_of(db, owner, {each.row for each in out.doubts} - out.rows.keys()) | out.rows
    return {each.row: institution_of(accounts, rows[each.row].account) for each in out.doubts}


def _known(db: sa.Connection, owner: Owner, source: str, facts: Sequence[tuple[Facts, str | None]]) -> Known:
    names = dict.fromkeys(name for each, link in facts for name in (each.vendor_id, link) if name)
    ask = sa.select(aliases.c.vendor_id, aliases.c.id).where(owner.of(aliases, source=source))
    found: dict[str, int] = dict(wanted(db, ask, aliases.c.vendor_id, list(names)))
    return Known(names=found, rows=rows_of(db, owner, set(found.values())))


def rows_of(db: sa.Connection, owner: Owner, ids: Iterable[int]) -> dict[int, Facts]:
    """Return rows by id, as they are stored."""
    ask = sa.select(transactions.c.id, *STORED).where(owner.of(transactions))
    return {row[0]: Facts(*row[1:]) for row in wanted(db, ask, transactions.c.id, sorted(ids))}


def _gone(db: sa.Connection, lease: Lease, run: Run) -> set[int]:
    """Return the rows that the run takes back, or does not show although its window covers them."""
    owner, source = lease.owner, lease.connection
    gone = _taken_back(db, owner, source, run)
    if run.windows and not run.unread:
        ids = Accounts(db, owner).of(source)
        for vendor_id, start in run.windows.items():
            if vendor_id in ids:
                gone |= _not_shown(db, owner, source, Window(account=vendor_id, start=start), ids[vendor_id], run)
    return gone


def _taken_back(db: sa.Connection, owner: Owner, source: str, run: Run) -> set[int]:
    """Return the rows that go by an id which the vendor took back; one that has another id since is not meant."""
    ask = sa.select(aliases.c.vendor_id, aliases.c.id).where(owner.of(aliases, source=source))
    named = [row for _, row in wanted(db, ask, aliases.c.vendor_id, sorted(run.removed))]
    stored = rows_of(db, owner, named)
    return {row for row, facts in stored.items() if facts.vendor_id in run.removed and facts.source == source}


def _not_shown(db: sa.Connection, owner: Owner, source: str, window: Window, account: int, run: Run) -> set[int]:
    t = transactions
    ask = sa.select(t.c.id, t.c.vendor_id).where(
        owner.of(t, account=account), t.c.source == source, t.c.day >= window.start, t.c.state != REMOVED
    )
    return {row for row, vendor_id in db.execute(ask) if vendor_id not in run.seen}


def _still_gone(db: sa.Connection, owner: Owner, run: Run, gone: set[int]) -> dict[int, Facts]:
    """Return the rows of `gone` that no earlier part of the run has shown under another id."""
    return {
        row: facts
        for row, facts in rows_of(db, owner, gone).items()
        if facts.vendor_id not in run.seen and facts.state != REMOVED
    }


def _is_news(known: Known, facts: Facts) -> bool:
    """Tell whether a transaction is unknown to its source, or comes to have other content than it had."""
    row = known.names.get(facts.vendor_id)
    stored = known.rows[row] if row is not None else None
    if stored is None or stored.state != POSTED:
        return True
    return (stored.day, stored.amount, stored.text) != (facts.day, facts.amount, facts.text)


def _add_foreign(
    db: sa.Connection, lease: Lease, accounts: Accounts, known: Known, facts: Sequence[tuple[Facts, str | None]]
) -> None:
    """Add the rows that other sources brought to the accounts and days of what this source tells for the first time."""
    fresh = [each for each, _ in facts if each.state == POSTED and _is_news(known, each)]
    if not fresh:
        return
    owner, source, t = lease.owner, lease.connection, transactions
    days = [date.fromisoformat(each.day) for each in fresh]
    near = timedelta(days=NEAR_DAYS)
    ask = sa.select(t.c.id, *STORED).where(
        owner.of(t),
        t.c.account.in_(sorted({each.account for each in fresh})),
        t.c.day >= min(days) - near,
        t.c.day <= max(days) + near,
        t.c.source != source,
        t.c.state == POSTED,
    )
    rows = {row[0]: Facts(*row[1:]) for row in db.execute(ask)}
    if not rows:
        return
    mine = sa.select(aliases.c.id).where(owner.of(aliases, source=source))
    named = {row for (row,) in wanted(db, mine, aliases.c.id, sorted(rows))}
    known.foreign = rows.keys() - named
    known.rows.update({row: rows[row] for row in known.foreign})
