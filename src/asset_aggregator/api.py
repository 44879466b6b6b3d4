"""The service: `uvicorn asset_aggregator.api:app --port 8050`.
Floor 7: composes routers of `fin_infra.api` on the hardened svc-infra app; it has no route of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI
from fastapi.params import Depends as Dependency

from asset_aggregator import infra
from asset_aggregator.statements import load_statements
from fin_infra import __version__
from fin_infra.api import (
    Sources,
    add_banking,
    add_crypto,
    add_finastra,
    add_fx,
    add_market_data,
    add_net_worth,
    add_providers,
    add_symbols,
)
from fin_infra.api.finastra_tenants import FinastraTenants
from fin_infra.api.networth import parse_holding
from fin_infra.errors import FinInfraError
from fin_infra.flow import BreakerState, Caller
from fin_infra.providers.base import Provider
from fin_infra.transport import AsyncTransport

if TYPE_CHECKING:
    app: FastAPI

NAME = "asset-aggregator"


def create_app(environ: Mapping[str, str] = os.environ) -> FastAPI:
    """Build the service from its environment.

    FIN_INFRA_STATEMENTS is a list of statement files (separated like PATH) whose balances count in the net worth;
    FIN_INFRA_HOLDINGS a comma-separated list such as `US:AAPL=10,CRYPTO:bitcoin=0.25`.

    Raises:
        ConfigurationError: a setting is missing or unsafe.
        StatementUnreadable: a statement file cannot be read.
        InvalidInput: a holding cannot be read.
    """
    infra.prepare_environment()  # before anything imports svc-infra, which reads APP_ENV once
    holdings = [parse_holding(text) for text in environ.get("FIN_INFRA_HOLDINGS", "").split(",") if text.strip()]
    statements = load_statements(environ.get("FIN_INFRA_STATEMENTS", ""))
    sources = Sources.default()
    tenants = FinastraTenants.from_env(environ)
    used = sources.all()
    callers = (*used, *tenants.all())
    readiness = infra.Readiness()
    for caller in callers:
        readiness.add(_label(caller), _breaker_closed(caller), critical=False)
    app = infra.create_service(name=NAME, version=__version__, readiness=readiness, lifespan=_lifespan(callers))
    auth, cache = app.state.auth, app.state.cache

    def protected(scope: str) -> list[Dependency]:
        return [Depends(auth.require(scope))]

    add_banking(app, auth=protected("banking:read"), provider=sources.banking)
    add_market_data(app, auth=protected("market:read"), provider=sources.market, cache=cache)
    add_crypto(app, auth=protected("crypto:read"), provider=sources.crypto, cache=cache)
    add_fx(app, auth=protected("fx:read"), provider=sources.fx, cache=cache)
    add_symbols(app, auth=protected("market:read"), market=sources.market, crypto=sources.crypto, cache=cache)
    add_net_worth(app, auth=protected("banking:read"), sources=sources, holdings=holdings, items=lambda: statements)
    add_finastra(app, auth=protected("finastra:read"), tenants=tenants)
    add_providers(app, auth=protected("providers:read"), used=used)
    return app


def _label(caller: Caller[Any]) -> str:
    return caller.key if isinstance(caller, Provider) else f"{caller.key}:{caller.tenant}"


def _breaker_closed(caller: Caller[Any]) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return caller.policy.breaker.state is not BreakerState.OPEN

    return check


def _lifespan(callers: tuple[Caller[Any], ...]) -> infra.Lifespan:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        metrics = infra.PrometheusCalls()
        for caller in callers:  # shown from the start, not from the first change on
            metrics.breaker(caller.key, caller.policy.breaker.state.name.lower(), caller.tenant)
        try:
            yield
        finally:
            for caller in callers:
                if isinstance(caller.transport, AsyncTransport):
                    await caller.transport.aclose()

    return lifespan


def __getattr__(name: str) -> FastAPI:
    """Build `app` when a server asks for it, not when the module is imported.

    What is wrong with the settings ends the server with that one sentence, since the server would bury it in its own
    traceback.
    """
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        globals()["app"] = built = create_app()
    except FinInfraError as exc:
        raise SystemExit(f"error: {exc}") from None
    if built.state.auth.demo:
        told = "FIN_INFRA_API_TOKENS is not set; the token of this run, good on this machine only, is"
        sys.stderr.write(f"{told} {built.state.auth.demo}\n")  # not logged: it is meant for this terminal
    return built
