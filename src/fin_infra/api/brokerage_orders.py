"""What a request for an order says: its body, read exactly, and its idempotency key.
Floor 7: numbers keep every digit; a field we do not know, or one given twice, is refused and never ignored."""

from __future__ import annotations

import re
from typing import Any

from fastapi import HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from fin_infra.api.bodies import Amount, openapi_body, read_body
from fin_infra.api.users import User
from fin_infra.model import NewOrder, OrderClass, OrderType, Side, TimeInForce
from fin_infra.normalize import instrument

HEADER = "Idempotency-Key"
MAX_KEY_CHARS = 128
_quoted = re.compile(r'"((?:[^"\\]|\\["\\])*)"').fullmatch
_visible = re.compile(r"[\x21-\x7e]+").fullmatch


class OrderBody(BaseModel):
    """An order to place. Give `quantity` or `notional`, not both; numbers as text keep every digit in any client."""

    model_config = ConfigDict(extra="forbid", title="NewOrder")

    key: str = Field(min_length=1, max_length=64, description="What to trade: `US:AAPL`, `AAPL`, `BTC/USD`")
    side: Side
    type: OrderType = OrderType.MARKET
    quantity: Amount | None = None
    notional: Amount | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    limit_price: Amount | None = None
    stop_price: Amount | None = None
    trail_price: Amount | None = None
    trail_percent: Amount | None = Field(None, description="In percent: 1 means one")
    extended_hours: StrictBool = False
    order_class: OrderClass = OrderClass.SIMPLE
    take_profit: Amount | None = None
    stop_loss: Amount | None = None
    stop_loss_limit: Amount | None = None
    currency: str = Field("USD", pattern="^[A-Z]{3}$")
    queue: StrictBool = Field(False, description="Let the order wait where the market is closed")

    def order(self) -> NewOrder:
        """Return the order meant.

        Raises:
            InvalidInput: `key` is not an instrument, or could be several.
        """
        terms: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields if name != "queue"}
        terms["key"] = instrument(self.key)
        return NewOrder(**terms)


async def read_order(request: Request) -> OrderBody:
    """Read the body of a request for an order; raises as `read_body` does."""
    return await read_body(request, OrderBody, "the order")


def read_idempotency_key(request: Request, user: User, what: str = "order you mean to place") -> str:
    """Return the key of the request in the scope of its user: the header bare, or quoted as a structured field.

    `what` it is for stands in the sentence that asks for one.

    Raises:
        HTTPException: 400, there is none, there are several, or it cannot be used.
    """
    given = request.headers.getlist(HEADER)
    if len(given) != 1:
        raise HTTPException(400, f"Send one {HEADER} header, such as a new UUID for each {what}.")
    text = given[0].strip()
    if text.startswith('"'):
        match = _quoted(text)
        text = re.sub(r"\\(.)", r"\1", match[1]) if match else ""
    if not _visible(text) or len(text) > MAX_KEY_CHARS:
        raise HTTPException(
            400, f"The {HEADER} must be 1 to {MAX_KEY_CHARS} visible ASCII characters without spaces; a UUID will do."
        )
    return user.scoped(text)


def openapi_key(meaning: str) -> dict[str, Any]:
    """Return the OpenAPI description of the header, and what a key means."""
    return {
        "parameters": [
            {
                "name": HEADER,
                "in": "header",
                "required": True,
                "description": f"1 to {MAX_KEY_CHARS} visible characters; {meaning}",
                "schema": {"type": "string", "maxLength": MAX_KEY_CHARS},
            }
        ]
    }


def openapi_order() -> dict[str, Any]:
    """Return the OpenAPI description of the request: the header, and the body's schema without references."""
    return {**openapi_key("the same key is the same order, for good"), **openapi_body(OrderBody)}
