"""The service's FastAPI app: svc-infra's `easy_service_app` with its layers put in order.
Floor 8: asset_aggregator. Routers come as objects, so one that cannot be imported stops the start instead of vanishing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, closing, nullcontext
from typing import Any, TypeAlias, cast

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.middleware import Middleware

from asset_aggregator.infra.auth import Auth
from asset_aggregator.infra.boundary import BodyLimit, Boundary, RequestIdGuard, UnmatchedRoute
from asset_aggregator.infra.cache import SvcCache
from asset_aggregator.infra.cors import ProblemCors
from asset_aggregator.infra.environment import ServiceSettings, prepare_environment
from asset_aggregator.infra.health import Readiness, health_router
from asset_aggregator.infra.limits import (
    OPEN_PATHS,
    WEBHOOKS,
    WINDOW_S,
    BoundedStore,
    FailOpenStore,
    Store,
    address_key,
    make_store,
    principal_key,
)
from asset_aggregator.infra.logs import configure_logging
from asset_aggregator.infra.methods import Methods
from asset_aggregator.infra.metrics import PrometheusCalls, add_metrics
from asset_aggregator.infra.openapi import finish_openapi
from asset_aggregator.infra.problems import install_handlers
from asset_aggregator.infra.whole_paths import OnlyBelow, WholePaths
from fin_infra.api.imports import MAX_BYTES as MAX_UPLOAD
from fin_infra.api.webhooks import MAX_BYTES
from fin_infra.errors import ConfigurationError

FACTS = ("Fin-Provider", "Fin-Environment", "Fin-RateLimit-Limit", "Fin-RateLimit-Remaining", "Fin-RateLimit-Reset")
STREAMS = ("/brokerage/orders/updates",)
"""Answers without an end, which the handler timeout would cut."""
PAGES = frozenset({"/", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"})
"""svc-infra's landing page, and FastAPI's own."""
Lifespan: TypeAlias = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_service(
    *,
    name: str,
    version: str,
    routers: Sequence[APIRouter] = (),
    lifespan: Lifespan | None = None,
    settings: ServiceSettings | None = None,
    auth: Auth | None = None,
    readiness: Readiness | None = None,
) -> FastAPI:
    """Build the hardened app. `app.state` holds `settings`, `auth`, `cache` and `readiness`.

    Routers that need auth or the cache before the app exists can share an `Auth` made earlier, or be included on the
    returned app afterwards. Logging of the process is configured unless `settings.log_format` is "none".

    Raises:
        ConfigurationError: the environment or the settings are unsafe or cannot be used.
    """
    env = prepare_environment()
    settings = settings or ServiceSettings.from_env()
    if settings.env is not env:
        raise ConfigurationError(f"The settings say {settings.env}, APP_ENV says {env}; make them agree.")
    settings.check()
    configure_logging(settings)
    from svc_infra.api.fastapi import easy_service_app  # pyright: ignore[reportUnknownVariableType]  # untyped **kwargs

    auth = auth or Auth.from_settings(settings)
    cache = SvcCache(settings, name)
    store = make_store(settings, name)
    vendors = make_store(settings, name, settings.webhook_rate_limit)
    readiness = readiness or Readiness()
    if settings.redis_url is not None:
        readiness.add_redis(settings.redis_url)

    app = easy_service_app(
        name=name,
        release=version,
        enable_logging=False,  # the other of svc-infra's two logging systems; see logs.py
        enable_observability=False,  # see add_metrics
        lifespan=_life((store, vendors), cache, lifespan),
    )
    app.router.redirect_slashes = False  # the redirect names the Host header and plain http, whatever the caller used
    app.state.settings, app.state.auth, app.state.cache, app.state.readiness = settings, auth, cache, readiness
    install_handlers(app)
    add_metrics(app, settings, auth)
    _order_layers(app, settings, auth, store, vendors)
    app.include_router(health_router(readiness, auth))
    if not settings.docs:
        _drop_pages(app)
    for router in routers:
        app.include_router(router)
    finish_openapi(app)
    return app


def _life(stores: Sequence[BoundedStore | FailOpenStore], cache: SvcCache, inner: Lifespan | None) -> Lifespan:
    """Return the app's lifespan: the stores and the metrics of calls, and inside them the caller's own."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncGenerator[None, None]:
        with ExitStack() as closed, PrometheusCalls().observing():
            for store in stores:
                closed.enter_context(closing(store))
            async with cache.running(), inner(app) if inner else nullcontext():
                yield

    return life


def _drop_pages(app: FastAPI) -> None:
    """Take away the pages about the API, which tell everybody its routes and load scripts from elsewhere."""
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", None) not in PAGES]


def _order_layers(app: FastAPI, settings: ServiceSettings, auth: Auth, store: Store, vendors: Store) -> None:
    """Settle which layers run, and in which order, outermost first.

    request id guard, request id, CORS, methods, boundary, unmatched route, [svc-infra: metrics, in-flight, route
    header, limiter, limiter of webhooks, catch-all, handler timeout], body limit, [svc-infra: body timeout].
    """
    from svc_infra.api.fastapi.middleware.idempotency import IdempotencyMiddleware
    from svc_infra.api.fastapi.middleware.ratelimit import SimpleRateLimitMiddleware
    from svc_infra.api.fastapi.middleware.request_id import RequestIdMiddleware
    from svc_infra.api.fastapi.middleware.timeout import BodyReadTimeoutMiddleware, HandlerTimeoutMiddleware

    inner: list[Middleware] = []
    for found in app.user_middleware:
        layer, kind = found, cast(object, found.cls)
        if kind is RequestIdMiddleware or kind is CORSMiddleware or kind is IdempotencyMiddleware:
            continue  # the first two move outwards; the third runs duplicates twice and mixes callers, see orders.py
        if kind is SimpleRateLimitMiddleware:
            layer.kwargs.update(
                limit=settings.rate_limit,
                window=WINDOW_S,
                key_fn=principal_key(auth),
                store=store,
                skip_below=(WEBHOOKS,),
            )
            limits: dict[str, Any] = {**layer.kwargs}
            layer = Middleware(WholePaths, layer=SimpleRateLimitMiddleware, skip=OPEN_PATHS, **limits)
        if kind is HandlerTimeoutMiddleware:
            times: dict[str, Any] = {**layer.kwargs, "timeout_seconds": settings.request_timeout_s}
            layer = Middleware(WholePaths, layer=HandlerTimeoutMiddleware, skip=STREAMS, **times)
        if kind is BodyReadTimeoutMiddleware:
            larger = {WEBHOOKS: MAX_BYTES, "/imports": MAX_UPLOAD}
            inner.append(Middleware(BodyLimit, max_bytes=settings.max_body_bytes, larger=larger))
        inner.append(layer)
        if kind is SimpleRateLimitMiddleware:
            inner.append(_vendors_layer(SimpleRateLimitMiddleware, settings, vendors))
    ids = [Middleware(RequestIdGuard), Middleware(RequestIdMiddleware)]
    labels = [Middleware(Methods), Middleware(Boundary), Middleware(UnmatchedRoute)]
    app.user_middleware[:] = [*ids, *_cors(settings), *labels, *inner]


def _vendors_layer(limiter: type, settings: ServiceSettings, store: Store) -> Middleware:
    """Count webhooks apart, and by address: they carry no token."""
    limit = settings.webhook_rate_limit
    return Middleware(
        OnlyBelow, layer=limiter, below=WEBHOOKS, limit=limit, window=WINDOW_S, key_fn=address_key, store=store
    )


def _cors(settings: ServiceSettings) -> list[Middleware]:
    """Off by default. Tokens travel in headers, so no cookie or other ambient credential is ever allowed."""
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            ProblemCors,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET"],
            allow_headers=["Authorization", "X-API-Key", "X-Request-Id", "Last-Event-ID"],
            expose_headers=["X-Request-Id", "Retry-After", "X-RateLimit-Remaining", *FACTS],
            allow_credentials=False,
        )
    ]
