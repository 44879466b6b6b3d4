"""Run one account: take orders, and let the market work on them minute by minute.
Floor 8: the same seed, instants and sequence of calls give the same ids, fills and events.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from fin_infra.sandbox.broker import groups, hours, margin, matching, refusals, tickets
from fin_infra.sandbox.broker.account import Account
from fin_infra.sandbox.broker.assets import Asset, random_uuid
from fin_infra.sandbox.broker.book import Fill, booked
from fin_infra.sandbox.broker.money import ZERO, affordable, plus, times
from fin_infra.sandbox.broker.orders import BUY, SELL, Order, Ticket


class Engine(Account):
    """What clients ask of an account, and what the market does with it."""

    def place(self, ticket: Ticket, now: datetime) -> Order:
        """Take an order as the broker does before the market sees it; Refused leaves no trace. Then call `work`."""
        self.check_unique(ticket.client_order_id)
        tickets.check_base(ticket, self.tape.last(ticket.asset, now))
        if matching.is_cut_off(ticket.time_in_force, now):
            raise refusals.unprocessable(f"{ticket.time_in_force} orders are not accepted at this time")
        margin.check(self, ticket, now)
        order = self.make(ticket, now, self.intent(ticket))
        for role, leg in groups.exits(ticket):
            made = self.make(leg, now, groups.closing_intent(leg), role=role, parent=order, status="held")
            made.armed = ticket.order_class == "oco"
            order.legs.append(made)
        order.status = "pending_new" if matching.is_eligible(order, now) else "accepted"
        self.say(order.status, order)
        return order

    def work(self, order: Order, now: datetime) -> None:
        """Show a new order to the market; what cannot wait is canceled if it did not trade."""
        self._look(order, now)
        if order.is_open and order.ticket.time_in_force in ("ioc", "fok"):
            self._end(order, "canceled", now)

    def submit(self, ticket: Ticket, now: datetime) -> Order:
        """Place an order and let the market work on it."""
        order = self.place(ticket, now)
        self.work(order, now)
        return order

    def cancel(self, order: Order, now: datetime) -> None:
        """Cancel an order and the rest of its group; Refused when it is over."""
        if not order.is_open:
            raise refusals.unprocessable(f'order is already in "{order.status}" state')
        self._end(order, "canceled", now)

    def change(self, old: Order, changes: dict[str, object], client_order_id: str | None, now: datetime) -> Order:
        """Replace an order by a new one that carries its fills and its place in the group. Then call `work`."""
        if not old.is_open:
            raise refusals.unprocessable("order is not open")
        ticket = replace(old.ticket, client_order_id=client_order_id, **changes)  # type: ignore[arg-type]  # names and types are checked by whoever read the request
        if ticket.qty is not None and ticket.qty <= old.filled_qty:
            raise refusals.unprocessable("qty must be > filled_qty")
        if "qty" in changes and (ticket.is_fractional or old.ticket.is_fractional):
            raise refusals.unprocessable("fractional qty cannot be replaced")
        self.check_unique(client_order_id)
        tickets.check(replace(ticket, order_class="", take_profit=None, stop_loss=None))
        before = dict(self.active)
        del self.active[old.id]  # the successor is not measured against it
        try:
            if old.role == "head":
                margin.check(self, replace(ticket, order_class="", qty=groups.rest(ticket, old)), now)
        except refusals.Refused:
            self.active = before
            raise
        new = self.make(ticket, now, old.position_intent, role=old.role, parent=old.parent, status=old.status)
        groups.succeed(old, new)
        old.status, old.replaced_at, old.replaced_by, new.replaces = "replaced", new.created_at, new.id, old.id
        old.updated_at = new.created_at
        if new.status != "held":
            new.status = "pending_new" if matching.is_eligible(new, now) else "accepted"
        self.say("replaced", old)
        return new

    def close(self, asset: Asset, qty: Decimal | None, percentage: Decimal | None) -> Ticket:
        """Return the order that closes a position or a part of it; Refused when there is none."""
        held = self.book.qty(asset.symbol)
        if not held:
            raise refusals.missing("position does not exist")
        if percentage is not None:
            qty = affordable(times(abs(held), percentage), Decimal(100))
            if not qty:
                raise refusals.invalid("qty must be > 0")
        return Ticket(
            asset=asset,
            side=SELL if held > 0 else BUY,
            type="market",
            time_in_force="gtc" if asset.is_crypto else "day",
            qty=abs(held) if qty is None else qty,
        )

    def catch_up(self, now: datetime) -> None:
        """Let the time since the last look pass; a clock that went back undoes nothing."""
        if self.active and now > self.looked_at:
            extended = any(order.ticket.extended_hours for order in self.active.values())
            crypto = any(order.ticket.asset.is_crypto for order in self.active.values())
            for at in hours.ticks(self.looked_at, now, extended=extended, crypto=crypto):
                for order in self.open_orders():
                    self._look(order, at)
                if not self.active:
                    break
        self.looked_at = now

    def _look(self, order: Order, at: datetime) -> None:
        if not order.is_open or not order.armed:
            return
        if matching.is_eligible(order, at):
            self._route(order, at)
            self._match(order, at)
        if order.is_open and order.expires_at is not None and at >= order.expires_at:
            self._end(order, "canceled" if order.ticket.time_in_force in ("opg", "cls") else "expired", at)

    def _route(self, order: Order, at: datetime) -> None:
        if order.status not in ("pending_new", "accepted"):
            return
        if self.market.policy(order.ticket.asset.symbol) == "reject":
            self._end(order, "rejected", at)
        else:
            self.move(order, "partially_filled" if order.filled_qty else "new", at)
            self.say("new", order)

    def _match(self, order: Order, at: datetime) -> None:
        asset = order.ticket.asset
        policy = self.market.policy(asset.symbol)
        if not order.is_open:
            return
        quote = self.tape.quote(asset, at)
        matching.follow(order, quote.last)
        if policy == "none":
            return
        if order.status == "held":
            if not order.triggered:
                return
            for other in groups.others(order):
                self._finish(other, "canceled", at)
            self.move(order, "new", at)
            self.say("new", order)
        price = matching.price(order, quote, matching.auction_price(self.tape, order, at))
        if price is None:
            return
        qty = matching.quantity(order, price, policy, self.tape.volume(asset, at))
        if order.ticket.notional is not None and order.sign < 0:  # the price may have fallen since it was measured
            others = [each for each in self.working() if each is not order]
            aside = margin.held_for_orders(others, asset.symbol, SELL, {asset.symbol: price})
            qty = min(qty, max(plus(self.book.qty(asset.symbol), -aside), ZERO))
        if qty:
            self._fill(order, price, qty, at)

    def _fill(self, order: Order, price: Decimal, qty: Decimal, at: datetime) -> None:
        order.filled_qty = plus(order.filled_qty, qty)
        order.filled_value = plus(order.filled_value, times(price, qty))
        done = order.is_complete(price)
        self.move(order, "filled" if done else "partially_filled", at)
        if done:
            order.filled_at = order.updated_at
        ticket, number = order.ticket, len(self.book.entries) + 1
        fill = Fill(
            number=number,
            id=random_uuid(self.market.seed, self.api_key, "fill", number),
            at=order.updated_at,
            order_id=order.id,
            asset=ticket.asset,
            side=ticket.side,
            price=price,
            qty=qty,
            amount=booked(ticket.side, price, qty),
            cum_qty=order.filled_qty,
            leaves_qty=ZERO if done else order.open_qty(price),
            order_status=order.status,
        )
        position = self.book.book(fill)
        self.say("fill" if done else "partial_fill", order, fill, position.qty)
        for other in groups.after_fill(order, at):
            if other.is_open:
                self.move(other, other.status, at)
                self.say("new", other)
            else:
                self.close_books(other, "canceled", at)

    def _end(self, order: Order, status: str, at: datetime) -> None:
        """End an order and everything that hangs on it."""
        for each in (order, *groups.others(order)):
            self._finish(each, status if each is order else "canceled", at)

    def _finish(self, order: Order, status: str, at: datetime) -> None:
        order.status = status
        self.close_books(order, status, at)
