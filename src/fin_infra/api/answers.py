"""One envelope for every answer, kept for a while where that is allowed.
Floor 7: `{"data": ..., "meta": ..., "errors": [...]}`; the vendor's rate limit is also in the headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import msgspec
from fastapi import FastAPI
from fastapi.params import Depends
from starlette.responses import Response

from fin_infra.fanout import unread_rows
from fin_infra.model import Listing, Meta
from fin_infra.model.networth import SourceError
from fin_infra.model.plain import plain
from fin_infra.model.record import Model
from fin_infra.providers.provider import Provider

T = TypeVar("T")
Auth = Sequence[Depends]
"""The FastAPI dependencies that protect a router; adding one without is a decision you have to spell `PUBLIC`."""
PUBLIC: Auth = ()


class Cache(Protocol):
    """Where answers may be kept; `asset_aggregator` brings svc-infra's."""

    async def get_or_set(
        self,
        cache_key: tuple[str, ...],
        ttl_s: float,
        make: Callable[[], Awaitable[bytes]],
        *,
        keep: Callable[[], bool] = ...,
    ) -> bytes:
        """Return the cached response, or make it.

        `keep` is asked after `make`; False returns the response and does not store it (a partial answer). What `make`
        raises is never stored. A caller's own data needs the caller's name in `cache_key`.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Envelope(Generic[T]):
    """The JSON of every data route; a schema, built only for OpenAPI."""

    data: T
    meta: dict[str, Any] | None = None
    errors: list[SourceError] = field(default_factory=list[SourceError])


@dataclass(slots=True)
class Answer:
    """What a route has found out; `errors` names the sources that did not answer and the rows that cannot be read."""

    data: Any
    meta: Meta | None = None
    errors: Sequence[SourceError] = ()
    sources: Sequence[Provider[Any]] = ()
    """Who was asked, where there is no `meta` of one call to say it."""


Result: TypeAlias = "Answer | Model | Listing[Any]"
"""What a route may hand over: a model or list, with its own `meta` where it has one, or an `Answer` to say more."""


class Answers:
    """Turns results into responses, through the cache where there is one."""

    def __init__(self, cache: Cache | None = None) -> None:
        self._cache = cache

    async def private(self, asked: Awaitable[Result]) -> Response:
        """Answer with a person's own data, which no cache may keep."""
        return self.known(await asked)

    def known(self, result: Result) -> Response:
        """Answer with what needed no question, under the rules of a person's own data."""
        return _unpack(_pack(_answer(result)), "private, no-store")

    async def cached(self, cache_key: tuple[str, ...], ttl_s: float, ask: Callable[[], Awaitable[Result]]) -> Response:
        """Answer with what `ask` returns, or with what it returned less than `ttl_s` seconds ago.

        Errors and partial answers are never kept.
        """
        complete = True

        async def packed() -> bytes:
            nonlocal complete
            answer = _answer(await ask())
            complete = not answer.errors
            return _pack(answer)

        if self._cache is None or ttl_s <= 0:
            return _unpack(await packed(), "private, no-cache")
        kept = await self._cache.get_or_set(cache_key, ttl_s, packed, keep=lambda: complete)
        return _unpack(kept, "private, no-cache")


def _answer(result: Result) -> Answer:
    if isinstance(result, Answer):
        return result
    meta: Meta | None = getattr(result, "meta", None)
    unread = result.errors if isinstance(result, Listing) else ()
    return Answer(result, meta, unread_rows(meta.provider, meta.operation, unread) if meta else ())


def _pack(answer: Answer) -> bytes:
    body = {"data": plain(answer.data, pii=True), "meta": plain(answer.meta), "errors": plain(answer.errors)}
    return msgspec.json.encode({"headers": _headers(answer), "body": body})


class _Packed(msgspec.Struct):
    headers: dict[str, str]
    body: msgspec.Raw


def _unpack(packed: bytes, cache_control: str) -> Response:
    answer = msgspec.json.decode(packed, type=_Packed)
    headers = answer.headers | {"Cache-Control": cache_control}
    return Response(bytes(answer.body), 200, headers, "application/json")


def _headers(answer: Answer) -> dict[str, str]:
    meta = answer.meta
    if meta is None:
        asked = {"Provider": [source.source for source in answer.sources]}
        asked["Environment"] = sorted({source.environment for source in answer.sources})
        return {f"Fin-{name}": ", ".join(values) for name, values in asked.items() if values}
    headers = {"Fin-Provider": meta.provider, "Fin-Environment": meta.environment}
    if meta.rate_limit is not None:
        facts = {
            "Limit": meta.rate_limit.limit,
            "Remaining": meta.rate_limit.remaining,
            "Reset": meta.rate_limit.reset_at and meta.rate_limit.reset_at.isoformat(),
        }
        headers |= {f"Fin-RateLimit-{name}": str(value) for name, value in facts.items() if value is not None}
    return headers


def envelope(hint: Any) -> Any:
    """Return the schema of an answer whose data has type `hint`, for `response_model`."""
    generic: Any = Envelope  # its parameter is computed, which no type can say
    return generic[hint]


def include(app: FastAPI, router: Any) -> None:
    """Put a router on the app, with our error answers."""
    from fin_infra.api.problems import add_problems

    add_problems(app)
    app.include_router(router)
