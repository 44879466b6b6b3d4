"""The switches there are: of domains, installed vendors and sensitive modules, and those that a vendor names.
Floor 4: made of entry points and each adapter's `info`; one that is switched off is listed without being loaded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from fin_infra import features
from fin_infra.features import MODULES, PREFIX, Switch
from fin_infra.providers.config import DOMAINS
from fin_infra.providers.provider import Provider
from fin_infra.providers.registry import installed_keys, providers


def hangs_on(provider: Provider[Any]) -> tuple[str, ...]:
    """Return the keys of which one has to be on: the provider's, or those of a chain's members."""
    members: Sequence[Provider[Any]] = getattr(provider, "members", ())
    return tuple(member.source for member in members) or (provider.source,)


def is_on(provider: Provider[Any]) -> bool:
    """Tell whether a provider, or a member of a chain, is on for whoever acts."""
    return any(map(features.is_on, hangs_on(provider)))


def switches() -> list[Switch]:
    """Return every switch, domains first; those that adapters name for themselves come from the ones that are on."""
    special = {switch.name: switch for switch in MODULES}
    found = {name: special.get(name) or Switch(name, True, f"Everything of the domain `{name}`.") for name in DOMAINS}
    found |= special
    keys = [provider_key for domain in DOMAINS for provider_key in installed_keys(domain)]
    for vendor in sorted({provider_key.partition(":")[2] for provider_key in keys}):
        every = ", ".join(f"`{provider_key}`" for provider_key in keys if provider_key.endswith(f":{vendor}"))
        found.setdefault(vendor, Switch(vendor, True, f"Everything of this vendor: {every}."))
    for provider_key in keys:
        name = provider_key.replace(":", "_")
        found.setdefault(name, Switch(name, True, f"The provider `{provider_key}` alone."))
    with features.for_everybody():
        for cls in providers():
            found |= {switch.name: switch for switch in cls.info.switches}
    return list(found.values())


def unknown(environ: Mapping[str, str] = os.environ, known: Iterable[Switch] | None = None) -> list[str]:
    """Return a sentence for each FEATURE_ variable that switches nothing here, with the nearest names."""
    found = list(switches() if known is None else known)
    names = {switch.variable for switch in found}
    unread = tuple(f"{switch.variable}_" for switch in found if _is_off(switch, environ))
    strange = (name for name in sorted(environ) if name.startswith(PREFIX) and name not in names)
    return [_sentence(name, names) for name in strange if not name.startswith(unread)]


def _is_off(switch: Switch, environ: Mapping[str, str]) -> bool:
    """Tell whether it is off, so that the switches of its own below it are not known."""
    return not features.read(switch.name, environ.get(switch.variable, ""), switch.default)


def unclear(environ: Mapping[str, str] = os.environ, known: Iterable[Switch] | None = None) -> None:
    """Look at the values of all switches, as at the start of a service.

    Raises:
        ConfigurationError: one says neither yes nor no; the text names it.
    """
    for switch in switches() if known is None else known:
        features.read(switch.name, environ.get(switch.variable, ""), switch.default)


def checked(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the sentences of `unknown`; the errors are those of `unclear`."""
    known = switches()
    unclear(environ, known)
    return unknown(environ, known)


def _sentence(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, n=2, cutoff=0.75)
    meant = f"did you mean {' or '.join(near)}?" if near else "`fin-infra features` lists all."
    return f"{name} switches nothing of fin-infra; {meant}"
