"""The workflow templates parse, are pinned like our own workflows, and run commands that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "dx" / "ci").glob("*.yml"))
OURS = "".join(path.read_text("utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml"))
GATES = ["Ruff", "Types", "Pytest", "SBOM", "SAST"]


def _jobs(path: Path) -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))["jobs"]
    return jobs


def test_templates_when_listed_then_there_is_one_for_gates_and_one_for_acceptance() -> None:
    assert [path.name for path in TEMPLATES] == ["acceptance.yml", "ci.yml"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_template_when_it_uses_an_action_then_the_pin_is_one_of_our_own_workflows(path: Path) -> None:
    used = re.findall(r"uses: (\S+@\S+ # \S+)", path.read_text("utf-8"))
    assert used
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", line) for line in used)
    assert all(line in OURS for line in used)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_template_when_parsed_then_it_reads_only_has_a_time_limit_and_keeps_no_credentials(path: Path) -> None:
    assert yaml.safe_load(path.read_text("utf-8"))["permissions"] == {"contents": "read"}
    for job in _jobs(path).values():
        assert job["timeout-minutes"] <= 30
        assert job["steps"][0]["with"] == {"persist-credentials": False}
    assert "secrets." not in path.read_text("utf-8")


def test_gates_when_read_then_they_come_in_the_order_of_our_own() -> None:
    def order(path: Path) -> list[str]:
        return [step["name"] for step in _jobs(path)["gates"]["steps"] if step.get("name") in GATES]

    assert order(ROOT / "dx" / "ci" / "ci.yml") == order(ROOT / ".github" / "workflows" / "ci.yml") == GATES


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_template_when_it_runs_commands_then_a_shell_can_read_them(path: Path) -> None:
    for job in _jobs(path).values():
        for step in job["steps"]:
            if "run" in step:
                subprocess.run(["bash", "-n"], input=step["run"], text=True, check=True)


def test_template_when_it_calls_fin_infra_then_that_command_exists() -> None:
    called = {match for path in TEMPLATES for match in re.findall(r"fin-infra (\w+ \w+)", path.read_text("utf-8"))}
    assert called == {"sandbox serve"}
    done = subprocess.run(
        [sys.executable, "-m", "fin_infra.cli", "sandbox", "serve", "--help"], capture_output=True, timeout=60
    )
    assert done.returncode == 0
