"""Methods: HEAD wherever there is GET, all methods of a path in Allow, and words that are none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from starlette.responses import StreamingResponse

from asset_aggregator.infra.methods import Methods

MakeService = Callable[..., FastAPI]


def _reads() -> APIRouter:
    router = APIRouter(prefix="/things")

    @router.get("")
    async def things() -> list[str]:
        return ["one", "two"]

    @router.get("/{thing}")
    async def thing(thing: str) -> str:
        return thing

    return router


def _writes() -> APIRouter:
    router = APIRouter(prefix="/things")

    @router.post("")
    async def add() -> None: ...

    @router.delete("/{thing}")
    async def remove(thing: str) -> None: ...

    @router.post("/{thing}/ping")
    async def ping(thing: str) -> None: ...

    return router


@pytest.fixture
def client(client_for: Any) -> TestClient:
    return client_for(_reads(), _writes())


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/things", {"GET", "HEAD", "POST"}),
        ("PATCH", "/things/one", {"GET", "HEAD", "DELETE"}),
        ("XYZZY", "/things/one", {"GET", "HEAD", "DELETE"}),
        ("GET", "/things/one/ping", {"POST"}),
        ("HEAD", "/things/one/ping", {"POST"}),
    ],
)
def test_405_when_two_routers_share_a_path_names_the_methods_of_both(
    client: TestClient, method: str, path: str, allow: set[str]
) -> None:
    response = client.request(method, path)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == allow


@pytest.mark.parametrize(
    "path", ["/things", "/things/one", "/healthz", "/readyz", "/metrics", "/ping", "/docs", "/openapi.json", "/"]
)
def test_head_when_there_is_get_answers_its_status_and_headers_without_a_body(client: TestClient, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers.get("content-type") == get.headers.get("content-type")
    if path != "/metrics":  # which grows by being asked
        assert head.headers.get("content-length") == get.headers.get("content-length")


def test_head_when_the_path_is_unknown_is_404_without_a_body(client: TestClient) -> None:
    response = client.head("/nowhere")
    assert (response.status_code, response.content) == (404, b"")


async def test_head_when_the_answer_is_a_stream_without_end_ends_and_lets_go_of_it(make_service: MakeService) -> None:
    router, left = APIRouter(), asyncio.Event()

    @router.get("/events")
    async def events() -> StreamingResponse:
        async def endless() -> AsyncGenerator[bytes]:
            try:
                while True:
                    yield b": heartbeat\n\n"
                    await asyncio.sleep(0.01)
            finally:
                left.set()

        left.clear()
        return StreamingResponse(endless(), media_type="text/event-stream")

    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    whole = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Any:
        for message in whole:
            return message
        return await asyncio.Event().wait()

    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "HEAD", "path": "/events"}
    scope |= {"raw_path": b"/events", "query_string": b"", "headers": [], "root_path": "", "client": ("127.0.0.1", 1)}
    scope |= {"scheme": "http", "server": ("127.0.0.1", 80)}
    before = asyncio.all_tasks()
    async with asyncio.timeout(20):
        await make_service(router)(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1]["body"] == b""
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() == before


async def test_head_when_the_app_fails_raises_and_leaves_no_task() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("broken")

    before = asyncio.all_tasks()
    with pytest.raises(RuntimeError, match="broken"):
        await Methods(broken)({"type": "http", "method": "HEAD"}, lambda: None, lambda _: None)  # type: ignore[arg-type, return-value]
    assert asyncio.all_tasks() == before


def test_problem_when_the_method_is_no_word_of_http_is_ours(client: TestClient) -> None:
    body = json.loads(client.request("X1", "/nowhere").text)
    assert (body["status"], body["code"]) == (404, "fin.http.not_found")
