"""The composed service over the real adapters and a sandbox on loopback."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from asset_aggregator.api import create_app
from fin_infra.errors import InvalidInput, StatementUnreadable
from fin_infra.providers import registry
from fin_infra.sandbox import running
from tests.support.ports import free_port

ALL = "a" * 30
BANK_ONLY = "b" * 30
DATA_ROUTES = {
    "/banking/accounts": "banking:read",
    "/banking/accounts/acc_x/balance": "banking:read",
    "/banking/accounts/acc_x/transactions": "banking:read",
    "/net-worth": "banking:read",
    "/net-worth/series": "book:read",
    "/connections/c-1/doctor": "book:read",
    "/market/quote/IBM": "market:read",
    "/market/candles/IBM": "market:read",
    "/symbols/search?q=ibm": "market:read",
    "/crypto/ticker/bitcoin": "crypto:read",
    "/fx/EUR/USD": "fx:read",
    "/finastra/b2b/collaterals": "finastra:read",
    "/finastra/b2b/collaterals/col_x": "finastra:read",
    "/finastra/b2c/accounts": "finastra:read",
    "/finastra/b2c/balances": "finastra:read",
    "/providers": "providers:read",
    "/connections": "book:read",
    "/accounts": "book:read",
    "/balances": "book:read",
    "/holdings": "book:read",
    "/transactions": "book:read",
    "/transactions/7": "book:read",
    "/transactions/7/past-changes?category=x": "book:read",
    "/categories": "book:read",
    "/labels": "book:read",
    "/rules": "book:read",
    "/spending": "book:read",
    "/spending/lines?name=x": "book:read",
    "/cash-flow": "book:read",
    "/cash-flow/lines": "book:read",
    "/transfers": "book:read",
    "/budgets/2026-03": "book:read",
    "/goals": "book:read",
    "/alerts": "book:read",
    "/changes": "book:read",
    "/doubts": "book:read",
    "/accounts/doubts": "book:read",
    "/trades/doubts": "book:read",
    "/imports": "book:read",
    "/imports/7/file": "book:read",
    "/transactions/export": "book:read",
    "/recurring": "book:read",
    "/forecast": "book:read",
    "/bills": "book:read",
    "/bills.ics": "book:read",
}
AREAS = {path.split("/")[1].partition("?")[0] for path in DATA_ROUTES}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture
def client(sandbox: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    httpx2.post(f"{sandbox}/_sandbox/reset").raise_for_status()
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", sandbox)
    monkeypatch.setenv("FIN_INFRA_API_TOKENS", f"all={ALL},bank[banking:read]={BANK_ONLY}")
    monkeypatch.setenv("LOG_FORMAT", "none")
    for name in ("TELLER", "ALPHA_VANTAGE", "COINGECKO", "ECB"):
        monkeypatch.setenv(f"{name}_MAX_ATTEMPTS", "1")
        monkeypatch.setenv(f"{name}_BREAKER_THRESHOLD", "2")
    registry.reset()
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        yield client
    registry.reset()


def bearer(token: str = ALL) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def arrived(sandbox: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = httpx2.get(f"{sandbox}/_sandbox/requests").json()["requests"]
    return rows


@pytest.mark.parametrize("path", DATA_ROUTES)
def test_data_route_when_no_token_then_401_and_no_vendor_is_asked(client: TestClient, sandbox: str, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code == 401
    assert reply.headers["content-type"] == "application/problem+json"
    assert "www-authenticate" in reply.headers
    assert arrived(sandbox) == []


@pytest.mark.parametrize(("path", "scope"), DATA_ROUTES.items())
def test_data_route_when_scope_is_missing_then_403(client: TestClient, path: str, scope: str) -> None:
    status = client.get(path, headers=bearer(BANK_ONLY)).status_code
    assert (status == 403) is (scope != "banking:read")


def test_routes_when_listed_in_openapi_then_every_data_route_names_its_security(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    data = {path: methods["get"] for path, methods in paths.items() if path.split("/")[1] in AREAS and "get" in methods}
    assert len(data) == len(DATA_ROUTES)
    assert all(route.get("security") for route in data.values())


def test_openapi_when_read_then_every_data_route_and_parameter_is_described(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    routes = [(path, route) for path, methods in document["paths"].items() for route in methods.values()]
    for path, route in ((path, route) for path, route in routes if route.get("security")):
        assert len(route["description"]) > 20, path
        for parameter in route["parameters"]:
            assert parameter["description"] != f"{parameter['name']} parameter.", (path, parameter["name"])
        for status, response in route["responses"].items():
            problem = response.get("content", {}).get("application/problem+json")
            assert status < "400" or problem in (None, {"schema": {"$ref": "#/components/schemas/Problem"}}), path


@pytest.mark.parametrize("path", ["/market/quote/", "/market/candles/", "/crypto/ticker/", "/fx/EUR/"])
def test_path_when_very_long_then_it_is_refused_and_not_repeated(client: TestClient, path: str) -> None:
    reply = client.get(path + "A" * 3000, headers=bearer())
    assert reply.status_code == 422
    assert "AAAA" not in str(reply.json()["detail"])


def test_path_when_it_ends_in_a_slash_then_no_redirect_names_a_host(client: TestClient) -> None:
    reply = client.get("/banking/accounts/", headers=bearer() | {"Host": "evil.example"}, follow_redirects=False)
    assert reply.status_code == 404
    assert "location" not in reply.headers


def test_app_when_no_token_is_configured_then_the_token_of_the_run_is_told_and_works(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import asset_aggregator.api as service

    monkeypatch.delenv("FIN_INFRA_API_TOKENS")
    monkeypatch.setitem(vars(service), "app", None)
    del vars(service)["app"]
    built = service.app
    token = capsys.readouterr().err.split()[-1]
    with TestClient(built, client=("127.0.0.1", 1)) as local:
        assert local.get("/providers", headers=bearer(token)).status_code == 200


def test_quote_when_asked_twice_then_the_second_comes_from_the_cache(client: TestClient, sandbox: str) -> None:
    first = client.get("/market/quote/IBM", headers=bearer())
    second = client.get("/market/quote/IBM", headers=bearer())
    assert first.json() == second.json()
    assert len([row for row in arrived(sandbox) if row["vendor"] == "alpha-vantage"]) == 1


def test_accounts_when_asked_twice_then_never_cached(client: TestClient, sandbox: str) -> None:
    for _ in range(2):
        reply = client.get("/banking/accounts", headers=bearer())
        assert reply.headers["cache-control"] == "private, no-store"
    assert len([row for row in arrived(sandbox) if row["path"].endswith("/accounts")]) == 2


def test_search_when_one_source_is_down_then_partial_answer_is_not_cached(client: TestClient, sandbox: str) -> None:
    fault = {"vendor": "coingecko", "kind": "status_503", "count": 1}
    httpx2.post(f"{sandbox}/_sandbox/faults", json=fault).raise_for_status()
    assert client.get("/symbols/search?q=ibm", headers=bearer()).json()["errors"] != []
    assert client.get("/symbols/search?q=ibm", headers=bearer()).json()["errors"] == []


def test_metrics_when_calls_were_made_then_provider_families_show_them(client: TestClient) -> None:
    client.get("/crypto/ticker/bitcoin", headers=bearer())
    client.get("/crypto/ticker/no-such-coin", headers=bearer())
    text = client.get("/metrics").text
    assert 'fin_provider_calls_total{operation="price",provider="crypto:coingecko",status="ok"}' in text
    assert 'fin_provider_calls_total{operation="price",provider="crypto:coingecko",status="unknown_symbol"}' in text
    assert 'fin_provider_latency_seconds_bucket{le="0.005",operation="price",provider="crypto:coingecko"}' in text
    assert 'fin_provider_breaker_state{provider="crypto:coingecko"} 0.0' in text


def test_breaker_when_vendor_stays_down_then_503_with_retry_after_and_service_is_degraded(
    client: TestClient, sandbox: str
) -> None:
    httpx2.post(f"{sandbox}/_sandbox/faults", json={"vendor": "coingecko", "kind": "status_503"}).raise_for_status()
    for _ in range(2):
        assert client.get("/crypto/ticker/bitcoin", headers=bearer()).json()["code"] == "fin.provider_unavailable"
    before = len(arrived(sandbox))
    reply = client.get("/crypto/ticker/bitcoin", headers=bearer())
    assert (reply.status_code, reply.json()["code"]) == (503, "fin.circuit_open")
    assert 1 <= int(reply.headers["retry-after"]) <= 30
    assert len(arrived(sandbox)) == before
    assert 'fin_provider_breaker_state{provider="crypto:coingecko"} 2.0' in client.get("/metrics").text
    rows = {row["provider"]: row["health"] for row in client.get("/providers", headers=bearer()).json()["data"]}
    assert rows["crypto:coingecko"] == "down"
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")


@pytest.mark.parametrize("path", ["/fx/USD/EUR", "/net-worth", "/banking/accounts", "/symbols/search?q=ibm"])
def test_vendor_when_unreachable_then_the_caller_reads_no_host_and_the_log_has_the_advice(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    port = free_port()
    monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", f"http://127.0.0.1:{port}")
    registry.reset()
    with TestClient(create_app(), raise_server_exceptions=False) as other:
        reply = other.get(path, headers=bearer())
    assert reply.status_code in (200, 503)
    assert reply.status_code == 200 or int(reply.headers["retry-after"]) >= 1
    assert "cannot connect to the provider" in reply.text
    for word in (str(port), "127.0.0.1", "sandbox serve", "FIN_INFRA_", "API_KEY", "ACCESS_TOKEN"):
        assert word not in reply.text
    assert f"127.0.0.1:{port}; start the local sandbox with `fin-infra sandbox serve`" in caplog.text


def test_breaker_when_open_then_people_read_what_that_means(client: TestClient, sandbox: str) -> None:
    httpx2.post(f"{sandbox}/_sandbox/faults", json={"vendor": "teller", "kind": "status_503"}).raise_for_status()
    for _ in range(2):
        client.get("/banking/accounts", headers=bearer())
    detail = client.get("/banking/accounts", headers=bearer()).json()["detail"]
    assert re.fullmatch(r"banking:teller is paused after repeated failures; come back in (29|30) s\.", detail)
    worth = client.get("/net-worth", headers=bearer())
    assert "circuit_open" not in str(worth.json()["data"]["missing"]), worth.json()["data"]
    assert "paused after repeated failures; come back in" in str(worth.json()["data"]["missing"])


def test_request_id_when_given_then_it_reaches_answer_log_and_vendor(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "fin_infra"):
        reply = client.get("/market/quote/AAPL", headers=bearer() | {"X-Request-Id": "trace-me-123"})
    assert reply.headers["x-request-id"] == "trace-me-123"
    (record,) = [r for r in caplog.records if r.message == "provider call"]
    assert vars(record)["request_id"] == "trace-me-123"
    assert (vars(record)["provider"], vars(record)["product"]) == ("market:alpha_vantage", "market")


def test_logs_when_bank_data_flows_then_no_token_and_no_account_number_shows(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        accounts = client.get("/banking/accounts", headers=bearer()).json()["data"]
        client.get(f"/banking/accounts/{accounts[0]['id']}/transactions", headers=bearer())
    for secret in ("test_token_sandbox", ALL, accounts[0]["id"], accounts[0]["name"]):
        ours = [r for r in caplog.records if not r.name.startswith(("asyncio", "httpx"))]
        assert all(secret not in r.getMessage() + str(vars(r).get("endpoint", "")) for r in ours), secret


def test_create_app_when_a_holding_or_statement_is_wrong_then_start_stops(client: TestClient) -> None:
    with pytest.raises(InvalidInput):
        create_app({"FIN_INFRA_HOLDINGS": "bitcoin"})
    with pytest.raises(StatementUnreadable):
        create_app({"FIN_INFRA_STATEMENTS": "absent.ofx"})


def test_create_app_when_a_finastra_tenant_is_named_like_the_default_one_then_both_are_ready(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINASTRA_TENANT_CONFIG_JSON", '{"sandbox": {}, "north": {"tenant": "bank-north"}}')
    with TestClient(create_app()) as other:
        checks = [check["name"] for check in other.get("/readyz", headers=bearer()).json()["checks"]]
        page = other.get("/metrics").text
    assert "north" not in page
    assert {'{client="tenant-1"}', '{client="tenant-2"}'} <= set(
        re.findall(r"^finastra_breaker_state(.*) ", page, re.M)
    )
    assert [name for name in checks if name.startswith("finastra:")] == [
        "finastra:sandbox.default",
        "finastra:sandbox",
        "finastra:north",
    ]


def test_net_worth_when_holdings_are_configured_then_they_count(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIN_INFRA_HOLDINGS", "US:IBM=2")
    with TestClient(create_app()) as other:
        lines = other.get("/net-worth", headers=bearer()).json()["data"]["lines"]
    assert ("holding", "US:IBM") in [(line["kind"], line["id"]) for line in lines]
