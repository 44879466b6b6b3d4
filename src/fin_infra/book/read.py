"""Questions to the book: accounts, balances, transactions, holdings, trades, as of now or of a day.
Floor 6: plain functions, each one transaction that sees one state; nothing here writes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.book.accounts import REMOVED, Accounts
from fin_infra.book.deal_doubts import ABOUT_TRADES
from fin_infra.book.deal_kinds import deal_kind
from fin_infra.book.engine import reading, wanted
from fin_infra.book.lease import Owner
from fin_infra.book.merge import PENDING, POSTED
from fin_infra.book.pages import CARRIED, SET
from fin_infra.book.records import (
    AccountQuestion,
    BookAccount,
    BookBalance,
    BookHolding,
    BookTrade,
    BookTransaction,
    Connection,
    ConnectionState,
    OpenQuestion,
    SplitPart,
    TradeQuestion,
)
from fin_infra.book.search import having
from fin_infra.book.tables import (
    balances,
    connections,
    doubts,
    holdings,
    said,
    snapshots,
    streams,
    trades,
    transactions,
)
from fin_infra.errors import InvalidInput, NotRemembered
from fin_infra.model import AccountStatus, AccountSubtype, AccountType, AssetClass, Category, Money, TransactionStatus
from fin_infra.providers.bulk import collector_paused, quick

ABOUT_ACCOUNTS = "account"
_ABOUT_TRANSACTIONS = (doubts.c.kind != ABOUT_ACCOUNTS, ~doubts.c.kind.startswith(ABOUT_TRADES))
"""The kind of a question whose two ids are accounts, not transactions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which transactions: all conditions hold. `start` is included and `end` is not."""

    account_id: int | None = None
    start: date | None = None
    end: date | None = None
    category: str | None = None
    search: str | None = None
    status: str | None = None
    with_hidden: bool = False
    with_removed: bool = False
    after: int | None = None
    """The id of the last transaction that was read: what comes after it in the list."""
    limit: int = 100


def connection_rows(db: sa.Connection, owner: Owner) -> list[Connection]:
    c, s = connections.c, streams.c
    same = sa.and_(s.tenant == c.tenant, s.user_id == c.user_id, s.connection == c.id)
    ask = sa.select(connections, s.tried_at).select_from(connections.outerjoin(streams, same))
    ask = ask.where(owner.of(connections)).order_by(c.made_at, c.id)
    return [
        Connection(
            id=row.id,
            provider=row.provider,
            state=ConnectionState(row.state),
            since=row.since,
            reason=row.reason,
            next_step=row.next_step,
            made_at=row.made_at,
            synced_at=row.synced_at,
            tried_at=row.tried_at,
            institution=row.institution,
            vendor_id=row.vendor_id,
            funds=tuple(row.funds.split(",")) if row.funds else (),
            ending=row.state == ConnectionState.REVOKED and row.sealed is not None,
            ends_at=row.ends_at,
        )
        for row in db.execute(ask)
    ]


def account_rows(db: sa.Connection, owner: Owner) -> list[BookAccount]:
    """Return the accounts, joined ones as one."""
    found = Accounts(db, owner)
    rows: list[BookAccount] = []
    for row, kept in sorted(found.kept.items()):
        if found.target(row) == row and kept.status != REMOVED:
            tellers = (found.kept[each].source for each in sorted(found.all_of(row)))
            rows.append(
                BookAccount(
                    id=row,
                    name=kept.name,
                    type=AccountType(kept.type),
                    subtype=AccountSubtype(kept.subtype),
                    currency=kept.currency,
                    institution=kept.institution,
                    ending=kept.ending,
                    status=AccountStatus(kept.status),
                    sources=tuple(dict.fromkeys(tellers)),
                )
            )
    return rows


def balance_rows(db: sa.Connection, owner: Owner, on: date | None) -> list[BookBalance]:
    """Return the last balance of each account that is not after a day."""
    found = Accounts(db, owner)
    b = balances
    last = sa.select(b.c.account, sa.func.max(sa.type_coerce(b.c.day, sa.Text())).label("day")).where(owner.of(b))
    if on is not None:
        last = last.where(b.c.day <= on)
    newest = last.group_by(b.c.account).subquery()
    same = sa.and_(b.c.account == newest.c.account, sa.type_coerce(b.c.day, sa.Text()) == newest.c.day)
    by_account: dict[int, BookBalance] = {}
    for row in db.execute(sa.select(b).join(newest, same).where(owner.of(b))):
        account = found.target(row.account)
        balance = balance_of(row, account)
        if account not in by_account or by_account[account].at < balance.at:
            by_account[account] = balance
    return [by_account[account] for account in sorted(by_account)]


def balance_of(row: Any, account: int) -> BookBalance:
    """Return a row of `balances` as a record, under the account that it counts for."""
    return BookBalance(
        account_id=account,
        day=row.day,
        at=row.at,
        current=_money(row.current, row.currency),
        available=_money(row.available, row.currency),
        source=row.source,
    )


def transaction_rows(db: sa.Connection, owner: Owner, wanted_: Wanted) -> list[BookTransaction]:
    """Return transactions, newest first."""
    t = transactions
    ask = sa.select(*SHOWN).where(owner.of(t), *conditions(db, owner, wanted_))
    day: sa.ColumnElement[str] = sa.type_coerce(t.c.day, sa.Text())
    if wanted_.search:
        found = having(db, owner, wanted_.search)
        ask = ask.where(found.condition)
        if found.few:
            day = day.concat("")  # the index of days would be read from its end for the sake of the order
    ask = ask.order_by(day.desc(), t.c.id.desc()).limit(wanted_.limit)
    return with_words(db, owner, db.execute(ask).all())


def transaction_row(db: sa.Connection, owner: Owner, id: int) -> BookTransaction:
    """Return one transaction, whatever a person or its bank says of it."""
    rows = db.execute(sa.select(*SHOWN).where(owner.of(transactions, id=id))).all()
    if not rows:
        raise NotRemembered(f"The book has no transaction {id}.")
    return with_words(db, owner, rows)[0]


def conditions(db: sa.Connection, owner: Owner, wanted_: Wanted) -> list[Any]:
    """Return what holds for the transactions that are wanted, but for what is searched.

    Raises:
        InvalidInput: the book has no such account, or the cursor is of no row.
    """
    t = transactions
    found: list[Any] = []
    if wanted_.account_id is not None:
        accounts = Accounts(db, owner)
        if wanted_.account_id not in accounts.kept:
            raise InvalidInput(f"The book has no account {wanted_.account_id}.")
        found.append(t.c.account.in_(sorted(accounts.all_of(accounts.target(wanted_.account_id)))))
    if wanted_.start is not None:
        found.append(t.c.day >= wanted_.start)
    if wanted_.end is not None:
        found.append(t.c.day < wanted_.end)
    if wanted_.status is not None:
        found.append(t.c.state == wanted_.status)
    elif not wanted_.with_removed:
        found.append(t.c.state != REMOVED)
    if wanted_.category is not None:
        found.append(sa.func.coalesce(_word(owner, "category"), t.c.category) == wanted_.category)
    if not wanted_.with_hidden:
        unwanted = sa.select(said.c.id).where(owner.of(said), said.c.kind.in_(("hidden", "deleted")))
        found.append(t.c.id.not_in(unwanted))
    if wanted_.after is not None:
        found.append(_after(db, owner, wanted_.after))
    return found


def _after(db: sa.Connection, owner: Owner, after: int) -> Any:
    day = db.scalar(sa.select(transactions.c.day).where(owner.of(transactions, id=after)))
    if day is None:
        raise InvalidInput("The cursor names a transaction that the book does not have; begin again without it.")
    t = transactions
    return sa.or_(t.c.day < day, sa.and_(t.c.day == day, t.c.id < after))


def _word(owner: Owner, kind: str) -> Any:
    """Return what a person says of a transaction, as a part of a question about transactions."""
    return sa.select(said.c.value).where(owner.of(said, kind=kind), said.c.id == transactions.c.id).scalar_subquery()


def with_words(db: sa.Connection, owner: Owner, rows: Sequence[Any]) -> list[BookTransaction]:
    """Return transactions, rows of `SHOWN`, with what a person says about each."""
    found = Accounts(db, owner)
    ask = sa.select(said.c.id, said.c.kind, said.c.value).where(owner.of(said))
    spoken: dict[int, dict[str, str]] = {}
    for row, kind, value in wanted(db, ask, said.c.id, [row[0] for row in rows], most=8):
        spoken.setdefault(row, {})[kind] = value
    return [_transaction(row, found, spoken.get(row[0], _SILENT)) for row in rows]


SHOWN = tuple(
    transactions.c[name]
    for name in [
        "id",
        "account",
        "source",
        "vendor_id",
        "day",
        "text",
        "currency",
        "amount",
        "state",
        "category",
        "counterparty",
    ]
)
_SILENT: dict[str, str] = {}
_made = quick(BookTransaction)
_money_made = quick(Money)
_STATUS = {PENDING: TransactionStatus.PENDING, POSTED: TransactionStatus.POSTED, REMOVED: TransactionStatus.POSTED}
_CATEGORY = {each.value: each for each in Category}


def _transaction(row: Any, accounts: Accounts, words: dict[str, str]) -> BookTransaction:
    # by place: asked for by name, a row of SQLAlchemy takes two microseconds a value
    id, account, source, vendor_id, day, text, currency, amount, state, category, counterparty = row
    return _made(
        id=id,
        account_id=accounts.target(account),
        date=day,
        amount=_money_made(amount, currency),  # checked when it was written
        status=_STATUS[state],
        description=text,
        category=words.get("category") or category,
        vendor_category=_CATEGORY.get(category, Category.UNKNOWN),
        counterparty=counterparty,
        note=words.get("note"),
        split=_parts(words["split"], currency) if "split" in words else (),
        linked_id=int(words["link"]) if "link" in words else None,
        hidden="hidden" in words,
        deleted="deleted" in words,
        removed=state == REMOVED,
        source=source,
        vendor_id=vendor_id,
    )


def _parts(text: str, currency: str) -> tuple[SplitPart, ...]:
    return tuple(
        SplitPart(category=each["category"], amount=Money(Decimal(each["amount"]), currency), note=each.get("note"))
        for each in msgspec.json.decode(text)
    )


def question_rows(db: sa.Connection, owner: Owner) -> list[OpenQuestion]:
    """Return what a person has not answered yet, the oldest first."""
    ask = (
        sa.select(doubts)
        .where(owner.of(doubts), doubts.c.same.is_(None), *_ABOUT_TRANSACTIONS)
        .order_by(doubts.c.at, doubts.c.row, doubts.c.other)
    )
    rows = db.execute(ask).all()
    ids = sorted({each for row in rows for each in (row.row, row.other)})
    stored = wanted(db, sa.select(*SHOWN).where(owner.of(transactions)), transactions.c.id, ids)
    found = {each.id: each for each in with_words(db, owner, stored)}
    return [
        OpenQuestion(
            id=row.row,
            other_id=row.other,
            kind=row.kind,
            transaction=found[row.row],
            other=found[row.other],
            asked_at=row.at,
        )
        for row in rows
    ]


def account_question_rows(db: sa.Connection, owner: Owner) -> list[AccountQuestion]:
    """Return which accounts a person has not said yet to be one or two, the oldest first."""
    mine = sa.and_(owner.of(doubts, kind=ABOUT_ACCOUNTS), doubts.c.same.is_(None))
    ask = sa.select(doubts).where(mine).order_by(doubts.c.at, doubts.c.row, doubts.c.other)
    found = {each.id: each for each in account_rows(db, owner)}
    return [
        AccountQuestion(id=row.row, other_id=row.other, account=found[row.row], other=found[row.other], asked_at=row.at)
        for row in db.execute(ask)
        if row.row in found and row.other in found
    ]


def holding_rows(db: sa.Connection, owner: Owner, on: date | None) -> list[BookHolding]:
    """Return what each account held on a day, by its last snapshot that is not after it."""
    found: list[BookHolding] = []
    for account, told in sorted(last_snapshots(db, owner, Accounts(db, owner), on).items()):
        rows = held_rows(db, owner, told)
        found += [holding_of(row, told, account) for row in rows if row.quantity or row.kind != SET]
    return found


def last_snapshots(
    db: sa.Connection, owner: Owner, known: Accounts, on: date | None, without: Collection[str] = ()
) -> dict[int, Any]:
    """Return the last snapshot of each account until a day; of one that is read in two ways, the fresher.

    Args:
        without: sources whose word does not count.
    """
    s = snapshots
    last = sa.select(s.c.account, sa.func.max(sa.type_coerce(s.c.day, sa.Text())).label("day")).where(owner.of(s))
    if on is not None:
        last = last.where(s.c.day <= on)
    newest = last.group_by(s.c.account).subquery()
    same = sa.and_(s.c.account == newest.c.account, sa.type_coerce(s.c.day, sa.Text()) == newest.c.day)
    found: dict[int, Any] = {}
    for row in db.execute(sa.select(s).join(newest, same).where(owner.of(s)).order_by(s.c.account)):
        account = known.target(row.account)
        if row.source not in without and (account not in found or found[account].at < row.at):
            found[account] = row
    return found


def held_rows(db: sa.Connection, owner: Owner, told: Any) -> Sequence[Any]:
    """Return the rows of `holdings` that a snapshot is made of."""
    mine = sa.and_(owner.of(holdings, account=told.account), holdings.c.day == told.day)
    return db.execute(sa.select(holdings).where(mine).order_by(holdings.c.vendor_id)).all()


def all_holding_rows(db: sa.Connection, owner: Owner) -> list[BookHolding]:
    """Return what each account held on every day with a snapshot."""
    found = Accounts(db, owner)
    s, h = snapshots, holdings
    held = sa.and_(*(h.c[name] == s.c[name] for name in ("tenant", "user_id", "account", "day")))
    ask = sa.select(*h.c, s.c.source, s.c.at).select_from(s).join(h, held).where(owner.of(s))
    rows = db.execute(ask.order_by(h.c.account, h.c.day, h.c.vendor_id)).all()
    return [holding_of(row, row, found.target(row.account)) for row in rows]


def holding_of(row: Any, snapshot: Any, account: int) -> BookHolding:
    """Return a row of `holdings` as a record, told by its snapshot, under the account that it counts for."""
    return BookHolding(
        account_id=account,
        day=row.day,
        at=snapshot.at,
        instrument=row.instrument,
        name=row.name,
        quantity=row.quantity,
        price=row.price,
        value=_money(row.value, row.currency),
        basis=_money(row.basis, row.currency),
        currency=row.currency,
        source=snapshot.source,
        kind=None if row.kind in (SET, CARRIED) else row.kind,
        asset_class=AssetClass(row.asset_class) if row.asset_class else AssetClass.UNKNOWN,
        average_price=row.average_price,
        identifier=row.identifier,
    )


def trade_rows(
    db: sa.Connection, owner: Owner, account_id: int | None, start: date | None, end: date | None, limit: int
) -> list[BookTrade]:
    """Return what was bought, sold and paid, newest first."""
    t = trades
    found = Accounts(db, owner)
    ask = sa.select(t).where(owner.of(t), t.c.state != REMOVED)
    if account_id is not None:
        if account_id not in found.kept:
            raise InvalidInput(f"The book has no account {account_id}.")
        ask = ask.where(t.c.account.in_(sorted(found.all_of(found.target(account_id)))))
    if start is not None:
        ask = ask.where(t.c.day >= start)
    if end is not None:
        ask = ask.where(t.c.day < end)
    ask = ask.order_by(sa.type_coerce(t.c.day, sa.Text()).desc(), t.c.id.desc()).limit(limit)
    return [_trade(row, found) for row in db.execute(ask)]


def _trade(row: Any, accounts: Accounts) -> BookTrade:
    return BookTrade(
        id=row.id,
        account_id=accounts.target(row.account),
        date=row.day,
        at=row.at,
        kind=row.kind,
        instrument=row.instrument,
        quantity=row.quantity,
        price=row.price,
        amount=_money(row.amount, row.currency),
        description=row.text,
        source=row.source,
        vendor_id=row.vendor_id,
        type=deal_kind(row.kind, row.quantity),
        symbol=row.symbol,
        identifier=row.identifier,
        settled=row.settled,
        fee=_money(row.fee, row.currency),
        reference=row.reference,
    )


def trade_question_rows(db: sa.Connection, owner: Owner) -> list[TradeQuestion]:
    """Return which trades a person has not said yet to be one or two, the oldest first."""
    mine = sa.and_(owner.of(doubts), doubts.c.same.is_(None), doubts.c.kind.startswith(ABOUT_TRADES))
    asked = db.execute(sa.select(doubts).where(mine).order_by(doubts.c.at, doubts.c.row, doubts.c.other)).all()
    ids = sorted({each for row in asked for each in (row.row, row.other)})
    stored = wanted(db, sa.select(trades).where(owner.of(trades), trades.c.state != REMOVED), trades.c.id, ids)
    accounts = Accounts(db, owner)
    found = {row.id: _trade(row, accounts) for row in stored}
    return [
        TradeQuestion(
            id=row.row,
            other_id=row.other,
            kind=row.kind.removeprefix(ABOUT_TRADES),
            trade=found[row.row],
            other=found[row.other],
            asked_at=row.at,
        )
        for row in asked
        if row.row in found and row.other in found
    ]


def _money(amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else Money(amount, currency)


def read(engine: sa.Engine, ask: Any, *args: Any) -> Any:
    """Run one of the questions above in a transaction of its own.

    Raises:
        BookUnavailable: the database cannot be read now.
    """
    with reading(engine) as db, collector_paused():
        return ask(db, *args)
