"""Every way Alpha Vantage says no with status 200, and what no error may show: the key it echoes."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from fin_infra.errors import (
    AuthenticationFailed,
    InvalidRequest,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnexpectedPayload,
    UnknownSymbol,
)
from fin_infra.flow import CallRecord, observe_calls
from fin_infra.model import Adjustment, InstrumentKey, Interval
from fin_infra.providers.market.alpha_vantage.refusals import refusal
from fin_infra.transport import Reply

IBM = InstrumentKey("US", "IBM")
DAILY = (
    "We have detected your API key as {key} and our standard API rate limit is 25 requests per day. Please subscribe "
    "to any of the premium plans at https://www.alphavantage.co/premium/ to instantly remove all daily rate limits."
)
BURST = (
    "Thank you for using Alpha Vantage! Please consider spreading out your free API requests more sparingly (1 request "
    "per second). You may subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to lift the "
    "free key rate limit (25 requests per day), raise the per-second burst limit, and instantly unlock all premium "
    "endpoints"
)
PREMIUM = (
    "Thank you for using Alpha Vantage! This is a premium endpoint. You may subscribe to any of the premium plans at "
    "https://www.alphavantage.co/premium/ to instantly unlock all premium endpoints"
)
FULL = (
    "Thank you for using Alpha Vantage! The outputsize=full parameter value is a premium feature for the "
    "TIME_SERIES_DAILY endpoint. You may subscribe to any of the premium plans at "
    "https://www.alphavantage.co/premium/ to instantly unlock all premium features"
)
LEGACY = (
    "Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per minute and 500 calls per day. "
    "Please visit https://www.alphavantage.co/premium/ if you would like to target a higher API call frequency."
)
BAD_KEY = (
    "the parameter apikey is invalid or missing. Please claim your free API key on "
    "(https://www.alphavantage.co/support/#api-key). It should take less than 20 seconds."
)
DEMO = (
    "The **demo** API key is for demo purposes only. Please claim your free API key at "
    "(https://www.alphavantage.co/support/#api-key) to explore our full API offerings."
)
BAD_CALL = (
    "Invalid API call. Please retry or visit the documentation (https://www.alphavantage.co/documentation/) for "
    "TIME_SERIES_DAILY."
)
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)  # 12:00 in New York
SHAPES = [
    ("Information", BURST, RateLimited, 1.0),
    ("Information", "Burst pattern detected. Please slow down.", RateLimited, 1.0),
    ("Note", LEGACY, RateLimited, 60.0),
    ("Information", DAILY, RateLimited, 12 * 3600.0),
    ("Information", PREMIUM, PermissionDenied, None),
    ("Information", FULL, PermissionDenied, None),
    ("Error Message", BAD_KEY, AuthenticationFailed, None),
    ("Information", DEMO, AuthenticationFailed, None),
    ("Error Message", BAD_CALL, UnknownSymbol, None),
    ("Error Message", "This API function (SECTOR) does not exist.", InvalidRequest, None),
    ("Information", "Invalid inputs. Please refer to the API documentation", InvalidRequest, None),
    ("Information", "Something nobody has seen yet.", UnexpectedPayload, None),
]


def body(name: str, text: str, key: str = "K") -> bytes:
    return msgspec.json.encode({name: text.replace("{key}", key)})


@pytest.mark.parametrize(("name", "text", "kind", "wait"), SHAPES)
def test_refusal_when_status_is_200_then_typed(name: str, text: str, kind: type[ProviderError], wait: Any) -> None:
    error = refusal(Reply(200, body(name, text), received_at=NOON))
    assert type(error) is kind
    assert error.retry_after == wait
    assert error.retryable == (wait is not None)
    assert error.http_status == 200


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BURST, "burst"),
        (DAILY, "daily_quota"),
        (LEGACY, "minute_quota"),
        (PREMIUM, "premium"),
        (BAD_KEY, "invalid_key"),
        (BAD_CALL, "invalid_call"),
        ("This API function (SECTOR) does not exist.", "no_function"),
        ("Invalid inputs. Please refer to the API documentation.", "invalid_inputs"),
    ],
)
def test_refusal_when_typed_then_has_our_word_for_the_notice(text: str, code: str) -> None:
    error = refusal(Reply(200, body("Information", text), received_at=NOON))
    assert error is not None
    assert error.vendor_code == code


@pytest.mark.parametrize("content", [b'{"Global Quote": {}}', b'{"bestMatches": []}', b"{}", b"[]", b"", b"a,b\r\n1,2"])
def test_refusal_when_body_is_data_then_none(content: bytes) -> None:
    assert refusal(Reply(200, content)) is None


@pytest.mark.parametrize(
    ("received_at", "hours"),
    [
        (datetime(2026, 3, 8, 3, tzinfo=UTC), 2.0),  # 22:00 EST on the 7th
        (datetime(2026, 3, 8, 6, tzinfo=UTC), 22.0),  # 01:00 EST, an hour before the clocks go forward: a 23-hour day
        (datetime(2026, 3, 8, 12, tzinfo=UTC), 16.0),  # 08:00 EDT
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), 23.5),  # 01:30 EDT, half an hour before they go back: 25 hours
        (datetime(2026, 11, 2, 4, 59, tzinfo=UTC), 1 / 60),  # 23:59 EST
        (datetime(2026, 7, 1, 4, tzinfo=UTC), 24.0),  # midnight itself
    ],
)
def test_daily_quota_when_clocks_change_then_waits_until_midnight_in_new_york(
    received_at: datetime, hours: float
) -> None:
    error = refusal(Reply(200, body("Information", DAILY), received_at=received_at))
    assert error is not None
    assert error.retry_after == pytest.approx(hours * 3600)


def test_call_when_burst_then_tried_again_not_before_a_second(scripted: Any) -> None:
    quote = {"01. symbol": "IBM", "05. price": "1.5", "07. latest trading day": "2026-11-20"}
    vendor = scripted(body("Information", BURST), msgspec.json.encode({"Global Quote": quote}))
    result = vendor.quote(IBM)
    assert str(result.price) == "1.5"
    assert result.meta.attempts == 2
    assert vendor.transport.pauses == [1.0]


def test_call_when_daily_quota_then_at_once_refused_with_the_wait(scripted: Any) -> None:
    vendor = scripted(Reply(200, body("Information", DAILY), received_at=NOON))
    with pytest.raises(RateLimited, match="midnight in New York") as refused:
        vendor.quote(IBM)
    assert refused.value.retry_after == 43_200
    assert vendor.transport.pauses == []


def test_call_when_key_is_bad_then_text_names_variable_and_where_to_get_one(scripted: Any) -> None:
    with pytest.raises(AuthenticationFailed, match=r"ALPHA_VANTAGE_API_KEY.*support/#api-key"):
        scripted(body("Error Message", BAD_KEY)).ping()


def test_call_when_invalid_then_text_says_that_it_cannot_tell(scripted: Any) -> None:
    with pytest.raises(UnknownSymbol, match="it does not say which"):
        scripted(body("Error Message", BAD_CALL)).candles(IBM)


def test_call_when_premium_then_not_tried_again(scripted: Any) -> None:
    vendor = scripted(body("Information", PREMIUM))
    with pytest.raises(PermissionDenied, match="premium key"):
        vendor.candles(IBM, adjustment=Adjustment.SPLITS_AND_DIVIDENDS)
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(503, b"<html>busy</html>"), ProviderUnavailable),
        (Reply(429, b""), RateLimited),
        (Reply(200, b"<html>hello</html>"), UnexpectedPayload),
        (Reply(200, b'{"Global Quote": {"01. symbol": "IB'), UnexpectedPayload),
        (Reply(200, b'{"Information": "We have det'), UnexpectedPayload),
        (Reply(200, b""), UnexpectedPayload),
        (Reply(200, b"null"), UnexpectedPayload),
        (Reply(200, b"\xff\xfe"), UnexpectedPayload),
    ],
)
def test_call_when_body_is_no_answer_then_typed_error(make: Any, reply: Reply, kind: type[ProviderError]) -> None:
    with pytest.raises(kind):
        make(lambda request: reply).quote(IBM)


@pytest.mark.parametrize(("name", "text", "kind", "wait"), SHAPES)
def test_secret_when_any_refusal_then_nowhere(
    make: Any, caplog: pytest.LogCaptureFixture, name: str, text: str, kind: type[ProviderError], wait: Any
) -> None:
    secret = "ZQ7SECRETKEY42XX"
    records: list[CallRecord] = []
    caplog.set_level(logging.DEBUG)
    vendor = make(lambda request: Reply(200, body(name, text, secret)), api_key=secret)
    stop = observe_calls(records.append)
    with pytest.raises(kind) as refused:
        vendor.quote(IBM)
    stop()
    error = refused.value
    shown = [
        *(str(error), repr(error), repr(error.args), repr(error.extra()), repr(error.__dict__)),
        *(repr(vendor.client), repr(vendor.client.settings), repr(vendor.transport.seen), repr(records), caplog.text),
    ]
    assert ("apikey", secret) in vendor.transport.requests[0].params
    assert not [text for text in shown if secret in text]
    assert error.__cause__ is None
    assert error.__context__ is None


def test_free_key_when_adjusted_days_then_permission_denied(scripted: Any) -> None:
    with pytest.raises(PermissionDenied, match="newest 100 days"):
        scripted(body("Information", PREMIUM)).candles(IBM, adjustment=Adjustment.SPLITS_AND_DIVIDENDS)


def test_free_key_when_far_window_then_permission_denied(scripted: Any) -> None:
    with pytest.raises(PermissionDenied):
        scripted(body("Information", FULL)).candles(
            IBM, interval=Interval.DAY_1, start=datetime(2020, 1, 1, tzinfo=UTC)
        )
