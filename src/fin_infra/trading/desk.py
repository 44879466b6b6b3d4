"""What the order path asks of a broker, use case by use case, each question as a flow.
Floor 2: protocols alone; `providers/interfaces/brokerage.py` answers them for every adapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol, TypeVar

from fin_infra.errors import NotFound
from fin_infra.model import (
    Asset,
    AssetClass,
    BidAsk,
    BrokerAccount,
    InstrumentKey,
    MarketClock,
    NewOrder,
    Order,
    OrderChange,
    Position,
)
from fin_infra.trading.context import Context
from fin_infra.trading.known import KnownAssets
from fin_infra.trading.limits import TradingLimits
from fin_infra.trading.matrix import VenueRules
from fin_infra.transport import Flow

T = TypeVar("T")


class Finder(Protocol):
    """Where an order can be looked up."""

    def find_order(self, client_order_id: str) -> Flow[Order]:
        """Return the order with that id, in whatever state; raise NotFound."""
        ...


class Venue(Finder, Protocol):
    """Where an order can be placed safely."""

    def send_order(self, order: NewOrder, client_order_id: str) -> Flow[Order]:
        """Send once, never repeated by retry.

        Raises:
            OrderRejected: the broker says that it refuses; DUPLICATE_CLIENT_ORDER_ID where it has seen that id.
            ProviderError: anything else; whether there is an order now may be open.
        """
        ...


class Owner(Finder, Protocol):
    """A lookup in an account whose id is the scope of idempotency keys."""

    def account_now(self) -> Flow[BrokerAccount]:
        """Return the account as it is now."""
        ...


class Checking(Protocol):
    """What surrounds an order when it is checked."""

    def context(self, order: NewOrder, account: BrokerAccount, queue: bool) -> Flow[Context]:
        """Return what the checks look at, the broker's clock among it."""
        ...


class Desk(Venue, Owner, Checking, Protocol):
    """What `submit` needs: to look up, to check and to place."""


class ChangeDesk(Desk, Protocol):
    """What a change of an order needs."""

    def order_now(self, order_id: str) -> Flow[Order]:
        """Return the order as it is now; raise NotFound."""
        ...

    def send_change(self, order_id: str, change: OrderChange, client_order_id: str) -> Flow[Order]:
        """Send once, never repeated by retry; return the new order."""
        ...


class CloseDesk(Desk, Protocol):
    """What closing a position needs, beside submitting the order for it."""

    rules: ClassVar[Mapping[AssetClass, VenueRules]]

    def position_now(self, key: InstrumentKey) -> Flow[Position]:
        """Return the position as it is now; raise NotFound where there is none."""
        ...


class MarketDesk(Protocol):
    """What a broker knows of an instrument and its market; see `context.gather`."""

    limits: TradingLimits
    known: KnownAssets

    rules: ClassVar[Mapping[AssetClass, VenueRules]]

    def clock_now(self) -> Flow[MarketClock]: ...

    def asset_now(self, key: InstrumentKey) -> Flow[Asset]: ...

    def quote_now(self, key: InstrumentKey) -> Flow[BidAsk]: ...

    def position_now(self, key: InstrumentKey) -> Flow[Position]: ...


def or_none(flow: Flow[T]) -> Flow[T | None]:
    """Return what the flow finds, and None where it finds nothing."""
    try:
        return (yield from flow)
    except NotFound:
        return None
