"""The route for net worth across banks, holdings and statements.
Floor 7: reads the request; the question itself is `fin_infra.questions.net_worth`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query
from starlette.responses import Response

from fin_infra.analytics import WorthRecord
from fin_infra.api.answers import Answer, Answers, Auth, envelope, include
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded
from fin_infra.api.users import Who, nobody
from fin_infra.features import for_everybody
from fin_infra.model import Holding, NetWorth
from fin_infra.questions.net_worth import Sources, net_worth_of, parse_holdings


def add_net_worth(
    app: FastAPI,
    *,
    auth: Auth,
    sources: Sources | None = None,
    holdings: Sequence[Holding] = (),
    records: Callable[[], Sequence[WorthRecord]] = tuple,
    caller: Who = nobody,
) -> None:
    """Add `/net-worth?currency=&holding=`.

    Args:
        auth: dependencies that protect the route; `PUBLIC` says you mean none.
        holdings: counted when the request names none.
        sources: who is asked; the configured bank, brokers and price sources where None.
        records: what counts besides them, such as imported statement files, asked for at each request.
        caller: a dependency that gives who asks, where the switches of tenants and users differ.
    """
    with for_everybody():
        chosen = sources or Sources.default()
    problems = problem_responses(401, 422)
    router = APIRouter(tags=["net worth"], dependencies=guarded(auth, caller), responses=problems)
    answers = Answers()

    @router.get("/net-worth", response_model=envelope(NetWorth), summary="Net worth")
    async def worth(
        currency: Annotated[str, Query(pattern="^[A-Za-z]{3}$", description="Currency of the total")] = "USD",
        holding: Annotated[list[str] | None, Query(description="KEY=QUANTITY, such as CRYPTO:bitcoin=0.25")] = None,
    ) -> Response:
        """Return what is owned less what is owed, line by line, with what is missing from the total."""
        held = parse_holdings(holding) if holding is not None else holdings
        return await answers.private(_worth(chosen, currency.upper(), held, records))

    include(app, router)


async def _worth(
    sources: Sources, currency: str, held: Sequence[Holding], records: Callable[[], Sequence[WorthRecord]]
) -> Answer:
    sources = sources.for_caller()
    worth = await net_worth_of(sources, currency, held, records())
    return Answer(worth, errors=worth.errors, sources=sources.all())
