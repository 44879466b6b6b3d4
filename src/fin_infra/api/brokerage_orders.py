"""What a request for an order says: its body, read exactly, and its idempotency key.
Floor 7: numbers keep every digit; a field we do not know, or one given twice, is refused and never ignored."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, ValidationError
from pydantic_core import PydanticCustomError

from fin_infra.api.users import User
from fin_infra.errors import InvalidInput
from fin_infra.model import NewOrder, OrderClass, OrderType, Side, TimeInForce
from fin_infra.normalize import instrument

HEADER = "Idempotency-Key"
MAX_KEY_CHARS = 128
_number = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?").fullmatch
_quoted = re.compile(r'"((?:[^"\\]|\\["\\])*)"').fullmatch
_visible = re.compile(r"[\x21-\x7e]+").fullmatch


def _exact(value: object) -> object:
    """Take a JSON number, or the same as text; nothing that Python would also call a number."""
    if value is None or isinstance(value, Decimal) or type(value) is int:
        return value
    if isinstance(value, str) and _number(value):
        return value
    raise PydanticCustomError("decimal_text", 'Give a number, or the same as text, such as "187.50".')


Amount = Annotated[
    Decimal,
    BeforeValidator(_exact, json_schema_input_type=str | float),
    Field(max_digits=30, decimal_places=18),
]


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
    """Read the body of a request for an order.

    Raises:
        HTTPException: 415, the body does not say that it is JSON.
        InvalidInput: not a JSON object in UTF-8 (RFC 8259, section 8.1), or a field comes twice.
        RequestValidationError: fields that are unknown, missing or wrong, all of them.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send the order as JSON, with Content-Type: application/json.")
    try:
        given: object = json.loads((await request.body()).decode("utf-8"), parse_float=Decimal, object_pairs_hook=_once)
    except (ValueError, RecursionError) as exc:
        if isinstance(exc, InvalidInput):
            raise
        raise InvalidInput("The body must be an order as a JSON object.") from None
    if not isinstance(given, dict):
        raise InvalidInput("The body must be an order as a JSON object.")
    try:
        return OrderBody.model_validate(given)
    except ValidationError as exc:
        errors = exc.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**error, "loc": ("body", *error["loc"])} for error in errors]) from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidInput("A field of the order comes twice; give each once.")
    return found


def read_idempotency_key(request: Request, user: User) -> str:
    """Return the key of the request in the scope of its user: the header bare, or quoted as a structured field.

    Raises:
        HTTPException: 400, there is none, there are several, or it cannot be used.
    """
    given = request.headers.getlist(HEADER)
    if len(given) != 1:
        raise HTTPException(400, f"Send one {HEADER} header, such as a new UUID for each order you mean to place.")
    text = given[0].strip()
    if text.startswith('"'):
        match = _quoted(text)
        text = re.sub(r"\\(.)", r"\1", match[1]) if match else ""
    if not _visible(text) or len(text) > MAX_KEY_CHARS:
        raise HTTPException(
            400, f"The {HEADER} must be 1 to {MAX_KEY_CHARS} visible ASCII characters without spaces; a UUID will do."
        )
    return user.scoped(text)


def openapi_order() -> dict[str, Any]:
    """Return the OpenAPI description of the request: the header, and the body's schema without references."""
    schema = OrderBody.model_json_schema()
    kinds = schema.pop("$defs")
    description = f"1 to {MAX_KEY_CHARS} visible characters; the same key is the same order, for good"
    return {
        "parameters": [
            {
                "name": HEADER,
                "in": "header",
                "required": True,
                "description": description,
                "schema": {"type": "string", "maxLength": MAX_KEY_CHARS},
            }
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _inlined(schema, kinds)}}},
    }


def _inlined(part: Any, kinds: Mapping[str, Any]) -> Any:
    if type(part) is list:
        items: list[Any] = part  # pyright: ignore[reportUnknownVariableType]  # JSON has no narrower type
        return [_inlined(item, kinds) for item in items]
    if type(part) is not dict:
        return part
    found: dict[str, Any] = part  # pyright: ignore[reportUnknownVariableType]  # as above
    kind: dict[str, Any] = kinds[found["$ref"].rpartition("/")[2]] if "$ref" in found else {}
    return kind | {name: _inlined(item, kinds) for name, item in found.items() if name != "$ref"}
