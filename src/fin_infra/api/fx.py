"""The route for exchange rates.
Floor 7: `add_fx(app, auth=[...])`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, FastAPI, Path, Query
from starlette.responses import Response

from fin_infra.api.answers import Answers, Auth, Cache, envelope, include
from fin_infra.api.moments import Day
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded, opened
from fin_infra.api.users import Who, nobody
from fin_infra.fx import easy_fx
from fin_infra.model import FxRate
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.switches import hangs_on
from fin_infra.transport import Async

RATE_TTL_S = 600.0

Code = Annotated[
    str,
    Path(max_length=16, description="ISO 4217 code, such as USD", json_schema_extra={"pattern": "^[A-Za-z]{3}$"}),
]
"""The pattern is for readers of the OpenAPI document; what does not match it gets the sentence of `easy_fx`."""


def add_fx(
    app: FastAPI,
    *,
    auth: Auth,
    provider: FxProvider[Async] | None = None,
    cache: Cache | None = None,
    caller: Who = nobody,
) -> None:
    """Add `/fx/{base}/{quote}`.

    Args:
        auth: dependencies that protect the route; `PUBLIC` says you mean none.
        provider: by default what `easy_fx(mode="async")` gives.
        caller: a dependency that gives who asks, where the switches of tenants and users differ.
        cache: where answers may be kept (10 min).
    """
    rates = opened("fx", provider, lambda: easy_fx(mode="async"))
    if rates is None:
        return
    problems = problem_responses(401, 404, 409, 422, 429, 502, 503, 504)
    router = APIRouter(
        prefix="/fx", tags=["fx"], dependencies=guarded(auth, caller, *hangs_on(rates)), responses=problems
    )
    answers = Answers(cache)

    @router.get("/{base}/{quote}", response_model=envelope(FxRate))
    async def rate(
        base: Code, quote: Code, on: Annotated[Day, Query(description="Day; the last rate up to it")] = None
    ) -> Response:
        """Return units of `quote` for one `base`."""
        pair = base.upper(), quote.upper()
        cache_key = ("fx", rates.source, *pair, str(on))
        return await answers.cached(cache_key, RATE_TTL_S, lambda: rates.rate(*pair, on=on))

    include(app, router)
