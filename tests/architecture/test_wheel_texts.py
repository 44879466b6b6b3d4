"""Whoever installs the wheel does not have the repository: no docstring, help or error points at a file there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from fin_infra.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
NOT_IN_THE_WHEEL = re.compile(
    r"(?<![\w/.])(?:docs|dx|tests|examples|scripts|benchmarks|ops)/[\w./-]+\.\w+\b(?! of https?:)"
    r"|\b(?:README|CONTRIBUTING|CHANGELOG)(?:\.md)?\b|\bMakefile\b|`make \w+`"
)
"""A path of the repository; `docs/webhooks.md of https://...` is somebody else's."""


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every string of a module with its line: docstrings, errors, help. Comments are for readers of source."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT / "src").as_posix())
def test_text_when_shipped_then_it_names_no_file_of_the_repository(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert [(line, found[0]) for line, text in texts(tree) if (found := NOT_IN_THE_WHEEL.search(text))] == []


def _helps(command: object) -> Iterator[str]:
    yield str(getattr(command, "help", ""))
    for param in getattr(command, "params", ()):
        yield str(getattr(param, "help", ""))
    for child in getattr(command, "commands", {}).values():
        yield from _helps(child)


def test_help_when_printed_then_it_names_no_file_of_the_repository() -> None:
    helps = list(_helps(typer.main.get_command(app)))
    assert len(helps) > 20
    assert [text for text in helps if NOT_IN_THE_WHEEL.search(text)] == []


@pytest.mark.parametrize(
    "text", ["see `docs/settings.md`.", "edit dx/make_currencies.py", "the README says", "run `make demo`"]
)
def test_search_when_a_text_points_into_the_repository_then_it_is_found(text: str) -> None:
    assert NOT_IN_THE_WHEEL.search(text)


@pytest.mark.parametrize(
    "text", ["https://teller.io/docs/api", "docs/webhooks.md of https://github.com/x/y", "make one", "/docs/oauth2"]
)
def test_search_when_a_text_points_elsewhere_then_it_is_not_found(text: str) -> None:
    assert not NOT_IN_THE_WHEEL.search(text)
