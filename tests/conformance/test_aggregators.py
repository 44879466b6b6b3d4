"""Every aggregator of brokers against the running sandbox, in both modes: the world's truths, day by day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.analytics import accounts_to_sync, diff_holdings, merge_holdings
from fin_infra.brokerage import read_holdings
from fin_infra.errors import (
    NotFound,
    PermissionDenied,
    ProviderUnavailable,
    RateLimited,
    ReauthRequired,
)
from fin_infra.model import AccountRef, AssetClass, Holdings, Money, OrderStatus
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.provider import Endpoint, http_transport
from fin_infra.providers.registry import providers
from fin_infra.settings import load
from tests.support.adapters import Connect
from tests.support.rows import Aggregator, offering, rows
from tests.support.sandbox import Sandbox

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
AGGREGATORS: list[Aggregator] = rows(Aggregator)
KEYS = {
    "AAPL": "XNAS:AAPL",
    "NVDA": "XNAS:NVDA",
    "KO": "XNYS:KO",
    "TSLA": "XNAS:TSLA",
    "BRK.B": "XNYS:BRK.B",
    "VTI": "ARCX:VTI",
    "BND": "XNAS:BND",
    "COST": "XNAS:COST",
    "SHOP": "XNAS:SHOP",
    "SHOP.TO": "XTSE:SHOP",
    "XEQT.TO": "XTSE:XEQT",
    "SWVXX": "US:SWVXX",
    "SIVBQ": "OOTC:SIVBQ",
    "BTC": "CRYPTO:bitcoin",
    "ETH": "CRYPTO:ethereum",
    "SOL": "CRYPTO:solana",
    "DOGE": "CRYPTO:dogecoin",
    "USDC": "CRYPTO:usd-coin",
    "AAPL  270115C00300000": "OCC:AAPL270115C00300000",
    "SPY   261218P00550000": "OCC:SPY261218P00550000",
}
"""What the world holds, and the key that each must get whatever a broker calls it."""


@pytest.fixture(params=AGGREGATORS, ids=lambda row: row.provider_key)
def row(request: pytest.FixtureRequest) -> Aggregator:
    return request.param


@pytest.fixture
def ask(connect: Connect, row: Aggregator) -> Any:
    return connect(row.cls)


@pytest.fixture
def truth(sandbox: Sandbox, row: Aggregator) -> Callable[[], dict[str, Any]]:
    """Return the accounts of the world at this moment, by their slug."""
    return lambda: row.accounts(sandbox)


def test_aggregators_when_counted_then_each_has_a_row() -> None:
    found = [cls for cls in providers("brokerage") if issubclass(cls, BrokerageAggregatorProvider)]
    assert {row.provider_key for row in AGGREGATORS} == {cls.info.provider_key for cls in found}


def test_connections_when_asked_then_all_and_the_broken_one_is_told(ask: Any) -> None:
    links = {link.broker: link for link in ask("connections")}
    assert set(links) == {"SCHWAB", "ROBINHOOD", "QUESTRADE", "COINBASE", "KRAKEN", "FIDELITY"}
    assert [name for name, link in links.items() if link.disabled] == ["FIDELITY"]
    assert links["FIDELITY"].disabled_at == datetime(2026, 11, 12, 18, 22, 10, 345612, tzinfo=UTC)
    assert [name for name, link in links.items() if link.can_trade] == ["SCHWAB", "ROBINHOOD"]


def test_accounts_when_asked_then_the_truths_of_the_world(ask: Any, truth: Any) -> None:
    known = {row["id"]: row for row in truth().values()}
    accounts = ask("accounts")
    assert {account.id for account in accounts} == set(known)
    for account in accounts:
        row = known[account.id]
        wanted = None if row["status"] == "unavailable" else Money.of(row["total"], row["currency"])
        assert (account.total, account.status) == (wanted, row["status"])
        assert account.holdings_synced_at == datetime.fromisoformat(row["seen_at"])


def test_positions_when_asked_then_every_one_under_one_key_whatever_the_broker_calls_it(ask: Any, truth: Any) -> None:
    spellings: dict[str, set[str]] = {}
    for row in truth().values():
        if row["status"] == "unavailable":
            continue
        found = {position.symbol_text: position for position in ask("positions", row["id"])}
        assert len(found) == len(row["positions"])
        for told in row["positions"]:
            position = found[told["symbol"]]
            price = None if told["price"] is None else Decimal(told["price"])
            cost = None if told["cost_per_share"] is None else Decimal(told["cost_per_share"])
            assert str(position.key) == KEYS[told["key"]]
            assert (position.quantity, position.current_price, position.average_entry_price) == (
                Decimal(told["units"]),
                price,
                cost,
            )
            worth = None if price is None else price * Decimal(told["units"]) * told["multiplier"]
            assert position.market_value == (None if worth is None else Money(worth, told["currency"]))
            spellings.setdefault(told["key"], set()).add(told["symbol"])
    assert spellings["BRK.B"] == {"BRK/B", "BRK.B", "BRK-B"}
    assert spellings["BTC"] == {"BTC", "XXBT"}


def test_balances_when_asked_then_cash_by_currency(ask: Any, truth: Any) -> None:
    for slug in ("schwab-roth", "questrade-margin", "kraken-spot"):
        row = truth()[slug]
        cash = {balance.currency: balance.cash for balance in ask("balances", row["id"])}
        assert cash == {code: Money.of(value, code) for code, value in row["cash"].items()}


@offering(Aggregator, "activities")
def test_activities_when_all_are_read_then_their_amounts_are_the_cash(
    connect: Connect, row: Aggregator, truth: Any
) -> None:
    ask, known = connect(row.cls, page_size=7), truth()["schwab-individual"]
    found = ask("activities", known["id"])
    assert len({activity.id for activity in found}) == len(found) == known["movements"]
    assert [activity.day for activity in found] == sorted((activity.day for activity in found), reverse=True)
    assert Money.total((activity.amount for activity in found), "USD") == Money.of(known["cash"]["USD"], "USD")
    deposits = [activity for activity in found if activity.type == "CONTRIBUTION"]
    assert deposits
    assert all(activity.amount.amount > 0 for activity in deposits)
    some = ask("activities", known["id"], start=date(2024, 3, 12), end=date(2024, 3, 14))
    assert {activity.day for activity in some} == {date(2024, 3, 12), date(2024, 3, 13)}
    assert [activity.id for activity in some] == [each.id for each in found if each.id in {a.id for a in some}]


def test_orders_when_asked_then_in_our_words_and_by_state(ask: Any, truth: Any) -> None:
    ident = truth()["schwab-individual"]["id"]
    every, waiting, over = (ask("orders", ident, status=status) for status in ("all", "open", "closed"))
    assert {order.id for order in waiting} | {order.id for order in over} == {order.id for order in every}
    assert [order.status for order in waiting] == [OrderStatus.ACCEPTED]
    assert all(order.status.is_final for order in over)
    assert {order.asset_class for order in every} == {AssetClass.EQUITY, AssetClass.OPTION}


def test_orders_when_the_broker_has_none_then_permission_denied(ask: Any, truth: Any) -> None:
    with pytest.raises(PermissionDenied, match="cannot get"):
        ask("orders", truth()["kraken-spot"]["id"])


@offering(Aggregator, "refresh")
def test_refusals_when_each_occurs_then_the_typed_error(
    ask: Any, row: Aggregator, sandbox: Sandbox, truth: Any
) -> None:
    accounts, links = truth(), {link.broker: link.id for link in ask("connections")}
    with pytest.raises(NotFound):
        ask("positions", "00000000-0000-4000-8000-000000000000")
    with pytest.raises(ProviderUnavailable, match="broker behind"):
        ask("positions", accounts["questrade-tfsa"]["id"])
    with pytest.raises(ReauthRequired, match="login_url"):
        ask("refresh", links["FIDELITY"])
    ask("refresh", links["SCHWAB"])
    with pytest.raises(RateLimited, match="refreshed a moment ago"):
        ask("refresh", links["SCHWAB"])
    row.start_sync(sandbox, "KRAKEN")
    with pytest.raises(ProviderUnavailable, match="first time"):
        ask("positions", accounts["kraken-spot"]["id"])
    assert [account.first_sync_done for account in ask("accounts") if account.institution == "Kraken"] == [False]
    row.forbid_refresh(sandbox)
    with pytest.raises(PermissionDenied, match="feature"):
        ask("refresh", links["KRAKEN"])


def test_keys_when_one_is_wrong_then_the_typed_error_says_which(connect: Connect, row: Aggregator) -> None:
    for error, step, wrong in row.broken:
        with pytest.raises(error, match=step):
            connect(row.cls, **wrong)("accounts")


# One sync of everything, and the next ones.


def read(sandbox: Sandbox, cls: Any, wanted: Any = None) -> Holdings:
    async def go() -> Holdings:
        endpoint = Endpoint(
            sandbox.url + cls.info.sandbox_path,
            "sandbox",
            load(cls.info.settings, {**cls.info.sandbox, "max_attempts": 1}),
        )
        transport: Any = http_transport(cls, endpoint, "async")
        try:
            return await read_holdings([cls(transport, endpoint)], wanted=wanted)
        finally:
            await transport.aclose()

    return asyncio.run(go())


def test_holdings_when_merged_then_one_line_each_and_what_could_not_be_read_is_named(
    sandbox: Sandbox, row: Aggregator, truth: Any
) -> None:
    accounts = truth()
    portfolio = merge_holdings(read(sandbox, row.cls))
    lines = {str(line.key): line for line in portfolio.lines}
    assert lines["US:BRK.B"].quantity == Decimal("35.5")
    assert len(lines["US:BRK.B"].parts) == 3
    assert lines["CRYPTO:bitcoin"].quantity == Decimal("0.98150204")
    assert (lines["US:SHOP"].quantity, lines["XTSE:SHOP"].quantity) == (10, 40)
    assert lines["US:SWVXX"].in_cash
    unread = {(error.operation, error.account_id) for error in portfolio.errors}
    assert unread == {
        ("positions", accounts["questrade-tfsa"]["id"]),
        ("balances", accounts["questrade-tfsa"]["id"]),
        ("connections", accounts["fidelity-ira"]["id"]),
    }
    assert {error.code for error in portfolio.errors} == {"fin.provider_unavailable", "fin.reauth_required"}
    assert AccountRef(row.provider_key, accounts["fidelity-ira"]["id"]) in portfolio.read
    assert AccountRef(row.provider_key, accounts["questrade-tfsa"]["id"]) not in portfolio.read
    assert [text for text in portfolio.missing if "SIVBQ" in text]
    dollars = [
        Decimal(held["price"]) * Decimal(held["units"]) * held["multiplier"]
        for row in accounts.values()
        if row["status"] != "unavailable"
        for held in row["positions"]
        if held["currency"] == "USD" and held["price"] is not None and held["key"] != "SWVXX"
    ]
    dollars += [Decimal(row["cash"].get("USD", 0)) for row in accounts.values() if row["status"] != "unavailable"]
    assert next(value for value in portfolio.values if value.currency == "USD") == Money(sum(dollars), "USD")


DAYS: Sequence[tuple[int, list[tuple[str, str, str, str]]]] = [
    (23, [("opened", "robinhood-individual", "US:NVDA", "40")]),
    (24, [("split_adjusted", "schwab-roth", "US:COST", "36")]),
    (25, [("closed", "schwab-individual", "US:KO", "-150")]),
    (26, []),
    (
        27,
        [
            ("transferred", "robinhood-individual", "US:VTI", "120"),
            ("transferred", "schwab-individual", "US:VTI", "-120"),
        ],
    ),
    (
        30,
        [
            ("transferred", "robinhood-individual", "US:BRK.B", "5"),
            ("transferred", "schwab-individual", "US:BRK.B", "-5"),
        ],
    ),
    (
        31,  # the first of December
        [
            ("changed", "coinbase-wallet", "CRYPTO:bitcoin", "0.01"),
            ("changed", "questrade-margin", "XTSE:XEQT", "-100"),
        ],
    ),
    (32, [("changed", "schwab-individual", "US:TSLA", "5")]),
]
"""Day of November 2026, and what happens then, as the sandbox's documentation says."""


def test_diff_when_days_pass_then_what_the_sandbox_says_happens_and_nothing_else(
    sandbox: Sandbox, row: Aggregator, truth: Any
) -> None:
    slugs = {row["id"]: slug for slug, row in truth().items()}
    before, today = merge_holdings(read(sandbox, row.cls)), 20
    for day, expected in DAYS:
        sandbox.advance(days=day - today)
        today = day
        after = merge_holdings(read(sandbox, row.cls))
        found = [
            (change.kind.value, slugs[change.account.id], change.symbol_text, change.delta)
            for change in diff_holdings(before, after)
        ]
        assert sorted(found) == sorted((kind, slug, key, Decimal(delta)) for kind, slug, key, delta in expected), day
        before = after


def test_due_when_an_hour_passes_then_working_connections_are_asked_and_the_rest_is_left(
    sandbox: Sandbox, row: Aggregator, truth: Any
) -> None:
    slugs = {row["id"]: slug for slug, row in truth().items()}
    asked: list[str] = []

    def wanted(accounts: Any, connections: Any) -> Any:
        found = accounts_to_sync(accounts, NOW, every_s=3600, connections=connections, last_read={})
        asked.extend(slugs[account.id] for account in found)
        return found

    holdings = read(sandbox, row.cls, wanted)
    assert set(asked) == set(slugs.values()) - {"fidelity-ira"}
    assert [slugs[who.id] for who in holdings.skipped] == ["fidelity-ira"]
    paths = [row["path"] for row in sandbox.requests()]
    assert not [path for path in paths if truth()["fidelity-ira"]["id"] in path]
