"""Orders: what is asked of a broker, how it stands, and what happens to it.
Floor 0: an order's status is from a closed set; an adapter that meets another word raises instead of guessing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from fin_infra.arguments import member
from fin_infra.model.instrument import InstrumentKey
from fin_infra.model.record import Model, Record


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class TimeInForce(StrEnum):
    DAY = "day"
    GTC = "gtc"
    """Until canceled; brokers end it after some months."""
    OPG = "opg"
    """In the opening auction only."""
    CLS = "cls"
    """In the closing auction only."""
    IOC = "ioc"
    """What can be filled at once; the rest is canceled."""
    FOK = "fok"
    """All at once or nothing."""


class OrderClass(StrEnum):
    SIMPLE = "simple"
    BRACKET = "bracket"
    """An entry with a take-profit and a stop-loss, of which one cancels the other."""
    OCO = "oco"
    """A take-profit and a stop-loss for a position that exists."""
    OTO = "oto"
    """An entry with one of the two."""
    MLEG = "mleg"
    """Several options in one order, each a leg; such orders are read and not placed."""


class OrderStatus(StrEnum):
    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    DONE_FOR_DAY = "done_for_day"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REPLACED = "replaced"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    PENDING_REVIEW = "pending_review"
    ACCEPTED = "accepted"
    PENDING_NEW = "pending_new"
    ACCEPTED_FOR_BIDDING = "accepted_for_bidding"
    STOPPED = "stopped"
    REJECTED = "rejected"
    SUSPENDED = "suspended"
    CALCULATED = "calculated"
    HELD = "held"
    """A leg that waits for its entry."""

    @property
    def is_final(self) -> bool:
        """True where nothing can happen to the order any more."""
        return self in _FINAL


_FINAL = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REPLACED, OrderStatus.REJECTED}
)


class AssetClass(StrEnum):
    EQUITY = "equity"
    OPTION = "option"
    CRYPTO = "crypto"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder(Model):
    """The order to place. Give exactly one of `quantity` and `notional`; prices are in `currency`.

    `take_profit` is a limit price; `stop_loss` a stop price, with `stop_loss_limit` a stop-limit. `trail_percent` is in
    percent: 1 means one.
    """

    key: InstrumentKey
    side: Side
    type: OrderType = OrderType.MARKET
    quantity: Decimal | None = None
    notional: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    extended_hours: bool = False
    order_class: OrderClass = OrderClass.SIMPLE
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    stop_loss_limit: Decimal | None = None
    currency: str = "USD"

    def __post_init__(self) -> None:
        _read_words(self, {"side": Side, "type": OrderType, "time_in_force": TimeInForce, "order_class": OrderClass})

    @property
    def own_limit(self) -> Decimal | None:
        """The limit of the order itself. An OCO enters nothing: its take-profit is the order, as brokers show it."""
        return self.take_profit if self.order_class is OrderClass.OCO else self.limit_price


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Record):
    """An order as the broker has it. Quantities are positive whatever the side; prices are in `currency`."""

    id: str
    client_order_id: str
    key: InstrumentKey | None
    """None for an order of several legs, each of which has its own, and for what no key can name."""
    asset_class: AssetClass
    side: Side | None
    """None for an order of several legs."""
    type: OrderType
    time_in_force: TimeInForce
    order_class: OrderClass
    status: OrderStatus
    quantity: Decimal | None
    """None for an order by `notional`."""
    notional: Decimal | None
    filled_quantity: Decimal
    filled_average_price: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    trail_price: Decimal | None
    trail_percent: Decimal | None
    high_water_mark: Decimal | None
    extended_hours: bool
    currency: str
    created_at: datetime
    submitted_at: datetime | None = None
    updated_at: datetime | None = None
    filled_at: datetime | None = None
    canceled_at: datetime | None = None
    expired_at: datetime | None = None
    expires_at: datetime | None = None
    failed_at: datetime | None = None
    replaced_at: datetime | None = None
    replaced_by: str | None = None
    replaces: str | None = None
    legs: tuple[Order, ...] = ()
    symbol_text: str = ""
    """The broker's own spelling."""
    replayed: bool = False
    """True where a submit found that an earlier one with its key had already placed this order."""

    @property
    def placed_at(self) -> datetime:
        """When the order came in, which lists of orders go by."""
        return self.submitted_at or self.created_at


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChange(Model):
    """What `replace_order` changes; None leaves a term as it is."""

    quantity: Decimal | None = None
    time_in_force: TimeInForce | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None

    def __post_init__(self) -> None:
        _read_words(self, {"time_in_force": TimeInForce})


def _read_words(record: NewOrder | OrderChange, kinds: Mapping[str, type[StrEnum]]) -> None:
    """Take the text of a member, as in `type="limit"`, for the member; other values are for the checks to refuse."""
    for name, kind in kinds.items():
        value = getattr(record, name)
        if type(value) is str:
            object.__setattr__(record, name, member(kind, value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation(Model):
    """What became of one order in a request to cancel all."""

    order_id: str
    accepted: bool
    """False where it could not be canceled any more."""


class TradeEvent(StrEnum):
    """What a trade update reports."""

    NEW = "new"
    ACCEPTED = "accepted"
    PENDING_NEW = "pending_new"
    FILL = "fill"
    PARTIAL_FILL = "partial_fill"
    CANCELED = "canceled"
    EXPIRED = "expired"
    DONE_FOR_DAY = "done_for_day"
    REPLACED = "replaced"
    REJECTED = "rejected"
    STOPPED = "stopped"
    SUSPENDED = "suspended"
    CALCULATED = "calculated"
    RESTATED = "restated"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    ORDER_REPLACE_REJECTED = "order_replace_rejected"
    ORDER_CANCEL_REJECTED = "order_cancel_rejected"
    CAUGHT_UP = "caught_up"
    """Ours: the order as it was found after a gap in the stream."""
    UNKNOWN = "unknown"
    """A word that is new to us; `event_text` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeUpdate(Record):
    """One event of an order. `as_of` is the venue's instant, or the time of receipt where it gives none."""

    event: TradeEvent
    order: Order | None
    """None where the order cannot be read; `problem` says why, and `order_id` which it is."""
    execution_id: str | None = None
    price: Decimal | None = None
    quantity: Decimal | None = None
    position_quantity: Decimal | None = None
    order_id: str | None = None
    event_text: str = ""
    """The broker's own word."""
    problem: str | None = None
    """What of the event could not be read; ask for the order to see how it stands."""
