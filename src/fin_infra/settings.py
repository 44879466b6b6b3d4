"""Where settings come from: the argument, then the environment, then an error that says the next step.
Floor 2: pydantic-settings, imported by adapters only; `import fin_infra` does not come here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from fin_infra.errors import ConfigurationError
from fin_infra.features import is_on


class Mode(StrEnum):
    """Which side calls go to when a provider has no base URL of its own."""

    AUTO = "auto"
    """Live where the provider's credentials are set, the sandbox where not."""
    SANDBOX = "sandbox"
    LIVE = "live"


class Settings(BaseSettings):
    """Settings from arguments and the environment, and from a file only where a class names one: each source that is
    asked looks at every field, and a client is made for every person."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        named = settings_cls.model_config.get("env_file"), settings_cls.model_config.get("secrets_dir")
        files = (dotenv_settings, file_secret_settings)
        asked = (source for source, file in zip(files, named, strict=True) if file)
        return init_settings, env_settings, *asked


class CoreSettings(Settings):
    """Settings of the package itself, from FIN_INFRA_* variables."""

    model_config = SettingsConfigDict(env_prefix="FIN_INFRA_", env_ignore_empty=True, extra="ignore", frozen=True)

    mode: Mode = Mode.AUTO
    sandbox_url: str = "http://127.0.0.1:8060"
    config: str | None = None
    """Path of the YAML map; `fin-infra.yaml` in the working directory where unset."""
    keep_files: bool = True
    """Whether a book keeps the statement files that are imported, sealed."""
    identity_keep_days: int | None = Field(None, ge=0)
    """For how many days after its end personal data of a verification is kept, once the policy is applied."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one use of a provider needs: the fields to set, and the flags that choose it."""

    purpose: str
    """What for, as in `paper money`; empty where there is nothing to choose between."""
    fields: tuple[str, ...]
    flags: tuple[str, ...] = ()


class ProviderSettings(Settings):
    """Settings every provider has; an adapter adds its credentials and sets `env_prefix` to its name."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True)
    credentials: ClassVar[tuple[str, ...]] = ()
    """Names of the fields without which live calls are impossible."""
    optional_credentials: ClassVar[tuple[str, ...]] = ()
    """Names of the fields that choose live calls where set, of vendors that also answer without."""

    login: ClassVar[tuple[str, ...]] = ()
    """Names of the fields that are one person's at the vendor, where they are others than the credentials."""

    needs: ClassVar[tuple[Need, ...]] = ()
    """What people are told to set, use by use; by default the credentials. A use may build on the one before it."""

    base_url: str | None = None
    allow_http: bool = False
    ca_file: str | None = None
    """PEM file of a certificate authority of your own, where a proxy or a test server answers for the vendor."""
    timeout_s: float = Field(10.0, gt=0)
    deadline_s: float = Field(30.0, gt=0)
    max_attempts: int = Field(3, ge=1)
    breaker_threshold: int = Field(5, ge=1)
    breaker_cooldown_s: float = Field(30.0, gt=0)
    tenant: str = "default"

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if not _blank(value)}

    @classmethod
    def variable(cls, field: str) -> str:
        """Return the name of the environment variable behind `field`."""
        return f"{cls.model_config.get('env_prefix', '')}{field}".upper()

    @classmethod
    def secrets(cls) -> frozenset[str]:
        """Return the names of the fields that hold secrets."""
        return frozenset(name for name, field in cls.model_fields.items() if "SecretStr" in str(field.annotation))

    def secret_values(self) -> tuple[str, ...]:
        """Return the secrets that are set, for those who have to recognize them in texts; never for display."""
        values = (getattr(self, name) for name in sorted(self.secrets()))
        return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))

    @classmethod
    def uses(cls) -> tuple[Need, ...]:
        """Return what each use of the provider needs; nothing where it needs no key."""
        fields = cls.credentials or cls.optional_credentials
        return cls.needs or ((Need("", fields),) if fields else ())

    @classmethod
    def login_fields(cls) -> tuple[str, ...]:
        """Return the fields that every connection of a person has of its own; all others are the operator's."""
        return cls.login or cls.credentials

    @classmethod
    def variables(cls, need: Need) -> tuple[str, ...]:
        """Return the variables of a use; those of flags with their value, as `NAME=1`."""
        return (*map(cls.variable, need.fields), *(f"{cls.variable(flag)}=1" for flag in need.flags))

    def missing(self, need: Need) -> tuple[str, ...]:
        """Return the variables that a use must have and these settings have not."""
        unset = [name for name in (*need.fields, *need.flags) if not getattr(self, name)]
        return tuple(text for text in self.variables(need) if text.removesuffix("=1") in map(self.variable, unset))

    def required(self) -> tuple[str, ...]:
        """Return the names of the fields without which live calls with these settings are impossible."""
        return self.credentials

    def live_url(self) -> str | None:
        """Return the vendor's URL for these settings where it is not the one in `info`, such as a paid plan's host."""
        return None

    def identity(self) -> tuple[tuple[str, Any], ...]:
        """Return every setting with its plain value, for use as a cache key; never for display."""
        return tuple(
            (name, value.get_secret_value() if isinstance(value, SecretStr) else value)
            for name, value in ((name, getattr(self, name)) for name in type(self).model_fields)
        )


C = TypeVar("C", bound=BaseSettings)


def load(cls: type[C], given: Mapping[str, Any] | None = None) -> C:
    """Build settings from `given` and the environment; a blank string counts as unset in both.

    Raises:
        ConfigurationError: a value cannot be used; the text names the variable and never shows the value.
    """
    given = {name: value for name, value in (given or {}).items() if not _blank(value)}
    try:
        return cls(**given)
    except ValidationError as exc:
        prefix = str(cls.model_config.get("env_prefix", ""))
        known = [name for name in cls.model_fields if name not in given]
        raise ConfigurationError("; ".join(_sentence(prefix, error, given, known) for error in exc.errors())) from None


def _blank(value: object) -> bool:
    """Say whether a string is blank: `api_key=os.environ.get("KEY", "")` sets nothing."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    return isinstance(text, str) and not text.strip()


def _sentence(prefix: str, error: Any, given: Mapping[str, Any], known: Sequence[str]) -> str:
    field = str(error["loc"][0]) if error["loc"] else ""
    name = field if field in given else f"{prefix}{field}".upper()
    if error["type"] == "extra_forbidden":
        near = get_close_matches(name, known, n=3)
        meant = f"Did you mean {' or '.join(near)}?" if near else f"The settings are {', '.join(known)}."
        return f"There is no setting named {name}. {meant}"
    return f"{name}: {error['msg'][0].lower()}{error['msg'][1:]}."


def feature_enabled(domain: str, vendor: str) -> bool:
    """Tell whether a provider is on: the old name of `fin_infra.features.is_on`."""
    return is_on(f"{domain}:{vendor}")


def book_url() -> str:
    """Return where the book of this user is: SQL_URL, or a file in the user's data folder."""
    named = os.environ.get("SQL_URL", "").strip()
    if named:
        return named
    root = os.environ.get("XDG_DATA_HOME", "").strip() or str(Path.home() / ".local" / "share")
    return f"sqlite:///{Path(root) / 'fin-infra' / 'book.db'}"
