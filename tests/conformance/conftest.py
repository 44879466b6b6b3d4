"""What every conformance suite needs: the real sandbox on a loopback port, and one way to call both modes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fin_infra.providers.provider import Endpoint, Provider, http_transport
from fin_infra.sandbox import running
from fin_infra.settings import load
from tests.conformance.support import Driver, Mode, Sandbox


@pytest.fixture(scope="session")
def sandbox_server() -> Generator[Sandbox]:
    with running() as url, httpx2.Client(base_url=url, timeout=10) as http:
        yield Sandbox(http)


@pytest.fixture(autouse=True)
def _trading(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
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


Connect = Callable[..., Driver]


@pytest.fixture
def connect(sandbox: Sandbox, mode: Mode) -> Generator[Connect]:
    """Build providers against the sandbox: `connect(TellerClient, access_token=...)`, in both modes in turn."""
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
