"""The live smokes of CI run when there are secrets, with what they need, and show none of it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
JOBS: dict[str, Any] = yaml.safe_load(TEXT)["jobs"]
LIVE = JOBS["finastra-live"]
STEPS = {step["name"]: step for step in LIVE["steps"] if "name" in step}
COMMANDS = {
    "List": "pytest -q -m finastra_live tests/test_finastra_client.py -k test_live_list_collaterals_smoke",
    "By id": "pytest -q -m finastra_live tests/test_finastra_client_live_by_id.py -k test_live_get_collateral_smoke",
}
SECRETS = ("FINASTRA_B2B_CLIENT_ID", "FINASTRA_B2B_CLIENT_SECRET")


def test_live_job_when_read_then_it_waits_for_the_precheck_and_its_word() -> None:
    assert LIVE["needs"] == ["gates", "precheck"]
    assert LIVE["if"] == "needs.precheck.outputs.live == 'true'"
    assert "needs" not in JOBS["precheck"]
    assert set(JOBS["precheck"]["outputs"]) == {"live", "has_collateral_id", "collateral_id"}


@pytest.mark.parametrize("name", COMMANDS)
def test_live_step_when_read_then_it_runs_the_documented_smoke_with_its_secrets(name: str) -> None:
    step = STEPS[name]
    assert step["run"] == COMMANDS[name]
    for variable in SECRETS:
        assert step["env"][variable] == f"${{{{ secrets.{variable} }}}}"
    page = (ROOT / "docs" / "finastra.md").read_text("utf-8")
    assert COMMANDS[name] in re.sub(r" \\\n +", " ", page)  # lines of the page are as wide as the site shows


@pytest.mark.parametrize("name", COMMANDS)
def test_live_step_when_its_file_is_looked_at_then_the_smoke_is_there(name: str) -> None:
    _, file, smoke = re.split(r" (tests/\S+) -k ", COMMANDS[name])
    assert f"def {smoke}(" in (ROOT / file).read_text("utf-8")


def test_live_job_when_read_then_settings_are_passed_through_and_the_id_comes_from_the_precheck() -> None:
    for variable in ("FINASTRA_TENANT", "FINASTRA_REQUIRE_200", "FINASTRA_B2B_BASE_URL_COLLATERALS"):
        assert LIVE["env"][variable] == f"${{{{ vars.{variable} }}}}"
    for name in COMMANDS:
        assert STEPS[name]["env"]["FINASTRA_SCOPE"] == "${{ secrets.FINASTRA_SCOPE || vars.FINASTRA_SCOPE }}"
    told = STEPS["By id"]["env"]["TEST_COLLATERAL_ID_PRIMARY"]
    assert told == "${{ needs.precheck.outputs.collateral_id || secrets.TEST_COLLATERAL_ID_PRIMARY }}"


def test_secrets_when_looked_for_then_only_the_smokes_get_them_and_no_command_names_one() -> None:
    for name, job in JOBS.items():
        assert "secrets." not in str(job.get("env", "")) + str(job.get("outputs", ""))
        for step in job["steps"]:
            assert "secrets." not in step.get("run", "")
            given = [value for value in step.get("env", {}).values() if "secrets." in value]
            if name == "precheck":  # learns whether they are set, never what they are
                assert all(re.search(r"secrets\.\w+ != ''", value) for value in given)
                assert all(
                    part.endswith(" != ''") for value in given for part in re.findall(r"secrets\.\w+(?: != '')?", value)
                )
            else:
                assert not given or step.get("name") in COMMANDS
    assert not re.search(r"\bset -\w*x", TEXT)


@pytest.mark.parametrize(
    ("given", "outputs"),
    [
        (("true", "true", "col_1"), {"live": "true", "has_collateral_id": "true", "collateral_id": "col_1"}),
        (("true", "true", ""), {"live": "true", "has_collateral_id": "true", "collateral_id": ""}),
        (("false", "false", ""), {"live": "false", "has_collateral_id": "false", "collateral_id": ""}),
    ],
)
def test_precheck_when_its_commands_run_then_it_tells_what_there_is(
    given: tuple[str, str, str], outputs: dict[str, str], tmp_path: Path
) -> None:
    [step] = JOBS["precheck"]["steps"]
    env = dict(zip(("LIVE", "HAS_COLLATERAL_ID", "COLLATERAL_ID"), given, strict=True))
    assert set(env) == set(step["env"])
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]],
        env=env | files | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    told = (tmp_path / "GITHUB_OUTPUT").read_text().splitlines()
    assert dict(line.split("=", 1) for line in told) == outputs
    assert f"TEST_COLLATERAL_ID_PRIMARY is set: {given[1]}" in done.stdout
