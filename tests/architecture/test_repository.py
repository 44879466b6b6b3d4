"""The repository keeps its promises: pins, licence, docstrings, names, and the commands that CI and docs call."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PIN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*==[0-9][0-9a-z.]*(?:\+[a-z0-9.]+)?")
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".cfg", ".ini", ".json", ".sh", ".html", ".xml", ""}
REGISTRIES = re.compile(
    r"(?i)\b(?:py[p]i\.org|python[h]osted\.org|registry\.npm[j]s\.org|ghcr\.io|quay\.io|gcr\.io|docker\.io|--(?:extra-)?index-url"
    r"\s*[=\s]\s*\S*://|--find-links\s*[=\s]\s*/)"
)
MACHINE_PATHS = re.compile(r"(?<![\w./:*-])/(?:home|root|Users|work|opt/(?:pypi|wheels)|private/var|mnt)/[\w.-]+")
SUFFIXES = ("Manager", "Helper", "Util", "Utils", "Info", "Data", "Base")
GIVEN = {"ProviderInfo", "CryptoData", "MarketData"}
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _source() -> list[Path]:
    return sorted((ROOT / "src").rglob("*.py"))


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_constraints_when_read_then_each_line_is_one_exact_pin():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert len(lines) > 100
    wrong = [line for line in lines if not PIN.fullmatch(line)]
    assert wrong == []
    names = [line.split("==")[0] for line in lines]
    assert len(set(names)) == len(names)


def test_constraints_when_compared_with_the_dependencies_then_every_one_is_pinned():
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    wanted += [line for name in extras for line in extras[name] if not line.startswith("fin-infra-kit[")]
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()}
    names = {re.split(r"[\[<>=~! ]", line)[0].lower().replace("_", "-") for line in wanted}
    assert names - pinned == set()


def test_tracked_files_when_searched_then_no_registry_host_or_machine_path_is_in_them():
    for path in _tracked():
        if path.suffix not in TEXT or path == Path(__file__).resolve():
            continue
        text = path.read_text("utf-8", "replace")
        for pattern in (REGISTRIES, MACHINE_PATHS):
            found = pattern.search(text)
            assert found is None, f"{path.relative_to(ROOT)}: {found[0] if found else ''}"


@pytest.mark.parametrize(
    "text", ["see https://py" + "pi.org/simple", "cd /root/project", "open('/home/ann/x')", "/mnt/disk/a"]
)
def test_search_when_such_a_line_is_there_then_it_is_found(text):
    assert REGISTRIES.search(text) or MACHINE_PATHS.search(text)


@pytest.mark.parametrize("text", ["GET /accounts/work/1", "https://example.com/home/page", "./work/x", "net/worth"])
def test_search_when_a_line_only_resembles_one_then_it_is_not_found(text):
    assert not REGISTRIES.search(text)
    assert not MACHINE_PATHS.search(text)


@pytest.mark.parametrize("path", _source(), ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_module_when_read_then_its_docstring_names_its_floor(path):
    text = path.read_text("utf-8")
    if not text.strip():
        assert path.name == "__init__.py"
        return
    docstring = ast.get_docstring(ast.parse(text)) or ""
    if path == ROOT / "src" / "fin_infra" / "__init__.py":
        assert docstring
        return
    found = re.search(r"^Floor [0-8]\b.*\S", docstring, re.MULTILINE)
    assert found, f"{path}: line 2 of the docstring starts with `Floor N`"


def _parsers() -> Iterator[Path]:
    for folder in ("providers", "imports", "model", "normalize"):
        found = sorted((ROOT / "src" / "fin_infra" / folder).rglob("*.py"))
        assert found
        yield from found


def test_parse_code_when_read_then_no_amount_passes_through_a_float():
    for path in _parsers():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
            assert not called, f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)} calls float()"


def test_classes_when_named_then_none_ends_in_a_word_that_says_nothing():
    for path in _source():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name not in GIVEN:
                assert not node.name.endswith(SUFFIXES), f"{path.relative_to(ROOT)}: {node.name}"


def test_modules_when_named_then_none_is_a_drawer_for_everything():
    for path in _source():
        assert path.stem not in {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base_utils"}, path


def test_entry_points_when_installed_then_each_names_a_class_that_exists():
    groups = PROJECT["project"]["entry-points"]
    assert {"fin_infra.banking", "fin_infra.market", "fin_infra.crypto", "fin_infra.fx"} <= set(groups)
    assert callable(import_module(groups["pytest11"]["fin_infra"]).fin_infra_sandbox)
    for group in (points for name, points in groups.items() if name.startswith("fin_infra.")):
        for value in group.values():
            module, _, name = value.partition(":")
            assert isinstance(getattr(import_module(module), name), type), value


def test_licence_when_read_then_it_is_mit_as_the_package_says():
    assert (ROOT / "LICENSE").read_text("utf-8").startswith("MIT License")
    assert PROJECT["project"]["license"] == "MIT"


def test_version_when_compared_then_package_and_project_agree():
    import fin_infra

    assert fin_infra.__version__ == PROJECT["project"]["version"]
    assert PROJECT["project"]["version"] in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_help_when_asked_then_every_target_is_listed():
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"make (\w+)", told)) == _targets()


def test_ci_script_when_read_then_it_runs_the_command_of_the_readme():
    commands = [
        line for line in (ROOT / ".ci" / "run").read_text("utf-8").splitlines() if line and not line.startswith("#")
    ]
    assert commands == ["set -eu", 'cd "$(dirname "$0")/.."', "make test"]
    assert "make test" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_when_parsed_then_it_is_pinned_narrow_and_calls_targets_that_exist(path):
    workflow = yaml.safe_load(path.read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    for step in steps:
        action = step.get("uses", "")
        assert not action or re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action), action
        if "checkout@" in action:
            assert step["with"]["persist-credentials"] is False
    pins = re.findall(r"uses: (\S+)(.*)", path.read_text("utf-8"))
    assert all(re.fullmatch(r" # v?\d+\.\d+\.\d+", tag) for _, tag in pins), pins
    called = re.findall(r"\bmake ([a-z]+)", "\n".join(step.get("run", "") for step in steps))
    assert called
    assert set(called) <= _targets()


def test_ci_workflow_when_read_then_its_gates_stand_in_order():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))["jobs"]
    names = [step["name"] for step in jobs["gates"]["steps"] if "name" in step]
    wanted = ["Ruff", "Types", "Import floors", "Pytest", "SBOM", "SAST"]
    assert [name for name in names if name in wanted] == wanted


def test_make_test_when_read_then_it_runs_every_gate_of_the_workflow_that_needs_no_network():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    needs = {name: set(words.split()) for name, words in re.findall(r"^([a-z]+): ([^#\n]*)##", makefile, re.MULTILINE)}
    covered = needs["test"] | needs["check"]
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))["jobs"]
    commands = "\n".join(step.get("run", "") for step in jobs["gates"]["steps"])
    assert set(re.findall(r"\bmake ([a-z]+)", commands)) <= covered


@pytest.mark.parametrize(
    ("goals", "extras"),
    [(["demo"], ["service"]), (["quick"], ["service,dev"]), (["demo", "quick"], ["service", "service,dev"])],
)
def test_make_when_nothing_is_installed_then_the_demo_waits_for_its_own_packages_only(tmp_path, goals, extras):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text("utf-8"), "utf-8")
    words = ["make", "--dry-run", "-j", "4", f"PYTHON={sys.executable}", *goals]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert re.findall(r"-e '\.\[([\w,]+)\]'", done.stdout) == extras


def test_release_when_read_then_nothing_is_signed_before_checks_tests_and_audit():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "acceptance.yml").read_text("utf-8"))["jobs"]
    assert set(jobs["sign"]["needs"]) == {"gates", "processes", "image"}
    assert "refs/tags/v" in jobs["gates"]["if"]
    commands = [step["run"] for step in jobs["gates"]["steps"] if "run" in step]
    assert commands == ["make test", "make audit"]
    verified = jobs["sign"]["steps"][-1]["run"]
    assert "cosign verify " in verified
    assert "cosign verify-attestation " in verified


def test_secrets_when_a_job_has_them_then_an_environment_stands_in_front():
    for path in WORKFLOWS:
        for name, job in yaml.safe_load(path.read_text("utf-8"))["jobs"].items():
            assert not re.search(r"\$\{\{[^}]*\bsecrets\.", str(job)) or job.get("environment"), f"{path.name}: {name}"


def test_sast_when_run_then_it_finds_nothing():
    words = [ROOT / ".venv/bin/bandit", "-q", "-r", "src", "-c", "pyproject.toml", "--severity-level", "medium"]
    if not Path(words[0]).exists():
        pytest.skip("not the environment of the Makefile")
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_image_when_its_file_is_read_then_it_keeps_the_journal_stops_in_time_and_believes_no_header():
    text = (ROOT / "Dockerfile").read_text("utf-8")
    home = re.search(r"^VOLUME (\S+)$", text, re.MULTILINE)
    assert home
    assert f"FIN_INFRA_TRADING_JOURNAL={home[1]}/" in text
    assert re.search(rf"install --directory --owner=fin-infra .*{home[1]}\b", text)
    assert "HEALTHCHECK" in text
    command = text[text.rindex("CMD [") :]
    for word in ("--no-server-header", "--no-proxy-headers", "--limit-concurrency"):
        assert f'"{word}"' in command
    seconds = re.search(r'"--timeout-graceful-shutdown", "(\d+)"', command)
    assert seconds
    assert int(seconds[1]) < 10


def test_deployment_page_when_read_then_its_command_is_that_of_the_image():
    command = (ROOT / "Dockerfile").read_text("utf-8").rpartition("CMD [")[2]
    page = (ROOT / "docs" / "deployment.md").read_text("utf-8")
    for word in re.findall(r'"(--[a-z-]+)"', command):
        assert word in page, word


def test_compose_file_when_parsed_then_it_keeps_the_contract_of_the_makefile():
    text = (ROOT / "docker-compose.test.yml").read_text("utf-8")
    services = yaml.safe_load(text)["services"]
    assert set(services) == {"sandbox", "service", "tester"}
    tester = services.pop("tester")
    assert (tester["profiles"], tester["build"]["target"]) == (["tester"], "tester")
    assert tester["depends_on"]["service"]["condition"] == "service_healthy"
    assert {"ACCEPT_BASE_URL", "ACCEPT_SANDBOX_URL", "ACCEPT_TOKEN", "ACCEPT_PROFILES"} == set(tester["environment"])
    assert services["service"]["network_mode"] == tester["network_mode"] == "service:sandbox"
    published = services["sandbox"]["ports"]
    assert sorted(published) == ["127.0.0.1:8050:8050", "127.0.0.1:8060:8060"]
    for service in services.values():
        assert service["healthcheck"]["test"]
    assert services["service"]["environment"]["FIN_INFRA_API_TOKENS"].startswith("${ACCEPT_TOKEN:?")


def test_pre_commit_when_parsed_then_its_hooks_are_the_checks_of_make_check():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    parts = re.search(r"^check: (.*) ##", makefile, re.MULTILINE)
    assert parts
    recipes = [re.search(rf"^{name}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE) for name in parts[1].split()]
    recipes.remove(
        next(found for found in recipes if found and "cyclonedx" in found[1])
    )  # writes a file, checks nothing
    lines = [line for recipe in recipes if recipe for line in recipe[1].splitlines()]
    commands = [line.strip().replace("$(BIN)", ".venv/bin") for line in lines]
    assert [hook["entry"] for hook in hooks[0]["hooks"]] == commands


def test_docs_navigation_when_parsed_then_each_page_exists_and_none_is_left_out():
    listed = set(_pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]))
    docs = ROOT / "docs"
    written = {str(path.relative_to(docs)) for path in docs.rglob("*.md") if not path.name.startswith("0000-")}
    assert listed - written == set(), "in mkdocs.yml, not in docs/"
    assert written - listed == set(), "in docs/, not in mkdocs.yml"


def _pages(nav: object) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, list):
        for entry in nav:
            yield from _pages(entry)
    elif isinstance(nav, dict):
        for entry in nav.values():
            yield from _pages(entry)


def test_decision_records_when_read_then_each_says_what_of_svc_infra_it_reuses():
    records = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert records
    for path in records:
        text = path.read_text("utf-8")
        assert re.match(r"# ADR-(?:\d{4}|NNNN): ", text), path.name
        for section in ("## Context", "## Decision", "## svc-infra Reuse Assessment", "## Consequences"):
            assert section in text, f"{path.name} lacks {section}"


def test_test_files_when_named_then_each_name_is_there_once():
    seen: dict[str, Path] = {}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        # cases.py stands in each fixture folder and is read by its path, never imported by its name
        if path.name in ("conftest.py", "__init__.py", "cases.py") or (path.parent / "__init__.py").exists():
            continue
        assert path.name not in seen, f"rename {path.relative_to(ROOT)}: pytest imports {seen[path.name]} by that name"
        seen[path.name] = path.relative_to(ROOT)
