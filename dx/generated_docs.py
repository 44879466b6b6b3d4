"""Write the parts of the docs that are made from code and from the demo: `python dx/generated_docs.py`.

The table of docs/providers.md is each adapter's `info`, that of docs/errors.md the error classes, that of
docs/questions.md the catalog of questions, that of docs/feature-flags.md the switches, the data map of
docs/compliance.md the marks on fields of the models; the picture in
README.md is what `fin-infra demo run --once` prints; the floors are those of
pyproject.toml. docs/reference is written by `reference`, which this calls. A test fails when one has gone stale.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import Field, fields, is_dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from fin_infra.flow import Quota
    from fin_infra.model.personal import Personal
    from fin_infra.providers.provider import Provider

ROOT = Path(__file__).resolve().parents[1]


def between(text: str, name: str, body: str) -> str:
    """Replace what stands between the markers of `name`."""
    pattern = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.S)
    if not pattern.search(text):
        raise SystemExit(f"no markers for {name}")
    return pattern.sub(lambda match: match[1] + body + match[2], text)


def provider_table() -> str:
    """Return the table of all built-in providers."""
    adapters = _adapters()
    rows = ["| key | variables | client-side rate limit | vendor's documentation |", "|---|---|---|---|"]
    for cls in adapters:
        info = cls.info
        needed = [
            (f"{use.purpose}: " if use.purpose else "")
            + ", ".join(f"`{name}`" for name in info.settings.variables(use))
            for use in info.settings.uses()
        ]
        variables = "; ".join(needed) or "none needed"
        quotas = ", ".join(_quota(quota) for quota in info.quotas) or "none published"
        rows.append(f"| `{info.provider_key}` | {variables} | {quotas} | [{info.title}]({info.docs}) |")
    notes = [_note(cls) for cls in adapters]
    return "\n".join([*rows, "", *notes]) + "\n"


def _adapters() -> list[type[Provider[Any]]]:
    """Return the class of every adapter, also of those that are off unless somebody asks for them."""
    from fin_infra.features import MODULES
    from fin_infra.providers.registry import providers

    with mock.patch.dict(os.environ, {switch.variable: "1" for switch in MODULES}):
        return list(providers())


def _note(cls: type[Provider[Any]]) -> str:
    operations = ", ".join(f"`{name}`" for name in sorted(cls.can))
    return f"- `{cls.info.provider_key}`: {f'{cls.info.notes} ' if cls.info.notes else ''}Offers {operations}."


def _quota(quota: Quota) -> str:
    reserved = f" ({quota.reserve} of them for canceling)" if quota.reserve else ""
    return f"{quota.calls} per {quota.per_s:g} s{reserved}"


def error_table() -> str:
    """Return the table of all errors: what the classes say, and the occasion from the drawn tree."""
    from fin_infra import errors

    occasion = dict(re.findall(r"(\w+)(?: \(\w+\))? {2,}(\S.*)$", errors.__doc__ or "", re.M))
    rows = ["| code | class | HTTP | when | next step |", "|---|---|---|---|---|"]
    for cls in errors.error_classes():
        if cls.__module__ == errors.__name__:
            when = occasion.get(cls.__name__, "the base of all others")
            rows.append(f"| `{cls.code}` | `{cls.__name__}` | {cls.status} | {when} | {cls.next_step} |")
    return "\n".join(rows) + "\n"


def question_table() -> str:
    """Return the table of the questions, by what the catalog says."""
    from fin_infra.questions import CATALOG

    rows = ["| question | answers | parameters | comes back | scope, and the token's |", "|---|---|---|---|---|"]
    for question in CATALOG.values():
        given = ", ".join(
            f"`{each.name}`" if each.required else f"`{each.name}`{_default(each.default)}"
            for each in question.parameters
        )
        model = f"[`{question.result.partition(':')[2]}`]({question.docs})"
        result = f"a list of {model}" if question.many else model
        scope = f"{question.scope.value}, `{question.permission}`"
        rows.append(f"| `{question.name}` | {question.help} | {given or 'none'} | {result} | {scope} |")
    return "\n".join(rows) + "\n"


def _default(default: object) -> str:
    return (
        " (none)" if default in (None, ()) else f" ({str(default).lower() if isinstance(default, bool) else default})"
    )


def switch_table() -> str:
    """Return the table of all switches."""
    from fin_infra.providers.switches import switches

    rows = ["| variable | default | what it switches |", "|---|---|---|"]
    rows += [f"| `{each.variable}` | {'on' if each.default else 'off'} | {each.what} |" for each in switches()]
    return "\n".join(rows) + "\n"


def floor_table() -> str:
    """Return the table of the floors in pyproject.toml, with the modules that are there."""
    floors = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["fin-infra"]["floors"]
    rows = ["| layer | what | modules |", "|---|---|---|"]
    for floor in floors:
        there = [f"`{name.removeprefix('fin_infra.')}`" for name in floor["modules"] if _exists(name)]
        rows.append(f"| {floor['number']} | {floor['what']} | {', '.join(there)} |")
    return "\n".join(rows) + "\n"


def data_map() -> str:
    """Return the table of all fields that hold personal data, by kind: the marks, and what they lead to."""
    from fin_infra.model.personal import Personal

    marked = [found for model in _models() for found in _marked(model)]
    rows = ["| kind | fields | in a repr | in `to_dict()`, JSON and frames | whole with |", "|---|---|---|---|---|"]
    for kind in Personal:
        groups: dict[tuple[str, str, str], list[str]] = {}
        for name, field in marked:
            if field.metadata["pii"] is kind:
                groups.setdefault(_handling(kind, field), []).append(f"`{name}`")
        for handling, names in groups.items():
            rows.append(f"| {kind} | {', '.join(sorted(names))} | {' | '.join(handling)} |")
    return "\n".join(rows) + "\n"


def _handling(kind: Personal, field: Field[Any]) -> tuple[str, str, str]:
    """Return what a repr shows, what an export shows, and which argument shows all of it."""
    from fin_infra.model.personal import Personal, masking

    shown = masking(kind)
    masked = f"`{shown('021000021')}`" if shown else "as it is"
    if kind is Personal.FREE_TEXT:
        masked = "what is recognized is masked"
    if field.name == "raw":
        return "left out", "left out", "`raw=True`"
    if field.metadata.get("private"):
        return "left out", "left out", "`private=True`"
    return masked if field.repr else "left out", masked, "`pii=True`" if shown else "always whole"


def _marked(model: type[Any]) -> Iterator[tuple[str, Field[Any]]]:
    """Yield the marked fields that a model has of its own; what its base marks is named with the base."""
    inherited = {field.name for base in model.__bases__ if is_dataclass(base) for field in fields(base)}
    for field in fields(model):
        if "pii" in field.metadata and field.name not in inherited:
            yield f"{model.__name__}.{field.name}", field


def _models() -> list[type[Any]]:
    """Return every model of the package and of its adapters, by name."""
    import bankersbank.models
    import fin_infra.book
    import fin_infra.insights
    import fin_infra.model
    from fin_infra.model.record import Model

    _adapters()  # an adapter may have records of its own
    import_module("fin_infra.api.links")  # a record beside those of the packages
    for package in (fin_infra.model, fin_infra.insights, fin_infra.book):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    found: dict[str, type[Any]] = {}
    todo: list[type[Any]] = [Model]
    while todo:
        model = todo.pop()
        todo += model.__subclasses__()
        if is_dataclass(model) and model.__module__.startswith(("fin_infra.", bankersbank.models.__name__)):
            found[model.__qualname__] = model
    return [found[name] for name in sorted(found)]


def _exists(module: str) -> bool:
    path = ROOT / "src" / Path(*module.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def picture() -> str:
    """Return what the demo prints, as a fenced block."""
    command = [sys.executable, "-m", "fin_infra.cli", "demo", "run", "--once", "--port", "0"]
    env = os.environ | {"COLUMNS": "110"}  # not those of whoever runs this
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    text = re.sub(r"\n{2,}", "\n\n", "\n".join(lines)).strip()
    return f"```text\n{text}\n```\n"


def excerpt(made: str) -> str:
    """Return the picture's first parts, up to the net worth, whose lines are too wide for a page of the site."""
    return made.partition("Net worth\n")[0].rstrip() + "\n```\n"


def main() -> None:
    import reference  # beside this file, which Python finds when it is run as a script

    made = picture()
    for file, name, make in (
        ("docs/providers.md", "providers", provider_table),
        ("docs/errors.md", "errors", error_table),
        ("docs/questions.md", "questions", question_table),
        ("docs/feature-flags.md", "switches", switch_table),
        ("docs/compliance.md", "data-map", data_map),
        ("CONTRIBUTING.md", "floors", floor_table),
        ("docs/architecture.md", "floors", floor_table),
        ("README.md", "picture", lambda: made),
        ("docs/index.md", "excerpt", lambda: excerpt(made)),
    ):
        path = ROOT / file
        path.write_text(between(path.read_text(), name, make()))
    reference.main()


if __name__ == "__main__":
    main()
