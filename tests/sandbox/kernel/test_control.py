"""The control plane: what it changes, and one sentence when it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_kinds import fault_kinds

C = "/_sandbox"


def test_reset_when_everything_was_touched_then_everything_is_as_at_the_start(ask: Any) -> None:
    before = ask(f"{C}/world").content
    ask(f"{C}/finastra", "POST", json={"token_ttl_s": 60, "list_shape": "array"})
    bearer = ask.finastra_bearer()
    ask.advance(days=3)
    ask(f"{C}/faults", "POST", json={"vendor": "*", "kind": "status_500"})
    ask(f"{C}/quotas", "POST", json={"enforce": True})
    ask.teller("/accounts")
    assert ask(f"{C}/reset", "POST").json() == {
        "sandbox": "fin-infra",
        "now": "2026-11-20T15:00:00Z",
        "seed": 7,
        "faults": 0,
        "vendors": list(fault_kinds()),
    }
    assert ask(f"{C}/requests").json() == {"requests": []}
    assert ask(f"{C}/quotas").json()["alpha-vantage"]["enforced"] is False
    assert ask(f"{C}/finastra").json() == {
        "token_ttl_s": 300,
        "list_shape": "items",
        "tokens_issued": 0,
        "keys": [],
        "tenants": ["sandbox", "finastra-dev", "bank-north", "bank-south"],
    }
    assert ask("/finastra/total-lending/collaterals/b2b/v2/collaterals", headers=bearer).status_code == 401
    assert ask(f"{C}/world").content == before


def test_reset_when_given_a_seed_then_another_world_and_the_old_one_again(ask: Any) -> None:
    first = ask(f"{C}/world").content
    ask(f"{C}/reset", "POST", json={"seed": 8})
    assert ask(f"{C}/world").json()["seed"] == 8
    ask(f"{C}/reset", "POST", json={"seed": 7})
    assert ask(f"{C}/world").content == first


def test_clock_when_moved_then_told_back(ask: Any) -> None:
    assert ask(f"{C}/clock").json() == {"now": "2026-11-20T15:00:00Z"}
    assert ask(f"{C}/clock", "POST", json={"advance_s": 90}).json() == {"now": "2026-11-20T15:01:30Z"}
    assert ask(f"{C}/clock", "POST", json={"set": "2026-11-21T10:00:00+01:00"}).json() == {
        "now": "2026-11-21T09:00:00Z"
    }


def test_faults_when_added_and_removed_then_listed_accordingly(ask: Any) -> None:
    made = [ask(f"{C}/faults", "POST", json={"vendor": "ecb", "kind": kind}).json() for kind in ("empty", "html")]
    listed = ask(f"{C}/faults").json()
    assert [fault["id"] for fault in listed["faults"]] == [fault["id"] for fault in made]
    assert "quota_note" in listed["vendors"]["alpha-vantage"]
    assert "quota_note" not in listed["vendors"]["teller"]
    assert ask(f"{C}/faults/{made[0]['id']}", "DELETE").status_code == 200
    assert ask(f"{C}/faults/{made[0]['id']}", "DELETE").status_code == 404
    assert ask("/ecb/stats/eurofxref/eurofxref-daily.xml").headers["content-type"].startswith("text/html")
    ask(f"{C}/faults", "DELETE")
    assert ask(f"{C}/faults").json()["faults"] == []


def test_requests_when_forgotten_then_counted_from_one_again(ask: Any) -> None:
    ask.teller("/accounts")
    ask(f"{C}/requests", "DELETE")
    ask.teller("/identity")
    rows = ask(f"{C}/requests").json()["requests"]
    assert [(row["number"], row["path"], row["status"]) for row in rows] == [(1, "/identity", 200)]


def test_world_when_asked_then_it_agrees_with_what_the_vendors_say(ask: Any) -> None:
    world = ask(f"{C}/world").json()
    account = world["accounts"][0]
    assert ask.teller(f"/accounts/{account['id']}/balances").json()["ledger"] == account["ledger"]
    quote = ask.av("GLOBAL_QUOTE", symbol="IBM").json()["Global Quote"]
    assert quote["05. price"] == world["equities"]["IBM"]["close"] + "00"
    coin = ask.cg("/simple/price", ids="solana", vs_currencies="usd", precision="full").json()["solana"]["usd"]
    assert repr(coin) == world["crypto_usd"]["solana"].rstrip("0")
    assert world["fx"]["rates"]["USD"] == "1.1624"


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/clock", {}, "Give either"),
        ("/clock", {"set": "2026-11-21T09:00:00Z", "advance_s": 1}, "Give either"),
        ("/clock", {"set": "tomorrow"}, "ISO 8601"),
        ("/clock", {"set": "2026-11-21T09:00:00"}, "time zone"),
        ("/clock", {"set": "1999-01-01T00:00:00Z"}, "world runs from"),
        ("/clock", {"advance_s": "1"}, "number of seconds"),
        ("/clock", {"advance_s": -1}, "zero or more"),
        ("/clock", {"forward": 1}, "Unknown field 'forward'"),
        ("/reset", {"seed": "7"}, "whole number"),
        ("/reset", {"sead": 7}, "Unknown field 'sead'"),
        ("/quotas", {"enforce": 1}, "enforce"),
        ("/finastra", {"token_ttl_s": 0}, "`token_ttl_s` must be a whole number from 1"),
        ("/finastra", {"token_ttl_s": True}, "`token_ttl_s` must be a whole number from 1"),
        ("/finastra", {"list_shape": "rows"}, "`list_shape` must be one of items, collaterals, array"),
        ("/finastra", {"list_shape": ["items"]}, "`list_shape` must be one of"),
        ("/finastra", {"revoke": False}, "`revoke` can only be true"),
        ("/finastra", {"ttl": 1}, "Unknown field 'ttl'"),
        ("/finastra/keys", {"kid": "k", "public_key": "x"}, "`client_id` must be one of sandbox-b2b-client"),
        ("/finastra/keys", {"client_id": "sandbox-b2b-client", "public_key": "x"}, "`kid` must be text"),
        ("/finastra/keys", {"client_id": "sandbox-b2b-client", "kid": "k", "public_key": "x"}, "RSA public key"),
        ("/faults", {"vendor": "acme", "kind": "empty"}, "Unknown vendor 'acme'"),
    ],
)
def test_post_when_it_cannot_be_done_then_422_with_one_sentence(ask: Any, path: str, body: Any, text: str) -> None:
    reply = ask(f"{C}{path}", "POST", json=body)
    assert reply.status_code == 422
    assert text in reply.json()["error"]


@pytest.mark.parametrize("content", ["{", "[1]", "\xff", "[" * 100_000])
def test_post_when_the_body_is_not_an_object_then_422(ask: Any, content: str) -> None:
    assert ask(f"{C}/reset", "POST", content=content.encode("latin-1")).status_code == 422
