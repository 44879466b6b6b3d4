"""Routes for crypto prices.
Floor 7: `add_crypto(app, auth=[...])`; an asset is named by its CoinGecko id, or by a ticker only one asset has."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, FastAPI, Path, Query
from starlette.responses import Response

from fin_infra.api.answers import Answers, Auth, Cache, envelope, include
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded, opened
from fin_infra.api.users import Who, nobody
from fin_infra.crypto import easy_crypto
from fin_infra.model import CryptoPrice
from fin_infra.normalize import crypto_id
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.switches import hangs_on
from fin_infra.transport import Async

TICKER_TTL_S = 20.0


def add_crypto(
    app: FastAPI,
    *,
    auth: Auth,
    provider: CryptoDataProvider[Async] | None = None,
    cache: Cache | None = None,
    caller: Who = nobody,
) -> None:
    """Add `/crypto/ticker/{id}`.

    Args:
        auth: dependencies that protect the route; `PUBLIC` says you mean none.
        provider: by default what `easy_crypto(mode="async")` gives.
        caller: a dependency that gives who asks, where the switches of tenants and users differ.
        cache: where answers may be kept (20 s).
    """
    coins = opened("crypto", provider, lambda: easy_crypto(mode="async"))
    if coins is None:
        return
    problems = problem_responses(401, 404, 409, 422, 429, 502, 503, 504)
    router = APIRouter(
        prefix="/crypto", tags=["crypto"], dependencies=guarded(auth, caller, *hangs_on(coins)), responses=problems
    )
    answers = Answers(cache)

    @router.get("/ticker/{asset}", response_model=envelope(CryptoPrice))
    async def ticker(
        asset: Annotated[str, Path(max_length=128, description="A CoinGecko id, or a ticker that only one coin has")],
        currency: Annotated[
            str, Query(min_length=2, max_length=8, pattern="^[A-Za-z]+$", description="What the price is in")
        ] = "USD",
    ) -> Response:
        """Return the spot price of `bitcoin`, `BTC`, `CRYPTO:wrapped-bitcoin` ..."""
        key, code = crypto_id(asset), currency.upper()
        cache_key = ("ticker", coins.source, str(key), code)
        return await answers.cached(cache_key, TICKER_TTL_S, lambda: coins.price(key, code))

    include(app, router)
