"""The writer of generated parts: it replaces what stands between its markers and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from dx.generated_docs import between, data_map, error_table, floor_table, provider_table, question_table, switch_table
from tests.support.models import models

ROOT = Path(__file__).resolve().parents[2]
MODELS = {model.__name__: model for model in models()}
PAGE = "before\n<!-- begin part -->\nold\n<!-- end part -->\nafter\n"


def test_between_when_a_part_is_written_then_the_rest_stays() -> None:
    made = between(PAGE, "part", r"new \1" + "\n")
    assert made == "before\n<!-- begin part -->\nnew \\1\n<!-- end part -->\nafter\n"
    assert between(made, "part", "old\n") == PAGE


def test_between_when_there_are_no_markers_then_it_stops() -> None:
    with pytest.raises(SystemExit, match="no markers for other"):
        between(PAGE, "other", "x")


@pytest.mark.parametrize(
    ("table", "cells"),
    [
        (provider_table, ["`banking:teller`", "`TELLER_ACCESS_TOKEN`"]),
        (error_table, ["`fin.rate_limited`", "`RateLimited`", "429"]),
        (floor_table, ["words", "`model`"]),
        (question_table, ["`net-worth`", "`symbol`", "personal, `banking:read`"]),
        (switch_table, ["`FEATURE_BANKING`", "on"]),
        (data_map, ["e-mail address", "`Owner.emails`", "`***`", "`pii=True`"]),
    ],
)
def test_table_when_made_then_it_is_markdown_with_what_the_code_says(
    table: Callable[[], str], cells: list[str]
) -> None:
    lines = table().splitlines()
    columns = lines[0].count("|")
    rows = [line for line in lines if line.startswith("|")]
    assert all(line.count("|") >= columns for line in rows)
    assert all(any(cell in line for line in rows) for cell in cells)


def test_scripts_of_dx_when_listed_then_each_has_a_test_that_imports_it() -> None:
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    for script in (ROOT / "dx").glob("*.py"):
        assert f"from dx.{script.stem} import" in tests or f"import {script.stem}\n" in tests, script.name


def test_data_map_when_made_then_every_marked_field_is_in_it_and_every_kind_has_a_retention() -> None:
    marked = {
        (str(field.metadata["pii"]), model.__name__, field.name)
        for model in models()
        for field in dataclasses.fields(model)
        if "pii" in field.metadata
    }
    page = (ROOT / "docs/compliance.md").read_text("utf-8")
    assert data_map() in page
    kept = page[page.index("## How long it is kept") : page.index("## What the vendors ask for")]
    for kind, model, name in marked:
        rows = [line for line in data_map().splitlines() if line.startswith(f"| {kind} |") and f".{name}`" in line]
        owners = {base.__name__ for base in MODELS[model].__mro__ if name in getattr(base, "__annotations__", {})}
        assert any(f"`{owner}.{name}`" in row for owner in owners for row in rows)
        assert kind in kept
