"""Alpaca's refusals: every row that is on record, as it came, and what may not be taken for a refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fin_infra.errors import (
    AuthenticationFailed,
    InvalidRequest,
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
from fin_infra.model import OrderChange
from fin_infra.providers.brokerage.alpaca.adapter import Alpaca
from fin_infra.providers.brokerage.alpaca.refusals import REFUSALS, order_refusal
from fin_infra.transport import Reply, Sync
from tests.providers.brokerage.alpaca.support import AAPL, ORDER_ID, answering, order_of

R = RejectReason
SHORT = "insufficient qty available for order (requested: 5, available: 2)"
# status, code, message, extra keys, reason: bodies that people have published, and those of Alpaca's documentation
PUBLISHED: list[tuple[int, int, str, dict[str, Any], RejectReason]] = [
    (403, 40310000, "insufficient buying power", {"buying_power": "1", "cost_basis": "2"}, R.INSUFFICIENT_BUYING_POWER),
    (
        403,
        40310000,
        "insufficient options buying power",
        {"options_buying_power": "1", "cost_basis": "2"},
        R.INSUFFICIENT_BUYING_POWER,
    ),
    (
        403,
        40310000,
        SHORT,
        {"available": "2", "existing_qty": "5", "held_for_orders": "3", "symbol": "AAPL", "related_orders": ["a", "b"]},
        R.INSUFFICIENT_QUANTITY,
    ),
    (403, 40310000, 'asset "OCGN" is not fractionable', {}, R.NOT_FRACTIONABLE),
    (
        403,
        40310000,
        "potential wash trade detected. use complex orders",
        {"existing_order_id": "x", "reject_reason": "opposite side limit order exists"},
        R.WASH_TRADE,
    ),
    (422, 42210000, "potential wash trade detected. use complex orders", {}, R.WASH_TRADE),
    (403, 40310000, "cost basis must be >= minimal amount of order 1", {}, R.BELOW_MINIMUM),
    (403, 40310000, "cost basis must be >= minimal amount of order 10", {}, R.BELOW_MINIMUM),
    (403, 40310000, "account is not allowed to short", {}, R.SHORT_NOT_ALLOWED),
    (403, 40310100, "trade denied due to pattern day trading protection", {}, R.PATTERN_DAY_TRADING),
    (403, 40310100, "a text of tomorrow", {}, R.PATTERN_DAY_TRADING),
    (422, 40010001, "client_order_id must be unique", {}, R.DUPLICATE_CLIENT_ORDER_ID),
    (422, 42210000, "client_order_id must be unique", {}, R.DUPLICATE_CLIENT_ORDER_ID),
    (422, 40010001, "invalid order type", {}, R.INVALID_TYPE),
    (422, 40010001, "only one of qty or notional is accepted", {}, R.INVALID_QUANTITY),
    (422, 42210000, 'asset "ZZZ" not found', {}, R.UNKNOWN_ASSET),
    (422, 42210000, "asset ZZZ not found", {}, R.UNKNOWN_ASSET),
    (422, 42210000, "fractional orders cannot be sold short", {}, R.SHORT_NOT_ALLOWED),
    (422, 42210000, "fractional orders must be DAY orders", {}, R.FRACTIONAL_RULES),
    (422, 42210000, "fractional orders must be simple orders", {}, R.FRACTIONAL_RULES),
    (422, 42210000, "take_profit.limit_price must be < stop_loss.stop_price", {}, R.INVALID_LEGS),
    (422, 42210000, "stop_loss.stop_price must be <= base_price - 0.01", {"base_price": "5"}, R.INVALID_LEGS),
    (422, 42210000, 'order is already in "filled" state', {}, R.NOT_CANCELABLE),
    (422, 42210000, "order is not open", {}, R.NOT_REPLACEABLE),
    (
        422,
        42210000,
        "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria",
        {},
        R.SUB_PENNY,
    ),
    (422, 42210000, "notional increment does not fulfill minimum pricing criteria", {}, R.INVALID_QUANTITY),
    (403, 40310000, "opposite side market/stop order exists", {}, R.WASH_TRADE),
    (422, 42210000, "trading is halted", {}, R.NOT_TRADABLE),
    (
        422,
        42210000,
        "position intent mismatch, inferred: sell_to_open, specified: sell_to_close",
        {},
        R.POSITION_INTENT,
    ),
    (422, 40010001, "client_order_id must be no more than 128 characters", {}, R.INVALID_CLIENT_ORDER_ID),
    (422, 40010001, "limit orders require a limit price", {}, R.INVALID_PRICE),
    (422, 42210000, 'asset "TSCDY" is not tradable', {}, R.NOT_TRADABLE),
    (422, 42210000, "asset AAPL is not active", {}, R.NOT_TRADABLE),
    (422, 42210000, "opg orders are not accepted at this time", {}, R.MARKET_CLOSED),
    (422, 42210000, "extended hours order must be DAY limit orders", {}, R.INVALID_TIME_IN_FORCE),
    (422, 42210000, "invalid crypto time_in_force", {}, R.INVALID_TIME_IN_FORCE),
    (422, 42210000, "bracket orders must be entry orders", {}, R.INVALID_LEGS),
    (403, 40310000, "new orders are rejected by user request", {}, R.ACCOUNT_RESTRICTED),
    (403, 40310000, "account is restricted to liquidation only", {}, R.ACCOUNT_RESTRICTED),
    (403, 40310000, "a refusal of tomorrow", {}, R.OTHER),
    (422, 42210000, "another one", {}, R.OTHER),
    (400, 40010000, "request body format is invalid", {}, R.OTHER),
    (404, 40410000, "a 404 to a submit", {}, R.OTHER),
]


def body(code: int | None, message: str, **extra: Any) -> dict[str, Any]:
    return {"message": message, **extra} | ({} if code is None else {"code": code})


def send(broker: Alpaca[Sync]) -> Any:
    return broker.transport.run(broker.send_order(order_of(), "fin-one"))


CALLS: dict[str, Callable[[Alpaca[Sync]], Any]] = {
    "submit": send,
    "change": lambda broker: broker.transport.run(broker.send_change(ORDER_ID, OrderChange(), "fin-one")),
    "cancel": lambda broker: broker.cancel_order(ORDER_ID),
    "account": lambda broker: broker.account(),
    "positions": lambda broker: broker.positions(),
}


@pytest.mark.parametrize(("status", "code", "message", "extra", "reason"), PUBLISHED)
def test_submit_when_refused_then_the_reason_and_the_facts(
    status: int, code: int, message: str, extra: dict[str, Any], reason: RejectReason
) -> None:
    with pytest.raises(OrderRejected) as caught:
        send(answering(body(code, message, **extra), status))
    error = caught.value
    assert (error.reason, error.vendor_code, error.http_status) == (reason, str(code), status)
    assert error.facts == {n: ", ".join(v) if isinstance(v, list) else v for n, v in extra.items()}
    assert str(error).startswith("Alpaca refuses: ")
    assert (error.retryable, error.outage) == (False, False)


def test_table_when_every_row_is_counted_then_each_has_a_body_on_record() -> None:
    fits = {row for row in REFUSALS for one in PUBLISHED if _row(one) is row}
    missing = [row.pattern for row in REFUSALS if row not in fits]
    assert missing == [r"no available position", "not allowed to trade fractional"]  # of other calls, and of settings


def _row(one: tuple[int, int, str, dict[str, Any], RejectReason]) -> Any:
    from fin_infra.providers.brokerage.alpaca import refusals

    return refusals._row(one[0], one[1], one[2])


def test_submit_when_refused_then_neither_message_nor_account_is_repeated() -> None:
    reply = Reply(403, json.dumps(body(40310000, "no, Ada", account_number="PA123", buying_power="1")).encode())
    error = order_refusal(reply)
    assert isinstance(error, OrderRejected)
    assert error.facts == {"buying_power": "1"}
    assert "Ada" not in f"{error} {error.extra()}"


@pytest.mark.parametrize("call", ["submit", "change", "cancel"])
@pytest.mark.parametrize(
    ("status", "content"),
    [
        (403, b"<html>Forbidden</html>"),
        (403, b'{"message": "forbidden."}'),
        (422, b'{"message": "no code"}'),
        (400, b'{"code": "invalid", "message": "a code that is no number"}'),
        (400, b'{"code": 400}'),
        (404, b"not found"),
        (409, b"[]"),
        (413, b""),
    ],
)
def test_order_call_when_a_4xx_has_no_code_then_it_is_no_refusal(call: str, status: int, content: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        CALLS[call](answering(content, status))
    assert not isinstance(caught.value, (OrderRejected, NotFound))


@pytest.mark.parametrize("call", ["change", "cancel"])
def test_change_when_the_order_is_unknown_then_not_found(call: str) -> None:
    with pytest.raises(NotFound):
        CALLS[call](answering(body(40410000, "order not found for x"), 404))


@pytest.mark.parametrize("call", list(CALLS))
@pytest.mark.parametrize("answer", [body(None, "unauthorized."), body(40110000, "request is not authorized")])
def test_call_when_keys_are_refused_then_authentication_failed(call: str, answer: dict[str, Any]) -> None:
    with pytest.raises(AuthenticationFailed, match="does not accept the keys") as caught:
        CALLS[call](answering(answer, 401))
    assert caught.value.vendor_code == (str(answer["code"]) if "code" in answer else None)


@pytest.mark.parametrize("call", list(CALLS))
def test_call_when_limited_then_rate_limited_until_the_quota_begins_again(call: str) -> None:
    reset = int((datetime.now(UTC) + timedelta(seconds=45)).timestamp())
    broker = answering(body(42910000, "rate limit exceeded"), 429, {"x-ratelimit-reset": str(reset)})
    with pytest.raises(RateLimited) as caught:
        CALLS[call](broker)
    assert 40 < (caught.value.retry_after or 0) <= 45
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("headers", "wait"),
    [({"retry-after": "7", "x-ratelimit-reset": "1"}, 7), ({"x-ratelimit-reset": "1700000000"}, None), ({}, None)],
)
def test_call_when_limited_with_other_headers_then_what_they_say(headers: dict[str, str], wait: float | None) -> None:
    with pytest.raises(RateLimited) as caught:
        answering(b"slow down", 429, headers).account()
    assert caught.value.retry_after == wait


@pytest.mark.parametrize("call", list(CALLS))
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_call_when_the_vendor_fails_then_unavailable(call: str, status: int) -> None:
    with pytest.raises(ProviderUnavailable) as caught:
        CALLS[call](answering(body(50010000, "internal server error occurred"), status))
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 40010000, InvalidRequest),
        (422, 42210000, InvalidRequest),
        (409, 40910000, InvalidRequest),
        (403, 40310000, PermissionDenied),
        (404, 40410000, NotFound),
        (404, None, UnexpectedPayload),
    ],
)
def test_other_call_when_refused_then_by_status_with_the_code(
    status: int, code: int | None, kind: type[ProviderError]
) -> None:
    with pytest.raises(ProviderError) as caught:
        answering(body(code, "no"), status).account()
    assert type(caught.value) is kind
    assert caught.value.vendor_code == (None if code is None else str(code))


def test_candles_when_the_plan_has_no_recent_sip_then_the_next_step() -> None:
    broker = answering(body(None, "subscription does not permit querying recent SIP data"), 403)
    with pytest.raises(PermissionDenied, match="set ALPACA_FEED=iex, or ask for older data"):
        broker.candles(AAPL)


def test_bid_ask_when_the_symbol_is_malformed_there_then_unknown_symbol() -> None:
    with pytest.raises(UnknownSymbol):
        answering(body(None, "code=400, message=invalid symbol: AAPL"), 400).bid_ask(AAPL)
