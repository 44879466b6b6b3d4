"""The commands behind `make up|wait|seed|down` do what docs/acceptance.md says, on ports and a folder of their own."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from . import app as stack

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).resolve().parents[2]
Command = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def ports() -> tuple[int, int]:
    return stack.free_port(), stack.free_port()


@pytest.fixture
def command(tmp_path: Path, ports: tuple[int, int]) -> Iterator[Command]:
    env = stack.environment(
        ACCEPT_RUN_DIR=str(tmp_path / "run"), ACCEPT_SANDBOX_PORT=str(ports[0]), ACCEPT_SERVICE_PORT=str(ports[1])
    )

    def run(what: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "tests.acceptance.app", what]
        return subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=180)

    yield run
    run("down")


def test_stack_when_started_seeded_and_stopped_then_each_step_does_what_it_says(command, ports, tmp_path):
    sandbox, service = (f"http://127.0.0.1:{port}" for port in ports)
    assert command("up").returncode == 0
    again = command("up")
    assert again.returncode == 1
    assert "make down" in again.stderr
    assert command("wait").stdout == "Both answer.\n"

    kept = tmp_path / "run" / "env"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    told = dict(line.removeprefix("export ").split("=", 1) for line in kept.read_text().splitlines())
    assert told["ACCEPT_BASE_URL"] == service
    assert told["ACCEPT_SANDBOX_URL"] == sandbox
    headers = {"Authorization": f"Bearer {told['ACCEPT_TOKEN']}"}
    assert httpx2.get(f"{service}/providers", headers=headers, timeout=30, trust_env=False).status_code == 200

    stack.call(f"{sandbox}/_sandbox/clock", "POST", {"advance_s": 86_400})
    stack.call(f"{sandbox}/_sandbox/faults", "POST", {"vendor": "*", "kind": "status_500"})
    assert "2026-11-20T15:00:00Z with seed 7" in command("seed").stdout
    state = stack.call(f"{sandbox}/_sandbox/")
    assert (state["now"], state["faults"]) == ("2026-11-20T15:00:00Z", 0)

    down = command("down")
    assert down.stdout.splitlines() == ["Stopped the service.", "Stopped the sandbox."]
    for url in (sandbox, service):
        with pytest.raises(httpx2.TransportError):
            httpx2.get(url, trust_env=False)
    assert not kept.exists()


def test_down_when_the_process_id_belongs_to_somebody_else_by_now_then_that_one_goes_on(command, tmp_path):
    (tmp_path / "run").mkdir()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (tmp_path / "run" / "sandbox.pid").write_text(str(stranger.pid))
        assert command("down").stdout == ""
        assert stranger.poll() is None
    finally:
        os.kill(stranger.pid, signal.SIGKILL)
        stranger.wait()


@pytest.mark.parametrize("what", ["wait", "seed"])
def test_command_when_nothing_is_up_then_it_says_what_to_run_first(command, what):
    done = command(what)
    assert done.returncode == 1
    assert "make up" in done.stderr
    assert "Traceback" not in done.stderr
