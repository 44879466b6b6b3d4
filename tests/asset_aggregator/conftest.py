"""A service with a few routes that fail in chosen ways, and a Redis small enough to read."""

from __future__ import annotations

import os
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from asset_aggregator.infra import Auth, ServiceSettings, create_service

TOKEN = "t" * 30
BANKING_TOKEN = "b" * 30
TOKENS = f"ana={TOKEN},bob[banking:read]={BANKING_TOKEN}"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start each test without the service's variables, and put back what `prepare_environment` sets."""
    before = dict(os.environ)
    for name in (
        "APP_ENV",
        "ENV",
        "RAILWAY_ENVIRONMENT_NAME",
        "REDIS_URL",
        "FIN_INFRA_API_TOKENS",
        "CORS_ALLOW_ORIGINS",
    ):
        monkeypatch.delenv(name, raising=False)
    yield
    os.environ.clear()
    os.environ.update(before)


class MakeService(Protocol):
    def __call__(self, *routers: APIRouter, auth: Auth | None = None, **settings: Any) -> FastAPI: ...


@pytest.fixture
def make_service() -> MakeService:
    def make(*routers: APIRouter, auth: Auth | None = None, **settings: Any) -> FastAPI:
        values = {"api_tokens": TOKENS, "log_format": "none"} | settings
        return create_service(
            name="fin", version="0.1.0", routers=routers, settings=ServiceSettings(**values), auth=auth
        )

    return make


@pytest.fixture
def client_for(make_service: MakeService) -> Callable[..., TestClient]:
    def client(*routers: APIRouter, **settings: Any) -> TestClient:
        return TestClient(make_service(*routers, **settings), raise_server_exceptions=False)

    return client


class _Resp(socketserver.StreamRequestHandler):
    """The dozen Redis commands that the service uses, in RESP3."""

    def handle(self) -> None:
        queued: list[bytes] | None = None
        while True:
            head = self.rfile.readline()
            if not head:
                return
            parts = [self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2] for _ in range(int(head[1:]))]
            name = parts[0].upper()
            if name == b"MULTI":
                queued, reply = [], b"+OK\r\n"
            elif name == b"EXEC" and queued is not None:
                reply, queued = b"*%d\r\n" % len(queued) + b"".join(queued), None
            else:
                reply = self.server.answer(name, parts[1:])  # type: ignore[attr-defined]  # set by MiniRedis
                if queued is not None:
                    queued.append(reply)
                    reply = b"+QUEUED\r\n"
            self.wfile.write(reply)


class MiniRedis(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Resp)
        self.data: dict[bytes, bytes] = {}
        self.expires: dict[bytes, float] = {}
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.server_address[1]}/0"

    def answer(self, name: bytes, args: list[bytes]) -> bytes:
        if name == b"HELLO":
            return b"%2\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n"
        if name == b"PING":
            return b"+PONG\r\n"
        if name == b"GET":
            value = self.data.get(args[0])
            return b"_\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)
        if name == b"SET":
            self.data[args[0]] = args[1]
            if b"PX" in args:
                self.expires[args[0]] = time.time() + int(args[args.index(b"PX") + 1]) / 1000
        if name == b"INCRBY":  # redis-py sends INCR as INCRBY
            self.data[args[0]] = b"%d" % (int(self.data.get(args[0], b"0")) + 1)
            return b":%s\r\n" % self.data[args[0]]
        if name == b"TTL":
            return b":60\r\n" if args[0] in self.expires else b":-1\r\n"
        if name == b"EXPIRE":
            self.expires[args[0]] = time.time() + int(args[1])
            return b":1\r\n"
        return b"+OK\r\n"


@pytest.fixture
def mini_redis() -> Iterator[MiniRedis]:
    server = MiniRedis()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def dead_redis_url() -> str:
    """A loopback address where nobody listens."""
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        return f"redis://user:hunter2hunter2@127.0.0.1:{server.server_address[1]}/0"
