"""Shared fixtures: a sandbox in this process to ask without a socket, and one behind a real port."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Generator
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from fin_infra.sandbox import create_app, running

HOUSEHOLD, PARTNER, BUSINESS = "test_token_sandbox", "test_token_sandbox_partner", "test_token_sandbox_business"

ALPACA_KEYS = {"apca-api-key-id": "PKSANDBOX0000000000", "apca-api-secret-key": "sandbox-alpaca-secret"}


def basic(token: str) -> dict[str, str]:
    """The Authorization header of a Teller access token."""
    return {"authorization": "Basic " + b64encode(f"{token}:".encode()).decode()}


class Asker:
    """Asks one sandbox application directly, request by request."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    def __call__(self, path: str, method: str = "GET", **options: Any) -> httpx2.Response:
        async def ask() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox", verify=False) as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())

    def teller(self, path: str, token: str = HOUSEHOLD, **options: Any) -> httpx2.Response:
        return self(f"/teller{path}", headers=basic(token), **options)

    def av(self, function: str, **params: str) -> httpx2.Response:
        query = {"function": function, "apikey": "SANDBOXDEMOKEY000", **params}
        return self("/alpha-vantage/query", params=query)

    def cg(self, path: str, key: str | None = None, **params: str) -> httpx2.Response:
        return self(f"/coingecko/api/v3{path}", params=params, headers={"x-cg-pro-api-key": key} if key else {})

    def alpaca(self, verb: str, path: str, keys: dict[str, str] | None = None, **options: Any) -> httpx2.Response:
        return self(f"/alpaca/v2{path}", verb, headers=ALPACA_KEYS if keys is None else keys, **options)

    def finastra_login(self, tenant: str = "sandbox", side: str = "b2b", **form: str) -> httpx2.Response:
        client = {"client_id": f"sandbox-{side}-client", "client_secret": f"sandbox-{side}-secret"}
        data = {"grant_type": "client_credentials", **client, **form}
        return self(f"/finastra/login/v1/{tenant}/oidc/token", "POST", data=data)

    def finastra_bearer(self, tenant: str = "sandbox", side: str = "b2b") -> dict[str, str]:
        return {"authorization": f"Bearer {self.finastra_login(tenant, side).json()['access_token']}"}

    def advance(self, **span: float) -> None:
        seconds = span.get("days", 0) * 86400 + span.get("hours", 0) * 3600 + span.get("minutes", 0) * 60
        assert self("/_sandbox/clock", "POST", json={"advance_s": seconds}).status_code == 200

    def account(self, subtype: str, token: str = HOUSEHOLD) -> str:
        rows = self.teller("/accounts", token).json()
        return next(row["id"] for row in rows if row["subtype"] == subtype and row["status"] == "open")


@pytest.fixture
def ask() -> Asker:
    return Asker(create_app())


@pytest.fixture(scope="module")
def base_url() -> Generator[str]:
    with running() as url:
        yield url


@pytest.fixture
def http(base_url: str) -> Generator[httpx2.Client]:
    """A client of a real sandbox server that starts from a clean world."""
    with httpx2.Client(base_url=base_url, timeout=60) as client:
        assert client.post("/_sandbox/reset").status_code == 200
        yield client
