"""The route for finding instruments by what people call them.
Floor 7: asks the market and the crypto provider at once; one that is down is named in `errors`."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, FastAPI, Query
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, Cache, envelope, include
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded, opened
from fin_infra.api.users import Who, nobody
from fin_infra.crypto import easy_crypto
from fin_infra.fanout import attempt, nothing
from fin_infra.markets import easy_market
from fin_infra.model import SymbolHit
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.providers.provider import Provider
from fin_infra.providers.switches import hangs_on, is_on
from fin_infra.questions.prices import coins_found, symbols_found
from fin_infra.transport import Async

P = TypeVar("P", bound=Provider[Any])
SEARCH_TTL_S = 3600.0


def add_symbols(
    app: FastAPI,
    *,
    auth: Auth,
    market: MarketDataProvider[Async] | None = None,
    crypto: CryptoDataProvider[Async] | None = None,
    cache: Cache | None = None,
    caller: Who = nobody,
) -> None:
    """Add `/symbols/search?q=`.

    Args:
        auth: dependencies that protect the route; `PUBLIC` says you mean none.
        caller: a dependency that gives who asks, where the switches of tenants and users differ.
        cache: where complete answers may be kept (1 h).
    """
    stocks = opened("market", market, lambda: easy_market(mode="async"))
    coins = opened("crypto", crypto, lambda: easy_crypto(mode="async"))
    found = [source for source in (stocks, coins) if source is not None]
    if not found:
        return
    hanging = [key for source in found for key in hangs_on(source)]
    router = APIRouter(
        prefix="/symbols",
        tags=["symbols"],
        dependencies=guarded(auth, caller, *hanging),
        responses=problem_responses(401),
    )
    answers = Answers(cache)

    @router.get("/search", response_model=envelope(list[SymbolHit]))
    async def search(
        q: Annotated[str, Query(min_length=1, max_length=64, description="Part of a name or symbol")],
    ) -> Response:
        """Return listed instruments first, then crypto assets, each in its vendor's order."""
        listed, assets = _for_caller(stocks), _for_caller(coins)
        cache_key = ("search", *(source.source if source else "" for source in (listed, assets)), q.casefold())
        return await answers.cached(cache_key, SEARCH_TTL_S, lambda: _search(listed, assets, q))

    include(app, router)


def _for_caller(source: P | None) -> P | None:
    return source if source is not None and is_on(source) else None


async def _search(
    stocks: MarketDataProvider[Async] | None, coins: CryptoDataProvider[Async] | None, text: str
) -> Answer:
    """Ask those that are on for the caller."""
    listed, assets = await asyncio.gather(
        nothing() if stocks is None else attempt(stocks.source, "search", lambda: stocks.search(text)),
        nothing() if coins is None else attempt(coins.source, "search", lambda: coins.search(text)),
    )
    hits = [*symbols_found(listed.value or ()), *coins_found(assets.value or ())]
    errors = [error for error in (listed.error, assets.error) if error]
    return Answer(hits, errors=errors, sources=[source for source in (stocks, coins) if source is not None])
