"""The factory function for market data.
Floor 5: `easy_market()` gives sync users results and async users awaitables, from the same adapters."""

from __future__ import annotations

from typing import Any, Literal, cast, overload

from fin_infra.arguments import checked
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.providers.registry import resolve
from fin_infra.transport import Async, Sync


@overload
def easy_market(
    provider: str = "market", *, mode: Literal["sync"] = "sync", **settings: Any
) -> MarketDataProvider[Sync]: ...
@overload
def easy_market(provider: str = "market", *, mode: Literal["async"], **settings: Any) -> MarketDataProvider[Async]: ...
@checked
def easy_market(
    provider: str = "market", *, mode: Literal["sync", "async"] = "sync", **settings: Any
) -> MarketDataProvider[Sync] | MarketDataProvider[Async]:
    """Return the market-data provider: the configured one, or the one named (`alpha_vantage`, `market:alpha_vantage`).

    `settings` are the provider's own (api_key=...); they win over the environment. Without credentials the local
    sandbox answers, unless FIN_INFRA_MODE is `live`.

    Raises:
        ProviderNotFound: no such provider; the text gives the nearest names.
        ConfigurationError: a setting is missing or cannot be used.
    """
    provider_key = provider if ":" in provider or provider == "market" else f"market:{provider}"
    found: object = resolve(provider_key, mode=mode, **settings)
    return cast("MarketDataProvider[Sync] | MarketDataProvider[Async]", found)
