"""A vendor with two hosts: each request goes to the one it names, in both modes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from fin_infra.errors import ConfigurationError
from fin_infra.transport import Reply, Request
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.http import AsyncHttpTransport, HttpTransport


@contextmanager
def server(name: str) -> Iterator[str]:
    """A server that answers its name and the path it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"{name} {self.path}".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


@pytest.fixture
def config() -> Iterator[HttpConfig]:
    with ExitStack() as stack:
        main, data = (stack.enter_context(server(name)) for name in ("main", "data"))
        yield HttpConfig(base_url=f"{main}/v1", hosts={"data": data})


REQUESTS = [Request("GET", "/a"), Request("GET", "/b", host="data"), Request("GET", "/c")]
ANSWERS = [b"main /v1/a", b"data /b", b"main /v1/c"]


def test_request_when_it_names_a_host_then_it_goes_there(config: HttpConfig) -> None:
    transport = HttpTransport(config)
    assert [transport.step(request).content for request in REQUESTS] == ANSWERS
    transport.close()


async def test_request_when_async_then_the_same(config: HttpConfig) -> None:
    transport = AsyncHttpTransport(config)
    replies: list[Reply] = [await transport.step(request) for request in REQUESTS]
    assert [reply.content for reply in replies] == ANSWERS
    await transport.aclose()


@pytest.mark.parametrize("url", ["data.example", "http://data.example", "https://u:p@data.example"])
def test_config_when_a_further_host_is_no_safe_base_url_then_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError):
        HttpConfig(base_url="https://main.example", hosts={"data": url})


def test_failure_when_a_further_host_is_down_then_its_name_is_told() -> None:
    transport = HttpTransport(HttpConfig(base_url="https://main.example", hosts={"data": "http://127.0.0.1:1"}))
    with pytest.raises(Exception, match=r"127\.0\.0\.1:1"):
        transport.step(Request("GET", "/", host="data"))
