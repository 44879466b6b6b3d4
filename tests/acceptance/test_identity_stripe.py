"""Profile identity=stripe: a check from its link to its report, once for its key, and gone when it is removed."""

from __future__ import annotations

import httpx2
import pytest

from . import app as stack

pytestmark = [pytest.mark.acceptance, pytest.mark.profile("identity=stripe")]
LIST = "/identity/verifications"


def _start(client, key, **body):
    reply = client.http.post(LIST, json=body, headers={"Idempotency-Key": key})
    assert reply.status_code == 201, reply.text
    return reply.json()["data"]


def _post(client, ident, verb):
    reply = client.http.post(f"{LIST}/{ident}/{verb}")
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]


def test_check_when_the_person_passes_then_the_report_is_theirs_and_gone_when_removed(client, sandbox):
    made = _start(client, "life", id_number=True)
    ident = made["verification"]["id"]
    httpx2.post(made["url"], data={"outcome": "document_expired"}, trust_env=False).raise_for_status()
    assert client.data(f"{LIST}/{ident}")["reason"] == "document_expired"
    httpx2.post(_post(client, ident, "link")["url"], data={"outcome": "verified"}, trust_env=False).raise_for_status()
    truth = sandbox.world()["identity_documents"][0]
    report = client.data(f"{LIST}/{ident}/report", private="true")
    assert {name: report["person"][name] for name in ("first_name", "last_name", "birth_date", "id_number")} == {
        name: truth[name] for name in ("first_name", "last_name", "birth_date", "id_number")
    }
    assert report["document"]["number"] == truth["number"]
    assert _post(client, ident, "redact")["redaction"] == "processing"
    client.problem(f"{LIST}/{ident}/report", 404, "fin.not_remembered")


def test_start_when_the_answer_is_lost_then_the_same_key_goes_on(client, sandbox):
    sandbox.fault("stripe", "drop_after", method="POST", count=1)
    lost = client.http.post(LIST, json={}, headers={"Idempotency-Key": "lost"})
    assert lost.status_code in (502, 503)
    ident = _start(client, "lost")["verification"]["id"]
    sessions = stack.call(f"{sandbox.url}/_sandbox/stripe")["sessions"]
    assert [row["reference"] for row in sessions] == [ident]


def test_removal_when_the_vendor_is_down_then_it_is_gone_here(client, sandbox, running):
    made = _start(client, "down")
    ident = made["verification"]["id"]
    httpx2.post(made["url"], data={"outcome": "verified"}, trust_env=False).raise_for_status()
    assert client.data(f"{LIST}/{ident}/report")["person"]["last_name"] == "Marlowe"
    sandbox.fault("stripe", "status_503", path="*redact", count=1)
    assert _post(client, ident, "redact")["redaction"] == "waiting"
    client.problem(f"{LIST}/{ident}/report", 404, "fin.not_remembered")
    assert _post(client, ident, "redact")["redaction"] == "processing"
    if running.log is not None:
        text = running.log.read_text("utf-8")
        assert not [word for word in ("Marlowe", "Lantern Row", made["url"], made["client_secret"]) if word in text]


def test_verification_when_nobody_has_it_then_one_problem(client):
    client.problem(f"{LIST}/v-ffffffffffffffffffffffff", 404, "fin.not_remembered")
