"""The routes of identity checks: a whole life, other people's ids, and nothing of a person where it does not belong."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from asset_aggregator.api import create_app
from fin_infra.providers import registry
from fin_infra.sandbox import running
from tests.support.sandbox import Sandbox

VICTIM, SAME_TENANT, OTHER_TENANT = (letter * 30 for letter in "vao")
ATTACKERS = {"same tenant": SAME_TENANT, "other tenant": OTHER_TENANT}
PLANTED = {"Marlowe", "18 Lantern Row", "1988-04-17", "987654320", "MARLA-880417-77", "ada@example.com"}
BODY = {"id_number": True, "email": "ada@example.com"}
LIST = "/identity/verifications"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running() as url, httpx2.Client(base_url=url, trust_env=False) as http:
        yield Sandbox(http)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def client(sandbox: Sandbox, folder: Path) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in {
            "FEATURE_IDENTITY": "1",
            "FIN_INFRA_MODE": "sandbox",
            "FIN_INFRA_SANDBOX_URL": sandbox.url,
            "FIN_INFRA_API_TOKENS": f"victim={VICTIM},attacker={SAME_TENANT},victim@north={OTHER_TENANT}",
            "FIN_INFRA_RATE_LIMIT": "100000",
            "FIN_INFRA_IDENTITY_KEEP_DAYS": "30",
            "STRIPE_READ_SENSITIVE": "1",
            "LOG_FORMAT": "none",
            "XDG_DATA_HOME": str(folder),
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("SQL_URL", raising=False)
        registry.reset()
        with TestClient(create_app(), raise_server_exceptions=False) as found:
            yield found
        registry.reset()


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **{name.replace("_", "-"): value for name, value in more.items()}}


def started(client: TestClient, key: str, token: str = VICTIM, **body: Any) -> Any:
    reply = client.post(LIST, headers=bearer(token, idempotency_key=key), json=body or BODY)
    assert reply.status_code == 201, reply.text
    assert reply.headers["location"] == f"{LIST}/{reply.json()['data']['verification']['id']}"
    assert reply.headers["cache-control"] == "private, no-store"
    return reply.json()["data"]


def finish(sandbox: Sandbox, ident: str, outcome: str) -> None:
    [row] = [row for row in sandbox.control("GET", "/stripe")["sessions"] if row["reference"] == ident]
    sandbox.control("POST", "/stripe", session=row["id"], outcome=outcome)


def test_life_when_asked_over_http_then_link_state_report_and_removal(client: TestClient, sandbox: Sandbox) -> None:
    made = started(client, "life")
    ident = made["verification"]["id"]
    assert made["url"].startswith(f"{sandbox.url}/stripe/verify/")
    assert made["client_secret"]
    assert started(client, "life")["verification"]["id"] == ident, "once for its key"
    conflict = client.post(LIST, headers=bearer(VICTIM, idempotency_key="life"), json={"selfie": True})
    assert (conflict.status_code, conflict.json()["code"]) == (422, "fin.idempotency_conflict")

    def get(path: str, **params: Any) -> Any:
        reply = client.get(f"{LIST}/{ident}{path}", headers=bearer(VICTIM), params=params)
        assert reply.status_code == 200, reply.text
        return reply.json()["data"]

    finish(sandbox, ident, "document_expired")
    assert (get("")["state"], get("")["reason"]) == ("failed", "document_expired")
    link = client.post(f"{LIST}/{ident}/link", headers=bearer(VICTIM)).json()["data"]
    assert link["url"] not in (None, made["url"])
    finish(sandbox, ident, "verified")
    report = get("/report")
    assert report["person"]["last_name"] == "Marlowe"
    assert not {"birth_date", "id_number"} & set(report["person"]), "numbers only for whoever asks for them"
    assert get("/report", private="true")["person"]["id_number"] == "987654320"
    assert client.post(f"{LIST}/{ident}/cancel", headers=bearer(VICTIM)).json()["code"] == "fin.invalid_request"
    assert client.post("/identity/retention", headers=bearer(VICTIM)).json()["data"] == {"redacted": [], "waiting": []}
    gone = client.post(f"{LIST}/{ident}/redact", headers=bearer(VICTIM)).json()["data"]
    assert (gone["redaction"], gone["has_report"]) == ("processing", False)
    again = client.get(f"{LIST}/{ident}/report", headers=bearer(VICTIM))
    assert (again.status_code, "removed" in again.json()["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, BODY, 400),
        ({"idempotency_key": "a b"}, BODY, 400),
        ({"idempotency_key": "x1"}, {"kind": "passport"}, 422),
        ({"idempotency_key": "x2"}, {"kind": "id_number", "selfie": True}, 422),
        ({"idempotency_key": "x3"}, {"return_url": "javascript:alert(1)"}, 422),
        ({"idempotency_key": "x4"}, {"email": ["planted@example.com"]}, 422),
        ({"idempotency_key": "x5"}, {"surplus": "planted@example.com"}, 422),
    ],
)
def test_start_when_it_cannot_be_done_then_one_problem_and_no_echo(
    client: TestClient, sandbox: Sandbox, headers: dict[str, str], body: Any, status: int
) -> None:
    before = len(sandbox.control("GET", "/stripe")["sessions"])
    reply = client.post(LIST, headers=bearer(VICTIM, **headers), json=body)
    assert reply.status_code == status, reply.text
    assert "planted" not in reply.text
    assert len(sandbox.control("GET", "/stripe")["sessions"]) == before


@pytest.mark.parametrize("who", ATTACKERS)
def test_routes_when_tried_with_the_victims_id_then_as_one_that_nobody_has(
    client: TestClient, sandbox: Sandbox, who: str
) -> None:
    ident = started(client, f"victim-{who}".replace(" ", "-"))["verification"]["id"]
    finish(sandbox, ident, "verified")
    assert client.get(f"{LIST}/{ident}/report", headers=bearer(VICTIM)).status_code == 200
    before = client.get(LIST, headers=bearer(VICTIM)).json()["data"]
    asked = len(sandbox.requests())
    for verb, path in (
        ("GET", ""), ("GET", "/report"), ("POST", "/link"), ("POST", "/cancel"), ("POST", "/redact"),
    ):  # fmt: skip
        replies = [
            client.request(verb, f"{LIST}/{each}{path}", headers=bearer(ATTACKERS[who]))
            for each in (ident, "v-ffffffffffffffffffffffff")
        ]
        theirs, nobody = ((reply.status_code, reply.json()["code"], reply.json()["detail"]) for reply in replies)
        assert theirs == nobody
        assert theirs[:2] == (404, "fin.not_remembered")
    assert client.get(LIST, headers=bearer(ATTACKERS[who])).json()["data"] == []
    client.post("/identity/retention", headers=bearer(ATTACKERS[who]))
    key = f"victim-{who}".replace(" ", "-")
    other = started(client, key, ATTACKERS[who])["verification"]["id"]
    assert other != ident, "a key is its user's"
    assert len(sandbox.requests()) == asked + 1, "of the victim's nobody was asked about"
    assert client.get(LIST, headers=bearer(VICTIM)).json()["data"] == before
    client.post(f"{LIST}/{other}/redact", headers=bearer(ATTACKERS[who]))


def test_person_when_all_is_done_then_no_log_metric_or_file_has_anything(
    client: TestClient, sandbox: Sandbox, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = started(client, "traces")
    ident = made["verification"]["id"]
    finish(sandbox, ident, "verified")
    for path in ("", "/report", "/report?private=true"):
        assert client.get(f"{LIST}/{ident}{path}", headers=bearer(VICTIM)).status_code == 200
    client.post(f"{LIST}/{ident}/redact", headers=bearer(VICTIM))
    private = PLANTED | {made["url"].rpartition("/")[2], made["client_secret"]}
    records = [record for record in caplog.records if not record.name.startswith("httpx2")]
    lines = "\n".join(f"{record.getMessage()}{vars(record)}" for record in records)
    assert "identity:stripe" in lines
    assert {word for word in private if word in lines} == set()
    metrics = client.get("/metrics", headers=bearer(VICTIM)).text
    assert 'provider="identity:stripe"' in metrics
    assert {word for word in private | {ident} if word in metrics} == set()
    stored = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert ident.encode() in stored, "this is the book, and it can be searched"
    assert {word for word in private if word.encode() in stored} == set()


def test_routes_when_identity_is_off_or_a_scope_is_missing_then_refused(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reader = "r" * 30
    monkeypatch.setenv("FIN_INFRA_API_TOKENS", f"reader[identity:read]={reader}")
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    monkeypatch.setenv("LOG_FORMAT", "none")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("FEATURE_IDENTITY", "0")
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        assert client.get(LIST, headers=bearer(reader)).status_code == 404
        assert not re.search("/identity", client.get("/openapi.json").text)
    monkeypatch.setenv("FEATURE_IDENTITY", "1")
    registry.reset()
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        assert client.get(LIST, headers=bearer(reader)).status_code == 200
        assert client.get(LIST).status_code == 401
        for path in ("", "/v-1/link", "/v-1/cancel", "/v-1/redact"):
            reply = client.post(f"{LIST}{path}", headers=bearer(reader, idempotency_key="k"), json={})
            assert reply.status_code == 403, path
        assert client.post("/identity/retention", headers=bearer(reader)).status_code == 403
    registry.reset()
