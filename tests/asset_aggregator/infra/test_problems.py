"""Every error answer is problem+json, carries a code and a request id, and repeats nothing secret."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import httpx2
import pytest
from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError
from sqlalchemy.exc import OperationalError

from fin_infra.errors import (
    AmbiguousSymbol,
    CircuitOpen,
    OrderInFlight,
    ProviderUnavailable,
    RateLimited,
    UnknownSymbol,
)

SECRET_DSN = "postgresql://app:hunter2hunter2@db/fin"


class _Secret(BaseModel):
    model_config = ConfigDict(extra="forbid")
    token: str


def _refuse(value: str) -> str:
    raise ValueError(f"{value.upper()} is not a ticker")


def _refuse_with_own_words(value: str) -> str:
    raise PydanticCustomError("odd", "{value} is odd", {"value": value})


def _routes() -> APIRouter:
    router = APIRouter()

    def fails_with(path: str, error: Exception) -> None:
        async def fail() -> None:
            raise error

        router.add_api_route(path, fail)

    fails_with("/unexpected", RuntimeError(SECRET_DSN))
    fails_with("/database", OperationalError("select 1", {}, Exception(SECRET_DSN)))
    fails_with("/upstream-timeout", httpx2.ReadTimeout(f"timed out: {SECRET_DSN}"))
    fails_with(
        "/limited", RateLimited("Wait before the next call.", retry_after=2.3, provider="market:x", operation="quote")
    )
    fails_with("/circuit", CircuitOpen(0.2))
    fails_with("/in-flight", OrderInFlight("An order with this idempotency key is being placed."))
    fails_with("/down", ProviderUnavailable("no answer"))
    fails_with("/ambiguous", AmbiguousSymbol("BAT names several.", ["CRYPTO:a", "CRYPTO:b"]))
    fails_with("/unknown-symbol", UnknownSymbol("No such symbol; look it up with /symbols/search."))
    fails_with("/text", HTTPException(409, "Busy; try again."))
    fails_with("/dict", HTTPException(400, {"reason": "bad", "api_key": "ABCDEF123456"}))
    fails_with("/list", HTTPException(400, ["one", "two"]))
    fails_with("/hidden", HTTPException(503, SECRET_DSN))

    @router.get("/fields")
    async def fields(
        limit: Annotated[int, Query(le=500)] = 1,
        kind: Literal["daily", "weekly"] = "daily",
        ticker: Annotated[str, AfterValidator(_refuse)] = "",
        word: Annotated[str, AfterValidator(_refuse_with_own_words)] = "",
    ) -> None: ...

    @router.post("/body")
    async def body(payload: dict[str, Any]) -> None: ...

    @router.post("/secret")
    async def secret(payload: _Secret) -> None: ...

    @router.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(3)  # longer than the limit set here, shorter than the default

    @router.get("/foreign")
    async def foreign() -> JSONResponse:
        return JSONResponse({"detail": SECRET_DSN}, 418, {"X-Powered-By": SECRET_DSN, "Retry-After": "7"})

    return router


@pytest.fixture
def client(client_for: Any, request: pytest.FixtureRequest) -> TestClient:
    """Only the slow route meets a limit that a busy machine could reach on its own."""
    slow = "-/slow-" in request.node.name
    return client_for(_routes(), **({"request_timeout_s": 0.2} if slow else {}))


def _check(response: Any, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    assert response.status_code == body["status"] == status
    assert response.headers["content-type"] == "application/problem+json"
    assert body["code"] == code
    assert body["type"] == f"urn:fin-infra:error:{code}"
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response.headers["x-request-id"]
    assert "hunter2hunter2" not in response.text + str(response.headers)
    assert "db/fin" not in response.text  # not even masked: what broke is for the log
    assert "x-fin-problem" not in response.headers
    return body


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "fin.http.not_found"),
        ("POST", "/text", 405, "fin.http.method_not_allowed"),
        ("GET", "/unexpected", 500, "fin.http.internal"),
        ("GET", "/database", 500, "fin.http.internal"),
        ("GET", "/upstream-timeout", 504, "fin.http.timeout"),
        ("GET", "/slow", 504, "fin.http.timeout"),
        ("GET", "/hidden", 503, "fin.http.unavailable"),
        ("GET", "/text", 409, "fin.http.conflict"),
        ("GET", "/fields?limit=501", 422, "fin.http.invalid_parameters"),
        ("GET", "/limited", 429, "fin.rate_limited"),
        ("GET", "/circuit", 503, "fin.circuit_open"),
        ("GET", "/unknown-symbol", 404, "fin.unknown_symbol"),
        ("GET", "/foreign", 418, "fin.http.bad_request"),
    ],
)
def test_error_whatever_its_source_is_a_problem_with_code_and_request_id(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    _check(client.request(method, path), status, code)


def test_405_when_answered_names_the_allowed_methods(client: TestClient) -> None:
    assert client.post("/text").headers["allow"] == "GET, HEAD"


def test_instance_when_the_path_has_odd_letters_is_still_a_uri_reference(client: TestClient) -> None:
    assert client.get("/no%C3%A9where/a b").json()["instance"] == "/no%C3%A9where/a%20b"


def test_instance_when_the_url_has_a_query_leaves_it_out(client: TestClient) -> None:
    body = _check(client.get("/nowhere?apikey=ABCDEF123456"), 404, "fin.http.not_found")
    assert body["instance"] == "/nowhere"
    assert "ABCDEF123456" not in str(body)


def test_retry_after_when_known_is_rounded_up_to_whole_seconds(client: TestClient) -> None:
    limited = client.get("/limited")
    assert limited.headers["retry-after"] == "3"
    assert limited.json()["retry_after"] == 2.3
    assert limited.json()["provider"] == "market:x"
    assert client.get("/circuit").headers["retry-after"] == "1"
    assert "retry-after" not in client.get("/unknown-symbol").headers


def test_retry_after_when_nobody_knows_how_long_is_still_there_for_what_passes(client: TestClient) -> None:
    assert (client.get("/in-flight").status_code, client.get("/in-flight").headers["retry-after"]) == (409, "2")
    assert (client.get("/down").status_code, client.get("/down").headers["retry-after"]) == (503, "5")


def test_our_error_when_it_has_facts_gives_them_as_members(client: TestClient) -> None:
    body = _check(client.get("/ambiguous"), 409, "fin.ambiguous_symbol")
    assert body["candidates"] == ["CRYPTO:a", "CRYPTO:b"]
    assert body["detail"] == "BAT names several."


def test_http_exception_with_structured_detail_keeps_it_masked_in_context(client: TestClient) -> None:
    assert _check(client.get("/dict"), 400, "fin.http.bad_request")["context"] == {"reason": "bad", "api_key": "***"}
    assert _check(client.get("/list"), 400, "fin.http.bad_request")["context"] == ["one", "two"]


def test_invalid_parameters_when_refused_name_the_fields_and_never_the_values(client: TestClient) -> None:
    response = client.get(
        "/fields", params={"limit": "zq-secret", "kind": "zq-secret", "ticker": "zq-secret", "word": "zq-secret"}
    )
    body = _check(response, 422, "fin.http.invalid_parameters")
    assert [error["field"] for error in body["errors"]] == ["query.limit", "query.kind", "query.ticker", "query.word"]
    assert body["errors"][1]["message"] == "Input should be 'daily' or 'weekly'"
    assert "zq-secret" not in response.text.lower()
    assert body["detail"].startswith("query.limit: ")


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ({"token": ["zq-secret"]}, "body.token: Input should be a valid string"),
        ({}, "body.token: Field required"),
        ({"token": "x", "password": "zq-secret"}, "body.password: Extra inputs are not permitted"),
    ],
)
def test_field_when_its_name_is_that_of_a_secret_then_the_words_stay_and_the_value_does_not(
    client: TestClient, given: dict[str, object], detail: str
) -> None:
    response = client.post("/secret", json=given)
    body = _check(response, 422, "fin.http.invalid_parameters")
    assert body["detail"] == detail
    assert "zq-secret" not in response.text


def test_unreadable_body_when_refused_is_not_repeated(client: TestClient) -> None:
    response = client.post("/body", content=b'{"pin": zq-secret', headers={"content-type": "application/json"})
    _check(response, 422, "fin.http.invalid_parameters")
    assert "zq-secret" not in response.text


def test_answer_of_another_layer_when_an_error_keeps_only_known_headers(client: TestClient) -> None:
    response = client.get("/foreign")
    assert response.headers["retry-after"] == "7"
    assert "x-powered-by" not in response.headers


def test_openapi_when_built_promises_only_what_the_service_does(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    text = str(document)
    for absent in ("OAuth2PasswordBearer", "x-codeSamples", "IfNoneMatch", "ETag", "HTTPValidationError", "trace_id"):
        assert absent not in text
    assert "request_id" in document["components"]["schemas"]["Problem"]["properties"]
    assert set(document["paths"]["/fields"]["get"]["responses"]["422"]["content"]) == {"application/problem+json"}


def test_openapi_when_asked_twice_is_built_once(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    import fastapi.applications

    first = client.get("/openapi.json").json()
    monkeypatch.setattr(fastapi.applications, "get_openapi", lambda **_: pytest.fail("built again"))
    assert client.get("/openapi.json").json() == first
