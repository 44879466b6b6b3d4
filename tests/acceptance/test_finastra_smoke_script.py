"""The smoke script against the service as an operator starts it: 0 while it runs, 1 once it is down or not right."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from . import app as stack
from .conftest import start

pytestmark = pytest.mark.acceptance

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "smoke_finastra_collateral.py"


def smoke(url: str, token: str, *words: str) -> tuple[int, list[str]]:
    env = stack.environment(FIN_INFRA_API_TOKEN=token)
    command = [sys.executable, str(SCRIPT), "--url", url, *words]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_smoke_script_when_the_service_runs_then_it_counts_what_was_asked(running, sandbox):
    code, lines = smoke(running.service, running.token)
    assert lines[0] == "ok   list: 10 of 57 collaterals"
    assert [line.split(":")[0] for line in lines[1:]] == [
        "ok   finastra_api_calls_total",
        "ok   finastra_api_latency_seconds",
        "ok   finastra_breaker_state",
    ]
    assert code == 0


def test_smoke_script_when_the_vendor_fails_then_it_says_so_and_the_call_is_counted(running, sandbox):
    smoke(running.service, running.token)
    sandbox.fault("finastra", "status_500", path="/total-lending/*")
    code, lines = smoke(running.service, running.token)
    assert code == 1
    assert lines[0].startswith("FAIL list: HTTP 503 fin.provider_unavailable")
    assert all(line.startswith("ok") for line in lines[1:])


def test_smoke_script_when_the_feature_is_off_then_the_list_fails_and_down_then_all_does(running, tmp_path):
    token = "token-of-the-service-with-the-list-off"
    with ExitStack() as down:
        settings = stack.service_environment(running.sandbox.url, token) | {"FEATURE_FINASTRA_COLLATERALS": "0"}
        url = start(down, stack.service_command, settings, tmp_path / "service.log", "/readyz")
        code, lines = smoke(url, token)
        assert code == 1
        assert lines[0].startswith("FAIL list: HTTP 404 fin.feature_disabled; set FEATURE_FINASTRA_COLLATERALS=1")
        assert smoke(url, token, "--skip-api")[0] == 0
    code, lines = smoke(url, token)
    assert code == 1
    assert [line.split(":")[0] for line in lines] == ["FAIL list", "FAIL /metrics"]
