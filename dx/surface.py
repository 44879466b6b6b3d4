"""Print the public surface of a source tree, or what a second tree has lost of it.

    python dx/surface.py src                  every public name, one a line, sorted
    python dx/surface.py OLD/src src          what OLD has and src has not, by the new paths of modules

A name is public where no part of its path begins with an underscore. Nothing is imported, so any revision can be read.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

MOVED = Path("fin_infra/_moved.py")


def surface(root: Path) -> set[str]:
    """Return every public name below `root`, functions with their signatures."""
    found: set[str] = set()
    shared: dict[str, str] = {}
    for file in root.rglob("*.py"):
        found |= set(_module(file, root))
        shared |= _shared(file, root)
    before: set[str] = set()
    while len(found) > len(before):  # what is handed on may come from a package that hands it on
        below = _below(found - before)
        before = found.copy()
        for name, origin in shared.items():
            found |= {name + line.removeprefix(origin) for line in below[origin]}
    return found


def _below(lines: set[str]) -> defaultdict[str, list[str]]:
    """Return the lines by each path that they go on from, as `pkg.Thing` does in `pkg.Thing.size` and `pkg.Thing()`."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in lines:
        for path in _parents(_dotted(line)):
            if path != line:
                found[path].append(line)
    return found


def lost(old: Path, new: Path) -> list[str]:
    """Return what `old` has and `new` has not."""
    moves = moved(new / MOVED)
    return sorted({_renamed(line, moves) for line in surface(old)} - surface(new))


def moved(file: Path) -> dict[str, str]:
    """Return the table of old and new module paths."""
    if not file.exists():
        return {}
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "MOVED" and node.value:
            table: dict[str, str] = ast.literal_eval(node.value)
            return table
    raise SystemExit(f"{file} has no table MOVED")


def _renamed(line: str, moves: dict[str, str]) -> str:
    old = next((module for module in _parents(_dotted(line)) if module in moves), None)
    return line if old is None else moves[old] + line.removeprefix(old)


def _dotted(line: str) -> str:
    return re.split(r"[^\w.]", line, maxsplit=1)[0]


def _parents(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]


def _module(file: Path, root: Path) -> Iterator[str]:
    path = _path(file, root)
    if any(part.startswith("_") for part in path.split(".")):
        return
    yield path
    for node in ast.parse(file.read_text()).body:
        yield from _names(node, path)


def _shared(file: Path, root: Path) -> dict[str, str]:
    """Return the names of `__all__` that a module hands on, and where it has them from."""
    path = _path(file, root)
    tree = ast.parse(file.read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    listed = {line.rpartition(".")[2] for node in tree.body for line in _names(node, path)}
    return {
        f"{path}.{alias.name}": f"{node.module}.{alias.name}"
        for node in imports
        for alias in node.names
        if alias.name in listed
    }


def _path(file: Path, root: Path) -> str:
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _names(node: ast.stmt, path: str) -> Iterator[str]:
    """Yield what a statement of a module or class gives to others."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        if _public(node.name):
            yield f"{path}.{node.name}{_signature(node)}"
    elif isinstance(node, ast.ClassDef):
        if _public(node.name):
            yield f"{path}.{node.name}"
            for inner in node.body:
                yield from _names(inner, f"{path}.{node.name}")
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and target.id == "__all__":
                yield from (f"{path}.{name}" for name in ast.literal_eval(node.value or ast.List([])))
            elif isinstance(target, ast.Name) and _public(target.id):
                yield f"{path}.{target.id}"
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{path}.{alias.name}" for alias in node.names if alias.asname == alias.name)


def _public(name: str) -> bool:
    return not name.startswith("_") or name == "__init__"


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"({ast.unparse(node.args)}){result}"


def main() -> None:
    match [Path(arg) for arg in sys.argv[1:]]:
        case [tree]:
            print("\n".join(sorted(surface(tree))))
        case [old, new]:
            print("\n".join(lost(old, new)))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
