"""What every call to Finastra has: a token, the vendor's two error shapes, its trace ids, metrics and log facts.
Floor 3: bankersbank. A mixin over `Client`, for the SDK's clients and for adapters that speak to the same vendor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from bankersbank import metrics
from bankersbank.payloads import mapping
from fin_infra.errors import (
    AuthenticationFailed,
    FinInfraError,
    PermissionDenied,
    ProviderError,
    UnexpectedPayload,
)
from fin_infra.flow import BreakerState, Client, by_status, note
from fin_infra.transport import Flow, M, Reply

T = TypeVar("T")
Param = str | int | None

TRACE_HEADERS = ("ff-trace-id", "activityid", "x-request-id", "x-correlation-id")
"""Lower-case names of headers that carry the vendor's ids of a call. Its docs only say "check response headers": the
first two are what its users report, unconfirmed."""
_HINTS: Mapping[type[ProviderError], str] = {
    AuthenticationFailed: "the token is not accepted even when new; check that FINASTRA_B2B_BASE_URL_COLLATERALS and "
    "FINASTRA_TENANT belong together",
    PermissionDenied: "the application may not use this API; add the product and its scope to it at the vendor's "
    "portal, and have this machine's address allowed",
}
"""What an operator can do, by error."""


class FinastraCalls(Client[M]):
    """Speaks to Finastra for one tenant; `client_name` is the label of its breaker gauge."""

    @property
    def client_name(self) -> str:
        return self.tenant

    def product(
        self, root: str, path: str, parse: Callable[[Reply], T], params: Mapping[str, Param] | None = None
    ) -> Flow[T]:
        """GET `path` below the product `root` and return what `parse` makes of the reply; count the call at its end."""
        endpoint = f"{root}:{metrics.templated(path)}"
        note(product=root, endpoint=endpoint)
        started = self.transport.monotonic()
        status = "cancelled"
        trace: Mapping[str, str] = {}
        try:
            reply: Reply = yield from self.request("GET", f"/{root}{path}" if root else path, params=params)
            trace = traces(reply)
            note(**_log_names(trace))
            result = parse(reply)
            status = str(reply.status)
            return result
        except FinInfraError as exc:
            status = _status(exc)
            if isinstance(exc, ProviderError):
                exc.trace = exc.trace or trace
                note(**_log_names(exc.trace))
            raise
        except Exception:
            status = "error"
            raise
        finally:
            note(status=status)
            metrics.called(endpoint, status, self.transport.monotonic() - started)

    def refusal(self, reply: Reply) -> ProviderError | None:
        return refusal(reply)

    def vendor_request_id(self, reply: Reply) -> str | None:
        return next(iter(traces(reply).values()), None)

    def _breaker_changed(self, state: BreakerState) -> None:
        metrics.breaker(self.client_name, state)
        super()._breaker_changed(state)


def traces(reply: Reply) -> dict[str, str]:
    """Return the vendor's ids of a call, by header name; what cannot be an id is left out."""
    found = {name: reply.headers.get(name, "") for name in TRACE_HEADERS}
    return {name: text for name, text in found.items() if text and _harmless(text)}


def _log_names(trace: Mapping[str, str]) -> dict[str, str]:
    """`request_id` in a log line is the inbound one, so the vendor's go by `trace_...`."""
    return {f"trace_{name.replace('-', '_')}": text for name, text in trace.items()}


def _status(exc: FinInfraError) -> str:
    """The label of a call that failed: the HTTP status, or our word where there was none or it said 200."""
    http = exc.http_status if isinstance(exc, ProviderError) else None
    return str(http) if http is not None and http >= 300 else exc.code.removeprefix("fin.")


def refusal(reply: Reply) -> ProviderError | None:
    """Return the error a reply stands for, from either of the vendor's shapes; None for an answer.

    The gateway says `{"statusCode", "message"}`, products say RFC 7807. Only words that cannot be about a person are
    taken over: the problem's `type` as vendor code, and the names of the fields that its `causes` complain of.
    """
    error = by_status(reply)
    if error is None:
        return None
    error.trace = traces(reply)
    error.message = _HINTS.get(type(error), error.message)
    body = _body(reply)
    kind = body.get("type")
    if type(kind) is str and kind != "about:blank" and _harmless(kind):
        error.vendor_code = kind
    causes = body.get("causes")
    named = [mapping(cause).get("field") for cause in cast("list[object]", causes)] if type(causes) is list else []
    wrong = [name for name in named if type(name) is str and name.isidentifier() and name.isascii() and len(name) <= 64]
    if wrong:
        error.message += f" ({', '.join(wrong[:5])})"
    return error


def _harmless(text: str) -> bool:
    return len(text) <= 128 and text.isascii() and text.isprintable() and not any(char in text for char in "?#@ ")


def _body(reply: Reply) -> dict[str, Any]:
    try:
        return mapping(reply.json())
    except UnexpectedPayload:
        return {}
