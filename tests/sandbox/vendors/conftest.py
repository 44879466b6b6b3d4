"""Ask the sandbox as a SnapTrade client that signs by hand, independent of the sandbox's own signing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from decimal import Decimal
from typing import Any

import pytest

CLIENT, KEY = "SANDBOX-CLIENT", "sandbox-snaptrade-consumer-key"
USER = {"userId": "sandbox-user", "userSecret": "sandbox-user-secret"}


class SnapTradeAsker:
    """Sends signed requests; `exact` reads a reply's numbers as the digits that were sent."""

    def __init__(self, ask: Any) -> None:
        self.ask = ask

    @staticmethod
    def sign(canonical: str) -> str:
        """The Signature header over a canonical text."""
        digest = hmac.new(KEY.encode(), canonical.encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()

    @staticmethod
    def query(**more: Any) -> str:
        """A query with the client and a timestamp of now."""
        pairs = {**more, "clientId": CLIENT, "timestamp": int(time.time())}
        return "&".join(f"{name}={value}" for name, value in pairs.items())

    def __call__(
        self, path: str, method: str = "GET", body: dict[str, Any] | None = None, *, user: bool = True, **query: Any
    ) -> Any:
        text = self.query(**query, **(USER if user else {}))
        content = json.dumps(body, separators=(",", ":"), sort_keys=True) if body else "null"
        signed = f'{{"content":{content},"path":"{path}","query":"{text}"}}'
        return self.send(method, f"{path}?{text}", body, self.sign(signed))

    def send(self, method: str, url: str, body: dict[str, Any] | None, sign: str) -> Any:
        """Send a request with a signature made elsewhere."""
        return self.ask(f"/snaptrade{url}", method, headers={"signature": sign}, **({"json": body} if body else {}))

    def exact(self, path: str, **query: Any) -> Any:
        reply = self(path, **query)
        assert reply.status_code == 200, reply.text
        return json.loads(reply.text, parse_float=Decimal, parse_int=Decimal)

    def control(self, **change: Any) -> dict[str, Any]:
        reply = self.ask("/_sandbox/snaptrade", "POST", json=change)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def truth(self) -> dict[str, Any]:
        return self.ask("/_sandbox/snaptrade").json()

    def account(self, slug: str) -> str:
        return next(row["id"] for row in self.truth()["accounts"] if row["slug"] == slug)

    def connection(self, slug: str) -> str:
        return next(row["id"] for row in self.truth()["connections"] if row["slug"] == slug)

    def positions(self, slug: str) -> dict[str, dict[str, Any]]:
        """The positions of an account by symbol."""
        rows = self(f"/accounts/{self.account(slug)}/positions/all").json()["results"]
        return {row["instrument"]["symbol"]: row for row in rows}

    def at(self, instant: str) -> None:
        """Set the sandbox clock."""
        assert self.ask("/_sandbox/clock", "POST", json={"set": instant}).status_code == 200


@pytest.fixture
def snap(ask: Any) -> SnapTradeAsker:
    return SnapTradeAsker(ask)
