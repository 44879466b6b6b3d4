"""One history of a broker: a broker that lives, shown by its own login or by an aggregator, and a book synced of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from fin_infra.book import logins, read, tables
from fin_infra.book.brokers import AggregatorSource, BrokerSource
from fin_infra.book.engine import Database, reading
from fin_infra.book.lease import LEASE, Owner
from fin_infra.book.tables import balances, holdings, snapshots
from fin_infra.flow.call import tell_of_rows
from fin_infra.model import (
    ActivityStatus,
    AssetClass,
    BrokerAccount,
    BrokerActivity,
    CashBalance,
    HoldingAccount,
    Listing,
    Money,
    Position,
    PositionSide,
    RowError,
    Side,
)
from fin_infra.normalize import instrument
from tests.book.broker import SYMBOLS, Broker, Deed, Look
from tests.book.driving import Driven

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ODD = "the quantity should be a number, of "
KEYS = {symbol: instrument(symbol) for symbol in SYMBOLS}
ROWS = (
    *("vendor_id", "instrument", "name", "quantity", "price", "value", "basis", "currency", "kind"),
    *("asset_class", "average_price", "identifier"),
)
LEVEL = ("currency", "current", "available")


class Login:
    """The broker's own API, for the one account of a login."""

    can = frozenset({"account", "positions", "activities"})
    info = SimpleNamespace(title="Model Broker")

    def __init__(self, broker: Broker, clock: Any) -> None:
        self.broker, self.clock = broker, clock

    def account(self) -> BrokerAccount:
        cash = Money(dict(self.broker.look("account-0").cash)["USD"], "USD")
        return BrokerAccount(
            source="m", as_of=self.clock(), id="account-0", number=None, status="ACTIVE", currency="USD",
            cash=cash, equity=cash, buying_power=cash,
        )  # fmt: skip

    def positions(self) -> Listing[Position]:
        return self._positions(self.broker.look("account-0"), self.clock())

    def activities(self, *, start: datetime | None = None) -> Iterator[BrokerActivity]:
        return self._activities("account-0", None if start is None else start.date())

    def _positions(self, look: Look, at: datetime) -> Listing[Position]:
        odd = [
            RowError(place=f"positions[{number}]", reason=f"{ODD}{lot.symbol}", id=lot.symbol)
            for number, lot in enumerate(look.lots)
            if lot.odd
        ]
        return Listing((_position(lot, at) for lot in look.lots if not lot.odd), errors=odd)

    def _activities(self, account: str, start: date | None) -> Iterator[BrokerActivity]:
        for number, deed in enumerate(self.broker.done(account, start)):
            if deed.odd:
                tell_of_rows([RowError(place=f"activities[{number}]", reason="the day is no day", id=deed.vendor_id)])
            else:
                yield _activity(deed, self.clock())


class Aggregator(Login):
    """All accounts of a person at once; it may show what it saw some time ago."""

    can = frozenset({"accounts", "balances", "positions", "activities"})

    def accounts(self) -> Listing[HoldingAccount]:
        return Listing(self._account(number, name) for number, name in enumerate(sorted(self.broker.accounts)))

    def _account(self, number: int, name: str) -> HoldingAccount:
        look = self.broker.look(name)
        return HoldingAccount(
            source="m", as_of=self.clock(), id=name, connection_id="c", institution="Model", name=None, number=None,
            status="open", category=None, is_paper=False, total=None if number else Money(Decimal(1), "USD"),
            holdings_synced_at=look.at if self.broker.accounts[name].stale else None,
        )  # fmt: skip

    def balances(self, account_id: str) -> Listing[CashBalance]:
        return Listing(
            CashBalance(
                source="m", as_of=self.clock(), account_id=account_id, currency=currency,
                cash=Money(amount, currency), buying_power=None,
            )
            for currency, amount in self.broker.look(account_id).cash
        )  # fmt: skip

    def positions(self, account_id: str) -> Listing[Position]:  # type: ignore[override]  # of an account
        look = self.broker.look(account_id)
        return self._positions(look, look.at if self.broker.accounts[account_id].stale else self.clock())

    def activities(self, account_id: str, *, start: date | None = None) -> Iterator[BrokerActivity]:  # type: ignore[override]  # of an account
        return self._activities(account_id, start)


def _position(lot: Any, at: datetime) -> Position:
    return Position(
        source="m", as_of=at, account_id=None, key=KEYS[lot.symbol], asset_class=AssetClass.EQUITY,
        side=PositionSide.LONG if lot.quantity > 0 else PositionSide.SHORT, quantity=lot.quantity,
        available_quantity=None, currency="USD", average_entry_price=None, current_price=lot.price,
        market_value=Money(lot.quantity * lot.price, "USD"), cost_basis=None, unrealized=None, symbol_text=lot.symbol,
    )  # fmt: skip


def _activity(deed: Deed, at: datetime) -> BrokerActivity:
    side = {"buy": Side.BUY, "sell": Side.SELL}.get(deed.kind)
    return BrokerActivity(
        source="m", as_of=at, id=deed.vendor_id, type=deed.kind.upper(), at=None, day=deed.day,
        key=KEYS[deed.symbol] if deed.symbol else None, symbol_text=deed.symbol or "", side=side,
        quantity=abs(deed.quantity) if side and deed.quantity is not None else deed.quantity, price=deed.price,
        amount=None if deed.amount is None else Money(deed.amount, "USD"), status=ActivityStatus(deed.status),
    )  # fmt: skip


class BrokerWorld(Driven):
    def __init__(self, database: Database, seed: int, *, aggregator: bool) -> None:
        super().__init__(database, seed)
        self.broker = Broker(self.random, NOON, accounts=3 if aggregator else 1)
        self.aggregator = aggregator
        self.owner = Owner("default", f"{'aggregator' if aggregator else 'broker'}-{seed}")
        self.connection = logins.add(self.engine, self.owner, "brokerage:model", {}, None, NOON)
        self.trade_of: dict[int, int] = {}
        self.by_day: dict[date, Any] = {}
        self.last: dict[tuple[str, int], Any] = {}

    def clock(self) -> datetime:
        self.pass_time(timedelta(milliseconds=1))
        return self.broker.now

    def pass_time(self, time: timedelta) -> None:
        self.broker.now += time

    def vendor_moves(self) -> None:
        self.broker.happen()

    def counts(self) -> Counter[str]:
        return self.broker.happened + self.faults

    def source(self, size: int) -> Any:
        if self.aggregator:
            return AggregatorSource(Aggregator(self.broker, self.clock), size)  # type: ignore[arg-type]  # it has what is asked of one
        return BrokerSource(Login(self.broker, self.clock), size)  # type: ignore[arg-type]  # it has what is asked of one

    def quiet(self) -> None:
        """Let the broker stand still and sync; what nobody could read comes to be readable in between."""
        for ready in (False, True):
            if ready:
                self.broker.settle()
            self.pass_time(LEASE + timedelta(seconds=1))
            assert self.run(self.flow(quiet=True)) is True
            self.check(odd=not ready)
        before = self.head()
        assert self.run(self.flow(quiet=True)) is True
        assert self.head() == before, "a sync without news changed the book"
        self.by_day[self.broker.today] = self.held()
        self.pass_time(timedelta(days=1))

    # --- what the book says -------------------------------------------------------------------------------------
    def names(self) -> dict[int, str]:
        with reading(self.engine) as db:
            accounts = read.account_rows(db, self.owner)
            ask = sa.text("SELECT id, vendor_id FROM accounts WHERE tenant = :tenant AND user_id = :user_id")
            known = {each.currency for each in accounts} - {"XXX"}  # of one whose cash could not be read yet
            assert known <= {"USD"}, "the currency of an account changed"
            return dict(db.execute(ask, self.owner.scope).tuples().all())

    def held(self, on: date | None = None) -> dict[str, tuple[Counter[Any], tuple[Any, ...]]]:
        """Return positions and cash by account."""
        names = self.names()
        lots: dict[str, Counter[Any]] = {name: Counter() for name in names.values()}
        cash: dict[str, list[Any]] = {name: [] for name in names.values()}
        for row in read.read(self.engine, read.holding_rows, self.owner, on):
            name = names[row.account_id]
            if row.kind == "cash":
                cash[name].append((row.currency, row.quantity))
            elif row.kind == "unread":
                lots[name][("unread", row.name.split(ODD)[1].rstrip(")"))] += 1
            else:
                assert row.value == Money(row.quantity * row.price, "USD")
                lots[name][(row.name, row.quantity, row.price)] += 1
        for row in read.read(self.engine, read.balance_rows, self.owner, on):
            cash[names[row.account_id]].append((row.current.currency, row.current.amount))
        return {name: (lots[name], tuple(sorted(cash[name]))) for name in lots}

    def trades(self) -> list[tuple[int, str, tuple[Any, ...]]]:
        names = self.names()
        rows = read.read(self.engine, read.trade_rows, self.owner, None, None, None, 10_000)
        return [(row.id, row.vendor_id, _told(row, names[row.account_id])) for row in rows]

    def check(self, *, odd: bool) -> None:
        """Compare the book with the broker, account by account and row by row."""
        held = self.held()
        assert held == {name: (look.held, look.cash) for name, look in self._looks()}, "holdings differ"
        trades = self.trades()
        stored = Counter(told for _, _, told in trades)
        if odd and any(deed.odd for deed in self.broker.deeds.values()):  # then nothing is taken for gone
            assert self.broker.truth() <= stored, "a deal is not there"
            self.check_nothing_invented()
            return
        assert stored == self.broker.truth(), "deals differ"
        for row, vendor_id, _ in trades:
            identity = self.broker.owner_of[vendor_id]
            if identity not in self.broker.loose:
                assert self.trade_of.setdefault(identity, row) == row, "a deal has another id than it had"
        self.check_feed("trade", tables.trades)

    def check_days(self) -> None:
        """Look at the days on which all was quiet: they are as they were."""
        for day, held in self.by_day.items():
            found = {name: each for name, each in self.held(day).items() if name in held}
            assert found == held, f"what was held on {day} differs now"

    def check_nothing_invented(self) -> None:
        """Look, also between faults: the book may be behind, and never has what was not shown."""
        broker = self.broker
        for name, (lots, cash) in self.held().items():
            assert not lots or lots in broker.shown_lots[name], "positions that were never shown"
            whole = {each for look in broker.shown_cash[name] for each in look}
            assert {currency for currency, _ in cash} <= {currency for currency, _ in whole}
            assert set(cash) <= whole, "cash that was never shown"
        for _, vendor_id, told in self.trades():
            assert (vendor_id, told) in broker.shown_deeds, "a deal that was never shown"

    def follow(self) -> list[Any]:
        """Read the feed, and take its entries back: what was held then is what its reader had."""
        told = super().follow()
        now = self._last()
        before = dict(now)
        for change in reversed(told):
            which = (change.subject, change.id)
            if change.kind == "added":
                before.pop(which, None)
            elif change.subject == "holdings":
                before[which] = change.before["rows"]
            elif change.subject == "balance":
                before[which] = {**before[which], **change.before}
        assert before == self.last, "the feed takes another way to what is held"
        self.last = now
        return told

    def _last(self) -> dict[tuple[str, int], Any]:
        found: dict[tuple[str, int], Any] = {}
        with reading(self.engine) as db:
            days = sa.select(snapshots.c.account, sa.func.max(sa.type_coerce(snapshots.c.day, sa.Text())))
            for account, day in db.execute(days.where(self.owner.of(snapshots)).group_by(snapshots.c.account)).tuples():
                columns = [sa.type_coerce(holdings.c[name], sa.Text()) for name in ROWS]
                day_of = sa.type_coerce(holdings.c.day, sa.Text())
                ask = sa.select(*columns).where(self.owner.of(holdings, account=account), day_of == day)
                rows = [
                    dict(zip(ROWS, row, strict=True))
                    for row in sorted(db.execute(ask), key=lambda row: str(tuple(row)))
                ]
                found["holdings", account] = rows
            columns = [sa.type_coerce(balances.c[name], sa.Text()) for name in LEVEL]
            ask = sa.select(balances.c.account, *columns).where(self.owner.of(balances))
            for account, *level in db.execute(ask.order_by(sa.type_coerce(balances.c.day, sa.Text()))):
                found["balance", account] = dict(zip(LEVEL, level, strict=True))
        return found

    def _looks(self) -> list[tuple[str, Look]]:
        return [(name, self.broker.look(name)) for name in self.broker.accounts]


def _told(row: Any, account: str) -> tuple[Any, ...]:
    symbol = None if row.instrument is None else row.instrument.split(":")[1]
    amount = None if row.amount is None else row.amount.amount
    return account, row.date, row.kind, symbol, row.quantity, row.price, amount
