"""Goals, plans for debts and alerts over HTTP, of a file that was imported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from fin_infra.security import keyring
from tests.api.filled import serving

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
FILE = (
    b"OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD"
    b"<BANKACCTFROM><BANKID>021000021<ACCTID>99887766<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>"
    b"<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260310<TRNAMT>-35.00<FITID>f1<NAME>OVERDRAFT FEE</STMTTRN>"
    b"</BANKTRANLIST><LEDGERBAL><BALAMT>500.00<DTASOF>20260319</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
)
GOAL = {"kind": "savings", "name": "Trip", "target": "2000.00", "currency": "USD", "monthly": "100.00"}
CARD = {"id": "visa", "balance": "10000.00", "annual_rate": "0.18", "minimum": "500.00"}


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("FIN_INFRA_VAULT_KEYS", keyring.new_key_text("one"))
    with serving(tmp_path, [FILE], clock=lambda: NOW) as found:
        yield found


def got(client: TestClient, path: str, **headers: str) -> Any:
    reply = client.get(path, headers=headers)
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]


def test_goals_when_one_is_set_then_it_is_there_with_its_progress_until_removed(client: TestClient) -> None:
    [account] = got(client, "/accounts")
    made = client.post("/goals", json=GOAL | {"account_id": str(account["id"])})
    assert made.status_code == 201
    [goal] = got(client, "/goals")
    assert goal["goal"] == made.json()["data"]
    assert (goal["percent"], goal["reached_on"]) == ("25.00", "2027-06-20")
    assert client.delete(f"/goals/{goal['goal']['id']}").json()["data"] == {"changes": 1}
    assert got(client, "/goals") == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"target": "-5.00"}, "`target` is -5.00 USD"),
        ({"monthly": "0.00"}, "never reached; it takes at least"),
        ({"by": "2026-03-01"}, "`by`, 2026-03-01, is not after today, 2026-03-20."),
        ({"currency": "usd"}, "write USD"),
        ({"account_id": "99"}, "The book has no account 99"),
    ],
)
def test_goals_when_one_cannot_be_meant_then_a_problem_with_one_sentence(
    client: TestClient, change: dict[str, str], says: str
) -> None:
    reply = client.post("/goals", json=GOAL | change)
    assert reply.status_code == 422
    assert says in reply.json()["detail"]
    assert got(client, "/goals") == []


def test_payoff_when_debts_are_given_then_both_plans_with_every_installment(client: TestClient) -> None:
    reply = client.post("/goals/payoff", json={"currency": "USD", "debts": [CARD]})
    assert reply.status_code == 200
    plan = reply.json()["data"]["avalanche"]
    assert (plan["months"], plan["interest"]["amount"], plan["paid_off_on"]) == (24, "1978.25", "2028-03-20")
    assert len(plan["debts"][0]["schedule"]["installments"]) == 24
    never = client.post("/goals/payoff", json={"currency": "USD", "debts": [CARD | {"minimum": "100.00"}]})
    assert (never.status_code, "pay at least 150.01 USD" in never.json()["detail"]) == (422, True)
    past = client.post("/goals/payoff", json={"currency": "USD", "debts": [CARD], "first_payment": "2026-03-19"})
    assert "has passed; today is 2026-03-20" in past.json()["detail"]


def test_alerts_when_one_is_dismissed_then_it_stays_away(client: TestClient) -> None:
    [alert] = got(client, "/alerts")
    assert (alert["kind"], alert["date"]) == ("fee", "2026-03-10")
    assert client.post(f"/alerts/{alert['id']}/dismiss").json()["data"] == {"changes": 1}
    assert got(client, "/alerts") == []
    assert client.post(f"/alerts/{'0' * 16}/dismiss").status_code == 404


@pytest.mark.parametrize("who", [{"x-user": "ben"}, {"x-tenant": "north"}])
def test_goals_and_alerts_when_another_household_asks_then_it_reaches_none(
    client: TestClient, who: dict[str, str]
) -> None:
    made = client.post("/goals", json=GOAL).json()["data"]
    [alert] = got(client, "/alerts")
    assert (got(client, "/goals", **who), got(client, "/alerts", **who)) == ([], [])
    assert client.delete(f"/goals/{made['id']}", headers=who).status_code == 404
    assert client.post(f"/alerts/{alert['id']}/dismiss", headers=who).status_code == 404
    assert [each["goal"] for each in got(client, "/goals")] == [made]
