"""The reference of docs/reference: it is what the code says today, and it says all of it."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fin_infra import errors, model
from fin_infra.providers import registry

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "reference"
sys.path.insert(0, str(ROOT / "dx"))
try:
    import docstrings
    import reference
    import reference_http
finally:
    sys.path.pop(0)

CLASSES = [cls for cls in errors.error_classes() if cls.__module__ == errors.__name__]
OPERATIONS = [(cls, name) for cls in registry.providers() for name in sorted(cls.can)]


IN_PROCESS = {name: make for name, make in reference.PAGES.items() if name != "http.md"}


@pytest.mark.parametrize(("name", "make"), IN_PROCESS.items(), ids=list(IN_PROCESS))
def test_page_when_made_again_then_it_is_the_same(name: str, make: Callable[[], str]) -> None:
    assert (FOLDER / name).read_text("utf-8") == make(), "run python dx/reference.py"


def test_page_of_routes_when_made_again_then_it_is_the_same() -> None:
    """The service is made in a process of its own: what other tests load and switch is not in its document."""
    code = (
        "import sys, reference; sys.stdout.reconfigure(encoding='utf-8'); print(reference.PAGES['http.md'](), end='')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "dx", capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert (FOLDER / "http.md").read_bytes() == done.stdout, "run python dx/reference.py"


def test_folder_when_listed_then_no_page_is_left_over() -> None:
    assert {file.name for file in FOLDER.iterdir()} == set(reference.PAGES)


@pytest.mark.parametrize(("cls", "name"), OPERATIONS, ids=lambda value: getattr(value, "__name__", value))
def test_operation_when_offered_then_it_has_a_signature_a_text_and_a_place_on_the_page(cls: Any, name: str) -> None:
    found = inspect.signature(getattr(cls, name))
    assert next(iter(found.parameters)) == "self"
    assert "Flow" not in str(found.return_annotation)
    assert inspect.getdoc(inspect.getattr_static(cls, name))
    assert re.search(rf"^###+ {name} ", (FOLDER / "providers.md").read_text("utf-8"), re.M)


def test_models_when_public_then_each_is_on_the_page() -> None:
    page = (FOLDER / "models.md").read_text("utf-8")
    classes = {name for name in model.__all__ if inspect.isclass(getattr(model, name))}
    assert set(re.findall(r"^### (\w+)$", page, re.M)) == classes


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_error_when_read_then_its_docstring_says_when_and_what_to_do(cls: type[errors.FinInfraError]) -> None:
    occasion = dict(re.findall(r"(\w+)(?: \(\w+\))? {2,}(\S.*)$", errors.__doc__ or "", re.M))
    text = " ".join((vars(cls)["__doc__"] or "").split())
    assert cls.next_step in text or cls is errors.FinInfraError
    assert text.lower().startswith(occasion.get(cls.__name__, "base of the tree").lower())
    assert f"\n## {cls.__name__}\n" in (FOLDER / "errors.md").read_text("utf-8")


def test_links_when_they_lead_to_a_part_of_a_page_then_it_is_there() -> None:
    for file in FOLDER.iterdir():
        text = file.read_text("utf-8")
        assert set(re.findall(r"\]\(#([\w-]+)\)", text)) <= set(re.findall(r"\{ #([\w-]+) \}", text))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Do it.\n\n    Args:\n        name: what it\n            is called.\n        x: 1\n",
            "- `name`: what it is called.\n- `x`: 1",
        ),
        (
            "Do it.\n\n    Raises:\n        NotFound: none: there is none.\n",
            "**Raises**\n\n- `NotFound`: none: there is none.",
        ),
        ("Do it.\n\n    >>> 1 + 1\n    2\n", "```pycon\n>>> 1 + 1\n2\n```"),
        ("What it is.\n    Floor 5: how it is built.\n", "What it is."),
    ],
)
def test_prose_when_a_docstring_has_sections_then_lists_and_code(text: str, wanted: str) -> None:
    assert docstrings.prose(text).endswith(wanted)


def test_call_when_a_signature_is_wide_then_one_parameter_a_line() -> None:
    def fetch(key: str, *, start: str | None = None, end: str | None = None, a_long_name: int = 5) -> list[str]:
        return [key]

    shown = docstrings.call("fetch", inspect.signature(fetch)).splitlines()
    assert shown[1:5] == ["fetch(", "    key: str,", "    *,", "    start: str | None = None,"]
    assert shown[-2:] == [") -> list[str]", "```"]
    assert docstrings.call("f", inspect.signature(lambda x="a": x)).splitlines()[1] == 'f(x="a")'


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({"type": "array", "items": {"$ref": "#/components/schemas/Order"}}, "list[Order]"),
        ({"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}, "date | null"),
        ({"anyOf": [{"anyOf": [{"type": "string"}, {"type": "number"}]}, {"type": "null"}]}, "string | number | null"),
        ({"type": "string", "enum": ["buy", "sell"]}, "buy | sell"),
        ({}, "any"),
    ],
)
def test_type_when_a_schema_is_read_then_a_few_words(schema: dict[str, Any], wanted: str) -> None:
    assert reference_http.type_of(schema) == wanted


def test_routes_when_the_page_is_read_then_each_of_the_api_page_with_its_scope() -> None:
    page = (FOLDER / "http.md").read_text("utf-8")
    parts = {part.partition("\n")[0]: part for part in page.split("\n### ")}
    rows = re.findall(
        r"^\| (`(?:GET|POST|PATCH|DELETE) .*?) \| (.*?) \|", (ROOT / "docs/api.md").read_text("utf-8"), re.M
    )
    assert len(rows) > 20
    for routes, scope in rows:
        for route in re.findall(r"`(\w+ /[^`]*)`", routes):
            wanted = "Needs no token." if scope == "none" else f"Needs the scope {scope}."
            assert wanted in parts[route]
            assert re.search(r"^- \*\*2\d\d\*\* ", parts[route], re.M)
