"""Categories and rules over HTTP: labels by page with their reasons, rules tried, added, moved and removed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from fin_infra.security import keyring
from tests.api.filled import got, serving

HEAD = "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD"
ACCOUNT = "<BANKACCTFROM><BANKID>021000021<ACCTID>99887766<ACCTTYPE>CHECKING</BANKACCTFROM>"
TAIL = "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
NAMES = ("ZYQQVET 0042", "ZYQQVET 0042", "4711 0815")
ROWS = "".join(
    f"<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>2026030{day}<TRNAMT>-{day}.50<FITID>f{day}<NAME>{name}</STMTTRN>"
    for day, name in enumerate(NAMES, 1)
)
FILE = f"{HEAD}{ACCOUNT}<BANKTRANLIST>{ROWS}</BANKTRANLIST>{TAIL}".encode()
PETS = "MEDICAL_VETERINARY_SERVICES"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("FIN_INFRA_VAULT_KEYS", keyring.new_key_text("one"))
    with serving(tmp_path, [FILE]) as found:
        yield found


def sent(client: TestClient, path: str, status: int, **body: Any) -> Any:
    reply = client.post(path, json=body)
    assert reply.status_code == status, reply.text
    return reply.json().get("data") or reply.json()


def test_categories_when_listed_then_each_has_its_primary_and_meaning(client: TestClient) -> None:
    found = got(client, "/categories")
    assert len(found) == 123
    assert {"code": PETS, "primary": "MEDICAL"}.items() <= next(each for each in found if each["code"] == PETS).items()
    assert all(each["meaning"] for each in found)


def test_labels_when_read_by_page_then_each_comes_once_newest_first_with_its_reason(client: TestClient) -> None:
    sent(client, "/rules", 201, category=PETS, contains="zyqqvet", low="2")
    first = got(client, "/labels", limit=2)
    second = got(client, "/labels", limit=2, cursor=first["next"])
    rows = [*first["items"], *second["items"]]
    assert [each["entry"]["date"] for each in rows] == ["2026-03-03", "2026-03-02", "2026-03-01"]
    assert second["next"] is None
    assert rows[1]["label"]["category"] == PETS
    assert (rows[1]["label"]["judge"], rows[1]["label"]["confidence"]) == ("rule", "1")
    assert "found 'zyqqvet'" in rows[1]["label"]["reason"]
    assert rows[1]["entry"]["amount"] == {"amount": "-2.50", "currency": "USD"}
    [unknown] = got(client, "/labels", uncategorized=True, start="2026-03-03")["items"]
    assert unknown["label"]["category"] == "UNCATEGORIZED"
    assert got(client, "/labels", start="2026-03-02", end="2026-03-03")["items"][0]["entry"]["date"] == "2026-03-02"
    for cursor in ("2026-03-03~4711", "x"):
        assert client.get("/labels", params={"cursor": cursor}).status_code == 422


def test_rules_when_tried_added_moved_and_removed_then_each_answer_says_what_became(client: TestClient) -> None:
    ids = [each["entry"]["id"] for each in got(client, "/labels")["items"]]
    tried = sent(client, "/rules/preview", 200, category=PETS, contains="zyqqvet")
    assert [(each["entry_id"], each["after"]["category"]) for each in tried] == [(ids[2], PETS), (ids[1], PETS)]
    assert got(client, "/rules") == []
    one = sent(client, "/rules", 201, category=PETS, contains="zyqqvet")
    two = sent(client, "/rules", 201, category="FOOD_AND_DRINK_COFFEE", high="1.50", sign="out", place=1)
    assert [each["id"] for each in got(client, "/rules")] == [two["id"], one["id"]]
    assert (two["high"], two["sign"], two["contains"]) == ("1.50", "out", None)
    assert sent(client, f"/rules/{one['id']}/move", 200, place=1) == {"changes": 1}
    assert got(client, "/rules") == [one, two]
    assert client.delete(f"/rules/{two['id']}").json()["data"] == {"changes": 1}
    assert client.delete(f"/rules/{two['id']}").status_code == 404
    assert got(client, "/rules") == [one]


def test_category_when_said_for_the_past_then_what_would_change_is_listed_before(client: TestClient) -> None:
    third, second, first = (each["entry"]["id"] for each in got(client, "/labels")["items"])
    tried = got(client, f"/transactions/{second}/past-changes", category=PETS)
    assert [each["entry_id"] for each in tried] == [first]
    assert client.get(f"/transactions/{second}/past-changes", params={"category": "VET"}).status_code == 422
    assert client.get("/transactions/4711/past-changes", params={"category": PETS}).status_code == 404
    refused = client.patch(f"/transactions/{second}", json={"note": "n", "category": "Rex", "past": True})
    assert (refused.status_code, "Only a code of the taxonomy" in refused.text) == (422, True)
    assert got(client, f"/transactions/{second}")["note"] is None
    assert client.patch(f"/transactions/{second}", json={"category": PETS, "past": True}).status_code == 200
    found = {each["entry"]["id"]: each["label"]["category"] for each in got(client, "/labels")["items"]}
    assert found == {first: PETS, second: PETS, third: "UNCATEGORIZED"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"category": PETS}, "has no condition and would take every transaction"),
        ({"category": PETS, "low": 0}, "has no condition"),
        ({"category": "FOOD_AND_DRINK_COFEE", "contains": "x"}, "did you mean FOOD_AND_DRINK_COFFEE"),
        ({"category": PETS, "pattern": "(?=x)"}, "RE2 has no look-around"),
        ({"category": PETS, "pattern": "."}, "fits any letter and so every transaction"),
        ({"category": PETS, "account_id": "99"}, "The book has no account 99"),
        ({"category": PETS, "contains": "x", "place": 5}, "A rule has a place from 1 to 1, not 5"),
        ({"category": PETS, "contains": "x", "sign": "up"}, "sign"),
        ({"category": PETS, "contains": "x", "surplus": 1}, "surplus"),
    ],
)
def test_rule_when_it_cannot_be_used_then_422_with_a_sentence_and_nothing_is_stored(
    client: TestClient, body: dict[str, Any], words: str
) -> None:
    assert words in str(sent(client, "/rules", 422, **body))
    assert got(client, "/rules") == []


def test_rules_when_another_household_asks_then_it_has_none_and_reaches_none(client: TestClient) -> None:
    made = sent(client, "/rules", 201, category=PETS, contains="zyqqvet")
    for who in ({"x-user": "ben"}, {"x-tenant": "north"}):
        assert client.get("/rules", headers=who).json()["data"] == []
        assert client.get("/labels", headers=who).json()["data"] == {"items": [], "next": None}
        assert client.delete(f"/rules/{made['id']}", headers=who).status_code == 404
        assert client.post(f"/rules/{made['id']}/move", json={"place": 1}, headers=who).status_code == 404
        tried = client.post("/rules/preview", json={"category": PETS, "contains": "zyqqvet"}, headers=who)
        assert tried.json()["data"] == []
    assert got(client, "/rules") == [made]


def test_labels_when_the_extra_is_missing_then_the_caller_has_the_code_and_the_log_the_command(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)
    reply = client.get("/labels")
    assert (reply.status_code, reply.json()["code"]) == (500, "fin.missing_extra")
    assert "pip install" not in reply.text
    assert "Labeling transactions needs rapidfuzz, which is not installed; run: pip install" in caplog.text
    assert len(got(client, "/categories")) == 123
