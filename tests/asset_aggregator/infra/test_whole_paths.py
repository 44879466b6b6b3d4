"""Paths that only begin like an open one are limited, timed and counted."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY

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
