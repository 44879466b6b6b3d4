"""The OpenAPI document, freed from what svc-infra promises and this service does not do.
Floor 8: asset_aggregator. A document that lists a password login, ETags or wrong curl lines misleads every client.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from fastapi import FastAPI

Json: TypeAlias = dict[str, Any]

_NOT_SERVED = {
    "IfNoneMatch",
    "IfModifiedSince",
    "IfMatch",
    "IdempotencyKey",
    "ETag",
    "Last-Modified",
    "LastModified",
}
"""`IdempotencyKey` among them: orders describe their own header, and what else changes may be sent again."""


def finish_openapi(app: FastAPI) -> None:
    """Correct the document and build it once; svc-infra runs its thirty passes again on each request for it."""
    build = app.openapi
    built: Json = {}

    def openapi() -> Json:
        if not built:
            built.update(_corrected(build()))
        return built

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to change the document


def _corrected(schema: Json) -> Json:
    components: Json = schema.get("components", {})
    components.get("securitySchemes", {}).pop("OAuth2PasswordBearer", None)
    for kind in ("parameters", "headers"):
        for name in _NOT_SERVED & set(components.get(kind, {})):
            del components[kind][name]
    for name in {"HTTPValidationError", "ValidationError"} & set(components.get("schemas", {})):
        del components["schemas"][name]
    members: Json = components.get("schemas", {}).get("Problem", {}).get("properties", {})
    members.pop("trace_id", None)
    members["request_id"] = {"type": "string", "description": "Quote this when you report the problem."}
    members["errors"] = _FIELD_ERRORS
    for response in components.get("responses", {}).values():
        _correct_problem(response)
    for operation in _operations(schema):
        _correct_operation(operation)
    return schema


_FIELD_ERRORS: Json = {
    "type": "array",
    "description": "The parameters that are not valid.",
    "items": {"type": "object", "properties": {name: {"type": "string"} for name in ("field", "message", "type")}},
}


def _operations(schema: Json) -> Iterator[Json]:
    for path in schema.get("paths", {}).values():
        yield from (operation for operation in path.values() if isinstance(operation, dict))


def _correct_operation(operation: Json) -> None:
    operation.pop("x-codeSamples", None)  # they start with `//`, which is not this host
    parameters: list[Json] = operation.get("parameters", [])
    operation["parameters"] = [p for p in parameters if p.get("$ref", "").rpartition("/")[2] not in _NOT_SERVED]
    responses: Json = operation.get("responses", {})
    responses.pop("304", None)
    for status, response in responses.items():
        _correct_problem(response)
        for name in _NOT_SERVED & set(response.get("headers", {})):
            del response["headers"][name]
        if status == "422":
            response.get("content", {}).pop("application/json", None)


def _correct_problem(response: Json) -> None:
    """Name the one schema of problems, without svc-infra's examples: codes and hosts that this service never sends."""
    problem: Json | None = response.get("content", {}).get("application/problem+json")
    if problem is not None:
        problem.clear()
        problem["schema"] = {"$ref": "#/components/schemas/Problem"}
