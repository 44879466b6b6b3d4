"""What a provider is, as data: the command line, the docs and the registry read this and nothing else.
Floor 3: no code path asks for a vendor by name."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any, cast

from fin_infra.features import Switch
from fin_infra.flow import Quota
from fin_infra.settings import ProviderSettings


class _OldKey:
    """The old name of `provider_key`: empty as a default, a warning where it is read."""

    def __get__(self, info: ProviderInfo | None, _: type[ProviderInfo]) -> str:
        if info is None:
            return ""
        warnings.warn("ProviderInfo.key is now ProviderInfo.provider_key", DeprecationWarning, stacklevel=2)
        return info.provider_key


_OLD_KEY = cast("str", _OldKey())


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderInfo:
    """Facts about one adapter; each field is shown to people."""

    provider_key: str = ""
    """`domain:vendor`."""
    title: str
    settings: type[ProviderSettings]
    can: frozenset[str] = frozenset()
    """Deprecated: `Provider.can` is read from the class."""
    live_url: str
    sandbox_path: str | None = None
    """Mount of the vendor in the local sandbox; None where the sandbox does not speak it, so that calls go live."""
    sandbox: Mapping[str, str] = field(default_factory=dict[str, str])
    """Well-known settings the sandbox accepts; worthless anywhere else."""
    default: bool = True
    """False for one that is taken only where it is named, because it answers other questions than its domain's rest."""
    sandbox_only: bool = False
    """No call goes to the vendor yet; never chosen where another provider of the domain could be."""
    ping: str
    """The vendor's cheapest operation, run by `keys verify`."""
    ping_args: tuple[Any, ...] = ()
    quotas: tuple[Quota, ...] = ()
    docs: str
    """Where the vendor documents the API."""
    signup: str | None = None
    """Where to get a key."""
    notes: str = ""
    switches: tuple[Switch, ...] = ()
    """`FEATURE_...` variables of the vendor's own, besides those that every vendor has."""
    tokens: Mapping[str, str] = field(default_factory=dict[str, str])
    """How the vendor's keys and tokens begin, with the regular expression of what follows
    (`fin_infra.pii.learn_tokens`); where one turns up in a log it is masked."""
    key: InitVar[str] = _OLD_KEY
    """Deprecated: the old name of `provider_key`."""

    def __post_init__(self, key: str) -> None:
        if key:
            warnings.warn(
                "ProviderInfo(key=...) is now ProviderInfo(provider_key=...)", DeprecationWarning, stacklevel=3
            )
            object.__setattr__(self, "provider_key", key)
        if not self.provider_key:
            raise TypeError("ProviderInfo needs `provider_key`, as `domain:vendor`")
        if self.can:
            warnings.warn(
                f"ProviderInfo of {self.provider_key}: leave `can` out, an adapter offers what it defines",
                DeprecationWarning,
                stacklevel=3,
            )
