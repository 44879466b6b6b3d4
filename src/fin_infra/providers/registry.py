"""The registry: from `domain:vendor` to a provider, through entry points and a YAML map.
Floor 4: built-in adapters are found like everybody else's; instances are shared only where every setting is equal."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, overload

from fin_infra._moved import renamed
from fin_infra.errors import ConfigurationError, MissingExtra, ProviderNotFound
from fin_infra.providers.config import DOMAINS, SUBSTITUTABLE, load_config, not_substitutable
from fin_infra.providers.provider import Endpoint, Provider, endpoint, http_transport
from fin_infra.settings import feature_enabled
from fin_infra.transport import Async, Sync

ModeName = Literal["sync", "async"]

_PREFIX = "fin_infra."
_instances: dict[Any, Provider[Any]] = {}
_lock = Lock()


@overload
def resolve(provider_key: str, *, mode: Literal["sync"] = "sync", **settings: Any) -> Provider[Sync]: ...
@overload
def resolve(provider_key: str, *, mode: Literal["async"], **settings: Any) -> Provider[Async]: ...
def resolve(provider_key: str, *, mode: ModeName = "sync", **settings: Any) -> Provider[Any]:
    """Return the provider for `domain:vendor`, an alias, or a bare domain (its default or fallback chain).

    `settings` win over the environment, and it over the YAML map. Equal settings give the same instance.

    Raises:
        ProviderNotFound: nothing answers to `provider_key`; the text gives the nearest names.
        ConfigurationError: settings are missing or wrong, two packages claim the key, or the YAML map lists several
            providers of a domain where one does not stand in for another.
        MissingExtra: the adapter needs a package that is not installed.
        FeatureDisabled: the adapter is not offered where these settings lead.
    """
    if mode not in ("sync", "async"):
        raise ConfigurationError(f"{mode!r} is not a mode; write mode='sync' or mode='async'.")
    config = load_config()
    provider_key = config.aliases.get(provider_key, provider_key)
    domain, _, vendor = provider_key.partition(":")
    if vendor:
        return _instance(domain, vendor, mode, settings)
    vendors = config.chain(domain) or _default(domain)
    if len(vendors) > 1 and domain not in SUBSTITUTABLE:
        raise not_substitutable(domain, vendors)
    members = [_instance(domain, name, mode, settings if len(vendors) == 1 else {}) for name in vendors]
    if len(members) == 1:
        return members[0]
    if settings:
        raise ConfigurationError(f"Settings go to one provider; name it, for example {domain}:{vendors[0]}.")
    from fin_infra.providers.fallback import chain

    return chain(domain, members)


def providers(domain: str | None = None) -> Iterator[type[Provider[Any]]]:
    """Yield the class of every enabled provider, by domain and name; those with a missing extra are skipped."""
    for name in DOMAINS if domain is None else (domain,):
        for vendor in sorted(_vendors(name)):
            if feature_enabled(name, vendor):
                try:
                    yield provider_class(f"{name}:{vendor}")
                except MissingExtra:
                    continue


def installed(domain: str) -> list[str]:
    """Return the key of every adapter of a domain that is installed, by name, those that are switched off too."""
    return [f"{domain}:{vendor}" for vendor in sorted(_vendors(domain))]


def provider_class(provider_key: str) -> type[Provider[Any]]:
    """Return the adapter class behind `domain:vendor` without building one."""
    domain, _, vendor = provider_key.partition(":")
    found = _vendors(domain).get(vendor)
    if not found or not feature_enabled(domain, vendor):
        raise _not_found(provider_key)
    point, *others = found
    if others:
        owners = " and ".join(sorted(point.dist.name if point.dist else "?" for point in found))
        raise ConfigurationError(f"{provider_key} is claimed by two packages, {owners}; uninstall one of them.")
    return _loaded(point, provider_key)


def endpoint_of(cls: type[Provider[Any]], **settings: Any) -> Endpoint:
    """Return where calls of an adapter go, by `settings`, the environment and the YAML map, in that order.

    Raises:
        ConfigurationError: a setting is missing or cannot be used.
        FeatureDisabled: the adapter knows the sandbox only, and calls would go live.
    """
    return endpoint(cls.info, {**load_config().settings(cls.info.provider_key, cls.info.settings), **settings})


def reset() -> None:
    """Forget all instances and the configuration; for tests and after a change of the environment."""
    with _lock:
        _instances.clear()
    load_config.cache_clear()
    _entry_points.cache_clear()


def _instance(domain: str, vendor: str, mode: ModeName, settings: Mapping[str, Any]) -> Provider[Any]:
    cls = provider_class(f"{domain}:{vendor}")
    target = endpoint_of(cls, **settings)
    identity = (cls, mode, target.base_url, target.environment, target.settings.identity())
    with _lock:
        provider = _instances.get(identity)
        if provider is None:
            provider = _instances[identity] = cls(http_transport(cls, target, mode), target)
        return provider


def _after_fork() -> None:
    """Take a new lock in a forked child. Instances stay: each has let go of its parent's connections."""
    global _lock
    _lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _default(domain: str) -> list[str]:
    """Without a YAML map a domain's only provider is its default: none that is taken by name only, and one that knows
    the sandbox only where there is no other."""
    if domain not in DOMAINS:
        raise _not_found(domain)
    vendors = [vendor for vendor in sorted(_vendors(domain)) if feature_enabled(domain, vendor)]
    infos = {cls.info.provider_key: cls.info for cls in providers(domain)}
    named_only = {provider_key for provider_key, info in infos.items() if not info.default}
    stepping_back = {provider_key for provider_key, info in infos.items() if info.sandbox_only}
    vendors = [vendor for vendor in vendors if f"{domain}:{vendor}" not in named_only]
    vendors = [vendor for vendor in vendors if f"{domain}:{vendor}" not in stepping_back] or vendors
    if len(vendors) == 1:
        return vendors
    if not vendors:
        more = f"; name one of {', '.join(sorted(named_only))}" if named_only else ""
        raise ProviderNotFound(f"No {domain} provider is installed and enabled{more}.")
    choice = ", ".join(f"{domain}:{vendor}" for vendor in vendors)
    raise ConfigurationError(
        f"Several {domain} providers are installed ({choice}); name one, or set `{domain}:` in fin-infra.yaml."
    )


@cache
def _entry_points() -> Mapping[str, Mapping[str, tuple[EntryPoint, ...]]]:
    table: dict[str, dict[str, tuple[EntryPoint, ...]]] = {}
    installed = entry_points()  # reads a file of every distribution, so once for all domains
    for domain in DOMAINS:
        for point in installed.select(group=_PREFIX + domain):
            same = table.setdefault(domain, {}).get(point.name, ())
            if all((point.value, _owner(point)) != (other.value, _owner(other)) for other in same):
                table[domain][point.name] = (*same, point)
    return table


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist else ""


def _vendors(domain: str) -> Mapping[str, tuple[EntryPoint, ...]]:
    return _entry_points().get(domain, {})


def _loaded(point: EntryPoint, provider_key: str) -> type[Provider[Any]]:
    try:
        adapter: Any = point.load()
    except ModuleNotFoundError as exc:
        extra = point.extras[0] if point.extras else "all"
        raise MissingExtra(
            f"{provider_key} needs the package {exc.name}; run: pip install 'fin-infra[{extra}]'"
        ) from None
    except Exception as exc:
        raise ConfigurationError(
            f"{provider_key} cannot be loaded ({type(exc).__name__}); fix or remove {_owner(point) or point.value}."
        ) from exc
    if not _is_provider(adapter):
        raise ConfigurationError(f"{provider_key} points to {point.value}, which is not a provider class.")
    cls: type[Provider[Any]] = adapter
    return cls


def _is_provider(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Provider)


def _not_found(provider_key: str) -> ProviderNotFound:
    known = [
        f"{domain}:{vendor}" for domain in DOMAINS for vendor in _vendors(domain) if feature_enabled(domain, vendor)
    ]
    known += [domain for domain in DOMAINS if _vendors(domain)]
    near = get_close_matches(provider_key, known, n=3, cutoff=0.4)
    domain, _, _ = provider_key.partition(":")
    if domain not in DOMAINS:
        meant = f" Did you mean {', '.join(near)}?" if near else ""
        return ProviderNotFound(f"{domain!r} is not a domain; the domains are {', '.join(DOMAINS)}.{meant}")
    return ProviderNotFound(f"There is no provider {provider_key!r}. Did you mean {', '.join(near or sorted(known))}?")


if not TYPE_CHECKING:  # checkers go on refusing names that do not exist
    __getattr__ = renamed(__name__, {"place_of": "fin_infra.providers.registry.endpoint_of"})
