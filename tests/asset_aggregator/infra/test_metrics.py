"""Metrics: our families once, a bounded number of series whatever URLs are asked."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY

from asset_aggregator.infra import PrometheusCalls
from bankersbank import metrics as bankersbank
from fin_infra.errors import MissingExtra
from fin_infra.flow import telemetry
from fin_infra.flow.breaker import BreakerState
from tests.support.effort import share

MakeService = Callable[..., FastAPI]
SERIES_OF_429 = 60
"""What one more code may add: its counter with creation time, and nothing per method."""


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def _router() -> APIRouter:
    router = APIRouter()

    @router.get("/things/{thing}")
    async def thing(thing: str) -> str:
        return thing

    return router


def test_calls_when_recorded_show_on_the_metrics_page_with_their_labels(make_service: MakeService) -> None:
    calls = PrometheusCalls()
    calls.record("market:m1", "quote", "ok", 0.2)
    calls.record("market:m1", "quote", "ok", 0.3)
    calls.record("market:m1", "quote", "fin.rate_limited", 0.1)
    calls.breaker("market:m1", "open")
    page = TestClient(make_service()).get("/metrics").text
    assert 'fin_provider_calls_total{operation="quote",provider="market:m1",status="ok"} 2.0' in page
    assert 'fin_provider_calls_total{operation="quote",provider="market:m1",status="fin.rate_limited"} 1.0' in page
    assert 'fin_provider_latency_seconds_count{operation="quote",provider="market:m1"} 3.0' in page
    assert 'fin_provider_latency_seconds_sum{operation="quote",provider="market:m1"} 0.6' in page
    assert 'fin_provider_breaker_state{provider="market:m1"} 2.0' in page


def test_calls_when_made_twice_share_one_registration() -> None:
    before = _value("fin_provider_calls_total", provider="market:m2", operation="quote", status="ok")
    PrometheusCalls().record("market:m2", "quote", "ok", 0.1)
    PrometheusCalls().record("market:m2", "quote", "ok", 0.1)
    assert _value("fin_provider_calls_total", provider="market:m2", operation="quote", status="ok") == before + 2


def test_breaker_state_when_tenants_differ_is_the_worst() -> None:
    calls = PrometheusCalls()
    for state, tenant, shown in (("open", "a", 2), ("half", "b", 2), ("closed", "a", 1), ("closed", "b", 0)):
        calls.breaker("market:m5", state, tenant)
        assert _value("fin_provider_breaker_state", provider="market:m5") == shown


def test_library_calls_while_the_service_runs_are_counted_and_carry_the_request_id(make_service: MakeService) -> None:
    seen: list[str | None] = []
    router = APIRouter()

    @router.get("/call")
    async def call() -> None:
        seen.append(telemetry.request_id.get())
        facts: dict[str, Any] = {"attempts": 1, "tenant": "default", "product": "market", "request_id": None}
        telemetry.emit(
            telemetry.CallRecord(provider="market:m6", operation="quote", status="ok", elapsed_ms=250, **facts)
        )
        telemetry.breaker_changed("market:m6", "default", BreakerState.OPEN)

    labels = {"provider": "market:m6", "operation": "quote"}
    with TestClient(make_service(router)) as client:
        client.get("/call", headers={"X-Request-Id": "abc"})
    telemetry.breaker_changed("market:m6", "default", BreakerState.CLOSED)  # after the end nobody listens
    assert seen == ["abc"]
    assert _value("fin_provider_calls_total", **labels, status="ok") == 1
    assert _value("fin_provider_latency_seconds_sum", **labels) == 0.25
    assert _value("fin_provider_breaker_state", provider="market:m6") == 2


@pytest.mark.parametrize(("state", "value"), [("closed", 0), ("half", 1), ("open", 2)])
def test_breaker_state_when_set_is_a_number(state: str, value: int) -> None:
    PrometheusCalls().breaker("market:m3", state)
    assert _value("fin_provider_breaker_state", provider="market:m3") == value


def test_label_when_it_is_not_a_plain_word_becomes_other() -> None:
    PrometheusCalls().record("market:m4", 'evil"} 1\n' + "x" * 100, "ok", 0.1)
    assert _value("fin_provider_calls_total", provider="market:m4", operation="other", status="ok") == 1


def test_series_when_many_urls_are_asked_stay_few(make_service: MakeService) -> None:
    client = TestClient(make_service(_router()))
    for number in range(20):
        client.get(f"/things/widget-{number}")
        client.get(f"/scan-{number}.php")
    page = client.get("/metrics").text
    assert "widget-" not in page
    assert "scan-" not in page
    assert 'http_server_requests_total{code="404",method="GET",route="/*unmatched*"}' in page
    assert 'route="/things/{thing}"' in page
    inflight = [line for line in page.splitlines() if line.startswith("http_server_inflight_requests{")]
    assert inflight == ['http_server_inflight_requests{route="all"} 0.0']


def test_second_service_in_a_process_counts_each_request_once(make_service: MakeService) -> None:
    labels = {"code": "200", "method": "GET", "route": "/things/{thing}"}
    make_service(_router())
    client = TestClient(make_service(_router()))
    before = _value("http_server_requests_total", **labels)
    client.get("/things/one")
    assert _value("http_server_requests_total", **labels) == before + 1


def test_service_when_prometheus_client_is_missing_refuses_to_start(
    make_service: MakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "prometheus_client" else real(name, *rest)
    )
    with pytest.raises(MissingExtra, match="pip install 'fin-infra"):
        make_service()


def test_http_clients_of_the_process_when_a_service_is_made_are_not_patched(make_service: MakeService) -> None:
    import httpx

    before: Any = httpx.Client.send
    make_service()
    assert httpx.Client.send is before


def test_series_when_strange_methods_and_paths_are_asked_stay_flat(make_service: MakeService) -> None:
    client = TestClient(make_service(_router()))

    def asked(start: int, end: int) -> int:
        for number in range(start, end):
            client.request(f"X{number}", f"/nope{number}" if number % 2 else "/things/one")
        return len(client.get("/metrics").text.splitlines())

    first = asked(0, 20)  # also those that are refused as too many are counted: the limit is 600
    assert asked(20, share(5_000, test=1_000, quick=100)) - first <= SERIES_OF_429
    page = client.get("/metrics").text
    assert 'method="_OTHER"' in page
    assert 'method="X' not in page


@pytest.mark.parametrize(("token", "status"), [("", 401), ("b" * 30, 403), ("t" * 30, 200)])
def test_metrics_page_when_for_tokens_only_asks_for_one(make_service: MakeService, token: str, status: int) -> None:
    client = TestClient(make_service(metrics="token"))
    assert client.get("/metrics", headers={"X-API-Key": token}).status_code == status


def test_metrics_page_when_off_is_not_there_and_requests_are_still_served(make_service: MakeService) -> None:
    client = TestClient(make_service(_router(), metrics="off"))
    assert client.get("/metrics", headers={"X-API-Key": "t" * 30}).status_code == 404
    assert client.get("/things/one").status_code == 200


def test_metrics_page_when_open_names_no_tenant_and_is_whole(make_service: MakeService) -> None:
    bankersbank.breaker("acme-bank", 2)
    app = make_service()
    app.state.hidden_names["acme-bank"] = "tenant-1"
    page = TestClient(app).get("/metrics")
    assert 'finastra_breaker_state{client="tenant-1"} 2.0' in page.text
    assert "acme" not in page.text
    assert int(page.headers["content-length"]) == len(page.content)
    assert page.headers["content-type"].startswith("text/plain")


def test_metrics_page_when_for_tokens_only_names_tenants(make_service: MakeService) -> None:
    bankersbank.breaker("acme-bank", 2)
    app = make_service(metrics="token")
    app.state.hidden_names["acme-bank"] = "tenant-1"
    text = TestClient(app).get("/metrics", headers={"X-API-Key": "t" * 30}).text
    assert 'finastra_breaker_state{client="acme-bank"} 2.0' in text
