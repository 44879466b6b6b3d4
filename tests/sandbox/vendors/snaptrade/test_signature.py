"""SnapTrade's request signature: the official SDK's vectors, vectors made by hand, and every way to get it wrong."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from fin_infra.sandbox.vendors.snaptrade.access import is_signed

CLIENT = "SANDBOX-CLIENT"
REFUSED = {"detail": "Unable to verify signature sent", "status_code": 401, "code": "1076"}


def test_signature_when_the_official_sdk_made_it_then_accepted(samples: Path) -> None:
    vectors = json.loads((samples / "snaptrade" / "sdk_signed_requests.json").read_text())
    assert len(vectors["requests"]) == 5
    for row in vectors["requests"]:
        content = json.loads(row["body"]) if row["body"] else {}
        args = (content, [row["path"]], row["query"])
        assert is_signed(vectors["consumer_key"], row["Signature"], *args)
        assert not is_signed(vectors["consumer_key"] + "x", row["Signature"], *args)
        assert not is_signed(vectors["consumer_key"], row["Signature"], content, [row["path"] + "/"], row["query"])


@pytest.mark.parametrize("prefix", ["", "/api/v1", "/snaptrade", "/snaptrade/api/v1"])
@pytest.mark.parametrize("sent", ["/accounts", "/api/v1/accounts"])
def test_path_when_signed_with_or_without_prefixes_then_accepted_unless_it_was_never_sent(
    snap: Any, sent: str, prefix: str
) -> None:
    query = snap.query(userId="sandbox-user", userSecret="sandbox-user-secret")
    signed = f'{{"content":null,"path":"{prefix}/accounts","query":"{query}"}}'
    reply = snap.send("GET", f"{sent}?{query}", None, snap.sign(signed))
    fits = "/api/v1" in sent or "/api/v1" not in prefix
    assert reply.status_code == (200 if fits else 401)


@pytest.mark.parametrize("name", ['"userId":"jos\\u00e9-1"', '"userId":"josé-1"'])
def test_body_when_not_ascii_then_accepted_escaped_or_as_utf8(snap: Any, name: str) -> None:
    query = snap.query()
    signed = f'{{"content":{{{name}}},"path":"/snapTrade/registerUser","query":"{query}"}}'
    reply = snap.send("POST", f"/snapTrade/registerUser?{query}", {"userId": "josé-1"}, snap.sign(signed))
    assert reply.json()["userId"] == "josé-1"


def test_body_when_nested_then_keys_are_sorted_at_every_level(snap: Any) -> None:
    query = snap.query()
    signed = (
        f'{{"content":{{"a":{{"x":1,"y":[{{"m":2,"n":3}}]}},"substring":"apple"}},"path":"/symbols","query":"{query}"}}'
    )
    body = {"substring": "apple", "a": {"y": [{"n": 3, "m": 2}], "x": 1}}
    reply = snap.send("POST", f"/symbols?{query}", body, snap.sign(signed))
    assert [row["symbol"] for row in reply.json()] == ["AAPL"]


def test_body_when_an_empty_object_then_signed_as_null(snap: Any) -> None:
    query = snap.query()
    signed = f'{{"content":null,"path":"/symbols","query":"{query}"}}'
    reply = snap.ask(f"/snaptrade/symbols?{query}", "POST", json={}, headers={"signature": snap.sign(signed)})
    assert reply.status_code == 200


def test_query_when_reordered_or_reencoded_after_signing_then_refused(snap: Any) -> None:
    query = snap.query(userId="sandbox-user", userSecret="sandbox-user-secret")
    sign = snap.sign(f'{{"content":null,"path":"/accounts","query":"{query}"}}')
    reordered = "&".join(reversed(query.split("&")))
    for changed in (reordered, query.replace("sandbox-user&", "sandbox%2Duser&"), query + "&limit=1"):
        reply = snap.send("GET", f"/accounts?{changed}", None, sign)
        assert (reply.status_code, reply.json()) == (401, REFUSED)


def test_signature_when_one_byte_differs_then_refused(snap: Any) -> None:
    query = snap.query()
    sign = snap.sign(f'{{"content":null,"path":"/exchanges","query":"{query}"}}')
    assert snap.send("GET", f"/exchanges?{query}", None, sign).status_code == 200
    for at in range(0, len(sign), 7):
        other = sign[:at] + ("A" if sign[at] != "A" else "B") + sign[at + 1 :]
        reply = snap.send("GET", f"/exchanges?{query}", None, other)
        assert (reply.status_code, reply.json()) == (401, REFUSED)
    assert snap.send("GET", f"/exchanges?{query}", None, "").json() == REFUSED


def test_body_when_changed_after_signing_then_refused(snap: Any) -> None:
    query = snap.query()
    sign = snap.sign(f'{{"content":{{"userId":"a"}},"path":"/snapTrade/registerUser","query":"{query}"}}')
    assert snap.send("POST", f"/snapTrade/registerUser?{query}", {"userId": "b"}, sign).json() == REFUSED


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff", b"[" * 100_000, b'{"userId":"\\ud800"}'])
def test_body_when_it_is_no_json_object_or_no_text_then_refused_and_not_an_error(snap: Any, content: bytes) -> None:
    reply = snap.ask(f"/snaptrade/snapTrade/registerUser?{snap.query()}", "POST", content=content)
    assert reply.status_code in (400, 401)
    assert reply.json()["code"] == "1076"


@pytest.mark.parametrize(
    ("shift", "status"), [(-200, 200), (200, 200), (-400, 401), (400, 401), (-86_400, 401), (10**9, 401)]
)
def test_timestamp_when_further_than_300_seconds_from_the_real_time_then_refused(
    snap: Any, shift: int, status: int
) -> None:
    snap.at("2030-01-01T00:00:00Z")  # the sandbox clock has no say in it
    query = f"clientId={CLIENT}&timestamp={int(time.time()) + shift}"
    sign = snap.sign(f'{{"content":null,"path":"/exchanges","query":"{query}"}}')
    reply = snap.send("GET", f"/exchanges?{query}", None, sign)
    assert reply.status_code == status
    assert status == 200 or reply.json() == {"detail": "Invalid timestamp", "status_code": 401, "code": "1076"}


@pytest.mark.parametrize(
    "query", ["", "clientId=SANDBOX-CLIENT", "clientId=SANDBOX-CLIENT&timestamp=now", "clientId=x"]
)
def test_client_or_timestamp_when_missing_or_unknown_then_401(snap: Any, query: str) -> None:
    reply = snap.send("GET", f"/exchanges?{query}", None, "")
    assert (reply.status_code, reply.json()["code"]) == (401, "1076")


def test_status_and_brokerages_when_unsigned_then_answered(snap: Any) -> None:
    assert snap.ask("/snaptrade/").json() == {
        "version": 153,
        "timestamp": "2026-11-20 15:00:00.000000+00:00",
        "online": True,
    }
    slugs = [row["slug"] for row in snap.ask("/snaptrade/brokerages").json()]
    assert slugs == ["SCHWAB", "ROBINHOOD", "QUESTRADE", "COINBASE", "KRAKEN", "FIDELITY"]
