"""docs/svc-infra.md lists every module of svc-infra that the code imports, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_reuse_table_when_compared_with_the_imports_then_it_has_each_and_no_other() -> None:
    files = [file for folder in ("src", "examples") for file in (ROOT / folder).rglob("*.py")]
    used = {name for file in files for name in _imported(file) if name.split(".")[0] == "svc_infra"}
    page = (ROOT / "docs" / "svc-infra.md").read_text("utf-8")
    table = page.partition("<!-- begin reuse -->")[2].partition("<!-- end reuse -->")[0]
    assert set(re.findall(r"^\| `(svc_infra[\w.]*)`", table, re.M)) == used


def test_reuse_table_when_it_names_a_file_then_that_file_imports_it() -> None:
    page = (ROOT / "docs" / "svc-infra.md").read_text("utf-8")
    for name, file in re.findall(r"^\| `(svc_infra[\w.]*)` \| `([\w/]+\.py)`", page, re.M):
        assert name in set(_imported(ROOT / "src" / file)), f"{file} does not import {name}"
