"""The Finastra routes over the real SDK and a sandbox on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from fin_infra.api import PUBLIC, User, add_finastra
from fin_infra.api.finastra_tenants import FinastraTenants
from fin_infra.errors import ConfigurationError
from tests.support.sandbox_control import Control

LIST = "/finastra/b2b/collaterals"
Start = Callable[..., TestClient]


@pytest.fixture
def start(sandbox: Control, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start the routes with some variables; without any they are the sandbox's."""
    opened: list[TestClient] = []
    for name in ("CLIENT_ID", "CLIENT_SECRET", "BASE_URL_COLLATERALS"):
        monkeypatch.delenv(f"FINASTRA_B2B_{name}", raising=False)

    def started(**environ: str) -> TestClient:
        for name, value in {"FINASTRA_MAX_ATTEMPTS": "1", **environ}.items():
            monkeypatch.setenv(name, value)
        app = FastAPI()
        add_finastra(app, auth=PUBLIC)
        client = TestClient(app)
        client.__enter__()
        opened.append(client)
        return client

    yield started
    for client in opened:
        client.__exit__(None, None, None)


def truth(sandbox: Control, tenant: str = "sandbox") -> list[dict[str, Any]]:
    """The tenant's collaterals as the vendor's own wire has them."""
    form = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-b2b-client",
        "client_secret": "sandbox-b2b-secret",
    }
    with httpx2.Client(base_url=f"{sandbox.url}/finastra", trust_env=False) as raw:
        token = raw.post(f"/login/v1/{tenant}/oidc/token", data=form).json()["access_token"]
        found = raw.get(
            "/total-lending/collaterals/b2b/v2/collaterals",
            params={"pageSize": 200},
            headers={"Authorization": f"Bearer {token}"},
        )
    rows: list[dict[str, Any]] = found.json()["items"]
    return rows


def product_calls(sandbox: Control) -> int:
    return sum("/collaterals" in row["path"] for row in sandbox.requests("finastra"))


def test_list_when_paged_by_next_then_every_collateral_once(start: Start, sandbox: Control) -> None:
    client, index = start(), 0
    seen: list[str] = []
    while index is not None:
        body = client.get(LIST, params={"top": 10, "startingIndex": index}).json()
        assert len(body["data"]["items"]) <= 10
        assert body["data"]["total"] == 57
        seen += [row["id"] for row in body["data"]["items"]]
        index = body["data"]["next"]
    assert seen == [row["id"] for row in truth(sandbox)]


@pytest.mark.parametrize("index", [0, 55])
def test_list_when_a_page_is_empty_before_the_total_then_502_and_not_the_end(
    start: Start, sandbox: Control, index: int
) -> None:
    client = start()
    sandbox.fault("finastra", "empty_page", path="/total-lending", count=1)
    reply = client.get(LIST, params={"startingIndex": index})
    assert (reply.status_code, reply.json()["code"]) == (502, "fin.unexpected_payload")
    assert reply.json()["retryable"] is True
    assert reply.json()["detail"].startswith("finastra list_collaterals: the list of collaterals is empty")
    assert client.get(LIST, params={"startingIndex": index}).json()["data"]["items"]


@pytest.mark.parametrize("index", [57, 1000])
def test_list_when_asked_from_its_end_on_then_empty_without_next(start: Start, index: int) -> None:
    data = start().get(LIST, params={"startingIndex": index}).json()["data"]
    assert data == {"items": [], "next": None, "total": 57}


def test_list_when_asked_plainly_then_ten_with_meta_and_nothing_raw(start: Start) -> None:
    reply = start().get(LIST)
    assert len(reply.json()["data"]["items"]) == 10
    assert reply.json()["meta"]["provider"] == "finastra"
    assert reply.headers["fin-environment"] == "sandbox"
    assert reply.headers["cache-control"] == "private, no-store"
    assert "raw" not in reply.json()["data"]["items"][0]


def test_collateral_when_known_then_amounts_are_exact_text(start: Start, sandbox: Control) -> None:
    row = next(row for row in truth(sandbox) if isinstance(row.get("netCollateralAmount"), str))
    found = start().get(f"{LIST}/{row['id']}").json()["data"]
    assert found["net_amount"] == row["netCollateralAmount"].replace(",", "")
    assert found["currency"] == row["currency"]


@pytest.mark.parametrize(
    "query", [{"top": 0}, {"top": 101}, {"top": "ten"}, {"startingIndex": -1}, {"startingIndex": "x"}]
)
def test_list_when_a_parameter_is_out_of_range_then_422_and_nothing_is_asked(
    start: Start, sandbox: Control, query: dict[str, Any]
) -> None:
    assert start().get(LIST, params=query).status_code == 422
    assert product_calls(sandbox) == 0


def test_collateral_when_unknown_then_404_problem(start: Start) -> None:
    reply = start().get(f"{LIST}/col_unknown")
    assert (reply.status_code, reply.json()["code"]) == (404, "fin.not_found")
    assert reply.headers["content-type"] == "application/problem+json"
    assert set(reply.json()["trace"]) == {"ff-trace-id", "activityid"}


def test_flags_when_changed_then_the_next_request_follows_and_the_log_names_the_flag(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = start()
    for value, status in (("1", 200), ("0", 404), ("on", 200), ("off", 404), ("", 200)):
        monkeypatch.setenv("FEATURE_FINASTRA_COLLATERALS", value)
        reply = client.get(LIST)
        assert reply.status_code == status
        if status == 404:
            assert reply.json()["code"] == "fin.feature_disabled"
            assert reply.json()["detail"] == "This part of Finastra is switched off."
            assert "FEATURE_FINASTRA_COLLATERALS=1" in caplog.text


@pytest.mark.parametrize("path", ["/finastra/b2c/accounts", "/finastra/b2c/balances"])
def test_b2c_when_its_flag_is_unset_then_404_and_when_set_then_marked_stub_without_any_call(
    start: Start, sandbox: Control, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    client = start()
    assert client.get(path).json()["code"] == "fin.feature_disabled"
    monkeypatch.setenv("FEATURE_FINASTRA_B2C", "1")
    first, second = client.get(path), client.get(path)
    assert first.status_code == 200
    assert first.json()["data"]["stub"] is True
    assert len(first.json()["data"]["items"]) == 3
    assert first.content == second.content
    assert sandbox.requests("finastra") == []


def test_b2c_when_stubbed_then_each_balance_is_of_a_stubbed_account_in_its_currency(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = start(FEATURE_FINASTRA_B2C="1")
    accounts = client.get("/finastra/b2c/accounts").json()["data"]["items"]
    balances = client.get("/finastra/b2c/balances").json()["data"]["items"]
    assert [(b["account_id"], b["ledger"]["currency"]) for b in balances] == [
        (a["id"], a["currency"]) for a in accounts
    ]


@pytest.mark.parametrize(
    ("kind", "scope", "status", "code", "logged"),
    [
        ("rate_limit", {"retry_after": 7}, 429, "fin.rate_limited", ""),
        ("rate_limit_bare", {}, 429, "fin.rate_limited", ""),
        ("status_503", {}, 503, "fin.provider_unavailable", ""),
        ("expired_token", {}, 502, "fin.authentication_failed", "FINASTRA_TENANT"),
        ("malformed", {}, 502, "fin.unexpected_payload", ""),
    ],
)
def test_upstream_failure_when_it_happens_then_the_problem_says_what_and_when(
    start: Start,
    sandbox: Control,
    kind: str,
    scope: dict[str, Any],
    status: int,
    code: str,
    logged: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = start()
    sandbox.fault("finastra", kind, path="/total-lending", **scope)
    reply = client.get(LIST)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert logged in caplog.text
    assert "FINASTRA_" not in reply.text
    expected = {429: "7" if "retry_after" in scope else "5", 503: "5"}.get(status)
    assert reply.headers.get("retry-after") == expected


def at(sandbox: Control, **more: str) -> dict[str, str]:
    """Variables of an application of one's own, at the sandbox."""
    return {
        "FINASTRA_B2B_BASE_URL_COLLATERALS": f"{sandbox.url}/finastra",
        "FINASTRA_B2B_CLIENT_ID": "sandbox-b2b-client",
        "FINASTRA_B2B_CLIENT_SECRET": "sandbox-b2b-secret",
        **more,
    }


def test_upstream_when_the_application_may_not_use_the_product_then_502_with_a_hint(
    start: Start, sandbox: Control
) -> None:
    other = {"FINASTRA_B2B_CLIENT_ID": "sandbox-b2c-client", "FINASTRA_B2B_CLIENT_SECRET": "sandbox-b2c-secret"}
    reply = start(**at(sandbox, **other)).get(LIST)
    assert (reply.status_code, reply.json()["code"]) == (502, "fin.permission_denied")
    assert "portal" in reply.json()["detail"]


def test_upstream_when_the_login_refuses_then_502_and_the_log_names_the_variables_and_no_secret(
    start: Start, sandbox: Control, caplog: pytest.LogCaptureFixture
) -> None:
    reply = start(**at(sandbox, FINASTRA_B2B_CLIENT_SECRET="mistyped-secret-value")).get(LIST)
    assert (reply.status_code, reply.json()["code"]) == (502, "fin.authentication_failed")
    assert "FINASTRA_" not in reply.text
    assert "FINASTRA_B2B_CLIENT_ID" in caplog.text
    assert "mistyped-secret-value" not in reply.text + caplog.text


def test_breaker_when_upstream_always_fails_then_opens_and_asks_once_per_cooldown(
    start: Start, sandbox: Control
) -> None:
    client = start(FINASTRA_BREAKER_FAIL_THRESHOLD="3", FINASTRA_BREAKER_COOLDOWN_SEC="300")
    sandbox.fault("finastra", "status_503", path="/total-lending")
    replies = [client.get(LIST) for _ in range(20)]
    assert [reply.json()["code"] for reply in replies] == ["fin.provider_unavailable"] * 3 + ["fin.circuit_open"] * 17
    assert {reply.status_code for reply in replies} == {503}
    assert all(int(reply.headers["retry-after"]) in range(290, 301) for reply in replies[3:])
    assert product_calls(sandbox) == 3


def test_breaker_when_switched_off_then_every_request_asks(start: Start, sandbox: Control) -> None:
    client = start(FEATURE_FINASTRA_BREAKER="0", FINASTRA_BREAKER_FAIL_THRESHOLD="1")
    sandbox.fault("finastra", "status_503", path="/total-lending")
    assert {client.get(LIST).json()["code"] for _ in range(6)} == {"fin.provider_unavailable"}
    assert product_calls(sandbox) == 6


NORTH = {"client_id": "sandbox-b2b-client", "client_secret": "sandbox-b2b-secret", "tenant": "bank-north"}


def test_tenant_when_configured_then_its_own_collaterals_and_own_breaker(start: Start, sandbox: Control) -> None:
    tenants = {"north": NORTH, "south": {"tenant": "bank-south"}}
    client = start(**at(sandbox, FINASTRA_TENANT_CONFIG_JSON=json.dumps(tenants)), FINASTRA_BREAKER_FAIL_THRESHOLD="1")
    north = client.get(LIST, params={"tenant": "north", "top": 100}).json()["data"]
    assert [row["id"] for row in north["items"]] == [row["id"] for row in truth(sandbox, "bank-north")]
    assert client.get(LIST, params={"tenant": "south"}).json()["data"] == {"items": [], "next": None, "total": 0}
    sandbox.fault("finastra", "status_503", path="/total-lending", count=1)
    assert client.get(LIST, params={"tenant": "north"}).json()["code"] == "fin.provider_unavailable"
    assert client.get(LIST, params={"tenant": "north"}).json()["code"] == "fin.circuit_open"
    assert client.get(LIST).status_code == 200


def _tenant_of_the_header(request: Request) -> User:
    return User("ana", request.headers.get("x-tenant", "default"))


@pytest.mark.parametrize(
    ("tenant", "asked", "answer"),
    [
        ("default", {}, 57),
        ("default", {"tenant": "north"}, 7),
        ("north", {}, 7),
        ("north", {"tenant": "north"}, 7),
        ("north", {"tenant": "south"}, 403),
        ("north", {"tenant": "nowhere"}, 403),
        ("north", {"tenant": ""}, 403),
        ("south", {}, 0),
        ("east", {}, 422),
        ("east", {"tenant": "north"}, 403),
    ],
)
def test_tenant_when_the_caller_has_one_then_it_asks_for_its_own_only(
    sandbox: Control, tenant: str, asked: dict[str, str], answer: int
) -> None:
    tenants = {"north": NORTH, "south": {"tenant": "bank-south"}}
    app = FastAPI()
    clients = FinastraTenants.from_env(at(sandbox, FINASTRA_TENANT_CONFIG_JSON=json.dumps(tenants)))
    add_finastra(app, auth=PUBLIC, caller=_tenant_of_the_header, tenants=clients)
    with TestClient(app) as client:
        reply = client.get(LIST, params=asked, headers={"x-tenant": tenant})
        one = client.get(f"{LIST}/{truth(sandbox)[0]['id']}", params=asked, headers={"x-tenant": tenant})
    if answer in (403, 422):
        assert (reply.status_code, one.status_code) == (answer, answer)
        assert product_calls(sandbox) == 1  # that of `truth`
    else:
        assert (reply.status_code, reply.json()["data"]["total"]) == (200, answer)
        assert one.status_code == (200 if answer == 57 else 404)


def test_tenant_when_read_from_a_file_with_its_secret_in_a_variable_then_answers(
    start: Start, sandbox: Control, tmp_path: Path
) -> None:
    north = {name: value for name, value in NORTH.items() if name != "client_secret"}
    file = tmp_path / "tenants.json"
    file.write_text(json.dumps({"north": {**north, "client_secret_env": "NORTH_SECRET"}}))
    own = {"FINASTRA_TENANT_CONFIG_PATH": str(file), "NORTH_SECRET": "sandbox-b2b-secret"}
    assert start(**at(sandbox, **own)).get(LIST, params={"tenant": "north"}).json()["data"]["total"] == 7


def test_tenant_when_named_like_the_default_one_then_each_has_its_own_name() -> None:
    tenants = FinastraTenants.from_env({"FINASTRA_TENANT_CONFIG_JSON": json.dumps({"sandbox": NORTH, "south": NORTH})})
    assert [client.tenant for client in tenants.all()] == ["sandbox.default", "sandbox", "south"]
    assert tenants.client(None) is not tenants.client("sandbox")


def test_sandbox_mode_when_there_are_real_credentials_then_they_stay_unused_for_every_tenant(
    start: Start, sandbox: Control, tmp_path: Path
) -> None:
    real = {"client_id": "real-client", "client_secret": "real-s3cret", "tenant": "bank-north"}
    client = start(
        FIN_INFRA_MODE="sandbox",
        FINASTRA_B2B_CLIENT_ID="real-client",
        FINASTRA_B2B_PRIVATE_KEY_PATH=str(tmp_path / "real.pem"),
        FINASTRA_B2B_KEY_ID="real-key",
        FINASTRA_TENANT_CONFIG_JSON=json.dumps({"north": real, "south": {"tenant": "bank-south"}}),
    )
    totals = [client.get(LIST, params=query) for query in ({}, {"tenant": "north"}, {"tenant": "south"})]
    assert [reply.json()["data"]["total"] for reply in totals] == [57, 7, 0]
    assert {reply.headers["fin-environment"] for reply in totals} == {"sandbox"}


def test_tenant_when_not_configured_then_422_and_nothing_is_asked(start: Start, sandbox: Control) -> None:
    reply = start(FINASTRA_TENANT_CONFIG_JSON=json.dumps({"north": NORTH})).get(LIST, params={"tenant": "bank-south"})
    assert (reply.status_code, reply.json()["code"]) == (422, "fin.invalid_input")
    assert sandbox.requests("finastra") == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{", "FINASTRA_TENANT_CONFIG_JSON"),
        ('["north"]', "FINASTRA_TENANT_CONFIG_JSON"),
        ('{"north": {"client_id": 1}}', "FINASTRA_TENANT_CONFIG_JSON"),
        ('{"north": {"clientid": "x"}}', "clientid"),
        ('{"no/rth": {}}', "named in letters"),
        ('{"north": {"base_url": "https://other.example.com"}}', "client_id of its own"),
        ('{"north": {"client_id": "x"}}', "FINASTRA_B2B_CLIENT_SECRET"),
        ('{"north": {"client_id": "x", "client_secret_env": "NOT_SET"}}', "client_secret_env"),
        ('{"north": {"clientid": "x"}}', "may hold .*, client_secret_env"),
        (
            '{"north": {"client_id": "x", "client_secret": "y", "base_url": "http://example.com"}}',
            "tenant 'north': .*unencrypted",
        ),
        ('{"north": {"tenant": "a/b"}}', "FINASTRA_TENANT"),
    ],
)
def test_tenants_when_they_cannot_be_read_then_one_sentence_at_the_start(
    start: Start, sandbox: Control, text: str, names: str
) -> None:
    with pytest.raises(ConfigurationError, match=names) as caught:
        start(**at(sandbox, FINASTRA_TENANT_CONFIG_JSON=text))
    assert "sandbox-b2b-secret" not in str(caught.value)


def test_start_when_live_without_credentials_then_other_routes_live_and_the_log_says_what_is_missing(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    reply = start(FIN_INFRA_MODE="live").get(LIST)
    assert reply.status_code == 500
    assert "FINASTRA_" not in reply.text
    assert "FINASTRA_B2B_CLIENT_ID" in caplog.text
    assert "FEATURE_FINASTRA_COLLATERALS=0" in caplog.text


@pytest.mark.parametrize("variable", ["FINASTRA_BREAKER_FAIL_THRESHOLD", "FINASTRA_RETRY_MIN_SLEEP_MS"])
def test_start_when_a_number_is_text_then_refused_by_name(start: Start, variable: str) -> None:
    with pytest.raises(ConfigurationError, match=variable):
        start(**{variable: "many"})
