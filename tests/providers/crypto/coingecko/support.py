"""What the tests of CoinGecko share: clients that answer from fixtures or with one given body."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fin_infra.model import InstrumentKey
from fin_infra.providers.crypto.coingecko.adapter import CoinGecko, Settings
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import load
from fin_infra.transport import Reply, Request, Sync
from fin_infra.transport.replay import Replay, fixture_responder

HERE = Path(__file__).parent
BITCOIN = InstrumentKey("CRYPTO", "bitcoin")
DUST = InstrumentKey("CRYPTO", "dust-coin")
WBTC = InstrumentKey("CRYPTO", "wrapped-bitcoin")
SECRET = "CG-Sq7fVerySecret"
START, END = datetime(2024, 3, 31, tzinfo=UTC), datetime(2024, 4, 1, 15, 0, 0, 500000, tzinfo=UTC)
OPERATIONS: dict[str, Callable[[CoinGecko[Any]], Any]] = {
    "price": lambda gecko: gecko.price(BITCOIN),
    "asset": lambda gecko: gecko.asset(BITCOIN),
    "lookup": lambda gecko: gecko.lookup("zcn"),
    "candles": lambda gecko: gecko.candles(BITCOIN, days=7),
    "market_chart": lambda gecko: gecko.market_chart(BITCOIN, start=START, end=END),
    "search": lambda gecko: gecko.search("bitcoin"),
}


def place(**given: Any) -> Endpoint:
    return Endpoint("http://127.0.0.1:1", "custom", load(Settings, {"max_attempts": 1, "per_minute": 100_000} | given))


def recorded() -> CoinGecko[Sync]:
    return CoinGecko(Replay(fixture_responder(HERE)), place())


def answering(body: Any, status: int = 200, headers: dict[str, str] | None = None, **given: Any) -> CoinGecko[Sync]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return CoinGecko(Replay(lambda request: Reply(status, content, headers or {})), place(**given))


def listed(ticker: str, *ids: str) -> list[dict[str, str]]:
    return [{"id": coin, "symbol": ticker, "name": coin} for coin in ids]


def rank_responder(coins: list[dict[str, str]], ranks: dict[str, int]) -> Callable[[Request], Reply]:
    """Answer as a vendor whose list is `coins`, and whose search knows the ranks."""
    hits = [{**row, "market_cap_rank": ranks[row["id"]]} for row in coins if row["id"] in ranks]
    bodies = {"/api/v3/coins/list": coins, "/api/v3/search": {"coins": hits}}
    return lambda request: Reply(200, json.dumps(bodies[request.path]).encode(), {})


def by_rank(coins: list[dict[str, str]], ranks: dict[str, int]) -> CoinGecko[Sync]:
    return CoinGecko(Replay(rank_responder(coins, ranks)), place())


def sent(gecko: CoinGecko[Sync]) -> Sequence[Request]:
    assert isinstance(gecko.transport, Replay)
    return gecko.transport.requests
