"""A scaffolded provider is green at once: its own tests, its domain's suite, both type checkers, style."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from dx.scaffold import DOMAINS, Refused, scaffold
from tests.sandbox.test_vendors import ROOMS

ROOT = Path(__file__).resolve().parents[2]
ADAPTER_ROOMS = {
    *("adapter", "payloads", "orders", "refusals", "symbols", "signature"),
    *("stream", "webhook", "market_data", "reference", "rules"),
    *("linking", "settings", "categories", "states", "words", "webhook_words", "investments", "debts"),
}
SUITES = {"banking": "test_banking.py", "brokerage": "test_brokerage.py", "fx": "test_fx.py"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The two files that a scaffold adds a line to."""
    for name in ("pyproject.toml", "src/fin_infra/sandbox/vendors/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def _content(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.process
@pytest.mark.parametrize("domain", DOMAINS)
def test_scaffold_when_run_then_writes_its_own_folders_and_two_lines(tree: Path, domain: str) -> None:
    before = _content(tree)
    written = scaffold(tree, domain, "acme_two", "Acme Two")
    after = _content(tree)
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"pyproject.toml", "src/fin_infra/sandbox/vendors/__init__.py"}
    for name in changed:
        lines = set(after[name].decode().splitlines()) - set(before[name].decode().splitlines())
        assert len(lines) == 1
        assert "AcmeTwo" in next(iter(lines))
    assert {str(path.relative_to(tree)) for path in written} == after.keys() - before.keys()
    homes = (f"src/fin_infra/providers/{domain}/acme_two/", "src/fin_infra/sandbox/vendors/acme_two/")
    homes += (f"tests/providers/{domain}/acme_two/", "tests/sandbox/vendors/acme_two/")
    assert all(str(path.relative_to(tree)).startswith(homes) for path in written)
    assert not any(b"__vendor__" in text or b"__mount__" in text for text in after.values())


@pytest.mark.process
def test_scaffold_when_the_title_ends_with_s_then_its_texts_read_well(tree: Path) -> None:
    written = [path.read_text("utf-8") for path in scaffold(tree, "brokerage", "three", "Three Brokers")]
    assert any("Imitate Three Brokers' API" in text for text in written)
    assert not any("Brokers's" in text or "in one line" in text or "__" + "title__" in text for text in written)


@pytest.mark.parametrize(
    ("domain", "vendor", "title", "sentence"),
    [
        ("tax", "acme", "Acme", "There is no template for 'tax'; use banking, brokerage, fx"),
        ("banking", "Acme", "Acme", "'Acme' cannot be a module name"),
        ("banking", "class", "Acme", "'class' cannot be a module name"),
        ("banking", "../acme", "Acme", "cannot be a module name"),
        ("banking", "teller", "Teller", "teller is in pyproject.toml already"),
        ("banking", "acme", 'A"b', "A title is one line without quotes"),
    ],
)
def test_scaffold_when_a_word_is_wrong_then_a_sentence_and_nothing_is_written(
    tree: Path, domain: str, vendor: str, title: str, sentence: str
) -> None:
    before = _content(tree)
    with pytest.raises(Refused, match=re.escape(sentence)):
        scaffold(tree, domain, vendor, title)
    assert _content(tree) == before


def test_scaffold_when_a_file_is_there_then_it_is_not_overwritten(tree: Path) -> None:
    mine = tree / "tests/sandbox/vendors/acme/test_routes.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    before = _content(tree)
    with pytest.raises(Refused, match=r"test_routes\.py is there already"):
        scaffold(tree, "fx", "acme", "Acme")
    assert _content(tree) == before


@pytest.mark.parametrize(
    ("name", "rooms"), [("adapter", ADAPTER_ROOMS), ("sandbox", ROOMS - {"__init__"})], ids=["adapter", "sandbox"]
)
def test_docs_when_they_list_the_rooms_then_they_are_those_that_are_checked(name: str, rooms: set[str]) -> None:
    text = (ROOT / "docs" / "adding-a-provider.md").read_text("utf-8")
    listed = re.search(rf"<!-- begin {name} rooms -->\n(.*?)<!-- end {name} rooms -->", text, re.S)
    assert listed
    assert set(re.findall(r"`(\w+)`", listed[1])) == rooms


def test_adapters_when_they_are_folders_then_their_modules_are_the_rooms() -> None:
    modules = {path for path in (ROOT / "src/fin_infra/providers").glob("*/*/*.py") if path.name != "__init__.py"}
    assert len(modules) > 15
    assert {path.stem for path in modules} <= ADAPTER_ROOMS


@pytest.mark.long
@pytest.mark.process
@pytest.mark.parametrize("domain", DOMAINS)
def test_scaffold_when_run_in_a_copy_of_the_repository_then_all_is_green(tmp_path: Path, domain: str) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    scaffold(tmp_path, domain, "acme", "Acme")
    env = os.environ | {"PYTHONPATH": f"{tmp_path / 'src'}{os.pathsep}{_metadata(tmp_path)}"}

    def run(*command: str) -> None:
        done = subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]

    own = [f"tests/providers/{domain}/acme", "tests/sandbox/vendors/acme", f"tests/conformance/{SUITES[domain]}"]
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")
    run("mypy")
    run("pytest", "-q", "-p", "no:cacheprovider", *own)
    run("pytest", "-q", "-p", "no:cacheprovider", "tests/conformance", "-k", "acme")


def _metadata(root: Path) -> Path:
    """Write what an installation would know of the copy, its entry points, and return the folder."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    folder = root / "build-metadata" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = {**project["entry-points"], "console_scripts": project["scripts"]}
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in rows.items())
        for group, rows in groups.items()
    ]
    (folder / "entry_points.txt").write_text("\n".join(lines))
    return folder.parent
