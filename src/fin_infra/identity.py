"""The factory function for checks of who a person is.
Floor 5: `easy_identity()` gives sync users results and async users awaitables; off unless FEATURE_IDENTITY is on."""

from __future__ import annotations

from typing import Any, Literal, cast, overload

from fin_infra.arguments import checked
from fin_infra.providers.interfaces.identity import IdentityProvider
from fin_infra.providers.registry import resolve
from fin_infra.transport import Async, Sync


@overload
def easy_identity(
    provider: str = "identity", *, mode: Literal["sync"] = "sync", **settings: Any
) -> IdentityProvider[Sync]: ...
@overload
def easy_identity(
    provider: str = "identity", *, mode: Literal["async"], **settings: Any
) -> IdentityProvider[Async]: ...
@checked
def easy_identity(
    provider: str = "identity", *, mode: Literal["sync", "async"] = "sync", **settings: Any
) -> IdentityProvider[Sync] | IdentityProvider[Async]:
    """Return who checks identities: the configured one, or the one named, as `stripe` or `identity:stripe`.

    `settings` are the provider's own (secret_key=...); they win over the environment. Without credentials the local
    sandbox answers, unless FIN_INFRA_MODE is `live`.

    Raises:
        FeatureDisabled: identity checks are off; FEATURE_IDENTITY=1 switches them on.
        ProviderNotFound: no such provider; the text gives the nearest names.
        ConfigurationError: a setting is missing or cannot be used.
    """
    provider_key = provider if ":" in provider or provider == "identity" else f"identity:{provider}"
    found: object = resolve(provider_key, mode=mode, **settings)
    return cast("IdentityProvider[Sync] | IdentityProvider[Async]", found)
