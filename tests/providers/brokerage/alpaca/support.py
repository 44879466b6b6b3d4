"""What the tests of Alpaca share: clients that answer from fixtures or with given bodies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2

from fin_infra.model import InstrumentKey, NewOrder, Side
from fin_infra.providers.brokerage.alpaca.adapter import Alpaca, Settings
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import load
from fin_infra.transport import Reply, Request, Sync
from fin_infra.transport.replay import Replay, fixture_responder

HERE = Path(__file__).parent
AAPL, BRK_B = InstrumentKey("US", "AAPL"), InstrumentKey("US", "BRK.B")
BITCOIN = InstrumentKey("CRYPTO", "bitcoin")
CALL = InstrumentKey("OCC", "AAPL261218C00200000")
KEYS = {"api_key_id": "PKTESTTESTTESTTEST01", "api_secret_key": "sq7fVerySecretSecretSecret"}
ORDER_ID = "0b1f3c5a-0000-4000-8000-000000000001"
WATCHLIST_ID = "3174d6df-7726-44b4-a5bd-7fda5ae6e009"


def place(url: str = "http://127.0.0.1:1", **given: Any) -> Endpoint:
    return Endpoint(url, "custom", load(Settings, {**KEYS, "max_attempts": 1} | given))


def recorded(**given: Any) -> Alpaca[Sync]:
    return Alpaca(Replay(fixture_responder(HERE)), place(**given))


def answering(body: Any, status: int = 200, headers: dict[str, str] | None = None, **given: Any) -> Alpaca[Sync]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Alpaca(Replay(lambda request: Reply(status, content, headers or {})), place(**given))


def scripted(*replies: Reply | Exception, **given: Any) -> Alpaca[Sync]:
    return Alpaca(Replay(replies), place(**given))


def sent(broker: Alpaca[Sync]) -> Sequence[Request]:
    assert isinstance(broker.transport, Replay)
    return broker.transport.requests


def body_of(name: str) -> Any:
    """Return the body of a fixture, to be changed."""
    return json.loads((HERE / f"{name}.json").read_text())["reply"]["json"]


def reply(body: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(body).encode(), headers)


def order_of(**terms: Any) -> NewOrder:
    """An order to buy ten AAPL at the market, changed by `terms`."""
    return NewOrder(**({"key": AAPL, "side": Side.BUY, "quantity": Decimal(10)} | terms))


def orders_at(sandbox: str) -> list[dict[str, Any]]:
    """Return every order that the sandbox's broker has, of all accounts, by its control plane."""
    accounts = httpx2.get(f"{sandbox}/_sandbox/alpaca").json()["accounts"]
    return [order for account in accounts.values() for order in account["orders"]]
