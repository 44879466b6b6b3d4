"""Everything the service takes from svc-infra, hardened.
Floor 8: asset_aggregator. Importing this loads FastAPI but not svc-infra (seconds to import); `create_service` does.
"""

from __future__ import annotations

from asset_aggregator.infra.app import Lifespan, create_service
from asset_aggregator.infra.auth import Auth, Principal, RequirePrincipal, demo_token
from asset_aggregator.infra.cache import SvcCache
from asset_aggregator.infra.environment import AppEnv, ServiceSettings, prepare_environment
from asset_aggregator.infra.health import Readiness, health_router
from asset_aggregator.infra.jobs import SyncQueue
from asset_aggregator.infra.logs import configure_logging
from asset_aggregator.infra.metrics import PrometheusCalls
from asset_aggregator.infra.problems import DETAILS, PROBLEM_TYPE, problem, request_id

__all__ = [
    "DETAILS",
    "PROBLEM_TYPE",
    "AppEnv",
    "Auth",
    "Lifespan",
    "Principal",
    "PrometheusCalls",
    "Readiness",
    "RequirePrincipal",
    "ServiceSettings",
    "SvcCache",
    "SyncQueue",
    "configure_logging",
    "create_service",
    "demo_token",
    "health_router",
    "prepare_environment",
    "problem",
    "request_id",
]
