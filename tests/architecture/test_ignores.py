"""Every place where a checker is told to look away says which rule it may overlook, and why."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MARK = re.compile(
    r"#\s*(?:(?P<ignore>type:\s*ignore|pyright:\s*ignore)(?P<rules>\[[\w\s,-]+\])?"
    r"|(?P<noqa>(?:ruff:\s*)?noqa)(?P<codes>:\s*[A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*)?"
    r"|(?P<nosec>nosec)(?P<tests>(?:[\s,]+B\d+)*))",
    re.IGNORECASE,
)
FILES = sorted(path for folder in ("src", "tests/typing") for path in (ROOT / folder).rglob("*.py"))


def faults(text: str) -> list[str]:
    """Return what is wrong with each comment that silences a checker; its reason is beside it or in the line above."""
    wrong: list[str] = []
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        marks = list(MARK.finditer(token.string)) if token.type == tokenize.COMMENT else []
        if not marks:
            continue
        if not all(any(mark[name] for name in ("rules", "codes", "tests")) for mark in marks):
            wrong.append(f"line {token.start[0]}: names no rule: {token.string}")
        above = lines[token.start[0] - 2].strip() if token.start[0] > 1 else ""
        if not any(re.search(r"\w", MARK.sub("", said)) for said in (token.string, above if above[:1] == "#" else "")):
            wrong.append(f"line {token.start[0]}: gives no reason: {token.string}")
    return wrong


def test_ignores_when_read_then_each_names_its_rule_and_its_reason() -> None:
    found = {str(path.relative_to(ROOT)): faults(path.read_text("utf-8")) for path in FILES}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    ("comment", "wrong"),
    [
        ("# type: ignore  # the vendor has no types", "names no rule"),
        ("# type: ignore[arg-type]", "gives no reason"),
        ("# pyright: ignore  # the vendor has no types", "names no rule"),
        ("# pyright: ignore[reportUnknownMemberType]", "gives no reason"),
        ("# type: ignore[x]  # pyright: ignore[reportX, reportY]", "gives no reason"),
        ("# noqa", "names no rule"),
        ("# noqa: S105, E501", "gives no reason"),
        ("# noqa: S105  # nosec B105", "gives no reason"),
        ("# nosec  # a made-up key", "names no rule"),
    ],
)
def test_search_when_an_ignore_is_bare_then_it_is_found(comment: str, wrong: str) -> None:
    assert any(wrong in fault for fault in faults(f"x = 1  {comment}\n"))


def test_search_when_the_reason_is_in_the_line_above_then_there_is_no_fault() -> None:
    assert faults("# the vendor has no types\nx = 1  # type: ignore[arg-type]\n") == []
    assert faults("x = 1  # noqa: E501\ny = 2  # noqa: E501  # a long address\n") != []
    assert faults("y = 2\nx = 1  # noqa: E501\n") != []


@pytest.mark.parametrize(
    "comment",
    [
        "# type: ignore[arg-type]  # the vendor has no types",
        "# noqa: S105  # nosec B105: a made-up key",
        "# a comment about noqa",
    ],
)
def test_search_when_an_ignore_is_explained_or_none_at_all_then_there_is_no_fault(comment: str) -> None:
    assert faults(f"x = 1  {comment}\n") == []
