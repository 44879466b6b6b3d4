"""Paths that only begin like an open one are limited, timed and counted."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import APIRouter, Request
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY

from fin_infra.api.webhooks import MAX_BYTES
from tests.asset_aggregator.conftest import MakeService


def _counted() -> float:
    samples = (sample for family in REGISTRY.collect() for sample in family.samples)
    return sum(sample.value for sample in samples if sample.name == "http_server_requests_total")


@pytest.mark.parametrize("path", ["/metricsX", "/healthzX", "/readyz/foo", "/metrics/"])
def test_a_path_that_begins_like_an_open_one_is_limited_and_counted(make_service: MakeService, path: str) -> None:
    with TestClient(make_service(rate_limit=2)) as client:
        before = _counted()
        assert [client.get(path).status_code for _ in range(3)] == [404, 404, 429]
        assert _counted() == before + 3
        assert [client.get("/healthz").status_code for _ in range(3)] == [200, 200, 200]
        assert _counted() == before + 3


def test_only_the_stream_itself_has_no_timeout(make_service: MakeService) -> None:
    router = APIRouter()

    @router.get("/brokerage/orders/{order}")
    async def slow(order: str) -> str:
        await asyncio.sleep(1.5)
        return order

    with TestClient(make_service(router, request_timeout_s=1)) as client:
        assert client.get("/brokerage/orders/updatesX").status_code == 504
        assert client.get("/brokerage/orders/updates").status_code == 200


def test_webhooks_are_counted_apart_from_people_and_by_address(make_service: MakeService) -> None:
    router = APIRouter()

    @router.post("/webhooks/{provider}")
    async def hook(provider: str) -> str:
        return provider

    with TestClient(make_service(router, rate_limit=2, webhook_rate_limit=3)) as client:
        tokens = [{"Authorization": f"Bearer {'x' * 24}{n}"} for n in range(4)]
        assert [client.post("/webhooks/a:b", headers=each).status_code for each in tokens] == [200, 200, 200, 429]
        assert [client.get("/webhooks").status_code for _ in range(3)] == [404, 404, 429]
        limited = client.post("/webhooks/a:b")
        assert limited.headers["content-type"] == "application/problem+json"
        assert int(limited.headers["retry-after"]) > 0
        elsewhere = TestClient(client.app, client=("203.0.113.9", 1))
        assert elsewhere.post("/webhooks/a:b").status_code == 200


def test_webhooks_may_be_larger_than_what_people_send(make_service: MakeService) -> None:
    router = APIRouter()

    @router.post("/{path:path}")
    async def length(request: Request) -> int:
        return len(await request.body())

    with TestClient(make_service(router, max_body_bytes=10)) as client:
        assert client.post("/webhooks/a:b", content=b"x" * 11).json() == 11
        assert client.post("/webhooksX", content=b"x" * 11).status_code == 413
        assert client.post("/webhooks/a:b", content=b"x" * (MAX_BYTES + 1)).status_code == 413
