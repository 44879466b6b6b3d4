"""What Plaid's refusals come to: a matrix of types and codes, by the lists of its documentation."""

from __future__ import annotations

from typing import Any

import pytest

from fin_infra.errors import (
    AuthenticationFailed,
    CursorRefused,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    ReauthRequired,
)
from tests.providers.banking.plaid.support import Client, refusal, reply

RECONNECT = [
    "ITEM_LOGIN_REQUIRED",
    "ITEM_LOCKED",
    "INVALID_CREDENTIALS",
    "INVALID_MFA",
    "INSUFFICIENT_CREDENTIALS",
    "USER_SETUP_REQUIRED",
    "PASSWORD_RESET_REQUIRED",
    "ACCESS_NOT_GRANTED",
    "USER_PERMISSION_REVOKED",
]
BANK_DOWN = ["INSTITUTION_DOWN", "INSTITUTION_NOT_RESPONDING", "INSTITUTION_NOT_AVAILABLE"]
LIMITS = [
    "ACCOUNTS_LIMIT",
    "ACCOUNTS_BALANCE_GET_LIMIT",
    "AUTH_LIMIT",
    "BALANCE_LIMIT",
    "IDENTITY_LIMIT",
    "INSTITUTIONS_GET_LIMIT",
    "INSTITUTIONS_GET_BY_ID_LIMIT",
    "INSTITUTION_RATE_LIMIT",
    "INVESTMENT_HOLDINGS_GET_LIMIT",
    "INVESTMENT_TRANSACTIONS_LIMIT",
    "ITEM_GET_LIMIT",
    "RATE_LIMIT",
    "TRANSACTIONS_LIMIT",
    "TRANSACTIONS_REFRESH_LIMIT",
    "TRANSACTIONS_SYNC_LIMIT",
    "A_NEW_LIMIT",
]
LIMITED = "RATE_LIMIT_EXCEEDED"
MATRIX: list[tuple[str, str, int, type[ProviderError], bool]] = [
    *(("ITEM_ERROR", code, 400, ReauthRequired, False) for code in [*RECONNECT, "A_CODE_OF_TOMORROW"]),
    *(("INSTITUTION_ERROR", code, 400, ProviderUnavailable, True) for code in [*BANK_DOWN, "A_CODE_OF_TOMORROW"]),
    *((LIMITED, code, 429, RateLimited, True) for code in LIMITS),
    (LIMITED, "CREDITS_EXHAUSTED", 429, PermissionDenied, False),
    ("ITEM_ERROR", "PRODUCT_NOT_READY", 400, ProviderUnavailable, True),
    ("API_ERROR", "INTERNAL_SERVER_ERROR", 500, ProviderUnavailable, True),
    ("API_ERROR", "PLANNED_MAINTENANCE", 503, ProviderUnavailable, True),
    ("API_ERROR", "A_CODE_OF_TOMORROW", 500, ProviderUnavailable, True),
    ("ITEM_ERROR", "PRODUCTS_NOT_SUPPORTED", 400, PermissionDenied, False),
    ("ITEM_ERROR", "NO_ACCOUNTS", 400, NotFound, False),
    ("ITEM_ERROR", "NO_INVESTMENT_ACCOUNTS", 400, NotFound, False),
    ("ITEM_ERROR", "NO_LIABILITY_ACCOUNTS", 400, NotFound, False),
    ("ITEM_ERROR", "ITEM_NOT_FOUND", 400, AuthenticationFailed, False),
    ("INVALID_INPUT", "INVALID_ACCESS_TOKEN", 400, AuthenticationFailed, False),
    ("INVALID_INPUT", "INVALID_API_KEYS", 400, AuthenticationFailed, False),
    ("INVALID_INPUT", "INVALID_API_KEYS", 401, AuthenticationFailed, False),
    ("INVALID_INPUT", "INVALID_ACCOUNT_ID", 400, NotFound, False),
    ("INVALID_REQUEST", "INVALID_FIELD", 400, InvalidRequest, False),
    ("INVALID_REQUEST", "MISSING_FIELDS", 400, InvalidRequest, False),
    ("INVALID_REQUEST", "UNKNOWN_FIELDS", 400, InvalidRequest, False),
    ("INVALID_INPUT", "ADDITIONAL_CONSENT_REQUIRED", 400, PermissionDenied, False),
    ("TRANSACTIONS_ERROR", "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION", 400, CursorRefused, False),
    ("A_TYPE_OF_TOMORROW", "A_CODE_OF_TOMORROW", 400, InvalidRequest, False),
    ("A_TYPE_OF_TOMORROW", "A_CODE_OF_TOMORROW", 503, ProviderUnavailable, True),
]


def refused(*answers: Any, cursor: str | None = None) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        Client(*answers, max_attempts=1).plaid.transaction_changes(cursor)
    return caught.value


@pytest.mark.parametrize(("kind", "code", "status", "error", "passing"), MATRIX)
def test_refusal_when_plaid_says_a_code_then_the_error_of_it(
    kind: str, code: str, status: int, error: type[ProviderError], passing: bool
) -> None:
    found = refused(refusal(code, kind, status))
    assert (type(found), found.vendor_code, found.retryable) == (error, code, passing)
    assert (found.http_status, found.request_id) == (status, "req-of-error")
    assert "nobody should see" not in str(found)


def test_refusal_when_it_concerns_one_bank_or_login_then_plaid_itself_is_not_down() -> None:
    for code, kind in (
        ("INSTITUTION_DOWN", "INSTITUTION_ERROR"),
        ("ACCOUNTS_LIMIT", LIMITED),
        ("PRODUCT_NOT_READY", "ITEM_ERROR"),
    ):
        assert not refused(refusal(code, kind)).outage, code
    for code, kind in (("INTERNAL_SERVER_ERROR", "API_ERROR"), ("RATE_LIMIT", LIMITED), ("NEW_CODE", "API_ERROR")):
        assert refused(refusal(code, kind, 500)).outage, code


def test_refusal_when_the_body_is_no_error_of_plaid_then_by_the_status() -> None:
    for body in (b"<html>", b"[]", b'{"error_code": "words of a proxy", "error_type": 7}'):
        assert type(refused(reply(body, 502))) is ProviderUnavailable
        assert type(refused(reply(body, 401))) is AuthenticationFailed


def test_refusal_when_a_wait_is_told_then_it_is_kept() -> None:
    found = refused(refusal("TRANSACTIONS_SYNC_LIMIT", LIMITED, 429, **{"retry-after": "7"}))
    assert found.retry_after == 7


def test_cursor_when_plaid_does_not_take_it_then_everything_is_read_again() -> None:
    foreign = refused(refusal("INVALID_FIELD", "INVALID_REQUEST"), cursor="of-another-login")
    assert isinstance(foreign, CursorRefused)
    assert foreign.from_beginning
    moved = refused(refusal("TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION", "TRANSACTIONS_ERROR"), cursor="c")
    assert isinstance(moved, CursorRefused)
    assert not moved.from_beginning
    assert type(refused(refusal("INVALID_FIELD", "INVALID_REQUEST"))) is InvalidRequest, "there was no cursor"
