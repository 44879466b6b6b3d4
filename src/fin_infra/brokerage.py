"""Factory functions for brokers: one that trades, and one aggregator that reads accounts at many of them.
Floor 5: `easy_brokerage()` gives sync users results and async users awaitables, from the same adapters."""

from __future__ import annotations

from typing import Any, Literal, cast, overload

from fin_infra.arguments import checked
from fin_infra.errors import ConfigurationError, ProviderNotFound
from fin_infra.holdings import read_holdings
from fin_infra.providers.installed import built_in
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.registry import providers, resolve
from fin_infra.transport import Async, Sync

__all__ = ["easy_brokerage", "easy_brokerage_aggregator", "read_holdings"]


@overload
def easy_brokerage(
    provider: str = "brokerage", *, mode: Literal["sync"] = "sync", **settings: Any
) -> BrokerageProvider[Sync]: ...
@overload
def easy_brokerage(
    provider: str = "brokerage", *, mode: Literal["async"], **settings: Any
) -> BrokerageProvider[Async]: ...
@checked
def easy_brokerage(
    provider: str = "brokerage", *, mode: Literal["sync", "async"] = "sync", **settings: Any
) -> BrokerageProvider[Sync] | BrokerageProvider[Async]:
    """Return the broker: the configured one, or the one named, as `alpaca` or `brokerage:alpaca`.

    `settings` are the provider's own (api_key_id=...); they win over the environment. Without credentials the local
    sandbox answers, unless FIN_INFRA_MODE is `live`.

    Raises:
        ProviderNotFound: no such provider; the text gives the nearest names.
        ConfigurationError: a setting is missing or cannot be used, or the one named does not trade.
    """
    provider_key = provider if ":" in provider or provider == "brokerage" else f"brokerage:{provider}"
    opened: object = resolve(provider_key, mode=mode, **settings)
    if isinstance(opened, BrokerageAggregatorProvider):
        raise ConfigurationError(f"{provider_key} reads and does not trade; open it with easy_brokerage_aggregator().")
    return cast("BrokerageProvider[Sync] | BrokerageProvider[Async]", opened)


@overload
def easy_brokerage_aggregator(
    provider: str | None = None, *, mode: Literal["sync"] = "sync", **settings: Any
) -> BrokerageAggregatorProvider[Sync]: ...
@overload
def easy_brokerage_aggregator(
    provider: str | None = None, *, mode: Literal["async"], **settings: Any
) -> BrokerageAggregatorProvider[Async]: ...
@checked
def easy_brokerage_aggregator(
    provider: str | None = None, *, mode: Literal["sync", "async"] = "sync", **settings: Any
) -> BrokerageAggregatorProvider[Sync] | BrokerageAggregatorProvider[Async]:
    """Return the aggregator of brokers: the only one installed, or the one named, as `brokerage:snaptrade`.

    Raises:
        ProviderNotFound: no such provider, or none is installed.
        ConfigurationError: a setting is missing or cannot be used, several are installed, or the one named trades.
    """
    provider_key = _only_aggregator() if provider is None else provider if ":" in provider else f"brokerage:{provider}"
    opened: object = resolve(provider_key, mode=mode, **settings)
    if not isinstance(opened, BrokerageAggregatorProvider):
        raise ConfigurationError(f"{provider_key} is not an aggregator of brokers; open it with easy_brokerage().")
    return opened


def _only_aggregator() -> str:
    found = [cls.info.provider_key for cls in providers("brokerage") if issubclass(cls, BrokerageAggregatorProvider)]
    keys = [key for key in found if built_in(*key.split(":"))] or found  # what others install only adds a name
    if not keys:
        raise ProviderNotFound("No aggregator of brokers is installed and enabled.")
    if len(keys) > 1:
        raise ConfigurationError(f"Several aggregators of brokers are installed ({', '.join(keys)}); name one.")
    return keys[0]
