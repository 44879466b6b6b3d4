"""`fin-infra providers ls`.
Floor 8: prints what `info` says; no call is made."""

from __future__ import annotations

from typing import Any

from fin_infra.cli.output import print_json, print_table
from fin_infra.errors import ConfigurationError, FeatureDisabled
from fin_infra.providers.config import load_config
from fin_infra.providers.provider import Provider
from fin_infra.providers.registry import endpoint_of, providers, unavailable


def ls(*, as_json: bool) -> None:
    """Print every provider.

    Raises:
        ConfigurationError: the YAML map or FIN_INFRA_MODE cannot be read, which no provider can do without.
    """
    load_config()
    rows = [*map(_row, providers()), *(_broken(key, reason) for key, reason in unavailable())]
    if as_json:
        print_json(rows)
        return
    columns = ("provider", "goes to", "operations", "variables")
    cells = [(r["provider"], r["environment"], ", ".join(r["operations"]), ", ".join(r["variables"])) for r in rows]
    print_table("Providers", columns, cells)
    for row in rows:
        if row["problem"]:
            print(f"{row['provider']}: {row['problem']}")


def _broken(provider_key: str, reason: ConfigurationError) -> dict[str, Any]:
    return {
        "provider": provider_key,
        "title": provider_key,
        "environment": "cannot be used",
        "operations": [],
        "variables": [],
        "docs": "",
        "problem": str(reason),
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
        "variables": sorted(info.settings.variable(name) for name in info.settings.secrets()),
        "docs": info.docs,
        "problem": problem,
    }
