"""`fin-infra keys verify`: does each key work, and what to do where it does not.
Floor 8: one cheap call per provider, which counts against the vendor's quota."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fin_infra.cli.output import print_json
from fin_infra.cli.providers import own_settings, still_to_set
from fin_infra.cli.tables import print_table
from fin_infra.errors import ConfigurationError, FeatureDisabled, FinInfraError
from fin_infra.providers.config import DOMAINS
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.provider import Provider
from fin_infra.providers.registry import endpoint_of, provider_class, providers, resolve
from fin_infra.settings import CoreSettings, Mode, load
from fin_infra.transport import SyncTransport

INCOMPLETE = "key incomplete"
"""Part of what a key consists of is set: the sandbox answers, which is hardly what was meant."""


def verify(words: Sequence[str], *, as_json: bool) -> bool:
    """Print one row per provider; return True when every one that was tried works."""
    classes = [cls for word in words for cls in _named(word)] if words else list(providers())
    rows = [_row(cls, asked=bool(words)) for cls in classes]
    if as_json:
        print_json(rows)
    else:
        cells = [(row["provider"], row["environment"], row["result"], row["next_step"]) for row in rows]
        print_table("Keys", ("provider", "goes to", "result", "next step"), cells)
    return all(row["ok"] for row in rows)


def _named(word: str) -> list[type[Provider[Any]]]:
    """Return the providers a word names: all of a domain, or one by its key."""
    return list(providers(word)) if word in DOMAINS else [provider_class(word)]


def _row(cls: type[Provider[Any]], *, asked: bool) -> dict[str, Any]:
    info = cls.info
    try:
        endpoint = endpoint_of(cls)
    except ConfigurationError as exc:
        return _result(info.provider_key, "-", False, "not configured", str(exc))
    except FeatureDisabled as exc:  # nothing is wrong with keys that nobody can use, unless they were asked for
        return _result(info.provider_key, "-", not asked, "not offered", str(exc))
    if endpoint.environment == "sandbox" and endpoint.settings.base_url is None:
        untried = _untried(info, asked=asked)
        if untried is not None:
            return _result(info.provider_key, "sandbox", untried[0] != INCOMPLETE, *untried)
    try:
        provider = resolve(info.provider_key)
        try:
            provider.ping()
        finally:
            if isinstance(provider.transport, SyncTransport):
                provider.transport.close()
    except FinInfraError as exc:
        return _result(info.provider_key, endpoint.environment, False, exc.code, str(exc))
    return _result(info.provider_key, endpoint.environment, True, "works", "")


def _untried(info: ProviderInfo, *, asked: bool) -> tuple[str, str] | None:
    """Say why no key of a provider that goes to the sandbox is tried, and what to do; None where a call says more."""
    if info.sandbox_only:
        return None if asked else ("no key needed", "")
    settings, in_sandbox = own_settings(info), load(CoreSettings).mode is Mode.SANDBOX
    uses = settings.uses()
    present = [name for use in uses for name in settings.variables(use) if name not in settings.missing(use)]
    if in_sandbox and present:
        return "not tried", f"unset FIN_INFRA_MODE, which is sandbox, to try {' and '.join(dict.fromkeys(present))}"
    if asked and not present:
        return None
    if not uses:
        return "no key needed", "set FIN_INFRA_MODE=live to use it"
    where = f" (keys: {info.signup})" if info.signup else ""
    return INCOMPLETE if present else "no key set", still_to_set(settings) + where


def _result(provider: str, environment: str, ok: bool, result: str, next_step: str) -> dict[str, Any]:
    return {"provider": provider, "environment": environment, "ok": ok, "result": result, "next_step": next_step}
