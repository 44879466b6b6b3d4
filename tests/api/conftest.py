"""The routers on a bare FastAPI app, over the real adapters and a sandbox on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fin_infra import api
from fin_infra.api import PUBLIC
from fin_infra.providers import registry
from fin_infra.sandbox import running
from tests.support.sandbox_control import Control


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture
def sandbox(sandbox_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    """A sandbox fresh from its seed, with the environment pointing at it and fresh provider instances."""
    for name in ("FIN_INFRA_CONFIG", "TELLER_BASE_URL", "ALPHA_VANTAGE_BASE_URL", "COINGECKO_BASE_URL", "ECB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", sandbox_url)
    for name in ("TELLER", "ALPHA_VANTAGE", "COINGECKO", "ECB"):
        monkeypatch.setenv(f"{name}_MAX_ATTEMPTS", "1")
    registry.reset()
    control = Control(sandbox_url)
    control.reset()
    yield control
    control.close()
    registry.reset()


@pytest.fixture
def client(sandbox: Control) -> Iterator[TestClient]:
    """Every router, unprotected, on one app."""
    app = FastAPI()
    adders: list[Callable[..., None]] = [
        api.add_banking,
        api.add_market_data,
        api.add_crypto,
        api.add_fx,
        api.add_symbols,
        api.add_net_worth,
        api.add_providers,
    ]
    for add in adders:
        add(app, auth=PUBLIC)
    with TestClient(app) as client:
        yield client
