"""From status and headers to errors, with whatever a header may hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra import errors
from fin_infra.flow import by_status, rate_limit, retry_after
from fin_infra.transport import Reply

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def reply(status: int = 429, **headers: str) -> Reply:
    return Reply(status, b"SECRET-BODY", {name.replace("_", "-"): value for name, value in headers.items()}, NOW)


@pytest.mark.parametrize(
    ("status", "kind", "retryable", "outage"),
    [
        (301, errors.UnexpectedPayload, False, False),
        (302, errors.UnexpectedPayload, False, False),
        (400, errors.InvalidRequest, False, False),
        (401, errors.AuthenticationFailed, False, False),
        (402, errors.PermissionDenied, False, False),
        (403, errors.PermissionDenied, False, False),
        (404, errors.NotFound, False, False),
        (408, errors.ProviderUnavailable, False, True),
        (410, errors.NotFound, False, False),
        (418, errors.InvalidRequest, False, False),
        (422, errors.InvalidRequest, False, False),
        (429, errors.RateLimited, True, True),
        (500, errors.ProviderUnavailable, True, True),
        (501, errors.ProviderUnavailable, False, True),
        (502, errors.ProviderUnavailable, True, True),
        (503, errors.ProviderUnavailable, True, True),
        (504, errors.ProviderUnavailable, True, True),
        (599, errors.ProviderUnavailable, False, True),
    ],
)
def test_status_when_it_is_a_refusal_then_maps_to_one_error(
    status: int, kind: Any, retryable: bool, outage: bool
) -> None:
    error = by_status(reply(status))
    assert type(error) is kind
    assert (error.retryable, error.outage, error.http_status) == (retryable, outage, status)
    assert "SECRET" not in str(error)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
def test_status_when_it_is_an_answer_then_there_is_no_error(status: int) -> None:
    assert by_status(reply(status)) is None


def test_status_when_adapter_knows_more_then_text_and_code_are_its_own() -> None:
    error = by_status(reply(403, retry_after="4"), "the plan ends at 25 calls", "plan.limit")
    assert error is not None
    assert (error.message, error.vendor_code, error.retry_after) == ("the plan ends at 25 calls", "plan.limit", 4.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        ("Sunday, 01-Mar-26 12:00:30 GMT", 30.0),
        ("Sun Mar  1 12:00:10 2026", 10.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("Sun, 01 Mar 2026 14:00:05 +0200", 5.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("Mon, 01 Jan 99999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2020 00:00:00 +99999999", None),
    ],
)
def test_retry_after_when_header_has_any_form_then_is_seconds_or_nothing(text: str, seconds: float | None) -> None:
    assert retry_after(reply(retry_after=text)) == seconds


@pytest.mark.parametrize("skew", [-3600, 0, 3600])
def test_retry_after_when_clocks_differ_then_vendor_clock_decides(skew: int) -> None:
    theirs = NOW + timedelta(seconds=skew)
    later = format_datetime(theirs + timedelta(seconds=20), usegmt=True)
    assert retry_after(reply(retry_after=later, date=format_datetime(theirs, usegmt=True))) == 20.0


@given(
    st.text(max_size=60)
    | st.from_regex(r"\A[A-Z][a-z]{2}, \d{1,9} [A-Z][a-z]{2} \d{1,9} \d\d:\d\d:\d\d [+-]?\w{0,9}\Z")
)
def test_retry_after_when_header_is_anything_then_never_raises(text: str) -> None:
    for headers in ({"retry_after": text}, {"retry_after": format_datetime(NOW, usegmt=True), "date": text}):
        found = retry_after(reply(**headers))
        assert found is None or found >= 0


@pytest.mark.parametrize(
    ("headers", "limit", "remaining", "reset_at"),
    [
        ({"x_ratelimit_limit": "60", "x_ratelimit_remaining": "59"}, 60, 59, None),
        (
            {"ratelimit_limit": "60", "ratelimit_remaining": "0", "ratelimit_reset": "30"},
            60,
            0,
            NOW + timedelta(seconds=30),
        ),
        ({"x_ratelimit_reset": "1772366460"}, None, None, datetime(2026, 3, 1, 12, 1, tzinfo=UTC)),
        ({"x_ratelimit_reset": "9" * 18}, None, None, None),
    ],
)
def test_rate_limit_when_headers_tell_then_is_read(headers: Any, limit: Any, remaining: Any, reset_at: Any) -> None:
    found = rate_limit(reply(**headers))
    assert found is not None
    assert (found.limit, found.remaining, found.reset_at) == (limit, remaining, reset_at)


@pytest.mark.parametrize(
    "headers", [{}, {"x_ratelimit_limit": "many"}, {"x_ratelimit_limit": "9" * 5000}, {"ratelimit_limit": "-1"}]
)
def test_rate_limit_when_headers_say_nothing_usable_then_is_none(headers: Any) -> None:
    assert rate_limit(reply(**headers)) is None
