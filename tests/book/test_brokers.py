"""Brokers and aggregators in the book: holdings, cash and trades are what the adapter says, each once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fin_infra.book import Book, ConnectionState, open_book
from fin_infra.book import deals as deals_module
from fin_infra.book.brokers import AggregatorSource
from fin_infra.book.engine import Database, ensure, reading, writing
from fin_infra.book.lease import Owner
from fin_infra.book.read import account_rows, holding_rows, trade_rows
from fin_infra.book.sync import Progress, sync
from fin_infra.book.tables import connections
from fin_infra.errors import InvalidInput, ProviderUnavailable, ReauthRequired
from fin_infra.model import (
    ActivityStatus,
    AssetClass,
    BrokerActivity,
    CashBalance,
    HoldingAccount,
    Listing,
    Money,
    NewOrder,
    Position,
    PositionSide,
    RowError,
    Side,
)
from fin_infra.normalize import instrument
from fin_infra.providers.registry import connected, reset
from fin_infra.testing import Sandbox
from fin_infra.transport import Sync
from fin_infra.transport.local import LocalTransport

ALPACA, SNAPTRADE = "brokerage:alpaca", "brokerage:snaptrade"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OWNER = Owner("default", "")


def buy(symbol: str, quantity: str) -> NewOrder:
    return NewOrder(key=instrument(symbol), side=Side.BUY, quantity=Decimal(quantity))


def test_broker_when_connected_then_the_book_holds_what_the_adapter_says(book: Book[Sync], vendor: Sandbox) -> None:
    broker: Any = connected(ALPACA, mode="sync")
    broker.submit_order(buy("AAPL", "3"))
    vendor.advance(timedelta(days=1))
    connection = book.connect(ALPACA)
    assert connection.state is ConnectionState.HEALTHY
    account, [position] = broker.account(), broker.positions()
    [stored] = book.accounts()
    assert (stored.type.value, stored.currency, stored.institution) == ("investment", "USD", "Alpaca")
    [balance] = book.balances()
    assert balance.current == account.cash
    [held] = book.holdings()
    assert (held.instrument, held.quantity) == ("US:AAPL", Decimal(3)) == (str(position.key), position.quantity)
    assert (held.value, held.price, held.basis) == (
        position.market_value,
        position.current_price,
        position.cost_basis,
    )
    shown = {(each.id, each.type.casefold(), each.day, each.quantity, each.price) for each in broker.activities()}
    trades = book.trades()
    assert {(each.vendor_id, each.kind, each.date, each.quantity, each.price) for each in trades} == shown
    assert {each.kind for each in trades} == {"fill", "csd"}


def test_broker_when_there_is_no_news_then_nothing_changes(book: Book[Sync]) -> None:
    book.connect(ALPACA)
    last = book.changes(limit=100_000)[-1].position
    for _ in range(2):
        [result] = book.sync()
        assert (result.changes, result.state, result.error) == (0, ConnectionState.HEALTHY, None)
    assert book.changes(since=last) == []


def test_broker_when_an_order_fills_later_then_its_trade_is_there_once(book: Book[Sync], vendor: Sandbox) -> None:
    broker: Any = connected(ALPACA, mode="sync")
    book.connect(ALPACA)
    assert [each.kind for each in book.trades()] == ["csd"]
    broker.submit_order(buy("KO", "7"))
    vendor.advance(timedelta(days=1))
    for _ in range(3):
        book.sync()
    fills = [each for each in book.trades() if each.kind == "fill"]
    assert sum(each.quantity or 0 for each in fills) == 7
    assert len({each.vendor_id for each in fills}) == len(fills) == len(list(broker.activities(types=["FILL"])))
    assert [each.quantity for each in book.holdings()] == [Decimal(7)]


def test_aggregator_when_connected_then_every_account_is_what_it_says(book: Book[Sync]) -> None:
    aggregator: Any = connected(SNAPTRADE, mode="sync")
    connection = book.connect(SNAPTRADE)
    assert connection.state is ConnectionState.HEALTHY
    [result] = book.sync()
    told = {each.id: each for each in aggregator.accounts()}
    assert len(book.accounts()) == len(told) == 9
    held = [each for each in book.holdings() if each.kind != "cash"]
    shown = [
        position
        for account in told.values()
        if account.status != "unavailable"
        for position in aggregator.positions(account.id)
    ]
    assert sorted((each.instrument or "", each.name, str(each.quantity), str(each.value)) for each in held) == sorted(
        (str(each.key), each.symbol_text, str(each.quantity), str(each.market_value)) for each in shown
    )
    assert [each.name for each in held if each.kind == "in_cash"] == ["SWVXX"]
    further = {(each.name, each.value) for each in book.holdings() if each.kind == "cash"}
    assert further == {("USD cash", Money(Decimal("1477.85"), "USD")), ("USD cash", Money(Decimal("659.06"), "USD"))}
    cash = {each.current for each in book.balances()}
    assert {Money(Decimal("51211.3"), "USD"), Money(Decimal("10519.05"), "CAD"), Money(Decimal("320.55"), "EUR")} < cash
    assert any("Questrade" in line and "positions" in line for line in result.unread)
    assert any("Fidelity is disabled" in line for line in result.unread)


def test_aggregator_when_an_account_was_seen_last_week_then_its_holdings_have_that_day(book: Book[Sync]) -> None:
    book.connect(SNAPTRADE)
    fidelity = next(each.id for each in book.accounts() if each.institution == "Fidelity")
    days = {each.day for each in book.holdings() if each.account_id == fidelity}
    assert days == {date(2026, 11, 12)}, "the day of the aggregator's last look, and not of the sync"
    [level] = [each for each in book.balances() if each.account_id == fidelity]
    assert level.day == date(2026, 11, 12)


def test_aggregator_when_there_is_no_news_then_nothing_changes(book: Book[Sync]) -> None:
    book.connect(SNAPTRADE)
    last = book.changes(limit=100_000)[-1].position
    [result] = book.sync()
    assert (result.changes, result.state) == (0, ConnectionState.HEALTHY)
    assert book.changes(since=last, limit=100_000) == []


def test_aggregator_when_trades_are_read_then_all_of_the_vendor_are_there(book: Book[Sync]) -> None:
    aggregator: Any = connected(SNAPTRADE, mode="sync")
    book.connect(SNAPTRADE)
    ids = [row.id for account in aggregator.accounts() for row in _readable(aggregator, account)]
    assert sorted(each.vendor_id for each in book.trades(limit=100_000)) == sorted(ids)
    sale = next(each for each in book.trades(limit=100_000) if each.kind == "sell")
    assert sale.quantity is not None
    assert sale.quantity < 0


def _readable(aggregator: Any, account: HoldingAccount) -> list[BrokerActivity]:
    try:
        return list(aggregator.activities(account.id))
    except ProviderUnavailable:
        return []


def test_broker_when_async_then_it_holds_the_same(vendor: Sandbox, tmp_path: Path) -> None:
    vendor.reset()
    reset()

    async def main() -> tuple[int, int, int]:
        book = open_book(f"sqlite:///{tmp_path / 'book.db'}", mode="async")
        await book.connect(SNAPTRADE)
        [result] = await book.sync()
        found = len(await book.holdings()), len(await book.trades(limit=100_000)), result.changes
        book.engine.dispose()
        return found

    rows, trades, changes = asyncio.run(main())
    again = open_book(f"sqlite:///{tmp_path / 'book.db'}")
    assert (rows, trades, changes) == (len(again.holdings()), len(again.trades(limit=100_000)), 0)
    assert rows > 20
    assert trades > 50


# A broker of our own, for what the sandbox does not do.


class Model:
    """An aggregator with accounts that fail, and activities that are corrected."""

    can = frozenset({"accounts", "balances", "positions", "activities"})

    def __init__(self) -> None:
        self.failing: dict[str, Exception] = {}
        self.rows: list[BrokerActivity] = []
        self.unread: list[RowError] = []
        self.asked: list[date | None] = []
        self.seen_at = NOON
        self.quantity = "2"
        self.total: Money | None = None

    def accounts(self) -> Listing[HoldingAccount]:
        return Listing(_account(name, self.seen_at, self.total) for name in ("a", "b"))

    def balances(self, account_id: str) -> Listing[CashBalance]:
        self._fail(account_id)
        cash = Money(Decimal(10), "USD")
        return Listing(
            [CashBalance(source="m", as_of=NOON, account_id=account_id, currency="USD", cash=cash, buying_power=None)]
        )

    def positions(self, account_id: str) -> Listing[Position]:
        self._fail(account_id)
        return Listing([_held(account_id, "AAPL", self.quantity, self.seen_at)], errors=self.unread)

    def activities(self, account_id: str, *, start: date | None = None) -> Iterator[BrokerActivity]:
        self._fail(account_id)
        self.asked.append(start)
        return iter([row for row in self.rows if account_id == "a" and (start is None or row.day >= start)])

    def _fail(self, account: str) -> None:
        if account in self.failing:
            raise self.failing[account]


def _account(name: str, at: datetime, total: Money | None) -> HoldingAccount:
    return HoldingAccount(
        source="m", as_of=NOON, id=name, connection_id="c", institution="Model", name=None, number=f"1234567{name}",
        status="open", category=None, is_paper=False, total=total, holdings_synced_at=at,
    )  # fmt: skip


def _held(account: str, symbol: str, quantity: str, at: datetime) -> Position:
    value = Money(Decimal(quantity) * 100, "USD")
    return Position(
        source="m", as_of=at, account_id=account, key=instrument(symbol), asset_class=AssetClass.EQUITY,
        side=PositionSide.LONG, quantity=Decimal(quantity), available_quantity=None, currency="USD",
        average_entry_price=None, current_price=Decimal(100), market_value=value, cost_basis=None, unrealized=None,
        symbol_text=symbol,
    )  # fmt: skip


def _done(ident: str, day: date, status: ActivityStatus | None = None) -> BrokerActivity:
    return BrokerActivity(
        source="m", as_of=NOON, id=ident, type="SELL", at=None, day=day, key=instrument("AAPL"), side=Side.SELL,
        quantity=Decimal(1), price=Decimal(100), amount=Money(Decimal(100), "USD"), status=status,
    )  # fmt: skip


def run(database: Database, source: Any, at: datetime = NOON) -> Progress:
    facts = {"provider": ALPACA, "state": "linking", "since": NOON, "generation": 1, "sealed_times": 0, "made_at": NOON}
    with writing(database.engine) as db:
        ensure(db, connections, id="c-1", **facts, **OWNER.scope)
    progress = Progress()
    assert LocalTransport().run(sync(database.engine, OWNER, "c-1", source, lambda: at, progress))
    return progress


def held(database: Database) -> list[Any]:
    with reading(database.engine) as db:
        return holding_rows(db, OWNER, None)


def trades(database: Database) -> list[Any]:
    with reading(database.engine) as db:
        return trade_rows(db, OWNER, None, None, None, 1_000)


def test_account_when_it_fails_then_the_others_are_there_and_it_keeps_its_age(database: Database) -> None:
    model = Model()
    run(database, AggregatorSource(model))  # type: ignore[arg-type]  # it has what is asked of one
    assert len(held(database)) == 2
    model.failing["b"] = ProviderUnavailable("m: down")
    later = NOON + timedelta(days=3)
    model.seen_at = later - timedelta(hours=1)
    progress = run(database, AggregatorSource(model), later)  # type: ignore[arg-type]
    assert [each.day for each in held(database)] == [date(2026, 3, 2), date(2026, 3, 2)], "as_of is no later"
    assert any("positions cannot be read" in line for line in progress.unread)
    assert not any("1234567" in line for line in progress.unread)


def test_accounts_when_all_fail_then_the_sync_fails(database: Database) -> None:
    model = Model()
    model.failing = dict.fromkeys("ab", ProviderUnavailable("m: down"))
    with pytest.raises(ProviderUnavailable):
        run(database, AggregatorSource(model))  # type: ignore[arg-type]


def test_account_when_the_person_must_sign_in_then_the_sync_fails(database: Database) -> None:
    model = Model()
    model.failing["b"] = ReauthRequired("m: sign in")
    with pytest.raises(ReauthRequired):
        run(database, AggregatorSource(model))  # type: ignore[arg-type]


def test_position_when_it_cannot_be_read_then_it_is_named_beside_the_others(database: Database) -> None:
    model = Model()
    model.unread = [RowError(place="positions[1]", reason="qty should be a number", id="x")]
    progress = run(database, AggregatorSource(model))  # type: ignore[arg-type]
    rows = [each for each in held(database) if each.account_id == held(database)[0].account_id]
    assert [(each.kind, each.value) for each in rows] == [(None, Money(Decimal(200), "USD")), ("unread", None)]
    assert "positions[1] (x): qty should be a number" in progress.unread


def test_snapshot_when_it_is_older_than_the_books_then_it_changes_nothing(database: Database) -> None:
    model = Model()
    run(database, AggregatorSource(model))  # type: ignore[arg-type]
    before = held(database)
    model.seen_at, model.quantity = NOON - timedelta(hours=2), "7"
    run(database, AggregatorSource(model), NOON + timedelta(days=1))  # type: ignore[arg-type]
    assert held(database) == before


def test_deal_when_it_is_canceled_later_then_it_is_removed_and_stays_in_the_log(database: Database) -> None:
    model = Model()
    model.rows = [_done("1", date(2026, 2, 25)), _done("2", date(2026, 2, 24))]
    run(database, AggregatorSource(model))  # type: ignore[arg-type]
    assert sorted(each.vendor_id for each in trades(database)) == ["1", "2"]
    model.rows[0] = _done("1", date(2026, 2, 25), ActivityStatus.CANCELED)
    assert run(database, AggregatorSource(model)).changes == 1  # type: ignore[arg-type]
    assert [each.vendor_id for each in trades(database)] == ["2"]
    assert model.asked[-2:] == [date(2026, 2, 11), None], "14 days before the newest; account b has none"


def test_deals_when_many_then_they_come_in_pages_and_each_once(database: Database) -> None:
    model = Model()
    model.rows = [_done(str(n), date(2026, 2, 25) - timedelta(days=n)) for n in range(20)]
    progress = run(database, AggregatorSource(model, 7))  # type: ignore[arg-type]
    assert progress.pages == 3
    assert sorted(int(each.vendor_id) for each in trades(database)) == [*range(20)]
    assert deals_module.PAGE == 2_000


def test_deals_when_they_cannot_be_read_to_the_end_then_the_next_run_begins_there_again(database: Database) -> None:
    model = Model()

    def broken(account_id: str, *, start: date | None = None) -> Iterator[BrokerActivity]:
        model.asked.append(start)
        yield from (_done(f"{account_id}{n}", date(2026, 2, 25)) for n in range(3))
        raise ProviderUnavailable("m: down")

    model.activities = broken  # type: ignore[method-assign]
    progress = run(database, AggregatorSource(model, 3))  # type: ignore[arg-type]
    assert sum("what was done in an account cannot be read" in line for line in progress.unread) == 2
    assert len(trades(database)) == 6, "what was read before is there"
    run(database, AggregatorSource(model, 3))  # type: ignore[arg-type]
    assert model.asked == [None] * 4


def test_deal_when_it_is_not_shown_any_more_then_it_is_removed_unless_its_account_could_not_be_read(
    database: Database,
) -> None:
    model = Model()
    model.rows = [_done("1", date(2026, 2, 25)), _done("2", date(2026, 2, 24)), _done("3", date(2026, 2, 1))]
    run(database, AggregatorSource(model))  # type: ignore[arg-type]
    [kept, gone, old] = model.rows
    model.rows = [kept]
    asked = model.activities
    model.activities = _failing  # type: ignore[method-assign]
    run(database, AggregatorSource(model))  # type: ignore[arg-type]
    assert len(trades(database)) == 3, "what cannot be read has not been taken back"
    model.activities = asked  # type: ignore[method-assign]
    run(database, AggregatorSource(model))  # type: ignore[arg-type]
    assert [each.vendor_id for each in trades(database)] == ["1", "3"], f"{gone.id} is gone, and {old.id} not asked for"


def _failing(account_id: str, *, start: date | None = None) -> Iterator[BrokerActivity]:
    raise ProviderUnavailable("m: down")


def test_deal_when_it_is_announced_for_a_later_day_then_todays_are_read_all_the_same(database: Database) -> None:
    model = Model()
    model.rows = [_done("1", date(2026, 5, 1)), _done("2", date(2026, 3, 1))]
    run(database, AggregatorSource(model))  # type: ignore[arg-type]
    model.rows += [_done("3", date(2026, 2, 27))]
    run(database, AggregatorSource(model))  # type: ignore[arg-type]
    assert sorted(each.vendor_id for each in trades(database)) == ["1", "2", "3"]


def test_cash_when_it_cannot_be_read_then_the_purses_of_before_stay_beside_what_is_held_now(database: Database) -> None:
    model = Model()
    dollars, euros = (Money(Decimal(10), currency) for currency in ("USD", "EUR"))
    both = Listing(
        CashBalance(source="m", as_of=NOON, account_id="a", currency=cash.currency, cash=cash, buying_power=None)
        for cash in (dollars, euros)
    )
    model.total = dollars
    model.balances = lambda account_id: both  # type: ignore[method-assign, assignment]
    run(database, AggregatorSource(model))  # type: ignore[arg-type]
    whole = [(each.kind, each.value, each.quantity) for each in held(database)]
    assert whole.count(("cash", euros, Decimal(10))) == 2
    model.quantity = "3"

    def broken(account_id: str) -> Any:
        raise ProviderUnavailable("m: down")

    model.balances = broken  # type: ignore[method-assign]
    run(database, AggregatorSource(model))  # type: ignore[arg-type]
    now = [(each.kind, each.quantity) for each in held(database)]
    assert sorted(now, key=str) == sorted([(None, Decimal(3)), ("cash", Decimal(10))] * 2, key=str)
    with reading(database.engine) as db:
        assert {account.currency for account in account_rows(db, OWNER)} == {"USD"}


def test_connect_when_a_provider_has_no_accounts_then_it_says_so(book: Book[Sync]) -> None:
    with pytest.raises(InvalidInput, match="connect a bank or a broker"):
        book.connect("fx:ecb")
