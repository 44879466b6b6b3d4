"""Routes of a budget: a month, and the steps that a person takes; each step answers with the month it is of.
Floor 7: `add_book` includes them; amounts are exact, and a step that cannot be taken is refused whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from fin_infra.api.answers import Answers, Auth, envelope
from fin_infra.api.bodies import Amount, openapi_body, read_body
from fin_infra.api.connections import PROBLEMS, BookOf
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded
from fin_infra.api.users import User, Who, user_of
from fin_infra.insights.budgets import BudgetMonth, Overspending
from fin_infra.model import Money

MONTH = r"^\d{4}-\d{2}$"
Month = Annotated[str, Path(pattern=MONTH, description="Such as 2026-11")]
_CATEGORY = "A code of `/categories`, primary or detailed, the end of one, or a word of the person's own"
_MONTH = envelope(BudgetMonth)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class _MoneyBody(_Body):
    category: str = Field(min_length=1, max_length=200, description=_CATEGORY)
    amount: Amount
    currency: str = Field(pattern="^[A-Za-z]{3}$")

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency.upper())


class AssignBody(_MoneyBody):
    """How much an envelope is given in the month, whatever it was before."""

    model_config = ConfigDict(title="BudgetAssignment")


class MoveBody(_MoneyBody):
    """How much goes from `category` to `to`."""

    model_config = ConfigDict(title="BudgetMove")

    to: str = Field(min_length=1, max_length=200, description=_CATEGORY)


class LimitBody(_MoneyBody):
    """What may be spent in each month from this one on; 0 takes it back."""

    model_config = ConfigDict(title="BudgetLimit")


class TargetBody(_MoneyBody):
    """How much the envelope must have by the end of month `by`; 0 takes it back."""

    model_config = ConfigDict(title="BudgetTarget")

    by: str = Field(pattern=MONTH, description="The last month, such as 2027-06")


class OverspendingBody(_Body):
    """What becomes of envelopes below zero from this month on."""

    model_config = ConfigDict(title="BudgetOverspending")

    category: str | None = Field(None, min_length=1, max_length=200, description="Null for all")
    overspending: Overspending


class UndoBody(_Body):
    """How many of the last steps are taken back."""

    model_config = ConfigDict(title="BudgetUndo")

    steps: int = Field(1, ge=1, le=1000)


def budget_routers(auth: Auth, change: Auth, book_of: BookOf, caller: Who) -> list[APIRouter]:
    """Return the routers of budgets: what reads, and what changes."""
    responses = {**PROBLEMS, **problem_responses(415)}
    reads = APIRouter(tags=["budget"], dependencies=guarded(auth, caller), responses=PROBLEMS)
    changes = APIRouter(tags=["budget"], dependencies=guarded(change, caller), responses=responses)
    _add_month(reads, book_of, caller)
    _add_money(changes, book_of, caller)
    _add_plans(changes, book_of, caller)
    _add_months(changes, book_of, caller)
    return [reads, changes]


def _add_month(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.get("/budgets/{month}", response_model=_MONTH)
    async def budget(month: Month, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return a month: envelopes, what is ready to assign, targets and limits, each figure with its transactions."""
        return await answers.private(book_of(user_of(who)).budget(month))


def _add_money(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.post("/budgets/{month}/assign", response_model=_MONTH, openapi_extra=openapi_body(AssignBody))
    async def assign(month: Month, request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Give an envelope just so much in this month; repeated, it changes nothing."""
        body = await read_body(request, AssignBody, "the assignment")
        return await answers.private(book_of(user_of(who)).assign(body.category, body.money, month=month))

    @router.post("/budgets/{month}/move", response_model=_MONTH, openapi_extra=openapi_body(MoveBody))
    async def move(month: Month, request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Move money from one envelope to another."""
        body = await read_body(request, MoveBody, "the move")
        return await answers.private(book_of(user_of(who)).move(body.category, body.to, body.money, month=month))


def _add_plans(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.post("/budgets/{month}/limit", response_model=_MONTH, openapi_extra=openapi_body(LimitBody))
    async def limit(month: Month, request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Say what may be spent in each month from this one on; no money is held for it."""
        body = await read_body(request, LimitBody, "the limit")
        return await answers.private(book_of(user_of(who)).set_limit(body.category, body.money, month=month))

    @router.post("/budgets/{month}/target", response_model=_MONTH, openapi_extra=openapi_body(TargetBody))
    async def target(month: Month, request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Say how much an envelope must have by the end of a month; saving begins in this one."""
        body = await read_body(request, TargetBody, "the target")
        return await answers.private(book_of(user_of(who)).set_target(body.category, body.money, body.by, month=month))

    @router.post("/budgets/{month}/overspending", response_model=_MONTH, openapi_extra=openapi_body(OverspendingBody))
    async def overspending(month: Month, request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Say whether envelopes below zero stay so, or take from what the next month has to assign."""
        body = await read_body(request, OverspendingBody, "the choice")
        book = book_of(user_of(who))
        return await answers.private(book.set_overspending(body.overspending, category=body.category, month=month))


def _add_months(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.post("/budgets/{month}/close", response_model=_MONTH)
    async def close(month: Month, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Close a month that is over, and all before it: no step changes them until it is reopened."""
        return await answers.private(book_of(user_of(who)).close_month(month))

    @router.post("/budgets/{month}/reopen", response_model=_MONTH)
    async def reopen(month: Month, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Open a closed month again, and those after it."""
        return await answers.private(book_of(user_of(who)).reopen_month(month))

    @router.post("/budgets/undo", response_model=_MONTH, openapi_extra=openapi_body(UndoBody))
    async def undo(request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Take the last steps back that stand, all or none; answer with the present month."""
        body = await read_body(request, UndoBody, "the undo")
        return await answers.private(book_of(user_of(who)).undo_budget(body.steps))
