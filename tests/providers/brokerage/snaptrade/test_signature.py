"""SnapTrade's signatures against requests that the vendor's own SDK signed, and webhooks against its rule."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import ConfigurationError, InvalidInput
from fin_infra.providers.brokerage.snaptrade.signature import signature, verify_webhook

NOW = datetime(2026, 8, 12, 18, 22, 50, tzinfo=UTC)
EVENT = {"webhookId": "w-1", "eventType": "CONNECTION_BROKEN", "eventTimestamp": "2026-08-12T18:22:47.039837+00:00"}


def test_signature_when_recorded_from_the_official_sdk_then_the_same(samples: Path) -> None:
    recorded = json.loads((samples / "snaptrade" / "sdk_signed_requests.json").read_text())
    assert len(recorded["requests"]) == 5
    for row in recorded["requests"]:
        content = json.loads(row["body"]) if row["body"] else None
        assert signature(recorded["consumer_key"], row["path"], row["query"], content) == row["Signature"]


def test_signature_when_written_by_hand_then_sorted_keys_no_blanks_and_an_empty_body_is_null() -> None:
    text = '{"content":null,"path":"/accounts","query":"userId=a%2Bb&clientId=C"}'
    mark = b64encode(hmac.new(b"key", text.encode(), sha256).digest()).decode()
    assert signature("key", "/accounts", "userId=a%2Bb&clientId=C") == mark
    assert signature("key", "/accounts", "userId=a%2Bb&clientId=C", {}) == mark
    nested = '{"content":{"a":{"c":1,"d":2},"b":"\\u00fc"},"path":"/x","query":""}'
    assert (
        signature("key", "/x", "", {"b": "ü", "a": {"d": 2, "c": 1}})
        == b64encode(hmac.new(b"key", nested.encode(), sha256).digest()).decode()
    )


def test_signature_when_the_official_client_is_installed_then_it_agrees() -> None:
    hook = pytest.importorskip("snaptrade_client.request_after_hook")
    body = {"userId": "plain-user-1", "nested": {"b": [1, None], "a": "é"}}
    query = "userId=u&clientId=C&timestamp=1"
    wanted = hook.compute_request_signature(f"/snapTrade/login?{query}", "k", body)
    assert signature("k", "/snapTrade/login", query, body) == wanted


def signed(event: Any, key: str = "ck") -> str:
    text = json.dumps(event, separators=(",", ":"), sort_keys=True)
    return b64encode(hmac.new(key.encode(), text.encode(), sha256).digest()).decode()


def test_webhook_when_signed_then_the_event_whatever_its_blanks_and_order() -> None:
    body = json.dumps(dict(reversed(EVENT.items())), indent=2).encode()
    assert verify_webhook(body, signed(EVENT), "ck", NOW) == EVENT


@pytest.mark.parametrize(
    ("body", "header", "words"),
    [
        (json.dumps(EVENT), signed(EVENT, "other"), "SNAPTRADE_CONSUMER_KEY"),
        (json.dumps(EVENT), None, "SNAPTRADE_CONSUMER_KEY"),
        (json.dumps(EVENT), "ünsigned", "SNAPTRADE_CONSUMER_KEY"),
        (json.dumps({**EVENT, "eventType": "USER_DELETED"}), signed(EVENT), "SNAPTRADE_CONSUMER_KEY"),
        ("[]", signed([]), "JSON object"),
        ("{", "x", "JSON object"),
        (json.dumps({"a": 1}), signed({"a": 1}), "eventTimestamp"),
        (
            json.dumps({"eventTimestamp": "2026-08-12T18:22:47"}),
            signed({"eventTimestamp": "2026-08-12T18:22:47"}),
            "with a time zone",
        ),
    ],
)
def test_webhook_when_forged_or_malformed_then_refused(body: str, header: str | None, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        verify_webhook(body.encode(), header, "ck", NOW)


def test_webhook_when_old_or_from_the_future_then_refused() -> None:
    body, header = json.dumps(EVENT).encode(), signed(EVENT)
    for moment in (NOW + timedelta(seconds=296), NOW - timedelta(seconds=290)):
        verify_webhook(body, header, "ck", moment)
    for moment in (NOW + timedelta(seconds=301), NOW - timedelta(seconds=310)):
        with pytest.raises(InvalidInput, match="five minutes"):
            verify_webhook(body, header, "ck", moment)


def test_webhook_when_the_key_is_blank_then_nobody_is_believed() -> None:
    with pytest.raises(ConfigurationError, match="consumer key"):
        verify_webhook(json.dumps(EVENT).encode(), signed(EVENT, " "), " ", NOW)


def test_webhooks_when_recorded_then_read_once_signed(samples: Path) -> None:
    """The documentation's events carry no signature, so they are signed here; none passes unsigned."""
    for event in json.loads((samples / "snaptrade" / "webhooks.json").read_text()):
        at = datetime.fromisoformat(event["eventTimestamp"])
        body = json.dumps(event).encode()
        assert verify_webhook(body, signed(event), "ck", at)["webhookId"] == event["webhookId"]
        with pytest.raises(InvalidInput):
            verify_webhook(body, "", "ck", at)
