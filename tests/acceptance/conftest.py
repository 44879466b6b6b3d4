"""Give the acceptance tests a sandbox, a service and a client: the ones ACCEPT_* names, or two of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from . import app as stack

PROFILES = (
    "banking=teller",
    "banking=mx",
    "banking=plaid",
    "market=alpha_vantage",
    "crypto=coingecko",
    "brokerage=alpaca_paper",
    "brokerage=snaptrade",
    "identity=stripe",
    "core=finastra",
)
TRIES = 3


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the profiles that ACCEPT_PROFILES, such as `banking=teller,crypto=coingecko`, leaves out."""
    chosen = [name.strip() for name in os.environ.get("ACCEPT_PROFILES", "").split(",") if name.strip()]
    unknown = sorted(set(chosen) - set(PROFILES))
    if unknown:
        raise pytest.UsageError(f"ACCEPT_PROFILES names {', '.join(unknown)}; there are {', '.join(PROFILES)}.")
    for item in items:
        mark = item.get_closest_marker("profile")
        if chosen and mark and mark.args[0] not in chosen:
            item.add_marker(pytest.mark.skip(reason=f"ACCEPT_PROFILES leaves out {mark.args[0]}"))


@dataclass(frozen=True)
class Sandbox:
    """The control plane of the running sandbox."""

    url: str

    def world(self) -> dict[str, Any]:
        """Return the truths the answers are checked against; they do not pass through any adapter."""
        found: dict[str, Any] = stack.call(f"{self.url}/_sandbox/world")
        return found

    def reset(self) -> None:
        stack.call(f"{self.url}/_sandbox/reset", "POST", {"seed": stack.SEED})

    def fault(self, vendor: str, kind: str, **more: Any) -> None:
        stack.call(f"{self.url}/_sandbox/faults", "POST", {"vendor": vendor, "kind": kind, **more})

    def requests(self, vendor: str) -> list[dict[str, Any]]:
        """Return what arrived for a vendor since the last reset."""
        rows = stack.call(f"{self.url}/_sandbox/requests")["requests"]
        return [row for row in rows if row["vendor"] == vendor]


@dataclass(frozen=True)
class Stack:
    """Where the service and the sandbox are, and the token the service wants."""

    service: str
    sandbox: Sandbox
    token: str = field(repr=False)
    log: Path | None = None


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    base = os.environ.get("ACCEPT_BASE_URL")
    if base:
        missing = [name for name in ("ACCEPT_SANDBOX_URL", "ACCEPT_TOKEN") if not os.environ.get(name)]
        if missing:
            pytest.fail(f"ACCEPT_BASE_URL is set, {' and '.join(missing)} is not; see docs/acceptance.md")
        sandbox = Sandbox(os.environ["ACCEPT_SANDBOX_URL"])
        for url in (f"{base}/healthz", f"{sandbox.url}/_sandbox/"):
            if not stack.answers(url):
                pytest.fail(f"{url} does not answer; start it, or run `make down` to let the tests start their own")
        yield Stack(base, sandbox, os.environ["ACCEPT_TOKEN"])
        return
    with ExitStack() as cleanup:
        folder, token = tmp_path_factory.mktemp("acceptance"), "acceptance-token-of-this-run-only"
        log = folder / "sandbox.log"
        sandbox_url = start(cleanup, stack.sandbox_command, stack.environment(), log, "/_sandbox/")
        settings, log = stack.service_environment(sandbox_url, token), folder / "service.log"
        service = start(cleanup, stack.service_command, settings, log, "/readyz")
        yield Stack(service, Sandbox(sandbox_url), token, log)


def start(
    cleanup: ExitStack, command: Callable[[int], list[str]], env: Mapping[str, str], log: Path, probe: str
) -> str:
    """Start a process on a free port and return its URL; another port is tried where somebody took it meanwhile."""
    for attempt in range(1, TRIES + 1):
        port = stack.free_port()
        process = stack.launch(command(port), env, log)
        cleanup.callback(stack.stop, process)
        try:
            stack.await_answer(f"http://{stack.HOST}:{port}{probe}", log, process)
        except stack.StackError:
            if attempt == TRIES or process.poll() is None:
                raise
        else:
            return f"http://{stack.HOST}:{port}"
    raise AssertionError("unreachable")


@pytest.fixture
def sandbox(running: Stack) -> Iterator[Sandbox]:
    """The sandbox at its first day, without faults."""
    running.sandbox.reset()
    yield running.sandbox
    running.sandbox.reset()


@dataclass(frozen=True)
class Client:
    """Asks the service like any client would. Numbers in answers are text, so nothing here is ever a float."""

    http: httpx2.Client

    def reply(self, path: str, **params: Any) -> httpx2.Response:
        return self.http.get(path, params=params)

    def data(self, path: str, **params: Any) -> Any:
        """Return `data` of an answer that must be whole."""
        reply = self.reply(path, **params)
        assert reply.status_code == 200, f"{path}: {reply.status_code} {reply.text}"
        body = json.loads(reply.text, parse_float=Decimal)
        assert body["errors"] == [], f"{path}: {body['errors']}"
        return body["data"]

    def problem(self, path: str, status: int, code: str, **params: Any) -> dict[str, Any]:
        """Return the problem document of an answer that must be a refusal."""
        reply = self.reply(path, **params)
        assert reply.status_code == status, f"{path}: {reply.status_code} {reply.text}"
        assert reply.headers["content-type"].startswith("application/problem+json")
        body: dict[str, Any] = reply.json()
        assert body["code"] == code
        assert body["status"] == status
        assert body["detail"]
        return body


@pytest.fixture
def client(running: Stack, sandbox: Sandbox) -> Iterator[Client]:
    """A client with the token; the sandbox is fresh."""
    headers = {"Authorization": f"Bearer {running.token}"}
    with httpx2.Client(base_url=running.service, headers=headers, timeout=60, trust_env=False) as http:
        yield Client(http)


@pytest.fixture
def anonymous(running: Stack) -> Iterator[httpx2.Client]:
    """A client without a token."""
    with httpx2.Client(base_url=running.service, timeout=60, trust_env=False) as http:
        yield http


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def fin_infra(tmp_path: Path) -> Callable[..., Said]:
    """Run `fin-infra ...` as a newcomer would: a process of its own, an empty folder, only the variables given."""

    def run(*words: str, env: Mapping[str, str] | None = None) -> Said:
        command = [sys.executable, "-c", "from fin_infra.cli.main import app; app(prog_name='fin-infra')", *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=stack.environment(**(env or {})), capture_output=True, text=True, timeout=120
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return run
