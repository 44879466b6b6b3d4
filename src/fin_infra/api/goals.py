"""Routes for what a person wants to reach and would want to hear of: goals, plans for debts, alerts.
Floor 7: `add_book` includes them; `/goals/payoff` changes nothing, and takes a body because debts are several."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, envelope
from fin_infra.api.bodies import Amount, openapi_body, read_body
from fin_infra.api.connections import PROBLEMS, BookOf
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded
from fin_infra.api.users import User, Who, user_of
from fin_infra.api.words import Said
from fin_infra.insights.alerts import Alert
from fin_infra.insights.goals import Comparison, Debt, Goal, GoalKind, GoalProgress, compare
from fin_infra.insights.goals.checks import after
from fin_infra.model import Money

GoalId = Annotated[str, Path(pattern=r"^\d{1,16}$", description="`id` of a goal")]
AlertId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="`id` of an alert")]
Currency = Annotated[str, Field(min_length=3, max_length=3, description="Of all amounts")]


class GoalBody(BaseModel):
    """What a person wants to reach: by a day, by an amount a month, or both."""

    model_config = ConfigDict(extra="forbid", title="NewGoal", hide_input_in_errors=True)

    kind: GoalKind
    name: str = Field(min_length=1, max_length=100)
    target: Amount = Field(description="Positive; of a debt what is owed now")
    currency: Currency
    account_id: str | None = Field(None, max_length=16, description="`id` of the account whose balance counts")
    monthly: Amount | None = Field(None, description="What is put aside or paid each month")
    by: dt.date | None = Field(None, description="Day by which it is to be reached")
    annual_rate: Amount = Field(Decimal(0), description="Yield or interest as a share of 1; 0.18 is 18 % a year")

    def goal(self) -> Goal:
        return Goal(
            id="new",
            kind=self.kind,
            name=self.name,
            target=Money(self.target, self.currency),
            account_id=self.account_id,
            monthly=None if self.monthly is None else Money(self.monthly, self.currency),
            by=self.by,
            annual_rate=self.annual_rate,
        )


class DebtBody(BaseModel):
    """What is owed."""

    model_config = ConfigDict(extra="forbid", title="Owed", hide_input_in_errors=True)

    id: str = Field(min_length=1, max_length=100, description="How the plan names it")
    balance: Amount = Field(description="Positive")
    annual_rate: Amount = Field(description="As a share of 1; 0.18 is 18 % a year")
    minimum: Amount = Field(description="What has to be paid each month")


class PayoffBody(BaseModel):
    """Debts, and what is paid each month beyond all minimums."""

    model_config = ConfigDict(extra="forbid", title="PayoffOfDebts", hide_input_in_errors=True)

    currency: Currency
    debts: list[DebtBody] = Field(min_length=1, max_length=50)
    extra: Amount | None = None
    first_payment: dt.date | None = Field(None, description="A month from today by default")

    def plans(self, today: dt.date) -> Comparison:
        """Return the plans by both strategies."""
        debts = [
            Debt(
                id=each.id,
                name=each.id,
                balance=Money(each.balance, self.currency),
                annual_rate=each.annual_rate,
                minimum=Money(each.minimum, self.currency),
            )
            for each in self.debts
        ]
        extra = None if self.extra is None else Money(self.extra, self.currency)
        return compare(debts, extra=extra, first_payment=self.first_payment or after(today, 1), today=today)


def goals_routers(auth: Auth, change: Auth, book_of: BookOf, caller: Who) -> list[APIRouter]:
    """Return the routers of goals and alerts: what reads, and what changes."""
    responses = {**PROBLEMS, **problem_responses(415)}
    reads = APIRouter(tags=["insights"], dependencies=guarded(auth, caller), responses=responses)
    changes = APIRouter(tags=["insights"], dependencies=guarded(change, caller), responses=responses)
    _add_goals(reads, changes, book_of, caller)
    _add_alerts(reads, changes, book_of, caller)
    return [reads, changes]


def _add_goals(reads: APIRouter, changes: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @reads.get("/goals", response_model=envelope(list[GoalProgress]))
    async def goals(who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return the person's goals in the order in which they were set, each with how far it is."""
        return await answers.private(book_of(user_of(who)).goals())

    @reads.post("/goals/payoff", response_model=envelope(Comparison), openapi_extra=openapi_body(PayoffBody))
    async def payoff(request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return how debts are paid off by avalanche and by snowball, installment by installment; nothing is stored."""
        body = await read_body(request, PayoffBody, "the debts")
        return answers.known(Answer(body.plans(book_of(user_of(who)).clock().date())))

    @changes.post("/goals", status_code=201, response_model=envelope(Goal), openapi_extra=openapi_body(GoalBody))
    async def add_goal(request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Set a goal; the balance of its account says how far it is."""
        body = await read_body(request, GoalBody, "the goal")
        reply = await answers.private(book_of(user_of(who)).add_goal(body.goal()))
        reply.status_code = 201
        return reply

    @changes.delete("/goals/{goal_id}", response_model=envelope(Said))
    async def remove_goal(goal_id: GoalId, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Remove a goal; its account and transactions stay."""
        changed = await book_of(user_of(who)).remove_goal(goal_id)
        return answers.known(Answer(Said(changes=changed)))


def _add_alerts(reads: APIRouter, changes: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @reads.get("/alerts", response_model=envelope(list[Alert]))
    async def alerts(who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return what the person would want to hear of today, the most urgent first, without what they dismissed."""
        return await answers.private(book_of(user_of(who)).alerts())

    @changes.post("/alerts/{alert_id}/dismiss", response_model=envelope(Said))
    async def dismiss_alert(alert_id: AlertId, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Do not show an alert again."""
        changed = await book_of(user_of(who)).dismiss_alert(alert_id)
        return answers.known(Answer(Said(changes=changed)))
