"""A row that cannot be read is named beside the others in every answer that is made of a list."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from fin_infra import api
from fin_infra.api import PUBLIC
from fin_infra.crypto import easy_crypto
from fin_infra.fx import easy_fx
from fin_infra.markets import easy_market
from fin_infra.providers.banking.teller.adapter import Settings, TellerClient
from fin_infra.providers.brokerage.alpaca.adapter import Alpaca
from fin_infra.providers.provider import Endpoint
from fin_infra.questions.net_worth import Sources, net_worth_of
from fin_infra.settings import load
from fin_infra.transport import Async, Reply, Request
from fin_infra.transport.replay import AsyncReplay
from tests.providers.banking.teller.support import TOKEN, reply
from tests.providers.banking.teller.test_adapter import DEPOSITORY, row
from tests.providers.brokerage.alpaca.support import body_of, place
from tests.support.sandbox_control import Control

SPOILED = DEPOSITORY | {"id": "acc_2", "currency": 7}
BALANCE = {"account_id": "acc_1", "ledger": "10.00", "available": "10.00", "links": {"self": "x"}}


def teller() -> TellerClient[Async]:
    def respond(request: Request) -> Reply:
        if request.path.endswith("/balances"):
            return reply(BALANCE)
        if request.path.endswith("/transactions"):
            return reply([row("txn_2"), row("txn_1", amount="much")])
        return reply([DEPOSITORY, SPOILED] if request.path.endswith("/accounts") else DEPOSITORY)

    endpoint = Endpoint("http://127.0.0.1:1", "custom", load(Settings, {"access_token": TOKEN}))
    return TellerClient(AsyncReplay(respond), endpoint)


def asked(path: str, add: Any, provider: Any, **more: Any) -> Any:
    app = FastAPI()
    add(app, auth=PUBLIC, provider=provider, **more)
    answer = TestClient(app).get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_accounts_when_a_row_is_unreadable_then_the_answer_names_it() -> None:
    body = asked("/banking/accounts", api.add_banking, teller())
    assert [account["id"] for account in body["data"]] == ["acc_1"]
    assert [(error["code"], error["operation"]) for error in body["errors"]] == [("fin.unreadable_row", "accounts")]
    assert "acc_2" in body["errors"][0]["message"]


def test_transactions_when_a_row_is_unreadable_then_the_page_names_it() -> None:
    body = asked("/banking/accounts/acc_1/transactions", api.add_banking, teller())
    assert [item["id"] for item in body["data"]["items"]] == ["txn_2"]
    assert [(error["code"], error["provider"]) for error in body["errors"]] == [
        ("fin.unreadable_row", "banking:teller")
    ]
    assert "txn_1" in body["errors"][0]["message"]
    assert "much" not in str(body)


def test_orders_when_a_state_is_unknown_then_the_page_names_the_order() -> None:
    good, odd, *_ = body_of("orders")
    orders = [good, odd | {"status": "pondering"}]
    broker: Alpaca[Async] = Alpaca(AsyncReplay([reply(orders)]), place())
    body = asked("/brokerage/orders?status=all", api.add_brokerage, broker, trade=PUBLIC)
    assert [item["id"] for item in body["data"]["items"]] == [good["id"]]
    assert [error["operation"] for error in body["errors"]] == ["orders"]
    assert odd["id"] in body["errors"][0]["message"]


def test_net_worth_when_an_account_is_unreadable_then_the_total_is_incomplete(sandbox: Control) -> None:
    sources = Sources(teller(), easy_market(mode="async"), easy_crypto(mode="async"), easy_fx(mode="async"))
    worth = asyncio.run(net_worth_of(sources, "USD", ()))
    assert [line.id for line in worth.lines] == ["acc_1"]
    assert not worth.complete
    assert any("acc_2" in missing for missing in worth.missing)
    assert [error.code for error in worth.errors] == ["fin.unreadable_row"]
