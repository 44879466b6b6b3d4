"""Imitate Finastra's FusionFabric.cloud: the login, the gateway before the products, and the two products behind it.
Floor 8: the gateway refuses in its own shape before a product is asked, as at the vendor.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.vendors.finastra import channels, collaterals
from fin_infra.sandbox.vendors.finastra.login import (
    ACCOUNTS,
    CLIENTS,
    COLLATERALS,
    REALMS,
    SCOPES,
    OAuthError,
)
from fin_infra.sandbox.vendors.finastra.replies import Refused, gateway

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.finastra.vendor import Finastra

Call: TypeAlias = "Callable[[Finastra, str, Request], Response]"
Endpoint = Callable[[Request], Awaitable[Response]]

FORM = "application/x-www-form-urlencoded"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_PRODUCT_PATHS: list[tuple[str, str, Call]] = [
    (COLLATERALS, "/collaterals", collaterals.listing),
    (COLLATERALS, "/collaterals/{collateral_id}", collaterals.one),
    (ACCOUNTS, "/accounts", channels.listing),
    (ACCOUNTS, "/accounts/balances-by-account-type", channels.balances_by_type),
    (ACCOUNTS, "/accounts/{account_id}", channels.one),
    (ACCOUNTS, "/accounts/{account_id}/balances", channels.balances),
    (ACCOUNTS, "/accounts/{account_id}/statement", channels.statement),
]


def router(vendor: Finastra) -> Router:
    """Return the Finastra mount."""
    token, discovery = _token(vendor), _guarded("GET", _discovery)
    routes = [
        Route("/login/v1/{realm}/oidc/token", token, methods=METHODS),
        Route("/login/v1/{realm}/.well-known/openid-configuration", discovery, methods=METHODS),
    ]
    for product, path, call in _PRODUCT_PATHS:
        routes.append(Route(f"/{product}{path}", _guarded("GET", _behind(vendor, product, call)), methods=METHODS))
    return Router(routes, redirect_slashes=False, default=_not_found)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await gateway(404)(scope, receive, send)


def _guarded(method: str, call: Callable[[Request], Response]) -> Endpoint:
    """Return an endpoint for one method that answers refusals in the shape of whoever refuses."""

    async def endpoint(request: Request) -> Response:
        try:
            return call(request) if request.method in (method, "HEAD") else gateway(405)
        except Refused as no:
            return no.reply

    return endpoint


def _behind(vendor: Finastra, product: str, call: Call) -> Callable[[Request], Response]:
    """Return a product's operation behind the gateway: a good token first, then the right product."""

    def checked(request: Request) -> Response:
        token = vendor.login.find(request.headers.get("authorization", ""), vendor.clock.now)
        if token is None:
            return gateway(401)
        if CLIENTS[token.client_id].product != product:
            return gateway(403)
        return call(vendor, token.realm, request)

    return checked


def _token(vendor: Finastra) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        realm = request.path_params["realm"]
        if realm not in REALMS:
            return gateway(404)
        if request.method != "POST":
            return gateway(405)
        try:
            form = _form(request.headers.get("content-type", ""), await request.body())
            answer = vendor.login.grant(realm, form, _login_root(request), vendor.clock.now)
        except OAuthError as no:
            return json_reply(no.body, no.status, {"cache-control": "no-store"})
        return json_reply(answer, headers={"cache-control": "no-store"})

    return endpoint


def _login_root(request: Request) -> str:
    """Return the address of this mount's login as the client wrote it."""
    return f"{request.url.scheme}://{request.url.netloc}{request.scope['root_path']}/login/v1"


def _form(content_type: str, body: bytes) -> dict[str, str]:
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise OAuthError("invalid_request", f"The content type must be {FORM}.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True)
    except UnicodeDecodeError:
        raise OAuthError("invalid_request", "The form must be UTF-8.") from None
    if len(dict(pairs)) != len(pairs):
        raise OAuthError("invalid_request", "A parameter is given twice.")
    return dict(pairs)


def _discovery(request: Request) -> Response:
    realm = request.path_params["realm"]
    if realm not in REALMS:
        return gateway(404)
    issuer = f"{_login_root(request)}/{realm}"
    return json_reply(
        {
            "issuer": issuer,
            "token_endpoint": f"{issuer}/oidc/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "scopes_supported": list(SCOPES),
        }
    )


def cut(body: bytes, kind: str) -> bytes:
    """Return a list answer with half its rows, at least one, or none; other answers as they are."""
    answer: Any = json.loads(body)
    holder: dict[str, Any] = {"items": answer} if body.startswith(b"[") else answer
    name = next((name for name in ("items", "collaterals") if name in holder), None)
    if name is None:
        return body
    rows: list[Any] = holder[name]
    del rows[max(1, len(rows) // 2) if kind == "short_page" else 0 :]
    if "totalCount" in holder.get("_meta", ()):
        holder["_meta"]["itemCount"] = len(rows)  # of this page; where itemCount is the total, it stays
    return bytes(json_reply(answer).body)
