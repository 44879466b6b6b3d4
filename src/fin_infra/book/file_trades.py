"""The trades of a statement as deals of the book: which it has, which are new, which are asked, and taking them back.
Floor 6: inside the import's transaction; a trade is named by its place among those of the file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from fin_infra.book.accounts import Accounts
from fin_infra.book.columns import decimal_text
from fin_infra.book.deal_doubts import ask_about, schemes, settled_at, told_by
from fin_infra.book.deal_facts import DEAL, Kept, deals_of, deals_where, name_deals, put_deals, told_of
from fin_infra.book.deal_kinds import DealKind, deal_kind
from fin_infra.book.deal_orders import ask_about_orders, pairs_asked
from fin_infra.book.documents import SOURCE, Group, is_connection, parts_in, trades_of
from fin_infra.book.engine import put, wanted
from fin_infra.book.file_sealing import FileSealer
from fin_infra.book.import_records import TradeCounts
from fin_infra.book.lease import Owner
from fin_infra.book.log import Log
from fin_infra.book.merge import POSTED, REMOVED
from fin_infra.book.tables import aliases, document_parts, trades
from fin_infra.book.trade_match import Matched, Told, Trade, match_trades
from fin_infra.book.trade_parts import find_orders
from fin_infra.book.words import withdraw
from fin_infra.model import StatementTrade


@dataclass(slots=True)
class StoredTrades:
    """The trades of an account, each with the words by which files and a connection know it."""

    rows: dict[int, Kept] = field(default_factory=dict[int, Kept])
    trades: list[Trade] = field(default_factory=list[Trade])


@dataclass(slots=True)
class TradeDecision:
    """What becomes of the trades of one account's part of a file, by their numbers."""

    told: dict[int, Kept]
    stored: StoredTrades
    matched: Matched
    of_orders: set[int] = field(default_factory=set[int])
    """New ones that may be an order of which others tell the fills, or the fills themselves."""

    def comes_back(self, number: int) -> bool:
        """Tell whether it is the row of an import that was undone."""
        row = self.matched.same.get(number)
        return row is not None and self.stored.rows[row].state == REMOVED and _is_file(self.stored.rows[row])

    @property
    def counts(self) -> TradeCounts:
        known = {number for number in self.matched.same if not self.comes_back(number)}
        asked = {each.new for each in self.matched.questions} | self.of_orders
        unknown = sum(deal_kind(each.kind, _units(each)) is DealKind.UNKNOWN for each in self.told.values())
        new = len(self.told) - len(known) - len(asked)
        return TradeCounts(new=new, known=len(known), asked=len(asked), unknown=unknown)


def stored_trades(db: sa.Connection, owner: Owner, sealer: FileSealer, accounts: Accounts, target: int) -> StoredTrades:
    """Return what the book has of an account: what counts, and what may come back with its file.

    A trade that its broker has taken back is known only by the words that a file had of it: it does not come again.
    """
    every = sorted(accounts.all_of(target))
    found = deals_where(db, owner.of(trades), trades.c.account.in_(every))
    rows = {row: kept for row, kept in found.items() if not kept.is_united}
    worded, sources, scheme = _worded(db, owner, sealer, every), told_by(db, owner, rows), schemes(db, owner)
    stored = StoredTrades(rows)
    for row, kept in rows.items():
        own = () if kept.state == REMOVED and is_connection(kept.source) else (told_of(kept, scheme(kept.source)),)
        fills, others = _fills(worded.get(row, {}))
        told = [tuple(dict.fromkeys((*own, *others))), *((fill,) for fill in fills)]
        stored.trades += [
            Trade(row, words, sources.get(row, frozenset()), kept.state == REMOVED) for words in told if words
        ]
    return stored


def _fills(worded: Mapping[str, list[Told]]) -> tuple[list[Told], list[Told]]:
    """Return the words of the file that tells most of a row as fills, and those of others that tell it once."""
    most = max(worded.values(), key=len, default=list[Told]())
    once = [words for told in worded.values() if len(told) == 1 for words in told]
    return (most, once) if len(most) > 1 else ([], once)


def _worded(
    db: sa.Connection, owner: Owner, sealer: FileSealer, accounts: list[int]
) -> Mapping[int, Mapping[str, list[Told]]]:
    """Return what files say of each row, by file."""
    names = sa.select(aliases.c.source, aliases.c.vendor_id, aliases.c.id)
    of_files = sa.and_(aliases.c.source.startswith(SOURCE), aliases.c.vendor_id.startswith(DEAL))
    named = {(source, name): row for source, name, row in db.execute(names.where(owner.of(aliases), of_files))}
    scheme = schemes(db, owner)
    found: defaultdict[int, defaultdict[str, list[Told]]] = defaultdict(lambda: defaultdict(list))
    for (document, number), trade in trades_of(db, owner, sealer, parts_in(db, owner, accounts)).items():
        source = f"{SOURCE}{document}"
        row = named.get((source, f"{DEAL}{number}"))
        if row is not None:
            found[row][source].append(told_of(kept_of(number, trade, 0, source), scheme(source)))
    return found


def decide_trades(
    db: sa.Connection, owner: Owner, group: Group, format: str, target: int | None, stored: StoredTrades
) -> TradeDecision:
    """Sort the trades of a file into those that the book has, new ones, and those that are asked."""
    account = 0 if target is None else target
    told = {number: kept_of(number, trade, account, "", group.account.currency) for number, trade in group.trades}
    new = [Trade(number, (told_of(kept._replace(source=SOURCE), format),)) for number, kept in told.items()]
    settled = settled_at(db, owner, account) if target is not None else None
    matched = match_trades(new, stored.trades, settled) if settled else Matched({}, [])
    return TradeDecision(told, stored, matched, _of_orders(db, owner, new, stored, matched))


def _of_orders(db: sa.Connection, owner: Owner, new: list[Trade], stored: StoredTrades, matched: Matched) -> set[int]:
    """Return which new trades an import will ask about, as parts of an order or the order of parts."""
    known = set(matched.same.values())
    mine = frozenset({SOURCE})
    there = {each.row: each for each in reversed(stored.trades) if not each.is_gone}  # the row's own words stay
    told = [replace(each, sources=each.sources | mine) if each.row in known else each for each in there.values()]
    fresh = [replace(each, row=-1 - each.row, sources=mine) for each in new if each.row not in matched.same]
    if not (told and fresh):
        return set()
    found = find_orders([*told, *fresh], pairs_asked(db, owner))
    return {-1 - row for order in found for row in (order.total, *order.parts) if row < 0}


def write_trades(db: sa.Connection, owner: Owner, log: Log, account: int, decision: TradeDecision) -> TradeCounts:
    """Write what is new, let what is known name its rows, and ask about the rest."""
    told = {number: kept._replace(source=log.source) for number, kept in decision.told.items()}
    rows = dict(decision.matched.same)
    back = {rows[number]: told[number] for number in rows if decision.comes_back(number)}
    put_deals(db, owner, log, back, decision.stored.rows)
    fresh = {number: log.add("trade", "added") for number in told if number not in rows}
    put(db, trades, [(owner.tenant, owner.user_id, row, *told[number]) for number, row in fresh.items()])
    rows |= fresh
    name_deals(db, owner, log.source, [(str(number), row) for number, row in rows.items()])
    ask_about(db, owner, log, account, [each._replace(new=rows[each.new]) for each in decision.matched.questions])
    days = {date.fromisoformat(told[number].day) for number in fresh}
    asked = ask_about_orders(db, owner, log, account, days)
    decision.of_orders = {number for number, row in fresh.items() if row in asked}
    return decision.counts


def kept_of(number: int, trade: StatementTrade, account: int, source: str, currency: str = "XXX") -> Kept:
    """Return a trade of a file as it is stored; `currency` is its account's, for one that moves no money."""
    money = next((each for each in (trade.amount, trade.unit_price, trade.fee) if each is not None), None)
    scheme, code = (trade.id_type or "", trade.security_id) if trade.id_type != "TICKER" else ("", None)
    named = f"{scheme or 'ID'} {code}" if code else f"NAME {trade.name}" if trade.name and not trade.ticker else None
    words = (trade.type_text, trade.name or trade.ticker or "")
    return Kept(
        account=account,
        source=source,
        vendor_id=str(number),
        day=trade.day.isoformat(),
        at=None,
        kind=trade.type_text.casefold(),
        instrument=None,  # a ticker alone does not say of which venue
        quantity=_text(trade.units),
        price=_text(trade.unit_price.amount if trade.unit_price else None),
        amount=_text(trade.amount.amount if trade.amount else None),
        currency=money.currency if money else currency,
        text="; ".join(filter(None, (" ".join(filter(None, words)), trade.memo))),
        state=POSTED,
        symbol=trade.ticker,
        identifier=named,
        settled=trade.settled.isoformat() if trade.settled else None,
        fee=_text(trade.fee.amount if trade.fee else None),
        reference=trade.id,
    )


def take_trades_back(db: sa.Connection, owner: Owner, log: Log, sealer: FileSealer) -> None:
    """Take back what only the file of the log's source told; what a broker or another file tells too stays theirs."""
    mine = sa.and_(owner.of(aliases, source=log.source), aliases.c.vendor_id.startswith(DEAL))
    ids = sorted(set(db.scalars(sa.select(aliases.c.id).where(mine))))
    db.execute(aliases.delete().where(mine))
    rows = {row: kept for row, kept in deals_of(db, owner, ids).items() if kept.source == log.source}
    heirs = _heirs(db, owner, sealer, rows)
    now = {row: heirs.get(row) or kept._replace(state=REMOVED) for row, kept in rows.items() if not kept.is_united}
    put_deals(db, owner, log, now, rows)
    for row, kept in now.items():
        if kept.state == REMOVED:
            withdraw(db, owner, log, row)


def _heirs(db: sa.Connection, owner: Owner, sealer: FileSealer, rows: Mapping[int, Kept]) -> dict[int, Kept]:
    """Return what each row is that another source names too: a connection's, or the newest file's."""
    ask = sa.select(aliases.c.id, aliases.c.source, aliases.c.vendor_id).where(owner.of(aliases))
    named: dict[int, tuple[int, int]] = {}
    heirs: dict[int, Kept] = {}
    for row, source, name in wanted(db, ask, aliases.c.id, sorted(rows), most=1_000):
        if is_connection(source):
            heirs[row] = rows[row]._replace(source=source, vendor_id=name.removeprefix(DEAL))
        else:
            named[row] = max(named.get(row, (0, 0)), (int(source.removeprefix(SOURCE)), int(name.removeprefix(DEAL))))
    d = document_parts
    newest = sorted({document for document, _ in named.values()})
    parts = db.execute(sa.select(d.c.document, d.c.number).where(owner.of(d), d.c.document.in_(newest)))
    told = trades_of(db, owner, sealer, [(document, number) for document, number in parts])
    of_files = {
        row: kept_of(number, told[document, number], rows[row].account, f"{SOURCE}{document}", rows[row].currency)
        for row, (document, number) in named.items()
    }
    return of_files | heirs


def _is_file(kept: Kept) -> bool:
    return kept.source.startswith(SOURCE)


def _units(kept: Kept) -> Decimal | None:
    return None if kept.quantity is None else Decimal(kept.quantity)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)
