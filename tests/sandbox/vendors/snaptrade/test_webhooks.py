"""SnapTrade's webhooks as the sandbox sends them: fields of its documentation, signed over the event written again."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from fin_infra.sandbox.vendors.snaptrade.webhooks import OF_ACCOUNTS, OF_CONNECTIONS, OF_USERS, TYPES
from tests.support.mailbox import mailbox

SEND = "/_sandbox/snaptrade/webhook"
KEY = b"sandbox-snaptrade-consumer-key"


@pytest.mark.parametrize("kind", [OF_USERS[1], OF_CONNECTIONS[2], OF_ACCOUNTS[4]])
def test_webhook_when_sent_then_its_fields_are_documented_and_its_signature_fits(
    ask: Any, samples: Path, kind: str
) -> None:
    with mailbox() as box:
        reply = ask(SEND, "POST", json={"url": box.url, "type": kind}).json()
        [(body, headers)] = box.letters
    event = json.loads(body)
    assert (reply["event"], reply["answers"]) == (event, [200])
    text = json.dumps(event, separators=(",", ":"), sort_keys=True)
    assert body != text.encode(), "what is signed is not what is sent"
    assert headers["signature"] == b64encode(hmac.digest(KEY, text.encode(), "sha256")).decode()
    recorded = json.loads((samples / "snaptrade" / "webhooks.json").read_text())
    known = next(set(row) for row in recorded if row["eventType"] == kind)
    assert set(event) <= known
    assert known - set(event) <= {"webhookSecret", "brokerageId", "details"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"type": "NOTHING"}, "`type` must be"), ({"slug": "NOBODY"}, "`slug` must be"), ({"at": "x"}, "with a zone")],
)
def test_webhook_when_a_field_is_wrong_then_422_says_what_it_may_be(ask: Any, wrong: Any, words: str) -> None:
    reply = ask(SEND, "POST", json={"url": "http://127.0.0.1:1/", "type": TYPES[-1], **wrong})
    assert reply.status_code == 422
    assert words in reply.json()["error"]
