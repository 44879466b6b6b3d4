"""The wheel as users get it: without pins, on each Python of this machine, the core and each extra."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.long.test_clean import ROOT, run

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FOR_USERS = [name for name in PROJECT["optional-dependencies"] if name not in ("dev", "docs")]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
UV = Path(sys.executable).parent / "uv"
Installed = Callable[[str], Path]


def _python(version: str) -> str | None:
    """Return a Python of that version which runs: a version manager's shim may be there without one."""
    shims = [shutil.which(f"python{version}")]
    shims += [str(path) for path in Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")]
    for path in filter(None, shims):
        if subprocess.run([path, "-c", "import venv"], capture_output=True, check=False).returncode == 0:
            return path
    return None


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "-w", folder, ROOT, cwd=folder)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module", params=PYTHONS)
def installed(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Return a function that installs the wheel with an extra into an environment of its own; it returns its `bin`."""
    python = _python(request.param)
    if python is None:
        pytest.skip(f"no Python {request.param} on this machine")

    def install(extra: str) -> Path:
        folder = tmp_path_factory.mktemp("env")
        run(UV, "venv", "-q", "--python", python, folder / "v", cwd=folder)
        inside = folder / "v" / "bin"
        what = f"{PROJECT['name']}{f'[{extra}]' if extra else ''} @ file://{wheel}"
        run(UV, "pip", "install", "-q", "--python", inside / "python", what, cwd=folder)
        return inside

    return install


@pytest.mark.parametrize("extra", ["", *FOR_USERS])
def test_wheel_when_installed_without_pins_then_it_works(installed: Installed, extra: str, tmp_path: Path) -> None:
    inside = installed(extra)
    run(UV, "pip", "check", "-q", "--python", inside / "python", cwd=tmp_path)
    doors = "; ".join(f"import fin_infra.{door}" for door in ("banking", "markets", "crypto", "fx", "brokerage"))
    run(inside / "python", "-W", "error", "-c", f"{doors}; import bankersbank.finastra", cwd=tmp_path)
    assert run(inside / "fin-infra", "--version", cwd=tmp_path).split() == ["fin-infra", PROJECT["version"]]
    if extra in ("service", "all"):
        assert "Net worth" in run(inside / "fin-infra", "demo", "run", "--once", "--port", "0", cwd=tmp_path)
        return
    refused = subprocess.run(
        [inside / "fin-infra", "demo", "run", "--once", "--port", "0"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 3
    assert f"pip install '{PROJECT['name']}[" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_sandbox_extra_when_alone_then_the_sandbox_runs_and_the_library_reads_from_it(
    installed: Installed, tmp_path: Path
) -> None:
    inside = installed("sandbox")
    code = (
        "import os\nfrom fin_infra.sandbox import environment, running\n"
        "with running() as url:\n"
        "    os.environ |= environment(url)\n"
        "    from fin_infra.banking import easy_banking\n"
        "    print(len(easy_banking().accounts()))\n"
    )
    assert int(run(inside / "python", "-c", code, cwd=tmp_path)) >= 4


def test_import_when_another_fin_infra_is_installed_beside_it_then_one_sentence_says_so(
    installed: Installed, tmp_path: Path
) -> None:
    """A made-up package of the product's name, put in by pip as the real one would be."""
    inside = installed("")
    other = tmp_path / "other"
    (other / "src" / "fin_infra_other").mkdir(parents=True)
    (other / "src" / "fin_infra_other" / "__init__.py").write_text("")
    (other / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "fin-infra"\nversion = "0.13.0"\n'
        '[tool.hatch.build.targets.wheel]\npackages = ["src/fin_infra_other"]\n'
    )
    run(UV, "pip", "install", "-q", "--python", inside / "python", other, cwd=tmp_path)
    done = subprocess.run([inside / "python", "-c", "import fin_infra"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.search(r"ImportError: .*fin-infra, is installed beside fin-infra-kit.*pip uninstall", done.stderr)


@pytest.fixture(scope="module")
def sizes() -> dict[str, tuple[int, float]]:
    """What the page of installation says: packages and megabytes of each extra."""
    rows = re.findall(r"^\| (?:`(\w+)`|core) \|.*\| (\d+) \| ([\d.]+) MB \|$", _page(), re.MULTILINE)
    return {extra: (int(packages), float(size)) for extra, packages, size in rows}


def _page() -> str:
    return (ROOT / "docs" / "install.md").read_text("utf-8")


def test_install_page_when_compared_with_the_project_file_then_each_extra_has_a_row(
    sizes: dict[str, tuple[int, float]],
) -> None:
    assert set(sizes) == {"", *FOR_USERS}


@pytest.mark.parametrize("extra", ["", *FOR_USERS])
def test_install_page_when_the_extra_is_installed_then_its_figures_are_near(
    sizes: dict[str, tuple[int, float]], extra: str
) -> None:
    from benchmarks.install import measure

    packages, size = measure(f"{ROOT}[{extra}]" if extra else str(ROOT))
    told, megabytes = sizes[extra]
    assert abs(packages - told) <= 2
    assert megabytes * 0.9 - 2 <= size <= megabytes * 1.1 + 2
