"""Events, and their delivery: signed, one after the other, to an endpoint on this machine.
Floor 8: a thread sends, after the answer to whoever caused the event; what the endpoint said is kept.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from queue import Queue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events go, and the secret that signs them."""

    url: str
    secret: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "http" or not _is_loopback(parts.hostname or ""):
            raise ValueError("`webhook_url` must be http:// on this machine, such as http://127.0.0.1:8050/webhooks/x.")
        if not self.secret:
            raise ValueError("`webhook_secret` must not be empty.")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def signature(body: bytes, secret: str, at: int) -> str:
    """Return the Stripe-Signature header of a body (https://docs.stripe.com/webhooks/signature)."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, sha256).hexdigest()
    return f"t={at},v1={digest}"


class Deliveries:
    """What was told, and to whom it got."""

    def __init__(self) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.endpoint: Endpoint | None = None
        self.log: list[dict[str, object]] = []
        self._queue: Queue[tuple[Endpoint, str, bytes] | None] = Queue()
        self._worker: Thread | None = None

    def tell(self, event: Mapping[str, Any]) -> None:
        """Keep an event, and send it where somebody listens."""
        self.events[event["id"]] = dict(event)
        self.send(event["id"])

    def send(self, ident: str) -> None:
        """Send an event, once more where it was sent; the vendor does so for days."""
        if self.endpoint is None:
            return
        body = json.dumps(self.events[ident], indent=2).encode()
        self._queue.put((self.endpoint, ident, body))
        if self._worker is None:
            self._worker = Thread(target=self._work, daemon=True)
            self._worker.start()

    def stop(self) -> None:
        """Send what is waiting, and nothing afterwards."""
        self._queue.put(None)

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            endpoint, ident, body = job
            self.log.append({"event": ident, "status": _post(endpoint, body)})


def _post(endpoint: Endpoint, body: bytes) -> int | None:
    """Return the status that the endpoint answered with, None where it did not."""
    parts = urlsplit(endpoint.url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature(body, endpoint.secret, int(time.time())),
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    try:
        connection.request("POST", f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}", body, headers)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
