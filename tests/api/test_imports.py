"""Statement files over HTTP: looked at, imported, taken back; what cannot be read is a sentence and stores nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Header
from fastapi.testclient import TestClient

from fin_infra.api import PUBLIC, User, add_book, imports
from fin_infra.book import Book, open_book
from fin_infra.security import keyring
from fin_infra.transport import Async

HEAD = "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD"
ACCOUNT = "<BANKACCTFROM><BANKID>021000021<ACCTID>99887766<ACCTTYPE>CHECKING</BANKACCTFROM>"
ROW = "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260303<TRNAMT>-4.50<FITID>f1<NAME>Coffee</STMTTRN>"
TAIL = "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
FILE = f"{HEAD}{ACCOUNT}<BANKTRANLIST>{ROW}</BANKTRANLIST>{TAIL}".encode()
NAMELESS = f"{HEAD}<BANKTRANLIST>{ROW}</BANKTRANLIST>{TAIL}".encode()


def caller(x_user: str = Header("ana")) -> User:
    return User(x_user, "default")


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("FIN_INFRA_VAULT_KEYS", keyring.new_key_text("one"))
    book: Book[Async] = open_book(f"sqlite:///{tmp_path / 'book.db'}", mode="async")
    app = FastAPI()
    add_book(app, auth=PUBLIC, book_of=lambda user: book.of(user.name, user.tenant), caller=caller)
    with TestClient(app) as found:
        yield found
    book.engine.dispose()


def sent(client: TestClient, path: str, content: bytes = FILE, status: int = 201, **params: Any) -> Any:
    reply = client.post(path, content=content, params=params)
    assert reply.status_code == status, reply.text
    return reply.json().get("data") or reply.json()


def told(client: TestClient, who: str = "ana") -> list[tuple[str, str]]:
    rows = client.get("/transactions", headers={"x-user": who}).json()["data"]["items"]
    return [(row["description"], row["amount"]["amount"]) for row in rows]


def test_file_when_previewed_then_nothing_is_stored_and_an_import_does_what_was_said(client: TestClient) -> None:
    plan = sent(client, "/imports/preview", status=200, name="march.ofx")
    [part] = plan["parts"]
    assert (part["ending"], part["reason"], len(part["new"]), plan["document"]) == ("7766", "new", 1, None)
    assert "99887766" not in str(plan)
    assert (told(client), client.get("/imports").json()["data"]) == ([], [])
    result = sent(client, "/imports", name="march.ofx")
    assert (result["added"], result["already"], result["document"]["name"]) == (1, False, "march.ofx")
    assert told(client) == [("Coffee", "-4.50")]
    again = sent(client, "/imports", status=200)
    assert (again["already"], again["document"]["id"]) == (True, result["document"]["id"])
    assert told(client, "bob") == [], "another household"


def test_import_when_undone_then_the_rows_are_gone_and_a_second_time_is_refused(client: TestClient) -> None:
    number = sent(client, "/imports")["document"]["id"]
    assert client.post(f"/imports/{number}/undo", headers={"x-user": "bob"}).status_code == 422, "another household"
    reply = client.post(f"/imports/{number}/undo")
    assert (reply.status_code, reply.json()["data"]["state"]) == (200, "undone")
    assert told(client) == []
    assert client.post(f"/imports/{number}/undo").status_code == 422
    assert [row["state"] for row in client.get("/imports").json()["data"]] == ["undone"]


@pytest.mark.parametrize("path", ["/imports", "/imports/preview"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Send the statement file as the body"),
        (b"<html>sign in first</html>", "not a statement file of a known format"),
        (NAMELESS, "account"),
        (FILE[:-60], "export"),
    ],
)
def test_file_when_it_cannot_be_read_then_one_sentence_and_nothing_is_stored(
    client: TestClient, path: str, content: bytes, said: str
) -> None:
    problem = sent(client, path, content, status=422)
    assert said in problem["detail"]
    assert "Traceback" not in str(problem)
    assert (told(client), client.get("/imports").json()["data"]) == ([], [])


def test_file_when_the_caller_names_what_it_does_not_say_then_it_is_read(client: TestClient) -> None:
    plan = sent(client, "/imports/preview", NAMELESS, status=200, account="12345678")
    assert plan["parts"][0]["ending"] == "5678"
    assert (
        client.post("/imports", content=NAMELESS, params={"account": "12345678", "currency": "us"}).status_code == 422
    )


def test_file_when_its_columns_were_guessed_then_the_preview_gives_the_reasons(client: TestClient) -> None:
    rows = b"Date,Description,Amount\n2026-11-02,Coffee,-3.50\n2026-11-13,Pay,100.00\n"
    plan = sent(client, "/imports/preview", rows, status=200, account="12345678", currency="USD")
    assert any("columns are read by their names" in reason for reason in plan["warnings"])


def test_file_when_larger_than_allowed_then_413_before_it_is_read(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MAX_BYTES", len(FILE) - 1)
    assert client.post("/imports", content=FILE).status_code == 413
    monkeypatch.setattr(imports, "MAX_BYTES", len(FILE))
    assert client.post("/imports", content=FILE).status_code == 201


BROKER = Path(__file__).parents[1] / "imports" / "fixtures" / "ofx" / "brokerage.ofx"
SCHWAB = b"""\
"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"
"02/04/2026","Buy","AAPL","APPLE INC","5.125","$251.00","","-$1287.00"
"02/03/2026","Buy","AAPL","APPLE INC","10","$250.50","","-$2505.00"
"""


@pytest.mark.parametrize("same", [True, False])
def test_trades_when_two_formats_tell_them_then_counts_are_served_and_the_doubt_is_answered_once(
    client: TestClient, same: bool
) -> None:
    first = sent(client, "/imports", BROKER.read_bytes())
    assert first["trades"] == {"new": 2, "known": 0, "asked": 0, "unknown": 0}
    [account] = client.get("/accounts").json()["data"]
    given: dict[str, Any] = {"account": "Z100", "account_id": account["id"]}
    counts = {"new": 0, "known": 1, "asked": 1, "unknown": 0}
    plan = sent(client, "/imports/preview", SCHWAB, 200, **given)
    assert plan["parts"][0]["trades"] == counts
    result = sent(client, "/imports", SCHWAB, **given)
    assert (result["trades"], result["document"]["trades"], result["asked"]) == (counts, 2, 0)
    [asked] = client.get("/trades/doubts").json()["data"]
    assert (asked["kind"], asked["trade"]["amount"]["amount"]) == ("amount", "-1287.00")
    path = f"/doubts/{asked['id']}/{asked['other_id']}"
    assert client.post(path, json={"same": same}, headers={"x-user": "bob"}).status_code == 404
    assert client.post(path, json={"same": same}).json()["data"]["changes"] > 0
    assert client.get("/trades/doubts").json()["data"] == []
    assert client.post(path, json={"same": same}).json()["data"]["changes"] == 0
    assert client.post(path, json={"same": not same}).status_code == 422
