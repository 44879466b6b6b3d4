"""Settings of the service, and the process environment that svc-infra reads.
Floor 8: asset_aggregator. svc-infra reads APP_ENV once, at import, so `prepare_environment` runs before it is loaded.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from enum import StrEnum

from fin_infra.errors import ConfigurationError


class AppEnv(StrEnum):
    LOCAL = "local"
    DEV = "dev"
    TEST = "test"
    PROD = "prod"

    @property
    def personal(self) -> bool:
        """True on a developer's own machine, where a demo token and generated secrets are acceptable."""
        return self in (AppEnv.LOCAL, AppEnv.DEV)


_ALIASES = {
    "development": AppEnv.DEV,
    "uat": AppEnv.TEST,
    "preview": AppEnv.TEST,
    "staging": AppEnv.TEST,
    "production": AppEnv.PROD,
} | {env.value: env for env in AppEnv}

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})
_FORMATS = frozenset({"json", "text", "none"})
_METRICS = frozenset({"open", "token", "off"})
_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}

SECRET_NAMES = (
    "JWT_SECRET",
    "APIKEY_HASH_SECRET",
    "WEBHOOK_ENCRYPTION_KEY",
    "SESSION_SECRET",
    "ADMIN_IMPERSONATION_SECRET",
)
"""Variables for which svc-infra falls back to a value printed in its source code."""

CACHE_SECRET_MIN_CHARS = 32


def app_env(environ: Mapping[str, str]) -> AppEnv:
    """Return the named environment; `local` when nothing is named.

    Raises:
        ConfigurationError: the name is unknown. svc-infra would silently treat a typo of `prod` as `local`.
    """
    name = "APP_ENV" if environ.get("APP_ENV") else "RAILWAY_ENVIRONMENT_NAME"
    raw = environ.get(name, "").strip().casefold()
    if not raw:
        return AppEnv.LOCAL
    if raw not in _ALIASES:
        raise ConfigurationError(
            f"{name}={raw!r} is not an environment; set it to one of {', '.join(sorted(_ALIASES))}."
        )
    return _ALIASES[raw]


def prepare_environment(environ: MutableMapping[str, str] = os.environ) -> AppEnv:
    """Settle every variable that svc-infra reads on its own; call before anything imports it.

    Raises:
        ConfigurationError: unknown APP_ENV, a secret from svc-infra's source, or svc-infra already loaded for another
            environment.
    """
    env = app_env(environ)
    loaded = sys.modules.get("svc_infra.app.env")
    if loaded is not None and str(loaded.CURRENT_ENVIRONMENT) != env:
        raise ConfigurationError(
            f"svc_infra was imported while APP_ENV meant {loaded.CURRENT_ENVIRONMENT}, now it means {env}; "
            "set APP_ENV before the first import of svc_infra."
        )
    environ["APP_ENV"] = environ["ENV"] = env.value  # its warnings about in-memory stores read ENV only
    for name in SECRET_NAMES:
        value = environ.get(name, "")
        if value.startswith("dev-only-"):
            raise ConfigurationError(f"{name} is the public default of svc-infra; set a random value of your own.")
        if not value and env.personal:  # elsewhere svc-infra itself refuses to start a feature without its secret
            environ[name] = secrets.token_urlsafe(32)
    _normalize_buckets(environ)
    return env


def _normalize_buckets(environ: MutableMapping[str, str]) -> None:
    """Accept the documented comma form of METRICS_DEFAULT_BUCKETS, on which svc-infra drops all HTTP metrics."""
    raw = environ.get("METRICS_DEFAULT_BUCKETS", "").strip()
    if not raw:
        environ.pop("METRICS_DEFAULT_BUCKETS", None)
        return
    try:
        bounds = [float(part) for part in raw.strip("[]").split(",")]
    except ValueError:
        bounds = []
    if not bounds or bounds != sorted(set(bounds)):
        raise ConfigurationError(
            "METRICS_DEFAULT_BUCKETS must be rising seconds separated by commas, such as 0.1,0.5,1."
        )
    environ["METRICS_DEFAULT_BUCKETS"] = json.dumps(bounds)


def _number(environ: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    raw = environ.get(name, "").strip()
    try:
        value = float(raw) if raw else default
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise ConfigurationError(f"{name} must be a number from {low:g} to {high:g}.")
    return value


def _choice(environ: Mapping[str, str], name: str, default: str, allowed: frozenset[str]) -> str:
    value = environ.get(name, "").strip() or default
    for option in allowed:
        if option.casefold() == value.casefold():
            return option
    raise ConfigurationError(f"{name}={value!r} is not known; set it to one of {', '.join(sorted(allowed))}.")


def _switch(environ: Mapping[str, str], name: str, default: bool) -> bool:
    word = environ.get(name, "").strip().casefold()
    if word and word not in _SWITCH:
        raise ConfigurationError(f"{name} must be 1 or 0.")
    return _SWITCH[word] if word else default


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """What the service needs to know. `from_env` reads the variables named beside the fields."""

    env: AppEnv = AppEnv.LOCAL  # APP_ENV
    host: str = "127.0.0.1"  # FIN_INFRA_HOST: the address the server binds to
    port: int = 8050  # FIN_INFRA_PORT
    api_tokens: str = field(default="", repr=False)  # FIN_INFRA_API_TOKENS
    redis_url: str | None = field(default=None, repr=False)  # REDIS_URL
    cache_secret: str | None = field(default=None, repr=False)  # FIN_INFRA_CACHE_SECRET, shared by all workers
    sql_url: str | None = field(default=None, repr=False)  # SQL_URL: PostgreSQL for the order journal and the book
    sync_hours: str = ""  # FIN_INFRA_SYNC_HOURS: such as banking=6,brokerage=1, or off
    cors_origins: tuple[str, ...] = ()  # CORS_ALLOW_ORIGINS
    rate_limit: int = 600  # FIN_INFRA_RATE_LIMIT: requests a minute for each principal or address
    webhook_rate_limit: int = 6000  # FIN_INFRA_WEBHOOK_RATE_LIMIT: webhooks a minute from each address
    request_timeout_s: float = 30.0  # REQUEST_TIMEOUT_SECONDS
    max_body_bytes: int = 64 * 1024  # FIN_INFRA_MAX_BODY_BYTES
    metrics: str = "open"  # FIN_INFRA_METRICS: open to all, for a token with metrics:read, or off
    docs: bool = True  # FIN_INFRA_DOCS: the pages about the API, open to all
    log_level: str = "INFO"  # LOG_LEVEL
    log_format: str = "json"  # LOG_FORMAT: json, text, or none to leave logging alone

    @property
    def loopback(self) -> bool:
        return self.host in _LOOPBACK

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> ServiceSettings:
        """Read the settings.

        Raises:
            ConfigurationError: a value cannot be used, or the combination is unsafe.
        """
        settings = cls(
            env=app_env(environ),
            host=environ.get("FIN_INFRA_HOST", "").strip() or "127.0.0.1",
            port=int(_number(environ, "FIN_INFRA_PORT", 8050, 0, 65535)),
            api_tokens=environ.get("FIN_INFRA_API_TOKENS", ""),
            redis_url=environ.get("REDIS_URL", "").strip() or None,
            cache_secret=environ.get("FIN_INFRA_CACHE_SECRET") or None,
            sql_url=environ.get("SQL_URL", "").strip() or None,
            sync_hours=environ.get("FIN_INFRA_SYNC_HOURS", "").strip(),
            cors_origins=tuple(o.strip() for o in environ.get("CORS_ALLOW_ORIGINS", "").split(",") if o.strip()),
            rate_limit=int(_number(environ, "FIN_INFRA_RATE_LIMIT", 600, 1, 1_000_000)),
            webhook_rate_limit=int(_number(environ, "FIN_INFRA_WEBHOOK_RATE_LIMIT", 6000, 1, 1_000_000)),
            request_timeout_s=_number(environ, "REQUEST_TIMEOUT_SECONDS", 30.0, 0.1, 3600),
            max_body_bytes=int(_number(environ, "FIN_INFRA_MAX_BODY_BYTES", 64 * 1024, 1, 64 * 1024 * 1024)),
            metrics=_choice(environ, "FIN_INFRA_METRICS", "open", _METRICS),
            docs=_switch(environ, "FIN_INFRA_DOCS", default=True),
            log_level=_choice(environ, "LOG_LEVEL", "INFO", _LEVELS),
            log_format=_choice(environ, "LOG_FORMAT", "json", _FORMATS),
        )
        settings.check()
        return settings

    def check(self) -> None:
        """Refuse combinations that would be unsafe.

        Raises:
            ConfigurationError: names the variable and the next step.
        """
        if any("*" in origin for origin in self.cors_origins):
            raise ConfigurationError(
                "CORS_ALLOW_ORIGINS must list exact origins; a wildcard opens the data to any page."
            )
        if self.redis_url is not None and not self.redis_url.startswith(("redis://", "rediss://")):
            raise ConfigurationError("REDIS_URL must start with redis:// or rediss://.")
        if self.cache_secret is not None and len(self.cache_secret) < CACHE_SECRET_MIN_CHARS:
            raise ConfigurationError(f"FIN_INFRA_CACHE_SECRET must have at least {CACHE_SECRET_MIN_CHARS} characters.")
        if self.redis_url is not None and self.cache_secret is None and not self.env.personal:
            raise ConfigurationError(
                "Set FIN_INFRA_CACHE_SECRET to one random value for all workers when REDIS_URL is set."
            )
        if not self.api_tokens.strip() and not (self.env.personal and self.loopback):
            raise ConfigurationError(
                "Set FIN_INFRA_API_TOKENS (a comma-separated list); without it the service runs only on loopback "
                "with APP_ENV=local or dev."
            )
