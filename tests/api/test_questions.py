"""The routes of the catalog: each question and no other, its scope, its problems, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import Depends, FastAPI, HTTPException
from fastapi.testclient import TestClient

from fin_infra.api import PUBLIC, Asked, add_questions
from fin_infra.questions.catalog import CATALOG, QUESTIONS
from fin_infra.questions.question import Question, Scope, Takes
from tests.support.sandbox_control import Control

UNKNOWN_TO_ALL = "ZZZZQ"


@pytest.fixture
def asking(sandbox: Control) -> Iterator[TestClient]:
    app = FastAPI()
    add_questions(app, auth=PUBLIC)
    with TestClient(app) as client:
        yield client


def document(**options: Any) -> dict[str, Any]:
    app = FastAPI()
    add_questions(app, **{"auth": PUBLIC, "asked": Asked(mode="async")} | options)
    return app.openapi()


def test_openapi_when_read_then_it_has_the_catalogs_routes_and_no_other() -> None:
    assert set(document()["paths"]) == {f"/ask/{name}" for name in CATALOG}
    assert "/ask/orders" not in document(leave_out=["orders"])["paths"]


@pytest.mark.parametrize("question", QUESTIONS, ids=CATALOG)
def test_openapi_when_read_then_each_route_explains_itself_and_its_problems(question: Question) -> None:
    route = document()["paths"][f"/ask/{question.name}"]["get"]
    assert route["description"] == question.help
    parameters = {each["name"]: each for each in route.get("parameters", [])}
    assert list(parameters) == [each.name for each in question.parameters]
    for each in question.parameters:
        told = parameters[each.name]
        assert told["description"] == f"{each.help}."
        assert told["required"] is each.required
        assert each.takes is not Takes.COUNT or told["schema"]["maximum"] == each.maximum
    assert {"200", "401", "403", "404", "422", "429", "502", "503", "504"} <= set(route["responses"])
    assert "application/problem+json" in route["responses"]["503"]["content"]
    assert route["responses"]["200"]["content"]["application/json"]["schema"]


def test_auth_when_it_is_a_function_then_each_question_is_protected_by_its_scope(sandbox: Control) -> None:
    def refuse() -> None:
        raise HTTPException(401)

    app = FastAPI()
    add_questions(app, auth=lambda question: [] if question.scope is Scope.PUBLIC else [Depends(refuse)])
    given = {"transactions": {"account_id": "x"}}
    with TestClient(app) as client:
        found = {
            each.name
            for each in QUESTIONS
            if client.get(f"/ask/{each.name}", params=given.get(each.name)).status_code == 401
        }
    assert found == {"accounts", "balances", "transactions", "holdings", "net-worth", "orders"}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"quote?symbol={UNKNOWN_TO_ALL}", 404, "fin.unknown_symbol"),
        ("quote?symbol=?", 422, "fin.invalid_instrument"),
        ("rate?base=EUR&quote=XXZ", 422, "fin.unknown_currency"),
        ("candles?symbol=AAPL&start=2026-01-01T00:00", 422, "fin.naive_time"),
        ("balances?account_id=acc_nobody", 404, "fin.not_found"),
        ("calendar?venue=XNYZ", 422, "fin.unknown_calendar"),
        ("net-worth?holding=much", 422, "fin.invalid_input"),
    ],
)
def test_route_when_it_cannot_answer_then_a_problem(asking: TestClient, path: str, status: int, code: str) -> None:
    reply = asking.get(f"/ask/{path}")
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "quote",
        "orders?limit=501",
        "candles?symbol=A&interval=2d",
        "convert?amount=x&base=EUR&quote=USD",
        "rate?base=EUR&quote=USD&on=20260101",
    ],
)
def test_route_when_the_query_is_wrong_then_422(asking: TestClient, path: str) -> None:
    assert asking.get(f"/ask/{path}").status_code == 422


def test_answer_when_given_then_it_names_who_was_asked_and_what_is_missing(
    asking: TestClient, sandbox: Control
) -> None:
    reply = asking.get("/ask/accounts")
    assert (reply.headers["fin-provider"], reply.headers["cache-control"]) == ("banking:teller", "private, no-store")
    sandbox.fault("alpha-vantage", "status_503")
    body = asking.get("/ask/search", params={"text": "bitcoin"}).json()
    assert body["data"]["hits"]
    assert [(error["provider"], error["code"]) for error in body["errors"]] == [
        ("market:alpha_vantage", "fin.provider_unavailable")
    ]


class Kept:
    """A cache that notes what it is asked to keep."""

    def __init__(self) -> None:
        self.keys: list[tuple[tuple[str, ...], float]] = []

    async def get_or_set(self, cache_key: tuple[str, ...], ttl_s: float, make: Any, *, keep: Any = None) -> bytes:
        self.keys.append((cache_key, ttl_s))
        answer: bytes = await make()
        return answer


def test_cache_when_there_is_one_then_only_public_answers_go_into_it(sandbox: Control) -> None:
    app, cache = FastAPI(), Kept()
    add_questions(app, auth=PUBLIC, cache=cache)
    with TestClient(app) as client:
        for path in ("quote?symbol=AAPL", "accounts", "balances", "net-worth", "holdings", "orders", "calendar"):
            assert client.get(f"/ask/{path}").status_code == 200
    assert cache.keys == [(("ask", "quote", "market:alpha_vantage", "symbol=AAPL"), 15)]
