"""The registry: from `domain:vendor` to a provider, through entry points and a YAML map.
Floor 4: built-in adapters are found like everybody else's; instances are shared only where every setting is equal."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, overload

from fin_infra import features
from fin_infra._moved import renamed
from fin_infra.arguments import checked
from fin_infra.errors import ConfigurationError, FeatureDisabled, ProviderNotFound
from fin_infra.providers import installed
from fin_infra.providers.config import DOMAINS, SUBSTITUTABLE, load_config, not_substitutable
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.installed import vendors
from fin_infra.providers.interfaces.webhooks import WebhookProvider, Webhooks
from fin_infra.providers.provider import Endpoint, Provider, endpoint, http_transport
from fin_infra.settings import load
from fin_infra.transport import Async, Sync

ModeName = Literal["sync", "async"]

_instances: dict[Any, Provider[Any]] = {}
_trunks: dict[Any, Provider[Any]] = {}
"""By all settings but the credentials of a login: what the logins of one vendor share."""
_lock = Lock()


@overload
def resolve(provider_key: str, *, mode: Literal["sync"] = "sync", **settings: Any) -> Provider[Sync]: ...
@overload
def resolve(provider_key: str, *, mode: Literal["async"], **settings: Any) -> Provider[Async]: ...
@checked
def resolve(provider_key: str, *, mode: ModeName = "sync", **settings: Any) -> Provider[Any]:
    """Return the provider for `domain:vendor`, an alias, or a bare domain (its default or fallback chain).

    `settings` win over the environment, and it over the YAML map. Equal settings give the same instance,
    until it is closed.

    Raises:
        ProviderNotFound: nothing answers to `provider_key`; the text gives the nearest names.
        ConfigurationError: settings are missing or wrong, two packages claim the key, or the YAML map lists several
            providers of a domain where one does not stand in for another.
        MissingExtra: the adapter needs a package that is not installed.
        FeatureDisabled: it is switched off, or the adapter is not offered where these settings lead.
    """
    config = load_config()
    provider_key = config.aliases.get(provider_key, provider_key)
    domain, _, vendor = provider_key.partition(":")
    if vendor:
        return _instance(domain, vendor, mode, settings)
    vendors = _switched_on(domain, config.chain(domain)) or _default(domain)
    if len(vendors) > 1 and domain not in SUBSTITUTABLE:
        raise not_substitutable(domain, vendors)
    members = [_instance(domain, name, mode, settings if len(vendors) == 1 else {}) for name in vendors]
    if len(members) == 1:
        return members[0]
    if settings:
        raise ConfigurationError(f"Settings go to one provider; name it, for example {domain}:{vendors[0]}.")
    from fin_infra.providers.fallback import chain

    return chain(domain, members)


@checked
def providers(domain: str | None = None) -> Iterator[type[Provider[Any]]]:
    """Yield the class of every enabled provider, by domain and name; `unavailable` names those that do not load."""
    for name in DOMAINS if domain is None else (domain,):
        for _, cls in _enabled(name):
            yield cls


def unavailable(domain: str | None = None) -> Iterator[tuple[str, ConfigurationError]]:
    """Yield each enabled provider that cannot be used, with the reason and the next step."""
    for provider_key, reason in installed.unavailable(domain):
        if features.is_on(provider_key):
            yield provider_key, reason


def switched_off(domain: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield each installed provider that is switched off, with how to switch it on; none of them is loaded."""
    for name in DOMAINS if domain is None else (domain,):
        for provider_key in installed_keys(name):
            off = features.refusal(provider_key)
            if off is not None:
                yield provider_key, str(off)


def _enabled(domain: str) -> Iterator[tuple[str, type[Provider[Any]]]]:
    for vendor in sorted(vendors(domain)):
        if features.is_on(f"{domain}:{vendor}"):
            try:
                yield vendor, installed.load(f"{domain}:{vendor}")
            except ConfigurationError:
                continue


def installed_keys(domain: str) -> list[str]:
    """Return the key of every adapter of a domain that is installed, by name, those that are switched off too."""
    return [f"{domain}:{vendor}" for vendor in sorted(vendors(domain))]


@checked
def provider_class(provider_key: str) -> type[Provider[Any]]:
    """Return the adapter class behind `domain:vendor` without building one.

    Raises:
        ProviderNotFound: nothing has that name.
        FeatureDisabled: it is switched off.
    """
    domain, _, vendor = provider_key.partition(":")
    if vendor not in vendors(domain):
        raise _not_found(provider_key)
    features.require(provider_key)
    return installed.load(provider_key)


def webhooks_of(provider_key: str, *, mode: ModeName) -> Webhooks:
    """Return how a vendor signs what it tells by itself; keep it, since it keeps the vendor's keys.

    Its settings are the operator's own: what only the sandbox accepts, everybody could sign with.

    Raises:
        ProviderNotFound: nothing has that name.
        FeatureDisabled: it is switched off, or tells nothing by itself.
        ConfigurationError: a setting cannot be used.
    """
    cls = provider_class(load_config().aliases.get(provider_key, provider_key))
    info = cls.info
    if not issubclass(cls, WebhookProvider):
        raise FeatureDisabled(f"{info.title} sends no webhooks that are understood here; its syncs ask for news.")
    settings = load(info.settings, load_config().settings(info.provider_key, info.settings))

    def client() -> Provider[Any]:
        domain, _, vendor = info.provider_key.partition(":")
        return _instance(domain, vendor, mode, {})

    return cls.webhooks(settings, client, info)


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
        _trunks.clear()
    load_config.cache_clear()
    installed.reset()


def _switched_on(domain: str, chain: list[str]) -> list[str]:
    """Return the members of a fallback chain that are on; all of them where none is, so that the first says why."""
    if len(chain) < 2:
        return chain
    return [vendor for vendor in chain if features.is_on(f"{domain}:{vendor}")] or chain


def _instance(domain: str, vendor: str, mode: ModeName, settings: Mapping[str, Any]) -> Provider[Any]:
    cls = provider_class(f"{domain}:{vendor}")
    target = endpoint_of(cls, **settings)
    identity = (cls, mode, target.base_url, target.environment, target.settings.identity())
    with _lock:
        provider = _instances.get(identity)
        if provider is None or provider.closed:
            provider = _instances[identity] = cls(http_transport(cls, target, mode), target)
        return provider


@overload
def connected(provider_key: str, *, mode: Literal["sync"], **credentials: Any) -> Provider[Sync]: ...
@overload
def connected(provider_key: str, *, mode: Literal["async"], **credentials: Any) -> Provider[Async]: ...
@overload
def connected(provider_key: str, *, mode: ModeName, **credentials: Any) -> Provider[Any]: ...
@checked
def connected(provider_key: str, *, mode: ModeName, **credentials: Any) -> Provider[Any]:
    """Return a client of one login at a vendor, which shares pool, limiter and breaker with the vendor's other logins.

    `credentials` are the settings that are the login's own; those that name none are `resolve`d.

    Raises:
        ProviderNotFound, ConfigurationError, MissingExtra, FeatureDisabled: as of `resolve`.
    """
    if not credentials:
        return resolve(provider_key, mode=mode)
    provider_key = load_config().aliases.get(provider_key, provider_key)
    cls = provider_class(provider_key)
    target = endpoint_of(cls, **credentials)
    shared = tuple(each for each in target.settings.identity() if each[0] not in credentials)
    identity = (cls, mode, target.base_url, target.environment, shared)
    with _lock:
        trunk = _trunks.get(identity)
        if trunk is None or trunk.closed:
            trunk = _trunks[identity] = cls(http_transport(cls, target, mode), target)
    return trunk.with_settings(target.settings)


def _after_fork() -> None:
    """Take a new lock in a forked child. Instances stay: each has let go of its parent's connections."""
    global _lock
    _lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _default(domain: str) -> list[str]:
    """Return the vendor that serves a domain for which the YAML map names none, as a list of one.

    Providers of this package come before those of others. One with `default=False` is never chosen; one that works with
    the sandbox only is chosen if there is no other.
    """
    if domain not in DOMAINS:
        raise _not_found(domain)
    features.require(domain)
    infos = {vendor: cls.info for vendor, cls in _enabled(domain)}
    chosen = built_in_default(domain) or _choice(infos)
    if len(chosen) == 1:
        return chosen
    if chosen:
        choice = ", ".join(f"{domain}:{vendor}" for vendor in chosen)
        raise ConfigurationError(
            f"Several {domain} providers are installed ({choice}); name one, or set `{domain}:` in fin-infra.yaml."
        )
    broken = None if infos else next((reason for _, reason in unavailable(domain)), None)
    if broken is not None:
        raise broken
    off = [] if infos else [provider_key for provider_key, _ in switched_off(domain)]
    if off:
        features.require(off[0])
    named_only = [f"{domain}:{vendor}" for vendor in infos]
    more = f"; name one of {', '.join(named_only)}" if named_only else ""
    raise ProviderNotFound(f"No {domain} provider is installed and enabled{more}.")


def built_in_default(domain: str) -> list[str]:
    """Return the vendors of this package that may serve a domain unnamed; more than one have to be named."""
    return _choice({vendor: cls.info for vendor, cls in _enabled(domain) if installed.built_in(domain, vendor)})


def _choice(infos: Mapping[str, ProviderInfo]) -> list[str]:
    unnamed = [vendor for vendor, info in infos.items() if info.default]
    return [vendor for vendor in unnamed if not infos[vendor].sandbox_only] or unnamed


def _not_found(provider_key: str) -> ProviderNotFound:
    every = (provider_key for domain in DOMAINS for provider_key in installed_keys(domain))
    known = [provider_key for provider_key in every if features.is_on(provider_key)]
    known += [domain for domain in DOMAINS if vendors(domain)]
    near = get_close_matches(provider_key, known, n=3, cutoff=0.4)
    domain, _, _ = provider_key.partition(":")
    if domain not in DOMAINS:
        meant = f" Did you mean {', '.join(near)}?" if near else ""
        return ProviderNotFound(f"{domain!r} is not a domain; the domains are {', '.join(DOMAINS)}.{meant}")
    return ProviderNotFound(f"There is no provider {provider_key!r}. Did you mean {', '.join(near or sorted(known))}?")


if not TYPE_CHECKING:  # checkers go on refusing names that do not exist
    __getattr__ = renamed(__name__, {"place_of": "fin_infra.providers.registry.endpoint_of"})
