"""The two processes under test, sandbox and service: start them, wait for them, put them back, stop them.

Used by the fixtures, and by the Makefile as `python -m tests.acceptance.app up|wait|seed|down`. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.ports import HOST, free_port

__all__ = ["HOST", "free_port"]
SEED = 7
START_TIMEOUT_S, STOP_TIMEOUT_S = 90.0, 10.0
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SYSTEMROOT", "VIRTUAL_ENV", "COVERAGE_PROCESS_START")
"""All that a process under test takes from the environment: no key or setting of the machine's owner reaches it."""

RUN = Path(os.environ.get("ACCEPT_RUN_DIR") or Path(__file__).resolve().parents[2] / ".run")
MARKS = {"sandbox": "sandbox serve", "service": "asset_aggregator.api:app"}
"""What the command line of each process holds, so that a recycled process id is never stopped."""


class StackError(RuntimeError):
    """The processes under test cannot be used; the text says why."""


def environment(**more: str) -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT if name in os.environ} | more


def sandbox_command(port: int) -> list[str]:
    code = "from fin_infra.cli.main import app; app()"
    return [sys.executable, "-c", code, "sandbox", "serve", "--port", str(port), "--seed", str(SEED)]


def service_command(port: int) -> list[str]:
    return [sys.executable, "-m", "uvicorn", "asset_aggregator.api:app", "--host", HOST, "--port", str(port)]


def service_environment(sandbox_url: str, token: str) -> dict[str, str]:
    return environment(
        FIN_INFRA_MODE="sandbox",
        FIN_INFRA_SANDBOX_URL=sandbox_url,
        FIN_INFRA_API_TOKENS=token,
        FEATURE_IDENTITY="1",
        STRIPE_READ_SENSITIVE="1",
        STRIPE_MAX_ATTEMPTS="1",
        APP_ENV="test",
    )


def launch(command: list[str], env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a process of its own group, in the folder of its log, so that no file of the checkout configures it.

    What it remembers is there, too, and not in the book of whoever starts it.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    env = {"XDG_DATA_HOME": str(log.parent.absolute() / "data"), **env}
    with log.open("wb") as sink:
        return subprocess.Popen(
            command, env=env, cwd=log.parent, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
            start_new_session=True,
        )  # fmt: skip


def await_answer(url: str, log: Path | None = None, process: subprocess.Popen[bytes] | None = None) -> None:
    """Return as soon as `url` answers 200."""
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until:
        if process is not None and process.poll() is not None:
            break
        if answers(url):
            return
        time.sleep(0.1)
    told = log.read_text("utf-8", "replace")[-3000:] if log and log.is_file() else "nothing"
    raise StackError(f"{url} does not answer. Its process said:\n{told}")


def answers(url: str) -> bool:
    """Return whether `url` answers 200 now."""
    try:
        with _open(url, 2.0):
            return True
    except OSError:  # URLError and HTTPError are kinds of it
        return False


def call(url: str, method: str = "GET", body: Any = None) -> Any:
    """Ask the sandbox's control plane."""
    with _open(url, 30.0, method, None if body is None else json.dumps(body).encode()) as reply:
        return json.load(reply)


def _open(url: str, timeout_s: float, method: str = "GET", data: bytes | None = None) -> Any:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return direct.open(urllib.request.Request(url, data, method=method), timeout=timeout_s)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def ports() -> tuple[int, int]:
    return int(os.environ.get("ACCEPT_SANDBOX_PORT", "8060")), int(os.environ.get("ACCEPT_SERVICE_PORT", "8050"))


def up() -> None:
    """Start both in the background, with a new token, unless they run."""
    running = [name for name in MARKS if _running(name)]
    if running:
        raise StackError(f"{' and '.join(running)} runs already; `make down` stops what `make up` started.")
    sandbox_port, service_port = ports()
    for port in (sandbox_port, service_port):
        _check_free(port)
    RUN.mkdir(mode=0o700, exist_ok=True)
    sandbox, service, token = (
        f"http://{HOST}:{sandbox_port}",
        f"http://{HOST}:{service_port}",
        secrets.token_urlsafe(24),
    )
    _record("sandbox", launch(sandbox_command(sandbox_port), environment(), RUN / "sandbox.log"))
    settings = service_environment(sandbox, token)
    _record("service", launch(service_command(service_port), settings, RUN / "service.log"))
    contract = {"ACCEPT_BASE_URL": service, "ACCEPT_SANDBOX_URL": sandbox, "ACCEPT_TOKEN": token}
    file = RUN / "env"
    file.touch(mode=0o600)
    file.write_text("".join(f"export {name}={value}\n" for name, value in contract.items()), "utf-8")
    print(f"Service {service}\nSandbox {sandbox}/_sandbox\nToken and addresses are in .run/env, logs beside it.")


def wait() -> None:
    sandbox, service = _addresses()
    await_answer(f"{sandbox}/_sandbox/", RUN / "sandbox.log")
    await_answer(f"{service}/readyz", RUN / "service.log")
    print("Both answer.")


def seed() -> None:
    sandbox, _ = _addresses()
    state = call(f"{sandbox}/_sandbox/reset", "POST", {"seed": SEED})
    print(f"The sandbox is back at {state['now']} with seed {state['seed']}.")


def down() -> None:
    """Stop what `up` started, and nothing else."""
    for name in ("service", "sandbox"):
        pid = _running(name)
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            until = time.monotonic() + STOP_TIMEOUT_S
            while _running(name) is not None and time.monotonic() < until:
                time.sleep(0.05)
            if _running(name) is not None:
                os.kill(pid, signal.SIGKILL)
            print(f"Stopped the {name}.")
        (RUN / f"{name}.pid").unlink(missing_ok=True)
    (RUN / "env").unlink(missing_ok=True)


def _addresses() -> tuple[str, str]:
    told = {}
    if (RUN / "env").is_file():
        lines = (RUN / "env").read_text("utf-8").splitlines()
        told = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    told |= {name: value for name, value in os.environ.items() if name.startswith("ACCEPT_") and value}
    if "ACCEPT_SANDBOX_URL" not in told or "ACCEPT_BASE_URL" not in told:
        raise StackError("Nothing is up; run `make up` first, or set ACCEPT_SANDBOX_URL and ACCEPT_BASE_URL.")
    return told["ACCEPT_SANDBOX_URL"], told["ACCEPT_BASE_URL"]


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise StackError(
                f"Port {port} is taken; stop what listens there, or set ACCEPT_SANDBOX_PORT and ACCEPT_SERVICE_PORT."
            ) from None


def _record(name: str, process: subprocess.Popen[bytes]) -> None:
    (RUN / f"{name}.pid").write_text(f"{process.pid}\n", "utf-8")


def _running(name: str) -> int | None:
    """Return the id of a process that `up` started and that still runs."""
    try:
        pid = int((RUN / f"{name}.pid").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    command = subprocess.run(["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True).stdout
    return pid if MARKS[name] in command and not command.startswith("Z") else None


def main() -> int:
    parser = argparse.ArgumentParser(description="The processes of the acceptance tests.")
    parser.add_argument("what", choices=("up", "wait", "seed", "down"))
    try:
        {"up": up, "wait": wait, "seed": seed, "down": down}[parser.parse_args().what]()
    except (StackError, OSError) as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
