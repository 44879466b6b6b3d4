"""Liveness and readiness.
Floor 8: asset_aggregator. svc-infra runs the checks; its routes are not used, because they publish exception texts.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from asset_aggregator.infra.auth import Auth
from asset_aggregator.infra.problems import problem

if TYPE_CHECKING:
    from svc_infra.health import AggregatedHealthResult, HealthCheckResult

logger = logging.getLogger(__name__)

_FRESH_S = 2.0
RETRY_AFTER_S = 5
DETAILS_SCOPE = "providers:read"
"""Who may know which checks there are: their names say who the providers and the tenants are."""


class Readiness:
    """Named checks, run together; an answer is reused for two seconds, since `/readyz` is open to all."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        from svc_infra.health import HealthRegistry

        self._registry = HealthRegistry()
        self._clock = clock
        self._lock = asyncio.Lock()
        self._last: tuple[float, AggregatedHealthResult] | None = None

    def add(
        self, name: str, check: Callable[[], Awaitable[object]], *, critical: bool = True, timeout_s: float = 3.0
    ) -> None:
        """Register a check: it fails when it raises, returns False or takes too long. What it raised is only logged.

        `critical=False` gives "degraded" and stays ready.
        """
        from svc_infra.health import HealthCheckResult, HealthStatus

        async def guarded() -> HealthCheckResult:
            ok = False
            try:
                ok = await check() is not False
            except Exception as error:  # any failure of a check is its result
                logger.warning("health check failed", extra={"check": name, "error": type(error).__name__})
            return HealthCheckResult(name, HealthStatus.HEALTHY if ok else HealthStatus.UNHEALTHY, 0.0)

        self._registry.add(name, guarded, critical=critical, timeout=timeout_s)

    def add_redis(self, url: str) -> None:
        """Check Redis. Not critical: limits are then counted locally and nothing is cached."""
        from svc_infra.health import HealthStatus, check_redis

        ping = check_redis(url)

        async def check() -> bool:
            return (await ping()).status == HealthStatus.HEALTHY  # svc-infra counts UNKNOWN as healthy

        self.add("redis", check, critical=False)

    async def result(self) -> AggregatedHealthResult:
        async with self._lock:
            if self._last is None or self._clock() - self._last[0] >= _FRESH_S:
                self._last = (self._clock(), await self._registry.check_all())
            return self._last[1]


def _told(outcome: AggregatedHealthResult) -> dict[str, list[dict[str, object]]]:
    return {
        "checks": [
            {"name": check.name, "status": str(check.status), "latency_ms": round(check.latency_ms, 1)}
            for check in outcome.checks
        ]
    }


def health_router(readiness: Readiness, auth: Auth) -> APIRouter:
    """Return `/healthz` (the process answers) and `/readyz` (its checks pass; with a token, which and how fast)."""
    router = APIRouter(tags=["health"])

    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    async def readyz(request: Request) -> Response:
        outcome = await readiness.result()
        caller = auth.identify(request)
        told = _told(outcome) if caller is not None and caller.covers(DETAILS_SCOPE) else {}
        if outcome.status == "unhealthy":
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            path = str(request.scope["path"])
            return problem(503, path=path, code="fin.http.not_ready", members=told, headers=headers)
        return JSONResponse({"status": str(outcome.status), **told})

    router.add_api_route("/healthz", healthz, summary="The process answers")
    router.add_api_route("/readyz", readyz, summary="The service can do its work", response_model=None)
    return router
