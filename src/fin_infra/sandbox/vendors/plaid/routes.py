"""Imitate Plaid's API: every call is a POST with a JSON body that is checked against the published schema.
Floor 8: each answer carries a request id; keys come in headers or in the body, as both are documented.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router
from starlette.types import Receive, Scope, Send

from fin_infra.sandbox.kernel.reply import html_reply, json_reply
from fin_infra.sandbox.vendors.plaid import CLIENT_ID, SECRET
from fin_infra.sandbox.vendors.plaid.refusals import Json, Refused, error_body
from fin_infra.sandbox.vendors.plaid.schema import CREDENTIALS, check, part

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.plaid.vendor import Plaid

HEADERS = {"client_id": "plaid-client-id", "secret": "plaid-secret"}  # nosec B105: names of headers
OUTAGES = {429: "RATE_LIMIT", 500: "INTERNAL_SERVER_ERROR", 503: "PLANNED_MAINTENANCE"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request that fits the schema and whose keys are good; `origin` is the address it was sent to."""

    body: dict[str, Any]
    origin: str

    @property
    def options(self) -> dict[str, Any]:
        """Return the options, empty when there are none."""
        return part(self.body, "options")

    def text(self, name: str) -> str:
        """Return a required text field; Refused when it is empty."""
        found = str(self.body.get(name) or "")
        if not found:
            raise Refused("INVALID_FIELD", f"{name} must be a non-empty string")
        return found

    def whole(self, name: str) -> int:
        """Return a required whole number."""
        return int(self.body[name])

    def names(self, name: str) -> list[str]:
        """Return a required list of words."""
        return [str(each) for each in self.body[name]]


Handler: TypeAlias = Callable[[Call], Json]


def router(vendor: Plaid) -> Router:
    """Return the Plaid mount."""
    guard = Guard(vendor)
    table: dict[str, Handler] = {
        "/link/token/create": vendor.links.create,
        "/link/token/get": vendor.links.get,
        "/user/create": vendor.links.create_user,
        "/sandbox/public_token/create": vendor.items.create_public_token,
        "/item/public_token/exchange": vendor.items.exchange,
        "/item/get": vendor.items.get,
        "/item/remove": vendor.items.remove,
        "/item/webhook/update": vendor.items.update_webhook,
        "/item/access_token/invalidate": vendor.items.rotate,
        "/accounts/get": vendor.items.accounts,
        "/accounts/balance/get": vendor.items.balances,
        "/processor/token/create": vendor.items.processor_token,
        "/sandbox/item/reset_login": vendor.items.reset_login,
        "/sandbox/item/fire_webhook": vendor.webhooks.fire,
        "/sandbox/transactions/create": vendor.transactions.create,
        "/transactions/sync": vendor.transactions.sync,
        "/transactions/get": vendor.transactions.get,
        "/transactions/refresh": vendor.transactions.refresh,
        "/transactions/recurring/get": vendor.recurring.get,
        "/investments/holdings/get": vendor.investments.holdings,
        "/investments/transactions/get": vendor.investments.transactions,
        "/liabilities/get": vendor.liabilities.get,
        "/identity/get": vendor.owners.identity,
        "/auth/get": vendor.owners.auth,
        "/institutions/get": vendor.institutions.listed,
        "/institutions/get_by_id": vendor.institutions.by_id,
        "/institutions/search": vendor.institutions.search,
        "/webhook_verification_key/get": vendor.webhooks.verification_key,
    }
    routes = [Route(path, guard.guarded(path, handler), methods=["POST"]) for path, handler in table.items()]
    pages = [
        Route("/hosted/{hosted}", vendor.page.show, methods=["GET"]),
        Route("/hosted/{hosted}", vendor.page.act, methods=["POST"]),
    ]
    return Router([*routes, *pages, Mount("/", app=guard.not_found)], redirect_slashes=False)


class Guard:
    """Lets requests in and stamps what goes out."""

    def __init__(self, vendor: Plaid) -> None:
        self._vendor = vendor

    def guarded(self, path: str, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that answers refusals in the vendor's shape and ends each body with a request id."""

        async def endpoint(request: Request) -> Response:
            try:
                body = _object(await request.body())
                _admit(request, path, body)
                status, answer = 200, handler(Call(body, f"{request.url.scheme}://{request.url.netloc}"))
            except Refused as no:
                status, answer = no.status, no.body()
            return self._stamped(answer, status)

        return endpoint

    def _stamped(self, answer: Json, status: int) -> Response:
        return json_reply({**answer, "request_id": self._vendor.request_id()}, status)

    async def not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a path that is not here."""
        await self._stamped(error_body("NOT_FOUND"), 404)(scope, receive, send)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()  # what cannot be answered again is refused
    except (ValueError, RecursionError):
        raise Refused("INVALID_BODY") from None
    if not isinstance(found, dict):
        raise Refused("INVALID_BODY")
    return cast("dict[str, Any]", found)


def _admit(request: Request, path: str, body: dict[str, Any]) -> None:
    """Refuse a request that does not fit the schema, or whose keys are missing or wrong."""
    given = {name: body.get(name) or request.headers.get(HEADERS[name]) for name in CREDENTIALS}
    check(path, body)
    if missing := [name for name, value in given.items() if not value]:
        raise Refused("MISSING_FIELDS", ", ".join(missing))
    if given != {"client_id": CLIENT_ID, "secret": SECRET}:
        raise Refused("INVALID_API_KEYS")


def outage(status: int) -> Response:
    """Return the vendor's 429 or 5xx; a 502 or 504 is its web server's page."""
    if status not in OUTAGES:
        return html_reply(f"{status} Bad Gateway" if status == 502 else f"{status} Gateway Timeout", status)
    return failing(OUTAGES[status], status)


def failing(code: str, status: int | None = None) -> Response:
    """Return the answer of an error code, as a fault gives it."""
    no = Refused(code)
    return json_reply({**no.body(), "request_id": "sandbox-fault"}, status or no.status)
