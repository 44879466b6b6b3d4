"""What a request says in its body: JSON, read exactly, or bytes.
Floor 7: numbers keep every digit; an unknown field, or one given twice, is refused; no answer repeats what was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from fin_infra.errors import InvalidInput

B = TypeVar("B", bound=BaseModel)
_number = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?").fullmatch


def _exact(value: object) -> object:
    """Take a JSON number, or the same as text; nothing that Python would also call a number."""
    if value is None or isinstance(value, Decimal) or type(value) is int:
        return value
    if isinstance(value, str) and _number(value):
        return value
    raise PydanticCustomError("decimal_text", 'Give a number, or the same as text, such as "187.50".')


Amount = Annotated[
    Decimal,
    BeforeValidator(_exact, json_schema_input_type=str | float),
    Field(max_digits=30, decimal_places=18),
]
"""An amount: a JSON number, or the same as text, which keeps every digit in any client."""


async def read_body(request: Request, shape: type[B], what: str) -> B:
    """Read the body of a request; `what` it is stands in sentences, such as "the order".

    Raises:
        HTTPException: 415, the body does not say that it is JSON.
        InvalidInput: not a JSON object in UTF-8 (RFC 8259, section 8.1), or a field comes twice.
        RequestValidationError: fields that are unknown, missing or wrong, all of them.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, f"Send {what} as JSON, with Content-Type: application/json.")

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise InvalidInput(f"A field of {what} comes twice; give each once.")
        return found

    try:
        given: object = json.loads((await request.body()).decode("utf-8"), parse_float=Decimal, object_pairs_hook=once)
    except (ValueError, RecursionError) as exc:
        if isinstance(exc, InvalidInput):
            raise
        raise InvalidInput(f"The body must be {what} as a JSON object.") from None
    if not isinstance(given, dict):
        raise InvalidInput(f"The body must be {what} as a JSON object.")
    try:
        return shape.model_validate(given)
    except ValidationError as exc:
        errors = exc.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**error, "loc": ("body", *error["loc"])} for error in errors]) from None


async def read_bytes(request: Request, most: int, what: str) -> bytes:
    """Read a body as it arrives; `what` it is begins the sentence of a refusal, such as "A webhook".

    Raises:
        HTTPException: 413, there are more than `most` bytes.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, f"{what} has at most {most:,} bytes here.")
    return bytes(body)


def openapi_body(shape: type[BaseModel]) -> dict[str, Any]:
    """Return the OpenAPI description of a body, its schema without references."""
    schema = shape.model_json_schema()
    kinds = schema.pop("$defs", {})
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": _inlined(schema, kinds)}}}}


def _inlined(part: Any, kinds: Mapping[str, Any]) -> Any:
    if type(part) is list:
        items: list[Any] = part  # pyright: ignore[reportUnknownVariableType]  # JSON has no narrower type
        return [_inlined(item, kinds) for item in items]
    if type(part) is not dict:
        return part
    found: dict[str, Any] = part  # pyright: ignore[reportUnknownVariableType]  # as above
    kind: dict[str, Any] = _inlined(kinds[found["$ref"].rpartition("/")[2]], kinds) if "$ref" in found else {}
    return kind | {name: _inlined(item, kinds) for name, item in found.items() if name != "$ref"}
