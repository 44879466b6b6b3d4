"""What is stated about a vendor's wire says where it was read: a link, a recording, a document, or `unconfirmed`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[2] / "src"
SOURCE = re.compile(r"https?://|\brecord(?:ed|ing)|unconfirmed|\bRFC \d|\.json\b|api\.yaml|\bpackage\b", re.IGNORECASE)
OURS = {"bankersbank/metrics.py", "bankersbank/models.py", "bankersbank/__init__.py"}
"""Rooms whose constants are our own choices."""
MOVED = {"fin_infra/providers/banking/teller_client.py"}


def rooms() -> Iterator[Path]:
    providers = SRC / "fin_infra/providers"
    yield from (path for path in sorted(providers.glob("*/*.py")) if path.parent.name != "interfaces")
    yield from sorted(providers.glob("*/*/*.py"))
    yield from sorted((SRC / "bankersbank").glob("*.py"))


def tables(text: str) -> list[str]:
    """Return the names of constants that hold text, numbers or tables."""
    found: list[str] = []
    for node in ast.parse(text).body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(
            node.value, (ast.Constant, ast.Dict, ast.Tuple, ast.Set, ast.List)
        ):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id.strip("_").isupper() and target.id != "KEY":
                found.append(target.id)
    return found


def prose(text: str) -> str:
    """Return comments and docstrings, without the values of constants: a base URL is no source."""
    tree = ast.parse(text)
    documents = [
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ]
    return "\n".join([*(str(text) for text in documents), *re.findall(r"#.*", text)])


@pytest.mark.parametrize("path", list(rooms()), ids=lambda path: str(path.relative_to(SRC)))
def test_room_when_it_states_facts_then_says_where_they_are_from(path: Path) -> None:
    name, text = path.relative_to(SRC).as_posix(), path.read_text("utf-8")
    if name not in OURS | MOVED and tables(text):
        assert SOURCE.search(prose(text)), tables(text)


@pytest.mark.parametrize(
    "path", sorted((SRC / "fin_infra/sandbox/vendors").glob("*/__init__.py")), ids=lambda path: path.parent.name
)
def test_imitation_when_written_then_its_folder_says_from_what(path: Path) -> None:
    assert SOURCE.search(ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")


def test_search_when_only_a_base_url_is_there_then_it_is_no_source() -> None:
    assert not SOURCE.search(prose('LIVE_URL = "https://api.example"\n'))
    assert SOURCE.search(prose('LIVE_URL = "https://api.example"\n"""https://docs.example"""\n'))
    assert tables("SIZE = 3\nKEY = 'a:b'\nlog = 1\n") == ["SIZE"]
