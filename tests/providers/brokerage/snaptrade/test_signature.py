"""SnapTrade's signatures against requests that the vendor's own SDK signed."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from fin_infra.providers.brokerage.snaptrade.signature import signature


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
