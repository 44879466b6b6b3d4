"""The Python of README and docs passes mypy and pyright in strict mode, and no line of code is cut off on the site."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_docs import BLOCK, PAGES, ROOT, blocks

COLUMNS = 88
"""What the site shows of a line of code at 1280 pixels."""
OF_OTHERS = {"svc-infra.md"}
"""Pages whose code is about a package without complete types, which pyright's strict mode does not forgive."""


def _write(folder: Path, leave_out: frozenset[str] | set[str] = frozenset()) -> list[Path]:
    """Write each page's blocks into one module, with as many empty lines before each as it has on the page."""
    files = []
    for page, _ in blocks("python"):
        if page.name in leave_out:
            continue
        text = page.read_text("utf-8")
        lines = [""] * (text.count("\n") + 1)
        for found in BLOCK.finditer(text):
            if found[1] == "python":
                start = text.count("\n", 0, found.start(2))
                body = found[2].splitlines()
                lines[start : start + len(body)] = body
        file = folder / f"{page.stem.replace('-', '_')}.py"
        file.write_text("\n".join(lines) + "\n", "utf-8")
        files.append(file)
    assert len(files) > 20
    return files


@pytest.mark.process
def test_blocks_when_mypy_checks_them_strictly_then_it_finds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", *map(str, _write(tmp_path))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.process
def test_blocks_when_pyright_checks_them_strictly_then_it_finds_nothing(tmp_path: Path) -> None:
    _write(tmp_path, OF_OTHERS)
    config = {
        "include": ["."],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "enableTypeIgnoreComments": False,
        "extraPaths": [str(ROOT / "src")],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "README.md"], ids=lambda page: page.stem)
def test_code_when_shown_on_the_site_then_no_line_is_cut_off(page: Path) -> None:
    """README is not on the site; its picture is as wide as the demo's."""
    found = [line for _, body in BLOCK.findall(page.read_text("utf-8")) for line in body.splitlines()]
    assert [line for line in found if len(line) > COLUMNS] == []
