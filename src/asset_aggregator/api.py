"""The service: `uvicorn asset_aggregator.api:app --port 8050`.
Floor 8: composes routers of `fin_infra.api` on the hardened svc-infra app; it has no route of its own."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI, Request
from fastapi.params import Depends as Dependency

from asset_aggregator import infra, orders
from asset_aggregator.books import Books, add_identity_routes, add_routes
from asset_aggregator.orders_journal import PostgresJournal
from asset_aggregator.retention import Retention
from asset_aggregator.statements import load_statements
from asset_aggregator.syncs import Syncing
from asset_aggregator.verifying import Verifying
from asset_aggregator.webhooks import Hooks
from asset_aggregator.webhooks import add_routes as add_webhook_routes
from fin_infra import __version__
from fin_infra.api import (
    Asked,
    Sources,
    User,
    add_banking,
    add_brokerage,
    add_crypto,
    add_finastra,
    add_fx,
    add_market_data,
    add_net_worth,
    add_providers,
    add_questions,
    add_symbols,
)
from fin_infra.api.finastra_tenants import FinastraTenants
from fin_infra.book.due import Cadence
from fin_infra.book.methods import utc_now
from fin_infra.errors import ConfigurationError, FinInfraError, InvalidInput
from fin_infra.features import for_everybody
from fin_infra.flow import BreakerState, Client
from fin_infra.providers import switches
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.provider import Provider
from fin_infra.providers.registry import installed_keys
from fin_infra.questions.brokers import Brokers
from fin_infra.questions.net_worth import parse_holdings
from fin_infra.transport import Async, AsyncTransport

if TYPE_CHECKING:
    app: FastAPI

log = logging.getLogger("asset_aggregator")
NAME = "asset-aggregator"


def create_app(environ: Mapping[str, str] = os.environ, *, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """Build the service from its environment.

    FIN_INFRA_STATEMENTS is a list of statement files (separated like PATH) whose balances count in the net worth;
    FIN_INFRA_HOLDINGS a comma-separated list such as `US:AAPL=10,CRYPTO:bitcoin=0.25`.

    Args:
        clock: gives the aware time of now to the book.

    Raises:
        ConfigurationError: a setting is missing or unsafe.
        StatementUnreadable: a statement file cannot be read.
        InvalidInput: a holding cannot be read.
        BookOutdated: the book has another revision of its tables; the text names the command.
    """
    infra.prepare_environment()  # before anything imports svc-infra, which reads APP_ENV once
    holdings = parse_holdings(environ.get("FIN_INFRA_HOLDINGS", "").split(","))
    statements = load_statements(environ.get("FIN_INFRA_STATEMENTS", ""))
    for sentence in switches.checked(environ):
        log.warning("%s", sentence)
    with for_everybody():
        brokers = Brokers.default()
        sources = Sources.default(brokers)
    tenants = FinastraTenants.from_env(environ)
    used = tuple(dict.fromkeys((*sources.all(), *brokers.all())))
    clients = (*used, *tenants.all())
    settings = infra.ServiceSettings.from_env()
    journal = orders.choose_journal(brokers.broker, settings.sql_url)
    books = Books(settings.sql_url, environ, clock)
    syncing = _syncing(settings, books)
    verified = dict.fromkeys(installed_keys("identity"), Verifying(books))
    hooks = Hooks(books=books, clock=clock, synced=syncing.wake if syncing else None, handlers=verified)
    app = infra.create_service(
        name=NAME,
        version=__version__,
        settings=settings,
        readiness=_readiness(clients, journal, books),
        lifespan=_lifespan(clients, brokers.broker, journal, books, syncing, hooks),
    )
    app.state.hidden_names.update(_hidden(tenants))
    _add_data(app, sources)
    auth = _protected(app, "banking:read")
    caller = _caller_of(app.state.auth)
    add_net_worth(
        app,
        auth=auth,
        sources=sources,
        holdings=holdings,
        records=lambda: statements,
        caller=caller,
        book=books.mine,
    )
    timeout_s = settings.request_timeout_s
    add_routes(
        app,
        books,
        read=_protected(app, "book:read"),
        write=_protected(app, "book:write"),
        caller=caller,
        wait_s=max(timeout_s - 10, timeout_s / 2),
    )
    add_webhook_routes(app, hooks)
    add_identity_routes(
        app,
        books,
        read=_protected(app, "identity:read"),
        write=_protected(app, "identity:write"),
        caller=caller,
    )
    if brokers.broker is not None:
        _add_brokerage(
            app,
            brokers.broker,
            brokers.aggregators,
            fx=sources.fx,
            allow_live=_live_allowed(environ),
            order_deadline_s=max(timeout_s - 5, timeout_s / 2),
            book=books.mine,
        )
    add_finastra(app, auth=_protected(app, "finastra:read"), caller=caller, tenants=tenants)
    add_providers(app, auth=_protected(app, "providers:read"), used=used, caller=caller)
    asked = Asked(
        mode="async",
        given=_by_domain(sources, brokers.broker),
        sources=sources,
        holdings=holdings,
        records=lambda: statements,
        book=books.mine,
        used=used,
    )
    _add_questions(app, asked, caller)
    return app


def _by_domain(sources: Sources, broker: BrokerageProvider[Async] | None) -> dict[str, Provider[Any]]:
    given: dict[str, Provider[Any] | None] = {
        "banking": sources.banking,
        "market": sources.market,
        "crypto": sources.crypto,
        "fx": sources.fx,
        "brokerage": broker,
    }
    return {domain: provider for domain, provider in given.items() if provider is not None}


def _add_questions(app: FastAPI, asked: Asked, caller: Callable[[Request], Awaitable[User]]) -> None:
    add_questions(
        app,
        auth=lambda question: _protected(app, question.permission),
        asked=asked,
        cache=app.state.cache,
        leave_out=() if "brokerage" in asked.given else ("orders",),
        caller=caller,
    )


def _hidden(tenants: FinastraTenants) -> dict[str, str]:
    """Return what `/metrics` calls the tenants where everybody may read it: numbers, in the order of the settings."""
    named = {client.tenant: f"tenant-{number}" for number, client in enumerate(tenants.named(), start=1)}
    own = [client.tenant for client in tenants.all() if client.tenant not in named]
    return named | {name: "default" for name in own if not name.startswith("sandbox")}


def _readiness(clients: Sequence[Client[Any]], journal: PostgresJournal | None, books: Books) -> infra.Readiness:
    readiness = infra.Readiness()
    for client in clients:
        readiness.add(_label(client), _breaker_closed(client), critical=False)
    if journal is not None:
        readiness.add("order-journal", partial(orders.works, journal), critical=False)
    readiness.add("book", books.works, critical=False)
    return readiness


def _protected(app: FastAPI, scope: str) -> list[Dependency]:
    return [Depends(app.state.auth.require(scope))]


def _add_data(app: FastAPI, sources: Sources) -> None:
    """Add the routes of what is switched on."""
    cache, caller, market = app.state.cache, _caller_of(app.state.auth), _protected(app, "market:read")
    if sources.banking is not None:
        add_banking(app, auth=_protected(app, "banking:read"), provider=sources.banking, caller=caller)
    if sources.market is not None:
        add_market_data(app, auth=market, provider=sources.market, cache=cache, caller=caller)
    if sources.crypto is not None:
        add_crypto(app, auth=_protected(app, "crypto:read"), provider=sources.crypto, cache=cache, caller=caller)
    if sources.fx is not None:
        add_fx(app, auth=_protected(app, "fx:read"), provider=sources.fx, cache=cache, caller=caller)
    add_symbols(app, auth=market, market=sources.market, crypto=sources.crypto, cache=cache, caller=caller)


def _add_brokerage(
    app: FastAPI,
    broker: BrokerageProvider[Async],
    aggregators: Sequence[BrokerageAggregatorProvider[Async]],
    **options: Any,
) -> None:
    add_brokerage(
        app,
        auth=_protected(app, "brokerage:read"),
        trade=_protected(app, "brokerage:trade"),
        caller=_caller_of(app.state.auth),
        provider=broker,
        aggregators=aggregators,
        **options,
    )


def _caller_of(auth: infra.Auth) -> Callable[[Request], Awaitable[User]]:
    async def caller(request: Request) -> User:
        known = auth.identify(request)
        return known.user if known else User("")

    return caller


def _live_allowed(environ: Mapping[str, str]) -> bool:
    word = environ.get("FIN_INFRA_TRADING_LIVE", "").strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("", "0", "false", "no", "off"):
        return False
    raise ConfigurationError("FIN_INFRA_TRADING_LIVE is neither 1 nor 0; set it to 1 to trade with real money.")


def _label(client: Client[Any]) -> str:
    return client.source if isinstance(client, Provider) else f"{client.source}:{client.tenant}"


def _breaker_closed(client: Client[Any]) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return client.policy.breaker.state is not BreakerState.OPEN

    return check


def _syncing(settings: infra.ServiceSettings, books: Books) -> Syncing | None:
    if settings.sync_hours.lower() == "off":
        return None
    try:
        cadence = Cadence.from_text(settings.sync_hours)
    except InvalidInput as exc:
        raise ConfigurationError(f"FIN_INFRA_SYNC_HOURS cannot be read. {exc}") from None
    queue = infra.SyncQueue(settings.redis_url, NAME) if settings.redis_url else None
    return Syncing(books=books, cadence=cadence, queue=queue)


def _lifespan(
    clients: Sequence[Client[Any]],
    broker: BrokerageProvider[Async] | None,
    journal: PostgresJournal | None,
    books: Books,
    syncing: Syncing | None,
    hooks: Hooks,
) -> infra.Lifespan:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        metrics = infra.PrometheusCalls()
        for client in clients:  # shown from the start, not from the first change on
            metrics.breaker(client.source, client.policy.breaker.state.name.lower(), client.tenant)
        try:
            async with (
                orders.looked_after(broker, journal) if broker else nullcontext(),
                syncing.running() if syncing else nullcontext(),
                hooks.running(),
                Retention(books=books).running(),
            ):
                yield
        finally:
            books.close()
            for client in clients:
                if isinstance(client.transport, AsyncTransport):
                    await client.transport.aclose()

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
        notice = "FIN_INFRA_API_TOKENS is not set; the token of this run, good on this machine only, is"
        sys.stderr.write(f"{notice} {built.state.auth.demo}\n")  # not logged: it is meant for this terminal
    return built
