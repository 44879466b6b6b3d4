"""The brokerage routes on a bare FastAPI app, over the real adapter and the sandbox's broker."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from fin_infra.api import PUBLIC, add_brokerage
from fin_infra.api.brokerage_orders import OrderBody
from fin_infra.brokerage import easy_brokerage, easy_brokerage_aggregator
from fin_infra.model import NewOrder
from fin_infra.providers import registry
from fin_infra.security import mask
from tests.providers.brokerage.alpaca.support import orders_at
from tests.support.sandbox_control import Control

ORDER = {"key": "AAPL", "side": "buy", "quantity": "3"}


@pytest.fixture(autouse=True)
def _trading(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ALPACA_BASE_URL", "ALPACA_API_KEY_ID", "ALPACA_API_SECRET_KEY", "ALPACA_LIVE", "SNAPTRADE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FIN_INFRA_TRADING_JOURNAL", str(tmp_path / "orders.sqlite3"))
    monkeypatch.setenv("FIN_INFRA_TRADING_DUPLICATE_WINDOW_S", "none")


class Client:
    """Sends orders and looks at the truth of the sandbox."""

    def __init__(self, client: TestClient, control: Control) -> None:
        self.client = client
        self.control = control

    def post(self, order: Any = None, key: str | None = "key-1", **headers: str) -> Any:
        given = {"Idempotency-Key": key} | headers if key is not None else headers
        body = order if isinstance(order, str | bytes) else json.dumps(ORDER if order is None else order)
        return self.client.post("/brokerage/orders", content=body, headers={"Content-Type": "application/json"} | given)

    def get(self, path: str, **params: Any) -> Any:
        return self.client.get(f"/brokerage/{path}", params=params)

    def orders(self) -> list[dict[str, Any]]:
        """Every order that the broker has, whoever asks."""
        return orders_at(self.control.url)

    def sends(self) -> int:
        return len([row for row in self.control.requests("alpaca") if row["method"] == "POST"])


@pytest.fixture
def app() -> FastAPI:
    return FastAPI()


@pytest.fixture
def caller(sandbox: Control, app: FastAPI) -> Iterator[Client]:
    add_brokerage(app, auth=PUBLIC, trade=PUBLIC, caller=_who)
    with TestClient(app) as client:
        yield Client(client, sandbox)


def _who(request: Request) -> str:
    return request.headers.get("x-who", "ana")


def test_account_when_asked_then_amounts_are_text_and_the_number_is_not_there(caller: Client) -> None:
    reply = caller.get("account")
    data = reply.json()["data"]
    assert (data["cash"], data["status"]) == ({"amount": "100000", "currency": "USD"}, "ACTIVE")
    assert "number" not in data
    assert reply.headers["cache-control"] == "private, no-store"
    assert reply.headers["fin-provider"] == "brokerage:alpaca"


def test_order_when_new_then_201_and_again_then_200_replayed(caller: Client) -> None:
    first, again = caller.post(), caller.post()
    assert (first.status_code, again.status_code) == (201, 200)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert first.json()["data"]["id"] == again.json()["data"]["id"]
    assert first.headers["location"] == f"/brokerage/orders/{first.json()['data']['id']}"
    assert [order["qty"] for order in caller.orders()] == ["3"]


def test_replay_when_the_journal_is_lost_then_the_broker_knows_the_order(
    caller: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = caller.post()
    monkeypatch.setenv("FIN_INFRA_TRADING_JOURNAL", str(tmp_path / "another.sqlite3"))
    registry.reset()
    other = FastAPI()
    add_brokerage(other, auth=PUBLIC, trade=PUBLIC, caller=_who)
    with TestClient(other) as client:
        again = Client(client, caller.control).post()
    assert (again.status_code, again.json()["data"]["id"]) == (200, first.json()["data"]["id"])
    assert len(caller.orders()) == 1


@pytest.mark.parametrize("spelling", ['"key-1"', " key-1 ", '"key\\-1"'.replace("\\-", "-")])
def test_key_when_quoted_as_a_structured_field_then_it_is_the_same_key(caller: Client, spelling: str) -> None:
    assert caller.post().status_code == 201
    assert caller.post(key=spelling).status_code == 200


@pytest.mark.parametrize("key", [None, "", '""', '"', "a b", '"a" b', "x" * 129, "ключ".encode().decode("latin-1")])
def test_key_when_absent_or_unusable_then_400_and_nothing_is_asked(caller: Client, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key.encode("latin-1")}
    reply = caller.client.post("/brokerage/orders", json=ORDER, headers=headers)
    assert reply.status_code == 400
    assert "Idempotency-Key" in reply.text
    assert caller.control.requests("alpaca") == []


def test_key_when_given_twice_then_400(caller: Client) -> None:
    reply = caller.client.post(
        "/brokerage/orders", json=ORDER, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    )
    assert reply.status_code == 400


def test_key_when_longest_then_it_is_taken(caller: Client) -> None:
    assert caller.post(key="x" * 128, **{"x-who": "w" * 32}).status_code == 201


def test_key_when_another_order_has_it_then_422_and_one_order(caller: Client) -> None:
    caller.post()
    reply = caller.post({**ORDER, "quantity": "4"})
    assert (reply.status_code, reply.json()["code"]) == (422, "fin.idempotency_conflict")
    assert len(caller.orders()) == 1


def test_key_when_two_callers_use_it_then_each_has_an_order(caller: Client) -> None:
    one, two = caller.post(), caller.post({**ORDER, "quantity": "4"}, **{"x-who": "bob"})
    assert (one.status_code, two.status_code) == (201, 201)
    assert caller.post(key="x:key-1", **{"x-who": "an"}).status_code == 201  # not what `ana` and another key make
    assert len(caller.orders()) == 3


def test_numbers_when_long_then_every_digit_reaches_the_broker(caller: Client) -> None:
    body = '{"key": "AAPL", "side": "buy", "quantity": 0.123456789, "type": "limit", "limit_price": 270.10}'
    data = caller.post(body).json()["data"]
    assert (data["quantity"], Decimal(data["limit_price"])) == ("0.123456789", Decimal("270.1"))
    same = '{"limit_price": "270.1", "key": "US:AAPL", "side": "buy", "quantity": "0.123456789", "type": "limit"}'
    assert caller.post(same).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantitty": "1"}, "quantitty"),
        ({"side": "purchase"}, "side"),
        ({"quantity": True}, "quantity"),
        ({"quantity": "1_000"}, "quantity"),
        ({"quantity": "NaN"}, "quantity"),
        ({"quantity": "1e99"}, "quantity"),
        ({"quantity": [1]}, "quantity"),
        ({"limit_price": "0.0000000000000000001"}, "limit_price"),
        ({"extended_hours": "yes"}, "extended_hours"),
        ({"currency": "usd"}, "currency"),
        ({"key": ""}, "key"),
    ],
)
def test_body_when_a_field_is_wrong_then_422_names_it_and_nothing_is_asked(
    caller: Client, change: dict[str, Any], field: str
) -> None:
    reply = caller.post({**ORDER, **change})
    assert reply.status_code == 422
    assert [error["loc"] for error in reply.json()["detail"]] == [["body", field]]
    assert caller.control.requests("alpaca") == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "{",
        '{"side": NaN}',
        b"\xff",
        '{"key":"AAPL","side":"buy","quantity":1,"quantity":2}',
        "[" * 9999,
    ],
)
def test_body_when_no_plain_object_then_422_in_one_sentence(caller: Client, body: str | bytes) -> None:
    reply = caller.post(body)
    assert reply.status_code == 422
    assert caller.control.requests("alpaca") == []


@pytest.mark.parametrize(
    ("key", "code"), [("AAPL??", "fin.invalid_instrument"), ("ISIN:US0378331006", "fin.invalid_instrument")]
)
def test_body_when_the_symbol_is_none_then_422_says_what_to_write(caller: Client, key: str, code: str) -> None:
    reply = caller.post({**ORDER, "key": key})
    assert (reply.status_code, reply.json()["code"]) == (422, code)


def test_body_when_compared_with_the_model_then_it_has_every_field() -> None:
    assert set(OrderBody.model_fields) == {item.name for item in fields(NewOrder)} | {"queue"}


def test_order_when_checks_fail_then_all_failures_are_listed_and_nothing_is_sent(caller: Client) -> None:
    reply = caller.post({"key": "AAPL", "side": "buy", "quantity": "500", "type": "limit", "limit_price": "400.123"})
    problem = reply.json()
    assert (reply.status_code, problem["code"]) == (422, "fin.order_checks_failed")
    rules = {failure["rule"] for failure in problem["failures"]}
    assert {"tick_size", "price_collar", "max_notional_per_order"} <= rules
    assert caller.sends() == 0


def test_order_when_the_broker_refuses_then_422_with_the_reason(
    caller: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIN_INFRA_TRADING_CHECK_BUYING_POWER", "0")
    registry.reset()
    app = FastAPI()
    add_brokerage(app, auth=PUBLIC, trade=PUBLIC)
    httpx2.post(f"{caller.control.url}/_sandbox/alpaca", json={"cash": "1.00"}).raise_for_status()
    with TestClient(app) as client:
        reply = Client(client, caller.control).post()
    assert (reply.status_code, reply.json()["code"]) == (422, "fin.order_rejected")
    assert reply.json()["reason"] == "insufficient_buying_power"


def test_order_when_nobody_knows_then_504_with_the_id_and_the_same_key_finds_out(
    sandbox: Control, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALPACA_BREAKER_THRESHOLD", "100")
    add_brokerage(app, auth=PUBLIC, trade=PUBLIC, order_deadline_s=8)
    sandbox.fault("alpaca", "latency", path="/v2/orders", method="POST", seconds=3)
    sandbox.fault("alpaca", "drop_after", path="/v2/orders", method="POST")
    with TestClient(app) as client, ThreadPoolExecutor(1) as pool:
        caller = Client(client, sandbox)
        first = pool.submit(caller.post)
        _until(lambda: caller.sends() == 1)
        sandbox.fault("alpaca", "status_503", path="/v2/orders:by_client_order_id")
        reply = first.result(60)
        httpx2.delete(f"{sandbox.url}/_sandbox/faults").raise_for_status()
        again = caller.post()
    problem = reply.json()
    assert (reply.status_code, problem["code"]) == (504, "fin.order_state_unknown")
    assert "submit it again with its idempotency key" in problem["detail"]
    assert problem["client_order_id"] == again.json()["data"]["client_order_id"]
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert len(caller.orders()) == 1


def test_order_when_its_answer_is_lost_then_it_is_found_and_told_as_new(caller: Client) -> None:
    caller.control.fault("alpaca", "drop_after", path="/v2/orders", method="POST", count=1)
    reply = caller.post()
    assert (reply.status_code, len(caller.orders())) == (201, 1)


def test_order_when_being_placed_then_409_until_it_is_done(caller: Client) -> None:
    caller.control.fault("alpaca", "latency", path="/v2/orders", method="POST", seconds=3)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(caller.post)
        _until(lambda: caller.sends() == 1)
        second = caller.post()
        conflict = caller.post({**ORDER, "quantity": "4"})
        assert first.result(60).status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "fin.order_in_flight")
    assert (conflict.status_code, conflict.json()["code"]) == (422, "fin.idempotency_conflict")
    assert caller.post().status_code == 200
    assert len(caller.orders()) == 1


def _until(condition: Callable[[], bool]) -> None:
    import time

    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_orders_when_paged_then_each_comes_once_newest_first(caller: Client) -> None:
    for n in range(7):
        caller.post({**ORDER, "type": "limit", "limit_price": "250", "time_in_force": "gtc"}, key=f"k{n}")
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        data = caller.get("orders", limit=3, **({"cursor": cursor} if cursor else {})).json()["data"]
        seen += [order["id"] for order in data["items"]]
        cursor = data["next"]
    assert cursor is None
    assert seen == [order["id"] for order in reversed(caller.orders())]


@pytest.mark.parametrize("cursor", ["x", "2026-11-20~a", "2026-11-20T15:00:00+00:00", "~"])
def test_cursor_when_none_of_ours_then_422(caller: Client, cursor: str) -> None:
    assert caller.get("orders", cursor=cursor).status_code == 422


def test_order_when_asked_by_either_id_then_it_is_the_same(caller: Client) -> None:
    data = caller.post({**ORDER, "type": "limit", "limit_price": "250"}).json()["data"]
    for ident in (data["id"], data["client_order_id"]):
        assert caller.get(f"orders/{ident}").json()["data"]["id"] == data["id"]
    assert caller.get("orders/fin-unknown").status_code == 404


@pytest.mark.parametrize("ident", ["a%20b", "a%0Ab", "%C3%A9", "x" * 129])
def test_order_when_the_id_can_be_none_then_422_and_no_vendor_is_asked(caller: Client, ident: str) -> None:
    before = len(caller.control.requests("alpaca"))
    assert caller.get(f"orders/{ident}").status_code == 422
    assert caller.client.delete(f"/brokerage/orders/{ident}").status_code == 422
    assert len(caller.control.requests("alpaca")) == before


def test_cancel_when_asked_by_either_id_then_202_and_the_order_ends(caller: Client) -> None:
    resting = {**ORDER, "type": "limit", "limit_price": "250"}
    one, two = (caller.post(resting, key=key).json()["data"] for key in ("a", "b"))
    for ident in (one["id"], two["client_order_id"]):
        reply = caller.client.delete(f"/brokerage/orders/{ident}")
        assert (reply.status_code, reply.json()["data"]["accepted"]) == (202, True)
    assert {order["status"] for order in caller.orders()} == {"canceled"}
    assert caller.client.delete(f"/brokerage/orders/{one['id']}").json()["code"] == "fin.order_rejected"


def test_holdings_when_an_aggregator_is_there_then_lines_merge_and_its_failure_is_an_entry(
    sandbox: Control, app: FastAPI
) -> None:
    broker, reader = easy_brokerage(mode="async"), easy_brokerage_aggregator(mode="async")
    add_brokerage(app, auth=PUBLIC, trade=PUBLIC, provider=broker, aggregators=[reader])
    with TestClient(app) as client:
        caller = Client(client, sandbox)
        assert caller.post().status_code == 201
        whole = caller.get("holdings").json()
        sandbox.fault("snaptrade", "status_503")
        part = caller.get("holdings").json()
    assert "accounts" not in {error["operation"] for error in whole["errors"]}
    sources = {account["source"] for account in whole["data"]["accounts"]}
    assert sources == {"brokerage:alpaca", "brokerage:snaptrade"}
    assert all("number" not in account for account in whole["data"]["accounts"])
    assert {(error["provider"], error["operation"]) for error in part["errors"]} == {
        ("brokerage:snaptrade", "accounts"),
        ("brokerage:snaptrade", "connections"),
    }
    assert part["data"]["complete"] is False
    assert [line["quantity"] for line in part["data"]["lines"]] == ["3"]


def test_live_when_not_allowed_then_refused_before_anything_is_sent(sandbox: Control, app: FastAPI) -> None:
    broker = easy_brokerage(mode="async")
    broker.is_live = True
    add_brokerage(app, auth=PUBLIC, trade=PUBLIC, provider=broker)
    with TestClient(app) as client:
        reply = Client(client, sandbox).post()
    assert reply.status_code == 422
    assert reply.json()["failures"][0]["rule"] == "live_trading"
    assert "FIN_INFRA_TRADING_LIVE=1" in reply.json()["detail"]
    assert sandbox.requests("alpaca") == []


def test_openapi_when_read_then_the_body_has_no_dangling_reference_and_the_key_is_required(caller: Client) -> None:
    document = caller.client.get("/openapi.json").json()
    post = document["paths"]["/brokerage/orders"]["post"]
    (key,) = [parameter for parameter in post["parameters"] if parameter["name"] == "Idempotency-Key"]
    assert key["required"] is True
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    assert "$ref" not in json.dumps(schema)
    assert schema["properties"]["side"]["enum"] == ["buy", "sell"]
    assert schema["required"] == ["key", "side"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    "ident",
    [
        "550e8400-e29b-41d4-a716-446655440000",
        "12345678-1234-4234-9234-12345678901a",
        "fin-3c7fe9653d9e0691edb63888a5d2123456789247",
        "fin-12345678901234567890123456789012",
    ],
)
def test_order_ids_when_masked_then_they_stay_whole_and_secrets_do_not(ident: str) -> None:
    assert mask(f"order {ident}: not found") == f"order {ident}: not found"
    assert ident not in mask(f"token={ident}")
    assert mask(f"{ident} of account 123456789012") == f"{ident} of account ***9012"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_order_when_its_body_does_not_say_json_then_415_and_no_order(caller: Client, kind: str) -> None:
    assert caller.post(**{"Content-Type": kind}).status_code == 415
    assert caller.post(**{"Content-Type": "application/json; charset=utf-8"}).status_code == 201


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_order_when_its_body_is_not_plain_utf_8_then_422(caller: Client, encoding: str) -> None:
    body = json.dumps({"key": "AAPL", "side": "buy", "quantity": "1"}).encode(encoding)
    assert caller.post(body).status_code == 422
