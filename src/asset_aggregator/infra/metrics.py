"""Prometheus families of our own, beside the HTTP families that svc-infra keeps.
Floor 8: asset_aggregator. Labels come from our code only, never from a request, so the number of series is bounded.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from fastapi import APIRouter, Depends, FastAPI, Request, Response

from asset_aggregator.infra.auth import Auth
from asset_aggregator.infra.environment import ServiceSettings
from asset_aggregator.infra.whole_paths import WholePaths
from fin_infra.errors import MissingExtra
from fin_infra.flow.breaker import BreakerState
from fin_infra.flow.telemetry import CallRecord, observe_breakers, observe_calls

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge, Histogram

BREAKER_STATES = {state.name.lower(): state.value for state in BreakerState}
SCOPE = "metrics:read"
UNCOUNTED = ("/metrics", "/healthz", "/readyz")
_CLIENT = re.compile(r'([{,]client=")([^"]*)(")')
_LABEL = re.compile(r"[A-Za-z0-9_:.-]{1,64}")
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class _Families:
    calls: Counter
    latency: Histogram
    breaker: Gauge


@cache
def _families() -> _Families:
    """Register the families on the default registry, once in the life of the process."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        importlib.import_module("prometheus_client.multiprocess")  # svc-infra serves all workers only if it is loaded
    from prometheus_client import Counter, Gauge, Histogram

    return _Families(
        Counter("fin_provider_calls", "Calls to providers by outcome.", ["provider", "operation", "status"]),
        Histogram(
            "fin_provider_latency_seconds",
            "Time of a call to a provider.",
            ["provider", "operation"],
            buckets=_BUCKETS_S,
        ),
        Gauge(
            "fin_provider_breaker_state", "0 closed, 1 half open, 2 open.", ["provider"], multiprocess_mode="livemax"
        ),
    )


def _label(text: str) -> str:
    return text if _LABEL.fullmatch(text) else "other"


class PrometheusCalls:
    """Record calls to providers as metrics. Any number of instances share one set of families."""

    def __init__(self) -> None:
        self._families = _families()
        self._not_closed: dict[str, dict[str, int]] = {}

    def record(self, provider: str, operation: str, status: str, elapsed_s: float) -> None:
        """Count one finished call; `status` is `ok` or the short code of our error."""
        provider, operation = _label(provider), _label(operation)
        self._families.calls.labels(provider, operation, _label(status)).inc()
        self._families.latency.labels(provider, operation).observe(elapsed_s)

    def breaker(self, provider: str, state: str, tenant: str = "default") -> None:
        """Set a breaker's state: `closed`, `half` or `open`. The gauge shows the worst of a provider's tenants."""
        tenants = self._not_closed.setdefault(provider, {})
        tenants[tenant] = BREAKER_STATES[state]
        if not tenants[tenant]:
            del tenants[tenant]
        self._families.breaker.labels(_label(provider)).set(max(tenants.values(), default=0))

    @contextmanager
    def observing(self) -> Generator[None, None, None]:
        """Receive every call and breaker change of the library in this process."""

        def called(call: CallRecord) -> None:
            self.record(call.provider, call.operation, call.status, call.elapsed_ms / 1000)

        def changed(provider: str, tenant: str, state: BreakerState) -> None:
            self.breaker(provider, state.name.lower(), tenant)

        ends = (observe_calls(called), observe_breakers(changed))
        try:
            yield
        finally:
            for end in ends:
                end()


def _one_label(_: Request) -> str:
    return "all"


def add_metrics(app: FastAPI, settings: ServiceSettings, auth: Auth) -> None:
    """Count requests, and serve `/metrics` to whom the settings say.

    Closes: without prometheus-client svc-infra starts and answers 501; `add_observability` also wraps httpx and
    requests once more on each call, which doubles their counts, so only its HTTP part is called.

    Raises:
        MissingExtra: prometheus-client is not installed.
    """
    if importlib.util.find_spec("prometheus_client") is None:
        raise MissingExtra.of("Metrics need", "prometheus-client", "service")
    from svc_infra.obs.metrics.asgi import PrometheusMiddleware

    _families()  # first: which registry `/metrics` shows is decided when its handler is made
    # the in-flight gauge is labeled before routing, with the raw path: one series for each URL ever asked
    app.add_middleware(WholePaths, layer=PrometheusMiddleware, skip=UNCOUNTED, route_resolver=_one_label)
    app.state.hidden_names = {}
    if settings.metrics != "off":
        app.include_router(_metrics_router(auth, everybody=settings.metrics == "open"))


def _metrics_router(auth: Auth, *, everybody: bool) -> APIRouter:
    """Return `/metrics`. Open to everybody it shows `app.state.hidden_names` in place of the names of tenants."""
    from svc_infra.obs.metrics.asgi import metrics_endpoint

    make = cast(
        "Callable[[], Callable[[Request], Awaitable[Response]]]", metrics_endpoint
    )  # svc-infra leaves it untyped
    page_of = make()
    router = APIRouter(tags=["observability"], dependencies=[] if everybody else [Depends(auth.require(SCOPE))])

    async def metrics(request: Request) -> Response:
        """Return the metrics of this process in Prometheus' text format."""
        page = await page_of(request)
        if everybody:
            page.body = _without_names(bytes(page.body), request.app.state.hidden_names)
            page.headers["Content-Length"] = str(len(page.body))
        return page

    text = {"200": {"description": "Metrics", "content": {"text/plain": {"schema": {"type": "string"}}}}}
    router.add_api_route("/metrics", metrics, response_class=Response, openapi_extra={"responses": text})
    return router


def _without_names(page: bytes, hidden: Mapping[str, str]) -> bytes:
    """Put other names for the values of `client` labels."""

    def shown(label: re.Match[str]) -> str:
        return label[1] + hidden.get(label[2], label[2]) + label[3]

    return _CLIENT.sub(shown, page.decode("utf-8")).encode() if hidden else page
