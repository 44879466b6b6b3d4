"""Texts read as an English-speaking engineer writes them: a list of phrases that are not used, and what to write."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PHRASES = {
    r"(?i)(?<!there )(?<!this )\b(?:is|are) no (?!longer\b|more than\b)[a-z]": "is not a ...",
    r"(?i)\banew\b": "again",
    r"(?i)\b(?:none|nothing|one|errors?) of ours\b": "a noun: `Invalid cursor`, `an error of fin_infra`",
    r"\bshall\b": "should, or must",
    r"(?i)\b(?:has|have) not (?:for|what|the form)\b": "does not have",
    r"\b[Aa]n? text\b(?! (?:file|field|form|frame|pattern|column|element|message))": "text, or a string",
    r"(?i)not both and not neither": "exactly one of",
    r"(?i)\bmend(?:s|ed|ing)?\b": "fix",
    r"(?i)\b(?:behaviour|colour|favour|honour|licence|catalogue)\w*": "American spelling",
    r"(?i)\b\w*(?:normalis|authoris|recognis|categoris|summaris|serialis|organis|initialis)\w*\b": "-ize",
    r"(?i)\benrolments?\b": "enrollment",
    r"(?i)\bcancell(?:ed|ing)\b": "canceled, canceling",
    r"(?i)\bwish(?:es|ed)?\b": "order, request",
    r"(?i)\blacking\b": "missing",
    r"(?i)\bbookings?\b": "transaction",
    r"(?i)\blooked after\b": "handled",
    r"(?i)does not know (?:it|them)\b": "not found at ...",
    r"(?i)\bdoors?\b": "factory function",
}
"""What an earlier translator would write, and what to write instead."""
ALLOWED = {  # asyncio's names, and what a vendor sends
    "CancelledError", "cancelled()", "`cancelled`", '"cancelled"', '"organisation"', '`organisation`',
}  # fmt: skip
WIRE_WORD = re.compile(r"""(?<=["'])[A-Z_]+(?=["'])|(?<=`)[A-Z_]+(?=`)""")
"""A word as a vendor sends it, in capitals and quoted: its spelling is the vendor's."""


def _texts() -> list[Path]:
    docs = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    return sorted([*(ROOT / "src").rglob("*.py"), *docs])


def faults(text: str) -> list[str]:
    """Return the lines with a phrase of the list, each with what to write instead."""
    found: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        read = re.sub("|".join(map(re.escape, sorted(ALLOWED, key=len, reverse=True))), "", line)
        read = WIRE_WORD.sub("", read)
        found += [
            f"line {number}: {match[0]!r}; write {better}"
            for pattern, better in PHRASES.items()
            if (match := re.search(pattern, read))
        ]
    return found


@pytest.mark.parametrize("path", _texts(), ids=lambda path: str(path.relative_to(ROOT)))
def test_text_when_read_then_has_no_phrase_of_the_list(path: Path) -> None:
    assert faults(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "line", ["'x' is no filter of orders", "That cursor is none of ours", "starts anew", "A text."]
)
def test_search_when_a_phrase_is_there_then_it_is_found(line: str) -> None:
    assert faults(line)


@pytest.mark.parametrize("line", ["There is no provider 'x'", "it is no longer open", "a text file", "a marker"])
def test_search_when_a_line_only_resembles_one_then_it_is_not_found(line: str) -> None:
    assert not faults(line)


KEY_TYPES = {"InstrumentKey", "InstrumentKey | None", "Key"}  # `Key` is the path's part of the HTTP routes
KEY_TEXTS = {
    "src/fin_infra/api/brokerage_orders.py": "an instrument as people write it",
    "src/fin_infra/model/networth.py": "an instrument as people write it",
    "src/fin_infra/sandbox/": "the sandbox has no InstrumentKey: its instruments are text",
    "src/fin_infra/providers/info.py": "the old name of `provider_key`, for one release",
    "src/fin_infra/model/statement.py": "the old name of `identity`, for one release",
    "src/fin_infra/flow/client.py": "the old name of `source`, for one release",
    "src/asset_aggregator/infra/limits.py": "svc-infra's name of a parameter: pyright compares it with ours",
    "src/fin_infra/api/symbols.py": "an instrument's text",
    "src/fin_infra/imports/statements/dedupe.py": "what tells a line of a statement from the others",
}
"""Where a bare `key` is not an `InstrumentKey`, and what it is instead."""


def bare_keys(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Return the line and type of each parameter, field and property that is named `key` and nothing more."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.arg == "key":
            yield node.lineno, ast.unparse(node.annotation) if node.annotation else "nothing said"
        elif isinstance(node, ast.AnnAssign) and ast.unparse(node.target).rpartition(".")[2] == "key":
            yield node.lineno, ast.unparse(node.annotation)
        elif isinstance(node, ast.FunctionDef) and node.name == "key":
            yield node.lineno, ast.unparse(node.returns) if node.returns else "nothing said"


def other_keys(path: str, text: str) -> list[str]:
    if any(path.startswith(known) for known in KEY_TEXTS):
        return []
    tree = ast.parse(text)
    lambdas = {arg for node in ast.walk(tree) if isinstance(node, ast.Lambda) for arg in ast.walk(node.args)}
    for node in lambdas:
        if isinstance(node, ast.arg):
            node.arg = ""
    return [
        f"line {line}: a key is an instrument, not {kind}" for line, kind in bare_keys(tree) if kind not in KEY_TYPES
    ]


@pytest.mark.parametrize("path", [path for path in _texts() if path.suffix == ".py"], ids=lambda path: str(path.name))
def test_key_when_it_stands_alone_then_names_an_instrument(path: Path) -> None:
    assert other_keys(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "def get(key: str) -> None: ...",
        "class A:\n    key: str",
        "class A:\n    def key(self) -> str: ...",
        "def f(key): ...",
    ],
)
def test_key_search_when_it_names_something_else_then_it_is_found(text: str) -> None:
    assert other_keys("src/fin_infra/x.py", text)
    assert not other_keys("src/fin_infra/x.py", text.replace("key", "cache_key"))
