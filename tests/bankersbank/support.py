"""What the SDK's tests share: replies in the vendor's shapes, clients over scripted answers, their series."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import count
from typing import Any, TypeAlias

from prometheus_client import REGISTRY

from bankersbank.finastra import AsyncFinastraAPIClient, FinastraAPIClient, FinastraConfig
from fin_infra.transport import Reply, Request
from fin_infra.transport.replay import Answer, AsyncReplay, Replay

AnyClient: TypeAlias = FinastraAPIClient | AsyncFinastraAPIClient
LOOPBACK = "http://127.0.0.1:9/finastra"
ROOT = "total-lending/collaterals/b2b/v2"
B2C_ROOT = "corporate/channels/accounts/me/v1"
MAX_REQUESTS = 3000
MODES = ("sync", "async")


def reply(body: Any = None, status: int = 200, **headers: str) -> Reply:
    """A JSON reply; in header names an underscore stands for a hyphen."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, content, {name.replace("_", "-"): text for name, text in headers.items()})


TOKEN = reply({"access_token": "made-up-token", "expires_in": 86_400, "token_type": "Bearer"})


def is_login(request: Request) -> bool:
    return request.path.startswith("/login/")


def config(**changes: Any) -> FinastraConfig:
    known = {"client_id": "an-id", "client_secret": "a-made-up-secret", "base_url": LOOPBACK}
    return FinastraConfig(**known | changes)


def client(mode: str, answer: Callable[[Request], Answer], name: str | None = None, **changes: Any) -> AnyClient:
    """A client whose logins succeed and whose other requests get what `answer` says; endless asking fails."""
    asked = count(1)

    def respond(request: Request) -> Answer:
        assert next(asked) <= MAX_REQUESTS, "the client asks for ever"
        return TOKEN if is_login(request) else answer(request)

    return bare_client(mode, respond, name, **changes)


def bare_client(mode: str, answer: Callable[[Request], Answer], name: str | None = None, **changes: Any) -> AnyClient:
    """The same, but `answer` is asked for tokens too."""
    if mode == "sync":
        return FinastraAPIClient(config(**changes), transport=Replay(answer), name=name)
    return AsyncFinastraAPIClient(config(**changes), transport=AsyncReplay(answer), name=name)


def replay(bank: AnyClient) -> Any:
    """The scripted transport of a client, with what it has seen and its virtual time."""
    return bank.transport


def products(bank: AnyClient) -> list[Request]:
    """The requests that were no logins."""
    return [request for request in replay(bank).requests if not is_login(request)]


def call(bank: AnyClient, operation: str, *args: Any, **kwargs: Any) -> Any:
    """Run one operation to its end, in whatever mode."""

    async def awaited() -> Any:
        return await getattr(bank, operation)(*args, **kwargs)

    if isinstance(bank, AsyncFinastraAPIClient):
        return asyncio.run(awaited())
    return getattr(bank, operation)(*args, **kwargs)


def walk(bank: AnyClient, into: list[str], **kwargs: Any) -> list[str]:
    """Append the id of every collateral to `into` as it comes, so that it shows what came before an error."""

    async def awaited() -> None:
        async for row in bank.collaterals(**kwargs):
            into.append(row.id)

    if isinstance(bank, AsyncFinastraAPIClient):
        asyncio.run(awaited())
    else:
        into.extend(row.id for row in bank.collaterals(**kwargs))
    return into


def counted(endpoint: str, status: str) -> float:
    return REGISTRY.get_sample_value("finastra_api_calls_total", {"endpoint": endpoint, "status": status}) or 0.0


def timed(endpoint: str) -> float:
    return REGISTRY.get_sample_value("finastra_api_latency_seconds_count", {"endpoint": endpoint}) or 0.0


def gauge(name: str) -> float | None:
    return REGISTRY.get_sample_value("finastra_breaker_state", {"client": name})
