"""A vendor, or a mixed-up connection, answers about something else: no operation hands that on as what was asked.

The sandbox is asked for `other` wherever the adapter asks for `asked`, and its answer is what comes back.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bankersbank.finastra import FinastraAPIClient, FinastraConfig
from fin_infra.errors import FinInfraError, ProviderError, UnexpectedPayload
from fin_infra.flow import row_errors
from fin_infra.model import InstrumentKey, NewOrder, OrderChange, OrderType, Side
from fin_infra.providers import registry
from fin_infra.providers.provider import endpoint, http_transport
from fin_infra.transport import Reply, Request
from fin_infra.transport.replay import Replay
from tests.support.sandbox import Sandbox

NAMES = {"account_id", "transaction_id", "key", "order_id", "client_order_id", "watchlist_id", "connection_id"}
NAMES |= {"user_id", "base", "ticker", "keys"}
"""Parameters that say whose answer is wanted."""
OPERATIONS = {
    f"{cls.info.provider_key} {name}"
    for cls in registry.providers()
    for name in cls.can
    if NAMES & set(inspect.signature(getattr(cls, name).fn).parameters)
}
NOTHING_TO_COMPARE = {
    "banking:plaid processor_token": "the answer is a token alone",
    "banking:teller delete_account": "the answer is empty",
    "brokerage:alpaca cancel_order": "the answer is empty",
    "brokerage:alpaca create_watchlist": "the answer's id is new",
    "brokerage:alpaca delete_watchlist": "the answer is empty",
    "brokerage:snaptrade activities": "rows do not name their account",
    "brokerage:snaptrade balances": "rows do not name their account",
    "brokerage:snaptrade orders": "rows do not name their account",
    "brokerage:snaptrade positions": "rows do not name their account",
    "brokerage:snaptrade refresh": "the answer says only that a refresh was scheduled",
    "crypto:coingecko candles": "the answer is prices alone",
    "crypto:coingecko market_chart": "the answer is prices alone",
    "crypto:coingecko lookup": "reads a list of coins, and finds the ticker in it",
    "fx:ecb rate": "reads the table of all currencies, and finds the pair in it",
}
"""Operations whose answer carries no id, and why."""
ELSEWHERE = {
    "brokerage:snaptrade register_user": "below: its signature covers the id",
    "brokerage:snaptrade delete_user": "below: its signature covers the id",
    "brokerage:alpaca orders": "below: each row of another instrument is named and not listed",
    "crypto:coingecko prices": "below: what was not answered is named",
    "market:alpha_vantage quotes": "below: what was not answered is named",
    "brokerage:alpaca latest_order": "asks `order`",
    "brokerage:alpaca close_position": "places an order as submit_order does, which is below",
    "banking:plaid transactions": "below: each row of another account is named and not listed",
    "banking:teller transactions": "below: each row of another account is named and not listed",
    "brokerage:alpaca position": "below: the sandbox has no positions after a reset",
    "brokerage:alpaca replace_order": "below: the answer is compared by client order id",
}


class Mixed:
    """Sends requests about `asked` as if they were about `other`, once switched on."""

    def __init__(self, client: Any) -> None:
        self.client, self._step, self.swaps = client, client.transport.step, 0
        client.transport.step = self._mixed
        self.asked = self.other = ""

    def _mixed(self, effect: Any) -> Any:
        if isinstance(effect, Request) and self.asked:
            params = tuple((name, self._swap(value)) for name, value in effect.params)
            content = effect.content and self._swap(effect.content.decode()).encode()
            effect = replace(effect, path=self._swap(effect.path), params=params, content=content)
        return self._step(effect)

    def _swap(self, text: str) -> str:
        self.swaps += text.count(self.asked)
        return text.replace(self.asked, self.other)

    def ask(self, operation: str, asked: str, other: str, /, *args: Any, **kwargs: Any) -> Any:
        self.asked, self.other = asked, other
        found = getattr(self.client, operation)(*args, **kwargs)
        return list(found) if isinstance(found, Iterator) else found


@pytest.fixture
def mixed(sandbox: Sandbox, trading: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Mixed]:
    monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", sandbox.url)
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")

    def build(provider_key: str) -> Mixed:
        cls = registry.provider_class(provider_key)
        target = endpoint(cls.info, {"deadline_s": 10.0})
        return Mixed(cls(http_transport(cls, target, "sync"), target))

    return build


def _bank(name: str) -> Callable[[Mixed], Any]:
    def ask(mixed: Mixed) -> Any:
        asked, other = (one.id for one in mixed.client.accounts()[:2])
        return mixed.ask(name, asked, other, asked)

    return ask


def _transaction(mixed: Mixed) -> None:
    account = mixed.client.accounts()[0].id
    rows = mixed.client.transactions(account)
    asked, other = next(rows).id, next(rows).id
    mixed.ask("transaction", asked, other, account, asked)


def _of(name: str, asked: str, other: str, *args: Any, **kwargs: Any) -> Callable[[Mixed], None]:
    return lambda mixed: mixed.ask(name, asked, other, *args, **kwargs)


def _order(name: str, field: str) -> Callable[[Mixed], None]:
    def ask(mixed: Mixed) -> None:
        asked, other = (
            mixed.client.submit_order(NewOrder(key=AAPL, side=Side.BUY, quantity=Decimal(n)), idempotency_key=f"k{n}")
            for n in (1, 2)
        )
        mixed.ask(name, getattr(asked, field), getattr(other, field), getattr(asked, field))

    return ask


def _watchlist(operation: str, /, **more: Any) -> Callable[[Mixed], None]:
    def ask(mixed: Mixed) -> None:
        asked, other = (mixed.client.create_watchlist(name, [AAPL]).id for name in ("one", "two"))
        mixed.ask(operation, asked, other, asked, **more)

    return ask


RESTING: dict[str, Any] = {"side": Side.BUY, "type": OrderType.LIMIT, "limit_price": Decimal(1)}
AAPL, BTC = InstrumentKey("US", "AAPL"), InstrumentKey("CRYPTO", "bitcoin")
CASES: dict[str, Callable[[Mixed], None]] = {
    "banking:finastra account": _bank("account"),
    "banking:finastra balance": _bank("balance"),
    "banking:mx account": _bank("account"),
    "banking:mx balance": _bank("balance"),
    "banking:mx details": _bank("details"),
    "banking:mx transaction": _transaction,
    "banking:mx transactions": _bank("transactions"),
    "banking:plaid account": _bank("account"),
    "banking:plaid balance": _bank("balance"),
    "banking:plaid details": _bank("details"),
    "banking:teller account": _bank("account"),
    "banking:teller balance": _bank("balance"),
    "banking:teller details": _bank("details"),
    "banking:teller transaction": _transaction,
    "market:alpha_vantage candles": _of("candles", "AAPL", "MSFT", AAPL),
    "market:alpha_vantage overview": _of("overview", "AAPL", "MSFT", AAPL),
    "market:alpha_vantage quote": _of("quote", "AAPL", "MSFT", AAPL),
    "market:alpha_vantage fx_rate": _of("fx_rate", "EUR", "GBP", "EUR", "USD"),
    "market:alpha_vantage fx_candles": _of("fx_candles", "EUR", "GBP", "EUR", "USD"),
    "crypto:coingecko asset": _of("asset", "bitcoin", "ethereum", BTC),
    "crypto:coingecko price": _of("price", "bitcoin", "ethereum", BTC),
    "brokerage:alpaca asset": _of("asset", "AAPL", "MSFT", AAPL),
    "brokerage:alpaca bid_ask": _of("bid_ask", "AAPL", "MSFT", AAPL),
    "brokerage:alpaca last_trade": _of("last_trade", "AAPL", "MSFT", AAPL),
    "brokerage:alpaca candles": _of("candles", "AAPL", "MSFT", AAPL),
    "brokerage:alpaca order": _order("order", "id"),
    "brokerage:alpaca order_by_client_id": _order("order_by_client_id", "client_order_id"),
    "brokerage:alpaca watchlist": _watchlist("watchlist"),
    "brokerage:alpaca update_watchlist": _watchlist("update_watchlist", name="new", keys=[AAPL]),
}


def test_every_operation_about_something_has_a_case_or_a_reason() -> None:
    assert set(CASES) | set(NOTHING_TO_COMPARE) | set(ELSEWHERE) == OPERATIONS


@pytest.mark.parametrize("operation", CASES)
def test_answer_about_another_is_an_error(operation: str, mixed: Any) -> None:
    vendor = mixed(operation.split()[0])
    with pytest.raises(ProviderError):
        CASES[operation](vendor)
    assert vendor.swaps, "the vendor was never asked for another"


@pytest.mark.parametrize("provider_key", ["banking:plaid", "banking:teller"])
def test_transactions_of_another_account_are_not_listed(provider_key: str, mixed: Any) -> None:
    vendor = mixed(provider_key)
    assert _bank("transactions")(vendor) == []
    assert vendor.swaps


@pytest.mark.parametrize(
    ("operation", "asked", "other"),
    [
        ("market:alpha_vantage quotes", AAPL, InstrumentKey("US", "NVDA")),
        ("crypto:coingecko prices", BTC, InstrumentKey("CRYPTO", "solana")),
    ],
)
def test_list_that_has_another_instead_names_what_is_missing(
    operation: str, asked: InstrumentKey, other: InstrumentKey, mixed: Any
) -> None:
    provider_key, name = operation.split()
    vendor = mixed(provider_key)
    also = InstrumentKey(asked.namespace, "MSFT" if asked.namespace == "US" else "ethereum")
    found = vendor.ask(name, asked.symbol, other.symbol, [asked, also])
    assert vendor.swaps
    assert [one.key for one in found] == [also]
    assert [error.key for error in found.errors] == [asked]


@pytest.mark.parametrize("status", ["open", "all"])
def test_orders_of_another_instrument_are_named_and_not_listed(status: str, mixed: Any) -> None:
    """Whoever cancels what `orders(keys=[AAPL])` lists must not cancel MSFT."""
    vendor, msft = mixed("brokerage:alpaca"), InstrumentKey("US", "MSFT")
    asked, other = (
        vendor.client.submit_order(NewOrder(key=key, quantity=Decimal(1), **RESTING)) for key in (AAPL, msft)
    )
    with row_errors() as errors:
        assert vendor.ask("orders", "AAPL", "MSFT", status=status, keys=[AAPL]) == []
    assert vendor.swaps
    assert [error.id for error in errors] == [other.id]
    vendor.asked = ""
    listed = vendor.client.orders(status="all", keys=[InstrumentKey("XNAS", "AAPL")])
    assert [one.id for one in listed] == [asked.id]


def _answering(body: str) -> Replay:
    return Replay(lambda request: Reply(200, body.encode()))


def test_position_of_another_instrument_is_an_error() -> None:
    cls: Any = registry.provider_class("brokerage:alpaca")
    body = (Path(__file__).parent / "brokerage/alpaca/position.json").read_text()
    held = json.loads(body)["reply"]["json"]
    client = cls(_answering(json.dumps(held)), endpoint(cls.info))
    other = AAPL if held["symbol"] != "AAPL" else InstrumentKey("US", "MSFT")
    with pytest.raises(UnexpectedPayload):
        client.position(other)


@pytest.mark.parametrize("operation", ["submit_order", "replace_order"])
def test_order_placed_under_another_key_is_an_error(operation: str, mixed: Any) -> None:
    """The broker answers what was placed with an order of another client order id."""
    vendor = mixed("brokerage:alpaca")
    other = vendor.client.submit_order(NewOrder(key=AAPL, side=Side.BUY, quantity=Decimal(1)), idempotency_key="k")
    found = vendor.client.transport.step
    reply = Reply(200, json.dumps(dict(other.raw), default=str).encode())
    vendor.client.transport.step = lambda effect: (
        reply if isinstance(effect, Request) and effect.method in ("POST", "PATCH") else found(effect)
    )
    calls = {
        "submit_order": (NewOrder(key=AAPL, side=Side.BUY, quantity=Decimal(2)),),
        "replace_order": (other.id, OrderChange(quantity=Decimal(2))),
    }
    with pytest.raises(FinInfraError):
        getattr(vendor.client, operation)(*calls[operation], idempotency_key="other")


def test_registered_user_of_another_name_is_an_error() -> None:
    cls: Any = registry.provider_class("brokerage:snaptrade")
    client = cls(_answering('{"userId": "other", "userSecret": "not-a-secret"}'), endpoint(cls.info))
    with pytest.raises(UnexpectedPayload):
        client.register_user("asked")


def test_deleted_user_of_another_name_is_an_error() -> None:
    cls: Any = registry.provider_class("brokerage:snaptrade")
    body = '{"status": "deleted", "detail": "User queued for deletion: other", "userId": "other"}'
    client = cls(_answering(body), endpoint(cls.info))
    with pytest.raises(UnexpectedPayload):
        client.delete_user("asked")


def test_collateral_of_another_id_is_an_error(sandbox: Sandbox) -> None:
    config = FinastraConfig(
        client_id="sandbox-b2b-client", client_secret="sandbox-b2b-secret", base_url=f"{sandbox.url}/finastra"
    )
    vendor = Mixed(FinastraAPIClient(config))
    rows = vendor.client.collaterals()
    asked, other = next(rows).id, next(rows).id
    with pytest.raises(UnexpectedPayload):
        vendor.ask("get_collateral", asked, other, asked)
