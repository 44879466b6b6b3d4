"""Imports go down: the floors of pyproject.toml hold, cover every module, agree with the docs, and can fail."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import grimp
import pytest

import fin_infra

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("fin_infra", "asset_aggregator", "bankersbank")
ADAPTER = re.compile(r"fin_infra\.providers\.(?!interfaces\.)\w+\.(?!teller_client$)\w+")
TOOL = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
SETTINGS = TOOL["importlinter"]
FLOORS = {module: floor["number"] for floor in TOOL["fin-infra"]["floors"] for module in floor["modules"]}
HOLDERS = {"fin_infra", "fin_infra.providers"}
"""Packages that hold modules of several floors."""
ALLOWED = {
    "fin_infra.sandbox": {"fin_infra.sandbox", "fin_infra._distribution"},
    "bankersbank": {
        "bankersbank",
        "fin_infra._distribution",
        "fin_infra.errors",
        "fin_infra.features",
        "fin_infra.flow",
        "fin_infra.model",
        "fin_infra.transport",
    },
}
"""What a package may import of ours: the sandbox nothing but the name to install, so that it shares no mistake with
what it tests."""
USERS = {"fastapi": {"fin_infra.api", "asset_aggregator"}, "svc_infra": {"asset_aggregator"}}
"""The only packages that may import a framework."""


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


def _within(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _ours(graph: grimp.ImportGraph) -> set[str]:
    return {module for module in graph.modules if _within(module, PACKAGES)}


def _floor(module: str) -> int | None:
    """Return the floor of the longest entry that covers a module."""
    parts = module.split(".")
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((FLOORS[name] for name in names if name in FLOORS), None)


def _forbidden(graph: grimp.ImportGraph) -> list[str]:
    """Return the direct imports that `ALLOWED` and `USERS` do not allow; the root alone brings words and no more."""
    found: list[str] = []
    for module in sorted(_ours(graph)):
        for imported in sorted(graph.find_modules_directly_imported_by(module) - {"fin_infra"}):
            for package, allowed in ALLOWED.items():
                if _within(module, [package]) and _within(imported, PACKAGES) and not _within(imported, allowed):
                    found.append(f"{module} imports {imported}")
            if imported in USERS and not _within(module, USERS[imported]):
                found.append(f"{module} imports {imported}")
    return found


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


def test_imports_when_a_package_has_a_list_then_it_imports_nothing_else(graph):
    assert _forbidden(graph) == []
    for package in ALLOWED:
        assert _within(package, graph.modules)
    for framework, users in USERS.items():
        assert {user for user in users if graph.find_children(user)} == users
        assert graph.find_modules_that_directly_import(framework)


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("bankersbank.models", "fin_infra.trading.ids"),
        ("bankersbank.models", "fin_infra.normalize"),
        ("fin_infra.sandbox.kernel.gate", "fin_infra.errors"),
        ("fin_infra.sandbox.kernel.gate", "bankersbank.models"),
        ("fin_infra.questions.holdings", "fastapi"),
        ("fin_infra.sandbox.kernel.gate", "fastapi"),
        ("fin_infra.api.answers", "svc_infra"),
    ],
)
def test_imports_when_one_outside_the_list_is_added_then_it_is_found(importer, imported):
    graph = grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)
    assert {importer, imported} <= graph.modules
    graph.add_import(importer=importer, imported=imported)
    assert _forbidden(graph) == [f"{importer} imports {imported}"]


def _layers() -> list[list[str]]:
    layers = next(contract["layers"] for contract in SETTINGS["contracts"] if contract["id"] == "floors")
    return [[name.strip(" ()") for name in re.split(r"[|:]", layer)] for layer in layers]


def test_layers_when_listed_then_every_module_stands_on_one(graph):
    listed = [name for layer in _layers() for name in layer]
    for module in _ours(graph) - HOLDERS:
        assert _within(module, listed), f"{module} stands on no floor"


def test_layers_when_read_downwards_then_floors_only_go_down():
    numbers = [{_floor(name) for name in layer} for layer in _layers()]
    assert all(len(layer) == 1 for layer in numbers), "a layer spans two floors, or one of its modules is on none"
    order = [number for layer in numbers for number in layer]
    assert order == sorted(order, key=lambda number: -1 if number is None else number, reverse=True)
    assert set(order) == set(range(9))


def test_floors_when_listed_then_each_module_is_in_a_layer():
    listed = {name for layer in _layers() for name in layer} | HOLDERS
    assert set(FLOORS) <= listed


def test_docstrings_when_they_name_a_floor_then_it_is_that_of_the_table(graph):
    wrong: list[str] = []
    for module in sorted(_ours(graph) - {"fin_infra"}):
        spec = importlib.util.find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        text = Path(spec.origin).read_text("utf-8")
        lines = (ast.get_docstring(ast.parse(text)) or "").splitlines()
        named = next((match[1] for line in lines if (match := re.match(r"Floor (\d+)\b", line))), None)
        if text.strip() and named != str(_floor(module)):
            wrong.append(f"{module} says {named}, the table {_floor(module)}")
    assert not wrong


@pytest.mark.parametrize("file", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_docs_when_they_show_the_floors_then_it_is_the_table(file, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "dx"))
    import generated_docs

    text = (ROOT / file).read_text("utf-8")
    assert generated_docs.between(text, "floors", generated_docs.floor_table()) == text, (
        "run python dx/generated_docs.py"
    )


def test_adapters_when_they_import_then_never_another_vendor(graph):
    adapters = {name: tuple(name.split(".")[2:4]) for name in graph.modules if ADAPTER.match(name)}
    assert len(set(adapters.values())) >= 7
    for module, vendor in adapters.items():
        for imported in graph.find_modules_directly_imported_by(module):
            assert adapters.get(imported, vendor) == vendor, f"{module} imports {imported}"


def test_root_when_imported_then_it_stands_on_words_only(graph):
    doors = {
        f"fin_infra.{home}" for home in fin_infra._HOMES.values()
    }  # load when they are asked for: tests/test_doors.py
    imported = graph.find_modules_directly_imported_by("fin_infra") & _ours(graph) - doors
    assert all(
        _within(module, ["fin_infra._moved", "fin_infra._distribution", "fin_infra.errors", "fin_infra.model"])
        for module in imported
    )
