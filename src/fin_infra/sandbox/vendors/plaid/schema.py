"""Check a request against the vendor's published schema, kept as data in schema.json.
Floor 8: unknown and missing fields are named in the vendor's words; its words for a wrong type are not published.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any, cast

from fin_infra.sandbox.vendors.plaid.refusals import Refused

CREDENTIALS = ("client_id", "secret")
PRODUCTS = (
    "products",
    "initial_products",
    "optional_products",
    "required_if_supported_products",
    "additional_consented_products",
)
_PYTHON: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_WORDS = {
    "string": "a non-empty string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "array": "an array",
    "object": "an object",
}


@lru_cache(maxsize=1)
def schema() -> Mapping[str, Any]:
    """Return the vendor's requests: `version`, `paths` to models, and `models` of required and typed fields."""
    return cast("Mapping[str, Any]", json.loads(files(__package__ or "").joinpath("schema.json").read_bytes()))


def check(path: str, body: Mapping[str, object]) -> None:
    """Refuse a body that does not fit the request of `path`; credentials are looked at elsewhere."""
    model = schema()["paths"][path]
    if unknown := sorted(_unknown(model, body, "")):
        raise Refused("UNKNOWN_FIELDS", ", ".join(unknown))
    if missing := list(_missing(model, body, "")):
        raise Refused("MISSING_FIELDS", ", ".join(missing))
    if (wrong := next(_wrong(model, body, ""), None)) is not None:
        name = wrong.partition(" ")[0]
        if name.endswith("]") and name.partition("[")[0] in PRODUCTS:
            raise Refused("INVALID_PRODUCT", json.dumps(body[name.partition("[")[0]]))
        raise Refused("INVALID_FIELD", wrong)


def _inner(field: Mapping[str, Any], value: object, path: str) -> Iterator[tuple[str, Mapping[str, object], str]]:
    """Yield the objects inside a value: model, object, path."""
    if "model" in field and isinstance(value, dict):
        yield field["model"], cast("dict[str, object]", value), path
    if isinstance(value, list) and "items" in field:
        for number, each in enumerate(cast("list[object]", value)):
            yield from _inner(field["items"], each, f"{path}[{number}]")


def _fields(
    model: str, body: Mapping[str, object], path: str
) -> Iterator[tuple[str, Mapping[str, Any] | None, object]]:
    known = schema()["models"][model]["fields"]
    for name, value in body.items():
        yield f"{path}{name}", known.get(name), value


def _unknown(model: str, body: Mapping[str, object], path: str) -> Iterator[str]:
    for name, field, value in _fields(model, body, path):
        if field is None:
            yield name
            continue
        for inner, found, place in _inner(field, value, name):
            yield from _unknown(inner, found, f"{place}.")


def _missing(model: str, body: Mapping[str, object], path: str) -> Iterator[str]:
    for name in schema()["models"][model].get("required", ()):
        if body.get(name) is None:
            yield f"{path}{name}"
    for name, field, value in _fields(model, body, path):
        for inner, found, place in _inner(field or {}, value, name):
            yield from _missing(inner, found, f"{place}.")


def _wrong(model: str, body: Mapping[str, object], path: str) -> Iterator[str]:
    for name, field, value in _fields(model, body, path):
        if value is not None and field is not None:
            yield from _misfits(field, value, name)


def _misfits(field: Mapping[str, Any], value: object, name: str) -> Iterator[str]:
    kind = "object" if "model" in field else field.get("type")
    if kind is None:
        return
    if not isinstance(value, _PYTHON[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{name} must be {_WORDS[kind]}"
    elif "model" in field:
        yield from _wrong(field["model"], cast("dict[str, object]", value), f"{name}.")
    elif isinstance(value, list):
        for number, each in enumerate(cast("list[object]", value)):
            if "items" in field:
                yield from _misfits(field["items"], each, f"{name}[{number}]")
    elif isinstance(value, str):
        yield from _text(field, value, name)
    elif isinstance(value, int | float) and not _within(field, value):
        low, high = field.get("minimum", "any"), field.get("maximum", "any")
        yield f"{name} must be between {low} and {high}"


def _text(field: Mapping[str, Any], value: str, name: str) -> Iterator[str]:
    if "enum" in field and value not in field["enum"]:
        yield f"{name} must be one of {', '.join(field['enum'])}"
    elif field.get("format") and not _is_time(field["format"], value):
        yield f"{name} must be a {field['format']} in ISO 8601 format"
    elif len(value) < field.get("minLength", 0) or len(value) > field.get("maxLength", len(value)):
        yield f"{name} has the wrong length"


def _is_time(kind: str, value: str) -> bool:
    try:
        if kind == "date":
            return len(value) == len("2026-11-20") and bool(date.fromisoformat(value))
        return bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _within(field: Mapping[str, Any], value: float) -> bool:
    return bool(field.get("minimum", value) <= value <= field.get("maximum", value))


def words(body: Mapping[str, Any], name: str) -> list[str]:
    """Return an optional list of words of a checked body."""
    return list(cast("list[str]", body.get(name) or []))


def part(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an optional object of a checked body."""
    return cast("dict[str, Any]", body.get(name) or {})
