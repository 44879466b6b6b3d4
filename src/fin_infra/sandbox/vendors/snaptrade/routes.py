"""Imitate SnapTrade's API, the read side: users, connections, accounts, balances, positions, activities, orders.
Floor 8: canonical paths and the older /api/v1 ones; a request counts only with the signature of the official SDK.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router
from starlette.types import Receive, Scope, Send

from fin_infra.sandbox.kernel.reply import html_reply, json_reply
from fin_infra.sandbox.vendors.snaptrade import access
from fin_infra.sandbox.vendors.snaptrade.access import Call, Refused, missing
from fin_infra.sandbox.vendors.snaptrade.holdings import Accounts
from fin_infra.sandbox.vendors.snaptrade.reference import Reference
from fin_infra.sandbox.vendors.snaptrade.users import Users

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.snaptrade.vendor import SnapTrade

DEPRECATION = "@1781222400"  # when the canonical paths came, 2026-06-12
Handler = Callable[[Call], object]


def router(vendor: SnapTrade) -> Router:
    """Return the SnapTrade mount."""
    api, reference, users, data = Guard(vendor), Reference(vendor), Users(vendor), Accounts(vendor)
    open_to_all: list[tuple[str, str, Handler]] = [
        ("GET", "/", reference.status),
        ("GET", "/brokerages", reference.brokerages),
    ]
    of_client: list[tuple[str, str, Handler]] = [
        ("POST", "/snapTrade/registerUser", users.register_user),
        ("GET", "/snapTrade/listUsers", users.list_users),
        ("DELETE", "/snapTrade/deleteUser", users.delete_user),
        ("POST", "/snapTrade/resetUserSecret", users.reset_user_secret),
        ("GET", "/brokerageAuthorizationTypes", reference.authorization_types),
        ("GET", "/exchanges", reference.exchanges),
        ("POST", "/symbols", reference.search_symbols),
        ("GET", "/symbols/{query:path}", reference.symbol),
    ]
    of_user: list[tuple[str, str, Handler]] = [
        ("POST", "/snapTrade/login", users.login),
        ("GET", "/authorizations", users.authorizations),
        ("GET", "/authorizations/{connection_id}", users.authorization),
        ("DELETE", "/authorizations/{connection_id}", users.delete_connection),
        ("DELETE", "/connection/{connection_id}", users.delete_connection),
        ("POST", "/authorizations/{connection_id}/refresh", users.refresh),
        ("POST", "/authorizations/{connection_id}/transactions/sync", users.refresh),
        ("POST", "/authorizations/{connection_id}/disable", users.disable),
        ("GET", "/authorizations/{connection_id}/accounts", data.authorization_accounts),
        ("GET", "/connections/{connection_id}/accounts", data.connection_accounts),
        ("GET", "/accounts", data.accounts),
        ("GET", "/accounts/{account_id}", data.account),
        ("GET", "/accounts/{account_id}/balances", data.balances),
        ("GET", "/accounts/{account_id}/positions/all", data.positions),
        ("GET", "/accounts/{account_id}/holdings", data.holdings),
        ("GET", "/accounts/{account_id}/orders", data.orders),
        ("GET", "/accounts/{account_id}/orders/v2", data.orders_v2),
        ("GET", "/accounts/{account_id}/recentOrders", data.recent_orders),
        ("GET", "/accounts/{account_id}/activities", data.activities),
        ("GET", "/accounts/{account_id}/quotes", reference.quotes),
        ("POST", "/accounts/{account_id}/symbols", reference.search_symbols),
    ]
    table = [(partial(api.admit, signed=False, user=False), row) for row in open_to_all]
    table += [(partial(api.admit, signed=True, user=False), row) for row in of_client]
    table += [(partial(api.admit, signed=True, user=True), row) for row in of_user]
    routes = [
        Route(prefix + path, api.guarded(admit, handler), methods=[method])
        for prefix in ("", access.LEGACY)
        for admit, (method, path, handler) in table
    ]
    return Router([*routes, Mount("/", app=api.not_found)], redirect_slashes=False)


class Guard:
    """Lets requests in and stamps what goes out."""

    def __init__(self, vendor: SnapTrade) -> None:
        self._vendor = vendor

    def guarded(
        self, admit: Callable[[Request, bytes], Call], handler: Handler
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that answers refusals in the vendor's shape and stamps ids and rate headers."""

        async def endpoint(request: Request) -> Response:
            body = await request.body()
            headers, too_many = access.spend(self._vendor.state)
            try:
                if too_many is not None:
                    raise too_many
                reply = json_reply(handler(admit(request, body)))
            except Refused as no:
                reply = json_reply(no.body(), no.status)
            reply.headers.update(headers)
            return self._stamped(reply, request.scope)

        return endpoint

    def _stamped(self, reply: Response, scope: Scope) -> Response:
        reply.headers["x-request-id"] = self._vendor.request_id()
        if str(scope["path"]).removeprefix(str(scope.get("root_path", ""))).startswith(f"{access.LEGACY}/"):
            reply.headers["deprecation"] = DEPRECATION
        return reply

    async def not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a path that does not exist."""
        no = missing()
        await self._stamped(json_reply(no.body(), no.status), scope)(scope, receive, send)

    def admit(self, request: Request, body: bytes, *, signed: bool, user: bool) -> Call:
        """Return the call that a request makes; Refused when it must not."""
        content = access.content_of(body)
        if signed:
            access.check_client(request, content)
        query, state = request.query_params, self._vendor.state
        name = access.check_user(state, query.get("userId"), query.get("userSecret")) if user else ""
        return Call(request, content, name)


def outage(status: int, retry_after: str) -> Response:
    """Return the vendor's 429 or 5xx; a 502 or 504 is its web server's page."""
    wait = int(retry_after) if retry_after.isdigit() else 7
    table = {
        429: access.throttled(wait),
        500: Refused(500, "1000", "Encountered an unexpected exception."),
        503: access.bad_broker(),
    }
    no = table.get(status)
    reply = html_reply(f"{status} {HTTPStatus(status).phrase}", status) if no is None else json_reply(no.body(), status)
    reply.headers["x-request-id"] = "sandbox-fault"
    return reply


def expired() -> Response:
    """Return the vendor's answer to a user secret that is no longer good."""
    no = access.bad_user()
    return json_reply(no.body(), no.status, {"x-request-id": "sandbox-fault"})
