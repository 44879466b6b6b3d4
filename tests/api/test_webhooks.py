"""The route of webhooks on an app of one's own: raw bytes, every header, bounds; and problems."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fin_infra.api import add_problems, add_webhooks
from fin_infra.api.webhooks import MAX_BYTES
from fin_infra.errors import WebhookFault, WebhookRefused
from fin_infra.providers.interfaces.webhooks import Delivery

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Desk:
    def __init__(self) -> None:
        self.taken: list[tuple[str, Delivery]] = []

    async def take(self, provider: str, delivery: Delivery) -> None:
        if delivery.body == b"bad":
            raise WebhookRefused("Not the vendor's.", WebhookFault.UNKNOWN_KEY)
        self.taken.append((provider, delivery))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    app = FastAPI()
    add_webhooks(app, take=desk.take, clock=lambda: NOON)
    add_problems(app)
    with TestClient(app) as found:
        yield found


def test_delivery_when_posted_then_its_bytes_headers_and_time_are_as_they_arrived(
    client: TestClient, desk: Desk
) -> None:
    body = b'{ "a" : "\xff" }\n'
    headers = [("X-Mark", "first"), ("x-mark", "second"), ("Content-Type", "text/plain")]
    assert client.post("/webhooks/banking:one", content=body, headers=headers).json() == {"received": True}
    [(provider, delivery)] = desk.taken
    assert (provider, delivery.body, delivery.at) == ("banking:one", body, NOON)
    assert delivery.headers["x-mark"] == "first, second"
    assert "banking" not in repr(delivery)
    assert "first" not in repr(delivery)


def test_delivery_when_chunked_beyond_the_bound_then_413(client: TestClient, desk: Desk) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(MAX_BYTES // 65536 + 1):
            yield b"x" * 65536

    assert client.post("/webhooks/banking:one", content=chunks()).status_code == 413
    assert desk.taken == []


def test_delivery_when_refused_then_a_problem_with_the_reason(client: TestClient) -> None:
    reply = client.post("/webhooks/banking:one", content=b"bad")
    assert reply.status_code == 400
    assert reply.headers["content-type"] == "application/problem+json"
    assert (reply.json()["code"], reply.json()["reason"]) == ("fin.webhook_refused", "unknown_key")


@pytest.mark.parametrize("provider", ["teller", "banking:", "Banking:one", "banking:one:two", "a" * 70 + ":b"])
def test_path_when_it_is_no_provider_then_422(client: TestClient, desk: Desk, provider: str) -> None:
    assert client.post(f"/webhooks/{provider}", content=b"{}").status_code == 422
    assert client.get("/webhooks/banking:one").status_code == 405
    assert desk.taken == []
