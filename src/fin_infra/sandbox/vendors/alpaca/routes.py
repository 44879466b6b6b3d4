"""Answer Alpaca's trading API from the sandbox's broker: /alpaca/v2 and the trade-updates websocket at /alpaca/stream.
Floor 8: one mount stands for the paper host and the data host; live keys are refused as the paper host refuses them.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router, WebSocketRoute
from starlette.types import Receive, Scope, Send

from fin_infra.sandbox.broker.broker import PER_MINUTE
from fin_infra.sandbox.broker.engine import Engine
from fin_infra.sandbox.broker.refusals import Refused, invalid, unauthorized
from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.vendors.alpaca import market_data
from fin_infra.sandbox.vendors.alpaca.account import AccountApi
from fin_infra.sandbox.vendors.alpaca.call import Call
from fin_infra.sandbox.vendors.alpaca.orders import OrdersApi
from fin_infra.sandbox.vendors.alpaca.positions import PositionsApi
from fin_infra.sandbox.vendors.alpaca.reference import ReferenceApi
from fin_infra.sandbox.vendors.alpaca.stream import stream
from fin_infra.sandbox.vendors.alpaca.watchlists import WatchlistsApi

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.alpaca.vendor import Alpaca

Handler = Callable[[Call], Response]


def router(vendor: Alpaca) -> Router:
    """Return the Alpaca mount."""
    orders, positions = OrdersApi(), PositionsApi()
    account, reference, lists = AccountApi(), ReferenceApi(), WatchlistsApi()
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/v2/account", account.account),
        ("GET", "/v2/account/configurations", account.configurations),
        ("PATCH", "/v2/account/configurations", account.configure),
        ("GET", "/v2/account/portfolio/history", account.portfolio_history),
        ("GET", "/v2/account/activities", account.activities),
        ("GET", "/v2/account/activities/{kind}", account.activities),
        ("POST", "/v2/orders", orders.submit),
        ("GET", "/v2/orders", orders.list),
        ("DELETE", "/v2/orders", orders.cancel_all),
        ("GET", "/v2/orders:by_client_order_id", orders.by_client_order_id),
        ("GET", "/v2/orders/{order_id}", orders.get),
        ("PATCH", "/v2/orders/{order_id}", orders.replace),
        ("DELETE", "/v2/orders/{order_id}", orders.cancel),
        ("GET", "/v2/positions", positions.list),
        ("DELETE", "/v2/positions", positions.close_all),
        ("GET", "/v2/positions/{symbol:path}", positions.get),
        ("DELETE", "/v2/positions/{symbol:path}", positions.close),
        ("GET", "/v2/assets", reference.assets),
        ("GET", "/v2/assets/{symbol:path}", reference.asset),
        ("GET", "/v2/clock", reference.clock),
        ("GET", "/v2/calendar", reference.calendar),
        ("GET", "/v2/watchlists", lists.list),
        ("POST", "/v2/watchlists", lists.create),
        ("GET", "/v2/watchlists/{list_id}", lists.get),
        ("PUT", "/v2/watchlists/{list_id}", lists.update),
        ("POST", "/v2/watchlists/{list_id}", lists.add),
        ("DELETE", "/v2/watchlists/{list_id}", lists.delete),
        ("DELETE", "/v2/watchlists/{list_id}/{symbol:path}", lists.remove),
        *market_data.routes(),
    ]
    routes: list[BaseRoute] = [Route(path, guarded(vendor, call), methods=[verb]) for verb, path, call in table]
    return Router([*routes, WebSocketRoute("/stream", stream(vendor))], redirect_slashes=False, default=_not_found)


def guarded(vendor: Alpaca, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that checks the keys, lets the market catch up, and answers refusals in the vendor's shape."""

    async def endpoint(request: Request) -> Response:
        headers = dict[str, str]()
        try:
            engine = _account(vendor, request)
            headers, is_over = _count(vendor, engine)
            if is_over:
                raise Refused(429, 42910000, "rate limit exceeded")
            vendor.broker.catch_up()
            reply = handler(Call(vendor, engine, request, _body(await request.body())))
        except Refused as no:
            reply = json_reply(no.body, no.status)
        reply.headers["x-request-id"] = vendor.request_id()
        reply.headers.update(headers)
        return reply

    return endpoint


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    await json_reply({"code": 40410000, "message": "endpoint not found."}, 404)(scope, receive, send)


def _account(vendor: Alpaca, request: Request) -> Engine:
    api_key, secret = request.headers.get("apca-api-key-id", ""), request.headers.get("apca-api-secret-key", "")
    engine = vendor.broker.engine(api_key, secret)
    if engine is None:
        raise unauthorized()
    return engine


def _count(vendor: Alpaca, engine: Engine) -> tuple[dict[str, str], bool]:
    """Count the request; return the rate-limit headers and whether it is one too many."""
    used, ends = vendor.broker.count(engine.api_key)
    headers = {
        "x-ratelimit-limit": str(PER_MINUTE),
        "x-ratelimit-remaining": str(max(PER_MINUTE - used, 0)),
        "x-ratelimit-reset": str(ends),
    }
    return headers, vendor.broker.rate_limited and used > PER_MINUTE


def _body(raw: bytes) -> dict[str, object]:
    if not raw.strip():
        return {}
    try:
        found = json.loads(raw, parse_float=Decimal, parse_int=Decimal)
        json.dumps(found, ensure_ascii=False, default=str).encode()  # half a surrogate pair cannot be answered again
    except (ValueError, RecursionError):
        raise invalid("request body format is invalid") from None
    if not isinstance(found, dict):
        raise invalid("request body format is invalid")
    return cast("dict[str, object]", found)
