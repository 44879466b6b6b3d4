"""What a household holds, merged by instrument, as `read_holdings` and `merge_holdings` give it of vendors.
Floor 6: one transaction reads the last snapshot of each account; what is old says so, and is not left out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from fin_infra.analytics import merge_holdings
from fin_infra.book import history
from fin_infra.book.accounts import REMOVED, Accounts
from fin_infra.book.columns import EXACT
from fin_infra.book.lease import Owner
from fin_infra.book.log import PERSON
from fin_infra.book.pages import CASH, IN_CASH, UNREAD
from fin_infra.book.prices import UNPRICED
from fin_infra.book.read import connection_rows, held_rows, holding_of, last_snapshots
from fin_infra.book.readings import Market
from fin_infra.book.records import BookHolding, Connection, ConnectionState
from fin_infra.book.tables import balances
from fin_infra.book.worth_read import FILE, key_of
from fin_infra.errors import NotRemembered
from fin_infra.model import (
    AccountError,
    AccountType,
    AssetClass,
    CashBalance,
    HoldingAccount,
    Holdings,
    Money,
    Portfolio,
    Position,
    PositionSide,
)
from fin_infra.model.networth import UNREADABLE_ROW

_NO_ANSWER = (ConnectionState.LINKING, ConnectionState.STALE, ConnectionState.PERSON_MUST_ACT)
_CLOSES = timedelta(days=21)
"""How old a close may be that prices what a person said they hold."""
_OF_NAMESPACE = {"CRYPTO": AssetClass.CRYPTO, "OCC": AssetClass.OPTION}


def portfolio(db: sa.Connection, owner: Owner, on: date, currency: str | None) -> Portfolio:
    """Return the merged holdings of the end of a day; a connection that did not answer last time is in `errors`."""
    reader = _Reader(db, owner, on)
    reader.read()
    rates = None
    if currency is not None:
        tables = history.rates_of(db, on, on)
        last = tables.last(on.isoformat())
        rates = None if last is None else tables.table(last)
    return merge_holdings(reader.held(), currency=currency, rates=rates, on=on)


class _Reader:
    """Reads what every account held at the end of a day."""

    def __init__(self, db: sa.Connection, owner: Owner, on: date) -> None:
        self._db, self._owner, self._on = db, owner, on
        self._known = Accounts(db, owner)
        self._logins = {row.id: row for row in connection_rows(db, owner)}
        self._accounts: list[HoldingAccount] = []
        self._positions: list[Position] = []
        self._cash: list[CashBalance] = []
        self._errors: list[AccountError] = []

    def held(self) -> Holdings:
        asked = {account.connection_id for account in self._accounts}
        silent = [each for each in self._logins.values() if each.id in asked and each.state in _NO_ANSWER]
        return Holdings(
            accounts=tuple(self._accounts),
            positions=tuple(_priced(self._db, each, self._on) for each in self._positions),
            balances=tuple(self._cash),
            errors=(*self._errors, *map(_unanswered, silent)),
        )

    def read(self) -> None:
        ended = {login for login in self._logins if self._ended(login)}
        told = last_snapshots(self._db, self._owner, self._known, self._on, ended)
        for account, row in told.items():
            if self._known.kept[account].status != REMOVED:
                one = self._account(account, row.source, row.at)
                for each in held_rows(self._db, self._owner, row):
                    self._add(holding_of(each, row, account), one)
                self._balance(one, row.account, row.source)
        for account, kept in sorted(self._known.kept.items()):
            login = self._logins.get(kept.source)
            ours = self._known.target(account) == account and kept.type == AccountType.INVESTMENT
            if ours and account not in told and login is not None and not self._ended(login.id):
                one = self._account(account, login.id, login.synced_at or login.since)
                self._balance(one, account, login.id)
                self._fail(one, NotRemembered.code, "what it holds was never told")

    def _ended(self, source: str) -> bool:
        """Tell whether the connection that told it had been ended by that day."""
        login = self._logins.get(source)
        return login is not None and login.state is ConnectionState.REVOKED and login.since.date() <= self._on

    def _account(self, account: int, source: str, at: datetime) -> HoldingAccount:
        kept, login = self._known.kept[account], self._logins.get(source)
        one = HoldingAccount(
            source=login.provider if login is not None else PERSON if kept.source == PERSON else FILE,
            as_of=at,
            id=str(account),
            connection_id=source,
            institution=kept.institution,
            name=kept.name,
            number=None,
            status=kept.status,
            category=None,
            is_paper=None,
            total=None,
            holdings_synced_at=at,
        )
        self._accounts.append(one)
        return one

    def _add(self, row: BookHolding, account: HoldingAccount) -> None:
        if row.kind == UNREAD:
            self._fail(account, UNREADABLE_ROW, row.name)
        elif row.kind == CASH:
            self._cash.append(_purse(account, row.at, row.currency, row.value))
        elif row.quantity:
            self._positions.append(_position(row, account))

    def _balance(self, account: HoldingAccount, row: int, source: str) -> None:
        """Add the cash beside the holdings: the last balance by that day from who tells the holdings."""
        b = balances
        ask = sa.select(b).where(self._owner.of(b, account=row, source=source), b.c.day <= self._on)
        last = self._db.execute(ask.order_by(sa.type_coerce(b.c.day, sa.Text()).desc()).limit(1)).first()
        if last is not None:
            cash = None if last.current is None else Money(last.current, last.currency)
            self._cash.append(_purse(account, last.at, last.currency, cash))

    def _fail(self, account: HoldingAccount, code: str, message: str) -> None:
        self._errors.append(
            AccountError(
                provider=account.source, operation="positions", code=code, message=message, account_id=account.id
            )
        )


def _position(row: BookHolding, account: HoldingAccount) -> Position:
    key = key_of(row.instrument)
    gain = None
    if row.value is not None and row.basis is not None and row.value.currency == row.basis.currency:
        gain = row.value - row.basis
    kind = row.asset_class
    if kind is AssetClass.UNKNOWN and key is not None:
        kind = _OF_NAMESPACE.get(key.namespace, kind)
    return Position(
        source=account.source,
        as_of=row.at,
        account_id=account.id,
        key=key,
        asset_class=kind,
        side=PositionSide.SHORT if row.quantity < 0 else PositionSide.LONG,
        quantity=row.quantity,
        available_quantity=None,
        currency=row.currency,
        average_entry_price=row.average_price,
        current_price=row.price,
        market_value=row.value,
        cost_basis=row.basis,
        unrealized=gain,
        symbol_text=row.name,
        in_cash=row.kind == IN_CASH,
        identifier=row.identifier,
    )


def _purse(account: HoldingAccount, at: datetime, currency: str, cash: Money | None) -> CashBalance:
    return CashBalance(
        source=account.source, as_of=at, account_id=account.id, currency=currency, cash=cash, buying_power=None
    )


def _priced(db: sa.Connection, held: Position, on: date) -> Position:
    """Price what a person said they hold by the last close of the book; its quantity is in shares of that day."""
    if held.source != PERSON or held.key is None or held.key.namespace in UNPRICED:
        return held
    subject, said = history.subject_of(held.key), held.as_of.date()
    closes, cuts = history.closes(db, subject, on - _CLOSES, on + timedelta(days=1)), history.splits_of(db, subject)
    if not closes:
        return held
    market = Market([(close.day.isoformat(), close.price, close.currency) for close in closes], cuts)
    *_, last = market.readings(said.isoformat(), None, held.quantity, None, held.currency)
    return replace(
        held,
        quantity=EXACT.multiply(held.quantity, history.factor(cuts, said, on)),
        currency=last.currency,
        current_price=None if history.factor(cuts, closes[-1].day, on) != 1 else closes[-1].price,
        market_value=Money(last.amount, last.currency) if isinstance(last.amount, Decimal) else None,
    )


def _unanswered(login: Connection) -> AccountError:
    since = "it was never synced to its end" if login.synced_at is None else f"what is here is of {login.synced_at:%F}"
    reason = f"{login.reason} " if login.reason else ""
    return AccountError(provider=login.provider, operation="sync", code=login.state.value, message=f"{reason}({since})")
