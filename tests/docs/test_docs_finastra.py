"""The page about Finastra names every variable with its default, and its metrics lines print the three families."""

from __future__ import annotations

import re
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

from bankersbank.config import VARIABLES, FinastraConfig
from fin_infra.api.finastra_tenants import CONFIG_JSON, CONFIG_PATH

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "finastra.md").read_text("utf-8")
TABLE = PAGE.partition("## Variables")[2].partition("## In Python")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.splitlines() if line.startswith("| `")]
DEFAULTS = {name: default.strip("`") for names, default, _ in ROWS for name in re.findall(r"`(\w+)`", names)}
SCALE = {"FINASTRA_RETRY_MIN_SLEEP_MS": 1000}


def test_variables_when_compared_with_the_code_then_each_is_there_with_its_default() -> None:
    coded = {field.name: field.default for field in fields(FinastraConfig)}
    for name, (variable, _) in VARIABLES.items():
        told, default = DEFAULTS[variable], coded[name]
        if told == "none":
            assert default is None or name == "client_id", variable
        elif isinstance(default, str):
            assert told == default, variable
        else:
            assert float(told) == float(default) * SCALE.get(variable, 1), variable


def test_variables_when_compared_with_those_that_are_no_setting_of_a_client_then_they_are_there_too() -> None:
    others = {CONFIG_JSON, CONFIG_PATH, "TEST_COLLATERAL_ID_PRIMARY", "FINASTRA_REQUIRE_200", "FIN_INFRA_API_TOKEN"}
    assert set(DEFAULTS) == {variable for variable, _ in VARIABLES.values()} | others


def test_metrics_lines_when_run_after_one_list_call_then_they_print_all_three_families(demo: Any) -> None:
    block = PAGE.partition("## Metrics")[2].partition("```bash\n")[2].partition("```")[0]
    script = block.replace("http://127.0.0.1:8050", demo.service)
    env = {"PATH": "/usr/bin:/bin", "FIN_INFRA_API_TOKEN": demo.token}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], env=env, capture_output=True, text=True, check=True
    )
    series = {line.partition("{")[0] for line in done.stdout.splitlines()}
    assert series == {"finastra_api_calls_total", "finastra_api_latency_seconds_count", "finastra_breaker_state"}
    assert 'endpoint="total-lending/collaterals/b2b/v2:/collaterals",status="200"' in done.stdout


def test_anchors_when_a_page_links_to_a_part_of_this_one_then_it_is_there() -> None:
    there = {heading.lower().replace(" ", "-") for heading in re.findall(r"^##+ (.+)$", PAGE, re.M)}
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text("utf-8")
        asked = re.findall(r"\]\((?:\w*/)*finastra\.md#([\w-]+)\)", text)
        asked += re.findall(r"\]\(#([\w-]+)\)", text) if page.name == "finastra.md" else []
        assert set(asked) <= there, page.name
