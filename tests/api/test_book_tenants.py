"""Two users of one tenant and one of another: every route tried with the others' ids, and every trace searched.

What one household has is planted with words and tokens that stand nowhere else; none of them may show up in what the
others are answered, in a log line, in the metrics or in the API's description.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from asset_aggregator.api import create_app
from fin_infra.providers import registry
from fin_infra.sandbox import running
from fin_infra.security import KNOWN

VICTIM, SAME_TENANT, OTHER_TENANT = "v" * 30, "s" * 30, "o" * 30
ATTACKERS = {"another user of the tenant": SAME_TENANT, "the same name in another tenant": OTHER_TENANT}
BANK = "banking:teller"
NOTE = "Plantednote the surgeon"
CATEGORY = "plantedcategory"
PETS, WORDS = "MEDICAL_VETERINARY_SERVICES", "plantedrule words"
REFUSED_TOKEN = "planted-token-5f0c3b9a-never-known"


@dataclass(frozen=True)
class Household:
    """What the victim has, by the service's own word."""

    client: TestClient
    connection: str
    account: int
    transaction: int
    other: int
    rule: int
    cursor: str
    texts: frozenset[str] = field(repr=False)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def lines() -> Iterator[list[str]]:
    """Every log line of the process, whatever its level, with all that a handler would write."""
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name.startswith("httpx2"):  # the test's own client, which prints whole URLs
                return
            found.append(logging.Formatter("%(name)s %(message)s").format(record) + repr(vars(record)))

    handler = Keep(level=0)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield found
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service keeps its book."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def client(lines: list[str], folder: Path) -> Iterator[TestClient]:
    with running() as sandbox, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
        monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", sandbox)
        tokens = f"victim={VICTIM},attacker={SAME_TENANT},victim@north={OTHER_TENANT}"
        monkeypatch.setenv("FIN_INFRA_API_TOKENS", tokens)
        monkeypatch.setenv("LOG_FORMAT", "none")
        monkeypatch.setenv("FIN_INFRA_RATE_LIMIT", "100000")
        monkeypatch.setenv("XDG_DATA_HOME", str(folder))
        monkeypatch.delenv("SQL_URL", raising=False)
        registry.reset()
        with TestClient(create_app(), raise_server_exceptions=False) as found:
            yield found
        registry.reset()


@pytest.fixture(scope="module")
def victim(client: TestClient) -> Household:
    def get(path: str, **params: Any) -> Any:
        reply = client.get(path, headers=bearer(VICTIM), params=params)
        assert reply.status_code == 200, reply.text
        return reply.json()["data"]

    made = client.post(
        "/connections", headers=bearer(VICTIM), json={"provider": BANK, "token": "test_token_sandbox"}
    ).json()["data"]
    assert made["state"] == "healthy", made
    page = get("/transactions", limit=50)
    one, other = page["items"][:2]
    said = client.patch(f"/transactions/{one['id']}", headers=bearer(VICTIM), json={"note": NOTE, "category": CATEGORY})
    assert said.status_code == 200, said.text
    rule = client.post("/rules", headers=bearer(VICTIM), json={"category": PETS, "contains": WORDS})
    assert rule.status_code == 201, rule.text
    texts = {NOTE, CATEGORY, WORDS, made["id"], "test_token_sandbox"}
    texts |= {row["description"] for row in page["items"]} | {row["vendor_id"] for row in page["items"]}
    texts |= {row["name"] for row in get("/accounts")}
    return Household(
        client,
        made["id"],
        one["account_id"],
        one["id"],
        other["id"],
        int(rule.json()["data"]["id"]),
        page["next"],
        frozenset(text for text in texts),
    )


def attacks(victim: Household) -> dict[str, tuple[str, str, dict[str, Any], set[int]]]:
    """Every route that takes an id, with the victim's; each with the answers that say nothing."""
    row, other = victim.transaction, victim.other
    words = [
        {"category": "mine"},
        {"note": "mine"},
        {"hidden": True},
        {"deleted": True},
        {"split": [{"category": "x", "amount": 1}]},
    ]
    found: dict[str, tuple[str, str, dict[str, Any], set[int]]] = {
        "sync": ("POST", f"/connections/{victim.connection}/sync", {}, {404}),
        "disconnect": ("DELETE", f"/connections/{victim.connection}", {}, {404}),
        "account": ("GET", "/transactions", {"params": {"account": victim.account}}, {422}),
        "cursor": ("GET", "/transactions", {"params": {"cursor": victim.cursor}}, {422}),
        "export": ("GET", "/transactions/export", {"params": {"account": victim.account}}, {422}),
        "file": ("GET", f"/imports/{row}/file", {}, {422}),
        "transaction": ("GET", f"/transactions/{row}", {}, {404}),
        "link": ("POST", f"/transactions/{row}/link", {"json": {"other_id": other}}, {404}),
        "unlink": ("POST", f"/transactions/{row}/link", {"json": {"other_id": None}}, {404}),
        "past": ("GET", f"/transactions/{row}/past-changes", {"params": {"category": PETS}}, {404}),
        "labels": ("GET", "/labels", {"params": {"account": victim.account}}, {422}),
        "label cursor": ("GET", "/labels", {"params": {"cursor": victim.cursor}}, {422}),
        "apart": ("POST", f"/transactions/{row}/apart", {"json": {"apart": True}}, {404}),
        "spending": ("GET", "/spending", {"params": {"account": victim.account}}, {422}),
        "cash flow": ("GET", "/cash-flow", {"params": {"account": victim.account}}, {422}),
        "rule": ("DELETE", f"/rules/{victim.rule}", {}, {404}),
        "move": ("POST", f"/rules/{victim.rule}/move", {"json": {"place": 1}}, {404}),
        "join": ("POST", f"/accounts/{victim.account}/join", {"json": {"other_id": victim.account}}, {422}),
        "separate": ("POST", f"/accounts/{victim.account}/separate", {}, {422}),
        "doubt": ("POST", f"/doubts/{row}/{other}", {"json": {"same": True}}, {404}),
    }
    found |= {f"words {next(iter(body))}": ("PATCH", f"/transactions/{row}", {"json": body}, {404}) for body in words}
    return found


def whole(client: TestClient) -> list[Any]:
    """Return everything that the victim can read."""
    paths = (
        "/connections",
        "/accounts",
        "/balances",
        "/holdings",
        "/doubts",
        "/accounts/doubts",
        "/trades/doubts",
        "/imports",
        "/rules",
        "/spending",
        "/cash-flow",
        "/transfers",
        "/budgets/2026-11",
    )
    rows = [client.get(path, headers=bearer(VICTIM)).json()["data"] for path in paths]
    for path, params in (
        ("/transactions", {"limit": 1000, "hidden": "true"}),
        ("/labels", {"limit": 1000}),
        ("/changes", {"limit": 5000}),
    ):
        rows.append(client.get(path, headers=bearer(VICTIM), params=params).json()["data"])
    return rows


def free_of(texts: frozenset[str] | set[str], what: str, shown: str) -> None:
    found = [text for text in texts if text in shown]
    assert found == [], f"{what} shows {len(found)} of the victim's words"


@pytest.mark.parametrize("who", ATTACKERS)
def test_routes_when_tried_with_the_victims_ids_then_they_say_nothing_and_change_nothing(
    victim: Household, who: str
) -> None:
    before = whole(victim.client)
    for name, (verb, path, given, statuses) in attacks(victim).items():
        reply = victim.client.request(verb, path, headers=bearer(ATTACKERS[who]), **given)
        assert reply.status_code in statuses, f"{name}: {reply.status_code} {reply.text}"
        shown = reply.text.replace(path, "").replace(victim.connection, "")  # `instance` is the path that was asked
        free_of(victim.texts, name, shown)
    assert whole(victim.client) == before


@pytest.mark.parametrize("who", ATTACKERS)
def test_answer_when_an_id_is_somebody_elses_then_it_is_the_one_for_an_id_that_nobody_has(
    victim: Household, who: str
) -> None:
    for name, (verb, path, given, _) in attacks(victim).items():
        nobody = path.replace(victim.connection, "c-ffffffffffffffff").replace(str(victim.transaction), "900000001")
        nobody = nobody.replace(f"/rules/{victim.rule}", "/rules/900000003")
        nobody = nobody.replace(str(victim.other), "900000002")
        params = {key: _nobody(value) for key, value in given.get("params", {}).items()}
        replies = [
            victim.client.request(verb, path, headers=bearer(ATTACKERS[who]), **given),
            victim.client.request(
                verb, nobody, headers=bearer(ATTACKERS[who]), **given | ({"params": params} if params else {})
            ),
        ]
        theirs, none = [
            (reply.status_code, re.sub(r"[\d*]+", "N", reply.json()["detail"]), reply.json()["code"])
            for reply in replies
        ]
        assert theirs == none, name


def _nobody(value: Any) -> Any:
    return 900_000_001 if isinstance(value, int) else re.sub(r"~.*", "~900000001", value)


@pytest.mark.parametrize("who", ATTACKERS)
def test_lists_when_somebody_else_reads_them_then_they_have_nothing_of_the_victims(victim: Household, who: str) -> None:
    for path in (
        "/connections",
        "/accounts",
        "/balances",
        "/holdings",
        "/doubts",
        "/transactions",
        "/changes",
        "/labels",
        "/rules",
        "/spending",
        "/cash-flow",
        "/transfers",
    ):
        for params in ({}, {"search": "Plantednote"}, {"category": CATEGORY}, {"since": 0}):
            reply = victim.client.get(path, headers=bearer(ATTACKERS[who]), params=params)
            assert reply.status_code == 200
            data = reply.json()["data"]
            assert data == [] or not any(data.values()), path


@pytest.mark.parametrize("who", ATTACKERS)
def test_questions_when_somebody_else_asks_then_the_victims_book_does_not_answer(victim: Household, who: str) -> None:
    mine = victim.client.get("/ask/accounts", headers=bearer(VICTIM)).json()["data"]
    assert str(victim.account) in [row["id"] for row in mine], "the victim's own question reads the book"
    theirs = victim.client.get("/ask/accounts", headers=bearer(ATTACKERS[who])).json()["data"]
    assert not {row["id"] for row in mine} & {row["id"] for row in theirs}
    params = {"account_id": str(victim.account)}
    for path in ("/ask/transactions", "/ask/balances"):
        reply = victim.client.get(path, headers=bearer(ATTACKERS[who]), params=params)
        assert reply.status_code in (404, 422), reply.text
        free_of({NOTE, CATEGORY}, path, reply.text)


def test_households_when_each_connects_then_the_ids_of_one_never_reach_the_other(victim: Household) -> None:
    """Ids count from 1 in each book: the same number is another transaction there."""
    client = victim.client
    body = {"provider": BANK, "token": "test_token_sandbox"}
    assert client.post("/connections", headers=bearer(SAME_TENANT), json=body).status_code == 201
    before = whole(client)
    rows = client.get("/transactions", headers=bearer(SAME_TENANT), params={"limit": 1000}).json()["data"]["items"]
    assert victim.transaction in [row["id"] for row in rows], "the numbers meet, or this shows nothing"
    said = client.patch(
        f"/transactions/{victim.transaction}", headers=bearer(SAME_TENANT), json={"note": "mine", "deleted": True}
    )
    assert said.json()["data"]["note"] == "mine"
    assert whole(client) == before
    assert NOTE not in said.text
    found = client.delete(f"/connections/{victim.connection}", headers=bearer(SAME_TENANT))
    assert found.status_code == 404


def test_token_when_planted_then_it_is_in_no_answer_log_line_metric_or_description(
    victim: Household, lines: list[str]
) -> None:
    client = victim.client
    bodies: list[dict[str, Any]] = [
        {"provider": BANK, "token": REFUSED_TOKEN},
        {"provider": BANK, "token": REFUSED_TOKEN, "surplus": REFUSED_TOKEN},
        {"provider": BANK, "token": [REFUSED_TOKEN]},
        {"provider": BANK, "credentials": {"access_token": REFUSED_TOKEN, "base_url": REFUSED_TOKEN}},
        {"provider": BANK, "credentials": {"access_token": {"x": REFUSED_TOKEN}}},
        {"provider": BANK, "credentials": REFUSED_TOKEN},
        {"provider": "banking:nobody", "token": REFUSED_TOKEN},
        {"provider": "market:alpha_vantage", "token": REFUSED_TOKEN},
        {"provider": BANK, "token": REFUSED_TOKEN * 300},
    ]
    answers = [client.post("/connections", headers=bearer(VICTIM), json=body) for body in bodies]
    answers.append(client.post("/connections", headers=bearer(VICTIM), content=f'{{"token": "{REFUSED_TOKEN}"'))
    answers.append(
        client.post(
            "/connections",
            headers=bearer(VICTIM) | {"Content-Type": "application/json"},
            content=f'{{"provider": "{BANK}", "token": "{REFUSED_TOKEN}", "token": "{REFUSED_TOKEN}"}}',
        )
    )
    assert [reply.status_code for reply in answers] == [201, 422, 422, 422, 422, 422, 404, 422, 422, 415, 422]
    planted = {REFUSED_TOKEN, REFUSED_TOKEN[:20]}
    for reply in answers:
        free_of(planted, f"an answer {reply.status_code}", reply.text + str(reply.headers))
    for path in ("/metrics", "/openapi.json", "/readyz", "/connections", "/changes?limit=5000"):
        free_of(planted, path, client.get(path, headers=bearer(VICTIM)).text)
    assert len(lines) > 20, "nothing was logged, so nothing was searched"
    free_of(planted | {"test_token_sandbox"}, "a log line", "\n".join(lines))
    assert not KNOWN.within(REFUSED_TOKEN), "what was only passing through is not kept to be recognized"


def test_words_and_names_when_all_is_done_then_logs_and_metrics_have_none(victim: Household, lines: list[str]) -> None:
    texts = {text for text in victim.texts if text != victim.connection and len(text) > 6}
    free_of(texts, "a log line", "\n".join(lines))
    shown = victim.client.get("/metrics", headers=bearer(VICTIM)).text
    free_of({*texts, victim.connection, "north"}, "/metrics", shown)
    assert f'"{victim.transaction}"' not in shown


def test_database_when_dumped_then_no_token_stands_in_it(victim: Household, folder: Path) -> None:
    stored = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert NOTE.encode() in stored, "this is the book, and it can be searched"
    assert b"test_token_sandbox" not in stored
    assert REFUSED_TOKEN.encode() not in stored


def test_policy_when_a_scope_is_missing_then_reading_is_not_writing(
    victim: Household, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reader = "r" * 30
    monkeypatch.setenv("FIN_INFRA_API_TOKENS", f"reader[book:read]={reader}")
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    monkeypatch.setenv("LOG_FORMAT", "none")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        assert client.get("/transactions", headers=bearer(reader)).status_code == 200
        for verb, path in (
            ("POST", "/connections"),
            ("DELETE", "/connections/c-1"),
            ("POST", "/connections/c-1/sync"),
            ("PATCH", "/transactions/1"),
            ("POST", "/transactions/1/link"),
            ("POST", "/transactions/1/apart"),
            ("POST", "/doubts/1/2"),
            ("POST", "/rules"),
            ("POST", "/rules/1/move"),
            ("DELETE", "/rules/1"),
            ("POST", "/budgets/2026-03/assign"),
            ("POST", "/budgets/2026-03/move"),
            ("POST", "/budgets/2026-03/limit"),
            ("POST", "/budgets/2026-03/target"),
            ("POST", "/budgets/2026-03/overspending"),
            ("POST", "/budgets/2026-03/close"),
            ("POST", "/budgets/2026-03/reopen"),
            ("POST", "/budgets/undo"),
        ):
            assert client.request(verb, path, headers=bearer(reader), json={}).status_code == 403, path
            assert client.request(verb, path, json={}).status_code == 401, path
