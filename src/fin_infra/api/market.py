"""Routes for quotes and candles.
Floor 7: `add_market_data(app, auth=[...])`; keys are read as people write them, by `fin_infra.normalize`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, FastAPI, Path, Query
from starlette.responses import Response

from fin_infra.api.answers import Answers, Auth, Cache, envelope, include
from fin_infra.api.moments import DayOrInstant, zoned
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded, opened
from fin_infra.api.users import Who, nobody
from fin_infra.markets import easy_market
from fin_infra.model import Adjustment, CandleSeries, Interval, Quote
from fin_infra.normalize import instrument
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.providers.switches import hangs_on
from fin_infra.transport import Async

QUOTE_TTL_S = 15.0
CANDLES_TTL_S = 300.0

_START = "First trading day at the venue (2026-01-02), or first instant with a zone (2026-01-02T14:30:00Z)"
_END = "Trading day after the last one, or instant after it with a zone"


Key = Annotated[str, Path(max_length=64, description="An instrument, such as XNAS:AAPL, AAPL, BRK.B or TSCO.L")]


def add_market_data(
    app: FastAPI,
    *,
    auth: Auth,
    provider: MarketDataProvider[Async] | None = None,
    cache: Cache | None = None,
    caller: Who = nobody,
) -> None:
    """Add `/market/quote/{key}` and `/market/candles/{key}`.

    Args:
        auth: dependencies that protect the routes; `PUBLIC` says you mean none.
        provider: by default what `easy_market(mode="async")` gives.
        caller: a dependency that gives who asks, where the switches of tenants and users differ.
        cache: where answers may be kept (quotes 15 s, candles 5 min).
    """
    market = opened("market", provider, lambda: easy_market(mode="async"))
    if market is None:
        return
    problems = problem_responses(401, 404, 409, 422, 429, 502, 503, 504)
    router = APIRouter(
        prefix="/market", tags=["market"], dependencies=guarded(auth, caller, *hangs_on(market)), responses=problems
    )
    _add_quote(router, market, Answers(cache))
    _add_candles(router, market, Answers(cache))
    include(app, router)


def _add_quote(router: APIRouter, market: MarketDataProvider[Async], answers: Answers) -> None:
    @router.get("/quote/{key:path}", response_model=envelope(Quote))
    async def quote(key: Key) -> Response:
        """Return the latest price of `XNAS:AAPL`, `AAPL`, `TSCO.L` ..."""
        listed = instrument(key)
        return await answers.cached(("quote", market.source, str(listed)), QUOTE_TTL_S, lambda: market.quote(listed))


def _add_candles(router: APIRouter, market: MarketDataProvider[Async], answers: Answers) -> None:
    @router.get("/candles/{key:path}", response_model=envelope(CandleSeries))
    async def candles(
        key: Key,
        interval: Annotated[Interval, Query(description="Length of a candle")] = Interval.DAY_1,
        adjustment: Annotated[Adjustment, Query(description="For splits and dividends")] = Adjustment.RAW,
        start: Annotated[DayOrInstant, Query(description=_START)] = None,
        end: Annotated[DayOrInstant, Query(description=_END)] = None,
        extended_hours: Annotated[bool, Query(description="With bars outside the regular session")] = False,
    ) -> Response:
        """Return candles oldest first."""
        listed, first, last = instrument(key), zoned("start", start), zoned("end", end)
        extra = {"extended_hours": True} if extended_hours else {}
        return await answers.cached(
            (
                "candles",
                market.source,
                str(listed),
                interval.value,
                adjustment.value,
                str(first),
                str(last),
                str(extended_hours),
            ),
            CANDLES_TTL_S,
            lambda: market.candles(listed, interval=interval, adjustment=adjustment, start=first, end=last, **extra),
        )
