"""One Alpha Vantage client per mode, answered from fixtures or from a script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from fin_infra.providers.market.alpha_vantage.adapter import AlphaVantage, Settings
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import load
from fin_infra.transport import Reply
from fin_infra.transport.replay import Answer, AsyncReplay, Replay, fixture_responder

FIXTURES = Path(__file__).parent
KEY = "ZQ7SECRETKEY42XX"


class Vendor:
    """Calls operations of a client in one mode and keeps its transport at hand."""

    def __init__(self, mode: str, answers: Sequence[Answer] | Callable[[Any], Answer], **settings: Any) -> None:
        given = {"api_key": KEY, "per_second": 0, "per_day": 0, **settings}
        endpoint = Endpoint("http://127.0.0.1:1", "custom", load(Settings, given))
        self.transport: Replay | AsyncReplay = Replay(answers) if mode == "sync" else AsyncReplay(answers)
        self.client: Any = AlphaVantage(self.transport, endpoint)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = getattr(self.client, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            result = operation(*args, **kwargs)
            return asyncio.run(_wait(result)) if isinstance(self.transport, AsyncReplay) else result

        return call

    @property
    def asked(self) -> list[dict[str, str]]:
        """The parameters of each request, without the key."""
        asked = [dict(request.params) for request in self.transport.requests]
        return [{name: value for name, value in params.items() if name != "apikey"} for params in asked]


async def _wait(result: Any) -> Any:
    return await result


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(mode: str) -> Callable[..., Vendor]:
    """Build a client from answers or a responder, and settings."""

    def made(answers: Any = None, **settings: Any) -> Vendor:
        return Vendor(mode, fixture_responder(FIXTURES) if answers is None else answers, **settings)

    return made


@pytest.fixture
def vendor(make: Callable[..., Vendor]) -> Vendor:
    """A client answered from the fixture files."""
    return make()


@pytest.fixture
def scripted(make: Callable[..., Vendor]) -> Callable[..., Vendor]:
    """Build a client that gets these bodies in turn."""
    return lambda *bodies: make([body if isinstance(body, Reply) else Reply(200, body) for body in bodies])
