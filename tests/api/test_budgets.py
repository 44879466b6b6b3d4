"""A budget over HTTP: a month, the steps, refusals, and two households that do not meet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from fin_infra.security import keyring
from tests.api.filled import serving

FILE = (
    b"OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD"
    b"<BANKACCTFROM><BANKID>021000021<ACCTID>99887766<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>"
    b"<STMTTRN><TRNTYPE>OTHER<DTPOSTED>20260302<TRNAMT>2000.00<FITID>f1<NAME>ACME PAYROLL</STMTTRN>"
    b"<STMTTRN><TRNTYPE>OTHER<DTPOSTED>20260305<TRNAMT>-150.00<FITID>f2<NAME>WHOLE FOODS MARKET</STMTTRN>"
    b"</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
)
MARCH = "/budgets/2026-03"
GROCERIES = "FOOD_AND_DRINK_GROCERIES"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("FIN_INFRA_VAULT_KEYS", keyring.new_key_text("one"))
    with serving(tmp_path, [FILE]) as found:
        yield found


def sent(client: TestClient, path: str, status: int = 200, **body: Any) -> Any:
    reply = client.post(path, json=body)
    assert reply.status_code == status, reply.text
    return reply.json().get("data") or reply.json()


def dollars(found: Any) -> Any:
    return next(each for each in found["currencies"] if each["currency"] == "USD")


def available(found: Any) -> dict[str, str]:
    return {each["category"]: each["available"]["amount"] for each in dollars(found)["envelopes"]}


def test_steps_when_sent_then_each_answers_with_its_month(client: TestClient) -> None:
    money: dict[str, Any] = {"category": "groceries", "currency": "usd"}
    given = sent(client, f"{MARCH}/assign", **money, amount="200.00")
    assert available(given) == {GROCERIES: "50.00"}
    assert dollars(given)["ready_to_assign"]["amount"] == "1800.00"
    moved = sent(client, f"{MARCH}/move", **money, amount=20, to="coffee")
    assert available(moved) == {"FOOD_AND_DRINK_COFFEE": "20", GROCERIES: "30.00"}
    [limit] = sent(client, f"{MARCH}/limit", **money, amount="100")["limits"]
    assert (limit["left"]["amount"], limit["exceeded"]) == ("-50.00", True)
    target = sent(client, f"{MARCH}/target", category="flights", currency="USD", amount="90", by="2026-05")
    flights = next(each for each in dollars(target)["envelopes"] if each["category"] == "TRAVEL_FLIGHTS")
    assert flights["target"]["needed"]["amount"] == "30.00"
    sent(client, f"{MARCH}/overspending", overspending="carry")
    assert sent(client, f"{MARCH}/close")["closed"] is True
    assert sent(client, f"{MARCH}/assign", 422, **money, amount="1")["detail"].startswith("March 2026 is closed")
    assert sent(client, f"{MARCH}/reopen")["closed"] is False
    sent(client, "/budgets/undo", steps=7)
    assert available(client.get(MARCH).json()["data"]) == {GROCERIES: "-150.00"}


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/budgets/2026-13/assign", {"category": "groceries", "amount": 1, "currency": "USD"}, "is not a month"),
        ("/budgets/march/assign", {"category": "groceries", "amount": 1, "currency": "USD"}, "month"),
        (f"{MARCH}/assign", {"category": "xyzzy", "amount": 1, "currency": "USD"}, "is not a category"),
        (f"{MARCH}/assign", {"category": "groceries", "amount": 9999, "currency": "USD"}, "is ready to assign"),
        (f"{MARCH}/assign", {"category": "groceries", "amount": 1, "currency": "XQQ"}, "currency"),
        (f"{MARCH}/move", {"category": "groceries", "to": "coffee", "amount": 1, "currency": "USD"}, "can be taken"),
        (f"{MARCH}/overspending", {"overspending": "forget"}, "overspending"),
        ("/budgets/undo", {"steps": 0}, "steps"),
        ("/budgets/undo", {"steps": 1}, "nothing to undo"),
    ],
)
def test_step_when_it_cannot_be_taken_then_422_says_why(
    client: TestClient, path: str, body: dict[str, Any], words: str
) -> None:
    before = client.get(MARCH).json()["data"]
    assert words in str(sent(client, path, 422, **body))
    assert client.get(MARCH).json()["data"] == before


def test_households_when_both_have_budgets_then_neither_changes_the_other(client: TestClient) -> None:
    sent(client, f"{MARCH}/assign", category="groceries", amount="200", currency="USD")
    before = client.get(MARCH).json()["data"]
    bob = {"X-User": "bob"}
    assert client.get(MARCH, headers=bob).json()["data"]["currencies"] == []
    assert client.post("/budgets/undo", json={}, headers=bob).status_code == 422
    assert client.post(f"{MARCH}/limit", json={"category": "groceries", "amount": 5, "currency": "USD"}, headers=bob)
    assert client.get(MARCH).json()["data"] == before
