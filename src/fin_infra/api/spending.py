"""Routes for what a book's money did: spending, cash flow and transfers, each figure with what it is made of.
Floor 7: `add_book` includes them; `/lines` lists the transactions behind the figures of the route above it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, StrictBool
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, envelope
from fin_infra.api.bodies import openapi_body, read_body
from fin_infra.api.connections import PROBLEMS, BookOf
from fin_infra.api.moments import Day
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded
from fin_infra.api.users import User, Who, user_of
from fin_infra.api.words import Said
from fin_infra.book import Book
from fin_infra.insights.explain import Explanation, Figure, explain_cash_flow, explain_spending
from fin_infra.insights.spending import By, CashFlow, Counted, Period, Spending, cash_flow, spending
from fin_infra.insights.transfers import Transfers
from fin_infra.model import Listing
from fin_infra.transport import Async

Account = Annotated[int | None, Query(ge=1, le=2**53, description="`id` of an account; all by default")]
Start = Annotated[Day, Query(description="First day")]
End = Annotated[Day, Query(description="Day after the last one")]
Pending = Annotated[bool, Query(description="Whether transactions count that are not posted yet")]
Id = Annotated[int, Path(ge=1, le=2**53, description="`id` of a transaction")]
ByWord = Annotated[By, Query(description="What it is added up by")]
PeriodWord = Annotated[Period, Query(description="A row for each of these")]


class ApartBody(BaseModel):
    """Whether a transaction is not a side of a transfer; false takes that back."""

    model_config = ConfigDict(extra="forbid", title="TransactionApart", hide_input_in_errors=True)

    apart: StrictBool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which transactions figures are made of, of whose book."""

    book: Book[Async]
    account: int | None
    start: date | None
    end: date | None
    pending: bool

    async def counted(self) -> Listing[Counted]:
        return await self.book.counted(account_id=self.account, start=self.start, end=self.end, pending=self.pending)


def spending_routers(auth: Auth, change: Auth, book_of: BookOf, caller: Who) -> list[APIRouter]:
    """Return the routers of spending, cash flow and transfers: what reads, and what changes."""
    responses = {**PROBLEMS, **problem_responses(415)}
    reads = APIRouter(tags=["insights"], dependencies=guarded(auth, caller), responses=PROBLEMS)
    changes = APIRouter(tags=["insights"], dependencies=guarded(change, caller), responses=responses)

    def wanted(
        account: Account = None,
        start: Start = None,
        end: End = None,
        pending: Pending = True,
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way
    ) -> Wanted:
        return Wanted(book_of(user_of(who)), account, start, end, pending)

    _add_figures(reads, wanted)
    _add_transfers(reads, changes, book_of, caller)
    return [reads, changes]


def _add_figures(router: APIRouter, wanted: Callable[..., Wanted]) -> None:
    answers = Answers()
    rows = Depends(wanted)

    @router.get("/spending", response_model=envelope(Spending))
    async def spent(by: ByWord = By.CATEGORY, period: PeriodWord = Period.ALL, asked: Wanted = rows) -> Response:
        """Return what was spent, less what was refunded and without transfers, with totals by currency."""
        return answers.known(Answer(spending(await asked.counted(), by=by, period=period)))

    @router.get("/spending/lines", response_model=envelope(list[Explanation]))
    async def spent_lines(
        name: Annotated[str, Query(max_length=300, description="`name` of a row of `/spending`")],
        by: ByWord = By.CATEGORY,
        period: PeriodWord = Period.ALL,
        asked: Wanted = rows,
    ) -> Response:
        """Return what the rows of one name are made of, one for each currency and period; none where there is none."""
        counted = await asked.counted()
        found = [each for each in spending(counted, by=by, period=period).rows if each.name == name]
        return answers.known(Answer(Listing(explain_spending(each, counted) for each in found)))

    @router.get("/cash-flow", response_model=envelope(CashFlow))
    async def flow(asked: Wanted = rows) -> Response:
        """Return income, spending, net, savings rate and transfers by month, with totals by currency."""
        return answers.known(Answer(cash_flow(await asked.counted())))

    @router.get("/cash-flow/lines", response_model=envelope(list[Explanation]))
    async def flow_lines(
        figure: Annotated[Figure, Query(description="A column of `/cash-flow`")] = Figure.NET, asked: Wanted = rows
    ) -> Response:
        """Return what the total of a column is made of, one for each currency."""
        counted = await asked.counted()
        found = [explain_cash_flow(each, counted, figure) for each in cash_flow(counted).totals]
        return answers.known(Answer(Listing(found)))


def _add_transfers(reads: APIRouter, changes: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @reads.get("/transfers", response_model=envelope(Transfers))
    async def transfers(
        start: Start = None,
        end: End = None,
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way
    ) -> Response:
        """Return transfers between own accounts, refunds, and pairs that are unclear until the person says it."""
        return await answers.private(book_of(user_of(who)).transfers(start=start, end=end))

    @changes.post(
        "/transactions/{transaction_id}/apart", response_model=envelope(Said), openapi_extra=openapi_body(ApartBody)
    )
    async def apart(transaction_id: Id, request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Say that a transaction is not a side of a transfer, or take that back."""
        body = await read_body(request, ApartBody, "the word")
        made = await book_of(user_of(who)).keep_apart([transaction_id], apart=body.apart)
        return answers.known(Answer(Said(changes=made)))
