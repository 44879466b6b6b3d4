"""Routes for connections: connect a login at a vendor, sync it, end it.
Floor 7: a token arrives in a body and is sealed at once; no answer, path or log line has it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.responses import Response

from fin_infra.api.answers import Answers, Auth, envelope
from fin_infra.api.bodies import openapi_body, read_body
from fin_infra.api.links import ConnectionId, add_link_routes
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded
from fin_infra.api.users import User, Who, user_of
from fin_infra.book import Book, Connection, SyncResult
from fin_infra.errors import InvalidInput, NotRemembered, SyncedJustNow
from fin_infra.providers.config import load_config
from fin_infra.providers.registry import provider_class
from fin_infra.security import KNOWN
from fin_infra.transport import Async

BookOf: TypeAlias = Callable[[User], Book[Async]]
"""Gives the book of a user: light, and without a call of the database."""
PROBLEMS = problem_responses(401, 403, 404, 422, 429, 500, 503)
_ACCEPTED: dict[int | str, dict[str, Any]] = {202: {"description": "Going on in the background"}}


class ConnectBody(BaseModel):
    """A login to connect. `token` is its credential where it has one; `credentials` names them where it has several."""

    model_config = ConfigDict(extra="forbid", title="NewConnection", hide_input_in_errors=True)

    provider: str = Field(min_length=1, max_length=64, description="Key of a provider, such as `banking:teller`")
    token: SecretStr | None = Field(None, min_length=1, max_length=4096)
    credentials: dict[str, SecretStr] = Field(default_factory=dict[str, SecretStr], max_length=8)

    def login(self) -> dict[str, str]:
        """Return the credentials by name.

        Raises:
            ProviderNotFound: there is no such provider.
            InvalidInput: they are not those that a login at this provider has. Others of its settings stay the
                operator's: a caller who names some and leaves others to the environment would read somebody else's
                accounts.
        """
        info = provider_class(load_config().aliases.get(self.provider, self.provider)).info
        needed = info.settings.login_fields()
        given = {name: value.get_secret_value() for name, value in self.credentials.items()}
        named = " and ".join(f"`{name}`" for name in needed) or "none"
        if self.token is not None:
            if len(needed) != 1 or given:
                raise InvalidInput(
                    f"A login at {info.title} has no single token; give its `credentials` by name: {named}."
                )
            given = {needed[0]: self.token.get_secret_value()}
        if set(given) != set(needed) or not all(value.strip() for value in given.values()):
            raise InvalidInput(f"A login at {info.title} has these credentials: {named}. Give each of them.")
        return given


@dataclass(frozen=True, slots=True, kw_only=True)
class Syncs:
    """How syncs run for requests: `pause` apart, and on in the background where one takes longer than `wait_s`."""

    pause: timedelta
    wait_s: float
    running: set[asyncio.Task[Any]] = field(default_factory=set[Any])

    async def waited(self, sync: Coroutine[Any, Any, Any]) -> Any:
        """Return what a sync says, None where it is still at it; it goes on to its end whoever gives up."""
        task = asyncio.create_task(sync)
        self.running.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait([task], timeout=self.wait_s)
        return task.result() if done else None

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.running.discard(task)
        if not task.cancelled():
            task.exception()  # seen: the connection's state has it


async def _synced(book: Book[Async], connection: str) -> SyncResult:
    return (await book.sync(connection))[0]


@contextmanager
def _masked(values: dict[str, str]) -> Generator[None]:
    """Let no log line repeat these while the request runs."""
    KNOWN.add(*values.values())
    try:
        yield
    finally:
        KNOWN.discard(*values.values())


async def connection_of(book: Book[Async], connection: str) -> Connection:
    """Return one connection.

    Raises:
        NotRemembered: the household has none of that id.
    """
    found = [each for each in await book.connections() if each.id == connection]
    if not found:
        raise NotRemembered("The book has no connection of that id; list them to see which there are.")
    return found[0]


def connections_router(auth: Auth, change: Auth, book_of: BookOf, caller: Who, syncs: Syncs) -> list[APIRouter]:
    """Return the routers of `/connections`: what reads, and what changes."""
    reads = APIRouter(tags=["book"], dependencies=guarded(auth, caller), responses=PROBLEMS)
    changes = APIRouter(
        tags=["book"], dependencies=guarded(change, caller), responses={**PROBLEMS, **problem_responses(409, 502, 504)}
    )
    _add_list(reads, book_of, caller)
    _add_connect(changes, book_of, caller, syncs)
    _add_disconnect(changes, book_of, caller)
    _add_sync(changes, book_of, caller, syncs)
    add_link_routes(reads, changes, book_of, caller, syncs)
    return [reads, changes]


def _add_list(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.get("/connections", response_model=envelope(list[Connection]))
    async def connections(who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return every login that was connected, the oldest first, with how it stands and what to do about it."""
        return await answers.private(book_of(user_of(who)).connections())


def _add_connect(router: APIRouter, book_of: BookOf, caller: Who, syncs: Syncs) -> None:
    answers = Answers()

    @router.post(
        "/connections",
        status_code=201,
        response_model=envelope(Connection),
        responses=problem_responses(415),
        openapi_extra=openapi_body(ConnectBody),
    )
    async def connect(request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Connect a login at a vendor, seal its credentials, and sync it for the first time.

        The state is `linking` where the first sync takes longer than a request may; it goes on in the background.
        """
        body = await read_body(request, ConnectBody, "the connection")
        book, login = book_of(user_of(who)), body.login()
        with _masked(login):
            made = await book.connect(body.provider, first_sync=False, **login)
            await syncs.waited(_synced(book, made.id))
        reply = answers.known(await connection_of(book, made.id))
        reply.status_code, reply.headers["Location"] = 201, f"/connections/{made.id}"
        return reply


def _add_disconnect(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.delete("/connections/{connection_id}", response_model=envelope(Connection))
    async def disconnect(connection_id: ConnectionId, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """End a connection: its token is destroyed at once, and its history stays."""
        return await answers.private(book_of(user_of(who)).disconnect(connection_id))


def _add_sync(router: APIRouter, book_of: BookOf, caller: Who, syncs: Syncs) -> None:
    answers = Answers()

    @router.post("/connections/{connection_id}/sync", response_model=envelope(SyncResult), responses=_ACCEPTED)
    async def sync(connection_id: ConnectionId, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Bring a connection up to date now; 202 where that takes longer than a request may, and goes on.

        429 where a sync began less than a minute ago: what it found is in the book.
        """
        book = book_of(user_of(who))
        known = await connection_of(book, connection_id)
        _refuse_hurry(known, book, syncs.pause)
        result = await syncs.waited(_synced(book, connection_id))
        if result is not None:
            return answers.known(result)
        at_work = SyncResult(connection=known.id, provider=known.provider, state=known.state, changes=0, busy=True)
        reply = answers.known(at_work)
        reply.status_code = 202
        return reply


def _refuse_hurry(known: Connection, book: Book[Async], pause: timedelta) -> None:
    left = pause if known.tried_at is None else pause - (book.clock() - known.tried_at)
    if known.tried_at is not None and left > timedelta():
        sentence = "A sync of this connection began a moment ago; what it found is in the book."
        raise SyncedJustNow(sentence, left.total_seconds())
