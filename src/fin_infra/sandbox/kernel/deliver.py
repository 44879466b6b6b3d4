"""Send what a vendor tells by itself: a POST to the program under test, signed by the vendor that sends it.
Floor 8: to this machine and private networks only, outside the event loop, and without following redirects.

A signature has the real time, whatever the sandbox's clock says: who receives it compares it with a clock of his own.
"""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

TIMEOUT_S = 10.0
MOST = 100
"""Copies of one message in one call."""


async def deliver(url: object, body: bytes, headers: Mapping[str, str], times: object = 1) -> list[object]:
    """Send a message so many times at once; return the status of each answer, or the kind of failure.

    Raises:
        ValueError: the address cannot be used, or is of somebody else's machine.
    """
    if type(times) is not int or not 1 <= times <= MOST:
        raise ValueError(f"`times` must be a whole number from 1 to {MOST}.")
    host, port, path, secure = await asyncio.to_thread(_target, url)
    sent = (asyncio.to_thread(_post, host, port, path, secure, body, headers) for _ in range(times))
    return list(await asyncio.gather(*sent))


def moment(at: object) -> datetime:
    """Return the instant that a signature has: `at` as ISO 8601 with a zone where it is given, else the real time.

    Raises:
        ValueError: it is not such an instant.
    """
    if at is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(str(at))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError("`at` must be an ISO 8601 instant with a zone, for example 2026-11-21T09:00:00Z.")
    return found.astimezone(UTC)


def _target(url: object) -> tuple[str, int | None, str, bool]:
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(
            "`url` must be where to send to, such as the service at http://127.0.0.1:8050/webhooks/PROVIDER."
        )
    if not _is_near(host):
        raise ValueError("`url` must be on this machine or in a private network.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return host, port, path, parts.scheme == "https"


def _is_near(host: str) -> bool:
    """Tell whether every address of a host is of this machine or of a private network."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
        near = [ipaddress.ip_address(str(each).partition("%")[0]) for each in found]
    except (OSError, ValueError):
        return False
    return bool(near) and all(each.is_private and not each.is_link_local for each in near)


def _post(host: str, port: int | None, path: str, secure: bool, body: bytes, headers: Mapping[str, str]) -> object:
    make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = make(host, port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as exc:
        return type(exc).__name__
    finally:
        connection.close()
