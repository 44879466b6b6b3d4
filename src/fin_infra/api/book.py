"""Routes of the book: what a household's money did, what a person says about it, and every change.
Floor 7: `add_book(app, auth=[...], book_of=...)`; each request reads the book of the user who asks, and no other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Query
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, envelope, include
from fin_infra.api.connections import PROBLEMS, BookOf, Syncs, connections_router
from fin_infra.api.cursors import DayCursor, read_day_cursor, write_cursor
from fin_infra.api.goals import goals_routers
from fin_infra.api.imports import imports_routers
from fin_infra.api.insights import insights_routers
from fin_infra.api.moments import Day
from fin_infra.api.recurring import recurring_router
from fin_infra.api.switches import guarded
from fin_infra.api.users import User, Who, nobody, user_of
from fin_infra.api.words import Id, words_router
from fin_infra.book import (
    AccountQuestion,
    Book,
    BookAccount,
    BookBalance,
    BookHolding,
    BookTransaction,
    Change,
    NetWorthPoint,
    OpenQuestion,
    TradeQuestion,
)
from fin_infra.errors import InvalidInput
from fin_infra.model import TransactionStatus
from fin_infra.transport import Async

SYNC_PAUSE = timedelta(minutes=1)
WAIT_S = 20.0
"""How long a request waits for a sync; less than what ends a request of your app."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookTransactionPage:
    """Transactions newest first; `next` is the cursor of the following page, None on the last one."""

    items: tuple[BookTransaction, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """Changes in their order. `next` is the position to continue from: the given one where nothing has changed."""

    items: tuple[Change, ...]
    next: int


On = Annotated[Day, Query(description="As of the end of this day; as of now by default")]


def add_book(
    app: FastAPI,
    *,
    auth: Auth,
    book_of: BookOf,
    change: Auth | None = None,
    caller: Who = nobody,
    sync_pause: timedelta = SYNC_PAUSE,
    wait_s: float = WAIT_S,
) -> None:
    """Add the routes of the book: `/connections`, `/accounts`, `/transactions`, `/doubts`, `/holdings`, `/balances`,
    `/imports`, `/changes`, `/categories`, `/labels`, `/rules`, `/recurring`, `/forecast`, `/bills`,
    `/goals`, `/alerts`.

    Args:
        auth: dependencies that protect the routes that read; `PUBLIC` says you mean none.
        book_of: the book of whoever asks, in the mode `async`: `lambda user: book.of(user.name, user.tenant)`.
        change: dependencies that protect what connects, syncs, ends and says; `auth` where None.
        caller: a dependency that gives who asks. Without one all callers share the book of one household.
        sync_pause: how far apart the syncs of a connection are that requests start; zero for no limit.
        wait_s: how long a request waits for a sync, which goes on in the background then.
    """
    change = auth if change is None else change
    syncs = Syncs(pause=sync_pause, wait_s=wait_s)
    for router in connections_router(auth, change, book_of, caller, syncs):
        include(app, router)
    reads = APIRouter(tags=["book"], dependencies=guarded(auth, caller), responses=PROBLEMS)
    _add_accounts(reads, book_of, caller)
    _add_transactions(reads, book_of, caller)
    _add_feed(reads, book_of, caller)
    _add_worth(reads, book_of, caller)
    include(app, reads)
    for router in imports_routers(auth, change, book_of, caller):
        include(app, router)
    include(app, words_router(change, book_of, caller))
    for router in insights_routers(auth, change, book_of, caller):
        include(app, router)
    include(app, recurring_router(auth, book_of, caller))
    for router in goals_routers(auth, change, book_of, caller):
        include(app, router)


def _add_accounts(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.get("/accounts", response_model=envelope(list[BookAccount]))
    async def accounts(who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return every account of the book, each once however many sources tell about it."""
        return await answers.private(book_of(user_of(who)).accounts())

    @router.get("/balances", response_model=envelope(list[BookBalance]))
    async def balances(on: On = None, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return the last known balance of each account at the end of a day; negative where you owe."""
        return await answers.private(book_of(user_of(who)).balances(on=on))

    @router.get("/holdings", response_model=envelope(list[BookHolding]))
    async def holdings(on: On = None, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return what every account held at the end of a day, as its broker told it."""
        return await answers.private(book_of(user_of(who)).holdings(on=on))


def _add_transactions(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.get("/transactions", response_model=envelope(BookTransactionPage))
    async def transactions(
        account: Annotated[int | None, Query(ge=1, le=2**53, description="`id` of an account; all by default")] = None,
        start: Annotated[Day, Query(description="First day")] = None,
        end: Annotated[Day, Query(description="Day after the last one")] = None,
        category: Annotated[
            str | None, Query(max_length=200, description="The person's category, or the bank's")
        ] = None,
        search: Annotated[
            str | None, Query(max_length=200, description="Part of the description, counterparty or note")
        ] = None,
        status: Annotated[TransactionStatus | None, Query(description="Only pending or posted ones")] = None,
        hidden: Annotated[bool, Query(description="With what a person hid or deleted")] = False,
        limit: Annotated[int, Query(ge=1, le=1000, description="Transactions a page")] = 100,
        cursor: DayCursor = None,
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way
    ) -> Response:
        """Return transactions of the book newest first, at most `limit`, and the cursor of the next page."""
        wanted: dict[str, Any] = {
            "account_id": account,
            "start": start,
            "end": end,
            "category": category,
            "search": search,
            "status": status,
            "hidden": hidden,
            "after": None if cursor is None else _after(cursor),
        }
        return await answers.private(_page(book_of(user_of(who)), limit, wanted))

    @router.get("/transactions/{transaction_id}", response_model=envelope(BookTransaction))
    async def transaction(transaction_id: Id, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return one transaction, also where it is hidden, deleted or removed."""
        return await answers.private(book_of(user_of(who)).transaction(transaction_id))


def _after(cursor: str) -> int:
    _, row = read_day_cursor(cursor)
    if not (row.isascii() and row.isdigit() and len(row) < 17):
        raise InvalidInput("Unknown cursor; use the `next` of a page, or leave it out.")
    return int(row)


async def _page(book: Book[Async], limit: int, wanted: dict[str, Any]) -> Answer:
    found = await book.transactions(**wanted, limit=limit + 1)
    more, rows = len(found) > limit, found[:limit]
    return Answer(
        BookTransactionPage(items=tuple(rows), next=write_cursor(rows[-1].date, str(rows[-1].id)) if more else None)
    )


def _add_feed(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.get("/changes", response_model=envelope(ChangePage))
    async def changes(
        since: Annotated[int, Query(ge=0, le=2**53, description="`next` of the part before; 0 for all")] = 0,
        limit: Annotated[int, Query(ge=1, le=5000, description="Changes a part")] = 1000,
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way
    ) -> Response:
        """Return what changed after a position, in order and without gaps; store `next` with what you do about it."""
        return await answers.private(_changes(book_of(user_of(who)), since, limit))

    @router.get("/doubts", response_model=envelope(list[OpenQuestion]))
    async def doubts(who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return pairs of transactions that may be one, for a person to say, the oldest question first."""
        return await answers.private(book_of(user_of(who)).questions())

    @router.get("/trades/doubts", response_model=envelope(list[TradeQuestion]))
    async def trade_doubts(who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return pairs of trades of two sources that may be one; the answer goes to `/doubts/{id}/{other_id}` too."""
        return await answers.private(book_of(user_of(who)).trade_questions())

    @router.get("/accounts/doubts", response_model=envelope(list[AccountQuestion]))
    async def account_doubts(who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return pairs of accounts of two sources that may be one; the answer goes to `/doubts/{id}/{other_id}` too."""
        return await answers.private(book_of(user_of(who)).account_questions())


async def _changes(book: Book[Async], since: int, limit: int) -> Answer:
    rows = await book.changes(since=since, limit=limit)
    return Answer(ChangePage(items=tuple(rows), next=rows[-1].position if rows else since))


def _add_worth(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.get("/net-worth/series", response_model=envelope(list[NetWorthPoint]))
    async def series(
        start: Annotated[Day, Query(description="First day; a year before `end` by default")] = None,
        end: Annotated[Day, Query(description="Day after the last one; tomorrow by default")] = None,
        currency: Annotated[str, Query(pattern="^[A-Za-z]{3}$", description="Currency of the totals")] = "USD",
        step: Annotated[Literal["day", "week", "month"], Query(description="How far the points are apart")] = "month",
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way
    ) -> Response:
        """Return the net worth at the end of each day, week or month, oldest first, read from the book."""
        book = book_of(user_of(who))
        until = end or book.clock().astimezone(UTC).date() + timedelta(days=1)
        begin = start or date(max(until.year - 1, 1), until.month, min(until.day, 28))
        return await answers.private(book.net_worth_series(currency.upper(), begin, until, step=step))
