"""The layers around the routes: request ids, order, body limit, headers, CORS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from asset_aggregator.infra.boundary import Boundary
from asset_aggregator.infra.problems import MARK
from fin_infra.errors import ConfigurationError

MakeService = Callable[..., FastAPI]


def _routes() -> APIRouter:
    router = APIRouter()

    @router.get("/fine")
    async def fine() -> dict[str, str]:
        return {"status": "ok"}

    @router.post("/echo")
    async def echo(payload: dict[str, Any]) -> int:
        return len(str(payload))

    @router.get("/boom")
    async def boom() -> None:
        raise RuntimeError("broken")

    return router


@pytest.fixture
def client(client_for: Any) -> TestClient:
    return client_for(_routes(), max_body_bytes=1000)


def test_request_id_when_well_formed_is_kept_and_sent_once(client: TestClient) -> None:
    response = client.get("/fine", headers={"X-Request-Id": "shop-42.a:7"})
    assert response.headers.get_list("x-request-id") == ["shop-42.a:7"]


@pytest.mark.parametrize("given", ["x" * 65, "two words", "<script>", "a\tb", "é"])
def test_request_id_when_long_or_odd_is_replaced(client: TestClient, given: str) -> None:
    made = client.get("/fine", headers={"X-Request-Id": given.encode("latin-1")}).headers["x-request-id"]
    assert made != given
    assert len(made) == 32


def test_request_id_when_given_twice_is_replaced(client: TestClient) -> None:
    response = client.get("/fine", headers=[("X-Request-Id", "one"), ("X-Request-Id", "two")])
    assert response.headers["x-request-id"] not in {"one", "two", "one, two"}


@pytest.mark.parametrize("path", ["/fine", "/nowhere", "/boom", "/healthz", "/metrics", "/openapi.json"])
def test_request_id_whatever_the_answer_is_in_the_header(client: TestClient, path: str) -> None:
    assert client.get(path, headers={"X-Request-Id": "abc"}).headers.get_list("x-request-id") == ["abc"]


def test_error_in_an_outer_layer_is_still_a_problem_with_request_id(make_service: MakeService) -> None:
    app = make_service(_routes())

    class Broken:
        def __init__(self, app: Any, **_: Any) -> None: ...

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            raise RuntimeError("redis://app:hunter2hunter2@h")

    names = [getattr(layer.kwargs.get("layer", layer.cls), "__name__", "") for layer in app.user_middleware]
    app.user_middleware[names.index("SimpleRateLimitMiddleware")].cls = Broken
    response = TestClient(app, raise_server_exceptions=False).get("/fine", headers={"X-Request-Id": "abc"})
    assert response.status_code == 500
    assert response.json()["request_id"] == response.headers["x-request-id"] == "abc"
    assert "hunter2" not in response.text


def test_body_when_declared_too_large_is_refused(client: TestClient) -> None:
    response = client.post("/echo", json={"a": "x" * 2000})
    assert response.status_code == 413
    assert response.json()["code"] == "fin.http.body_too_large"


async def test_body_when_chunked_beyond_the_limit_stops_being_read(make_service: MakeService) -> None:
    pulled = 0
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        nonlocal pulled
        pulled += 1
        return {"type": "http.request", "body": b"x" * 400, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/fine",
        "query_string": b"",
        "headers": [],
        "client": ("1.2.3.4", 1),
    }
    await make_service(_routes(), max_body_bytes=1000)(scope, receive, send)
    assert sent[0]["status"] == 413
    assert pulled == 3  # 400 and 800 fit, 1200 does not


def test_body_when_within_the_limit_reaches_the_route(client: TestClient) -> None:
    assert client.post("/echo", json={"a": 1}).json() == 8


def test_answers_when_private_data_may_be_inside_forbid_caching_and_sniffing(client: TestClient) -> None:
    for path in ("/fine", "/nowhere"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_cors_when_not_configured_allows_no_origin(client: TestClient) -> None:
    response = client.get("/fine", headers={"Origin": "https://evil.example"})
    assert not [name for name in response.headers if name.startswith("access-control-")]


def test_cors_when_the_variable_is_a_wildcard_is_not_taken_over_from_svc_infra(
    make_service: MakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORS_ALLOW_ORIGINS", "*")  # svc-infra reads it by itself and reflects any origin
    response = TestClient(make_service(_routes())).get("/fine", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in response.headers
    with pytest.raises(ConfigurationError, match="exact origins"):
        make_service(cors_origins=("*",))


def test_cors_when_an_origin_is_allowed_covers_errors_without_credentials(make_service: MakeService) -> None:
    app = make_service(_routes(), cors_origins=("https://app.example",), rate_limit=1)
    client = TestClient(app, raise_server_exceptions=False)
    for path, status in (("/boom", 500), ("/fine", 429)):
        response = client.get(path, headers={"Origin": "https://app.example"})
        assert response.status_code == status
        assert response.headers["access-control-allow-origin"] == "https://app.example"
        assert "access-control-allow-credentials" not in response.headers
    other = client.get("/healthz", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


def test_layers_when_built_are_in_the_documented_order(make_service: MakeService) -> None:
    def names(app: FastAPI) -> list[str]:
        return [getattr(layer.kwargs.get("layer", layer.cls), "__name__", "?") for layer in app.user_middleware]

    assert names(make_service(cors_origins=("https://app.example",))) == [
        "RequestIdGuard",
        "RequestIdMiddleware",
        "ProblemCors",
        "Methods",
        "Boundary",
        "UnmatchedRoute",
        "PrometheusMiddleware",
        "InflightTrackerMiddleware",
        "RouteLoggerMiddleware",
        "SimpleRateLimitMiddleware",
        "SimpleRateLimitMiddleware",
        "CatchAllExceptionMiddleware",
        "HandlerTimeoutMiddleware",
        "BodyLimit",
        "BodyReadTimeoutMiddleware",
    ]


def test_idempotency_key_when_sent_is_ignored_so_no_answer_is_replayed_to_another(client: TestClient) -> None:
    first = client.post("/echo", json={"a": 1}, headers={"Idempotency-Key": "k", "X-API-Key": "ana"})
    second = client.post("/echo", json={"a": 22}, headers={"Idempotency-Key": "k", "X-API-Key": "bob"})
    assert (first.json(), second.json()) == (8, 9)


def test_router_when_passed_is_served_and_lifespan_runs(make_service: MakeService) -> None:
    from contextlib import asynccontextmanager

    from asset_aggregator.infra import ServiceSettings, create_service

    seen: list[str] = []

    @asynccontextmanager
    async def life(_: FastAPI) -> Any:
        seen.append("up")
        yield
        seen.append("down")

    settings = ServiceSettings(api_tokens="t" * 30, log_format="none")
    app = create_service(name="fin", version="1", routers=[_routes()], lifespan=life, settings=settings)
    with TestClient(app) as client:
        assert client.get("/fine").json() == {"status": "ok"}
        assert client.get("/docs").status_code == client.get("/").status_code == 200
        assert seen == ["up"]
    assert seen == ["up", "down"]


@pytest.mark.parametrize("ours", [True, False])
async def test_error_when_a_timeout_strikes_between_its_headers_and_body_then_it_arrives_whole(ours: bool) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def answer() -> None:
            mark = [(MARK.encode(), b"1")] if ours else []
            headers = [(b"content-length", b"15"), (b"retry-after", b"7"), *mark]
            await send({"type": "http.response.start", "status": 409, "headers": headers})
            await asyncio.sleep(60)
            await send({"type": "http.response.body", "body": b'{"code": "own"}'})

        with suppress(TimeoutError):
            await asyncio.wait_for(answer(), 0.01)

    transport = httpx2.ASGITransport(app=Boundary(app))
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
        reply = await client.get("/torn")
    assert (reply.status_code, reply.json()["status"], reply.json()["code"]) == (409, 409, "fin.http.conflict")
    assert reply.headers["retry-after"] == "7"
    assert MARK not in reply.headers


async def test_error_of_ours_when_whole_then_it_arrives_as_it_was_made() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"15"), (b"vary", b"a"), (b"vary", b"b"), (MARK.encode(), b"1")]
        await send({"type": "http.response.start", "status": 409, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"code":', "more_body": True})
        await send({"type": "http.response.body", "body": b' "own"}'})

    transport = httpx2.ASGITransport(app=Boundary(app))
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
        reply = await client.get("/whole")
    assert reply.json() == {"code": "own"}
    assert reply.headers.get_list("vary") == ["a", "b"]


@pytest.mark.parametrize("path", ["/fine", "/nowhere", "/docs"])
def test_answer_whatever_it_is_cannot_be_framed_and_names_no_handler(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert ("default-src 'none'" in headers["content-security-policy"]) is (path != "/docs")
    assert "x-handled-by" not in headers


def test_documentation_when_switched_off_is_gone_and_the_routes_stay(client_for: Any) -> None:
    client = client_for(_routes(), docs=False)
    for path in ("/", "/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"):
        assert client.get(path).status_code == 404, path
    assert client.get("/fine").status_code == 200


@pytest.mark.parametrize(
    ("origin", "method"), [("https://evil.example", "GET"), ("https://app.example", "DELETE")], ids=["origin", "method"]
)
def test_preflight_when_refused_is_a_problem_document_with_safe_headers(
    make_service: MakeService, origin: str, method: str
) -> None:
    client = TestClient(make_service(cors_origins=("https://app.example",)))
    refused = client.options("/private", headers={"Origin": origin, "Access-Control-Request-Method": method})
    assert (refused.status_code, refused.headers["content-type"]) == (400, "application/problem+json")
    assert (refused.json()["code"], refused.json()["instance"]) == ("fin.http.bad_request", "/private")
    assert refused.headers["x-content-type-options"] == "nosniff"
    assert "x-fin-problem" not in refused.headers
    assert "evil.example" not in refused.text


def test_preflight_when_a_page_resumes_the_events_is_allowed(make_service: MakeService) -> None:
    client = TestClient(make_service(cors_origins=("https://app.example",)))
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "Last-Event-ID",
    }
    allowed = client.options("/brokerage/orders/updates", headers=asked)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "https://app.example")
