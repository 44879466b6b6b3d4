"""Any adapter against the real sandbox on a loopback port, in both modes; fixtures for the suites that ask adapters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextvars import copy_context
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest

from fin_infra.providers.provider import Endpoint, Provider, http_transport
from fin_infra.sandbox import running
from fin_infra.settings import load
from tests.support.sandbox import Sandbox

Mode = Literal["sync", "async"]


class Driver:
    """One provider in one mode; a call gives the result, and of a paged operation the list of its items."""

    def __init__(self, client: Provider[Any], mode: Mode, runner: asyncio.Runner) -> None:
        self.client, self.mode, self._runner = client, mode, runner

    def __call__(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        paged = type(getattr(type(self.client), operation)).__name__ == "paged"
        if self.mode == "sync":
            result = getattr(self.client, operation)(*args, **kwargs)
            return list(result) if paged else result

        async def ask() -> Any:
            result = getattr(self.client, operation)(*args, **kwargs)
            return [item async for item in result] if paged else await result

        return self._runner.run(ask(), context=copy_context())  # deadlines set outside count inside

    def close(self) -> None:
        transport: Any = self.client.transport
        if self.mode == "sync":
            transport.close()
        else:
            self._runner.run(transport.aclose())


Connect = Callable[..., Driver]


@pytest.fixture(scope="session")
def sandbox_server() -> Generator[Sandbox]:
    with running() as url, httpx2.Client(base_url=url, timeout=60, trust_env=False) as http:
        yield Sandbox(http)


@pytest.fixture
def trading(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep order journals out of the user's folder; the same order soon again is no mistake here."""
    monkeypatch.setenv("FIN_INFRA_TRADING_JOURNAL", str(tmp_path / "orders.sqlite3"))
    monkeypatch.setenv("FIN_INFRA_TRADING_DUPLICATE_WINDOW_S", "none")


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    """The sandbox as it is after a reset."""
    sandbox_server.reset()
    return sandbox_server


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> Mode:
    return request.param


@pytest.fixture
def connect(sandbox: Sandbox, mode: Mode, trading: None) -> Generator[Connect]:
    """Build providers against the sandbox: `connect(cls, api_key=...)`, in both modes in turn."""
    drivers: list[Driver] = []
    with asyncio.Runner() as runner:

        def build(cls: type[Provider[Any]], **given: Any) -> Driver:
            settings = load(cls.info.settings, {**cls.info.sandbox, **given})
            endpoint = Endpoint(sandbox.url + cls.info.sandbox_path, "sandbox", settings)
            transport: Any = http_transport(cls, endpoint, mode)
            drivers.append(Driver(cls(transport, endpoint), mode, runner))
            return drivers[-1]

        yield build
        for driver in drivers:
            driver.close()
