"""The name under which the package is installed, and the other publisher's package of the product's name."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint, EntryPoints, metadata
from pathlib import Path

import pytest

from fin_infra import _distribution
from fin_infra._distribution import NAME, install_command, installed_name, refuse_other_distribution
from fin_infra.errors import MissingExtra

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_name_when_installed_then_metadata_and_project_file_agree() -> None:
    assert installed_name() == PROJECT["name"] == NAME
    assert metadata(NAME)["Version"] == PROJECT["version"]


def test_install_command_when_installed_under_another_name_then_texts_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dist:
        name = "bank-of-ours-fin-infra"

    point = EntryPoint("fin-infra", "fin_infra.cli.main:app", "console_scripts")
    vars(point)["dist"] = Dist
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: EntryPoints([point]))
    _distribution.installed_name.cache_clear()
    try:
        assert install_command("service") == "pip install 'bank-of-ours-fin-infra[service]'"
        assert "pip install 'bank-of-ours-fin-infra[finastra]'" in str(MissingExtra.of("It needs", "jwt", "finastra"))
    finally:
        _distribution.installed_name.cache_clear()


@pytest.mark.parametrize("folder", ["fin_infra-0.13.0.dist-info", "fin_infra-0.9.0-py3.11.egg-info"])
def test_import_when_the_other_package_is_beside_ours_then_one_sentence_stops_it(tmp_path: Path, folder: str) -> None:
    (tmp_path / "site-packages" / folder).mkdir(parents=True)
    for module in ("fin_infra", "fin_infra.banking", "bankersbank.finastra", "asset_aggregator.api"):
        code = f"import sys; sys.path.append({str(tmp_path / 'site-packages')!r}); import {module}"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        said = done.stderr.strip().splitlines()[-1]
        assert said.startswith("ImportError: Another publisher's distribution, fin-infra, is installed beside")
        assert f"pip uninstall -y fin-infra {NAME} && pip install {NAME}" in said


def test_import_when_only_ours_is_there_then_nothing_is_refused(tmp_path: Path) -> None:
    for folder in ("fin_infra_kit-0.1.0.dist-info", "fin_infra_nbp-1.0.dist-info", "fin_infra"):
        (tmp_path / folder).mkdir()
    refuse_other_distribution([str(tmp_path), str(tmp_path / "gone.zip")])


def test_texts_when_searched_then_nobody_is_told_to_install_the_other_package() -> None:
    foreign = re.compile(r"pip install[^`\n]*\bfin-infra(?![\w-])|[\"']fin-infra\[")
    assert foreign.search("run: pip install fin-infra")
    assert foreign.search("pip install 'fin-infra[service]'")
    folders = ("src", "docs", "dx", "examples", "scripts", "benchmarks", ".github")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "Dockerfile", ROOT / "pyproject.toml"]
    wrong = [
        str(path) for path in files if path.suffix != ".pyc" and foreign.search(path.read_text("utf-8", "replace"))
    ]
    assert wrong == []
