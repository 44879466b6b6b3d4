"""Bodies of requests: read exactly, and never repeated in a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict

from fin_infra.api.bodies import Amount, openapi_body, read_body
from fin_infra.api.problems import add_problems

SECRET = "planted-secret-91827364"


class Part(BaseModel):
    amount: Amount


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")
    amount: Amount
    parts: list[Part] = []


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI()
    add_problems(app)

    @app.post("/x", openapi_extra=openapi_body(Shape))
    async def take(request: Request) -> Any:
        body = await read_body(request, Shape, "the thing")
        return {"amount": str(body.amount)}

    with TestClient(app) as found:
        yield found


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ('{"amount": 0.1}', "0.1"),
        ('{"amount": "123456789012.123456789"}', "123456789012.123456789"),
        ('{"amount": 1.10}', "1.10"),
    ],
)
def test_amount_when_read_then_it_keeps_every_digit(client: TestClient, text: str, amount: str) -> None:
    reply = client.post("/x", content=text, headers={"Content-Type": "application/json"})
    assert Decimal(reply.json()["amount"]) == Decimal(amount)
    assert reply.json()["amount"] == amount


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        ("{}", "text/plain", 415),
        ("[]", "application/json", 422),
        (f'{{"amount": "{SECRET}"}}', "application/json", 422),
        (f'{{"amount": 1, "token": "{SECRET}"}}', "application/json", 422),
        (f'{{"amount": 1, "amount": "{SECRET}"}}', "application/json", 422),
        (f'{{"amount": {SECRET}', "application/json", 422),
        ('{"amount": NaN}', "application/json", 422),
        ('{"amount": true}', "application/json", 422),
        ("[" * 50_000, "application/json", 422),
    ],
)
def test_body_when_it_cannot_be_read_then_it_is_refused_and_not_repeated(
    client: TestClient, content: str, kind: str, status: int
) -> None:
    reply = client.post("/x", content=content, headers={"Content-Type": kind})
    assert reply.status_code == status
    assert SECRET not in reply.text


def test_openapi_when_a_body_has_parts_then_their_schema_stands_in_place(client: TestClient) -> None:
    [body] = client.get("/openapi.json").json()["paths"]["/x"]["post"]["requestBody"]["content"].values()
    assert "$ref" not in str(body)
    assert body["schema"]["properties"]["parts"]["items"]["properties"]["amount"]
