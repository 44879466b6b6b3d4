"""Finastra, as the kernel sees it: its tokens, the shape of its lists, the trace headers on every answer.
Floor 8: tokens, registered keys and switches are forgotten by a reset.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from fin_infra.sandbox.kernel.rows import BAD_ROW, spoil
from fin_infra.sandbox.kernel.vendor import Change, ControlCall, Json, Vendor, only
from fin_infra.sandbox.vendors.finastra import MOUNT, accounts, routes
from fin_infra.sandbox.vendors.finastra.login import MAX_TTL_S, REALMS, Login
from fin_infra.sandbox.vendors.finastra.replies import gateway, trace_headers

LIST_SHAPES = ("items", "collaterals", "array")


class Finastra(Vendor):
    mount = MOUNT
    fault_kinds: ClassVar = {
        "short_page": "Finastra: a list with only the first half of its rows, at least one; other answers as they are",
        "empty_page": "Finastra: a list without any rows; other answers as they are",
        "bad_row": BAD_ROW,
    }

    def start(self) -> None:
        self.login = Login(self.world.seed)
        self.list_shape = LIST_SHAPES[0]

    def router(self) -> Router:
        return routes.router(self)

    def outage(self, status: int, retry_after: str) -> Response:
        return gateway(status)

    def expired(self) -> Response:
        return gateway(401)

    def stamps(self, number: int, headers: Iterable[tuple[bytes, bytes]]) -> Sequence[tuple[bytes, bytes]]:
        return trace_headers(number, dict(headers).get(b"x-request-id"))

    def strike(self, kind: str, query: Mapping[str, str]) -> Change:
        if kind == "bad_row":
            return lambda body: spoil(body, LIST_SHAPES)
        return lambda body: routes.cut(body, kind)

    def truths(self, now: datetime) -> Json:
        return {"finastra_accounts": accounts.summary(self.world.seed, now)}

    def control(self) -> Sequence[tuple[str, str, ControlCall]]:
        return [
            ("GET", "/finastra", self._describe),
            ("POST", "/finastra", self._change),
            ("POST", "/finastra/keys", self._add_key),
        ]

    def _describe(self, _: Json, __: Request) -> object:
        """Return how tokens and lists are set up, and how many tokens were issued."""
        return {
            "token_ttl_s": self.login.ttl_s,
            "list_shape": self.list_shape,
            "tokens_issued": self.login.issued,
            "keys": self.login.keys(),
            "tenants": list(REALMS),
        }

    def _change(self, body: Json, request: Request) -> object:
        """Set how long new tokens last and which shape collateral lists have, or revoke all tokens."""
        only(body, "token_ttl_s", "list_shape", "revoke")
        ttl_s = body.get("token_ttl_s", self.login.ttl_s)
        if isinstance(ttl_s, bool) or not isinstance(ttl_s, int) or not 1 <= ttl_s <= MAX_TTL_S:
            raise ValueError(f"`token_ttl_s` must be a whole number from 1 to {MAX_TTL_S}.")
        shape = body.get("list_shape", self.list_shape)
        if shape not in LIST_SHAPES:
            raise ValueError(f"`list_shape` must be one of {', '.join(LIST_SHAPES)}.")
        if body.get("revoke", True) is not True:
            raise ValueError('`revoke` can only be true: {"revoke": true} ends every token that was issued.')
        self.login.ttl_s, self.list_shape = ttl_s, str(shape)
        if "revoke" in body:
            self.login.revoke()
        return self._describe({}, request)

    def _add_key(self, body: Json, _: Request) -> object:
        """Register a client's public key, with which its assertions are verified."""
        only(body, "client_id", "kid", "public_key")
        self.login.register(body.get("client_id"), body.get("kid"), body.get("public_key"))
        return {"keys": self.login.keys()}
