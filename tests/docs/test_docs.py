"""Every code block and command of the docs runs, against a sandbox of its own; generated parts are up to date."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from fin_infra.sandbox import running

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md"])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.S | re.M)
SANDBOX_PORT = "127.0.0.1:8060"
MAKE = re.compile(r"^make ([\w-]+)")


def blocks(language: str) -> list[tuple[Path, list[str]]]:
    """Return each page with its blocks of that language, in order."""
    found = [(page, [body for kind, body in BLOCK.findall(page.read_text()) if kind == language]) for page in PAGES]
    return [(page, bodies) for page, bodies in found if bodies]


def name(value: object) -> str | None:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else ""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture
def environment(sandbox: str, tmp_path: Path) -> dict[str, str]:
    """An environment without any of our variables but the sandbox's address; commands of this checkout come first."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("FIN_INFRA", "FEATURE_"))}
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return kept | {"FIN_INFRA_SANDBOX_URL": sandbox, "HOME": str(tmp_path)}


@pytest.mark.parametrize(("page", "bodies"), blocks("python"), ids=name)
def test_python_blocks_when_run_in_order_then_they_work(
    page: Path, bodies: list[str], environment: dict[str, str], sandbox: str, tmp_path: Path
) -> None:
    script = tmp_path / "page.py"
    script.write_text("\n\n".join(bodies).replace(SANDBOX_PORT, sandbox.removeprefix("http://")))
    done = subprocess.run(
        [sys.executable, str(script)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("page", "bodies"), blocks("bash"), ids=name)
def test_bash_blocks_when_run_in_order_then_they_work(
    page: Path, bodies: list[str], environment: dict[str, str], sandbox: str
) -> None:
    for body in bodies:
        made, rest = [], []
        for line in body.splitlines():
            target = MAKE.match(line)
            (made if target else rest).append(target[1] if target else line)
        for target in made:
            subprocess.run(["make", "--dry-run", target], cwd=ROOT, env=environment, check=True, capture_output=True)
        script = "\n".join(rest).replace(SANDBOX_PORT, sandbox.removeprefix("http://"))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize(("page", "bodies"), blocks("yaml"), ids=name)
def test_yaml_blocks_when_read_then_they_parse(page: Path, bodies: list[str]) -> None:
    for body in bodies:
        assert yaml.safe_load(body)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_when_they_point_into_the_project_then_they_exist(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize(("file", "marker"), [("docs/providers.md", "providers"), ("README.md", "picture")])
def test_generated_parts_when_made_again_then_they_are_the_same(file: str, marker: str) -> None:
    sys.path.insert(0, str(ROOT / "dx"))
    try:
        import generated_docs
    finally:
        sys.path.pop(0)
    body = {"providers": generated_docs.provider_table, "picture": generated_docs.picture}[marker]()
    text = (ROOT / file).read_text()
    assert generated_docs.between(text, marker, body) == text, "run python dx/generated_docs.py"


def test_settings_page_when_compared_with_the_code_then_every_variable_is_named() -> None:
    from fin_infra.settings import CoreSettings, ProviderSettings

    text = (ROOT / "docs" / "settings.md").read_text()
    for field in CoreSettings.model_fields:
        assert f"`FIN_INFRA_{field.upper()}`" in text
    for field in ProviderSettings.model_fields:
        assert f"`<VENDOR>_{field.upper()}`" in text
