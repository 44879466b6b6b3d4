"""Hold an order: what was asked for, which never changes, and what became of it.
Floor 8: the words are the broker's; a replaced order is a new order that carries the old one's fills.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from fin_infra.sandbox.broker.assets import Asset
from fin_infra.sandbox.broker.money import NANO, ZERO, affordable, plus, ratio

TERMINAL = frozenset({"filled", "canceled", "expired", "replaced", "rejected"})
BUY, SELL = "buy", "sell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """One exit of a bracket, OCO or OTO order: a limit to take a profit, or a stop with or without a limit."""

    limit_price: Decimal | None = None
    stop_price: Decimal | None = None

    @property
    def type(self) -> str:
        """Return the type of the order this becomes."""
        if self.stop_price is None:
            return "limit"
        return "stop" if self.limit_price is None else "stop_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a client asks for; exactly one of `qty` and `notional` is set."""

    asset: Asset
    side: str
    type: str
    time_in_force: str
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    extended_hours: bool = False
    client_order_id: str | None = None
    order_class: str = ""
    take_profit: Exit | None = None
    stop_loss: Exit | None = None

    @property
    def is_fractional(self) -> bool:
        """Return whether this is for a part of a share or for an amount of money."""
        return self.qty is None or self.qty != self.qty.to_integral_value()


@dataclass(slots=True, kw_only=True, eq=False)
class Order:
    """One order and its life; `role` tells the legs of a group apart from its head."""

    id: str
    number: int
    client_order_id: str
    ticket: Ticket
    position_intent: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    status: str = "pending_new"
    role: str = "head"
    armed: bool = True
    parent: Order | None = None
    legs: list[Order] = field(default_factory=list["Order"])
    filled_qty: Decimal = ZERO
    filled_value: Decimal = ZERO
    triggered: bool = False
    hwm: Decimal | None = None
    stop_price: Decimal | None = None
    filled_at: datetime | None = None
    expired_at: datetime | None = None
    canceled_at: datetime | None = None
    failed_at: datetime | None = None
    replaced_at: datetime | None = None
    replaced_by: str | None = None
    replaces: str | None = None

    @property
    def is_open(self) -> bool:
        """Return whether anything can still happen to the order."""
        return self.status not in TERMINAL

    @property
    def is_working(self) -> bool:
        """Return whether the order holds quantity or money: open and not merely held behind another."""
        return self.is_open and self.status != "held"

    @property
    def sign(self) -> int:
        """Return 1 for a purchase, -1 for a sale."""
        return 1 if self.ticket.side == BUY else -1

    @property
    def average_price(self) -> Decimal | None:
        """Return the mean price of the fills to nine places, None before the first."""
        return ratio(self.filled_value, self.filled_qty) if self.filled_qty else None

    def open_qty(self, price: Decimal) -> Decimal:
        """Return what is left to fill; of an amount of money, what it buys at `price`."""
        if self.ticket.qty is not None:
            return self.ticket.qty - self.filled_qty
        return affordable(self.open_notional, price)

    @property
    def open_notional(self) -> Decimal:
        """Return the money of a notional order that is not spent yet."""
        left = plus(self.ticket.notional or ZERO, -self.filled_value)
        return max(left, ZERO)

    def is_complete(self, price: Decimal) -> bool:
        """Return whether nothing is left to fill."""
        return self.open_qty(price) < NANO
