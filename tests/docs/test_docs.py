"""Every code block and command of the docs runs, against a sandbox of its own; generated parts are up to date."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from fin_infra.sandbox import running

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md"])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.S | re.M)
SANDBOX_PORT, SERVICE_PORT = "127.0.0.1:8060", "127.0.0.1:8050"
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
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("FIN_INFRA", "FEATURE_", "FINASTRA"))
    }
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
    page: Path, bodies: list[str], environment: dict[str, str], sandbox: str, request: pytest.FixtureRequest
) -> None:
    """A page that asks the service asks the demo, whose sandbox it sees, too."""
    service = ""
    if SERVICE_PORT in "".join(bodies):
        demo = request.getfixturevalue("demo")
        sandbox, service = demo.sandbox, demo.service
        environment |= {"FIN_INFRA_SANDBOX_URL": sandbox, "FIN_INFRA_API_TOKEN": demo.token}
    for body in bodies:
        made, rest = [], []
        for line in body.splitlines():
            target = MAKE.match(line)
            (made if target else rest).append(target[1] if target else line)
        for target in made:
            subprocess.run(["make", "--dry-run", target], cwd=ROOT, env=environment, check=True, capture_output=True)
        script = "\n".join(rest).replace(SANDBOX_PORT, sandbox.removeprefix("http://"))
        script = script.replace(SERVICE_PORT, service.removeprefix("http://"))
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


@pytest.mark.parametrize(("page", "bodies"), blocks("toml"), ids=name)
def test_toml_blocks_when_read_then_they_parse(page: Path, bodies: list[str]) -> None:
    for body in bodies:
        assert tomllib.loads(body)


def test_blocks_when_listed_then_each_is_of_a_kind_that_is_tried() -> None:
    """`console` shows a server being started, which the sandbox of these tests is; `text` is not code.

    `py` is a part of a file that is tested elsewhere, or a signature; `pycon` is a doctest of the code.
    """
    kinds = {kind for page in PAGES for kind, _ in BLOCK.findall(page.read_text())}
    assert kinds <= {"python", "py", "pycon", "bash", "yaml", "toml", "console", "text"}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_when_they_point_into_the_project_then_they_exist(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize(
    ("file", "marker"),
    [
        ("docs/providers.md", "providers"),
        ("docs/questions.md", "questions"),
        pytest.param("README.md", "picture", marks=pytest.mark.process),
    ],
)
def test_generated_parts_when_made_again_then_they_are_the_same(file: str, marker: str) -> None:
    sys.path.insert(0, str(ROOT / "dx"))
    try:
        import generated_docs
    finally:
        sys.path.pop(0)
    makers = {"providers": generated_docs.provider_table, "questions": generated_docs.question_table}
    body = (makers | {"picture": generated_docs.picture})[marker]()
    text = (ROOT / file).read_text()
    assert generated_docs.between(text, marker, body) == text, "run python dx/generated_docs.py"


def test_settings_page_when_compared_with_the_code_then_every_variable_is_named() -> None:
    from fin_infra.settings import CoreSettings, ProviderSettings

    text = (ROOT / "docs" / "settings.md").read_text()
    for field in CoreSettings.model_fields:
        assert f"`FIN_INFRA_{field.upper()}`" in text
    for field in ProviderSettings.model_fields:
        assert f"`<VENDOR>_{field.upper()}`" in text


def test_settings_page_when_compared_with_the_services_settings_then_every_variable_is_named() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    for file in ("infra/environment.py", "infra/metrics.py", "api.py"):
        source = (ROOT / "src" / "asset_aggregator" / file).read_text()
        read = set(re.findall(r'environ(?:\.get\(|, |\[)"([A-Z_]+)"', source)) - {"ENV"}  # set, never asked of the user
        assert read
        for variable in read:
            assert f"`{variable}`" in text, variable


def commands(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each command below `command` with the words that call it; typer brings its own copy of click's classes."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield words, command
        return
    for name, child in inner.items():
        yield from commands((*words, name), child)


def test_command_page_when_compared_with_the_commands_then_each_has_its_options_and_exit_codes() -> None:
    from fin_infra.cli.main import app
    from fin_infra.cli.output import Exit
    from fin_infra.questions import CATALOG

    text = (ROOT / "docs" / "cli.md").read_text()
    options = text.partition("## Options")[2].partition("## Exit codes")[0]
    found = list(commands(("fin-infra",), typer.main.get_command(app)))
    assert len(found) == 65 + len(CATALOG) - 1  # `providers` is asked by the name of its group
    for words, command in found:
        assert f"`{' '.join(words)}" in text
        assert command.help
        for param in command.params:
            told = [name for name in param.opts if name.startswith("--")]
            assert all(f"`{name}" in options for name in told), (words, told)
    codes = re.findall(r"^\| (\d) \|", text.partition("## Exit codes")[2], re.M)
    assert codes == [str(int(code)) for code in Exit]
