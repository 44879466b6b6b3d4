"""A PostgreSQL of the book: its engine by pg8000, encrypted as the URL says.
Floor 6: `sslmode` and `sslrootcert` mean what they mean to libpq; the driver knows neither."""

from __future__ import annotations

import ssl
from typing import Any

import sqlalchemy as sa

from fin_infra.errors import ConfigurationError

TIMEOUT_S = 60
"""For connecting and for each answer: a server that hangs holds nobody for ever."""
_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")


def postgres(parsed: sa.URL) -> sa.Engine:
    """Return the engine of a URL; nothing is connected yet.

    Raises:
        ConfigurationError: `sslmode` is unknown, or the file of `sslrootcert` cannot be read.
    """
    query = dict(parsed.query)
    ca_file = query.pop("sslrootcert", None)
    mode = query.pop("sslmode", "verify-full" if ca_file else "prefer")
    given: dict[str, Any] = {"ssl_context": _tls(str(mode), ca_file if isinstance(ca_file, str) else None)}
    given |= {"timeout": TIMEOUT_S, "application_name": "fin-infra book"}
    url = parsed.set(drivername="postgresql+pg8000", query=query)
    return sa.create_engine(url, pool_pre_ping=True, connect_args=given)


def _tls(mode: str, ca_file: str | None) -> ssl.SSLContext | bool | None:
    """Return what the driver takes: False for none, None to encrypt where the server can, True for always."""
    if mode not in _MODES:
        raise ConfigurationError(f"sslmode in SQL_URL must be one of {', '.join(_MODES)}.")
    if not mode.startswith("verify"):
        return {"disable": False, "prefer": None, "require": True}[mode]
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise ConfigurationError(f"The file of sslrootcert in SQL_URL, {ca_file}, cannot be read.") from None
    context.check_hostname = mode == "verify-full"
    return context
