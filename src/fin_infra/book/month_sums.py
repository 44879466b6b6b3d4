"""Transactions added up by month, currency and category, and kept: a month of a budget must not read all of them.
Floor 6: a cache; thrown away, it is made again. What changed is told by the log, and only those months are added up.

A category by a person's word teaches from its day on, so that later months are added up again; a rule, an account or a
word about the past may change any month, and so may another version of the program, since it may label otherwise.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra import __version__
from fin_infra.book.accounts import REMOVED, Accounts
from fin_infra.book.columns import exact_sum
from fin_infra.book.engine import put, wanted, writing
from fin_infra.book.entries import EVERY, Said, apart_rows, entry_accounts, entry_rows, own_label, said_of
from fin_infra.book.lease import Owner
from fin_infra.book.merge import POSTED
from fin_infra.book.read import Wanted, balance_rows, conditions
from fin_infra.book.rule_rows import rule_rows
from fin_infra.book.tables import changes, households, month_sums, said, sums_state, transactions
from fin_infra.insights import EntryAccount, LabeledEntry
from fin_infra.insights.budgets import READY, Activity, activity_of, month_after, month_before, month_of
from fin_infra.insights.budgets.months import first_day
from fin_infra.insights.categories import Categorizer
from fin_infra.insights.transfers import Activity as Moves
from fin_infra.insights.transfers import recognize
from fin_infra.model import AccountType

BUDGETED = frozenset({AccountType.DEPOSITORY.value, AccountType.CREDIT.value})
"""Types of the accounts whose money is budgeted: cash, and cards, which owe."""
_EVERYTHING = frozenset({"rule", "account"})
_PAST = frozenset({"past", "no past"})
_TEACHING = frozenset({"category", "no category"})
_SILENT = frozenset({"note", "no note"})
_MOVED = 500
"""Positions of the log after which the state is written again although no sum has changed."""
Sums = dict[tuple[str, str], Decimal]
"""By currency and category; of accounts by currency and account."""


@dataclass(slots=True)
class Month:
    """The sums of one month."""

    sums: Sums = field(default_factory=dict[tuple[str, str], Decimal])
    posted: Sums = field(default_factory=dict[tuple[str, str], Decimal])
    """What was posted, by account: what its balance is made of."""
    ids: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict[tuple[str, str], tuple[str, ...]])
    """Empty where it was not asked for."""


@dataclass(slots=True)
class Kept:
    """All months, and what of them is to be written."""

    head: int
    months: dict[str, Month]
    stale: frozenset[str]
    is_new: bool
    moved: bool


def activity_in(db: sa.Connection, owner: Owner, month: str) -> tuple[Activity, Kept]:
    """Return the sums of all months, with the transactions of one, and what is to be kept of them."""
    kept = _kept(db, owner, month)
    accounts = Accounts(db, owner)
    sums = {(when, *cell): total for when, each in kept.months.items() for cell, total in each.sums.items()}
    for cell, amount in _openings(db, owner, accounts, kept.months):
        sums[cell] = exact_sum((sums.get(cell, Decimal(0)), amount))
    shown = kept.months.get(month, Month())
    return Activity(sums, {(month, *cell): ids for cell, ids in shown.ids.items()}), kept


def store(engine: sa.Engine, owner: Owner, kept: Kept) -> None:
    """Keep the sums; another one who keeps other months at the same time does no harm, since each names its head."""
    if not (kept.stale or kept.is_new or kept.moved):
        return
    with writing(engine) as db:
        if kept.is_new:
            db.execute(month_sums.delete().where(owner.of(month_sums)))
        for month in kept.stale - kept.months.keys():
            db.execute(month_sums.delete().where(owner.of(month_sums, month=month)))
        rows = [
            (owner.tenant, owner.user_id, month, *_packed(kept.months[month]))
            for month in sorted(kept.stale & kept.months.keys())
        ]
        for row in rows:
            db.execute(month_sums.delete().where(owner.of(month_sums, month=row[2])))
        if rows:
            names = [column.name for column in month_sums.c]
            db.execute(month_sums.insert(), [dict(zip(names, row, strict=True)) for row in rows])
        put(db, sums_state, [(owner.tenant, owner.user_id, kept.head, __version__)])


def throw_away(db: sa.Connection, owner: Owner) -> None:
    """Forget all sums of a household."""
    for table in (sums_state, month_sums):
        db.execute(table.delete().where(owner.of(table)))


def _kept(db: sa.Connection, owner: Owner, month: str) -> Kept:
    head = db.scalar(sa.select(households.c.head).where(owner.of(households))) or 0
    state = db.execute(sa.select(sums_state).where(owner.of(sums_state))).first()
    touched = None if state is None or state.version != __version__ else _touched(db, owner, state.head)
    if touched is None:
        stale, months = _every_month(db, owner), dict[str, Month]()
    else:
        stale, months = touched, _stored(db, owner, month, touched)
    months |= _added_up(db, owner, sorted(stale))
    moved = state is not None and head - state.head > _MOVED
    return Kept(head=head, months=months, stale=frozenset(stale), is_new=touched is None, moved=moved)


def _touched(db: sa.Connection, owner: Owner, head: int) -> set[str] | None:
    """Return the months that changed after a position, with those beside them; None for all."""
    c = changes.c
    since = sa.and_(owner.of(changes), c.position > head)
    what = set(db.execute(sa.select(c.subject, c.kind).where(since).distinct()).tuples())
    if any(subject in _EVERYTHING or (subject == "said" and kind in _PAST) for subject, kind in what):
        return None
    taught = _taught(db, owner, since) if what & {("said", kind) for kind in _TEACHING} else set[str]()
    if taught is None:
        return None
    mine = sa.and_(since, c.subject.in_(("transaction", "said")), c.kind.not_in(sorted(_SILENT | _TEACHING)))
    t = transactions
    month = sa.func.substr(sa.type_coerce(t.c.day, sa.Text()), 1, 7)
    rows = sa.select(month).where(owner.of(t), t.c.id.in_(sa.select(c.id).where(mine))).distinct()
    found = set(db.scalars(rows))
    before = sa.select(c.before).where(mine, c.before.like('%"day"%'))
    found |= {str(day)[:7] for text in db.scalars(before) if (day := msgspec.json.decode(text).get("day"))}
    return taught | {each for month in found for each in (month_before(month), month, month_after(month))}


def _taught(db: sa.Connection, owner: Owner, since: Any) -> set[str] | None:
    """Return the months for which changed categories may hold; None for all."""
    c, t, s = changes.c, transactions.c, said.c
    ids = sa.select(c.id).where(since, c.subject == "said", c.kind.in_(sorted(_TEACHING)))
    if db.scalar(sa.select(s.id).where(owner.of(said, kind="past"), s.id.in_(ids)).limit(1)) is not None:
        return None
    days = sa.select(sa.func.min(sa.type_coerce(t.day, sa.Text()))).where(owner.of(transactions), t.id.in_(ids))
    first = str(db.scalar(days) or "")[:7]
    return {month for month in _every_month(db, owner) if month_after(month) >= first}


def _every_month(db: sa.Connection, owner: Owner) -> set[str]:
    month = sa.func.substr(sa.type_coerce(transactions.c.day, sa.Text()), 1, 7)
    return set(db.scalars(sa.select(month).where(owner.of(transactions)).distinct()))


def _added_up(db: sa.Connection, owner: Owner, months: Collection[str]) -> dict[str, Month]:
    """Add months up, each read on its own; one without a transaction that counts is left out."""
    if not months:
        return {}
    reader = _Reader.of(db, owner)
    known: dict[str, list[LabeledEntry]] = {}
    found: dict[str, Month] = {}
    for month in months:
        beside = (month_before(month), month, month_after(month))
        known = {each: known.get(each) or reader.labeled(each) for each in beside}
        if mine := [each for each in known[month] if each.entry.account_id in reader.budgeted]:
            found[month] = _month(mine, reader.transfers([row for each in beside for row in known[each]]))
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads months of a household, labeled as `book.labels` does."""

    db: sa.Connection
    owner: Owner
    accounts: Accounts
    said: Said
    judge: Categorizer
    links: Mapping[str, str]
    """Both sides of the transfers that a person linked."""
    sides: Mapping[str, str]
    """Their accounts."""
    apart: frozenset[str]
    """What a person said is not a side of a transfer."""

    @classmethod
    def of(cls, db: sa.Connection, owner: Owner) -> _Reader:
        accounts = Accounts(db, owner)
        spoken = said_of(db, owner, accounts)
        judge = Categorizer(rules=rule_rows(db, owner), corrections=spoken.corrections)
        ask = sa.select(said.c.id, said.c.value).where(owner.of(said, kind="link"))
        links = {str(one): other for one, other in db.execute(ask).tuples()}
        t = transactions.c
        where = sa.select(t.id, t.account).where(owner.of(transactions))
        rows = wanted(db, where, t.id, sorted(map(int, links)))
        sides = {str(row): str(accounts.target(of)) for row, of in rows}
        return cls(db, owner, accounts, spoken, judge, links, sides, apart_rows(db, owner))

    @property
    def budgeted(self) -> frozenset[str]:
        return frozenset(each.id for each in self.facts if each.type.value in BUDGETED)

    @property
    def facts(self) -> tuple[EntryAccount, ...]:
        return entry_accounts(self.accounts)

    def labeled(self, month: str) -> list[LabeledEntry]:
        start, end = first_day(month), first_day(month_after(month))
        entries = entry_rows(self.db, self.owner, self.accounts, Wanted(start=start, end=end, limit=EVERY))
        return [
            LabeledEntry(entry=each, label=own_label(self.said, each) or self.judge.label(each)) for each in entries
        ]

    def transfers(self, rows: Sequence[LabeledEntry]) -> set[str]:
        """Return both sides of transfers between budgeted accounts, by a person's links and by recognition."""
        whole = {each.entry.id: each for each in rows if "/" not in each.entry.id and each.entry.id not in self.links}
        labels = {id: each.label for id, each in whole.items()}
        moves = Moves(
            entries=[each.entry for each in whole.values()], labels=labels, accounts=self.facts, apart=self.apart
        )
        both = (each.entry_ids for each in recognize(moves).transfers if not each.is_one_sided)
        mine = self.budgeted
        found = {id for ids in both if all(whole[id].entry.account_id in mine for id in ids) for id in ids}
        return found | {id for id, other in self.links.items() if {self.sides.get(id), self.sides.get(other)} <= mine}


def _month(rows: Sequence[LabeledEntry], within: Collection[str]) -> Month:
    activity = activity_of(((each.entry, each.label.category) for each in rows), transfers=within)
    posted: dict[tuple[str, str], list[Decimal]] = {}
    for each in (row.entry for row in rows):
        if not each.pending:
            posted.setdefault((each.amount.currency, each.account_id), []).append(each.amount.amount)
    return Month(
        sums={cell[1:]: total for cell, total in activity.sums.items()},
        posted={place: exact_sum(amounts) for place, amounts in posted.items()},
        ids={cell[1:]: ids for cell, ids in activity.entry_ids.items()},
    )


def _openings(
    db: sa.Connection, owner: Owner, accounts: Accounts, months: Mapping[str, Month]
) -> Iterable[tuple[tuple[str, str, str], Decimal]]:
    """Yield what each account had before its first transaction: its last balance without what was posted until then."""
    for balance in balance_rows(db, owner, None):
        kept = accounts.kept[balance.account_id]
        if balance.current is None or kept.type not in BUDGETED or kept.status == REMOVED:
            continue
        last, place = month_of(balance.day), (balance.current.currency, str(balance.account_id))
        posted = [each.posted[place] for month, each in months.items() if month <= last and place in each.posted]
        posted += [-amount for amount in _later(db, owner, balance.account_id, place[0], balance.day)]
        first = min((month for month, each in months.items() if place in each.posted), default=last)
        yield (min(first, last), place[0], READY), exact_sum((balance.current.amount, *(-each for each in posted)))


def _later(db: sa.Connection, owner: Owner, account: int, currency: str, day: dt.date) -> list[Decimal]:
    """Return what was posted in the rest of a month after a day."""
    start = day + dt.timedelta(days=1)
    end = first_day(month_after(month_of(day)))
    if start >= end:
        return []
    t = transactions
    rest = conditions(db, owner, Wanted(account_id=account, start=start, end=end, status=POSTED))
    ask = sa.select(t.c.amount).where(owner.of(t), *rest, t.c.currency == currency)
    return list(db.scalars(ask))


def _stored(db: sa.Connection, owner: Owner, month: str, without: Collection[str]) -> dict[str, Month]:
    m = month_sums.c
    rows = db.execute(sa.select(m.month, m.sums).where(owner.of(month_sums))).all()
    found = {row.month: _unpacked(row.sums) for row in rows if row.month not in without}
    if month in found:
        ids = db.scalar(sa.select(m.ids).where(owner.of(month_sums, month=month)))
        packed: list[Any] = msgspec.json.decode(zlib.decompress(ids or b""))
        found[month].ids = {(currency, name): tuple(each) for currency, name, each in packed}
    return found


def _packed(month: Month) -> tuple[str, bytes]:
    sums = [[*cell, str(total)] for cell, total in month.sums.items()]
    posted = [[*place, str(total)] for place, total in month.posted.items()]
    ids = [[*cell, each] for cell, each in month.ids.items()]
    return msgspec.json.encode([sums, posted]).decode(), zlib.compress(msgspec.json.encode(ids), 1)


def _unpacked(text: str) -> Month:
    sums, posted = ({(of, name): Decimal(total) for of, name, total in rows} for rows in msgspec.json.decode(text))
    return Month(sums=sums, posted=posted)
