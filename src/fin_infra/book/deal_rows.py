"""Deals of a run as rows: each is one that the book knows by its id, by equal content, or a new one.
Floor 6: inside the transaction of the page; what a run would have shown and does not show was taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from fin_infra.book.columns import decimal_text, microseconds
from fin_infra.book.deal_doubts import ask_about, match_deals, told_by, unite_deals
from fin_infra.book.deal_facts import DEAL, Kept, deals_of, deals_where, name_deals, put_deals, told_of
from fin_infra.book.deal_orders import ask_about_orders
from fin_infra.book.documents import is_connection
from fin_infra.book.engine import put, wanted
from fin_infra.book.lease import Owner
from fin_infra.book.log import Log
from fin_infra.book.merge import POSTED, REMOVED
from fin_infra.book.pages import NO_CURRENCY, Deal, Page
from fin_infra.book.tables import aliases, trades
from fin_infra.book.trade_match import Question, Trade


@dataclass(slots=True)
class DealsShown:
    """What all pages of a run say of deals."""

    names: set[str] = field(default_factory=set[str])
    windows: dict[str, date] = field(default_factory=dict[str, date])

    def add(self, page: Page) -> None:
        self.names.update(deal.vendor_id for deal in page.deals)
        self.windows.update((window.account, window.start) for window in page.deal_windows)


@dataclass(slots=True)
class _Stored:
    """What the book has that deals may touch."""

    names: dict[str, int]
    rows: dict[int, Kept]
    gone: dict[int, Kept]


def write_deals(
    db: sa.Connection,
    owner: Owner,
    log: Log,
    deals: Sequence[Deal],
    shown: DealsShown,
    accounts: Mapping[str, int],
    currencies: Mapping[int, str],
) -> None:
    """Write deals by their vendor's id; one that says what it said before changes nothing.

    A vendor may give a deal another id: one of a further id is the row of equal content that the run does not show any
    more, as often as they occur.

    Args:
        currencies: what accounts are kept in, for a deal without an amount whose currency nobody names.
    """
    if not deals:
        return
    told = {deal.vendor_id: _kept(deal, log.source, accounts[deal.account], currencies) for deal in deals}
    stored = _stored(db, owner, log.source, [DEAL + name for name in told], shown, accounts)
    pool: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row, kept in sorted(stored.gone.items()):
        pool[kept.content].append(row)
    before, fresh = dict(stored.rows), list[Kept]()
    changed: dict[int, Kept] = {}
    renamed: list[tuple[str, int]] = []
    for new in told.values():
        known = _row_of(new, stored, pool, shown)
        if known is None:
            fresh.append(new)
            continue
        if _has_the_word(new, stored.rows[known]):
            changed[known] = stored.rows[known] = new
        if DEAL + new.vendor_id not in stored.names:
            renamed.append((new.vendor_id, known))
    put_deals(db, owner, log, changed, before)
    name_deals(db, owner, log.source, renamed)
    _write_fresh(db, owner, log, fresh)
    corrected = {row: new for row, new in changed.items() if new.content != before[row].content}
    _take_in(db, owner, log, corrected)
    _ask_about_orders(db, owner, log, [*fresh, *corrected.values()])


def _ask_about_orders(db: sa.Connection, owner: Owner, log: Log, deals: Sequence[Kept]) -> None:
    days: defaultdict[int, set[date]] = defaultdict(set)
    for deal in deals:
        days[deal.account].add(date.fromisoformat(deal.day))
    for account, told in days.items():
        ask_about_orders(db, owner, log, account, told)


def _has_the_word(new: Kept, old: Kept) -> bool:
    """Tell whether a deal comes from who told it before; what another connection tells of it stays that one's."""
    return old.source == new.source or not is_connection(old.source) or (old.state, new.state) == (REMOVED, POSTED)


def _write_fresh(db: sa.Connection, owner: Owner, log: Log, deals: Sequence[Kept]) -> None:
    """Write deals that are told for the first time: as rows that others have told, or as new ones."""
    fresh = sorted(deals, key=lambda deal: deal.state == REMOVED)  # what was canceled is the last to be another's
    by_account: defaultdict[int, list[Trade]] = defaultdict(list)
    for number, deal in enumerate(fresh):
        by_account[deal.account].append(Trade(number, (told_of(deal, log.source),)))
    same: dict[int, int] = {}
    asked: list[tuple[int, Question]] = []
    for account, told in by_account.items():
        found = match_deals(db, owner, log.source, account, told)
        same |= found.same
        asked += [(account, each) for each in found.questions if fresh[each.new].state == POSTED]
    old = deals_of(db, owner, same.values())
    taken = {same[number]: deal for number, deal in enumerate(fresh) if number in same}
    put_deals(db, owner, log, {row: new for row, new in taken.items() if _has_the_word(new, old[row])}, old)
    rows = {number: log.add("trade", "added") for number in range(len(fresh)) if number not in same}
    put(db, trades, [(owner.tenant, owner.user_id, row, *fresh[number]) for number, row in rows.items()])
    name_deals(db, owner, log.source, [(deal.vendor_id, (same | rows)[at]) for at, deal in enumerate(fresh)])
    for account, each in asked:
        ask_about(db, owner, log, account, [each._replace(new=rows[each.new])])


def _take_in(db: sa.Connection, owner: Owner, log: Log, renewed: Mapping[int, Kept]) -> None:
    """Take in rows of others whose content a corrected deal has come to have."""
    for row, deal in renewed.items():
        if deal.state == POSTED:
            sources = told_by(db, owner, [row])[row]
            told = Trade(row, (told_of(deal, log.source),), sources)
            for newer in match_deals(db, owner, log.source, deal.account, [told]).same.values():
                unite_deals(db, owner, log, newer, row)


def remove_gone(db: sa.Connection, owner: Owner, log: Log, shown: DealsShown, accounts: Mapping[str, int]) -> None:
    """Remove what the whole run would have shown and does not show."""
    old = _gone(db, owner, log.source, shown, accounts)
    put_deals(db, owner, log, {row: kept._replace(state=REMOVED) for row, kept in old.items()}, old)


def _row_of(new: Kept, stored: _Stored, pool: Mapping[tuple[Any, ...], list[int]], shown: DealsShown) -> int | None:
    """Return the row that a deal is; None where it is a new one."""
    row = stored.names.get(DEAL + new.vendor_id)
    if row is not None:
        current = stored.rows[row]
        if current.source != new.source or current.vendor_id == new.vendor_id or current.vendor_id not in shown.names:
            return row
    elif pool.get(new.content):
        return pool[new.content].pop(0)
    return None  # also where another deal of equal content has been given the row since, and both are shown


def _stored(
    db: sa.Connection, owner: Owner, source: str, names: list[str], shown: DealsShown, accounts: Mapping[str, int]
) -> _Stored:
    ask = sa.select(aliases.c.vendor_id, aliases.c.id).where(owner.of(aliases, source=source))
    known: dict[str, int] = dict(wanted(db, ask, aliases.c.vendor_id, names))
    rows = deals_of(db, owner, set(known.values()))
    gone = _gone(db, owner, source, shown, accounts) if len(known) < len(names) else {}
    return _Stored(known, gone | rows, gone)


def _gone(
    db: sa.Connection, owner: Owner, source: str, shown: DealsShown, accounts: Mapping[str, int]
) -> dict[int, Kept]:
    """Return the rows that a run does not show although its windows cover them."""
    starts = {accounts[name]: start for name, start in shown.windows.items() if name in accounts}
    if not starts:
        return {}
    t = trades
    recent = sa.and_(t.c.account.in_(sorted(starts)), t.c.day >= min(starts.values()), t.c.state == POSTED)
    rows = deals_where(db, owner.of(t, source=source), recent)
    return {
        row: kept
        for row, kept in rows.items()
        if kept.day >= starts[kept.account].isoformat() and kept.vendor_id not in shown.names
    }


def _kept(deal: Deal, source: str, account: int, currencies: Mapping[int, str]) -> Kept:
    unnamed = deal.amount is None and deal.currency == NO_CURRENCY
    return Kept(
        account=account,
        source=source,
        vendor_id=deal.vendor_id,
        day=deal.day.isoformat(),
        at=None if deal.at is None else microseconds(deal.at),
        kind=deal.kind,
        instrument=deal.instrument,
        quantity=decimal_text(deal.quantity) if deal.quantity is not None else None,
        price=decimal_text(deal.price) if deal.price is not None else None,
        amount=decimal_text(deal.amount) if deal.amount is not None else None,
        currency=currencies[account] if unnamed else deal.currency,
        text=deal.text,
        state=REMOVED if deal.canceled else POSTED,
        symbol=deal.symbol,
        fee=decimal_text(deal.fee) if deal.fee is not None else None,
        reference=deal.reference,
    )
