"""The question of who can be asked: every installed provider, where its calls go, and its health.
Floor 6: reads `info` and the live state of the breakers; makes no call and shows no secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fin_infra.errors import ConfigurationError, FeatureDisabled
from fin_infra.flow import BreakerState
from fin_infra.model import Listing, Model
from fin_infra.providers.provider import Provider
from fin_infra.providers.registry import endpoint_of, providers, switched_off, unavailable
from fin_infra.questions.asked import Asked
from fin_infra.transport import Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderStatus(Model):
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


def listed(asked: Asked) -> Flow[Listing[ProviderStatus]]:
    yield from ()  # nobody is called
    return Listing(statuses(asked.used))


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
