"""Ways to sign a request: pure functions from request to request.
Floor 2: client certificates are part of the connection, see `HttpConfig.certificate`."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from fin_infra.transport.effects import Request

Auth: TypeAlias = Callable[[Request], Request]


def no_auth(request: Request) -> Request:
    return request


def query_key(name: str, secret: str) -> Auth:
    """Send the key as a query parameter, for vendors that offer no better way; it is added last."""
    return lambda request: replace(request, params=(*request.params, (name, secret)))


def header_key(name: str, secret: str) -> Auth:
    return lambda request: replace(request, headers=(*request.headers, (name, secret)))


def bearer(token: str) -> Auth:
    return header_key("Authorization", f"Bearer {token}")


def basic(username: str, password: str = "") -> Auth:
    return header_key("Authorization", "Basic " + b64encode(f"{username}:{password}".encode()).decode())
