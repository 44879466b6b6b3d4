"""Profile brokerage=alpaca_paper: what is bought and sold through the service is what the paper broker has, once."""

from __future__ import annotations

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from . import app as stack

pytestmark = [pytest.mark.acceptance, pytest.mark.profile("brokerage=alpaca_paper")]


@pytest.fixture
def order():
    """Terms that no run before had, and few dollars: the service's journal outlives a reset of the sandbox."""
    return {"key": "KO", "side": "buy", "quantity": f"1.{secrets.randbelow(10**6):06}1"}


@pytest.fixture
def broker(sandbox):
    """Let orders fill at once, and whole."""
    stack.call(f"{sandbox.url}/_sandbox/alpaca", "POST", {"fill": "full"})
    return Broker(sandbox.url)


class Broker:
    """The paper broker's own books."""

    def __init__(self, url):
        self.url = url

    def books(self):
        return next(iter(stack.call(f"{self.url}/_sandbox/alpaca")["accounts"].values()))

    def orders(self):
        return [(row["symbol"], row["side"], row["qty"], row["status"]) for row in self.books()["orders"]]

    def held(self):
        return {symbol: row["qty"] for symbol, row in self.books()["positions"].items()}


def _post(client, order, key):
    reply = client.http.post("/brokerage/orders", json=order, headers={"Idempotency-Key": key})
    assert reply.status_code in (200, 201), f"{reply.status_code} {reply.text}"
    return reply


def _key():
    return f"acceptance-{secrets.token_hex(8)}"


def test_account_when_it_is_paper_then_the_money_is_the_broker_s(client, broker):
    account = client.data("/brokerage/account")
    assert account["cash"] == {"amount": "100000", "currency": "USD"}
    assert client.data("/brokerage/positions") == []


def test_buy_and_sell_when_both_fill_then_nothing_is_held_and_the_cash_is_what_the_prices_say(client, broker, order):
    bought = _post(client, order, _key()).json()["data"]
    filled = client.data(f"/brokerage/orders/{bought['id']}")
    assert (filled["status"], filled["filled_quantity"]) == ("filled", order["quantity"])
    assert broker.held() == {"KO": order["quantity"]}
    position = client.data("/brokerage/positions")
    assert [(row["key"], row["side"], row["quantity"]) for row in position] == [("US:KO", "long", order["quantity"])]

    sold = _post(client, order | {"side": "sell"}, _key()).json()["data"]
    sale = client.data(f"/brokerage/orders/{sold['id']}")
    assert broker.held() == {}
    assert client.data("/brokerage/positions") == []
    assert broker.orders() == [("KO", side, order["quantity"], "filled") for side in ("buy", "sell")]
    gained = (Decimal(sale["filled_average_price"]) - Decimal(filled["filled_average_price"])) * Decimal(
        order["quantity"]
    )
    cash = Decimal(client.data("/brokerage/account")["cash"]["amount"])
    assert abs(cash - 100_000 - gained) < 1  # a sale's regulatory fees


def test_order_when_submitted_twice_under_its_key_then_the_broker_has_one(client, broker, order):
    key = _key()
    first, again = _post(client, order, key), _post(client, order, key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["idempotent-replayed"] == "true"
    assert first.json()["data"]["id"] == again.json()["data"]["id"]
    assert broker.orders() == [("KO", "buy", order["quantity"], "filled")]


def test_order_when_eight_submit_it_at_once_under_one_key_then_the_broker_has_one(client, broker, order):
    key = _key()

    def submit(_):
        return client.http.post("/brokerage/orders", json=order, headers={"Idempotency-Key": key})

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(submit, range(8)))
    assert sorted({reply.status_code for reply in replies} - {200, 409}) == [201]
    assert [reply.status_code for reply in replies].count(201) == 1
    assert len({reply.json()["data"]["id"] for reply in replies if reply.status_code < 300}) == 1
    assert len(broker.orders()) == 1


def test_order_when_the_answer_is_lost_then_the_same_key_finds_it_and_the_broker_has_one(
    client, broker, sandbox, order
):
    sandbox.fault("alpaca", "drop_after", path="/v2/orders", count=1)
    key = _key()
    first = client.http.post("/brokerage/orders", json=order, headers={"Idempotency-Key": key})
    assert first.status_code in (201, 504), first.text
    assert _post(client, order, key).json()["data"]["filled_quantity"] in ("0", order["quantity"])
    assert len(broker.orders()) == 1


def test_order_when_the_key_comes_with_other_terms_then_409_and_nothing_more_is_bought(client, broker, order):
    key = _key()
    _post(client, order, key)
    other = order | {"quantity": "1"}
    reply = client.http.post("/brokerage/orders", json=other, headers={"Idempotency-Key": key})
    assert reply.status_code in (409, 422), reply.text
    assert json.loads(reply.text)["code"].startswith("fin.")
    assert len(broker.orders()) == 1


def test_order_when_there_is_no_token_then_nothing_reaches_the_broker(anonymous, broker, sandbox, order):
    reply = anonymous.post("/brokerage/orders", json=order, headers={"Idempotency-Key": _key()})
    assert reply.status_code == 401
    assert sandbox.requests("alpaca") == []
