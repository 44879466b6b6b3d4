"""Our errors as RFC 9457 `application/problem+json`.
Floor 7: for any FastAPI app; a service with its own error pages uses `problem_members` and writes the rest itself."""

from __future__ import annotations

import logging
import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from fin_infra.errors import FinInfraError, error_classes
from fin_infra.fanout import log_untold
from fin_infra.security import mask, mask_value

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger("fin_infra")
RETRY_AFTER_S = 5
MEDIA_TYPE = "application/problem+json"


def problem_members(error: FinInfraError) -> dict[str, Any]:
    """Return the members of the problem document of an error: type, title, status, detail, code and its own facts."""
    members = {name: mask_value(name, value) for name, value in error.extra().items()}
    return members | {
        "type": f"urn:fin-infra:error:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": mask(error.for_caller()),
        "code": error.code,
    }


def retry_after_header(error: FinInfraError) -> Mapping[str, str]:
    """Return the Retry-After header an error deserves, in whole seconds rounded up, or nothing.

    An outage has one even where nobody knows how long it lasts.
    """
    if error.retry_after is None or not math.isfinite(error.retry_after):
        return {"Retry-After": str(RETRY_AFTER_S)} if error.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return {"Retry-After": str(max(1, math.ceil(error.retry_after)))}


def add_problems(app: FastAPI) -> None:
    """Answer every `FinInfraError` of `app` as a problem document, unless the app already has a handler for it."""
    app.exception_handlers.setdefault(FinInfraError, _answer)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of the problems a route may answer with."""
    known: dict[int, list[str]] = {}
    for cls in error_classes():
        known.setdefault(cls.status, []).append(cls.code)
    return {
        status: {
            "description": "Problem: " + ", ".join(known.get(status, ["see code"])),
            "content": {MEDIA_TYPE: {"schema": {"type": "object"}}},
        }
        for status in statuses
    }


async def _answer(request: Request, exc: Exception) -> Response:
    error = cast("FinInfraError", exc)
    log_untold(log, request.url.path, error)
    body = problem_members(error) | {"instance": request.url.path}
    return JSONResponse(body, error.status, dict(retry_after_header(error)), MEDIA_TYPE)
