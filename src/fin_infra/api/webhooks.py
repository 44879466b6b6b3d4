"""The route for what vendors tell by themselves: `POST /webhooks/{provider}`.
Floor 7: no token of a user, since the signature says who it is; the body is read raw, and within bounds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, FastAPI, Path, Request
from starlette.responses import Response

from fin_infra.api.answers import include
from fin_infra.api.bodies import read_bytes
from fin_infra.api.problems import problem_responses
from fin_infra.providers.interfaces.webhooks import Delivery

Take: TypeAlias = Callable[[str, Delivery], Awaitable[None]]
"""Checks a delivery of a provider, and keeps its event."""
MAX_BYTES = 1024 * 1024
"""A bank's webhook may bring all transactions that it has read."""
MAX_HEADER = 16 * 1024
_RECEIVED = {"type": "object", "properties": {"received": {"type": "boolean"}}, "required": ["received"]}
_TAKEN = b'{"received":true}'
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The vendor's own event, signed as the vendor does",
        "content": {"application/json": {"schema": {"type": "object", "properties": {}}}},
    }
}
Provider = Annotated[
    str,
    Path(
        max_length=64,
        pattern=r"^[a-z]+:[a-z0-9_]+$",
        description="Key of the provider that sends, such as `banking:teller`",
    ),
]


def _utc_now() -> datetime:
    return datetime.now(UTC)


def add_webhooks(app: FastAPI, *, take: Take, clock: Callable[[], datetime] = _utc_now) -> None:
    """Add `POST /webhooks/{provider}`.

    Args:
        take: what to do with a delivery; it raises `WebhookRefused` for one that is not the vendor's.
        clock: gives the aware time that signatures are compared with.
    """
    router = APIRouter(tags=["webhooks"], responses=problem_responses(400, 404, 413, 422, 429, 503))

    @router.post(
        "/webhooks/{provider}",
        response_class=Response,
        responses={
            200: {"description": "Taken, now or before", "content": {"application/json": {"schema": _RECEIVED}}}
        },
        openapi_extra=_BODY,
    )
    async def webhook(provider: Provider, request: Request) -> Response:
        """Take an event that a vendor tells by itself, signed by the vendor; what it asks for is done afterwards.

        One that was taken before is answered the same, and changes nothing. 400 names what is wrong with a signature in
        `reason`: `bad_signature`, `unknown_key`, `too_old`, `from_the_future` or `malformed`.
        """
        at = clock()
        await take(
            provider, Delivery(body=await read_bytes(request, MAX_BYTES, "A webhook"), headers=_headers(request), at=at)
        )
        return Response(_TAKEN, media_type="application/json")  # 200: some vendors send again after any other 2xx

    include(app, router)


def _headers(request: Request) -> dict[str, str]:
    """Return the headers by name; one that came twice has both values, so that no signature fits by being the last."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        found[name] = f"{found[name]}, {value}"[:MAX_HEADER] if name in found else value[:MAX_HEADER]
    return found
