"""Inbound limits count the right caller, in bounded memory, and never turn a broken Redis into an outage."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from asset_aggregator.infra.limits import BoundedStore, FailOpenStore
from tests.asset_aggregator.conftest import RedisServer

MakeService = Callable[..., FastAPI]
TOKEN, OTHER = "t" * 30, "b" * 30


class Clock:
    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def _router() -> APIRouter:
    router = APIRouter()

    @router.get("/fine")
    async def fine() -> str:
        return "ok"

    return router


def _client(app: FastAPI, address: str = "203.0.113.7") -> TestClient:
    return TestClient(app, raise_server_exceptions=False, client=(address, 5000))


def _statuses(client: TestClient, count: int, **headers: str) -> list[int]:
    return [client.get("/fine", headers=headers).status_code for _ in range(count)]


def test_limit_when_reached_answers_429_problem_with_wait(make_service: MakeService) -> None:
    client = _client(make_service(_router(), rate_limit=2))
    assert _statuses(client, 2) == [200, 200]
    refused = client.get("/fine", headers={"X-Request-Id": "abc"})
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "fin.http.too_many_requests"
    assert refused.json()["request_id"] == "abc"
    assert 1 <= int(refused.headers["retry-after"]) <= 61  # whole seconds, never early
    assert refused.headers["x-ratelimit-remaining"] == "0"


def test_limit_when_each_request_brings_a_new_key_still_holds(make_service: MakeService) -> None:
    client = _client(make_service(_router(), rate_limit=2))
    assert [client.get("/fine", headers={"X-API-Key": f"random-{n}"}).status_code for n in range(4)] == [
        200,
        200,
        429,
        429,
    ]


def test_limit_when_callers_share_an_address_is_counted_for_each_caller(make_service: MakeService) -> None:
    client = _client(make_service(_router(), rate_limit=1, api_tokens=f"a={TOKEN},b={OTHER}"))
    assert _statuses(client, 2, Authorization=f"Bearer {TOKEN}") == [200, 429]
    assert _statuses(client, 2, **{"X-API-Key": OTHER}) == [200, 429]
    assert _statuses(client, 2) == [200, 429]


def test_limit_when_two_tenants_have_a_user_of_one_name_is_counted_for_each(make_service: MakeService) -> None:
    client = _client(make_service(_router(), rate_limit=1, api_tokens=f"a={TOKEN},a@north={OTHER},a@north={'n' * 30}"))
    assert _statuses(client, 2, Authorization=f"Bearer {TOKEN}") == [200, 429]
    assert _statuses(client, 2, Authorization=f"Bearer {OTHER}") == [200, 429]
    assert _statuses(client, 1, Authorization=f"Bearer {'n' * 30}") == [429]


@pytest.mark.parametrize(
    ("one", "two", "shared"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:1::a", "2001:db8:1:1::b", True),
        ("2001:db8:1:1::a", "2001:db8:1:2::a", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
    ],
)
def test_limit_by_address_treats_an_ipv6_network_as_one(
    make_service: MakeService, one: str, two: str, shared: bool
) -> None:
    app = make_service(_router(), rate_limit=1)
    assert _statuses(_client(app, one), 1) == [200]
    assert _statuses(_client(app, two), 1) == [429 if shared else 200]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_when_asked_often_are_never_limited(make_service: MakeService, path: str) -> None:
    client = _client(make_service(_router(), rate_limit=1))
    assert {client.get(path).status_code for _ in range(5)} == {200}


def test_memory_store_when_flooded_with_keys_stays_bounded() -> None:
    store = BoundedStore(5, max_keys=100, clock=Clock())
    for number in range(1000):
        store.incr(f"address:{number}", 60)
    assert store.keys == 100


def test_service_without_redis_uses_the_bounded_store(make_service: MakeService) -> None:
    app = make_service(_router())
    _statuses(_client(app), 1)
    layer: Any = app.middleware_stack
    while type(layer).__name__ != "SimpleRateLimitMiddleware":
        layer = layer.app
    assert isinstance(layer.store, BoundedStore)  # svc-infra replaces a store that is falsy, such as an empty one
    assert layer.store.keys == 1


def test_memory_store_when_the_window_ends_starts_again() -> None:
    clock = Clock(1000.5)
    store = BoundedStore(5, clock=clock)
    assert store.incr("k", 60) == (1, 5, 1061)
    clock.now = 1060.4
    assert store.incr("k", 60) == (2, 5, 1061)
    clock.now = 1060.5
    assert store.incr("k", 60)[0] == 1


def test_memory_store_while_blocking_never_tells_to_wait_zero_seconds() -> None:
    clock = Clock(1000.9)
    store = BoundedStore(5, clock=clock)
    store.incr("k", 60)
    clock.now = 1060.89  # still inside the window; svc-infra subtracts the truncated clock
    assert store.incr("k", 60)[2] - int(clock.now) >= 1


def test_shared_store_when_it_fails_is_left_alone_for_a_while() -> None:
    clock, asked = Clock(), []

    class Broken:
        def incr(self, key: str, window: int) -> tuple[int, int, int]:
            asked.append(clock.now)
            raise ConnectionError("no")

    store = FailOpenStore(Broken(), BoundedStore(5, clock=clock), pause_s=5, clock=clock)
    for now in (1000.0, 1001.0, 1004.9, 1005.0, 1006.0):
        clock.now = now
        store.incr("k", 60)
    assert asked == [1000.0, 1005.0]
    assert store.incr("k", 60)[0] == 6  # what was counted locally still counts


def test_service_when_redis_is_down_answers_and_counts_locally(make_service: MakeService, dead_redis_url: str) -> None:
    client = _client(make_service(_router(), rate_limit=2, redis_url=dead_redis_url))
    assert _statuses(client, 3) == [200, 200, 429]


@pytest.mark.parametrize("trouble", ["killed", "hung"])
def test_service_when_redis_goes_while_it_runs_then_goes_on_counting_locally(
    make_service: MakeService, tmp_path: Path, trouble: str
) -> None:
    server = RedisServer(tmp_path)
    try:
        client = _client(make_service(_router(), rate_limit=3, redis_url=server.url))
        assert _statuses(client, 2) == [200, 200]
        with server.hung() if trouble == "hung" else server.killed():
            began = time.monotonic()
            assert _statuses(client, 4) == [200, 200, 200, 429]
            assert time.monotonic() - began < 10
    finally:
        server.stop()


def test_service_when_redis_is_set_shares_counts_between_workers(make_service: MakeService, redis_server: Any) -> None:
    one = _client(make_service(_router(), rate_limit=2, redis_url=redis_server.url))
    two = _client(make_service(_router(), rate_limit=2, redis_url=redis_server.url))
    assert [*_statuses(one, 1), *_statuses(two, 2)] == [200, 200, 429]
    assert [key.rsplit(b":", 1)[0] for key in redis_server.keys] == [b"fin:limit:address:203.0.113.7"]
    assert redis_server.expiring == redis_server.keys
