"""Answer Alpaca's position paths: list, get, close one or a part of it, close all.
Floor 8: closing is an ordinary market order of the other side, refused for the same reasons.
"""

from __future__ import annotations

from decimal import Decimal

from starlette.responses import Response

from fin_infra.sandbox.broker import tickets
from fin_infra.sandbox.broker.assets import Asset
from fin_infra.sandbox.broker.book import Position
from fin_infra.sandbox.broker.refusals import Refused, invalid, missing
from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.vendors.alpaca import replies
from fin_infra.sandbox.vendors.alpaca.call import Call


class PositionsApi:
    """The position paths."""

    def list(self, call: Call) -> Response:
        """Answer what is held, by symbol."""
        held = sorted(call.engine.book.positions.items())
        return json_reply([replies.position(call.engine, position, call.now) for _, position in held])

    def get(self, call: Call) -> Response:
        """Answer one position by symbol or asset id."""
        return json_reply(replies.position(call.engine, self._one(call), call.now))

    def close(self, call: Call) -> Response:
        """Sell or buy back a position, or the part given by `qty` or `percentage`."""
        qty, percentage = tickets.number(call.request.query_params, "qty"), _percentage(call)
        if qty is not None and percentage is not None:
            raise invalid("only one of qty or percentage is accepted")
        order = self._close(call, self._one(call).asset, qty, percentage)
        return json_reply(order)

    def close_all(self, call: Call) -> Response:
        """Close every position and answer one line for each; open orders go first when asked."""
        if call.flag("cancel_orders"):
            for order in call.engine.open_orders():
                if order.is_open:
                    call.engine.cancel(order, call.now)
        rows: list[dict[str, object]] = []
        for held in list(call.engine.book.positions.values()):
            try:
                status, body = 200, self._close(call, held.asset, None, None)
            except Refused as no:
                status, body = no.status, no.body
            rows.append({"symbol": held.asset.position_symbol, "status": status, "body": body})
        return json_reply(rows, 207)

    def _close(self, call: Call, asset: Asset, qty: Decimal | None, percentage: Decimal | None) -> dict[str, object]:
        ticket = call.engine.close(asset, qty, percentage)
        tickets.check(ticket)
        order = call.engine.place(ticket, call.now)
        shown = replies.order(order, nested=True)
        call.engine.work(order, call.now)
        return shown

    def _one(self, call: Call) -> Position:
        wanted = call.path("symbol")
        for held in call.engine.book.positions.values():
            if wanted in (held.asset.symbol, held.asset.position_symbol, held.asset.id):
                return held
        raise missing("position does not exist")


def _percentage(call: Call) -> Decimal | None:
    found = tickets.number(call.request.query_params, "percentage")
    if found is not None and found > 100:
        raise invalid("percentage must be between 0 and 100")
    return found
