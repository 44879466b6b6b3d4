"""Our orders in Alpaca's words, and its orders and their events in ours.
Floor 3: an order whose state, type or terms have a word that we do not know raises, for that row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from fin_infra.errors import FinInfraError, UnexpectedPayload
from fin_infra.model import (
    Cancellation,
    NewOrder,
    Order,
    OrderChange,
    OrderClass,
    OrderStatus,
    OrderType,
    TimeInForce,
    TradeEvent,
    TradeUpdate,
)
from fin_infra.providers import fields
from fin_infra.providers.brokerage.alpaca import symbols
from fin_infra.providers.brokerage.alpaca.payloads import KEY, SIDES, maybe_when, member, when, word
from fin_infra.providers.fields import Row

T = TypeVar("T")

# `order_class` of trading-api.json in https://github.com/alpacahq/alpaca-mcp-server
_ORDER_CLASSES = {"": OrderClass.SIMPLE, **{kind.value: kind for kind in OrderClass}}
_OURS = {TradeEvent.CAUGHT_UP, TradeEvent.UNKNOWN}
# websocket-streaming in https://github.com/alpacahq/alpaca-docs; `accepted` and `restated` as in alpaca-py
_EVENTS = {event.value: event for event in TradeEvent if event not in _OURS}


def order_body(order: NewOrder, client_order_id: str) -> dict[str, Any]:
    """Return the body that places an order."""
    numbers = {
        "qty": order.quantity,
        "notional": order.notional,
        "limit_price": order.limit_price,
        "stop_price": order.stop_price,
        "trail_price": order.trail_price,
        "trail_percent": order.trail_percent,
    }
    body: dict[str, Any] = {
        "symbol": symbols.write(order.key),
        "side": order.side.value,
        "type": order.type.value,
        "time_in_force": order.time_in_force.value,
        "client_order_id": client_order_id,
        **_given(numbers),
    }
    if order.extended_hours:
        body["extended_hours"] = True
    if order.order_class is not OrderClass.SIMPLE:
        body["order_class"] = order.order_class.value
    if order.take_profit is not None:
        body["take_profit"] = _given({"limit_price": order.take_profit})
    if order.stop_loss is not None:
        body["stop_loss"] = _given({"stop_price": order.stop_loss, "limit_price": order.stop_loss_limit})
    return body


def change_body(change: OrderChange, client_order_id: str) -> dict[str, Any]:
    """Return the body that replaces an order."""
    numbers = {
        "qty": change.quantity,
        "limit_price": change.limit_price,
        "stop_price": change.stop_price,
        "trail": change.trail,
    }
    body: dict[str, Any] = {"client_order_id": client_order_id, **_given(numbers)}
    if change.time_in_force is not None:
        body["time_in_force"] = change.time_in_force.value
    return body


def _given(numbers: Mapping[str, Decimal | None]) -> dict[str, str]:
    """Return the numbers that there are, without exponents, as the vendor takes them."""
    return {name: format(value, "f") for name, value in numbers.items() if value is not None}


def order_among(asked: str, row: Row, received_at: datetime) -> Order:
    """Read an order about one of the symbols asked for, any where there are none.

    Whoever cancels all orders of one instrument must not be given another's. One that no key can name is kept.
    """
    found = order(row, received_at)
    if asked and found.key is not None and (symbol := symbols.write(found.key)) not in asked.split(","):
        fields.own([asked], [symbol], "instrument")
    return found


def order(row: Row, received_at: datetime, parent_type: str = "") -> Order:
    """Read an order with its legs.

    Its state, type and terms must be words that we know; what it is about may be something that no key can name.
    """
    several = row.get("order_class") == OrderClass.MLEG
    symbol, kind = fields.maybe_text(row, "symbol") or "", symbols.asset_class(fields.maybe_text(row, "asset_class"))
    if not (symbol or several):
        raise fields.wrong("symbol", "a symbol")
    key, currency = symbols.maybe_read(symbol, kind) or (None, "USD")
    updated = maybe_when(row, "updated_at")
    return Order(
        source=KEY,
        as_of=updated or received_at,
        raw=row,
        id=fields.ident(row, "id"),
        client_order_id=fields.text(row, "client_order_id"),
        key=key,
        asset_class=kind,
        side=None if several and not row.get("side") else word(row, "side", SIDES),
        # legs of an order of several have an empty type in the specification's example: the order's own holds for them
        type=member(row if row.get("type") else {"type": parent_type}, "type", OrderType),
        time_in_force=member(row, "time_in_force", TimeInForce),
        order_class=word(row, "order_class", _ORDER_CLASSES),
        status=member(row, "status", OrderStatus),
        quantity=fields.maybe_amount(row, "qty"),
        notional=fields.maybe_amount(row, "notional"),
        filled_quantity=fields.amount(row, "filled_qty"),
        filled_average_price=fields.maybe_amount(row, "filled_avg_price"),
        limit_price=fields.maybe_amount(row, "limit_price"),
        stop_price=fields.maybe_amount(row, "stop_price"),
        trail_price=fields.maybe_amount(row, "trail_price"),
        trail_percent=fields.maybe_amount(row, "trail_percent"),
        high_water_mark=fields.maybe_amount(row, "hwm"),
        extended_hours=fields.maybe(fields.flag, row, "extended_hours") or False,
        currency=currency,
        created_at=when(row, "created_at"),
        submitted_at=maybe_when(row, "submitted_at"),
        updated_at=updated,
        filled_at=maybe_when(row, "filled_at"),
        canceled_at=maybe_when(row, "canceled_at"),
        expired_at=maybe_when(row, "expired_at"),
        expires_at=maybe_when(row, "expires_at"),
        failed_at=maybe_when(row, "failed_at"),
        replaced_at=maybe_when(row, "replaced_at"),
        replaced_by=fields.maybe_text(row, "replaced_by"),
        replaces=fields.maybe_text(row, "replaces"),
        symbol_text=symbol,
        legs=_legs(row, received_at, fields.text(row, "type") if several else ""),
    )


def _legs(row: Row, received_at: datetime, parent_type: str) -> tuple[Order, ...]:
    legs = [] if row.get("legs") is None else fields.children(row, "legs")
    return tuple(order(leg, received_at, parent_type) for leg in legs)


def as_trees(flat: Iterable[Order], trees: Sequence[Order]) -> list[Order]:
    """Return orders of a flat list newest first, with the legs of `trees`; a leg of no tree stands by itself."""
    with_legs = {tree.id: tree for tree in trees}
    under = {leg.id for tree in trees for leg in tree.legs}
    rows = [with_legs.pop(order.id, order) for order in flat if order.id not in under]
    return sorted([*rows, *with_legs.values()], key=lambda order: order.placed_at, reverse=True)


def last_instant(rows: Sequence[object]) -> datetime:
    """Return when the last order of a page came in whose instant can be read, whatever else of it cannot.

    Raises:
        UnexpectedPayload: none of them says it.
    """
    for row in reversed(rows):
        try:
            order = fields.as_row(row)
            return maybe_when(order, "submitted_at") or when(order, "created_at")
        except UnexpectedPayload:
            continue
    raise fields.wrong("submitted_at", "an instant in one order of a page at least")


def trade_update(row: Row, received_at: datetime) -> TradeUpdate:
    """Read one event of an order, as far as it can be read: no event is so strange that it ends a stream."""
    said = row.get("event")
    event = _EVENTS.get(said, TradeEvent.UNKNOWN) if type(said) is str else TradeEvent.UNKNOWN
    problems: list[str] = []

    def read(what: Callable[[], T]) -> T | None:
        try:
            return what()
        except FinInfraError as exc:
            problems.append(str(exc))
            return None

    at = read(lambda: maybe_when(row, "timestamp"))
    body: Any = row.get("order")
    ident = body.get("id") if type(body) is dict else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]  # JSON
    return TradeUpdate(
        source=KEY,
        as_of=at or received_at,
        raw=row,
        event=event,
        order=read(lambda: order(fields.child(row, "order"), received_at)),
        execution_id=read(lambda: fields.maybe_text(row, "execution_id")),
        price=read(lambda: fields.maybe_amount(row, "price")),
        quantity=read(lambda: fields.maybe_amount(row, "qty")),
        position_quantity=read(lambda: fields.maybe_amount(row, "position_qty")),
        order_id=ident if type(ident) is str and ident else None,  # pyright: ignore[reportUnknownArgumentType]  # JSON
        event_text=said if type(said) is str else "",
        problem="; ".join(problems) or None,
    )


def caught_up(found: Order) -> TradeUpdate:
    """Return the update for an order as it was found after a gap in the stream."""
    return TradeUpdate(
        source=KEY, as_of=found.as_of, raw=found.raw, event=TradeEvent.CAUGHT_UP, order=found, order_id=found.id
    )


def unreadable(order_id: str | None, problem: str, at: datetime) -> TradeUpdate:
    """Return the update for an order that was found after a gap and cannot be read."""
    return TradeUpdate(source=KEY, as_of=at, event=TradeEvent.CAUGHT_UP, order=None, order_id=order_id, problem=problem)


def cancellation(row: Row) -> Cancellation:
    """Read one answer of a multi-status reply; its statuses are those of HTTP."""
    return Cancellation(order_id=fields.ident(row, "id"), accepted=200 <= fields.amount(row, "status") < 300)
