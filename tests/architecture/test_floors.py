"""Imports go down: the contracts of pyproject.toml hold, cover every module, and can fail."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("fin_infra", "asset_aggregator", "bankersbank")
ADAPTER = re.compile(r"fin_infra\.providers\.(?!interfaces\.)\w+\.(?!teller_client$)\w+")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=120
    )


def test_contracts_when_checked_then_none_is_broken():
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert f"Contracts: {len(SETTINGS['contracts'])} kept, 0 broken." in done.stdout


def test_contracts_when_an_import_goes_up_then_they_are_broken(tmp_path):
    for name, text in {"low": "import upward.high", "high": ""}.items():
        (tmp_path / "upward").mkdir(exist_ok=True)
        (tmp_path / "upward" / f"{name}.py").write_text(text)
    (tmp_path / "upward" / "__init__.py").touch()
    contract = (
        '[[tool.importlinter.contracts]]\nname = "down"\ntype = "layers"\nlayers = ["upward.high", "upward.low"]\n'
    )
    (tmp_path / "pyproject.toml").write_text(f'[tool.importlinter]\nroot_package = "upward"\n{contract}')
    done = _lint(tmp_path)
    assert done.returncode == 1
    assert "upward.low is not allowed to import upward.high" in done.stdout


def test_layers_when_listed_then_every_module_stands_on_one(graph):
    layers = next(contract["layers"] for contract in SETTINGS["contracts"] if contract["id"] == "floors")
    listed = {name.strip() for layer in layers for name in re.split(r"[|:]", layer)}
    spared = {"fin_infra", "fin_infra.providers"}  # they hold floors and stand on none
    for module in graph.modules - spared:
        assert any(module == name or module.startswith(f"{name}.") for name in listed), f"{module} stands on no floor"


def test_adapters_when_they_import_then_never_another_vendor(graph):
    adapters = {name: tuple(name.split(".")[2:4]) for name in graph.modules if ADAPTER.match(name)}
    assert len(set(adapters.values())) >= 7
    for module, vendor in adapters.items():
        for imported in graph.find_modules_directly_imported_by(module):
            assert adapters.get(imported, vendor) == vendor, f"{module} imports {imported}"


def test_root_when_imported_then_it_stands_on_words_only(graph):
    imported = {
        name for name in graph.find_modules_directly_imported_by("fin_infra") if not name.startswith("fin_infra.model.")
    }
    assert imported <= {"fin_infra._moved", "fin_infra.errors", "fin_infra.model"}
