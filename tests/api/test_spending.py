"""Spending, cash flow and transfers over HTTP, with the lines of every figure, over a book that imports filled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from fin_infra.security import keyring
from tests.api.filled import got, serving
from tests.cli.test_spending import CLOTHES, FILES


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("FIN_INFRA_VAULT_KEYS", keyring.new_key_text("one"))
    with serving(tmp_path, [each.encode() for each in FILES.values()]) as found:
        yield found


def test_spending_when_read_then_rows_and_totals_are_by_currency_and_lines_add_up(client: TestClient) -> None:
    found = got(client, "/spending")
    assert [(each["name"], each["spent"]["amount"]) for each in found["rows"]][:2] == [
        (CLOTHES, "30.00"),
        (CLOTHES, "25.00"),
    ]
    euros, dollars = got(client, "/spending/lines", name=CLOTHES)
    assert [line["amount"]["amount"] for line in dollars["lines"]] == ["40.00", "-15.00"]
    assert euros["amount"] == {"amount": "30.00", "currency": "EUR"}
    assert got(client, "/spending/lines", name="nobody") == []
    assert [each["name"] for each in got(client, "/spending", by="merchant", end="2026-02-01")["rows"]] == ["ZARA"] * 2
    assert got(client, "/spending", period="year")["rows"][0]["start"] == "2026-01-01"


def test_cash_flow_when_read_then_months_and_totals_are_there_and_lines_add_up(client: TestClient) -> None:
    found = got(client, "/cash-flow")
    assert [(each["month"], each["net"]["currency"]) for each in found["rows"]] == [
        ("2026-01-01", "EUR"),
        ("2026-01-01", "USD"),
        ("2026-02-01", "USD"),
        ("2026-03-01", "USD"),
    ]
    assert found["rows"][1]["savings_rate"] == "0.9750"
    assert found["rows"][2]["savings_rate"] is None
    [_, moved] = got(client, "/cash-flow/lines", figure="transfers")
    assert [line["amount"]["amount"] for line in moved["lines"]] == ["-200.00", "200.00"]
    assert got(client, "/cash-flow", start="2027-01-01") == {"rows": [], "totals": []}


def test_transfers_when_a_person_says_what_they_are_then_they_follow(client: TestClient) -> None:
    found = got(client, "/transfers")
    assert [len(found[name]) for name in ("transfers", "refunds", "unclear")] == [1, 1, 1]
    one, other = found["unclear"][0]["out_id"], found["unclear"][0]["in_id"]
    assert client.post(f"/transactions/{one}/link", json={"other_id": int(other)}).status_code == 200
    assert len(got(client, "/transfers")["transfers"]) == 2
    pair = found["transfers"][0]["in_id"]
    said = client.post(f"/transactions/{pair}/apart", json={"apart": True})
    assert (said.status_code, said.json()["data"]) == (200, {"changes": 1})
    assert [each["in_id"] for each in got(client, "/transfers")["transfers"]] == [None, other]
    assert client.post(f"/transactions/{pair}/apart", json={"apart": False}).json()["data"] == {"changes": 1}


def test_routes_when_the_question_cannot_be_meant_then_it_is_a_problem_with_one_sentence(client: TestClient) -> None:
    for path, params in (
        ("/spending", {"account": 999}),
        ("/cash-flow", {"start": "2026-02-01", "end": "2026-01-01"}),
        ("/transfers", {"start": "2026-02-01", "end": "2026-02-01"}),
    ):
        reply = client.get(path, params=params)
        assert reply.status_code in (400, 422), reply.text
        assert reply.json()["detail"]
    assert client.get("/spending", params={"by": "mood"}).status_code == 422
    assert client.post("/transactions/4711/apart", json={"apart": True}).status_code == 404
    assert client.post("/transactions/1/apart", json={"apart": "yes"}).status_code == 422


def test_routes_when_another_household_asks_then_it_sees_nothing_of_the_first(client: TestClient) -> None:
    pair = got(client, "/transfers")["transfers"][0]["in_id"]
    other = {"x-user": "ben"}
    assert client.get("/spending", headers=other).json()["data"] == {"rows": [], "totals": []}
    assert client.get("/cash-flow", headers=other).json()["data"] == {"rows": [], "totals": []}
    assert client.get("/transfers", headers=other).json()["data"]["transfers"] == []
    assert client.post(f"/transactions/{pair}/apart", json={"apart": True}, headers=other).status_code == 404
