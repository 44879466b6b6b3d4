"""How Alpaca says no: HTTP status, code and message together, because one code stands for many refusals.
Floor 3: a refusal has a code; a 4xx without one may come from a proxy and proves nothing about an order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from fin_infra.errors import (
    AuthenticationFailed,
    InvalidRequest,
    NotFound,
    OrderRejected,
    PermissionDenied,
    ProviderError,
    RateLimited,
    RejectReason,
    UnexpectedPayload,
    UnknownSymbol,
)
from fin_infra.flow import by_status, rate_limit, retry_after
from fin_infra.transport import Reply

_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
LONGEST_RESET_S = 60.0
"""The quota is one of a minute (X-RateLimit-Limit in trading-api.json): a reset further away is some other clock's."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row of the table: which message means what, and what is said of it. None fits every status or code."""

    pattern: str
    reason: RejectReason
    sentence: str
    status: int | None = None
    code: int | None = None


_R = RejectReason
# Alpaca documents no list. These are bodies of refusals of paper accounts, recorded from August to October 2026, and
# bodies that users quote, such as Petersoj/alpaca-java#145 for wash trades; the text for short sales is unconfirmed.
REFUSALS = (
    Refusal(
        "client_order_id must be unique",
        _R.DUPLICATE_CLIENT_ORDER_ID,
        "there is an order with this client order id already",
        422,
    ),
    Refusal(
        "client_order_id must be no more than",
        _R.INVALID_CLIENT_ORDER_ID,
        "the client order id is too long; it may have 128 characters",
    ),
    Refusal(
        "position intent mismatch",
        _R.POSITION_INTENT,
        "the order would open a position where it should close one, or the other way round; look at the position",
    ),
    Refusal(
        r"insufficient (options )?buying power|insufficient balance",
        _R.INSUFFICIENT_BUYING_POWER,
        "the account has too little buying power for this order",
        403,
    ),
    Refusal(
        "insufficient qty available",
        _R.INSUFFICIENT_QUANTITY,
        "the account holds less than the order would sell, or other orders hold it",
        403,
    ),
    Refusal(
        "no available position",
        _R.INSUFFICIENT_QUANTITY,
        "the account has no such position to spend",
        403,
    ),
    Refusal("is not fractionable", _R.NOT_FRACTIONABLE, "this instrument is traded in whole units only", 403),
    Refusal(
        "not allowed to trade fractional",
        _R.NOT_FRACTIONABLE,
        "fractional trading is switched off in the account's settings",
        403,
    ),
    Refusal(
        r"potential wash trade|opposite side .*order exists",
        _R.WASH_TRADE,
        "an open order on the other side could trade with this one; cancel it, or use a bracket or oco order",
    ),
    Refusal(
        "minimal amount of order",
        _R.BELOW_MINIMUM,
        "the order is below the smallest amount: 1 dollar, of coins 10",
        403,
    ),
    Refusal("", _R.PATTERN_DAY_TRADING, "the broker's day-trading protection stops this order", 403, 40310100),
    Refusal("fractional orders cannot be sold short", _R.SHORT_NOT_ALLOWED, "a fraction cannot be sold short", 422),
    Refusal(
        r"not allowed to short|cannot be sold short",
        _R.SHORT_NOT_ALLOWED,
        "the order would sell short, which this account or instrument does not allow",
    ),
    Refusal(r"fractional", _R.FRACTIONAL_RULES, "a fractional order must be a simple day order", 422),
    Refusal(r'asset "?\S+"? not found|invalid symbol', _R.UNKNOWN_ASSET, "the broker does not know this symbol"),
    Refusal(
        r"is not (active|tradable)|not tradable|trading (is|has been) halted",
        _R.NOT_TRADABLE,
        "this instrument cannot be traded at the moment",
    ),
    Refusal(
        "notional increment",
        _R.INVALID_QUANTITY,
        "a notional may have two decimal places at most",
    ),
    Refusal(
        r"sub-penny|minimum pricing criteria",
        _R.SUB_PENNY,
        "the price is finer than the tick: two decimals from 1.00 up, four below",
        422,
    ),
    Refusal(
        r"order is already in|not cancelable|cannot be cancell?ed",
        _R.NOT_CANCELABLE,
        "the order has reached its end and cannot be canceled",
        422,
    ),
    Refusal(
        r"order is not open|cannot be replaced|cannot replace|not replaceable",
        _R.NOT_REPLACEABLE,
        "the order cannot be replaced any more, or not in this way",
        422,
    ),
    Refusal(
        r"not accepted at this time|market is (closed|not open)|market hours|outside of? .*hours",
        _R.MARKET_CLOSED,
        "the market does not take such an order at this hour",
    ),
    Refusal(
        r"extended hours|time[_ ]in[_ ]force|must be DAY or GTC",
        _R.INVALID_TIME_IN_FORCE,
        "the time in force or the hours do not fit this order",
        422,
    ),
    Refusal(
        r"bracket|oco|oto|complex|take_profit|stop_loss|simple orders|order_class|exit orders|entry orders",
        _R.INVALID_LEGS,
        "the legs of the order do not fit together",
        422,
    ),
    Refusal(
        r"limit_price|stop_price|limit price|stop price|\btrail|base_price",
        _R.INVALID_PRICE,
        "a price is missing, superfluous or on the wrong side",
        422,
    ),
    Refusal(
        r"order type|type is|mleg",
        _R.INVALID_TYPE,
        "the broker does not take this order type here",
        422,
    ),
    Refusal(r"\bqty\b|quantity|notional", _R.INVALID_QUANTITY, "the broker does not take this quantity", 422),
    Refusal(
        r"(account|trading|user).*(restricted|blocked|suspended|not (eligible|authorized|allowed|permitted))"
        r"|by user request|not (eligible|authorized|permitted) to trade",
        _R.ACCOUNT_RESTRICTED,
        "the account is not allowed to trade this; sign in at the broker to see why",
        403,
    ),
)
"""The first row that fits decides; messages are matched without regard to case."""


def order_refusal(reply: Reply) -> ProviderError | None:
    """Return the error of a reply to an order or a change of one.

    Only a code shows that the broker itself has spoken: without one the order may be there all the same.
    """
    if 200 <= reply.status < 300:
        return None
    body, code = _said(reply)
    if reply.status in (401, 429) or code is None or not 400 <= reply.status < 500:
        return refusal(reply)
    row = _row(reply.status, code, _message(body))
    reason = _R.OTHER if row is None else row.reason
    return OrderRejected(
        f"Alpaca refuses: code {code}" if row is None else f"Alpaca refuses: {row.sentence}",
        reason=reason,
        facts=_facts(body),
        vendor_code=str(code),
        http_status=reply.status,
    )


def change_refusal(reply: Reply) -> ProviderError | None:
    """Return the error of a reply to a change or cancellation, which may also name an order that is not there."""
    return refusal(reply) if reply.status == 404 else order_refusal(reply)


def refusal(reply: Reply) -> ProviderError | None:
    """Return the error of any other reply, None for an answer."""
    if 200 <= reply.status < 300:
        return None
    body, code = _said(reply)
    vendor_code = None if code is None else str(code)
    if reply.status == 429:
        wait = retry_after(reply)
        return RateLimited(
            "Alpaca's rate limit is reached",
            retryable=True,
            retry_after=_until_reset(reply) if wait is None else wait,
            vendor_code=vendor_code,
            http_status=reply.status,
        )
    known = _known(reply.status, code, _message(body))
    if known is None:
        return by_status(reply, vendor_code=vendor_code)
    kind, text = known
    return kind(text, vendor_code=vendor_code, http_status=reply.status)


def _known(status: int, code: int | None, message: str) -> tuple[type[ProviderError], str] | None:
    """Return what Alpaca means where its status alone does not tell, None where it does."""
    if status == 401:
        return AuthenticationFailed, "Alpaca does not accept the keys"
    if status == 404 and code is None:
        return UnexpectedPayload, "the answer is a 404 that is not Alpaca's; check the base URL and any proxy"
    if status == 403 and re.search("subscription does not permit", message, re.IGNORECASE):
        advice = "set ALPACA_FEED=iex, or ask for older data"
        return PermissionDenied, f"the data plan does not cover SIP data of the last 15 minutes; {advice}"
    if status in (400, 422) and re.search("invalid symbol", message, re.IGNORECASE):
        return UnknownSymbol, "Alpaca does not know this symbol"
    if code is not None and 400 <= status < 500 and status not in (403, 404, 408):
        return InvalidRequest, f"Alpaca refuses the parameters (code {code})"
    return None


def symbol_refusal(name: str) -> Callable[[Reply], ProviderError | None]:
    """Return a refusal that takes 404 for an unknown symbol and says which."""

    def refused(reply: Reply) -> ProviderError | None:
        error = refusal(reply)
        if type(error) is not NotFound:
            return error
        return UnknownSymbol(
            f"Alpaca does not know {name}; look the symbol up among its assets",
            vendor_code=error.vendor_code,
            http_status=error.http_status,
        )

    return refused


def order_missing(
    order_id: str, otherwise: Callable[[Reply], ProviderError | None], named: str = "id"
) -> Callable[[Reply], ProviderError | None]:
    """Return a refusal of a request whose one parameter is an order's id, in which a missing order is said to be that.

    Alpaca answers 404 where it has no order of that id, and 422 where the id is not a UUID, as all of its own are.
    """

    def refused(reply: Reply) -> ProviderError | None:
        error = otherwise(reply)
        if error is None or error.vendor_code is None:
            return error
        malformed = error.http_status == 422 and named == "id" and not _UUID.fullmatch(order_id)
        if not malformed and type(error) is not NotFound:
            return error
        return NotFound(
            f"there is no order with the {named} {order_id!r}",
            vendor_code=error.vendor_code,
            http_status=error.http_status,
        )

    return refused


def _row(status: int, code: int, message: str) -> Refusal | None:
    return next(
        (
            row
            for row in REFUSALS
            if row.status in (None, status)
            and row.code in (None, code)
            and re.search(row.pattern, message, re.IGNORECASE)
        ),
        None,
    )


def _said(reply: Reply) -> tuple[Mapping[str, Any], int | None]:
    """Return the body and its code; an answer that is not the vendor's has none."""
    try:
        found = reply.json()
    except UnexpectedPayload:
        return {}, None
    if type(found) is not dict:
        return {}, None
    body = cast("dict[str, Any]", found)
    code = body.get("code")
    return body, code if type(code) is int and "message" in body else None


def _message(body: Mapping[str, Any]) -> str:
    message = body.get("message")
    return message if type(message) is str else ""


def _facts(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the vendor's extra keys as text; nothing that names an account."""
    return {
        name: _text(value)
        for name, value in body.items()
        if name not in ("code", "message") and "account" not in name and type(value) in (str, int, Decimal, list)
    }


def _text(value: str | int | Decimal | list[object]) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _until_reset(reply: Reply) -> float | None:
    """Return the seconds until the quota of this minute begins again; the header is a unix time."""
    limit = rate_limit(reply)
    if limit is None or limit.reset_at is None:
        return None
    wait = (limit.reset_at - reply.received_at).total_seconds()
    return wait if 0 < wait <= LONGEST_RESET_S else None
