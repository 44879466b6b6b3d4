"""docs/plans.md: types and states are those it lists, and all that it points at is there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGE = (DOCS / "plans.md").read_text("utf-8")
ROWS = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in PAGE.splitlines() if line[:1] == "|"]
LINES = [row for row in ROWS if len(row) == 5 and row[0] not in ("line", "---")]
STATES = ("done", "svc-infra", "ours", "part", "open")
PROVIDER_PAGES = ("banking", "market-data", "crypto-data", "fx", "brokerage", "holdings", "finastra", "statements")


def _anchor(heading: str) -> str:
    """Return the anchor that Python-Markdown gives a heading."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())


def _anchors(page: Path) -> set[str]:
    return {_anchor(heading) for heading in re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)}


def test_lines_when_counted_then_the_table_of_states_is_their_sum() -> None:
    assert len(LINES) > 120
    counted = Counter(row[2] for row in LINES)
    told = {state: int(n) for state, n in re.findall(r"^\| ([\w-]+) \| .* \| (\d+) \|$", PAGE, re.M)}
    assert told == {state: counted[state] for state in STATES}


@pytest.mark.parametrize("row", LINES, ids=lambda row: row[0])
def test_line_when_read_then_its_type_its_state_its_evidence_and_its_links_hold(row: tuple[str, ...]) -> None:
    _, kind, state, evidence, more = row
    assert kind in ("A", "B", "C")
    assert state in STATES
    paths = [
        word for word in re.findall(r"`([^`]+)`", evidence) if re.fullmatch(r"[\w.][\w./-]*/[\w./-]+|[\w-]+\.\w+", word)
    ]
    for path in paths:
        assert (ROOT / path).exists() or path == "meta.rate_limit", path
    assert paths or re.search("`make ", evidence) or state in ("open", "svc-infra")
    links = re.findall(r"\]\(([^)]+)\)", more)
    assert links
    for link in links:
        file, _, anchor = link.partition("#")
        assert (DOCS / file).is_file(), link
        assert not anchor or anchor in _anchors(DOCS / file), link


def test_make_targets_when_named_then_they_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert set(re.findall(r"`make (\w+)`", PAGE)) <= targets


@pytest.mark.parametrize("name", PROVIDER_PAGES)
def test_page_of_a_provider_when_read_then_it_says_what_of_svc_infra_to_use(name: str) -> None:
    part = (DOCS / f"{name}.md").read_text("utf-8").partition("\n## With svc-infra\n")[2].partition("\n## ")[0]
    assert "svc" in part
    assert "](svc-infra.md" in part
