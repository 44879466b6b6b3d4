"""The public surface of a tree: what counts as public, and what a second tree has lost by the new paths of modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dx.surface import lost, moved, surface

ROOT = Path(__file__).resolve().parents[2]
MODULE = """
LIMIT = 3
_HIDDEN = 4
def give(name: str, *, count: int = 1) -> list[str]: ...
def _keep() -> None: ...
class Thing:
    size: int
    def __init__(self, size: int) -> None: ...
    def grow(self) -> None: ...
    def _shrink(self) -> None: ...
"""


def _tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def test_surface_when_a_tree_is_read_then_only_public_names_with_their_signatures(tmp_path: Path) -> None:
    tree = _tree(tmp_path, {"pkg/__init__.py": "", "pkg/tool.py": MODULE, "pkg/_inner.py": "SECRET = 1"})
    assert surface(tree) == {
        "pkg",
        "pkg.tool",
        "pkg.tool.LIMIT",
        "pkg.tool.give(name: str, *, count: int=1) -> list[str]",
        "pkg.tool.Thing",
        "pkg.tool.Thing.size",
        "pkg.tool.Thing.__init__(self, size: int) -> None",
        "pkg.tool.Thing.grow(self) -> None",
    }


def test_surface_when_a_package_hands_names_on_then_they_have_the_signature_of_their_origin(tmp_path: Path) -> None:
    handed_on = "from pkg.tool import give\n__all__ = ['give']\n"
    tree = _tree(tmp_path, {"pkg/__init__.py": handed_on, "pkg/tool.py": "def give(name: str) -> None: ..."})
    assert "pkg.give(name: str) -> None" in surface(tree)


def test_lost_when_a_name_goes_and_a_parameter_changes_then_both_are_named(tmp_path: Path) -> None:
    old = _tree(tmp_path / "old", {"pkg/tool.py": "A = 1\nB = 2\ndef f(x: int) -> int: ..."})
    new = _tree(tmp_path / "new", {"pkg/tool.py": "A = 1\nC = 2\ndef f(y: int) -> int: ..."})
    assert lost(old, new) == ["pkg.tool.B", "pkg.tool.f(x: int) -> int"]


def test_lost_when_a_module_moved_then_its_names_are_looked_for_at_the_new_path(tmp_path: Path) -> None:
    moves = 'MOVED: dict[str, str] = {"pkg.old": "pkg.new"}\n'
    old = _tree(tmp_path / "old", {"pkg/old.py": "A = 1\nB = 2"})
    new = _tree(tmp_path / "new", {"pkg/new.py": "A = 1", "fin_infra/_moved.py": moves})
    assert lost(old, new) == ["pkg.new.B"]


def test_moved_when_the_table_is_not_there_then_it_says_so(tmp_path: Path) -> None:
    assert moved(tmp_path / "nowhere.py") == {}
    file = tmp_path / "other.py"
    file.write_text("X = 1", "utf-8")
    with pytest.raises(SystemExit, match="no table MOVED"):
        moved(file)


def test_command_when_run_on_this_tree_then_it_prints_the_surface_sorted() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "dx" / "surface.py"), str(ROOT / "src")], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert lines == sorted(lines)
    assert "fin_infra.Money" in done.stdout
