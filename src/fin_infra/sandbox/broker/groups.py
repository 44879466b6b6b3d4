"""Tie the orders of a bracket, OCO or OTO group together: who waits for whom, who ends with whom.
Floor 8: the stop loss of a pair is `held` while its take-profit works; it becomes `new` when the stop is reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from fin_infra.sandbox.broker.matching import expiry
from fin_infra.sandbox.broker.orders import BUY, SELL, Exit, Order, Ticket

TAKE_PROFIT, STOP_LOSS = "take_profit", "stop_loss"


def exits(ticket: Ticket) -> Iterator[tuple[str, Ticket]]:
    """Yield role and ticket of each exit that comes with an order; an OCO order itself takes the profit."""
    side = ticket.side if ticket.order_class == "oco" else SELL if ticket.side == BUY else BUY
    for role, found in ((TAKE_PROFIT, ticket.take_profit), (STOP_LOSS, ticket.stop_loss)):
        if found is not None:
            yield role, _exit(ticket, side, found)


def _exit(ticket: Ticket, side: str, found: Exit) -> Ticket:
    return Ticket(
        asset=ticket.asset,
        side=side,
        type=found.type,
        time_in_force=ticket.time_in_force,
        qty=ticket.qty,
        limit_price=found.limit_price,
        stop_price=found.stop_price,
        order_class=ticket.order_class,
    )


def closing_intent(leg: Ticket) -> str:
    """Return the intent of an exit."""
    return f"{leg.side}_to_close"


def members(order: Order) -> list[Order]:
    """Return the whole group of an order, head first."""
    head = order.parent or order
    return [head, *head.legs]


def others(order: Order) -> list[Order]:
    """Return the rest of the group that can still change."""
    return [each for each in members(order) if each is not order and each.is_open]


def after_fill(order: Order, at: datetime) -> list[Order]:
    """Return the orders of the group whose status a fill has changed, already changed."""
    if order.role == "head" and order.ticket.order_class in ("bracket", "oto"):
        return _arm(order, at) if order.status == "filled" else []
    stops = [each for each in others(order) if each.role == STOP_LOSS and each.status == "held"]
    for stop in stops:
        left = (order.ticket.qty or Decimal(0)) - order.filled_qty
        if left:
            stop.ticket = replace(stop.ticket, qty=left)
        else:
            stop.status = "canceled"
    return [stop for stop in stops if not stop.is_open]


def _arm(entry: Order, at: datetime) -> list[Order]:
    """Wake the exits of a filled entry; of a pair the stop loss stays held."""
    woken: list[Order] = []
    for leg in entry.legs:
        ticket = leg.ticket
        leg.armed, leg.expires_at = True, expiry(ticket.asset, ticket.time_in_force, False, at)
        if leg.role == TAKE_PROFIT or len(entry.legs) == 1:
            leg.status = "new"
            woken.append(leg)
    return woken


def rest(ticket: Ticket, old: Order) -> Decimal | None:
    """Return what a replacement still has to fill, since it carries the fills of the order before it."""
    return None if ticket.qty is None else ticket.qty - old.filled_qty


def succeed(old: Order, new: Order) -> None:
    """Give a replacement the fills, the trail and the place in the group of the order before it."""
    new.filled_qty, new.filled_value, new.armed = old.filled_qty, old.filled_value, old.armed
    new.hwm, new.triggered = old.hwm, old.triggered and new.stop_price == old.stop_price
    new.legs, old.legs = old.legs, []
    for leg in new.legs:
        leg.parent = new
        leg.ticket = replace(
            leg.ticket, qty=rest(new.ticket, new) if new.ticket.order_class == "oco" else new.ticket.qty
        )
    if new.parent is not None:
        new.parent.legs = [new if leg is old else leg for leg in new.parent.legs]
