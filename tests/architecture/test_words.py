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
    r"(?i)\bwish(?:es|ed)?\b": "order, request",
    r"(?i)\blacking\b": "missing",
    r"(?i)\bbookings?\b": "transaction",
    r"(?i)\blooked after\b": "handled",
    r"(?i)does not know (?:it|them)\b": "not found at ...",
    r"(?i)\bdoors?\b": "factory function",
}
"""What an earlier translator would write, and what to write instead."""
_IZE = (
    "author apolog capital categor character central critic custom equal final formal general harmon immun initial "
    "item legal local material maxim memor minim neutral normal optim organ priorit random real recogn serial special "
    "stabil standard summar synchron token util visual"
)
SPELLING = {
    r"(?i)\b\w*(?:behaviour|colour|favour|honour|neighbour|labour|rumour)\w*": "-or",
    rf"(?i)\b\w*(?:{'|'.join(_IZE.split())})is(?:e|ed|es|ing|er|ation)\w*\b": "-ize",
    r"(?i)\b(?:analyse|catalyse|paralyse)[sd]?\b(?<!analyses)": "-yze",
    r"(?i)\b(?:licence|defence|offence|pretence|practise)\w*\b": "license, defense, practice",
    r"(?i)\b(?:cancell|labell|modell|travell|signall|levell|crystall|fuell)(?:ed|ing|er)\b": "one l",
    r"(?i)\b(?:enrolments?|instalments?|fulfil|fulfils|skilful|wilful)\b": "enrollment, installment, fulfill",
    r"(?i)\b(?:catalogue|dialogue|programme|centre|grey|judgement|acknowledgement|artefact|cheque)s?\b": "American",
    r"(?i)\b(?:whilst|amongst|ageing|misspelt|learnt)\b": "while, among, aging, misspelled, learned",
}
"""One spelling, the American, as in the fields of the API."""
PHRASES |= SPELLING
ALLOWED = {  # asyncio's and pydantic's names, and what a vendor sends
    "settings_customise_sources",
    "CancelledError", "cancelled()", "`cancelled`", '"cancelled"', '"organisation"', '`organisation`', "`recognises`",
    "|booking date|", "|booking text|",  # what banks print above a column
}  # fmt: skip
WIRE_WORD = re.compile(r"""(?<=["'])[A-Z_]+(?=["'])|(?<=`)[A-Z_]+(?=`)""")
"""A word as a vendor sends it, in capitals and quoted: its spelling is the vendor's."""
BANKS = re.compile(r"src/fin_infra/imports/statements/delimited/(?:banks/\w+|vocabulary)\.py")
"""The tables of what banks print in their files: quoted there are the banks' own words."""
VENDORS = re.compile(r"src/(?:fin_infra/(?:providers/[a-z]+/[a-z_]+|sandbox/vendors/[a-z_]+)/|bankersbank/)")
"""The folders where a vendor's words stand; anywhere else capitals excuse nothing."""


def _texts() -> list[Path]:
    docs = [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "reference").glob("*.md")]
    return sorted([*(ROOT / "src").rglob("*.py"), *docs, ROOT / "README.md", ROOT / "CONTRIBUTING.md"])


SUFFIXES = frozenset({".md", ".py", ".yml", ".yaml", ".toml"})


def _spelled() -> list[Path]:
    """Return what people read besides: decisions, changes, scripts, examples, configuration."""
    folders = ("docs/adr", "dx", "examples", "benchmarks", "scripts")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    return sorted([*files, *(ROOT / name for name in ("CHANGELOG.md", "Makefile", "Dockerfile", "mkdocs.yml"))])


IN_DOCS = {r"(?i)(?<!`make )(?<!`)(?<!begin )(?<!end )(?<!_)\bfloors?\b": "layer"}
"""Words that docs do not use; a module's docstring numbers its layer as `Floor 3`."""


def faults(text: str, path: str = "") -> list[str]:
    """Return the lines with a phrase of the list, each with what to write instead; `path` says whose words count."""
    found: list[str] = []
    of_vendor = VENDORS.match(path) is not None
    for number, line in enumerate(text.splitlines(), 1):
        read = re.sub("|".join(map(re.escape, sorted(ALLOWED, key=len, reverse=True))), "", line)
        read = WIRE_WORD.sub("", read) if of_vendor else read
        read = re.sub(r'"[^"]*"', '""', read) if BANKS.match(path) else read
        found += [
            f"line {number}: {match[0]!r}; write {better}"
            for pattern, better in {**PHRASES, **(IN_DOCS if path.endswith(".md") else {})}.items()
            if (match := re.search(pattern, read))
        ]
    return found


@pytest.mark.parametrize("path", _texts(), ids=lambda path: str(path.relative_to(ROOT)))
def test_text_when_read_then_has_no_phrase_of_the_list(path: Path) -> None:
    assert faults(path.read_text("utf-8"), path.relative_to(ROOT).as_posix()) == []


@pytest.mark.parametrize("path", _spelled(), ids=lambda path: str(path.relative_to(ROOT)))
def test_word_when_read_then_it_is_spelled_the_american_way(path: Path) -> None:
    text = re.sub("|".join(map(re.escape, ALLOWED)), "", path.read_text("utf-8"))
    found = [(pattern, match[0]) for pattern in SPELLING for match in re.finditer(pattern, text)]
    assert found == []


@pytest.mark.parametrize(
    "word", ["behaviour", "Normalised", "uncategorised", "licence", "cancelled", "labelling", "instalment", "centre"]
)
def test_spelling_when_it_is_british_then_it_is_found(word: str) -> None:
    assert any(re.search(pattern, f"a {word} b") for pattern in SPELLING)


@pytest.mark.parametrize(
    "word", ["analyses", "cancellation", "installed", "enrolled", "promise", "raised", "otherwise"]
)
def test_spelling_when_it_is_american_then_it_is_not_found(word: str) -> None:
    assert not any(re.search(pattern, f"a {word} b") for pattern in SPELLING)


@pytest.mark.parametrize(
    "line", ["'x' is no filter of orders", "That cursor is none of ours", "starts anew", "A text."]
)
def test_search_when_a_phrase_is_there_then_it_is_found(line: str) -> None:
    assert faults(line)


@pytest.mark.parametrize("line", ["There is no provider 'x'", "it is no longer open", "a text file", "a marker"])
def test_search_when_a_line_only_resembles_one_then_it_is_not_found(line: str) -> None:
    assert not faults(line)


@pytest.mark.parametrize(
    ("path", "excused"),
    [
        ("src/fin_infra/providers/brokerage/acme/payloads.py", True),
        ("src/fin_infra/sandbox/vendors/acme/routes.py", True),
        ("src/bankersbank/payloads.py", True),
        ("src/fin_infra/providers/fields.py", False),
        ("src/fin_infra/trading/place.py", False),
        ("docs/brokerage.md", False),
    ],
)
def test_word_in_capitals_when_quoted_then_it_is_excused_in_vendors_folders_only(path: str, excused: bool) -> None:
    assert (faults('STATUSES = {"CANCELLED": 1}', path) == []) is excused
    assert faults("# it is CANCELLED", path)


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
    "src/fin_infra/book/assets.py": "an instrument as people write it",
    "src/fin_infra/book/prices.py": "an instrument as people write it",
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


OLD_NAMES = {
    r"wire": "payloads, fields or engine",
    r"(?:\w*[a-z])?Book": "Book is the household's: name the thing, as PositionBook",
    r"Caller": "Client",
    r"(?:url_)?mark(?:_of)?|signature_mark": "fingerprint or signature",
    r"lacking": "missing",
    r"bookings?": "transaction",
    r"doors?": "factory function",
    r"place_of": "endpoint_of",
}
"""What things were called before, as names of modules, classes, functions, parameters and fields."""
OLD_KEPT = {
    ("src/fin_infra/sandbox/broker/book.py", "PositionBook"): "the name that was chosen",
    ("src/fin_infra/imports/statements/", "mark"): "the decimal mark",
    ("src/fin_infra/providers/config.py", "mark"): "a YAML parser's place in a file",
    ("src/fin_infra/book/book.py", "Book"): "the household's",
}


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Return the line and name of all that is defined."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def old_names(path: str, text: str) -> list[str]:
    defined = [(0, path.rpartition("/")[2].removesuffix(".py")), *names(ast.parse(text))]
    return [
        f"line {line}: {name}; write {better}"
        for line, name in defined
        for old, better in OLD_NAMES.items()
        if re.fullmatch(old, name.strip("_"))
        and not any(path.startswith(home) and name == kept for home, kept in OLD_KEPT)
    ]


@pytest.mark.parametrize(
    "path", [path for path in _texts() if path.suffix == ".py"], ids=lambda path: str(path.relative_to(ROOT))
)
def test_names_when_defined_then_none_is_an_old_one(path: Path) -> None:
    assert old_names(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/fin_infra/x/wire.py", ""),
        ("src/fin_infra/x.py", "class Book: ..."),
        ("src/fin_infra/x.py", "def ask(caller_: int, mark: str): ..."),
        ("src/fin_infra/x.py", "lacking: int = 0"),
        ("src/fin_infra/x.py", "class Caller: ..."),
    ],
)
def test_search_when_an_old_name_is_there_then_it_is_found(path: str, text: str) -> None:
    assert old_names(path, text)
