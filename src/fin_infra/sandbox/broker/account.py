"""Hold one account: its book, its orders and what its owner has set; make orders, move them on, and tell of it.
Floor 8: every id follows from seed, account and count, every stamp from the instant and what happened at it before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from fin_infra.sandbox.broker import margin, matching, refusals
from fin_infra.sandbox.broker.assets import random_uuid
from fin_infra.sandbox.broker.book import Fill, PositionBook
from fin_infra.sandbox.broker.market import Market
from fin_infra.sandbox.broker.money import ZERO
from fin_infra.sandbox.broker.orders import BUY, SELL, Order, Ticket
from fin_infra.sandbox.broker.tape import Tape

MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class Settings:
    """What an account's owner can set."""

    fractional_trading: bool = True
    max_margin_multiplier: int = 4
    no_shorting: bool = False
    suspend_trade: bool = False
    trade_confirm_email: str = "all"
    ptp_no_exception_entry: bool = False
    max_options_trading_level: int | None = None
    disable_overnight_trading: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to an order; `fill` for executions, with the position it left."""

    kind: str
    id: str
    at: datetime
    order: Order
    fill: Fill | None = None
    position_qty: Decimal | None = None


class Account:
    """One account's state; `looked_at` is the instant up to which the market has worked on it."""

    def __init__(self, api_key: str, market: Market, opened: datetime, now: datetime, cash: Decimal) -> None:
        self.api_key, self.market, self.opened = api_key, market, opened
        self.id = random_uuid(market.seed, "broker-account", api_key)
        self.book, self.settings, self.may_short = PositionBook(), Settings(), True
        self.orders: dict[str, Order] = {}
        self.by_client_id: dict[str, Order] = {}
        self.tell: Callable[[Event], None] = lambda event: None
        self.active: dict[str, Order] = {}
        self.looked_at, self._instant, self._tick = now, now, 0
        self._made = self._told = 0
        self.book.deposit(cash, opened)

    @property
    def tape(self) -> Tape:
        """Return the prices."""
        return self.market.tape

    def prices(self, at: datetime) -> dict[str, Decimal]:
        """Return the last price of everything held."""
        return {symbol: self.tape.last(held.asset, at) for symbol, held in self.book.positions.items()}

    def open_orders(self) -> list[Order]:
        """Return the orders that can still change, oldest first."""
        return list(self.active.values())

    def working(self) -> list[Order]:
        """Return the open orders that hold money or quantity."""
        return [order for order in self.active.values() if order.is_working]

    def order(self, ident: str) -> Order:
        """Return an order by its id; Refused when there is none."""
        found = self.orders.get(ident)
        if found is None:
            raise refusals.missing(f"order not found for {ident}")
        return found

    def of_client(self, ident: str) -> Order:
        """Return an order by its client order id; Refused when there is none."""
        found = self.by_client_id.get(ident)
        if found is None:
            raise refusals.missing(f"order not found for {ident}")
        return found

    def available(self, symbol: str) -> Decimal:
        """Return how much of a position no open order has put aside; negative for a short one."""
        qty = self.book.qty(symbol)
        price = self.tape.last(self.market.assets[symbol], self.looked_at)
        aside = margin.held_for_orders(self.working(), symbol, SELL if qty > 0 else BUY, {symbol: price})
        return max(abs(qty) - aside, ZERO) * (1 if qty > 0 else -1)

    def check_unique(self, client_order_id: str | None) -> None:
        """Refuse an id that was used before; the code tells whether that order is still open."""
        earlier = self.by_client_id.get(client_order_id) if client_order_id is not None else None
        if earlier is not None:
            code = refusals.UNPROCESSABLE if earlier.is_open else refusals.INVALID
            raise refusals.Refused(422, code, "client_order_id must be unique")

    def intent(self, ticket: Ticket) -> str:
        """Return whether an order opens or closes a position."""
        held = self.book.qty(ticket.asset.symbol)
        closes = held < 0 if ticket.side == BUY else held > 0
        return f"{ticket.side}_to_{'close' if closes else 'open'}"

    def make(
        self,
        ticket: Ticket,
        now: datetime,
        intent: str,
        *,
        role: str = "head",
        parent: Order | None = None,
        status: str = "pending_new",
    ) -> Order:
        """Enter an order with ids and stamps of its own."""
        self._made += 1
        ident = random_uuid(self.market.seed, self.api_key, "order", self._made)
        client_id = ticket.client_order_id or random_uuid(self.market.seed, self.api_key, "client-order", self._made)
        stamp = self._stamp(now)
        order = Order(
            id=ident,
            number=self._made,
            client_order_id=client_id,
            ticket=ticket,
            position_intent=intent,
            created_at=stamp,
            updated_at=stamp,
            expires_at=matching.expiry(ticket.asset, ticket.time_in_force, ticket.extended_hours, now),
            status=status,
            role=role,
            parent=parent,
            stop_price=ticket.stop_price,
        )
        self.orders[ident] = self.by_client_id[client_id] = self.active[ident] = order
        return order

    def close_books(self, order: Order, status: str, at: datetime) -> None:
        """End an order without a fill, and tell of it."""
        self.move(order, status, at)
        if status == "canceled":
            order.canceled_at = order.updated_at
        elif status == "expired":
            order.expired_at = order.updated_at
        else:
            order.failed_at = order.updated_at
        self.say(status, order)

    def move(self, order: Order, status: str, at: datetime) -> None:
        """Give an order its next status and its stamp."""
        order.status, order.updated_at = status, self._stamp(at)
        if not order.is_open:
            self.active.pop(order.id, None)

    def _stamp(self, at: datetime) -> datetime:
        """Return the instant, a microsecond later for each thing that happened at it before."""
        if at != self._instant:
            self._instant, self._tick = at, 0
        self._tick += 1
        return at + (self._tick - 1) * MICROSECOND

    def say(self, kind: str, order: Order, fill: Fill | None = None, position_qty: Decimal | None = None) -> None:
        """Tell whoever listens what happened to an order."""
        self._told += 1
        ident = fill.id if fill else random_uuid(self.market.seed, self.api_key, "event", self._told)
        at = order.updated_at
        self.tell(Event(kind=kind, id=ident, at=at, order=order, fill=fill, position_qty=position_qty))
