"""Routes for what a person says: about a transaction, about the two sides of a transfer, and to what the book asks.
Floor 7: `add_book` includes them; the bank's own record stays beside every word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, envelope
from fin_infra.api.bodies import Amount, openapi_body, read_body
from fin_infra.api.connections import PROBLEMS, BookOf
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded
from fin_infra.api.users import User, Who, user_of
from fin_infra.book import Book, BookTransaction, SplitPart
from fin_infra.book.says import check_past
from fin_infra.model import Money
from fin_infra.transport import Async


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How many changes a person's word made; 0 where it had been said before."""

    changes: int


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class PartBody(_Body):
    category: str = Field(min_length=1, max_length=200)
    amount: Amount
    note: str | None = Field(None, max_length=4000)


class WordsBody(_Body):
    """What a person says of a transaction: only what is given changes, and null takes a word back."""

    model_config = ConfigDict(title="TransactionWords")

    category: str | None = Field(None, min_length=1, max_length=200, pattern=r"\S")
    past: StrictBool = Field(
        False, description="With a `category` that is a code: for earlier ones of its merchant too"
    )
    note: str | None = Field(None, max_length=4000)
    hidden: StrictBool = False
    deleted: StrictBool = False
    split: list[PartBody] = Field(default_factory=list[PartBody], max_length=50)


class LinkBody(_Body):
    """The other side of a transfer; null takes the link back."""

    model_config = ConfigDict(title="TransactionLink")

    other_id: int | None = Field(ge=1, le=2**53)


class JoinBody(_Body):
    """The account that it is, too."""

    model_config = ConfigDict(title="AccountJoin")

    other_id: int = Field(ge=1, le=2**53)


class AnswerBody(_Body):
    """Whether the two transactions are one."""

    model_config = ConfigDict(title="DoubtAnswer")

    same: StrictBool


Id = Annotated[int, Path(ge=1, le=2**53, description="`id` of a transaction")]
AccountId = Annotated[int, Path(ge=1, le=2**53, description="`id` of an account")]
OtherId = Annotated[int, Path(ge=1, le=2**53, description="`other_id` of the question")]


def words_router(change: Auth, book_of: BookOf, caller: Who) -> APIRouter:
    """Return the router of what changes by a person's word."""
    responses = {**PROBLEMS, **problem_responses(415)}
    router = APIRouter(tags=["book"], dependencies=guarded(change, caller), responses=responses)
    _add_words(router, book_of, caller)
    _add_answers(router, book_of, caller)
    _add_accounts(router, book_of, caller)
    return router


def _add_accounts(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.post("/accounts/{account_id}/join", response_model=envelope(Said), openapi_extra=openapi_body(JoinBody))
    async def join(account_id: AccountId, request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Say that two accounts are one: equal transactions become one, and near ones become questions."""
        body = await read_body(request, JoinBody, "the other account")
        changes = await book_of(user_of(who)).join(account_id, body.other_id)
        return answers.known(Answer(Said(changes=changes)))

    @router.post("/accounts/{account_id}/separate", response_model=envelope(Said))
    async def separate(account_id: AccountId, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Say that a joined account is one of its own: each has again what its own sources told."""
        changes = await book_of(user_of(who)).separate(account_id)
        return answers.known(Answer(Said(changes=changes)))


def _add_words(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.patch(
        "/transactions/{transaction_id}",
        response_model=envelope(BookTransaction),
        openapi_extra=openapi_body(WordsBody),
    )
    async def words(transaction_id: Id, request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Say something of a transaction: its category, a note, how it divides, whether it is hidden or deleted.

        What the bank says stays beside it; `split` must add up to the amount, and an empty one is taken back.
        """
        body = await read_body(request, WordsBody, "the words")
        return await answers.private(_say(book_of(user_of(who)), transaction_id, body))

    @router.post(
        "/transactions/{transaction_id}/link",
        response_model=envelope(BookTransaction),
        openapi_extra=openapi_body(LinkBody),
    )
    async def link(transaction_id: Id, request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Say that two transactions are the sides of one transfer, or take that back."""
        body = await read_body(request, LinkBody, "the link")
        book = book_of(user_of(who))
        await book.link(transaction_id, body.other_id)
        return await answers.private(book.transaction(transaction_id))


async def _say(book: Book[Async], id: int, body: WordsBody) -> BookTransaction:
    given = body.model_fields_set
    row = await book.transaction(id)
    check_past(body.category, past=body.past)
    if "split" in given:  # first: the one that may be refused
        currency = row.amount.currency
        parts = [
            SplitPart(category=part.category, amount=Money(part.amount, currency), note=part.note)
            for part in body.split
        ]
        await book.split(id, parts)
    if "category" in given:
        await book.categorize([id], body.category, past=body.past)
    if "note" in given:
        await book.note(id, body.note)
    if "hidden" in given:
        await book.hide([id], hidden=body.hidden)
    if "deleted" in given:
        await book.delete([id], deleted=body.deleted)
    return await book.transaction(id)


def _add_answers(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.post(
        "/doubts/{transaction_id}/{other_id}", response_model=envelope(Said), openapi_extra=openapi_body(AnswerBody)
    )
    async def answer(
        transaction_id: Id,
        other_id: OtherId,
        request: Request,
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way
    ) -> Response:
        """Answer a question of `/doubts` (of trades and accounts too): whether the two are one, for good."""
        body = await read_body(request, AnswerBody, "the answer")
        changes = await book_of(user_of(who)).answer(transaction_id, other_id, same=body.same)
        return answers.known(Answer(Said(changes=changes)))
