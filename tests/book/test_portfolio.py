"""What a book holds, merged, is what the vendors say, merged without a book; and what a person says has its price."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from fin_infra.analytics import merge_holdings
from fin_infra.book import Book, history, tables
from fin_infra.book.engine import writing
from fin_infra.book.history import Close
from fin_infra.brokerage import read_holdings
from fin_infra.errors import UnknownCurrency
from fin_infra.model import AssetClass, Money, NewOrder, Portfolio, Side
from fin_infra.normalize import instrument
from fin_infra.providers.registry import connected
from fin_infra.testing import Sandbox
from fin_infra.transport import Sync

BROKER, AGGREGATOR = "brokerage:alpaca", "brokerage:snaptrade"
PERSON_KEYS = {"US:AAPL": Decimal("2"), "CRYPTO:bitcoin": Decimal("0.5")}


def told(*, brokers: bool) -> Portfolio:
    """Return what the vendors say, merged without the book."""

    async def ask() -> Portfolio:
        aggregator: Any = connected(AGGREGATOR, mode="async")
        broker: Any = connected(BROKER, mode="async")
        return merge_holdings(await read_holdings([aggregator], [broker] if brokers else []))

    return asyncio.run(ask())


def lines(found: Portfolio) -> list[tuple[object, ...]]:
    return sorted(
        (
            str(line.key), line.symbol_text, line.asset_class.value, line.side.value, line.quantity, line.in_cash,
            line.market_values, sorted((part.quantity, str(part.average_price), str(part.current_price),
            str(part.market_value), str(part.identifier)) for part in line.parts),
        )
        for line in found.lines
    )  # fmt: skip


def test_portfolio_when_brokers_are_connected_then_it_is_what_they_say(book: Book[Sync], vendor: Sandbox) -> None:
    broker: Any = connected(BROKER, mode="sync")
    broker.submit_order(NewOrder(key=instrument("AAPL"), side=Side.BUY, quantity=Decimal(3)))
    vendor.advance(timedelta(days=1))
    book.connect(BROKER)
    book.connect(AGGREGATOR)
    asked, found = told(brokers=True), book.portfolio()
    assert lines(found) == lines(asked)
    assert {line.asset_class for line in found.lines} >= {AssetClass.EQUITY, AssetClass.OPTION, AssetClass.CRYPTO}
    assert found.values == asked.values
    assert [(purse.currency, purse.amount) for purse in found.cash] == [(p.currency, p.amount) for p in asked.cash]
    assert len(found.accounts) == len(asked.accounts)
    assert found.total is None


def unread(found: Portfolio) -> set[tuple[str, str | None]]:
    """Return the bank and name of each account whose positions are not known."""
    ids = {error.account_id for error in found.errors if error.operation == "positions"}
    return {(account.institution, account.name) for account in found.accounts if account.id in ids}


def test_portfolio_when_an_account_cannot_be_read_then_it_is_named_and_the_picture_is_not_complete(
    book: Book[Sync],
) -> None:
    book.connect(AGGREGATOR)
    found, asked = book.portfolio(), told(brokers=False)
    assert unread(found) == unread(asked) != set()
    assert found.complete is asked.complete is False


def test_portfolio_when_one_of_two_connections_was_ended_then_the_other_ones_word_counts(book: Book[Sync]) -> None:
    one = book.connect(BROKER)
    with writing(book.engine) as db:  # the same account, as another connection told of it later, before it was ended
        for table, other in (
            (tables.connections, {"id": "c-other", "state": "revoked"}),
            (tables.accounts, {"id": 999, "source": "c-other", "joined": book.accounts()[0].id}),
            (tables.snapshots, {"account": 999, "source": "c-other", "at": book.clock() + timedelta(hours=1)}),
        ):
            row = db.execute(sa.select(table)).mappings().one()
            db.execute(table.insert(), {**row, **other})
    found = book.portfolio()
    assert [each.connection_id for each in found.accounts] == [one.id]


def test_portfolio_when_a_person_says_what_they_hold_then_the_last_close_prices_it_in_shares_of_today(
    book: Book[Sync],
) -> None:
    today = book.clock().date()
    monday = today - timedelta(days=4)
    for key, quantity in PERSON_KEYS.items():
        book.set_holding(key, quantity, on=monday)
    unpriced = book.portfolio("USD")
    assert not unpriced.complete
    with writing(book.engine) as db:
        history.put_closes(db, "US:AAPL", "test", [Close(monday, Decimal("400.00"), "USD")], book.clock())
        closes = [Close(today - timedelta(days=1), Decimal("90000.10"), "USD")]
        history.put_closes(db, "CRYPTO:bitcoin", "test", closes, book.clock())
        history.put_splits(db, "US:AAPL", "test", [(monday + timedelta(days=1), Decimal(4))])
    found = book.portfolio("USD")
    # 2 shares became 8, worth what the 2 were worth: 2 x 400; half a coin of 90,000.10 is 45,000.05
    assert {str(line.key): (line.quantity, line.market_values) for line in found.lines} == {
        "US:AAPL": (Decimal(8), (Money.of("800.00", "USD"),)),
        "CRYPTO:bitcoin": (Decimal("0.5"), (Money.of("45000.05", "USD"),)),
    }
    assert {line.asset_class for line in found.lines} == {AssetClass.UNKNOWN, AssetClass.CRYPTO}
    assert found.total == Money.of("45800.05", "USD")
    assert found.complete


def test_portfolio_when_a_connection_does_not_answer_then_it_is_an_error_beside_what_is_known(
    book: Book[Sync], vendor: Sandbox
) -> None:
    book.connect(AGGREGATOR)
    known = lines(book.portfolio())
    vendor.fault(vendor="snaptrade", kind="status_503")
    book.sync()
    found = book.portfolio()
    assert lines(found) == known
    [error] = [error for error in found.errors if error.operation == "sync"]
    assert (error.provider, error.code) == (AGGREGATOR, "stale")
    assert "what is here is of 20" in error.message


def test_portfolio_when_of_an_earlier_day_then_it_is_what_was_held_then(book: Book[Sync]) -> None:
    book.set_holding("US:AAPL", Decimal(1), on=date(2026, 3, 2))
    book.set_holding("US:AAPL", Decimal(5), on=date(2026, 3, 9))
    assert [line.quantity for line in book.portfolio(on=date(2026, 3, 8)).lines] == [Decimal(1)]
    assert [line.quantity for line in book.portfolio(on=date(2026, 3, 9)).lines] == [Decimal(5)]
    assert not book.portfolio(on=date(2026, 3, 1)).lines


def test_portfolio_when_the_currency_is_none_then_it_is_refused(book: Book[Sync]) -> None:
    with pytest.raises(UnknownCurrency):
        book.portfolio("ZZZ")


def test_holdings_when_two_sources_tell_of_one_account_then_the_fresher_one_counts_and_nothing_twice(
    book: Book[Sync],
) -> None:
    book.set_holding("US:AAPL", Decimal(1), on=book.clock().date())
    with writing(book.engine) as db:
        for table, other in (
            (tables.accounts, {"id": 999, "source": "c-other", "joined": book.accounts()[0].id}),
            (tables.snapshots, {"account": 999, "source": "c-other", "at": book.clock() + timedelta(hours=1)}),
            (tables.holdings, {"account": 999, "quantity": Decimal(2)}),
        ):
            row = db.execute(sa.select(table)).mappings().one()
            db.execute(table.insert(), {**row, **other})
    assert [(each.quantity, each.source) for each in book.holdings()] == [(Decimal(2), "c-other")]
