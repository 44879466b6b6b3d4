"""Closing a position, or part of it, with an order like any other.
Floor 2: a broker's own call for this takes no client order id as a rule, so it could not be repeated safely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

from fin_infra.errors import IdempotencyConflict, InvalidInput
from fin_infra.model import InstrumentKey, NewOrder, Order, OrderType, Position, Side
from fin_infra.trading import ids
from fin_infra.trading.desk import CloseDesk, or_none
from fin_infra.trading.matrix import VenueRules
from fin_infra.transport import Flow

_STEP = Decimal("1e-9")
"""A percentage is rounded down to this: Alpaca takes nine decimals of a quantity (recorded of its paper API)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A position to close: all of it, a `quantity`, or a `percent`. `submit` places the order for it."""

    desk: CloseDesk
    submit: Callable[[NewOrder], Flow[Order]]
    key: InstrumentKey
    quantity: Decimal | None = None
    percent: Decimal | None = None

    def run(self, idempotency_key: str | None) -> Flow[Order]:
        """Submit the order that closes the position; the key of an earlier closing gives that order.

        Raises:
            NotFound: the account has no position in it.
            InvalidInput: there is no such part of it.
            IdempotencyConflict: the key belongs to another order.
        """
        if idempotency_key is not None:  # the position may be gone because an earlier call with the key closed it
            account = yield from self.desk.account_now()
            client_order_id = ids.client_order_id(account.id, idempotency_key)
            earlier = yield from or_none(self.desk.find_order(client_order_id))
            if earlier is not None:
                return self._replay(earlier)
        held = yield from self.desk.position_now(self.key)
        order = self._order(held, self.desk.rules.get(held.asset_class))
        return (yield from self.submit(order))

    def _replay(self, earlier: Order) -> Order:
        if (earlier.key and earlier.key.symbol, earlier.type) != (self.key.symbol, OrderType.MARKET):
            raise IdempotencyConflict("This idempotency key belongs to another order; use a new key for a new order.")
        return replace(earlier, replayed=True)

    def _order(self, held: Position, rules: VenueRules | None) -> NewOrder:
        """Return a market order for the other side; where coins are traded around the clock, `day` is not taken."""
        side = Side.SELL if held.quantity > 0 else Side.BUY
        order = NewOrder(key=self.key, side=side, quantity=self._part_of(held.quantity.copy_abs()))
        times = sorted(rules.fractional_times) if rules and rules.always_open else []
        return replace(order, time_in_force=times[0]) if times else order

    def _part_of(self, held: Decimal) -> Decimal:
        quantity, percent = self.quantity, self.percent
        for part in (quantity, percent):
            if part is not None and not (isinstance(part, Decimal) and part.is_finite()):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped users
                raise InvalidInput('The part of a position to close must be a finite Decimal, such as Decimal("1.5").')
        if quantity is not None and percent is not None:
            raise InvalidInput("Give a quantity or a percent of the position to close, not both.")
        if percent is not None:
            if not 0 < percent <= 100:
                raise InvalidInput("The percent of a position to close must be above 0 and at most 100.")
            return (held * percent / 100).quantize(_STEP, rounding=ROUND_DOWN).normalize()
        if quantity is not None and not 0 < quantity <= held:
            raise InvalidInput(f"The position is {held}; close that much or less.")
        return held if quantity is None else quantity
