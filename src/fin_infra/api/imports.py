"""Routes for statement files: what an import would do, the import, and taking it back.
Floor 7: a file is the body itself, read into memory within bounds; none is written anywhere before it is decided."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from fin_infra.api.answers import Answers, Auth, envelope
from fin_infra.api.bodies import read_bytes
from fin_infra.api.connections import PROBLEMS, BookOf
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded
from fin_infra.api.users import User, Who, user_of
from fin_infra.api.words import Id
from fin_infra.book import Document, ImportPlan, ImportResult
from fin_infra.errors import InvalidInput
from fin_infra.imports.statements import read_statement
from fin_infra.model import StatementFile

MAX_BYTES = 16 * 1024 * 1024
"""The largest file that a request may bring; the command line reads larger ones."""
_KIND = "application/octet-stream"
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file as the bank gave it, whatever its format",
        "content": {_KIND: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_REFUSALS = problem_responses(409, 413)
Account = Annotated[str | None, Query(min_length=1, max_length=64, description="Account number, for files without one")]
Currency = Annotated[str | None, Query(pattern="^[A-Z]{3}$", description="ISO 4217 code, for files that name none")]
Mark = Annotated[Literal[".", ","] | None, Query(description="What 1,234 means, where the file does not tell")]
DayFirst = Annotated[bool | None, Query(description="Whether 01/02 is in February, where the file does not tell")]
Skip = Annotated[bool, Query(description="Set aside what cannot be read, and name it")]
Accept = Annotated[bool, Query(description="Read a file that does not add up, and keep the difference")]
Password = Annotated[
    str | None, Header(alias="X-Statement-Password", max_length=128, description="What opens a protected file")
]
Name = Annotated[str | None, Query(min_length=1, max_length=200, description="What to call the file")]
Into = Annotated[int | None, Query(ge=1, le=2**53, description="`id` of the account that the file is of")]
NewAccount = Annotated[bool, Query(description="The file is of an account that the book does not have")]


def imports_routers(auth: Auth, change: Auth, book_of: BookOf, caller: Who) -> list[APIRouter]:
    """Return the routers of `/imports`: what reads, and what changes."""
    reads = APIRouter(tags=["book"], dependencies=guarded(auth, caller), responses=PROBLEMS)
    changes = APIRouter(tags=["book"], dependencies=guarded(change, caller), responses=PROBLEMS)
    _add_list(reads, book_of, caller)
    _add_preview(changes, book_of, caller)
    _add_import(changes, book_of, caller)
    _add_undo(changes, book_of, caller)
    return [reads, changes]


class Sent(NamedTuple):
    """A file that a request has brought."""

    read: StatementFile
    content: bytes


async def _read(
    request: Request,
    account: Account = None,
    currency: Currency = None,
    decimal_mark: Mark = None,
    day_first: DayFirst = None,
    skip_unreadable: Skip = False,
    accept_difference: Accept = False,
    password: Password = None,
) -> Sent:
    """Return the file in a body as it reads, and as it is.

    Raises:
        HTTPException: 413, it is too large.
        InvalidInput: there is none.
        StatementUnreadable: it cannot be read.
    """
    body = await read_bytes(request, MAX_BYTES, "A statement file")
    if not body:
        raise InvalidInput("Send the statement file as the body of the request.")
    read = await run_in_threadpool(
        read_statement,
        body,
        account=account,
        currency=currency,
        decimal_mark=decimal_mark,
        day_first=day_first,
        password=password,
        skip_unreadable=skip_unreadable,
        accept_difference=accept_difference,
        max_bytes=MAX_BYTES,
    )
    return Sent(read, body)


Read = Annotated[Sent, Depends(_read)]


def _add_list(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.get("/imports", response_model=envelope(list[Document]))
    async def imports(who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return every statement file that was imported, the oldest first, undone ones too."""
        return await answers.private(book_of(user_of(who)).imports())


def _add_preview(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.post("/imports/preview", response_model=envelope(ImportPlan), responses=_REFUSALS, openapi_extra=_FILE)
    async def preview_import(
        file: Read,
        name: Name = None,
        account_id: Into = None,
        new_account: NewAccount = False,
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way
    ) -> Response:
        """Return what an import of the statement file in the body would do; nothing is stored."""
        named: dict[str, Any] = {"name": name, "account_id": account_id, "new_account": new_account}
        return await answers.private(book_of(user_of(who)).plan_import(file.read, **named))


def _add_import(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.post(
        "/imports",
        status_code=201,
        response_model=envelope(ImportResult),
        responses=_REFUSALS,
        openapi_extra=_FILE,
    )
    async def import_file(
        file: Read,
        name: Name = None,
        account_id: Into = None,
        new_account: NewAccount = False,
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way
    ) -> Response:
        """Import the statement file in the body; what is unclear is kept twice and asked: `/doubts`, `/trades/doubts`.

        200 where the same content had been imported before: nothing was changed.
        """
        book = book_of(user_of(who))
        result = await book.import_statement(
            file.read, name=name, account_id=account_id, new_account=new_account, original=file.content
        )
        reply = answers.known(result)
        reply.status_code = 200 if result.already else 201
        return reply


def _add_undo(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.post("/imports/{import_id}/undo", response_model=envelope(Document))
    async def undo_import(import_id: Id, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Take an import back: what only that file told is removed, and the log keeps both."""
        return await answers.private(book_of(user_of(who)).undo_import(import_id))
