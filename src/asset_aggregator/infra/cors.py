"""Pages of other origins: which may read answers, and what a refused one is told.
Floor 8: asset_aggregator. Starlette's layer refuses a preflight in plain text, outside the boundary."""

from __future__ import annotations

from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from asset_aggregator.infra.boundary import safe_headers
from asset_aggregator.infra.problems import problem


class ProblemCors(CORSMiddleware):
    """Starlette's layer, with a problem document for a preflight that it refuses."""

    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        return answer if answer.status_code < 400 else _Refusal(answer)


class _Refusal(Response):
    """Says what was refused: the origin, the method or a header, none of which is repeated."""

    def __init__(self, refused: Response) -> None:
        super().__init__(status_code=refused.status_code)
        self._allowed = {name: value for name, value in refused.headers.items() if name not in _BODY}
        self._detail = f"{bytes(refused.body).decode()}; the operator's CORS_ALLOW_ORIGINS lists who may ask."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", "/"))
        answer = problem(self.status_code, path=path, detail=self._detail, headers=self._allowed)
        safe_headers(answer.headers)
        await answer(scope, receive, send)


_BODY = ("content-length", "content-type")
