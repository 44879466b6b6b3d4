"""The brokerage doors: who trades, who only reads, and a sync in which one source fails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fin_infra.brokerage import easy_brokerage, easy_brokerage_aggregator, read_holdings
from fin_infra.errors import ConfigurationError, ProviderNotFound, ProviderUnavailable
from fin_infra.model import AssetClass, BrokerAccount, InstrumentKey, Money, Position, PositionSide
from fin_infra.providers import registry
from fin_infra.providers.brokerage.snaptrade.adapter import Settings, SnapTrade
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import load
from fin_infra.transport import Async, Reply
from fin_infra.transport.base import AsyncTransport, SyncTransport
from fin_infra.transport.replay import AsyncReplay, fixture_responder

FIXTURES = Path(__file__).parent / "providers" / "brokerage" / "snaptrade"
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
KEYS = {"client_id": "C", "consumer_key": "k", "user_id": "ada", "user_secret": "s", "max_attempts": 1}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("FIN_INFRA_MODE", "FIN_INFRA_CONFIG", "SNAPTRADE_CLIENT_ID", "SNAPTRADE_CONSUMER_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    registry.reset()
    yield
    registry.reset()


def test_easy_brokerage_when_nothing_is_named_then_one_that_trades() -> None:
    assert isinstance(easy_brokerage(), BrokerageProvider)


def test_easy_brokerage_when_an_aggregator_is_named_then_error_names_the_other_door() -> None:
    for name in ("snaptrade", "brokerage:snaptrade"):
        with pytest.raises(ConfigurationError, match=r"easy_brokerage_aggregator\(\)"):
            easy_brokerage(name)


def test_easy_brokerage_aggregator_when_nothing_is_named_then_the_only_one_in_each_mode() -> None:
    found = easy_brokerage_aggregator()
    assert isinstance(found, BrokerageAggregatorProvider)
    assert isinstance(found.transport, SyncTransport)
    assert isinstance(easy_brokerage_aggregator("snaptrade", mode="async").transport, AsyncTransport)


def test_easy_brokerage_aggregator_when_a_broker_is_named_then_error_names_the_other_door() -> None:
    with pytest.raises(ConfigurationError, match=r"open it with easy_brokerage\(\)"):
        easy_brokerage_aggregator("alpaca")


def test_easy_brokerage_aggregator_when_hidden_then_none_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_BROKERAGE_SNAPTRADE", "0")
    with pytest.raises(ProviderNotFound, match="No aggregator"):
        easy_brokerage_aggregator()


def aggregator(answers: Any) -> SnapTrade[Async]:
    return SnapTrade(AsyncReplay(answers), Endpoint("http://127.0.0.1:1", "custom", load(Settings, KEYS)))


async def test_read_holdings_when_one_source_is_down_then_the_others_are_there_and_it_is_named() -> None:
    known = fixture_responder(FIXTURES)

    def answer(request: Any) -> Any:
        if "a-2" in request.path:
            return Reply(425, b'{"detail": "x", "code": 3012}')
        return known(request)

    down = aggregator(lambda request: Reply(500, b"{}"))
    holdings = await read_holdings([aggregator(answer), down])
    assert [account.id for account in holdings.accounts] == ["a-1", "a-2"]
    assert len(holdings.positions) == 17
    assert len(holdings.balances) == 3
    assert [(error.operation, error.account_id, error.code) for error in holdings.errors] == [
        ("balances", "a-2", "fin.provider_unavailable"),
        ("connections", "a-2", "fin.reauth_required"),
        ("positions", "a-2", "fin.provider_unavailable"),
        ("accounts", None, "fin.provider_unavailable"),
        ("connections", None, "fin.provider_unavailable"),
    ]


async def test_read_holdings_when_a_fault_is_ours_then_it_is_raised() -> None:
    def answer(request: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await read_holdings([aggregator(answer)])


class Broker:
    """As much of a trading broker as a sync asks for."""

    source = "brokerage:direct"
    info = SimpleNamespace(title="Direct")
    is_live = False

    def __init__(self, fails: bool = False) -> None:
        self._fails = fails

    async def account(self) -> BrokerAccount:
        if self._fails:
            raise ProviderUnavailable("down", retryable=True)
        dollars = Money.of("1000", "USD")
        return BrokerAccount(
            source=self.source,
            as_of=NOW,
            id="x-1",
            number="PA1",
            status="ACTIVE",
            currency="USD",
            cash=dollars,
            equity=dollars,
            buying_power=dollars,
        )

    async def positions(self) -> list[Position]:
        return [
            Position(
                source=self.source,
                as_of=NOW,
                account_id=None,
                key=InstrumentKey("XNAS", "AAPL"),
                asset_class=AssetClass.EQUITY,
                side=PositionSide.LONG,
                quantity=Decimal(3),
                available_quantity=None,
                currency="USD",
                average_entry_price=None,
                current_price=None,
                market_value=None,
                cost_basis=None,
                unrealized=None,
            )
        ]


async def test_read_holdings_when_a_broker_trades_then_its_account_is_one_like_the_others() -> None:
    brokers: Any = [Broker(), Broker(fails=True)]
    holdings = await read_holdings([], brokers)
    [account] = holdings.accounts
    assert (account.id, account.institution, account.connection_id, account.is_paper) == (
        "x-1",
        "Direct",
        "brokerage:direct",
        True,
    )
    assert [row.account_id for row in holdings.positions] == ["x-1"]
    assert [(row.currency, row.cash) for row in holdings.balances] == [("USD", Money.of("1000", "USD"))]
    assert [(error.operation, error.account_id) for error in holdings.errors] == [("account", None)]


async def test_read_holdings_when_accounts_are_chosen_then_only_those_are_asked() -> None:
    source = aggregator(fixture_responder(FIXTURES))
    holdings = await read_holdings([source], wanted=lambda accounts, links: [a for a in accounts if a.id == "a-1"])
    transport: Any = source.transport
    assert not [request for request in transport.requests if "a-2" in request.path]
    assert [account.id for account in holdings.accounts] == ["a-1", "a-2"]
    assert [who.id for who in holdings.skipped] == ["a-2"]
    assert holdings.errors == ()
