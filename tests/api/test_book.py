"""The routes of the book against the sandbox's own truth: connect, sync, read, say, follow, end."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Header
from fastapi.testclient import TestClient

from fin_infra.api import PUBLIC, User, add_book
from fin_infra.book import Book, open_book
from fin_infra.transport import Async
from tests.support.sandbox_control import Control

TOKEN = "test_token_sandbox"
BANK = "banking:teller"


def caller(x_user: str = Header("ana"), x_tenant: str = Header("default")) -> User:
    return User(x_user, x_tenant)


@pytest.fixture
def book(sandbox: Control, tmp_path: Path) -> Iterator[Book[Async]]:
    found = open_book(f"sqlite:///{tmp_path / 'book.db'}", mode="async")
    yield found
    found.engine.dispose()


@pytest.fixture
def app(book: Book[Async]) -> FastAPI:
    found = FastAPI()
    add_book(found, auth=PUBLIC, book_of=lambda user: book.of(user.name, user.tenant), caller=caller)
    return found


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as found:
        yield found


@pytest.fixture
def connection(client: TestClient) -> str:
    reply = client.post("/connections", json={"provider": BANK, "token": TOKEN})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["data"]["id"])


def ok(client: TestClient, path: str, **params: Any) -> Any:
    reply = client.get(path, params=params)
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]


def test_connect_when_the_bank_answers_then_the_routes_have_what_the_world_has(
    client: TestClient, connection: str, sandbox: Control
) -> None:
    [row] = ok(client, "/connections")
    assert (row["id"], row["provider"], row["state"]) == (connection, BANK, "healthy")
    world = sandbox.accounts()
    assert len(ok(client, "/accounts")) == len(world)
    rows = ok(client, "/transactions", limit=1000)
    assert rows["next"] is not None
    assert len(ok(client, "/balances")) == len([each for each in world if each["status"] == "open"])
    assert ok(client, "/holdings") == []
    assert ok(client, "/doubts") == []


def test_connect_when_made_then_it_says_where_it_is_and_nothing_may_be_cached(client: TestClient) -> None:
    reply = client.post("/connections", json={"provider": BANK, "token": TOKEN})
    assert reply.headers["location"] == f"/connections/{reply.json()['data']['id']}"
    assert reply.headers["cache-control"] == "private, no-store"


def test_transactions_when_paged_then_each_comes_once_and_newest_first(client: TestClient, connection: str) -> None:
    account = ok(client, "/transactions", limit=1)["items"][0]["account_id"]
    seen: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = ok(client, "/transactions", account=account, start="2026-06-01", limit=70, **cursor)
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    whole = ok(client, "/transactions", account=account, start="2026-06-01", limit=1000)
    assert whole["next"] is None, "one page holds the account, or the comparison says nothing"
    assert seen == whole["items"]
    assert len(seen) > 140
    days = [row["date"] for row in seen]
    assert days == sorted(days, reverse=True)


def test_transactions_when_filtered_then_only_those_that_fit_are_there(client: TestClient, connection: str) -> None:
    rows = ok(client, "/transactions", limit=1000)["items"]
    one = next(row for row in rows if row["status"] == "posted")
    same_day = [row["id"] for row in rows if row["date"] == one["date"]]
    after = f"{one['date'][:8]}{int(one['date'][8:]) + 1:02}"
    found = ok(client, "/transactions", start=one["date"], end=after, limit=1000)["items"]
    assert [row["id"] for row in found] == same_day
    assert {row["status"] for row in ok(client, "/transactions", status="pending")["items"]} == {"pending"}
    client.patch(f"/transactions/{one['id']}", json={"note": "Zebra crossing", "category": "holiday"})
    assert [row["id"] for row in ok(client, "/transactions", search="zebra")["items"]] == [one["id"]]
    assert [row["id"] for row in ok(client, "/transactions", category="holiday")["items"]] == [one["id"]]


@pytest.mark.parametrize(
    "cursor", ["nonsense", "2026-13-01~1", "9999-12-31~1", "2026-11-01~x", "2026-11-01~-1", "2026-11-01~²"]
)
def test_transactions_when_the_cursor_is_made_up_then_one_sentence(client: TestClient, cursor: str) -> None:
    reply = client.get("/transactions", params={"cursor": cursor})
    assert reply.status_code == 422
    assert "`next`" in reply.json()["detail"]


def test_words_when_said_then_they_stand_beside_what_the_bank_says(client: TestClient, connection: str) -> None:
    row = ok(client, "/transactions", status="posted", limit=1)["items"][0]
    amount = Decimal(row["amount"]["amount"])
    parts = [{"category": "a", "amount": str(amount - 1)}, {"category": "b", "amount": 1, "note": "half"}]
    reply = client.patch(f"/transactions/{row['id']}", json={"category": "gifts", "note": "for Ben", "split": parts})
    assert reply.status_code == 200, reply.text
    now = reply.json()["data"]
    assert (now["category"], now["vendor_category"], now["note"]) == ("gifts", row["vendor_category"], "for Ben")
    assert [(part["category"], Decimal(part["amount"]["amount"])) for part in now["split"]] == [
        ("a", amount - 1),
        ("b", Decimal(1)),
    ]
    now = client.patch(f"/transactions/{row['id']}", json={"note": None, "hidden": True, "split": []}).json()["data"]
    assert (now["category"], now["note"], now["hidden"], now["split"]) == ("gifts", None, True, [])
    assert row["id"] not in [each["id"] for each in ok(client, "/transactions", limit=1000)["items"]]
    assert row["id"] in [each["id"] for each in ok(client, "/transactions", limit=1000, hidden="true")["items"]]


def test_words_when_the_parts_do_not_add_up_then_nothing_is_said(client: TestClient, connection: str) -> None:
    row = ok(client, "/transactions", status="posted", limit=1)["items"][0]
    parts = [{"category": "a", "amount": "0.01"}]
    reply = client.patch(f"/transactions/{row['id']}", json={"category": "gifts", "split": parts})
    assert reply.status_code == 422
    assert "add up to 0.01" in reply.json()["detail"]
    assert ok(client, f"/transactions/{row['id']}") == row


@pytest.mark.parametrize(
    ("body", "status"),
    [({"categry": "x"}, 422), ({"category": " "}, 422), ({"hidden": "yes"}, 422), ({"note": "x" * 4001}, 422)],
)
def test_words_when_they_cannot_be_meant_then_422(
    client: TestClient, connection: str, body: dict[str, Any], status: int
) -> None:
    row = ok(client, "/transactions", limit=1)["items"][0]
    assert client.patch(f"/transactions/{row['id']}", json=body).status_code == status
    assert ok(client, f"/transactions/{row['id']}") == row


def test_link_when_said_then_both_sides_have_it_until_it_is_taken_back(client: TestClient, connection: str) -> None:
    one, other = (row["id"] for row in ok(client, "/transactions", status="posted", limit=2)["items"])
    assert client.post(f"/transactions/{one}/link", json={"other_id": other}).json()["data"]["linked_id"] == other
    assert ok(client, f"/transactions/{other}")["linked_id"] == one
    assert client.post(f"/transactions/{one}/link", json={"other_id": None}).json()["data"]["linked_id"] is None
    assert ok(client, f"/transactions/{other}")["linked_id"] is None


def test_changes_when_followed_in_parts_then_each_comes_once_in_order(client: TestClient, connection: str) -> None:
    positions: list[int] = []
    since = 0
    while part := ok(client, "/changes", since=since, limit=400)["items"]:
        positions += [each["position"] for each in part]
        since = positions[-1]
    assert positions == list(range(1, len(positions) + 1))
    row = ok(client, "/transactions", limit=1)["items"][0]
    client.patch(f"/transactions/{row['id']}", json={"note": "seen"})
    part = ok(client, "/changes", since=since)
    assert [(each["subject"], each["kind"], each["id"]) for each in part["items"]] == [("said", "note", row["id"])]
    assert part["next"] == since + 1
    assert ok(client, "/changes", since=part["next"]) == {"items": [], "next": part["next"]}


def test_sync_when_asked_again_at_once_then_429_says_when(client: TestClient, connection: str) -> None:
    reply = client.post(f"/connections/{connection}/sync")
    assert reply.status_code == 429
    assert 1 <= int(reply.headers["retry-after"]) <= 60
    assert reply.json()["code"] == "fin.synced_just_now"


def test_sync_when_the_policy_allows_it_then_it_says_what_it_found(book: Book[Async], sandbox: Control) -> None:
    from datetime import timedelta

    app = FastAPI()
    add_book(app, auth=PUBLIC, book_of=lambda user: book.of(user.name), sync_pause=timedelta())
    with TestClient(app) as client:
        made = client.post("/connections", json={"provider": BANK, "token": TOKEN}).json()["data"]["id"]
        result = client.post(f"/connections/{made}/sync").json()["data"]
        assert (result["connection"], result["changes"], result["busy"]) == (made, 0, False)
        sandbox.advance(days=3)
        assert client.post(f"/connections/{made}/sync").json()["data"]["changes"] > 0


def test_connect_when_the_sync_takes_longer_than_a_request_may_then_it_goes_on(
    book: Book[Async], sandbox: Control
) -> None:
    app = FastAPI()
    add_book(app, auth=PUBLIC, book_of=lambda user: book.of(user.name), wait_s=0)
    with TestClient(app) as client:
        made = client.post("/connections", json={"provider": BANK, "token": TOKEN}).json()["data"]
        assert made["state"] == "linking"
        for _ in range(600):
            [row] = ok(client, "/connections")
            if row["state"] == "healthy":
                break
        assert row["state"] == "healthy"
        assert len(ok(client, "/accounts")) == len(sandbox.accounts())


def test_disconnect_when_done_then_the_token_is_gone_and_the_history_stays(client: TestClient, connection: str) -> None:
    before = ok(client, "/transactions", limit=1000)
    assert client.delete(f"/connections/{connection}").json()["data"]["state"] == "revoked"
    assert ok(client, "/transactions", limit=1000) == before
    reply = client.post(f"/connections/{connection}/sync")
    assert reply.status_code in (422, 429)


def test_connect_when_the_login_is_connected_already_then_one_sentence_says_so(
    client: TestClient, connection: str
) -> None:
    reply = client.post("/connections", json={"provider": BANK, "token": TOKEN})
    assert reply.status_code == 422
    assert f"This login is connected already, as {connection}" in reply.text
    assert TOKEN not in reply.text
    assert [row["id"] for row in ok(client, "/connections")] == [connection]


def test_connect_when_the_token_is_refused_then_the_connection_says_what_to_do(client: TestClient) -> None:
    reply = client.post("/connections", json={"provider": BANK, "token": "test_token_nobody_has_this"})
    assert reply.status_code == 201
    row = reply.json()["data"]
    assert row["state"] == "person_must_act"
    assert row["reason"]
    assert row["next_step"]


SETTINGS: list[dict[str, Any]] = [
    {},
    {"credentials": {}},
    {"credentials": {"base_url": "http://169.254.169.254"}},
    {"credentials": {"access_token": TOKEN, "base_url": "http://169.254.169.254"}},
    {"token": TOKEN, "credentials": {"base_url": "http://169.254.169.254"}},
    {"credentials": {"access_token": " "}},
]


@pytest.mark.parametrize("given", SETTINGS)
def test_connect_when_not_all_of_its_own_credentials_and_no_others_are_given_then_nothing_is_stored(
    client: TestClient, given: dict[str, Any]
) -> None:
    reply = client.post("/connections", json={"provider": BANK, **given})
    assert reply.status_code == 422
    assert "`access_token`" in reply.json()["detail"] or "no single token" in reply.json()["detail"]
    assert ok(client, "/connections") == []


def test_connect_when_an_application_key_is_given_then_it_stays_the_operators(client: TestClient) -> None:
    login = {"client_id": "someone", "consumer_key": "else"}
    reply = client.post("/connections", json={"provider": "brokerage:snaptrade", "credentials": login})
    assert reply.status_code == 422
    assert "`user_id` and `user_secret`" in reply.json()["detail"]


@pytest.mark.parametrize(
    ("provider", "status"), [("banking:nobody", 404), ("market:alpha_vantage", 422), ("fx:ecb", 422)]
)
def test_connect_when_the_provider_has_no_accounts_then_it_says_so(
    client: TestClient, provider: str, status: int
) -> None:
    body = {"provider": provider} | ({"token": TOKEN} if status != 422 or "alpha" in provider else {})
    assert client.post("/connections", json=body).status_code == status
    assert ok(client, "/connections") == []


def test_accounts_when_two_sources_show_one_ending_then_the_person_is_asked_and_says(
    client: TestClient, connection: str
) -> None:
    login = {
        "user_guid": "USR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000001",
        "member_guid": "MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000101",
    }
    reply = client.post("/connections", json={"provider": "banking:mx", "credentials": login})
    assert reply.status_code == 201, reply.text
    [question] = ok(client, "/accounts/doubts")
    assert {question["account"]["name"], question["other"]["name"]} == {"Student Checking"}
    count = len(ok(client, "/accounts"))
    said = client.post(f"/doubts/{question['id']}/{question['other_id']}", json={"same": True})
    assert (said.status_code, said.json()["data"]["changes"] > 0) == (200, True)
    assert ok(client, "/accounts/doubts") == []
    assert len(ok(client, "/accounts")) == count - 1
