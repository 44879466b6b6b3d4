"""The YAML map: which provider serves a domain, and with what besides the environment.
Floor 4: read once, from FIN_INFRA_CONFIG or `fin-infra.yaml`; it never holds secrets.

    market: [alpha_vantage, yahoo]     # a fallback chain; only market, crypto and fx may have one
    banking: teller
    aliases: {prices: "market:alpha_vantage"}
    settings:
      "crypto:coingecko": {timeout_s: 5}
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from fin_infra.errors import ConfigurationError
from fin_infra.settings import CoreSettings, ProviderSettings, load

DOMAINS = ("banking", "market", "crypto", "fx", "brokerage", "identity", "credit", "tax")
SUBSTITUTABLE = frozenset({"market", "crypto", "fx"})
"""Where one provider's answer is as good as another's. Another bank or broker is another person's money."""
_DEFAULT = "fin-infra.yaml"
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Config:
    chains: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    provider_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    def chain(self, domain: str) -> list[str]:
        return self.chains.get(domain, [])

    def settings(self, provider_key: str, cls: type[ProviderSettings]) -> dict[str, Any]:
        """Return the file's settings of a provider, less those the environment sets, which win.

        Raises:
            ConfigurationError: the file holds a credential; those belong in the environment.
        """
        given = self.provider_settings.get(provider_key, {})
        secret = [name for name in given if name in cls.secrets()]
        if secret:
            raise ConfigurationError(
                f"fin-infra.yaml holds {provider_key} {secret[0]}; move it to the variable {cls.variable(secret[0])}."
            )
        return {name: value for name, value in given.items() if not os.environ.get(cls.variable(name))}


@cache
def load_config() -> Config:
    """Read the YAML map; an absent default file is an empty map.

    Raises:
        ConfigurationError: the file named by FIN_INFRA_CONFIG cannot be read, or a file is not the map described above.
    """
    named = load(CoreSettings).config
    file = Path(named or _DEFAULT)
    if named is None and not file.is_file():
        return Config()
    import yaml

    try:
        text = file.read_text("utf-8")
        _refuse_nesting(text, file)
        content = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "not UTF-8 text"
        raise ConfigurationError(
            f"The configuration file {file} cannot be read: {reason}; fix the file, or the path in FIN_INFRA_CONFIG."
        ) from None
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f" near line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigurationError(f"{file} is not valid YAML{where}; fix it there, or remove the file.") from None
    except (ValueError, RecursionError):  # 2026-13-45, or endless nesting
        raise ConfigurationError(
            f"{file} holds a value that YAML cannot read, such as a date that does not exist; fix or quote it."
        ) from None
    return _config(content, file)


def _refuse_nesting(text: str, file: Path) -> None:
    """Refuse a file that is nested deeper than any map of ours: reading thousands of levels takes seconds.

    Raises:
        ConfigurationError: it is.
    """
    lines = text.splitlines()
    brackets = max(accumulate((char in "[{") - (char in "]}") for char in text), default=0)
    indents = max((len(line) - len(line.lstrip(" -?:")) for line in lines), default=0)
    if max(brackets, indents // 2) > _MAX_DEPTH:
        raise ConfigurationError(
            f"{file} is nested more than {_MAX_DEPTH} levels deep; three are enough for every setting."
        )


def not_substitutable(domain: str, vendors: Sequence[str], file: Path | None = None) -> ConfigurationError:
    """Return the refusal of a fallback chain over providers that do not stand in for each other."""
    where = f"{file}: " if file else ""
    named = ", ".join(vendor.removeprefix(f"{domain}:") for vendor in vendors)
    return ConfigurationError(
        f"{where}{domain} lists several providers ({named}), but only crypto, fx and market can fall back from one to "
        f"another; name one there, and ask for the others by name, such as {domain}:{named.rpartition(' ')[2]}."
    )


def _config(content: Any, file: Path) -> Config:
    import msgspec

    one_or_many = str | list[str]
    fields = [(domain, one_or_many | None, None) for domain in DOMAINS]
    fields += [("aliases", dict[str, str] | None, None), ("settings", dict[str, dict[str, Any]] | None, None)]
    shape = msgspec.defstruct("ConfigFile", fields, forbid_unknown_fields=True)
    try:
        read: Any = msgspec.convert(content or {}, shape)
    except msgspec.ValidationError as exc:
        allowed = ", ".join((*DOMAINS, "aliases", "settings"))
        raise ConfigurationError(f"{file}: {exc}; it may hold {allowed}.") from None
    chains: dict[str, list[str]] = {}
    for domain in DOMAINS:
        named: str | list[str] | None = getattr(read, domain)
        if named:
            vendors = [named] if isinstance(named, str) else named
            if len(vendors) > 1 and domain not in SUBSTITUTABLE:
                raise not_substitutable(domain, vendors, file)
            chains[domain] = [vendor.removeprefix(f"{domain}:") for vendor in vendors]
    return Config(chains, read.aliases or {}, read.settings or {})
