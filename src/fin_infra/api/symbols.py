"""The route for finding instruments by what people call them.
Floor 7: asks the market and the crypto provider at once; one that is down is named in `errors`."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, Cache, envelope, include
from fin_infra.api.problems import problem_responses
from fin_infra.crypto import easy_crypto
from fin_infra.fanout import attempt
from fin_infra.markets import easy_market
from fin_infra.model import SymbolHit
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.questions.prices import coins_found, symbols_found
from fin_infra.transport import Async

SEARCH_TTL_S = 3600.0


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
    hits = [*symbols_found(listed.value or ()), *coins_found(assets.value or ())]
    errors = [error for error in (listed.error, assets.error) if error]
    return Answer(hits, errors=errors, sources=[stocks, coins])
