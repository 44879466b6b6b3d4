"""Teller's webhooks as the sandbox sends them: the documented events, and a signature that OpenSSL gives too."""

from __future__ import annotations

import hmac
import json
import subprocess
import time
from typing import Any

import pytest

from tests.support.mailbox import Mailbox, mailbox

SEND = "/_sandbox/teller/webhook"
SECRET = "sandbox-teller-webhook-secret"


def send(ask: Any, box: Mailbox, kind: str, **more: Any) -> dict[str, Any]:
    reply = ask(SEND, "POST", json={"url": box.url, "type": kind, **more})
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("webhook.test", set[str]()),
        ("enrollment.disconnected", {"enrollment_id", "reason"}),
        ("transactions.processed", {"enrollment_id", "transactions"}),
        ("account.number_verification.processed", {"account_id", "status"}),
    ],
)
def test_webhook_when_sent_then_it_has_the_documented_shape_and_a_signature_over_its_bytes(
    ask: Any, kind: str, payload: set[str]
) -> None:
    with mailbox() as box:
        found = send(ask, box, kind)
        [(body, headers)] = box.letters
    assert found["answers"] == [200]
    event = json.loads(body)
    assert event == found["event"]
    assert set(event) == {"id", "payload", "timestamp", "type"}
    assert event["id"].startswith("wh_")
    assert set(event["payload"]) == payload
    stamp, _, mark = headers["teller-signature"].removeprefix("t=").partition(",v1=")
    assert abs(int(stamp) - time.time()) < 60
    asked = ["openssl", "dgst", "-sha256", "-hmac", SECRET]
    try:
        said = subprocess.run(asked, input=f"{stamp}.".encode() + body, capture_output=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("no openssl")
    assert said.decode().split()[-1] == mark


def test_webhook_when_two_secrets_are_valid_then_each_has_signed(ask: Any) -> None:
    with mailbox() as box:
        at = "2026-11-20T15:00:00Z"
        send(ask, box, "webhook.test", secrets=["one", "two"], id="wh_x", at=at, times=2)
    (body, headers), second = box.letters
    assert (body, headers["teller-signature"]) == (second[0], second[1]["teller-signature"])
    stamp = "1795186800"  # date -ud 2026-11-20T15:00:00 +%s
    marks = [hmac.new(each, f"{stamp}.".encode() + body, "sha256").hexdigest() for each in (b"one", b"two")]
    assert headers["teller-signature"] == f"t={stamp},v1={marks[0]},v1={marks[1]}"
    assert json.loads(body)["timestamp"] == at


def test_enrollment_when_told_to_be_disconnected_then_it_is_until_somebody_enrolls_again(ask: Any) -> None:
    bank = {"institution": "harbor_credit_union"}
    with mailbox() as box:
        send(ask, box, "enrollment.disconnected", reason="disconnected.account_locked", **bank)
    [(body, _)] = box.letters
    assert json.loads(body)["payload"]["reason"] == "disconnected.account_locked"
    refused = ask.teller("/accounts")
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "enrollment.disconnected.account_locked")
    ask("/_sandbox/teller/connect", "POST", json=bank)
    assert ask.teller("/accounts").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"type": "nothing"}, "`type` must be one of"),
        ({"type": "enrollment.disconnected", "reason": "bored"}, "`reason` must be one of"),
        ({"type": "transactions.processed", "institution": "nowhere"}, "`institution` must be one of"),
        ({"type": "webhook.test", "secrets": "one"}, "`secrets` must be a list"),
        ({"type": "webhook.test", "url": "http://8.8.8.8/"}, "private network"),
        ({"type": "webhook.test", "colour": 1}, "Unknown field"),
    ],
)
def test_webhook_when_a_field_is_wrong_then_422_says_what_it_may_be(ask: Any, wrong: Any, words: str) -> None:
    reply = ask(SEND, "POST", json={"url": "http://127.0.0.1:1/", **wrong})
    assert reply.status_code == 422
    assert words in reply.json()["error"]
