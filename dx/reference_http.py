"""Write docs/reference/http.md from the OpenAPI document of the service, and the scopes from docs/api.md.

`python dx/reference.py` calls it; a test fails when the page has gone stale.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from docstrings import cell, code, prose

API_PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"
ENVELOPE = "Envelope_"
DEVELOPMENT_ONLY = ("/ping", "/status")
PROBES = ("/healthz", "/readyz", "/metrics")
VARIABLES = {
    "FIN_INFRA_MODE": "sandbox",
    "LOG_FORMAT": "none",
    "FIN_INFRA_API_TOKENS": "docs[a:b]=" + "x" * 32,
    "FEATURE_IDENTITY": "1",
}
INTRODUCTION = """# HTTP routes

Every answer is JSON of the form `{"data": ..., "meta": ..., "errors": [...]}`: `data` has the shape that the route
names, `meta` says who answered, `errors` what is missing from `data`. [The HTTP API](../api.md) shows how to call it,
and how to add the routes to an app of your own.

- Decimals are text, so that no digit is lost. Instants are ISO 8601 with an offset, dates are calendar days.
- A token goes into `Authorization: Bearer`, or into `X-API-Key`. Its scopes decide which routes it may use.
- `X-Request-Id` is on each answer. `X-RateLimit-Limit`, `-Remaining` and `-Reset` say what your token has left.
"""


def document() -> dict[str, Any]:
    """Return the OpenAPI document of the service, whatever this machine's variables say."""
    with TemporaryDirectory() as folder, mock.patch.dict(os.environ, VARIABLES | {"XDG_DATA_HOME": folder}):
        from asset_aggregator.api import create_app
        from fin_infra.providers import registry

        registry.reset()
        try:
            found: dict[str, Any] = create_app().openapi()
        finally:
            registry.reset()
    return found


def http() -> str:
    """Return the page: routes, refusals, shapes."""
    found = document()
    schemas = found["components"]["schemas"]
    parts = [INTRODUCTION]
    used: set[str] = set()
    domain = ""
    for path, operations in sorted(found["paths"].items(), key=lambda each: each[0] in PROBES):
        if path in DEVELOPMENT_ONLY:
            continue
        for verb, operation in operations.items():
            tag = operation["tags"][0]
            if tag != domain:
                domain = tag
                parts.append(f"## {'FX' if tag == 'fx' else tag.capitalize()}")
            parts += _route(verb.upper(), path, operation, found, used)
    parts += ["## Refusals", _refusals(found), _fields(schemas["Problem"])]
    parts += [
        "## Shapes",
        "What the fields mean is in [models](models.md), under the same names.",
        *_shapes(schemas, used),
    ]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _route(verb: str, path: str, operation: dict[str, Any], found: dict[str, Any], used: set[str]) -> Iterator[str]:
    yield f"### {verb} {path}"
    said = operation.get("description", "").rstrip(".")
    yield prose(f"{operation['summary']}." if said in ("", f"{verb} {path}") else operation["description"])
    scope = _scopes().get((verb, path))
    if scope:
        yield "Needs no token." if scope == "none" else f"Needs the scope `{scope}`."
    parameters = [_resolved(each, found) for each in operation.get("parameters", [])]
    rows = [_parameter(each) for each in parameters if each["in"] != "header" or "description" in each]
    if rows:
        yield "\n".join(["| parameter | in | type | meaning |", "|---|---|---|---|", *rows])
    body = operation.get("requestBody")
    if body:
        [(kind, content)] = body["content"].items()
        is_json = kind == "application/json"
        yield f"Body:\n\n{_fields(content['schema'], body=True)}" if is_json else f"Body: {body['description']}."
    refused = () if scope == "none" else sorted(status for status in operation["responses"] if status[0] != "2")
    yield "\n".join(
        [*_answers(operation["responses"], used), *([f"- refused with {', '.join(refused)}"] if refused else [])]
    )


def _scopes() -> dict[tuple[str, str], str]:
    """Return the scope of each route from the table of docs/api.md, which a test tries at the service."""
    rows = re.findall(r"^\| (`(?:GET|POST|PATCH|DELETE) .*?) \| (.*?) \|", API_PAGE.read_text("utf-8"), re.M)
    return {
        (verb, path): scope.strip("`")
        for routes, scope in rows
        for verb, path in re.findall(r"`(\w+) (/[^`]*)`", routes)
    }


def _resolved(part: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        where: Any = found
        for step in part["$ref"].removeprefix("#/").split("/"):
            where = where[step]
        part = where
    return part


def _parameter(each: dict[str, Any]) -> str:
    meaning = each.get("description", "")
    if "default" in each["schema"]:
        meaning += f"; {code(_json(each['schema']['default']))} where absent"
    required = " (required)" if each.get("required") and each["in"] != "path" else ""
    return f"| {code(each['name'])} | {each['in']} | {code(type_of(each['schema']))}{required} | {cell(meaning)} |"


def _answers(responses: dict[str, Any], used: set[str]) -> Iterator[str]:
    for status, reply in sorted(responses.items()):
        if status.startswith("2"):
            kind, schema = next(((kind, each["schema"]) for kind, each in reply.get("content", {}).items()), ("", {}))
            name = schema.get("$ref", "").rpartition("/")[2]
            shape = _unwrapped(name)
            used.update(re.findall(r"\w+", shape))
            told = code(shape) if shape else f"`{kind}`" if kind else cell(reply["description"])
            yield f"- **{status}** {told}"


def _unwrapped(name: str) -> str:
    """Return `list[Account]` of `Envelope_list_Account__`."""
    inner = name.removeprefix(ENVELOPE).rstrip("_") if name.startswith(ENVELOPE) else name
    return f"list[{inner.removeprefix('list_')}]" if inner.startswith("list_") else inner


def _refusals(found: dict[str, Any]) -> str:
    """Return the table of statuses and codes; which status a route may answer with stands at the route."""
    codes: dict[str, set[str]] = {}
    for operations in found["paths"].values():
        for operation in operations.values():
            for status, reply in operation["responses"].items():
                if not status.startswith("2"):
                    codes.setdefault(status, set()).update(re.findall(r"fin\.\w+", reply.get("description", "")))
    rows = ["| status | `code` |", "|---|---|"]
    for status, names in sorted(codes.items()):
        rows.append(f"| {status} | {', '.join(f'`{name}`' for name in sorted(names)) or 'of HTTP itself'} |")
    return (
        "Refusals are `application/problem+json` with the fields below; each `code` is explained in "
        "[errors](../errors.md). `Retry-After` is there with 429 and 503.\n\n" + "\n".join(rows)
    )


def _shapes(schemas: dict[str, Any], used: set[str]) -> Iterator[str]:
    """Yield each shape that an answer holds, and those within it."""
    waiting = sorted(used & schemas.keys())
    seen: set[str] = set()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        schema = schemas[name]
        waiting = sorted({*waiting, *re.findall(r"#/components/schemas/(\w+)", str(schema))} - seen)
        yield f"### {name}\n\n" + (_fields(schema) if "properties" in schema else f"One of {_values(schema)}.")


def _fields(schema: dict[str, Any], *, body: bool = False) -> str:
    rows = ["| field | type | |", "|---|---|---|"]
    required = schema.get("required", ())
    for name, each in schema["properties"].items():
        told = each.get("description", "")
        if "default" in each and name not in required:
            told = f"{told}; " if told else ""
            told += f"{code(_json(each['default']))} where absent" if each["default"] not in ([], None, "") else ""
        must = " (required)" if body and name in required else ""
        rows.append(f"| `{name}` | {code(type_of(each))}{must} | {cell(told.removesuffix('; '))} |")
    return "\n".join(rows)


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _values(schema: dict[str, Any]) -> str:
    return ", ".join(f"`{each}`" for each in schema.get("enum", ())) or f"`{type_of(schema)}`"


def type_of(schema: dict[str, Any]) -> str:
    """Return a JSON schema in a few words: `string`, `date | null`, `list[Order]`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(type_of(each) for each in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    kind = schema.get("format") if schema.get("format") in ("date", "date-time") else schema.get("type", "any")
    if kind == "array":
        return f"list[{type_of(schema.get('items', {}))}]"
    return str(kind)
