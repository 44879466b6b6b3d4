"""The factory function for banks.
Floor 5: `easy_banking()` gives sync users results and async users awaitables, from the same adapters."""

from __future__ import annotations

from typing import Any, Literal, cast, overload

from fin_infra.arguments import checked
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.registry import resolve
from fin_infra.transport import Async, Sync


@overload
def easy_banking(
    provider: str = "banking", *, mode: Literal["sync"] = "sync", **settings: Any
) -> BankingProvider[Sync]: ...
@overload
def easy_banking(provider: str = "banking", *, mode: Literal["async"], **settings: Any) -> BankingProvider[Async]: ...
@checked
def easy_banking(
    provider: str = "banking", *, mode: Literal["sync", "async"] = "sync", **settings: Any
) -> BankingProvider[Sync] | BankingProvider[Async]:
    """Return the banking provider: the configured one, or the one named, as `teller` or `banking:teller`.

    `settings` are the provider's own (access_token=...); they win over the environment. Without credentials the local
    sandbox answers, unless FIN_INFRA_MODE is `live`.

    Raises:
        ProviderNotFound: no such provider; the text gives the nearest names.
        ConfigurationError: a setting is missing or cannot be used.
    """
    provider_key = provider if ":" in provider or provider == "banking" else f"banking:{provider}"
    found: object = resolve(provider_key, mode=mode, **settings)
    return cast("BankingProvider[Sync] | BankingProvider[Async]", found)
