"""The route that says which providers there are and how they are.
Floor 7: reads `info` and the live state of the breakers; makes no call and shows no secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, envelope, include
from fin_infra.api.switches import guarded
from fin_infra.api.users import Who, nobody
from fin_infra.errors import ConfigurationError, FeatureDisabled
from fin_infra.flow import BreakerState
from fin_infra.providers.provider import Provider
from fin_infra.providers.registry import endpoint_of, providers, switched_off, unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderStatus:
    """One installed provider. `health` is `up`, `down`, `recovering`, `unused`, `not configured`, `not offered`,
    `cannot be used` or `switched off`."""

    provider: str
    title: str
    operations: tuple[str, ...]
    environment: str | None
    health: str
    problem: str | None
    """What to do, where it is not configured, not offered, cannot be used or is switched off."""
    docs: str


_HEALTH = {BreakerState.CLOSED: "up", BreakerState.HALF: "recovering", BreakerState.OPEN: "down"}


def statuses(used: Sequence[Provider[Any]] = ()) -> list[ProviderStatus]:
    """Return every installed provider with what is known of it; `used` are the instances whose health counts."""
    running = {provider.source: provider for provider in used}
    usable = [_status(cls, running.get(cls.info.provider_key)) for cls in providers()]
    off = (_unusable(provider_key, "switched off", reason) for provider_key, reason in switched_off())
    broken = (_unusable(provider_key, "cannot be used", str(reason)) for provider_key, reason in unavailable())
    return [*usable, *broken, *off]


def _unusable(provider_key: str, health: str, reason: str) -> ProviderStatus:
    return ProviderStatus(
        provider=provider_key,
        title=provider_key,
        operations=(),
        environment=None,
        health=health,
        problem=reason,
        docs="",
    )


def _status(cls: type[Provider[Any]], used: Provider[Any] | None) -> ProviderStatus:
    environment, health, problem = None, "unused", None
    if used is not None:
        environment, health = used.environment, _HEALTH[used.policy.breaker.state]
    else:
        try:
            environment = endpoint_of(cls).environment
        except ConfigurationError as exc:
            health, problem = "not configured", str(exc)
        except FeatureDisabled as exc:
            health, problem = "not offered", str(exc)
    return ProviderStatus(
        provider=cls.info.provider_key,
        title=cls.info.title,
        operations=tuple(sorted(cls.can)),
        environment=environment,
        health=health,
        problem=problem,
        docs=cls.info.docs,
    )


def add_providers(app: FastAPI, *, auth: Auth, used: Sequence[Provider[Any]] = (), caller: Who = nobody) -> None:
    """Add `/providers`.

    Args:
        auth: dependencies that protect the route; `PUBLIC` says you mean none.
        used: the instances the app works with.
        caller: a dependency that gives who asks, where the switches of tenants and users differ.
    """
    router = APIRouter(tags=["providers"], dependencies=guarded(auth, caller))
    answers = Answers()

    @router.get("/providers", response_model=envelope(list[ProviderStatus]), summary="Providers")
    async def all_providers() -> Response:
        """Return every installed provider with its environment and health."""
        return answers.known(Answer(statuses(used)))

    include(app, router)
