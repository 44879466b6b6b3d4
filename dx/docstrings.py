"""What the reference shows of a docstring, a signature and an annotation: Markdown, from Google-style sections."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

COLUMNS = 88
SECTIONS = ("Args", "Raises", "Returns", "Yields")
NAMES = {"Args": "Arguments"}


def prose(text: str | None) -> str:
    """Return a docstring as Markdown; its sections become lists, indented code stays what it is."""
    if not text:
        return ""
    parts: list[str] = []
    for block in re.split(r"\n\n", inspect.cleandoc(text)):
        head, _, rest = block.partition("\n")
        name = head.removesuffix(":")
        if head.endswith(":") and name in SECTIONS:
            parts.append(f"**{NAMES.get(name, name)}**\n\n" + "\n".join(_items(textwrap.dedent(rest))))
        else:
            parts.append(f"```pycon\n{block}\n```" if head.startswith(">>> ") else _without_layer(block))
    return "\n\n".join(part for part in parts if part)


def _without_layer(block: str) -> str:
    return "\n".join(line for line in block.splitlines() if not re.match(r"Floor \d: ", line))


def _items(text: str) -> Iterator[str]:
    """Yield one list item for each `name: what`; deeper lines belong to the item above."""
    for entry in re.split(r"\n(?=\S)", text):
        name, colon, what = " ".join(entry.split()).partition(": ")
        yield f"- `{name}`: {what}" if colon and " " not in name else f"- {name}{colon}{what}"


def first_sentence(text: str | None) -> str:
    """Return how a docstring begins, up to its first full stop at the end of a word."""
    plain = " ".join((text or "").split("\n\n", 1)[0].split())
    return re.split(r"(?<=[\w`)])\.(?: |$)", plain, maxsplit=1)[0]


def annotation(value: Any) -> str:
    """Return an annotation as it is written in the code."""
    if value in (None, type(None)):
        return "None"
    return double_quoted(value if isinstance(value, str) else inspect.formatannotation(value))


def double_quoted(text: str) -> str:
    """Return code with the quotes that the docs use."""
    return re.sub(r"'([^'\"]*)'", r'"\1"', text)


def call(name: str, found: inspect.Signature, *, prefix: str = "") -> str:
    """Return a signature as a block of code, one parameter a line where it would be too wide."""
    shown = [_parameter(each) for each in found.parameters.values() if each.name != "self"]
    kinds = [each.kind for each in found.parameters.values() if each.name != "self"]
    keyword = inspect.Parameter.KEYWORD_ONLY
    if keyword in kinds and inspect.Parameter.VAR_POSITIONAL not in kinds:
        shown.insert(kinds.index(keyword), "*")
    given = found.return_annotation
    result = "" if given is inspect.Signature.empty else f" -> {annotation(given)}"
    line = f"{prefix}{name}({', '.join(shown)}){result}"
    if len(line) > COLUMNS:
        line = f"{prefix}{name}(\n" + "".join(f"    {each},\n" for each in shown) + f"){result}"
    return f"```py\n{line}\n```"


def _parameter(each: inspect.Parameter) -> str:
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}.get(each.kind, "")
    text = f"{stars}{each.name}"
    if each.annotation is not inspect.Parameter.empty:
        text += f": {annotation(each.annotation)}"
    if each.default is inspect.Parameter.empty:
        return text
    return f"{text} = {_default(each.default)}" if ":" in text else f"{text}={_default(each.default)}"


def _default(value: Any) -> str:
    """Return a default as a reader would write it."""
    if isinstance(value, Callable):  # type: ignore[arg-type]  # a function or a class
        return getattr(value, "__name__", "...").replace("<lambda>", "...")
    if isinstance(value, (set, frozenset)) and value:  # which has no order of its own
        return double_quoted(f"{{{', '.join(sorted(map(repr, value)))}}}")
    text = double_quoted(re.sub(r"<(\w+\.\w+): [^>]*>", r"\1", repr(value)))
    return text if len(text) < 60 and " object at " not in text else "..."


def cell(text: str) -> str:
    """Return text for one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """Return a table's code, where a bar would end the cell."""
    return f"`{cell(text)}`" if text else ""
