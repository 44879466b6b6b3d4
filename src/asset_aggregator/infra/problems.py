"""Every error answer as RFC 9457 `application/problem+json`, with a stable code and the request id.
Floor 8: asset_aggregator. These handlers replace svc-infra's, which echo exception text, inputs and whole URLs.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeAlias, cast
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from asset_aggregator.infra.methods import allowed
from fin_infra.api.problems import retry_after_header
from fin_infra.errors import FinInfraError
from fin_infra.fanout import log_untold
from fin_infra.security import mask, mask_value

logger = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
MARK = "x-fin-problem"
"""Internal response header: this body was made here. The boundary strips it and rewrites every error without it."""

JsonObject: TypeAlias = dict[str, object]

DETAILS: dict[int, tuple[str, str]] = {
    400: ("fin.http.bad_request", "The request cannot be understood."),
    401: ("fin.http.unauthenticated", "Send a token: `Authorization: Bearer <token>` or `X-API-Key: <token>`."),
    403: ("fin.http.forbidden", "The token is valid but does not cover this route."),
    404: ("fin.http.not_found", "There is nothing at this path; the documentation of the API lists the routes."),
    405: ("fin.http.method_not_allowed", "This path does not take that method; see the Allow header."),
    408: ("fin.http.request_timeout", "The request body arrived too slowly; send it again."),
    409: ("fin.http.conflict", "The request conflicts with an earlier one."),
    413: ("fin.http.body_too_large", "The request body is larger than this service accepts."),
    415: ("fin.http.unsupported_media_type", "The request body is of a type that this route does not take."),
    422: ("fin.http.invalid_parameters", "One or more parameters are not valid; see `errors`."),
    429: ("fin.http.too_many_requests", "Too many requests; wait for the seconds given in Retry-After."),
    500: ("fin.http.internal", "An unexpected error occurred; quote the request id when you report it."),
    502: ("fin.http.bad_gateway", "A service behind this one gave no usable answer."),
    503: ("fin.http.unavailable", "The service cannot answer now; try again shortly."),
    504: ("fin.http.timeout", "The answer took too long and was given up; try again shortly."),
}
"""Code and default detail for each HTTP status that is not a `FinInfraError`."""

_IN_A_PATH = "/:@!$&'()*+,;=~"
"""What may stand in a path (RFC 3986, section 3.3): `instance` is a URI reference (RFC 9457, section 3.1.5)."""
_STANDARD = frozenset({"type", "title", "status", "detail", "instance", "code", "request_id"})


def request_id() -> str | None:
    """Return the id of the request being served; None outside a request."""
    from svc_infra.api.fastapi.middleware.request_id import request_id_ctx

    return request_id_ctx.get() or None


def problem(
    status: int,
    *,
    path: str,
    code: str | None = None,
    title: str | None = None,
    detail: str | None = None,
    masked: str | None = None,
    members: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Build an error answer. `path` is without query string; code and detail default by status.

    `masked` is a detail whose parts were masked one by one.
    """
    default_code, default_detail = DETAILS.get(status) or DETAILS[500 if status >= 500 else 400]
    code = code or default_code
    body: JsonObject = {name: item for name, item in (members or {}).items() if name not in _STANDARD}
    body |= {
        "type": f"urn:fin-infra:error:{code}",
        "title": title or _phrase(status),
        "status": status,
        "detail": masked or (mask(detail) if detail else default_detail),
        "instance": quote(mask(path), safe=_IN_A_PATH),
        "code": code,
        "request_id": request_id(),
    }
    content = json.dumps(body, default=str, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    return Response(content, status, {**(headers or {}), MARK: "1"}, PROBLEM_TYPE)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _path(request: Request) -> str:
    return str(request.scope.get("path", "/"))


async def _fin_infra_error(request: Request, exc: Exception) -> Response:
    error = cast(FinInfraError, exc)
    level = logging.ERROR if error.status == 500 else logging.INFO
    logger.log(level, "%s answered %d %s", _path(request), error.status, error.code)
    log_untold(logger, _path(request), error)
    members = {name: mask_value(name, item) for name, item in error.extra().items()}
    return problem(
        error.status,
        path=_path(request),
        code=error.code,
        title=error.title,
        detail=error.for_caller(),
        members=members,
        headers=retry_after_header(error),
    )


async def _http_exception(request: Request, exc: Exception) -> Response:
    error = cast(HTTPException, exc)
    raw = cast(object, error.detail)
    members: JsonObject = {}
    detail: str | None = None
    if error.status_code < 500:  # what a 5xx says about itself belongs in the log
        if isinstance(raw, str):
            detail = raw if raw != _phrase(error.status_code) else None
        elif raw:
            members["context"] = mask_value("", raw)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {name: text for name, text in headers.items() if name.lower() != "allow"}
        headers["Allow"] = allowed(request)
    return problem(error.status_code, path=_path(request), detail=detail, members=members, headers=headers)


async def _validation_error(request: Request, exc: Exception) -> Response:
    errors = [_field_error(item) for item in cast(RequestValidationError, exc).errors()]
    # field and message each alone: in one text, all that follows `token: ` would be taken for a secret
    parts = [mask(str(errors[0][part])) for part in ("field", "message")] if errors else []
    return problem(422, path=_path(request), masked=": ".join(parts) or None, members={"errors": errors})


def _field_error(item: Mapping[str, Any]) -> JsonObject:
    """Keep the field, the reason and its type; drop `input`, `ctx` and `url`, which repeat what the client sent."""
    loc = cast(Sequence[object], item.get("loc", ()))
    reason, kind, given = str(item.get("msg", "")), str(item.get("type", "")), item.get("input")
    echoes = isinstance(given, str) and len(given) > 2 and given in reason
    if kind in ("value_error", "assertion_error", "json_invalid") or echoes:
        reason = "Value is not valid."
    field = ".".join(str(part)[:64] for part in loc if isinstance(part, int) or str(part).isprintable())
    return {"field": field, "message": reason, "type": kind}


async def _unexpected(request: Request, exc: Exception) -> Response:
    logger.error("unexpected error on %s", _path(request), exc_info=exc)
    return problem(500, path=_path(request))


async def _upstream_timeout(request: Request, exc: Exception) -> Response:
    logger.warning("an HTTP call timed out on %s: %s", _path(request), type(exc).__name__)
    return problem(504, path=_path(request))


def install_handlers(app: FastAPI) -> None:
    """Put our handlers over those of svc-infra; what the rest of its handlers answer, the boundary rewrites."""
    import httpx
    import httpx2
    from fastapi.exceptions import HTTPException as FastAPIHTTPException

    app.add_exception_handler(FinInfraError, _fin_infra_error)
    for kind in (HTTPException, FastAPIHTTPException):
        app.add_exception_handler(kind, _http_exception)
    app.add_exception_handler(RequestValidationError, _validation_error)
    for timeout in (httpx.TimeoutException, httpx2.TimeoutException):
        app.add_exception_handler(timeout, _upstream_timeout)
    app.add_exception_handler(Exception, _unexpected)
