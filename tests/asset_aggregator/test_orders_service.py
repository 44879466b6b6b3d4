"""Orders through the whole service: real uvicorn, real sandbox, many threads and processes, events as they are sent."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from asset_aggregator import orders
from asset_aggregator.api import Brokers, create_app
from asset_aggregator.orders_journal import PostgresJournal
from fin_infra.brokerage import easy_brokerage
from fin_infra.errors import ConfigurationError
from fin_infra.model import InstrumentKey, NewOrder, Side
from fin_infra.providers import registry
from fin_infra.sandbox import running
from fin_infra.trading import JournalEntry, SqliteJournal, client_order_id
from fin_infra.transport.http import HttpTransport
from tests.providers.brokerage.alpaca.support import orders_at
from tests.support.postgres_server import PASSWORD, PostgresServer

ALL, READER, BOB = "a" * 30, "r" * 30, "b" * 30
ORDER = {"key": "AAPL", "side": "buy", "quantity": "3"}
RESTING = ORDER | {"type": "limit", "limit_price": "250"}
WAIT_S = 60.0


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
def environ(sandbox: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    httpx2.post(f"{sandbox}/_sandbox/reset").raise_for_status()
    given = {
        "FIN_INFRA_MODE": "sandbox",
        "FIN_INFRA_SANDBOX_URL": sandbox,
        "FIN_INFRA_API_TOKENS": f"all={ALL},bob={BOB},reader[brokerage:read]={READER}",
        "FIN_INFRA_TRADING_JOURNAL": str(tmp_path / "orders.sqlite3"),
        "LOG_FORMAT": "none",
    }
    for name in ("SQL_URL", "FIN_INFRA_TRADING_LIVE", "ALPACA_BASE_URL", "ALPACA_LIVE", "SNAPTRADE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    registry.reset()
    return given


@pytest.fixture
def client(environ: dict[str, str]) -> Iterator[TestClient]:
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        yield client
    registry.reset()


def headers(token: str = ALL, key: str | None = None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def server(environ: dict[str, str]) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The service as a user starts it, in a process of its own on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.set_inheritable(True)
        command = [sys.executable, "-m", "uvicorn", "asset_aggregator.api:app", "--fd", str(listener.fileno())]
        process = subprocess.Popen(
            [*command, "--log-level", "warning"],
            env=os.environ | environ,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=[listener.fileno()],
        )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        until(lambda: process.poll() is not None or _answers(url))
        assert process.poll() is None, process.stderr and process.stderr.read()
        yield url, process
    finally:
        process.kill()
        process.communicate(timeout=30)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/healthz").status_code == 200
    except httpx2.HTTPError:
        return False


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/brokerage/orders"), ("DELETE", "/brokerage/orders/x"), ("GET", "/brokerage/account")],
)
def test_route_when_no_token_or_scope_then_refused_and_no_broker_is_asked(
    client: TestClient, sandbox: str, method: str, path: str
) -> None:
    assert client.request(method, path, json=ORDER).status_code == 401
    status = client.request(method, path, json=ORDER, headers=headers(READER, "k")).status_code
    assert status == (200 if method == "GET" else 403)
    assert orders_at(sandbox) == []


def test_problems_when_answered_then_they_are_ours_with_whole_ids(client: TestClient) -> None:
    missing = client.post("/brokerage/orders", json=ORDER, headers=headers())
    assert (missing.status_code, missing.json()["code"]) == (400, "fin.http.bad_request")
    assert "Idempotency-Key" in missing.json()["detail"]
    unknown = client.post("/brokerage/orders", json=ORDER | {"quantitty": "1"}, headers=headers(key="k"))
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "body.quantitty")
    checks = client.post("/brokerage/orders", json=ORDER | {"quantity": "500"}, headers=headers(key="k"))
    assert checks.headers["content-type"] == "application/problem+json"
    rules = {failure["rule"] for failure in checks.json()["failures"]}
    assert rules == {"max_notional_per_order", "max_notional_per_day"}
    path = "/brokerage/orders/550e8400-e29b-41d4-a716-446655440000"
    assert client.get(path, headers=headers()).json()["instance"] == path


def test_key_when_two_principals_use_it_then_each_has_an_order(
    client: TestClient, sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = client.post("/brokerage/orders", json=ORDER, headers=headers(ALL, "k"))
    two = client.post("/brokerage/orders", json=ORDER | {"quantity": "4"}, headers=headers(BOB, "k"))
    assert (one.status_code, two.status_code, len(orders_at(sandbox))) == (201, 201, 2)


ROTATED, NORTH = "c" * 30, "n" * 30
USERS = f"all={ALL},bob={BOB},bob@north={NORTH}"
EDITS = {
    "as it was": USERS,
    "rotated": f"all={ROTATED},bob={BOB},bob@north={NORTH}",
    "both tokens for a while": f"all={ROTATED},{USERS}",
    "somebody in front": f"new={READER},{USERS}",
    "somebody without a name in front": f"{READER},{USERS}",
    "first one removed": f"bob={BOB},bob@north={NORTH}",
    "the other way round": f"bob@north={NORTH},bob={BOB},all={ALL}",
    "tokens exchanged": f"all={BOB},bob={ALL},bob@north={NORTH}",
}
"""Each list of tokens that the same people may have later on; `new` has the token of nobody else."""


@pytest.mark.parametrize("edit", EDITS)
def test_keys_when_the_list_of_tokens_is_edited_then_no_order_is_doubled_and_none_is_lost(
    environ: dict[str, str], sandbox: str, monkeypatch: pytest.MonkeyPatch, edit: str
) -> None:
    """Both tables of the finding: the same key again must find its order, and nobody may be given another's."""
    users = {"all": "3", "bob": "4", "bob@north": "5"}
    placed = {user: _as(USERS, user, "key", quantity, monkeypatch) for user, quantity in users.items()}
    assert [reply.status_code for reply in placed.values()] == [201, 201, 201]
    names = [entry.partition("=")[0] for entry in EDITS[edit].split(",")]
    present = [user for user in users if user in names]
    for user in present:
        again = _as(EDITS[edit], user, "key", users[user], monkeypatch)
        assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
        assert again.json()["data"]["id"] == placed[user].json()["data"]["id"]
    assert len(orders_at(sandbox)) == 3
    if READER in EDITS[edit]:  # a newcomer's first order has the key and the terms of somebody else's
        monkeypatch.setenv("FIN_INFRA_TRADING_DUPLICATE_WINDOW_S", "none")
        registry.reset()
        first = _with(EDITS[edit], READER, "key", "3", monkeypatch)
        assert (first.status_code, "idempotent-replayed" in first.headers) == (201, False)
        assert len(orders_at(sandbox)) == 4


def _as(tokens: str, user: str, key: str, quantity: str, monkeypatch: pytest.MonkeyPatch) -> httpx2.Response:
    """Place an order as a user, with the first token that the list has for it."""
    token = next(entry.partition("=")[2] for entry in tokens.split(",") if entry.partition("=")[0] == user)
    return _with(tokens, token, key, quantity, monkeypatch)


def _with(tokens: str, token: str, key: str, quantity: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("FIN_INFRA_API_TOKENS", tokens)
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        return client.post("/brokerage/orders", json=ORDER | {"quantity": quantity}, headers=headers(token, key))


OLD = Path(__file__).with_name("journal_b2dae12.sql").read_text("utf-8")
"""Written by an earlier release for two callers with one key: a nameless one, of 3 shares, and ana, of 4."""


@pytest.mark.parametrize("journal_is_kept", [True, False])
@pytest.mark.parametrize(("name", "quantity", "other"), [("", "3", "4"), ("ana=", "4", "3")])
def test_key_when_an_earlier_release_placed_the_order_then_it_is_found_over_http(
    environ: dict[str, str],
    sandbox: str,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    quantity: str,
    other: str,
    journal_is_kept: bool,
) -> None:
    ids = {"3": "fin-3833f070da7f7c214b79e50910009e1f19b4b4e4", "4": "fin-613ef9d101e533671ac988ec5fed3859c8fdc79d"}
    for shares, own_id in ids.items():
        assert f"'{own_id}'" in OLD
        _at_the_broker(sandbox, shares, own_id)
    if journal_is_kept:
        with closing(sqlite3.connect(environ["FIN_INFRA_TRADING_JOURNAL"])) as journal:
            journal.executescript(OLD)
    again = _with(f"{name}{ALL}", ALL, "order-1", quantity, monkeypatch)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert again.json()["data"]["client_order_id"] == ids[quantity]
    conflict = _with(f"{name}{ALL}", ALL, "order-1", other, monkeypatch)
    assert (conflict.status_code, conflict.json()["code"]) == (422, "fin.idempotency_conflict")
    assert len(orders_at(sandbox)) == 2


def _at_the_broker(sandbox: str, quantity: str, client_order_id: str) -> None:
    terms = {"symbol": "AAPL", "side": "buy", "qty": quantity, "type": "market", "time_in_force": "day"}
    keys = {"APCA-API-KEY-ID": "PKSANDBOX0000000000", "APCA-API-SECRET-KEY": "sandbox-alpaca-secret"}
    body = terms | {"client_order_id": client_order_id}
    httpx2.post(f"{sandbox}/alpaca/v2/orders", json=body, headers=keys).raise_for_status()


@pytest.mark.parametrize("tokens", [f"{ALL},{BOB}", f"bob={BOB},{ALL}", f"bob@north={NORTH},{ALL}"])
def test_start_when_several_tokens_have_no_name_or_one_that_is_not_first_then_it_is_refused(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, tokens: str
) -> None:
    monkeypatch.setenv("FIN_INFRA_API_TOKENS", tokens)
    with pytest.raises(ConfigurationError, match="has no name, and idempotency keys belong to a name"):
        create_app()


def test_metrics_when_orders_were_placed_then_the_provider_families_show_them(client: TestClient) -> None:
    client.post("/brokerage/orders", json=ORDER, headers=headers(key="k"))
    text = client.get("/metrics").text
    assert 'fin_provider_calls_total{operation="submit_order",provider="brokerage:alpaca",status="ok"}' in text


def test_one_key_when_posted_by_many_threads_then_one_order_and_honest_answers(
    environ: dict[str, str], sandbox: str
) -> None:
    with server(environ) as (url, _), ThreadPoolExecutor(24) as pool:
        replies = list(pool.map(lambda _: _post(url), range(24)))
        last = _post(url)
    assert {reply.status_code for reply in replies} <= {201, 200, 409}, {reply.text for reply in replies}
    assert [reply.status_code for reply in replies].count(201) == 1
    ids = {reply.json()["data"]["id"] for reply in [*replies, last] if reply.status_code < 400}
    assert [order["id"] for order in orders_at(sandbox)] == list(ids)
    assert last.status_code == 200


def _post(url: str, order: dict[str, str] = ORDER, key: str = "one") -> httpx2.Response:
    return httpx2.post(f"{url}/brokerage/orders", json=order, headers=headers(key=key), timeout=WAIT_S)


def test_one_key_when_posted_to_two_machines_with_one_database_then_one_order(
    environ: dict[str, str], sandbox: str, postgres: PostgresServer, tmp_path: Path
) -> None:
    name = postgres.database()
    shared = environ | {"SQL_URL": postgres.url(name)}
    with server(shared) as (one, _), server(shared) as (two, _), ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(_post, [one, two] * 8))
        ready = httpx2.get(f"{one}/readyz", headers=headers()).json()
    assert {reply.status_code for reply in replies} <= {201, 200, 409}, {reply.text for reply in replies}
    assert [reply.status_code for reply in replies].count(201) == 1
    assert len(orders_at(sandbox)) == 1
    assert {"name": "order-journal", "status": "healthy"}.items() <= next(
        check.items() for check in ready["checks"] if check["name"] == "order-journal"
    )
    states = postgres.run("SELECT state FROM order_journal ORDER BY seq", name)
    assert [state for (state,) in states] == ["intent", "placed"]
    assert not (tmp_path / "orders.sqlite3").exists()


@pytest.mark.parametrize("trouble", ["hung", "killed"])
def test_order_when_the_database_hangs_or_is_killed_then_none_is_sent_until_it_is_back(
    environ: dict[str, str], sandbox: str, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setenv("SQL_URL", postgres.url(postgres.database()))
    monkeypatch.setenv("ALPACA_DEADLINE_S", "4")
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        first = client.post("/brokerage/orders", json=ORDER, headers=headers(key="before"))
        with getattr(postgres, trouble)():
            began = time.monotonic()
            refused = client.post("/brokerage/orders", json=RESTING, headers=headers(key="meanwhile"))
            assert time.monotonic() - began < 20
        assert len(orders_at(sandbox)) == 1
        retried = client.post("/brokerage/orders", json=RESTING, headers=headers(key="meanwhile"))
        again = client.post("/brokerage/orders", json=ORDER, headers=headers(key="before"))
    assert (first.status_code, refused.status_code, retried.status_code, again.status_code) == (201, 503, 201, 200)
    assert int(refused.headers["retry-after"]) >= 1
    for word in (PASSWORD, "127.0.0.1", str(postgres.port), "SQL_URL", "PostgreSQL"):
        assert word not in refused.text
    assert len(orders_at(sandbox)) == 2


def test_journal_when_it_fails_after_sending_then_the_order_is_still_the_answer(
    environ: dict[str, str],
    sandbox: str,
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    name = postgres.database()
    monkeypatch.setenv("SQL_URL", postgres.url(name))
    fault = {"vendor": "alpaca", "kind": "latency", "method": "POST", "path": "/v2/orders", "seconds": 3, "count": 1}
    httpx2.post(f"{sandbox}/_sandbox/faults", json=fault).raise_for_status()
    with TestClient(create_app(), raise_server_exceptions=False) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/brokerage/orders", json=ORDER, headers=headers(key="k"))
        until(lambda: [row for row in _arrived(sandbox) if row["method"] == "POST"])
        postgres.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        postgres.hang_up(name)
        reply = first.result(WAIT_S)
        lost = client.post("/brokerage/orders", json=ORDER, headers=headers(key="other"))
        postgres.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        again = client.post("/brokerage/orders", json=ORDER, headers=headers(key="k"))
    assert reply.status_code == 201
    assert (lost.status_code, lost.json()["code"]) == (503, "fin.journal_unavailable")
    assert int(lost.headers["retry-after"]) >= 1
    for word in (PASSWORD, "127.0.0.1", str(postgres.port), "SQL_URL", "PostgreSQL"):
        assert word not in lost.text
    assert "see SQL_URL" in caplog.text or "check SQL_URL" in caplog.text
    told = [record for record in caplog.records if "journal could not write that down" in record.getMessage()]
    assert [record.levelname for record in told] == ["WARNING"]
    assert PASSWORD not in caplog.text
    assert again.status_code in (200, 409)
    assert [order["id"] for order in orders_at(sandbox)] == [reply.json()["data"]["id"]]


def _arrived(sandbox: str) -> list[dict[str, Any]]:
    rows = httpx2.get(f"{sandbox}/_sandbox/requests").json()["requests"]
    return [row for row in rows if row["vendor"] == "alpaca"]


def test_live_when_the_keys_are_live_then_only_a_switch_of_the_service_lets_orders_through(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, sandbox: str
) -> None:
    live = {
        "FIN_INFRA_MODE": "auto",
        "ALPACA_LIVE": "1",
        "ALPACA_LIVE_API_KEY_ID": "PKSANDBOX0000000000",
        "ALPACA_LIVE_API_SECRET_KEY": "sandbox-alpaca-secret",
        "ALPACA_BASE_URL": f"{sandbox.replace('127.0.0.1', 'localhost')}/alpaca",
    }
    for name, value in live.items():
        monkeypatch.setenv(name, value)
    statuses: list[int] = []
    for switch in ("", "1"):
        registry.reset()
        monkeypatch.setenv("FIN_INFRA_TRADING_LIVE", switch)
        with TestClient(create_app()) as client:
            statuses.append(client.post("/brokerage/orders", json=ORDER, headers=headers(key="k")).status_code)
    assert statuses == [422, 201]


def test_live_switch_when_mistyped_then_the_start_stops(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIN_INFRA_TRADING_LIVE", "jes")
    with pytest.raises(ConfigurationError, match="FIN_INFRA_TRADING_LIVE"):
        create_app()


def test_sql_url_when_it_cannot_be_used_then_the_start_stops_without_the_password(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQL_URL", f"mysql://app:{PASSWORD}@db/orders")
    with pytest.raises(ConfigurationError, match="SQL_URL") as caught:
        create_app()
    assert PASSWORD not in str(caught.value)


def test_brokers_when_hidden_then_there_are_no_brokerage_routes(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATURE_BROKERAGE_ALPACA", "0")
    with TestClient(create_app()) as client:
        assert client.get("/brokerage/account", headers=headers()).status_code == 404


def test_brokers_when_only_the_one_that_trades_is_hidden_then_the_aggregator_still_counts(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATURE_BROKERAGE_ALPACA", "0")
    brokers = Brokers.default()
    assert (brokers.broker, [each.source for each in brokers.aggregators]) == (None, ["brokerage:snaptrade"])
    monkeypatch.setenv("FEATURE_BROKERAGE_SNAPTRADE", "0")
    assert Brokers.default().all() == ()


def intent(account: str, key: str, lands_by: datetime) -> JournalEntry:
    """What a process leaves that was killed between writing down and hearing the answer."""
    return JournalEntry(
        account=account,
        client_order_id=client_order_id(account, f"3:all:{key}"),
        attempt=key,
        fingerprint="f" * 64,
        summary="buy 3 US:AAPL market day",
        estimate=Decimal(800),
        at=datetime.now(UTC),
        lands_by=lands_by,
    )


def test_intent_when_it_is_left_open_while_the_service_runs_then_it_is_looked_after(
    environ: dict[str, str], sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asset_aggregator.orders.looked_after", partial(orders.looked_after, pause_s=0.05))
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        client.post("/brokerage/orders", json=ORDER, headers=headers(key="placed"))  # nothing is open at the start
        account = client.get("/brokerage/account", headers=headers()).json()["data"]["id"]
        with closing(SqliteJournal(environ["FIN_INFRA_TRADING_JOURNAL"])) as journal:
            now = datetime.now(UTC)
            lost = intent(account, "lost", now - timedelta(hours=1))
            journal.open(lost, now - timedelta(days=1), lambda known, others: None)
            until(lambda: not journal.unresolved(account))
            assert journal.find(account, lost.client_order_id)[0].state.value == "absent"


@pytest.mark.parametrize("where", ["sqlite", "postgres"])
def test_start_when_orders_are_open_then_they_are_looked_after_beside_readiness(
    environ: dict[str, str],
    sandbox: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
    where: str,
) -> None:
    with TestClient(create_app()) as client:
        placed = client.post("/brokerage/orders", json=ORDER, headers=headers(key="placed")).json()["data"]
        account = client.get("/brokerage/account", headers=headers()).json()["data"]["id"]
    registry.reset()
    now = datetime.now(UTC)
    if where == "postgres":
        url = request.getfixturevalue("postgres").url(request.getfixturevalue("postgres").database())
        monkeypatch.setenv("SQL_URL", url)
        journal: Any = PostgresJournal(url)
    else:
        Path(environ["FIN_INFRA_TRADING_JOURNAL"]).unlink()
        journal = SqliteJournal(environ["FIN_INFRA_TRADING_JOURNAL"])
    entries = {
        "placed": intent(account, "placed", now + timedelta(hours=1)),
        "lost": intent(account, "lost", now - timedelta(hours=1)),
        "young": intent(account, "young", now + timedelta(hours=1)),
    }
    with closing(journal):
        for entry in entries.values():
            journal.open(entry, now - timedelta(days=1), lambda known, others: None)
        fault = {"vendor": "alpaca", "kind": "latency", "path": "/v2/account", "seconds": 2}
        httpx2.post(f"{sandbox}/_sandbox/faults", json=fault).raise_for_status()
        with TestClient(create_app()) as client:
            assert client.get("/readyz").json()["status"] == "healthy"
            until(lambda: len(journal.unresolved(account)) == 1)
            until(lambda: "nobody knows yet" in caplog.text)
        found = {key: journal.find(account, entry.client_order_id)[0] for key, entry in entries.items()}
    assert found["placed"].order_id == placed["id"]
    assert {key: entry.state.value for key, entry in found.items()} == {
        "placed": "placed",
        "lost": "absent",
        "young": "intent",
    }
    assert entries["young"].client_order_id in caplog.text
    assert len(orders_at(sandbox)) == 1


class Events:
    """Reads a stream of server-sent events in a thread."""

    def __init__(self, url: str, last: str | None = None) -> None:
        self.events: list[dict[str, str]] = []
        self.error: Exception | None = None
        self.begun = threading.Event()
        self.ended = threading.Event()
        self._response: httpx2.Response | None = None
        self._given = headers() | ({"Last-Event-ID": last} if last else {})
        threading.Thread(target=self._read, args=(f"{url}/brokerage/orders/updates",), daemon=True).start()
        assert self.begun.wait(WAIT_S)

    def _read(self, url: str) -> None:
        try:
            with httpx2.stream("GET", url, headers=self._given, timeout=WAIT_S) as response:
                self._response = response
                assert response.status_code == 200, response.read()
                assert response.headers["content-type"].startswith("text/event-stream")
                event: dict[str, str] = {}
                for line in response.iter_lines():
                    self.begun.set()
                    if line:
                        name, _, value = line.partition(": ")
                        event[name] = value
                    else:
                        self.events.append(event)
                        event = {}
        except Exception as exc:
            self.error = exc
        finally:
            self.begun.set()
            self.ended.set()

    @property
    def orders(self) -> list[tuple[str, str]]:
        """The events about orders: what happened, and the order's client order id."""
        told = [event for event in self.events if "id" in event]
        return [(event["event"], json.loads(event["data"])["order"]["client_order_id"]) for event in told]

    @property
    def last(self) -> str:
        return [event["id"] for event in self.events if "id" in event][-1]

    def leave(self) -> None:
        assert self._response is not None
        self._response.close()


def connected(sandbox: str) -> Any:
    return httpx2.get(f"{sandbox}/_sandbox/alpaca").json()["streams"]


def test_updates_when_streamed_then_they_come_as_events_and_resume_after_the_last_one(
    environ: dict[str, str], sandbox: str
) -> None:
    pytest.importorskip("websockets")
    with server(environ) as (url, process):
        one, two = Events(url), Events(url)
        until(lambda: connected(sandbox))
        first = _post(url, RESTING, "first").json()["data"]["client_order_id"]
        until(lambda: ("new", first) in one.orders and ("new", first) in two.orders)
        one.leave()
        second = _post(url, RESTING | {"quantity": "4"}, "second").json()["data"]["client_order_id"]
        until(lambda: ("new", second) in two.orders)
        back = Events(url, one.last)
        until(lambda: ("new", second) in back.orders)
        assert first not in {ident for _, ident in back.orders}
        lost = Events(url, "000000000000-7")
        until(lambda: [event for event in lost.events if event.get("event") == "gap"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) in (0, -signal.SIGTERM)
        assert all(stream.ended.wait(WAIT_S) for stream in (two, back, lost))
        assert [stream.error for stream in (two, back, lost)] == [None, None, None]


def test_updates_when_longer_than_the_handler_timeout_then_not_cut(environ: dict[str, str], sandbox: str) -> None:
    pytest.importorskip("websockets")
    with server(environ | {"REQUEST_TIMEOUT_SECONDS": "1"}) as (url, _):
        stream = Events(url)
        until(lambda: connected(sandbox))
        time.sleep(2)
        wish = NewOrder(key=InstrumentKey("US", "AAPL"), side=Side.BUY, quantity=Decimal(1))
        broker_itself = easy_brokerage()
        placed = broker_itself.submit_order(wish)
        assert isinstance(broker_itself.transport, HttpTransport)
        broker_itself.transport.close()
        until(lambda: ("fill", placed.client_order_id) in stream.orders)
        assert not stream.ended.is_set()


def test_updates_when_the_broker_refuses_then_an_event_says_so_and_the_stream_ends(
    environ: dict[str, str], sandbox: str
) -> None:
    pytest.importorskip("websockets")
    fault = {"vendor": "alpaca", "kind": "expired_token", "path": "/v2/clock"}
    httpx2.post(f"{sandbox}/_sandbox/faults", json=fault).raise_for_status()
    with server(environ) as (url, _):
        stream = Events(url)
        assert stream.ended.wait(WAIT_S)
    (event,) = [event for event in stream.events if event.get("event") == "error"]
    assert json.loads(event["data"])["code"] == "fin.authentication_failed"
    assert stream.error is None


@pytest.mark.parametrize(("switch", "status"), [("", 201), ("1", 201), ("0", 422)])
def test_live_when_the_switch_of_real_money_is_off_then_no_other_lock_opens_it(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, sandbox: str, switch: str, status: int
) -> None:
    live = {
        "FIN_INFRA_MODE": "auto",
        "ALPACA_LIVE": "1",
        "ALPACA_LIVE_API_KEY_ID": "PKSANDBOX0000000000",
        "ALPACA_LIVE_API_SECRET_KEY": "sandbox-alpaca-secret",
        "ALPACA_BASE_URL": f"{sandbox.replace('127.0.0.1', 'localhost')}/alpaca",
        "FIN_INFRA_TRADING_LIVE": "1",
        "FEATURE_TRADING_LIVE": switch,
    }
    for name, value in live.items():
        monkeypatch.setenv(name, value)
    registry.reset()
    with TestClient(create_app()) as client:
        reply = client.post("/brokerage/orders", json=ORDER, headers=headers(key="k"))
    assert (reply.status_code, len(orders_at(sandbox))) == (status, int(status == 201))
    registry.reset()


def test_service_when_domains_are_off_then_it_starts_without_their_routes_and_docs(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for domain in ("BANKING", "CRYPTO", "FX", "BROKERAGE"):
        monkeypatch.setenv(f"FEATURE_{domain}", "0")
    registry.reset()
    with TestClient(create_app()) as client:
        paths = client.get("/openapi.json").json()["paths"]
        assert not [path for path in paths if path.startswith(("/banking", "/crypto", "/fx", "/brokerage"))]
        assert {"/market/quote/{key}", "/net-worth", "/symbols/search"} <= set(paths)
        for path in ("/banking/accounts", "/crypto/ticker/bitcoin", "/fx/EUR/USD", "/brokerage/account"):
            assert client.get(path, headers=headers()).status_code == 404
        worth = client.get("/net-worth", headers=headers()).json()["data"]
        assert client.get("/readyz").status_code == 200
    assert {"banking", "crypto", "fx"} <= {row["source"] for row in worth["left_out"]}
    registry.reset()


def test_service_when_a_switch_is_unclear_or_unknown_then_stops_or_says_so(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FEATURE_BANKNG", "0")
    with TestClient(create_app()):
        pass
    assert "FEATURE_BANKNG switches nothing of fin-infra; did you mean FEATURE_BANKING" in caplog.text
    monkeypatch.setenv("FEATURE_TELLER", "maybe")
    with pytest.raises(ConfigurationError, match="FEATURE_TELLER is neither 1 nor 0"):
        create_app()
    registry.reset()
