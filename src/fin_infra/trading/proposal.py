"""An order as it is checked: what several rules need of it, each computed once and only when asked for.
Floor 2: pure; the rules are in `checks`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

from fin_infra.arguments import kind_of, shown
from fin_infra.calendars import calendar
from fin_infra.calendars.sessions import Session
from fin_infra.errors import BeyondCalendar, UnknownCalendar
from fin_infra.model import BidAsk, NewOrder, OrderClass, OrderType, Side, TimeInForce
from fin_infra.trading.context import Context
from fin_infra.trading.history import MARKET_ZONE

MARKET_COLLAR = Decimal("1.04")
"""A market buy is counted at the offer plus 4 percent: Alpaca holds buying power for 2.5 to 4 percent above the price
(alpacahq/alpaca-docs@2080c5e0, orders)."""
CONTRACT_UNITS = 100
"""How many shares an option contract is on; its price is for one of them."""
STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
LIMITS = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
PRICES = ("limit_price", "stop_price", "take_profit", "stop_loss", "stop_loss_limit")
_WORDS: Mapping[str, type[StrEnum]] = {
    "side": Side,
    "type": OrderType,
    "time_in_force": TimeInForce,
    "order_class": OrderClass,
}
_NUMBERS = ("quantity", "notional", *PRICES, "trail_price", "trail_percent")
_DIGITS = 28
"""How many digits a number may have; Decimal computes with as many."""


@dataclass(frozen=True)
class Proposal:
    """An order and what surrounds it."""

    order: NewOrder
    context: Context

    # Cached on the instance: a frozen dataclass without slots has room for that.

    @cached_property
    def unreadable(self) -> str | None:
        return unreadable(self.order)

    @property
    def bid(self) -> Decimal | None:
        return None if self.context.quote is None else self.context.quote.bid

    @property
    def ask(self) -> Decimal | None:
        return None if self.context.quote is None else self.context.quote.ask

    @property
    def limit(self) -> Decimal | None:
        return self.order.own_limit

    @cached_property
    def price(self) -> Decimal | None:
        """The price the order may be filled at, and if anything a dearer one."""
        return _price(self.order, self.context.quote)

    @cached_property
    def worth(self) -> Decimal | None:
        """What the order is worth at most, or None where no price is known."""
        return None if self.unreadable is not None else _worth(self.order, self.price)

    @property
    def held(self) -> Decimal:
        """The position, negative where it is short."""
        return Decimal(0) if self.context.position is None else self.context.position.quantity

    @property
    def available(self) -> Decimal:
        """What of the position no other order has a claim to."""
        position = self.context.position
        if position is None or position.available_quantity is None:
            return self.held
        return position.available_quantity

    @cached_property
    def local(self) -> datetime:
        """The broker's time, as the market's clocks show it."""
        return self.context.now.astimezone(MARKET_ZONE)

    @cached_property
    def session(self) -> Session | bool:
        """The session of the day; False where there is none, True where the calendar cannot tell."""
        try:
            return calendar(self.context.calendar).session_on(self.local.date()) or False
        except (BeyondCalendar, UnknownCalendar):
            return True


def estimate(order: NewOrder, quote: BidAsk | None) -> Decimal | None:
    """Return what an order is worth at most, or None where no price is known."""
    return None if unreadable(order) is not None else _worth(order, _price(order, quote))


def unreadable(order: NewOrder) -> str | None:
    """Say which term cannot be read; callers without a type checker get a sentence, too."""
    for name, kind in _WORDS.items():
        value = getattr(order, name)
        if not isinstance(value, kind):
            return f"The `{name}` of an order must be {kind_of(kind).wanted}, not {shown(value)}."
    if not _is_flag(order.extended_hours):
        return f"The `extended_hours` of an order must be True or False, not {shown(order.extended_hours)}."
    for name in _NUMBERS:
        value = getattr(order, name)
        if value is not None and not _is_number(value):
            return f'The `{name}` of an order must be a finite Decimal such as Decimal("1.5").'
    return None


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    if type(value) is not Decimal or not value.is_finite():
        return False
    return len(value.as_tuple().digits) <= _DIGITS and abs(value.adjusted()) <= _DIGITS // 2


def _worth(order: NewOrder, price: Decimal | None) -> Decimal | None:
    if order.notional is not None:
        return order.notional
    if price is None or order.quantity is None:
        return None
    return order.quantity * price * (CONTRACT_UNITS if order.key.is_option else 1)


def _price(order: NewOrder, quote: BidAsk | None) -> Decimal | None:
    bid, ask = (None, None) if quote is None else (quote.bid, quote.ask)
    limit = order.own_limit
    if order.type in LIMITS:
        if limit is None or order.side is Side.BUY or bid is None:
            return limit
        return max(limit, bid)
    if order.type in STOPS and order.stop_price is not None:
        return order.stop_price * MARKET_COLLAR if order.side is Side.BUY else order.stop_price
    if order.side is Side.SELL:
        return bid
    return None if ask is None else _trailed(order, ask) * MARKET_COLLAR


def _trailed(order: NewOrder, ask: Decimal) -> Decimal:
    """A trailing stop to buy begins above the offer, and only falls from there."""
    return ask + (order.trail_price or Decimal(0)) + ask * (order.trail_percent or Decimal(0)) / 100
