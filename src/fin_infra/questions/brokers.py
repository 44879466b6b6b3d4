"""The configured brokers: the one that trades, the aggregator, and those that cannot be asked, each with the reason.
Floor 6: a broker that is not counted is named, so that nobody takes a net worth for all there is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from fin_infra.brokerage import easy_brokerage, easy_brokerage_aggregator
from fin_infra.errors import ConfigurationError, FeatureDisabled, MissingExtra, ProviderNotFound
from fin_infra.features import is_on
from fin_infra.model import LeftOut, SourceError
from fin_infra.providers.config import load_config
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.provider import Provider
from fin_infra.providers.registry import endpoint_of, installed_keys, provider_class
from fin_infra.questions.holdings import SWITCHED_OFF, HoldingSources
from fin_infra.settings import load
from fin_infra.transport import Async

_OTHER_BROKER = "another broker is the configured one"
_OTHER_AGGREGATOR = "another aggregator is the configured one"


@dataclass(frozen=True, slots=True)
class Brokers:
    """Who trades, and who reads accounts at other brokers; each may be absent without the other."""

    broker: BrokerageProvider[Async] | None
    aggregators: tuple[BrokerageAggregatorProvider[Async], ...]
    left_out: tuple[LeftOut, ...] = ()
    """Installed ones that nobody asks: switched off, or never set up."""
    failed: tuple[SourceError, ...] = ()
    """Ones that fin-infra.yaml names and that cannot be opened."""

    def all(self) -> tuple[Provider[Any], ...]:
        return (*([self.broker] if self.broker else []), *self.aggregators)

    @classmethod
    def default(cls) -> Brokers:
        """Take what is installed, set up and not switched off.

        Raises:
            ConfigurationError: a setting cannot be used, or some of a broker's keys are set and others missing.
        """
        known = {provider_key: unavailable(provider_key) for provider_key in installed_keys("brokerage")}
        absent = {provider_key: reason for provider_key, reason in known.items() if reason}
        open_ones = [provider_class(provider_key) for provider_key in known if provider_key not in absent]
        aggregating = [each for each in open_ones if issubclass(each, BrokerageAggregatorProvider)]
        trading = [each.info.provider_key for each in open_ones if each not in aggregating and each.info.default]
        named = [f"brokerage:{vendor}" for vendor in load_config().chain("brokerage")]
        failed = [provider_key for provider_key in named if provider_key in absent or provider_key not in known]
        broker = None if failed or not (named or trading) else easy_brokerage(mode="async")
        aggregator = easy_brokerage_aggregator(mode="async") if aggregating else None
        reading = [each.info.provider_key for each in aggregating]
        unasked = {each: _OTHER_BROKER for each in trading if broker and each != broker.source}
        unasked |= {each: _OTHER_AGGREGATOR for each in reading if aggregator and each != aggregator.source}
        reasons = {provider_key: why for provider_key, why in (unasked | absent).items() if provider_key not in named}
        return cls(
            broker,
            (aggregator,) if aggregator else (),
            tuple(LeftOut(source=provider_key, reason=reasons[provider_key]) for provider_key in sorted(reasons)),
            tuple(_failed(provider_key, absent.get(provider_key) or "it is not installed") for provider_key in failed),
        )

    def counted(self, fx: FxProvider[Async] | None, *, real_bank: bool) -> HoldingSources:
        """Return those whose holdings count beside that bank, and name the others."""
        trading = [self.broker] if self.broker else []
        found = HoldingSources.counted(trading, self.aggregators, fx, real_bank=real_bank)
        return replace(found, left_out=(*self.left_out, *found.left_out), failed=self.failed)


def unavailable(provider_key: str) -> str | None:
    """Return why an installed provider cannot be opened, in words for anybody; None where it can.

    Raises:
        ConfigurationError: a setting cannot be used, or some of its keys are set and others missing.
    """
    if not is_on(provider_key):
        return SWITCHED_OFF
    try:
        cls = provider_class(provider_key)
    except MissingExtra:
        return "a package that it needs is not installed"
    except ConfigurationError:
        return "it cannot be loaded"
    load(cls.info.settings)
    try:
        endpoint_of(cls)
    except FeatureDisabled:
        return "it cannot be called live yet"
    except ConfigurationError:
        if _any_set(cls.info.settings.variable(name) for name in cls.info.settings.credentials):
            raise
        return "no keys are set for it"
    return None


def _any_set(variables: Iterable[str]) -> bool:
    return any(os.environ.get(name, "").strip() for name in variables)


def _failed(provider_key: str, reason: str) -> SourceError:
    return SourceError(
        provider=provider_key, operation="open", code=ProviderNotFound.code, message=f"it is configured, and {reason}"
    )
