"""The factory function for crypto prices.
Floor 5: `easy_crypto()` gives sync users results and async users awaitables, from the same adapters."""

from __future__ import annotations

from typing import Any, Literal, cast, overload

from fin_infra.arguments import checked
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.registry import resolve
from fin_infra.transport import Async, Sync


@overload
def easy_crypto(
    provider: str = "crypto", *, mode: Literal["sync"] = "sync", **settings: Any
) -> CryptoDataProvider[Sync]: ...
@overload
def easy_crypto(provider: str = "crypto", *, mode: Literal["async"], **settings: Any) -> CryptoDataProvider[Async]: ...
@checked
def easy_crypto(
    provider: str = "crypto", *, mode: Literal["sync", "async"] = "sync", **settings: Any
) -> CryptoDataProvider[Sync] | CryptoDataProvider[Async]:
    """Return the crypto-data provider: the configured one, or the one named, as `coingecko` or `crypto:coingecko`.

    `settings` are the provider's own (api_key=...); they win over the environment. Without credentials the local
    sandbox answers, unless FIN_INFRA_MODE is `live`.

    Raises:
        ProviderNotFound: no such provider; the text gives the nearest names.
        ConfigurationError: a setting is missing or cannot be used.
    """
    provider_key = provider if ":" in provider or provider == "crypto" else f"crypto:{provider}"
    found: object = resolve(provider_key, mode=mode, **settings)
    return cast("CryptoDataProvider[Sync] | CryptoDataProvider[Async]", found)
