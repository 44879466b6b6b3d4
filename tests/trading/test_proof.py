"""Which errors prove that nothing happened; the two meanings differ in NotFound alone."""

from __future__ import annotations

import pytest

from fin_infra.errors import (
    AuthenticationFailed,
    CircuitOpen,
    DeadlineExceeded,
    NotFound,
    OrderRejected,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    RejectReason,
    UnexpectedPayload,
    UnknownSymbol,
)
from fin_infra.trading.proof import no_effect
from fin_infra.transport.effects import UNREACHABLE

DUPLICATE = OrderRejected("seen", reason=RejectReason.DUPLICATE_CLIENT_ORDER_ID, http_status=422)
ERRORS: list[tuple[ProviderError, bool, bool]] = [  # the error, whether it proves it of an order, and of a change
    (OrderRejected("no", reason=RejectReason.INSUFFICIENT_BUYING_POWER, http_status=403), True, True),
    (DUPLICATE, False, False),
    (AuthenticationFailed("no", http_status=401), True, True),
    (RateLimited("later", retryable=True), True, True),
    (CircuitOpen(5.0), True, True),
    (ProviderUnavailable("nobody answers", retryable=True, vendor_code=UNREACHABLE), True, True),
    (NotFound("no such order", http_status=404), False, True),
    (UnknownSymbol("no such symbol", http_status=404), False, True),
    (ProviderUnavailable("failed", retryable=True, http_status=500), False, False),
    (ProviderUnavailable("timed out", http_status=408), False, False),
    (UnexpectedPayload("cut off", http_status=200), False, False),
    (DeadlineExceeded("over", retryable=True), False, False),
    (PermissionDenied("not yours", http_status=403), False, False),
]


@pytest.mark.parametrize(("error", "of_order", "of_change"), ERRORS)
def test_error_when_it_is_a_proof_then_says_so_of_an_order_and_of_a_change(
    error: ProviderError, of_order: bool, of_change: bool
) -> None:
    assert (no_effect(error, of="order"), no_effect(error, of="change")) == (of_order, of_change)
