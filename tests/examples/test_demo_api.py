"""The example runs: started as its README says, it answers with what is true in the sandbox."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest

from fin_infra.sandbox import running
from tests.support.ports import free_port

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "demo_api"
TOKEN = "token-of-the-example-in-this-run"
COMMAND = [sys.executable, "-m", "uvicorn", "app:app", "--app-dir", str(EXAMPLE)]


def _environment(**more: str) -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ} | more


@pytest.fixture(scope="module")
def world() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture(scope="module")
def service(world: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("demo_api")
    port = free_port()
    env = _environment(DEMO_API_TOKEN=TOKEN, FIN_INFRA_MODE="sandbox", FIN_INFRA_SANDBOX_URL=world)
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*COMMAND, "--port", str(port)], env=env, cwd=folder, stdout=log, stderr=log)
    try:
        _await(url, process, folder / "log")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx2.get(f"{url}/ping", timeout=2, trust_env=False)
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the example did not start:\n{log.read_text()[-3000:]}")


def _get(service: str, path: str, token: str | None = TOKEN) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx2.get(service + path, headers=headers, timeout=60, trust_env=False)


def test_example_when_it_runs_then_its_three_routes_tell_the_truth(world, service):
    truths = httpx2.get(f"{world}/_sandbox/world", trust_env=False).json()
    accounts = {row["id"] for row in truths["accounts"] if row["access_token"] == "test_token_sandbox"}
    assert {row["id"] for row in _get(service, "/banking/accounts").json()["data"]} == accounts
    quote = _get(service, "/market/quote/AAPL").json()["data"]
    assert Decimal(quote["price"]) == Decimal(truths["equities"]["AAPL"]["close"])
    coin = _get(service, "/crypto/ticker/bitcoin").json()["data"]
    assert Decimal(coin["price"]) == Decimal(truths["crypto_usd"]["bitcoin"])


@pytest.mark.parametrize("token", [None, "another-token-of-enough-length"])
@pytest.mark.parametrize("path", ["/banking/accounts", "/market/quote/AAPL", "/crypto/ticker/bitcoin"])
def test_example_when_the_token_is_missing_or_wrong_then_it_says_401(service, path, token):
    assert _get(service, path, token).status_code == 401


def test_example_when_a_symbol_is_unknown_then_it_is_a_problem_document(service):
    reply = _get(service, "/market/quote/ZZZQ")
    assert reply.status_code == 404
    assert reply.headers["content-type"].startswith("application/problem+json")
    assert json.loads(reply.text)["code"] == "fin.unknown_symbol"


def test_example_when_no_token_is_set_then_it_does_not_start_and_says_what_to_set(tmp_path):
    done = subprocess.run(COMMAND, env=_environment(), cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert done.stderr.strip().startswith("Set DEMO_API_TOKEN")


def test_readme_when_it_names_a_path_or_a_file_then_it_exists(service):
    text = (EXAMPLE / "README.md").read_text("utf-8")
    for path in re.findall(r"127\.0\.0\.1:8070(/\S+)", text):
        assert _get(service, path).status_code == 200
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (EXAMPLE / link).exists(), link
