"""What a provider is, as data: the command line, the docs and the registry read this and nothing else.
Floor 3: no code path asks for a vendor by name."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fin_infra.flow import Quota
from fin_infra.settings import ProviderSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderInfo:
    """Facts about one adapter; each field is shown to people."""

    key: str
    """`domain:vendor`."""
    title: str
    settings: type[ProviderSettings]
    can: frozenset[str] = frozenset()
    """Deprecated: `Provider.can` is read from the class."""
    live_url: str
    sandbox_path: str
    """Mount of the vendor in the local sandbox."""
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

    def __post_init__(self) -> None:
        if self.can:
            warnings.warn(
                f"ProviderInfo of {self.key}: leave `can` out, an adapter offers the operations that it defines",
                DeprecationWarning,
                stacklevel=3,
            )
