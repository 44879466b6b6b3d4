"""Answer Alpaca's order paths: submit, list, get, replace, cancel.
Floor 8: a submit answers with the order as it was taken in; what the market does with it shows on the next look.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from fin_infra.sandbox.broker import tickets
from fin_infra.sandbox.broker.orders import Order
from fin_infra.sandbox.broker.refusals import invalid
from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.vendors.alpaca import replies
from fin_infra.sandbox.vendors.alpaca.call import Call

MAX_LIST, DEFAULT_LIST = 500, 50
# what PATCH takes, and the types of order that have it
CHANGEABLE = {
    "limit_price": ("limit", "stop_limit"),
    "stop_price": ("stop", "stop_limit"),
    "trail": ("trailing_stop",),
}


class OrdersApi:
    """The order paths."""

    def submit(self, call: Call) -> Response:
        """Take an order in and answer it as `pending_new` or `accepted`; then the market works on it."""
        order = call.engine.place(tickets.ticket(call.body, call.assets), call.now)
        reply = json_reply(replies.order(order, nested=True))
        call.engine.work(order, call.now)
        return reply

    def list(self, call: Call) -> Response:
        """Answer orders by submission, newest first unless asked otherwise."""
        nested, limit = call.flag("nested"), call.whole("limit", DEFAULT_LIST, 1, MAX_LIST)
        rows = [order for order in call.engine.orders.values() if not nested or order.parent is None]
        rows = [order for order in rows if _matches(call, order)]
        rows = list(_between(call, rows))
        rows.sort(key=lambda order: order.number, reverse=call.choice("direction", "desc", "asc") == "desc")
        return json_reply([replies.order(order, nested=nested) for order in rows[:limit]])

    def get(self, call: Call) -> Response:
        """Answer one order by its id."""
        return json_reply(replies.order(self._one(call), nested=call.flag("nested")))

    def by_client_order_id(self, call: Call) -> Response:
        """Answer one order by the client's own id."""
        wanted = call.text("client_order_id")
        if not wanted:
            raise invalid("client_order_id is required")
        return json_reply(replies.order(call.engine.of_client(wanted), nested=call.flag("nested")))

    def replace(self, call: Call) -> Response:
        """Put a new order in the place of an open one and answer the new one."""
        old = self._one(call)
        new = call.engine.change(old, _changes(call, old), tickets.word(call.body, "client_order_id") or None, call.now)
        reply = json_reply(replies.order(new, nested=True))
        call.engine.work(new, call.now)
        return reply

    def cancel(self, call: Call) -> Response:
        """Cancel one order."""
        call.engine.cancel(self._one(call), call.now)
        return Response(status_code=204)

    def cancel_all(self, call: Call) -> Response:
        """Cancel every open order and answer one line for each."""
        rows = call.engine.open_orders()
        for order in rows:
            if order.is_open:  # the rest of a group goes with its first member
                call.engine.cancel(order, call.now)
        return json_reply([{"id": order.id, "status": 200} for order in rows], 207)

    def _one(self, call: Call) -> Order:
        wanted = call.path("order_id")
        try:
            return call.engine.order(str(UUID(wanted)))
        except ValueError:
            raise invalid("order_id must be a UUID") from None


def _matches(call: Call, order: Order) -> bool:
    """Return whether an order passes the filters, its legs aside: with the entry filled a nested group is not open.

    What is held counts as closed (alpacahq/alpaca-trade-api-js#80 and #87, alpaca-trade-api-python#322).
    """
    status = call.choice("status", "open", "closed", "all")
    ticket = order.ticket
    symbols = call.words("symbols")
    return (
        (status == "all" or order.is_working is (status == "open"))
        and (not symbols or ticket.asset.symbol in symbols or ticket.asset.position_symbol in symbols)
        and call.text("side", ticket.side) == ticket.side
        and call.text("asset_class", ticket.asset.kind) in (ticket.asset.kind, "all")
    )


def _between(call: Call, rows: list[Order]) -> Iterator[Order]:
    """Yield the orders between the given instants and orders, all bounds excluded."""
    after, until = call.instant("after"), call.instant("until")
    earlier, later = _number(call, "before_order_id"), _number(call, "after_order_id")
    for order in rows:
        at: datetime = order.created_at
        in_time = (after is None or at > after) and (until is None or at < until)
        if in_time and (earlier is None or order.number < earlier) and (later is None or order.number > later):
            yield order


def _number(call: Call, name: str) -> int | None:
    wanted = call.text(name)
    return call.engine.order(wanted).number if wanted else None


def _changes(call: Call, old: Order) -> dict[str, object]:
    """Return the fields of the ticket that a PATCH changes."""
    body, found = call.body, dict[str, object]()
    if (qty := tickets.number(body, "qty")) is not None and qty != old.ticket.qty:
        found["qty"] = qty
    if given := tickets.word(body, "time_in_force"):
        found["time_in_force"] = given
    for name, types in CHANGEABLE.items():
        value = tickets.number(body, name)
        if value is None:
            continue
        if old.ticket.type not in types:
            raise invalid(f"{name} is not accepted for {old.ticket.type} orders")
        if name == "trail":
            name = "trail_price" if old.ticket.trail_price is not None else "trail_percent"
        found[name] = value
    return found
