"""The factory function for exchange rates.
Floor 5: `easy_fx()` gives sync users results and async users awaitables, from the same adapters."""

from __future__ import annotations

from typing import Any, Literal, cast, overload

from fin_infra.arguments import checked
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.registry import resolve
from fin_infra.transport import Async, Sync


@overload
def easy_fx(provider: str = "fx", *, mode: Literal["sync"] = "sync", **settings: Any) -> FxProvider[Sync]: ...
@overload
def easy_fx(provider: str = "fx", *, mode: Literal["async"], **settings: Any) -> FxProvider[Async]: ...
@checked
def easy_fx(
    provider: str = "fx", *, mode: Literal["sync", "async"] = "sync", **settings: Any
) -> FxProvider[Sync] | FxProvider[Async]:
    """Return the exchange-rate provider: the configured one, or the one named, as `ecb` or `fx:ecb`.

    `settings` are the provider's own (timeout_s=...); they win over the environment. Without credentials the local
    sandbox answers, unless FIN_INFRA_MODE is `live`.

    Raises:
        ProviderNotFound: no such provider; the text gives the nearest names.
        ConfigurationError: a setting is missing or cannot be used.
    """
    provider_key = provider if ":" in provider or provider == "fx" else f"fx:{provider}"
    found: object = resolve(provider_key, mode=mode, **settings)
    return cast("FxProvider[Sync] | FxProvider[Async]", found)
