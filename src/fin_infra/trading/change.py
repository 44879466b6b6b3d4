"""Changing an open order: check the order as it would be, send the change once, find it again if the answer is lost.
Floor 2: a flow over any `ChangeDesk`; a change is not in the journal, and is never sent twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from fin_infra.errors import IdempotencyConflict, InvalidInput, ProviderError
from fin_infra.model import Money, NewOrder, Order, OrderChange, OrderClass, OrderType, Side
from fin_infra.trading import ids
from fin_infra.trading.checks import check, raise_failures
from fin_infra.trading.context import Context
from fin_infra.trading.desk import ChangeDesk, or_none
from fin_infra.trading.place import Time, ask
from fin_infra.trading.proof import no_effect
from fin_infra.trading.proposal import estimate
from fin_infra.transport import Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A change on its way to an open order. `queue` lets the changed order wait for the market to open."""

    desk: ChangeDesk
    order_id: str
    change: OrderChange
    time: Time
    queue: bool = False

    def run(self, idempotency_key: str | None) -> Flow[Order]:
        """Replace the order once for the key; the same key again gives the same replacement, with `replayed` set.

        Raises:
            InvalidInput: there is nothing to change.
            OrderChecksFailed: rules fail; nothing was sent.
            IdempotencyConflict: the key belongs to another order or change.
            OrderRejected: the broker refuses, for instance because the order is no longer open.
            OrderStateUnknown: the answer was lost.
            ProviderError: this call surely changed nothing.
        """
        if self.change == OrderChange():
            raise InvalidInput("The change changes nothing; give at least one new term.")
        account = yield from self.desk.account_now()
        client_order_id = ids.client_order_id(account.id, idempotency_key)
        if idempotency_key is not None:
            earlier = yield from or_none(self.desk.find_order(client_order_id))
            if earlier is not None:
                return replace(self._mine(earlier), replayed=True)
        current = yield from self.desk.order_now(self.order_id)
        changed = _changed(current, self.change)
        context = yield from self.desk.context(changed, account, self.queue)
        raise_failures(check(changed, _released(context, current)))
        return (yield from self._send(client_order_id))

    def _send(self, client_order_id: str) -> Flow[Order]:
        try:
            return (yield from self.desk.send_change(self.order_id, self.change, client_order_id))
        except ProviderError as exc:
            if no_effect(exc, of="change"):
                raise
        return self._mine((yield from ask(self.desk, client_order_id, self.time, may_send=False)))

    def _mine(self, found: Order) -> Order:
        """Return `found` where it is the order that this change made."""
        change = self.change
        wanted = (change.quantity, change.time_in_force, change.limit_price, change.trail)
        has = (found.quantity, found.time_in_force, found.limit_price, found.trail_price or found.trail_percent)
        same = all(term is None or term == there for term, there in zip(wanted, has, strict=True))
        moves = found.type is OrderType.TRAILING_STOP
        if found.replaces != self.order_id or not same or not (moves or change.stop_price in (None, found.stop_price)):
            raise IdempotencyConflict("This idempotency key belongs to another order or change; use a new key.")
        return found


def _changed(current: Order, change: OrderChange) -> NewOrder:
    """Return the order as it would be after the change, for the checks; legs are the broker's to look after."""
    trail = change.trail
    if current.key is None or current.side is None:
        raise InvalidInput(
            "An order with several legs, or for something no key can name, is changed only at the broker's own site."
        )
    return NewOrder(
        key=current.key,
        side=current.side,
        type=current.type,
        quantity=_or(change.quantity, current.quantity),
        notional=current.notional if change.quantity is None else None,
        time_in_force=change.time_in_force or current.time_in_force,
        limit_price=_or(change.limit_price, current.limit_price),
        stop_price=_or(change.stop_price, None if current.type is OrderType.TRAILING_STOP else current.stop_price),
        trail_price=None if current.trail_percent else _or(trail, current.trail_price),
        trail_percent=_or(trail, current.trail_percent) if current.trail_percent else None,
        extended_hours=current.extended_hours,
        order_class=OrderClass.SIMPLE,
        currency=current.currency,
    )


def _or(changed: Decimal | None, present: Decimal | None) -> Decimal | None:
    return present if changed is None else changed


def _released(context: Context, current: Order) -> Context:
    """Return the context as if `current` were not there: what it holds is free for the order that replaces it."""
    account, position = context.account, context.position
    if current.side is Side.BUY:
        worth = estimate(_changed(current, OrderChange()), context.quote) or Decimal(0)
        power, cash = account.buying_power, account.non_marginable_buying_power
        account = replace(
            account,
            buying_power=Money(power.amount + worth, power.currency),
            non_marginable_buying_power=cash and Money(cash.amount + worth, cash.currency),
        )
    elif position is not None and position.available_quantity is not None:
        held = current.quantity or Decimal(0)
        position = replace(position, available_quantity=position.available_quantity + held)
    return replace(context, account=account, position=position)
