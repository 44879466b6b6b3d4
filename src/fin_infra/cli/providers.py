"""`fin-infra providers ls`.
Floor 8: prints what `info` says; no call is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fin_infra.cli.output import print_json, say
from fin_infra.cli.tables import print_table
from fin_infra.errors import ConfigurationError, FeatureDisabled
from fin_infra.providers.config import load_config
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.provider import Provider
from fin_infra.providers.registry import endpoint_of, providers, switched_off, unavailable
from fin_infra.settings import ProviderSettings, load


def ls(*, as_json: bool) -> None:
    """Print every provider.

    Raises:
        ConfigurationError: the YAML map or FIN_INFRA_MODE cannot be read, which no provider can do without.
    """
    load_config()
    broken = [_unusable(key, "cannot be used", str(reason)) for key, reason in unavailable()]
    off = [_unusable(key, "switched off", reason) for key, reason in switched_off()]
    rows = [*map(_row, providers()), *broken, *off]
    if as_json:
        print_json(rows)
        return
    columns = ("provider", "goes to", "operations", "still to set")
    cells = [(r["provider"], r["environment"], ", ".join(r["operations"]), _cell(r["uses"])) for r in rows]
    print_table("Providers", columns, cells)
    for row in rows:
        if row["problem"]:
            say(f"{row['provider']}: {row['problem']}")


def _unusable(provider_key: str, environment: str, reason: str) -> dict[str, Any]:
    return {
        "provider": provider_key,
        "title": provider_key,
        "environment": environment,
        "operations": [],
        "variables": [],
        "uses": [],
        "docs": "",
        "problem": reason,
    }


def _row(cls: type[Provider[Any]]) -> dict[str, Any]:
    info = cls.info
    environment, problem = "not configured", None
    try:
        environment = endpoint_of(cls).environment
    except ConfigurationError as exc:
        problem = str(exc)
    except FeatureDisabled as exc:
        environment, problem = "not offered", str(exc)
    return {
        "provider": info.provider_key,
        "title": info.title,
        "environment": environment,
        "operations": sorted(cls.can),
        "variables": sorted({name for use in info.settings.uses() for name in info.settings.variables(use)}),
        "uses": _uses(info),
        "docs": info.docs,
        "problem": problem,
    }


def own_settings(info: ProviderInfo) -> ProviderSettings:
    """Return what the environment and the YAML map set, without the sandbox's credentials.

    Raises:
        ConfigurationError: a setting cannot be used.
    """
    return load(info.settings, load_config().settings(info.provider_key, info.settings))


def still_to_set(settings: ProviderSettings) -> str:
    """Return what is missing for each use, in words."""
    missing = [(use.purpose, settings.missing(use)) for use in settings.uses()]
    texts = [f"{_and(names)}{f' for {purpose}' if purpose else ''}" for purpose, names in missing if names]
    return f"set {'; '.join(texts)}" if texts else ""


def _uses(info: ProviderInfo) -> list[dict[str, Any]]:
    """Return for each use the variables it needs and those not set; None where the settings cannot be read."""
    try:
        settings = own_settings(info)
    except ConfigurationError:
        settings = None
    return [
        {
            "purpose": use.purpose or None,
            "variables": info.settings.variables(use),
            "missing": None if settings is None else () if info.sandbox_only else settings.missing(use),
        }
        for use in info.settings.uses()
    ]


def _cell(uses: Sequence[Mapping[str, Any]]) -> str:
    lines = [(use["purpose"], use["missing"] or ()) for use in uses]
    return "\n".join(f"{f'{purpose}: ' if purpose else ''}{', '.join(names)}" for purpose, names in lines if names)


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
