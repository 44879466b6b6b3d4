"""Which Finastra application answers for which tenant: the default one, and those of FINASTRA_TENANT_CONFIG_*.
Floor 7: one client per tenant, each with its own token, breaker and metrics label; built when the service starts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from bankersbank.config import FinastraConfig
from bankersbank.finastra import AsyncFinastraAPIClient
from fin_infra.errors import ConfigurationError, InvalidInput
from fin_infra.settings import CoreSettings, Mode, load

CONFIG_JSON, CONFIG_PATH = "FINASTRA_TENANT_CONFIG_JSON", "FINASTRA_TENANT_CONFIG_PATH"
_FIELDS = {
    "client_id": "FINASTRA_B2B_CLIENT_ID",
    "client_secret": "FINASTRA_B2B_CLIENT_SECRET",
    "private_key_path": "FINASTRA_B2B_PRIVATE_KEY_PATH",
    "key_id": "FINASTRA_B2B_KEY_ID",
    "base_url": "FINASTRA_B2B_BASE_URL_COLLATERALS",
    "product": "FINASTRA_B2B_PRODUCT_COLLATERALS",
    "tenant": "FINASTRA_TENANT",
    "scope": "FINASTRA_SCOPE",
}
"""What a tenant may set, and the variable it sets it in place of."""
_SECRET_ENV = "client_secret_env"  # noqa: S105  # nosec B105: the name of a field
_MAY_HOLD = (*_FIELDS, _SECRET_ENV)
_CREDENTIALS = ("client_secret", "private_key_path", "key_id")
_BASE_URL = _FIELDS["base_url"]
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch
_SANDBOX = {
    "FINASTRA_B2B_CLIENT_ID": "sandbox-b2b-client",
    "FINASTRA_B2B_CLIENT_SECRET": "sandbox-b2b-secret",
}


class FinastraTenants:
    """The clients of a service. `default` is None where nothing is configured and the sandbox must not stand in."""

    def __init__(
        self, default: AsyncFinastraAPIClient | None, named: Mapping[str, AsyncFinastraAPIClient] | None = None
    ) -> None:
        self._default = default
        self._named = dict(named or {})

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> FinastraTenants:
        """Build the clients from the environment; without credentials the default is the sandbox, unless mode is live.

        Raises:
            ConfigurationError: a variable, or a field of a tenant, cannot be used; the text names it.
        """
        own, named = _default(environ), _named(environ)
        if own is None:
            return cls(None, named)
        label = f"{own.realm}.default" if own.realm in named else own.realm  # no tenant's name has a dot
        return cls(AsyncFinastraAPIClient(own.but(collaterals=True), name=label), named)

    def client(self, tenant: str | None) -> AsyncFinastraAPIClient:
        """Return the client of `tenant`, of the default one for None.

        Raises:
            InvalidInput: that tenant is not configured.
            ConfigurationError: there is no default.
        """
        if tenant is not None:
            if tenant not in self._named:
                raise InvalidInput("This service has no tenant of that name.")
            return self._named[tenant]
        if self._default is None:
            raise ConfigurationError(
                "Finastra is not configured; set FINASTRA_B2B_CLIENT_ID and FINASTRA_B2B_CLIENT_SECRET, or switch its "
                "routes off with FEATURE_FINASTRA_COLLATERALS=0."
            )
        return self._default

    def named(self) -> tuple[AsyncFinastraAPIClient, ...]:
        """Return the clients of the configured tenants, in the order of the settings."""
        return tuple(self._named.values())

    def all(self) -> tuple[AsyncFinastraAPIClient, ...]:
        """Return every client once."""
        return (*((self._default,) if self._default else ()), *self._named.values())


def _default(environ: Mapping[str, str]) -> FinastraConfig | None:
    core = load(CoreSettings)
    known = environ.get("FINASTRA_B2B_CLIENT_ID", "").strip()
    if _has_base_url(environ) or (known and core.mode is not Mode.SANDBOX):
        return FinastraConfig.from_env(environ)
    if core.mode is Mode.LIVE:
        return None
    return FinastraConfig.from_env(_at_sandbox(environ, core))


def _has_base_url(environ: Mapping[str, str]) -> bool:
    return bool(environ.get(_BASE_URL, "").strip())


def _at_sandbox(environ: Mapping[str, str], core: CoreSettings) -> dict[str, str]:
    """Return the variables with the sandbox's address and credentials; those that were there stay unused."""
    return _without_credentials(environ) | _SANDBOX | {_BASE_URL: f"{core.sandbox_url.rstrip('/')}/finastra"}


def _without_credentials(environ: Mapping[str, str]) -> dict[str, str]:
    left_out = {_FIELDS[credential] for credential in _CREDENTIALS}
    return {name: text for name, text in environ.items() if name not in left_out}


def _named(environ: Mapping[str, str]) -> dict[str, AsyncFinastraAPIClient]:
    """Build the clients of the tenants. One with a client of its own takes no other credential from the environment."""
    source, text = CONFIG_JSON, environ.get(CONFIG_JSON, "").strip()
    file = environ.get(CONFIG_PATH, "").strip()
    if file and text:
        raise ConfigurationError(f"{CONFIG_JSON} and {CONFIG_PATH} are both set; set one of them.")
    if file:
        source = CONFIG_PATH
        try:
            text = Path(file).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError(f"The file that {CONFIG_PATH} names cannot be read as UTF-8 text.") from None
    if not text:
        return {}
    try:
        tenants = msgspec.json.decode(text.encode(), type=dict[str, dict[str, str]])
    except (msgspec.DecodeError, UnicodeEncodeError):  # whose text may show a secret
        raise ConfigurationError(
            f'{source} should be JSON such as {{"north": {{"client_id": "...", "client_secret": "..."}}}}.'
        ) from None
    return {name: _client(source, name, fields, environ) for name, fields in tenants.items()}


def _client(source: str, name: str, given: Mapping[str, str], environ: Mapping[str, str]) -> AsyncFinastraAPIClient:
    where = f"{source}, tenant {name!r}"
    if not _NAME(name):
        raise ConfigurationError(f"{source}: a tenant is named in letters, digits, - and _, such as north-1.")
    fields = dict(given)
    if variable := fields.pop(_SECRET_ENV, None):
        fields["client_secret"] = environ.get(variable, "")
        if not fields["client_secret"].strip():
            raise ConfigurationError(f"{where}: the variable that {_SECRET_ENV} names is not set.")
    if unknown := fields.keys() - _FIELDS.keys():
        raise ConfigurationError(f"{where}: there is no field {min(unknown)!r}; it may hold {', '.join(_MAY_HOLD)}.")
    if "base_url" in fields and "client_id" not in fields:
        raise ConfigurationError(
            f"{where}: a base_url of its own needs a client_id of its own; no other is sent there."
        )
    inherited = _without_credentials(environ) if "client_id" in fields else dict(environ)
    merged = inherited | {_FIELDS[field]: value for field, value in fields.items()}
    core = load(CoreSettings)
    if core.mode is Mode.SANDBOX and not _has_base_url(merged):
        merged = _at_sandbox(merged, core)
    try:
        return AsyncFinastraAPIClient(FinastraConfig.from_env(merged).but(collaterals=True), name=name)
    except ConfigurationError as exc:
        raise ConfigurationError(f"{where}: {exc}") from None
