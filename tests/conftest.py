"""Shared fixtures: real payloads read in place, the demo in a process of its own, no far network; the tiers."""

from __future__ import annotations

import gc
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from inspect import signature
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support import effort, tiers, tls

effort.register()
tls.share()
for _phase in ("connect", "read", "write", "pool"):  # five seconds measure the machine; tests that mean a time name it
    setattr(signature(httpx2.Client).parameters["timeout"].default, _phase, 60.0)
_DATA = tempfile.TemporaryDirectory(prefix="fin-infra-data-")
_numbers = count()
os.environ["XDG_DATA_HOME"] = f"{_DATA.name}/session"  # of fixtures that live longer than a test
SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "samples"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test with its tier, and leave out what this tier does without."""
    for item in items:
        tiers.mark(item)
    others = [item for item in items if tiers.left_out(item, effort.TIER)]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if not tiers.left_out(item, effort.TIER)]


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what lasts as long as the run: looking through it took a quarter of it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """In `make quick`, refuse what only the other tiers have time for, fixtures of any scope included."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        if effort.TIER == "quick":
            tiers.refuse_processes(monkeypatch)
        return (yield)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of recorded vendor payloads; tests that need it skip where it is absent."""
    if not SAMPLES.is_dir():
        pytest.skip("no folder of recorded payloads beside this checkout")
    return SAMPLES


@dataclass(frozen=True)
class Demo:
    """What `fin-infra demo run` says of itself."""

    service: str
    sandbox: str
    token: str = field(repr=False)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Service and sandbox, started like `make demo` does; one for all tests of this process."""
    env = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "VIRTUAL_ENV") if name in os.environ}
    folder = tmp_path_factory.mktemp("demo")
    code = "from fin_infra.cli.main import app; app()"
    with (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", code, "demo", "run", "--port", "0"],
            env=env | {"HOME": str(folder)}, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
    with process:  # closes the pipe, after the process has ended
        assert process.stdout
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        try:
            told = re.search(r"^Service +(\S+)/docs\nSandbox +(\S+)/_sandbox\nToken +(\S+)$", said, re.M)
            assert told, f"{said}{(folder / 'stderr').read_text()}"
            yield Demo(*told.groups())
        finally:
            process.kill()


@pytest.fixture(autouse=True)
def _own_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a data folder of its own, which is not there yet: a book in it is no other test's."""
    monkeypatch.setenv("XDG_DATA_HOME", f"{_DATA.name}/{next(_numbers)}")


@pytest.fixture(autouse=True)
def _loopback_only(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine, but for the smokes that are there to make one."""
    if request.node.get_closest_marker("finastra_live"):
        return
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
