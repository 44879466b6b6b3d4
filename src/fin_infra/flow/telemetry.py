"""What each call tells the outside: one record, one log line, any number of observers.
Floor 2: no body, no secret, no account number; labels come from closed sets."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import ParamSpec

from fin_infra.flow.breaker import BreakerState

P = ParamSpec("P")

log = logging.getLogger("fin_infra")
log.addHandler(logging.NullHandler())

request_id: ContextVar[str | None] = ContextVar("fin_infra_request_id", default=None)
"""The id of the inbound request we are working for; set it in your middleware, every log line carries it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One finished operation."""

    provider: str
    operation: str
    status: str
    """`ok`, the short code of our error (`rate_limited`), `error` for one that is not ours, or `cancelled`."""
    elapsed_ms: float
    attempts: int
    tenant: str
    product: str
    """The domain of the provider key: `banking`, `market` ..."""
    request_id: str | None
    notes: Mapping[str, object] = field(default_factory=dict[str, object])
    """What the client added with `note`, such as the endpoint; these go before the fields above in the log line."""


CallObserver = Callable[[CallRecord], None]
BreakerObserver = Callable[[str, str, BreakerState], None]
"""Called with provider key, tenant and the new state."""

_on_call: list[CallObserver] = []
_on_breaker: list[BreakerObserver] = []


def observe_calls(observer: CallObserver) -> Callable[[], None]:
    """Have `observer` called after every operation of every provider; return a function that ends that."""
    return _enlist(_on_call, observer)


def observe_breakers(observer: BreakerObserver) -> Callable[[], None]:
    """Have `observer` called at every change of a circuit breaker; return a function that ends that."""
    return _enlist(_on_breaker, observer)


def _enlist(observers: list[Callable[P, None]], observer: Callable[P, None]) -> Callable[[], None]:
    def heard(*args: P.args, **kwargs: P.kwargs) -> None:
        observer(*args, **kwargs)

    def end() -> None:
        if heard in observers:
            observers.remove(heard)

    observers.append(heard)
    return end


def _tell(observers: list[Callable[P, None]], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call each observer; one that raises is logged and harms neither the call nor the others."""
    for observer in tuple(observers):
        try:
            observer(*args, **kwargs)
        except Exception:
            log.exception("a telemetry observer failed")


def emit(record: CallRecord) -> None:
    _tell(_on_call, record)
    if log.isEnabledFor(logging.INFO):
        log.info(
            "provider call",
            extra={
                "elapsed_ms": round(record.elapsed_ms, 3),
                "provider": record.provider,
                "operation": record.operation,
                "status": record.status,
                "attempts": record.attempts,
                "tenant": record.tenant,
                "product": record.product,
                "request_id": record.request_id,
                **record.notes,
            },
        )


def breaker_changed(provider: str, tenant: str, state: BreakerState) -> None:
    _tell(_on_breaker, provider, tenant, state)
    log.warning(
        "circuit breaker %s",
        state.name.lower(),
        extra={"provider": provider, "tenant": tenant, "breaker": state.name.lower(), "request_id": request_id.get()},
    )
