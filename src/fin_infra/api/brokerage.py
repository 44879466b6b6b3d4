"""Routes for a broker: account, positions, orders, the clock, and holdings at all brokers.
Floor 7: whoever places an order needs an idempotency key; the journal and the broker answer a replay, no cache does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Request
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, envelope, include
from fin_infra.api.brokerage_orders import openapi_order, read_idempotency_key, read_order
from fin_infra.api.brokerage_updates import Updates
from fin_infra.api.cursors import InstantCursor, read_instant_cursor, write_cursor
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded, opened
from fin_infra.api.users import User, Who, nobody, user_of
from fin_infra.brokerage import easy_brokerage
from fin_infra.errors import OrderChecksFailed
from fin_infra.fanout import unread_rows
from fin_infra.flow import deadline, row_errors
from fin_infra.model import (
    BrokerAccount,
    Cancellation,
    MarketClock,
    NewOrder,
    Order,
    Portfolio,
    Position,
)
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.questions.holdings import HoldingSources, holdings_of
from fin_infra.trading.ids import PREFIX
from fin_infra.transport import Async

if TYPE_CHECKING:
    from fin_infra.book import Book

ORDER_DEADLINE_S = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """Orders newest first; `next` is the cursor of the following page, None on the last one."""

    items: tuple[Order, ...]
    next: str | None


OrderId = Annotated[
    str,
    Path(
        max_length=128,
        pattern=r"^[!-~]+$",
        description=f"`id` of an order, or the `client_order_id` that begins with `{PREFIX}`",
    ),
]
_PROBLEMS = problem_responses(401, 403, 404, 422, 429, 502, 503, 504)


def add_brokerage(
    app: FastAPI,
    *,
    auth: Auth,
    trade: Auth,
    caller: Who = nobody,
    provider: BrokerageProvider[Async] | None = None,
    aggregators: Sequence[BrokerageAggregatorProvider[Async]] = (),
    fx: FxProvider[Async] | None = None,
    allow_live: bool = False,
    order_deadline_s: float = ORDER_DEADLINE_S,
    book: Callable[[], Book[Async] | None] = lambda: None,
) -> None:
    """Add `/brokerage/{account,positions,orders,clock,holdings}` and `/brokerage/orders/updates`.

    Args:
        auth: dependencies that protect the routes that read; `PUBLIC` says you mean none.
        trade: dependencies that protect placing and canceling orders.
        caller: a dependency that gives who asks, as a `User` or the name of a user; one caller's idempotency keys are
            not another's.
        provider: the broker; by default what `easy_brokerage(mode="async")` gives.
        aggregators: whose accounts count in the holdings, besides the broker's.
        fx: where rates come from for holdings in one currency.
        allow_live: let orders cost real money.
        book: gives the book of whoever acts. Where it has holdings `/brokerage/holdings` reads it, and nobody is asked.
        order_deadline_s: how long placing an order may take; less than what ends a request of your app.

    Raises:
        ConfigurationError: the provider cannot be built from its settings.
    """
    broker = opened("brokerage", provider, lambda: easy_brokerage(mode="async"))
    if broker is None:
        return
    held = (broker.source, *(aggregator.source for aggregator in aggregators))
    may_read, may_trade = guarded(auth, caller, *held), guarded(trade, caller, broker.source)
    reads = APIRouter(prefix="/brokerage", tags=["brokerage"], dependencies=may_read, responses=_PROBLEMS)
    trades = APIRouter(prefix="/brokerage", tags=["brokerage"], dependencies=may_trade, responses=_PROBLEMS)
    _add_reads(reads, broker)
    _add_holdings(reads, HoldingSources.counted([broker], aggregators, fx), book)
    _add_updates(reads, broker)
    _add_order(reads, broker)
    _add_submit(trades, broker, caller, allow_live, order_deadline_s)
    _add_cancel(trades, broker)
    include(app, reads)
    include(app, trades)


def _add_reads(router: APIRouter, broker: BrokerageProvider[Async]) -> None:
    answers = Answers()

    @router.get("/account", response_model=envelope(BrokerAccount))
    async def account() -> Response:
        """Return the account with its cash, equity and buying power; never its number."""
        return await answers.private(broker.account())

    @router.get("/positions", response_model=envelope(list[Position]))
    async def positions() -> Response:
        """Return all open positions; quantity and value are negative when short."""
        return await answers.private(broker.positions())

    @router.get("/clock", response_model=envelope(MarketClock))
    async def clock() -> Response:
        """Return the broker's time and when the market opens and closes next."""
        return await answers.private(broker.clock())

    @router.get("/orders", response_model=envelope(OrderPage))
    async def orders(
        status: Annotated[Literal["open", "closed", "all"], Query(description="Which orders")] = "open",
        limit: Annotated[int, Query(ge=1, le=500, description="Orders a page")] = 100,
        cursor: InstantCursor = None,
    ) -> Response:
        """Return orders newest first, at most `limit`, and the cursor of the next page."""
        return await answers.private(_page(broker, status, limit, cursor))


def _add_holdings(router: APIRouter, sources: HoldingSources, book: Callable[[], Book[Async] | None]) -> None:
    answers = Answers()

    @router.get("/holdings", response_model=envelope(Portfolio))
    async def holdings(
        currency: Annotated[
            str | None, Query(pattern="^[A-Za-z]{3}$", description="Currency of a total; none without it")
        ] = None,
    ) -> Response:
        """Return what is held at all brokers, merged by instrument; who did not answer is in `errors`."""
        return await answers.private(_portfolio(sources, book, currency.upper() if currency else None))


async def _portfolio(sources: HoldingSources, book: Callable[[], Book[Async] | None], currency: str | None) -> Answer:
    sources, mine = sources.for_caller(), book()
    known = None if mine is None else await mine.portfolio(currency)
    if known is not None and known.accounts:
        return Answer(known, errors=known.errors, sources=sources.all())
    portfolio, errors = await holdings_of(sources, currency)
    return Answer(portfolio, errors=errors, sources=sources.all())


def _add_updates(router: APIRouter, broker: BrokerageProvider[Async]) -> None:
    if not broker.streams():
        return
    updates = Updates(broker)
    stream = {"200": {"description": "Events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}}

    @router.get("/orders/updates", response_class=Response, openapi_extra={"responses": stream})
    async def order_updates(
        last_event_id: Annotated[
            str | None, Header(max_length=64, description="`id` of the last event you have")
        ] = None,
    ) -> Response:
        """Stream what happens to the account's orders as server-sent events, from now on or after `Last-Event-ID`."""
        return updates.response(last_event_id)


def _add_order(router: APIRouter, broker: BrokerageProvider[Async]) -> None:
    answers = Answers()

    @router.get("/orders/{order_id}", response_model=envelope(Order))
    async def order(order_id: OrderId) -> Response:
        """Return one order with its legs."""
        return await answers.private(_find(broker, order_id))


def _add_submit(
    router: APIRouter,
    broker: BrokerageProvider[Async],
    caller: Who,
    allow_live: bool,
    order_deadline_s: float,
) -> None:
    answers = Answers()
    running: set[asyncio.Task[Order]] = set()

    @router.post(
        "/orders",
        status_code=201,
        response_model=envelope(Order),
        responses={
            200: {"description": "The order that the key has placed before"},
            **problem_responses(400, 409, 415),
        },
        openapi_extra=openapi_order(),
    )
    async def submit(
        request: Request,
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way for a dependency made at run time
    ) -> Response:
        """Place an order, once for its `Idempotency-Key`; the same again answers 200 with `idempotent-replayed: true`.

        409 while the order of the key is being placed, 422 with all that speaks against the order, 504 where nobody
        knows whether it was placed: then repeat the request with the same key.
        """
        idempotency_key, body = read_idempotency_key(request, user_of(who)), await read_order(request)
        order = body.order()
        _refuse_live(broker, allow_live)
        placed = await _to_the_end(running, _submit(broker, order_deadline_s, order, idempotency_key, body.queue))
        reply = answers.known(placed)
        reply.headers["Location"] = f"/brokerage/orders/{placed.id}"
        if placed.replayed:
            reply.headers["Idempotent-Replayed"] = "true"
        else:
            reply.status_code = 201
        return reply


def _add_cancel(router: APIRouter, broker: BrokerageProvider[Async]) -> None:
    answers = Answers()

    @router.delete("/orders/{order_id}", status_code=202, response_model=envelope(Cancellation))
    async def cancel(order_id: OrderId) -> Response:
        """Ask to cancel an order; it may still be filled until its status says that it is canceled."""
        reply = await answers.private(_cancel(broker, order_id))
        reply.status_code = 202
        return reply


async def _cancel(broker: BrokerageProvider[Async], order_id: str) -> Answer:
    broker_id = (await _find(broker, order_id)).id if order_id.startswith(PREFIX) else order_id
    await broker.cancel_order(broker_id)
    return Answer(Cancellation(order_id=broker_id, accepted=True), sources=[broker])


async def _submit(
    broker: BrokerageProvider[Async], deadline_s: float, order: NewOrder, idempotency_key: str, queue: bool
) -> Order:
    with deadline(deadline_s):
        return await broker.submit_order(order, idempotency_key=idempotency_key, queue=queue, wait=False)


async def _to_the_end(running: set[asyncio.Task[Order]], placing: Coroutine[Any, Any, Order]) -> Order:
    """Await a task that goes on if the request is cut, so that what became of the order is written down."""
    task = asyncio.create_task(placing)
    running.add(task)
    task.add_done_callback(_ended(running))
    return await asyncio.shield(task)


def _ended(running: set[asyncio.Task[Order]]) -> Callable[[asyncio.Task[Order]], None]:
    def ended(task: asyncio.Task[Order]) -> None:
        running.discard(task)
        if not task.cancelled():
            task.exception()  # seen: where nobody waits any more, the journal has it

    return ended


def _refuse_live(broker: BrokerageProvider[Async], allow_live: bool) -> None:
    if broker.is_live and not allow_live:
        sentence = (
            "These keys trade with real money; set FIN_INFRA_TRADING_LIVE=1 where the service is meant to do that."
        )
        raise OrderChecksFailed([("live_trading", sentence)])


async def _find(broker: BrokerageProvider[Async], order_id: str) -> Order:
    if order_id.startswith(PREFIX):
        return await broker.order_by_client_id(order_id)
    return await broker.order(order_id)


async def _page(
    broker: BrokerageProvider[Async], status: Literal["open", "closed", "all"], limit: int, cursor: str | None
) -> Answer:
    """Read one page. A cursor is the last order's instant and id, so that later pages need no earlier ones."""
    last = None if cursor is None else read_instant_cursor(cursor)
    end = None if last is None else last[0] + timedelta(microseconds=1)
    rows: list[Order] = []
    same: list[Order] = []
    """Orders of the cursor's instant; what comes after the cursor's order is not known before it comes."""
    with row_errors() as unread:
        async with aclosing(cast("AsyncGenerator[Order]", broker.orders(status=status, end=end))) as found:
            async for order in found:
                if last is not None and order.placed_at == last[0]:
                    same = [] if order.id == last[1] else [*same, order]
                    continue
                rows.append(order)
                if len(same) + len(rows) > limit:
                    break
    rows = [*same, *rows]
    more = len(rows) > limit
    rows = rows[:limit]
    page = OrderPage(items=tuple(rows), next=write_cursor(rows[-1].placed_at, rows[-1].id) if more else None)
    errors = unread_rows(broker.source, "orders", unread)
    return Answer(page, rows[-1].meta if rows else None, errors, sources=[broker])
