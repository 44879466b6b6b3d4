"""Routes for what a book's money did: categories, transactions with theirs, and a person's rules.
Floor 7: `add_book` includes them; `/rules/preview` changes nothing, and takes a body because rules are long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, envelope
from fin_infra.api.bodies import Amount, openapi_body, read_body
from fin_infra.api.connections import PROBLEMS, BookOf
from fin_infra.api.cursors import DayCursor, read_day_cursor, write_cursor
from fin_infra.api.moments import Day
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded
from fin_infra.api.users import User, Who, user_of
from fin_infra.api.words import Id, Said
from fin_infra.book import Book
from fin_infra.book.rule_rows import placed
from fin_infra.errors import InvalidInput
from fin_infra.insights import LabelChange, LabeledEntry
from fin_infra.insights.categories import UNCATEGORIZED, CategoryCode, Rule, Sign, categories
from fin_infra.model import Listing
from fin_infra.transport import Async

RuleId = Annotated[str, Path(pattern=r"^\d{1,16}$", description="`id` of a rule")]
_NEW = "new"


class RuleBody(BaseModel):
    """A rule for categories: every condition that is given has to hold."""

    model_config = ConfigDict(extra="forbid", title="NewRule", hide_input_in_errors=True)

    category: str = Field(min_length=1, max_length=64, description="A code of `/categories`")
    contains: str | None = Field(None, max_length=200, description="Words in the description or the counterparty")
    pattern: str | None = Field(None, max_length=200, description="Regular expression of RE2")
    low: Amount | None = Field(None, description="Least size of the amount, without its sign")
    high: Amount | None = Field(None, description="Largest size of the amount, itself included")
    account_id: str | None = Field(None, max_length=16, description="`id` of an account")
    sign: Sign | None = Field(None, description="Only money that came in, or went out")
    place: int | None = Field(None, ge=1, le=1000, description="Where it stands, counted from 1; last without it")

    def rule(self) -> Rule:
        facts = self.model_dump(exclude={"place"})
        return Rule(id=_NEW, **facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPage:
    """Transactions with their categories, newest first; `next` is the cursor of the following page."""

    items: tuple[LabeledEntry, ...]
    next: str | None
    """None on the last page."""


class PlaceBody(BaseModel):
    """Where a rule is to stand, counted from 1."""

    model_config = ConfigDict(extra="forbid", title="RulePlace", hide_input_in_errors=True)

    place: int = Field(ge=1, le=1000)


def insights_routers(auth: Auth, change: Auth, book_of: BookOf, caller: Who) -> list[APIRouter]:
    """Return the routers of insights: what reads, and what changes."""
    responses = {**PROBLEMS, **problem_responses(415)}
    reads = APIRouter(tags=["insights"], dependencies=guarded(auth, caller), responses=PROBLEMS)
    changes = APIRouter(tags=["insights"], dependencies=guarded(change, caller), responses=responses)
    _add_categories(reads, book_of, caller)
    _add_rules(reads, changes, book_of, caller)
    return [reads, changes]


def _add_categories(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.get("/categories", response_model=envelope(list[CategoryCode]))
    async def every_category() -> Response:
        """Return every category that a label or a rule can have, with its primary one and its meaning."""
        return await answers.private(_categories())

    @router.get("/labels", response_model=envelope(LabelPage))
    async def labels(
        account: Annotated[int | None, Query(ge=1, le=2**53, description="`id` of an account; all by default")] = None,
        start: Annotated[Day, Query(description="First day")] = None,
        end: Annotated[Day, Query(description="Day after the last one")] = None,
        uncategorized: Annotated[bool, Query(description="Only those of which nobody knows the category")] = False,
        limit: Annotated[int, Query(ge=1, le=1000, description="Transactions a page")] = 100,
        cursor: DayCursor = None,
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way
    ) -> Response:
        """Return transactions newest first, each with its category, who decided it, why, and how sure that is.

        One that a person split is a row for each part.
        """
        found = await book_of(user_of(who)).labels(account_id=account, start=start, end=end)
        rows = [each for each in found if not uncategorized or each.label.category == UNCATEGORIZED]
        return answers.known(Answer(_page(rows[::-1], limit, cursor)))

    @router.get("/transactions/{transaction_id}/past-changes", response_model=envelope(list[LabelChange]))
    async def past_changes(
        transaction_id: Id,
        category: Annotated[str, Query(min_length=1, max_length=64, description="A code of `/categories`")],
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way
    ) -> Response:
        """Return what else would change if a category held for earlier ones of the same merchant too.

        Nothing is changed; `PATCH /transactions/{transaction_id}` with `past` does it.
        """
        return await answers.private(book_of(user_of(who)).past_changes(transaction_id, category))


def _page(rows: Sequence[LabeledEntry], limit: int, cursor: str | None) -> LabelPage:
    """Return the rows after a cursor's, of a list that is newest first."""
    after = 0
    if cursor is not None:
        _, id = read_day_cursor(cursor)
        after = next((at for at, each in enumerate(rows, 1) if each.entry.id == id), 0)
        if not after:
            raise InvalidInput("The cursor names a transaction that is not in this list; begin again without it.")
    shown = rows[after : after + limit]
    more = after + limit < len(rows)
    return LabelPage(items=tuple(shown), next=write_cursor(shown[-1].entry.date, shown[-1].entry.id) if more else None)


async def _categories() -> Answer:
    return Answer(Listing(categories()))


def _add_rules(reads: APIRouter, changes: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @reads.get("/rules", response_model=envelope(list[Rule]))
    async def rules(who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return the person's rules in the order in which they are asked; the first that fits decides."""
        return await answers.private(book_of(user_of(who)).rules())

    @reads.post("/rules/preview", response_model=envelope(list[LabelChange]), openapi_extra=openapi_body(RuleBody))
    async def preview(request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return what would change if a rule were added; nothing is changed."""
        body = await read_body(request, RuleBody, "the rule")
        return await answers.private(_previewed(book_of(user_of(who)), body.rule(), body.place))

    @changes.post("/rules", status_code=201, response_model=envelope(Rule), openapi_extra=openapi_body(RuleBody))
    async def add_rule(request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Add a rule for categories, which holds for past transactions too."""
        body = await read_body(request, RuleBody, "the rule")
        reply = await answers.private(book_of(user_of(who)).add_rule(body.rule(), place=body.place))
        reply.status_code = 201
        return reply

    @changes.post("/rules/{rule_id}/move", response_model=envelope(Said), openapi_extra=openapi_body(PlaceBody))
    async def move_rule(rule_id: RuleId, request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Put a rule at another place."""
        body = await read_body(request, PlaceBody, "the place")
        changed = await book_of(user_of(who)).move_rule(rule_id, body.place)
        return answers.known(Answer(Said(changes=changed)))

    @changes.delete("/rules/{rule_id}", response_model=envelope(Said))
    async def remove_rule(rule_id: RuleId, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Remove a rule; what it decided is decided without it."""
        changed = await book_of(user_of(who)).remove_rule(rule_id)
        return answers.known(Answer(Said(changes=changed)))


async def _previewed(book: Book[Async], rule: Rule, place: int | None) -> Listing[LabelChange]:
    """Return what would change if a rule were added to those of a book."""
    return await book.preview_rules(placed(await book.rules(), rule, place))
