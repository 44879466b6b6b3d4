"""One TLS context for the clients of the tests: a client reads 140 authorities when it is made, for longer than most
tests take, and then speaks plain http with a server of ours."""

from __future__ import annotations

import os
import ssl
from functools import cache
from typing import Any

from httpx2 import _config
from httpx2._transports import default


@cache
def _trusted(trust_env: bool) -> ssl.SSLContext:
    return _config.create_ssl_context(trust_env=trust_env)


def _shared(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
    if verify is True and cert is None and not {"SSL_CERT_FILE", "SSL_CERT_DIR"} & os.environ.keys():
        return _trusted(trust_env)
    return _config.create_ssl_context(verify, cert, trust_env)


def share() -> None:
    """Give every client that trusts what all trust the same context."""
    vars(default)["create_ssl_context"] = _shared
