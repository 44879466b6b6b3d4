"""Nothing of this checkout helps: a fresh clone, an empty environment, the package index, and what they then can do."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
KEPT = ("PATH", "LANG", "TMPDIR")
PIP = ("PIP_", "SSL_", "REQUESTS_", "UV_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""Where this machine finds the index is its own affair."""
CORE_PACKAGES = 30


def run(*words: str | Path, cwd: Path) -> str:
    """Run a command as somebody who has just arrived, and return what it said."""
    env = {name: value for name, value in os.environ.items() if name in KEPT or name.upper().startswith(PIP)}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=env | {"HOME": os.environ.get("HOME", str(cwd))},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, f"{words}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is committed, and nothing else."""
    folder = tmp_path_factory.mktemp("clean") / "fin-infra"
    run("git", "clone", "-q", "--no-hardlinks", ROOT, folder, cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def core(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what the core needs, at the pinned versions; returns its `bin`."""
    folder = tmp_path_factory.mktemp("core")
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    run(folder / "bin" / "python", "-m", "pip", "wheel", "-qq", "--no-deps", "-w", folder, clone, cwd=folder)
    [wheel] = folder.glob("*.whl")
    pins = clone / "constraints.txt"
    run(folder / "bin" / "python", "-m", "pip", "install", "-qq", "-c", pins, wheel, cwd=folder)
    return folder / "bin"


def test_clone_when_make_installs_it_then_the_readme_and_the_quick_tests_work(clone: Path) -> None:
    run("make", ".venv/.installed", f"PYTHON={sys.executable}", cwd=clone)
    assert "fin-infra" in run(clone / ".venv" / "bin" / "fin-infra", "--help", cwd=clone)
    assert " passed" in run("make", "quick", "PYTEST=-k 'model or normalize or flow'", cwd=clone).splitlines()[-1]


def test_core_when_installed_alone_then_few_packages_and_its_commands_answer(core: Path, tmp_path: Path) -> None:
    packages = run(core / "python", "-m", "pip", "list", "--format=freeze", cwd=tmp_path).split()
    assert len(packages) <= CORE_PACKAGES, packages
    for extra in ("fastapi", "svc-infra", "SQLAlchemy", "hypothesis"):
        assert not [name for name in packages if name.startswith(f"{extra}==")]
    assert "teller" in run(core / "fin-infra", "providers", "ls", cwd=tmp_path)
    doors = ("banking", "markets", "crypto", "fx", "brokerage", "cashflows")
    imports = "; ".join(f"import fin_infra.{door}" for door in doors)
    run(core / "python", "-I", "-c", f"{imports}; import bankersbank", cwd=tmp_path)


def test_wheel_when_opened_then_code_and_data_only(core: Path) -> None:
    [wheel] = core.parent.glob("*.whl")
    names = run(sys.executable, "-m", "zipfile", "-l", wheel, cwd=core.parent)
    assert "fin_infra/py.typed" in names
    assert "tests/" not in names


@pytest.mark.parametrize("extra", PROJECT["optional-dependencies"])
def test_extra_when_the_index_is_asked_then_the_pins_fit_together(clone: Path, core: Path, extra: str) -> None:
    pins = clone / "constraints.txt"
    wanted = f"{clone}[{extra}]"
    run(core / "python", "-m", "pip", "install", "-qq", "--dry-run", "-c", pins, wanted, cwd=clone)
