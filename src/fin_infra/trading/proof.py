"""What an error proves: whether a request that failed had no effect, so that nothing need be asked.
Floor 2: a doubt is a no; an order is lost or doubled where this says yes too often."""

from __future__ import annotations

from typing import Literal

from fin_infra.errors import (
    AuthenticationFailed,
    CircuitOpen,
    NotFound,
    OrderRejected,
    ProviderError,
    RateLimited,
    RejectReason,
)
from fin_infra.transport.effects import UNREACHABLE

_NEVER_ACTED_ON = (AuthenticationFailed, CircuitOpen, RateLimited)


def no_effect(exc: ProviderError, *, of: Literal["order", "change"]) -> bool:
    """Say whether the error proves that sending an order, or a change of one, had no effect.

    A refusal proves it, unless the broker refused the client order id: what has that id may be what we sent before.
    NotFound proves it of a change alone, since an order that is not there cannot be changed. A new order names nothing
    that could be missing, so NotFound says nothing about it.
    """
    if isinstance(exc, OrderRejected):
        return not is_duplicate(exc)
    proofs = (*_NEVER_ACTED_ON, NotFound) if of == "change" else _NEVER_ACTED_ON
    return isinstance(exc, proofs) or exc.vendor_code == UNREACHABLE


def is_duplicate(exc: ProviderError) -> bool:
    """Say whether the broker refused a client order id because it has seen it."""
    return isinstance(exc, OrderRejected) and exc.reason is RejectReason.DUPLICATE_CLIENT_ORDER_ID
