"""The route for net worth across banks, holdings and statements.
Floor 7: reads the request; the question itself is `fin_infra.questions.net_worth`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, FastAPI, Query
from starlette.responses import Response

from fin_infra.analytics import WorthRecord
from fin_infra.api.answers import Answer, Answers, Auth, envelope, include
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded
from fin_infra.api.users import Who, nobody
from fin_infra.features import for_everybody
from fin_infra.model import Holding, NetWorth
from fin_infra.questions.asked import Asked
from fin_infra.questions.asking import answer
from fin_infra.questions.catalog import question_of
from fin_infra.questions.net_worth import Sources
from fin_infra.transport import Async

if TYPE_CHECKING:
    from fin_infra.book import Book


def add_net_worth(
    app: FastAPI,
    *,
    auth: Auth,
    sources: Sources | None = None,
    holdings: Sequence[Holding] = (),
    records: Callable[[], Sequence[WorthRecord]] = tuple,
    caller: Who = nobody,
    book: Callable[[], Book[Async] | None] = lambda: None,
) -> None:
    """Add `/net-worth?currency=&holding=`.

    Args:
        auth: dependencies that protect the route; `PUBLIC` says you mean none.
        holdings: counted when the request names none.
        sources: who is asked; the configured bank, brokers and price sources where None.
        records: what counts besides them, such as imported statement files, asked for at each request.
        caller: a dependency that gives who asks, where the switches of tenants and users differ.
        book: gives the book of whoever acts. Where it has accounts it is read, and nobody is asked.
    """
    with for_everybody():
        chosen = sources or Sources.default()
    problems = problem_responses(401, 422)
    router = APIRouter(tags=["net worth"], dependencies=guarded(auth, caller), responses=problems)
    answers = Answers()
    asked = Asked(mode="async", sources=chosen, holdings=holdings, records=records, book=book)

    @router.get("/net-worth", response_model=envelope(NetWorth), summary="Net worth")
    async def worth(
        currency: Annotated[str, Query(pattern="^[A-Za-z]{3}$", description="Currency of the total")] = "USD",
        holding: Annotated[list[str] | None, Query(description="KEY=QUANTITY, such as CRYPTO:bitcoin=0.25")] = None,
    ) -> Response:
        """Return what is owned less what is owed, line by line, with what is missing from the total."""
        given: dict[str, Any] = {"currency": currency} | ({} if holding is None else {"holding": holding})
        return await answers.private(_worth(asked, chosen, given))

    include(app, router)


async def _worth(asked: Asked, sources: Sources, given: dict[str, Any]) -> Answer:
    worth: NetWorth = await answer(question_of("net-worth"), given, asked)
    return Answer(worth, errors=worth.errors, sources=sources.for_caller().all())
