"""Probes: liveness is cheap, readiness tells which check fails and never why in words of the exception."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from asset_aggregator.infra import Readiness

MakeService = Callable[..., FastAPI]
TOKEN, BANKING_TOKEN = "t" * 30, "b" * 30
TOKENS = f"ana={TOKEN},bob[banking:read]={BANKING_TOKEN}"


def _get(
    make_service: MakeService, readiness: Readiness, path: str = "/readyz", token: str = TOKEN, **settings: Any
) -> Any:
    from asset_aggregator.infra import ServiceSettings, create_service

    values: dict[str, Any] = {"api_tokens": TOKENS, "log_format": "none"} | settings
    app = create_service(name="fin", version="1", settings=ServiceSettings(**values), readiness=readiness)
    return TestClient(app).get(path, headers={"X-API-Key": token})


async def _well() -> None: ...


async def _ill() -> None:
    raise ConnectionError("postgresql://app:hunter2hunter2@db/fin refused")


async def _says_no() -> bool:
    return False


async def _hangs() -> None:
    await asyncio.Event().wait()


def test_readiness_when_all_is_well_is_200(make_service: MakeService) -> None:
    readiness = Readiness()
    readiness.add("registry", _well)
    response = _get(make_service, readiness)
    assert response.status_code == 200
    assert response.json()["status"] == "healthy"
    assert [(c["name"], c["status"]) for c in response.json()["checks"]] == [("registry", "healthy")]


def test_readiness_when_a_check_raises_is_503_without_its_words(make_service: MakeService) -> None:
    readiness = Readiness()
    readiness.add("registry", _well)
    readiness.add("database", _ill)
    response = _get(make_service, readiness)
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "fin.http.not_ready"
    assert {c["name"]: c["status"] for c in response.json()["checks"]} == {
        "registry": "healthy",
        "database": "unhealthy",
    }
    assert "hunter2" not in response.text


def test_readiness_when_only_an_optional_check_fails_is_degraded_without_its_words(make_service: MakeService) -> None:
    readiness = Readiness()
    readiness.add("mirror", _ill, critical=False)
    response = _get(make_service, readiness)
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert "hunter2" not in response.text


def test_readiness_when_a_check_says_no_or_hangs_fails(make_service: MakeService) -> None:
    for check in (_says_no, _hangs):
        readiness = Readiness()
        readiness.add("one", check, timeout_s=0.05)
        assert _get(make_service, readiness).status_code == 503


def test_readiness_when_redis_is_down_is_degraded_and_hides_the_password(
    make_service: MakeService, dead_redis_url: str
) -> None:
    response = _get(make_service, Readiness(), redis_url=dead_redis_url)
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert [c["name"] for c in response.json()["checks"]] == ["redis"]
    assert "hunter2" not in response.text


def test_readiness_when_redis_is_up_is_healthy(make_service: MakeService, redis_server: Any) -> None:
    assert _get(make_service, Readiness(), redis_url=redis_server.url).json()["status"] == "healthy"


async def test_readiness_when_asked_often_runs_its_checks_once_in_two_seconds() -> None:
    now, runs = 100.0, 0

    async def counted() -> None:
        nonlocal runs
        runs += 1

    readiness = Readiness(clock=lambda: now)
    readiness.add("one", counted)
    await asyncio.gather(*(readiness.result() for _ in range(20)))
    assert runs == 1
    now += 2.0
    await readiness.result()
    assert runs == 2


def test_liveness_when_every_check_fails_is_still_200(make_service: MakeService) -> None:
    readiness = Readiness()
    readiness.add("database", _ill)
    assert _get(make_service, readiness, "/healthz").json() == {"status": "ok"}


def test_single_check_route_of_svc_infra_is_not_served(make_service: MakeService) -> None:
    readiness = Readiness()
    readiness.add("database", _ill)
    assert _get(make_service, readiness, "/_health/checks/database").status_code == 404


@pytest.mark.parametrize("token", ["", BANKING_TOKEN, "x" * 30])
def test_readiness_when_a_stranger_asks_says_the_status_and_no_names(make_service: MakeService, token: str) -> None:
    well, ill = Readiness(), Readiness()
    well.add("finastra:acme-bank", _well)
    ill.add("finastra:acme-bank", _ill)
    assert _get(make_service, well, token=token).json() == {"status": "healthy"}
    response = _get(make_service, ill, token=token)
    assert (response.status_code, response.json()["code"]) == (503, "fin.http.not_ready")
    assert int(response.headers["retry-after"]) > 0
    assert "acme" not in response.text
    assert "checks" not in response.json()
