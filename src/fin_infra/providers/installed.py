"""The adapters that are installed: their entry points, whose they are, and the class behind each.
Floor 4: an adapter that cannot be loaded is named with the reason and spoils no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from fin_infra._distribution import install_command, installed_name
from fin_infra.errors import ConfigurationError, MissingExtra
from fin_infra.providers.config import DOMAINS
from fin_infra.providers.provider import Provider

_PREFIX = "fin_infra."


def vendors(domain: str) -> Mapping[str, tuple[EntryPoint, ...]]:
    """Return the entry points of a domain by vendor: more than one where packages claim the same name."""
    return _table().get(domain, {})


def reset() -> None:
    """Read the entry points again at the next question."""
    _table.cache_clear()


def built_in(domain: str, vendor: str) -> bool:
    """Tell whether an adapter comes with this package."""
    return any(_owner(point) == installed_name() for point in vendors(domain).get(vendor, ()))


def load(provider_key: str) -> type[Provider[Any]]:
    """Return the class behind `domain:vendor`; a name that this package has is not taken over by another one.

    Raises:
        KeyError: nothing has that name.
        ConfigurationError: two other packages claim it, or what it points to is not an adapter that loads.
        MissingExtra: it needs a package that is not installed.
    """
    domain, _, vendor = provider_key.partition(":")
    found = vendors(domain)[vendor]
    claims = [point for point in found if _owner(point) == installed_name()] or list(found)
    if len(claims) > 1:
        owners = " and ".join(sorted(_owner(point) or "?" for point in claims))
        raise ConfigurationError(f"{provider_key} is claimed by two packages, {owners}; uninstall one of them.")
    return _loaded(claims[0], provider_key)


def unavailable(domain: str | None = None) -> Iterator[tuple[str, ConfigurationError]]:
    """Yield each installed adapter that cannot be used, with the reason and the next step."""
    for name in DOMAINS if domain is None else (domain,):
        for vendor, found in sorted(vendors(name).items()):
            provider_key = f"{name}:{vendor}"
            try:
                load(provider_key)
            except ConfigurationError as exc:
                yield provider_key, exc
                continue
            others = [_owner(point) for point in found if _owner(point) != installed_name()] if len(found) > 1 else []
            yield from ((provider_key, _taken(provider_key, owner)) for owner in others)


def _taken(provider_key: str, owner: str) -> ConfigurationError:
    return ConfigurationError(
        f"{owner} calls its adapter {provider_key}, a name that {installed_name()} has, so it is not used; its author "
        "can choose another name."
    )


@cache
def _table() -> Mapping[str, Mapping[str, tuple[EntryPoint, ...]]]:
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


def _loaded(point: EntryPoint, provider_key: str) -> type[Provider[Any]]:
    try:
        adapter: Any = point.load()
    except ModuleNotFoundError as exc:
        raise _missing(point, provider_key, exc.name) from None
    except Exception as exc:
        raise ConfigurationError(
            f"{provider_key} cannot be loaded ({type(exc).__name__}); fix or remove {_owner(point) or point.value}."
        ) from exc
    if not _is_provider(adapter):
        raise ConfigurationError(
            f"{provider_key} points to {point.value}, which is not a provider class; fix or remove {_owner(point)}."
        )
    cls: type[Provider[Any]] = adapter
    return cls


def _is_provider(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Provider)


def _missing(point: EntryPoint, provider_key: str, package: str | None) -> MissingExtra:
    """Name the command that brings the package: of ours the extra, of a plug-in its own distribution."""
    extra, owner = point.extras[0] if point.extras else None, _owner(point)
    if owner == installed_name():
        return MissingExtra.of(f"{provider_key} needs", package, extra or "all")
    command = install_command(extra, owner) if extra else f"pip install --force-reinstall {owner}"
    return MissingExtra(f"{provider_key} needs {package}, which is not installed; run: {command}")
