"""Keep an account's cash, positions and fills so that they balance to the cent at every moment.
Floor 8: fills are booked at whole cents; cash plus the cost of holdings always equals deposits plus realized profit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from fin_infra.sandbox.broker.assets import Asset
from fin_infra.sandbox.broker.money import ZERO, cents, plus, ratio, share, times


@dataclass(slots=True)
class Position:
    """What is held of an asset: quantity and cost are positive when long, negative when short."""

    asset: Asset
    qty: Decimal = ZERO
    cost: Decimal = ZERO

    @property
    def average_price(self) -> Decimal:
        """Return the mean entry price."""
        return ratio(self.cost, self.qty)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """Money that came in, or went out when negative."""

    number: int
    at: datetime
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution; `amount` is what cash lost (a purchase) or gained (negative: a sale), in whole cents."""

    number: int
    id: str
    at: datetime
    order_id: str
    asset: Asset
    side: str
    price: Decimal
    qty: Decimal
    amount: Decimal
    cum_qty: Decimal
    leaves_qty: Decimal
    order_status: str

    @property
    def signed_qty(self) -> Decimal:
        """Return the change of the position."""
        return self.qty if self.side == "buy" else -self.qty


@dataclass(slots=True)
class PositionBook:
    """Cash, positions by symbol, and every entry that made them, oldest first."""

    cash: Decimal = ZERO
    deposits: Decimal = ZERO
    realized: Decimal = ZERO
    positions: dict[str, Position] = field(default_factory=dict[str, Position])
    entries: list[Deposit | Fill] = field(default_factory=list["Deposit | Fill"])

    def deposit(self, amount: Decimal, at: datetime) -> None:
        """Pay in whole cents, or out when negative."""
        self.cash = plus(self.cash, amount)
        self.deposits = plus(self.deposits, amount)
        self.entries.append(Deposit(number=len(self.entries) + 1, at=at, amount=amount))

    def book(self, fill: Fill) -> Position:
        """Enter a fill and return the position it leaves, which may be flat."""
        self.entries.append(fill)
        self.cash = plus(self.cash, -fill.amount)
        held = self.positions.setdefault(fill.asset.symbol, Position(fill.asset))
        change = fill.signed_qty
        closing = min(abs(change), abs(held.qty)) if held.qty * change < 0 else ZERO
        amount_closing = share(fill.amount, closing, abs(change))
        cost_closing = share(held.cost, closing, abs(held.qty)) if closing else ZERO
        self.realized = plus(self.realized, -amount_closing, -cost_closing)
        held.qty = plus(held.qty, change)
        held.cost = plus(held.cost, -cost_closing, fill.amount, -amount_closing)
        if not held.qty:
            del self.positions[fill.asset.symbol]
        return held

    def qty(self, symbol: str) -> Decimal:
        """Return the signed quantity held."""
        held = self.positions.get(symbol)
        return held.qty if held else ZERO

    def value(self, prices: Mapping[str, Decimal], *, long: bool) -> Decimal:
        """Return the market value of the long or of the short positions, the latter negative."""
        held = [p for p in self.positions.values() if (p.qty > 0) is long]
        return plus(*(times(p.qty, prices[p.asset.symbol]) for p in held))


def booked(side: str, price: Decimal, qty: Decimal) -> Decimal:
    """Return the cents that a fill takes from cash, negative for a sale."""
    amount = cents(times(price, qty))
    return amount if side == "buy" else -amount
