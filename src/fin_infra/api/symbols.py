"""The route for finding instruments by what people call them.
Floor 7: asks the market and the crypto provider at once; one that is down is named in `errors`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, Cache, envelope, include
from fin_infra.api.problems import problem_responses
from fin_infra.crypto import easy_crypto
from fin_infra.fanout import attempt
from fin_infra.markets import easy_market
from fin_infra.model import CryptoAsset, SymbolMatch
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.transport import Async

SEARCH_TTL_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolHit:
    """One instrument; `key` is None where the vendor's spelling maps to no venue we know."""

    key: str | None
    symbol: str
    name: str
    source: str
    currency: str | None = None
    region: str | None = None
    type: str | None = None


def add_symbols(
    app: FastAPI,
    *,
    auth: Auth,
    market: MarketDataProvider[Async] | None = None,
    crypto: CryptoDataProvider[Async] | None = None,
    cache: Cache | None = None,
) -> None:
    """Add `/symbols/search?q=`.

    Args:
        auth: dependencies that protect the route; `PUBLIC` says you mean none.
        cache: where complete answers may be kept (1 h).
    """
    stocks, coins = market or easy_market(mode="async"), crypto or easy_crypto(mode="async")
    router = APIRouter(prefix="/symbols", tags=["symbols"], dependencies=list(auth), responses=problem_responses(401))
    answers = Answers(cache)

    @router.get("/search", response_model=envelope(list[SymbolHit]))
    async def search(
        q: Annotated[str, Query(min_length=1, max_length=64, description="Part of a name or symbol")],
    ) -> Response:
        """Return listed instruments first, then crypto assets, each in its vendor's order."""
        cache_key = ("search", stocks.source, coins.source, q.casefold())
        return await answers.cached(cache_key, SEARCH_TTL_S, lambda: _search(stocks, coins, q))

    include(app, router)


async def _search(stocks: MarketDataProvider[Async], coins: CryptoDataProvider[Async], text: str) -> Answer:
    listed, assets = await asyncio.gather(
        attempt(stocks.source, "search", lambda: stocks.search(text)),
        attempt(coins.source, "search", lambda: coins.search(text)),
    )
    hits = [*_listed(listed.value or ()), *_assets(assets.value or ())]
    errors = [error for error in (listed.error, assets.error) if error]
    return Answer(hits, errors=errors, sources=[stocks, coins])


def _listed(found: Sequence[SymbolMatch]) -> list[SymbolHit]:
    return [
        SymbolHit(
            key=str(match.key) if match.key else None,
            symbol=match.symbol,
            name=match.name,
            source=match.source,
            currency=match.currency,
            region=match.region,
            type=match.type_text,
        )
        for match in found
    ]


def _assets(found: Sequence[CryptoAsset]) -> list[SymbolHit]:
    return [
        SymbolHit(key=str(asset.key), symbol=asset.ticker, name=asset.name, source=asset.source, type="crypto")
        for asset in found
    ]
