"""Settings of the Finastra client, read from FINASTRA_* variables when a client is constructed.
Floor 3: bankersbank. One table says which variable fills which field and how its text is read."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from fin_infra.errors import ConfigurationError
from fin_infra.features import Switch

LIVE_URL = "https://api.fusionfabric.cloud"
# The path and its paging are those another client of the API uses; the catalog is behind a login: unconfirmed.
COLLATERALS = "total-lending/collaterals/b2b/v2"
B2C_ACCOUNTS = "corporate/channels/accounts/me/v1"
_PRODUCT = re.compile(r"(?:(?!\.+(?:/|$))[A-Za-z0-9._-]+/)*(?!\.+$)[A-Za-z0-9._-]+").fullmatch
_REALM = re.compile(r"(?!\.+$)[A-Za-z0-9._-]{1,64}").fullmatch
"""Neither may consist of dots alone, which would name another resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinastraConfig:
    """What one client needs to know. `from_env` fills it from the FINASTRA_* variables.

    A client proves itself with `client_secret`, or with a JWT signed by `private_key` (PEM) under `key_id`.

    Raises:
        ConfigurationError: a value cannot be used; the text names the variable and never shows a secret.
    """

    client_id: str = field(repr=False)
    client_secret: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    key_id: str | None = field(default=None, repr=False)
    base_url: str = LIVE_URL
    realm: str = "sandbox"
    """What the vendor calls the tenant of its login, part of the token URL; `tenant` elsewhere is your own."""
    scope: str = "openid"
    product: str = COLLATERALS
    """Root path of the collaterals product."""
    collaterals: bool = True
    b2c: bool = False
    breaker: bool = True
    breaker_threshold: int = 5
    """Consecutive calls that failed after their retries, which open the breaker."""
    breaker_cooldown_s: float = 30.0
    retry_min_sleep_s: float = 0.0
    """Pause added to every wait between attempts."""
    timeout_s: float = 10.0
    deadline_s: float = 30.0
    max_attempts: int = 3
    allow_http: bool = False
    """Let credentials travel unencrypted to a host that is not this machine."""

    def __post_init__(self) -> None:
        if not self.client_id:
            raise ConfigurationError("FINASTRA_B2B_CLIENT_ID is not set; create an application at the vendor's portal.")
        if not self.client_secret and not (self.private_key and self.key_id):
            raise ConfigurationError(
                "FINASTRA_B2B_CLIENT_SECRET is not set; set it, or FINASTRA_B2B_PRIVATE_KEY_PATH with "
                "FINASTRA_B2B_KEY_ID."
            )
        if self.private_key and not self.key_id:
            raise ConfigurationError("FINASTRA_B2B_KEY_ID is not set; FINASTRA_B2B_PRIVATE_KEY_PATH needs it.")
        if not _REALM(self.realm):
            raise ConfigurationError("FINASTRA_TENANT may hold letters, digits, dots, hyphens and underscores only.")
        if not _PRODUCT(self.product):
            raise ConfigurationError(f"FINASTRA_B2B_PRODUCT_COLLATERALS must be a path such as {COLLATERALS}.")
        for name in ("breaker_threshold", "breaker_cooldown_s", "timeout_s", "deadline_s", "max_attempts"):
            if not getattr(self, name) > 0:
                raise ConfigurationError(f"{VARIABLES[name][0]} must be above zero.")
        if not self.retry_min_sleep_s >= 0:
            raise ConfigurationError("FINASTRA_RETRY_MIN_SLEEP_MS must be zero or more.")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **given: Any) -> FinastraConfig:
        """Read the variables of `environ` (by default the process's), blank ones as unset; `given` fields win."""
        found, given = os.environ if environ is None else environ, _renamed(given)
        values: dict[str, Any] = {"client_id": ""}
        for name, (variable, read) in VARIABLES.items():
            text = found.get(variable, "").strip()
            if text and name not in given:
                values[name] = read(variable, text)
        unknown = given.keys() - {item.name for item in fields(cls)}
        if unknown:
            raise ConfigurationError(f"There is no Finastra setting named {min(unknown)}.")
        return cls(**values | given)

    def but(self, **changes: Any) -> FinastraConfig:
        """Return a copy with some fields changed."""
        return replace(self, **_renamed(changes))

    @property
    def tenant(self) -> str:
        """The old name of `realm`."""
        warnings.warn("FinastraConfig.tenant is now FinastraConfig.realm", DeprecationWarning, stacklevel=2)
        return self.realm


def _renamed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Take the field `tenant` for `realm`, as it was called before."""
    if "tenant" not in fields:
        return dict(fields)
    warnings.warn("the field `tenant` of FinastraConfig is now `realm`", DeprecationWarning, stacklevel=3)
    return {"realm" if name == "tenant" else name: value for name, value in fields.items()}


def _text(variable: str, text: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in text):  # what os.environ makes of bytes that are not UTF-8
        raise ConfigurationError(f"{variable} has a character that cannot be encoded as UTF-8.")
    return text


def flag(variable: str, text: str) -> bool:
    """Read a flag of the environment.

    Raises:
        ConfigurationError: the text is neither 1 nor 0, or a word for them.
    """
    word = text.strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise ConfigurationError(f"{variable} is neither 1 nor 0; set it to one of them, or unset it.")


SWITCHES = (
    Switch("finastra_collaterals", True, "Collaterals: `/finastra/b2b` and the SDK's operations."),
    Switch("finastra_b2c", False, "Accounts of companies: the stub of `/finastra/b2c`, the sandbox in the SDK."),
    Switch("finastra_breaker", True, "The circuit breaker of the SDK's client."),
)
"""What the FEATURE_ variables below switch, for the table of all switches."""


def _count(variable: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,7}", text, re.ASCII) or not 1 <= int(text) <= 1_000_000:
        raise ConfigurationError(f"{variable} must be a whole number from 1 to 1000000.")
    return int(text)


def _seconds(variable: str, text: str) -> float:
    return _positive(variable, text, "seconds", zero=False)


def _milliseconds(variable: str, text: str) -> float:
    return _positive(variable, text, "milliseconds", zero=True) / 1000


def _positive(variable: str, text: str, unit: str, *, zero: bool) -> float:
    number = float(text) if re.fullmatch(r"\d{1,7}(\.\d{1,6})?", text, re.ASCII) else -1.0
    if number < 0 or (number == 0 and not zero):
        raise ConfigurationError(f"{variable} must be a number of {unit}, {'zero or more' if zero else 'above zero'}.")
    return number


def _key(variable: str, text: str) -> str:
    try:
        with open(text, encoding="ascii") as file:
            return file.read()
    except (OSError, ValueError):
        raise ConfigurationError(f"The file that {variable} names cannot be read as PEM.") from None


VARIABLES: Mapping[str, tuple[str, Callable[[str, str], Any]]] = {
    "client_id": ("FINASTRA_B2B_CLIENT_ID", _text),
    "client_secret": ("FINASTRA_B2B_CLIENT_SECRET", _text),
    "private_key": ("FINASTRA_B2B_PRIVATE_KEY_PATH", _key),
    "key_id": ("FINASTRA_B2B_KEY_ID", _text),
    "base_url": ("FINASTRA_B2B_BASE_URL_COLLATERALS", _text),
    "product": ("FINASTRA_B2B_PRODUCT_COLLATERALS", _text),
    "realm": ("FINASTRA_TENANT", _text),
    "scope": ("FINASTRA_SCOPE", _text),
    "collaterals": ("FEATURE_FINASTRA_COLLATERALS", flag),
    "b2c": ("FEATURE_FINASTRA_B2C", flag),
    "breaker": ("FEATURE_FINASTRA_BREAKER", flag),
    "breaker_threshold": ("FINASTRA_BREAKER_FAIL_THRESHOLD", _count),
    "breaker_cooldown_s": ("FINASTRA_BREAKER_COOLDOWN_SEC", _seconds),
    "retry_min_sleep_s": ("FINASTRA_RETRY_MIN_SLEEP_MS", _milliseconds),
    "max_attempts": ("FINASTRA_MAX_ATTEMPTS", _count),
    "timeout_s": ("FINASTRA_TIMEOUT_SEC", _seconds),
    "deadline_s": ("FINASTRA_DEADLINE_SEC", _seconds),
}
"""Field, the variable that fills it, and how its text is read."""
