"""Imitate MX's Platform API in its two versions: users, members, accounts, transactions, numbers, owners, holdings.
Floor 8: the paths of the two are the same here; what differs is how a version is asked for, and how days are written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.vendors.mx.access import Call, Refused, admit
from fin_infra.sandbox.vendors.mx.accounts import Accounts
from fin_infra.sandbox.vendors.mx.users import Users

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.mx.vendor import Mx

Handler = Callable[[Call], object]


def router(vendor: Mx) -> Router:
    """Return the MX mount."""
    users, data = Users(vendor), Accounts(vendor)
    member, account = "/users/{user}/members/{member}", "/users/{user}/accounts/{account}"
    table: list[tuple[str, str, Handler, int]] = [
        ("GET", "/users", users.listing, 200),
        ("POST", "/users", users.create, 200),
        ("GET", "/users/{user}", users.one, 200),
        ("DELETE", "/users/{user}", users.delete, 204),
        ("POST", "/users/{user}/widget_urls", users.widget, 200),
        ("GET", "/users/{user}/members", users.members, 200),
        ("GET", member, users.member, 200),
        ("DELETE", member, users.delete_member, 204),
        ("GET", f"{member}/status", users.status, 200),
        ("POST", f"{member}/aggregate", users.aggregate, 202),
        ("POST", f"{member}/check_balance", users.aggregate, 202),
        ("GET", f"{member}/accounts", data.listing, 200),
        ("GET", f"{member}/accounts/{{account}}", data.one, 200),
        ("GET", f"{member}/accounts/{{account}}/transactions", data.transactions, 200),
        ("GET", f"{member}/transactions", data.transactions, 200),
        ("GET", f"{member}/account_numbers", data.numbers, 200),
        ("GET", f"{member}/account_owners", data.owners, 200),
        ("GET", f"{member}/investment_holdings", data.holdings, 200),
        ("GET", "/users/{user}/accounts", data.listing, 200),
        ("GET", account, data.one, 200),
        ("GET", f"{account}/transactions", data.transactions, 200),
        ("GET", f"{account}/account_numbers", data.numbers, 200),
        ("GET", f"{account}/investment_holdings", data.holdings, 200),
        ("GET", "/users/{user}/transactions", data.transactions, 200),
        ("GET", "/users/{user}/transactions/{transaction}", data.transaction, 200),
        ("GET", "/users/{user}/investment_holdings", data.holdings, 200),
        ("GET", "/institutions", users.institutions, 200),
        ("GET", "/institutions/{institution}", users.institution, 200),
    ]
    routes = [Route(path, _guarded(vendor, call, status), methods=[method]) for method, path, call, status in table]
    routes.append(Route("/widget/{token}", users.page, methods=["GET", "POST"]))
    return Router(routes, redirect_slashes=False, default=_not_found)


def error(status: int, message: str) -> Response:
    """Return MX's error body, of which only the message is described."""
    return json_reply({"error": {"message": message, "status": str(status), "type": "error"}}, status)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await error(404, "Not found")(scope, receive, send)


def _guarded(vendor: Mx, call: Handler, status: int) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that answers refusals in the vendor's shape and stamps a request id."""

    async def endpoint(request: Request) -> Response:
        try:
            answer = call(await admit(request))
            reply = Response(status_code=204) if status == 204 else json_reply(answer, status)
        except Refused as no:
            reply = error(no.status, no.message)
        reply.headers["x-request-id"] = vendor.request_id()
        return reply

    return endpoint
