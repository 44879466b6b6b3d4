"""What a broker says: accounts, positions, prices, trading days.
Floor 0: orders are in `order`, accounts seen through an aggregator in `aggregator`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from fin_infra._moved import renamed
from fin_infra.model.instrument import InstrumentKey
from fin_infra.model.money import Money
from fin_infra.model.order import AssetClass, Side
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model, Record, RowError, Series


class PositionSide(StrEnum):
    LONG = "long"
    SHORT = "short"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAccount(Record):
    """A brokerage account. Amounts are in its currency; None where the broker does not say."""

    id: str
    number: str | None = field(repr=False, metadata=pii(Personal.ACCOUNT_NUMBER, private=True))
    status: str
    """The broker's own word, such as ACTIVE."""
    currency: str
    cash: Money
    equity: Money
    buying_power: Money
    non_marginable_buying_power: Money | None = None
    options_buying_power: Money | None = None
    last_equity: Money | None = None
    long_market_value: Money | None = None
    short_market_value: Money | None = None
    initial_margin: Money | None = None
    maintenance_margin: Money | None = None
    multiplier: Decimal | None = None
    shorting_enabled: bool | None = None
    trading_blocked: bool = False
    transfers_blocked: bool = False
    account_blocked: bool = False
    suspended_by_user: bool = False
    pattern_day_trader: bool | None = None
    """None since Alpaca dropped it in July 2026."""
    daytrade_count: int | None = None
    created_at: datetime | None = None

    @property
    def can_trade(self) -> bool:
        """False where the broker or the owner has stopped trading."""
        return not (self.trading_blocked or self.account_blocked or self.suspended_by_user)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketClock(Record):
    """The broker's clock; `as_of` is its time. All aware."""

    is_open: bool
    next_open: datetime
    next_close: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDay(Record):
    """One trading day of the broker's calendar. All times aware."""

    day: date
    open: datetime
    close: datetime
    extended_open: datetime | None = None
    extended_close: datetime | None = None
    settlement_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset(Record):
    """What a broker lets you trade, and how."""

    id: str
    key: InstrumentKey
    asset_class: AssetClass
    name: str
    exchange: str
    """The broker's own word."""
    active: bool
    tradable: bool
    fractionable: bool
    marginable: bool
    shortable: bool
    easy_to_borrow: bool | None = None
    min_order_size: Decimal | None = None
    min_trade_increment: Decimal | None = None
    price_increment: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position(Record):
    """What an account holds of one instrument. `quantity`, `market_value` and `cost_basis` are negative when short."""

    account_id: str | None
    key: InstrumentKey | None
    """None for what no key can name, such as a coin that several share a ticker with; `symbol_text` is all there is."""
    asset_class: AssetClass
    side: PositionSide
    quantity: Decimal
    available_quantity: Decimal | None
    """What no open order holds."""
    currency: str
    """XXX where neither the broker nor the aggregator says."""
    average_entry_price: Decimal | None
    """Per unit: per share, also for an option contract on 100 shares."""
    current_price: Decimal | None
    market_value: Money | None
    cost_basis: Money | None
    unrealized: Money | None
    last_day_price: Decimal | None = None
    unrealized_today: Money | None = None
    symbol_text: str = ""
    """The broker's own spelling."""
    in_cash: bool = False
    """True for a money market fund that the broker counts as cash too: it must not be added to the cash."""
    identifier: str | None = None
    """What stays when the symbol changes, such as `figi:BBG000B9XRY4`; compare it within one source only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BidAsk(Record):
    """The best bid and offer. `as_of` is the venue's instant; a side without an order is None."""

    key: InstrumentKey
    bid: Decimal | None
    ask: Decimal | None
    bid_size: Decimal | None
    ask_size: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade(Record):
    """One trade at a venue. `as_of` is its instant."""

    key: InstrumentKey
    price: Decimal
    size: Decimal
    currency: str
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityPoint(Model):
    at: datetime
    equity: Money | None
    profit_loss: Money | None
    profit_loss_ratio: Decimal | None
    """As a factor: 0.01 is one percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioHistory(Record, Series[EquityPoint]):
    """What an account was worth over time, oldest first; iterating, `len` and indexing go over `points`."""

    ROWS: ClassVar[str] = "points"

    points: tuple[EquityPoint, ...]
    base_value: Money | None
    timeframe: str
    errors: tuple[RowError, ...] = ()
    """Points that came and are not in `points`, because they cannot be read."""


class ActivityStatus(StrEnum):
    EXECUTED = "executed"
    CORRECTED = "correct"
    """Takes the place of an earlier row."""
    CANCELED = "canceled"
    """Did not happen after all: no money, no shares."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerActivity(Record):
    """Something that happened in an account. Amount positive for money in."""

    id: str
    type: str
    """The broker's own word: FILL, DIV, BUY ..."""
    at: datetime | None
    """The instant, where the broker gives one; else `day` alone is known."""
    day: date
    account_id: str | None = None
    key: InstrumentKey | None = None
    symbol_text: str = ""
    side: Side | None = None
    quantity: Decimal | None = None
    """Positive for a trade, whose direction is `side`; otherwise negative for what left the account."""
    price: Decimal | None = None
    amount: Money | None = None
    fee: Money | None = None
    """What the broker charged, positive; as a rule `amount` has it in already."""
    order_id: str | None = None
    description: str = field(default="", repr=False, metadata=pii(Personal.FREE_TEXT))
    status: ActivityStatus | None = None
    """None where the broker gives none."""
    status_text: str = ""
    """The broker's own word, kept where `status` is UNKNOWN."""

    @property
    def counts(self) -> bool:
        """False for what was canceled: leave it out of every sum."""
        return self.status is not ActivityStatus.CANCELED


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist(Record):
    id: str
    name: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    keys: tuple[InstrumentKey, ...]
    unnamed: tuple[str, ...] = ()
    """Symbols of the list that no key can name."""
    account_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


if not TYPE_CHECKING:
    __getattr__ = renamed(
        __name__,
        {
            "BrokerConnection": "fin_infra.model.aggregator.BrokerConnection",
            "Cancellation": "fin_infra.model.order.Cancellation",
            "CashBalance": "fin_infra.model.aggregator.CashBalance",
            "HoldingAccount": "fin_infra.model.aggregator.HoldingAccount",
            "HoldingOrder": "fin_infra.model.aggregator.HoldingOrder",
            "NewOrder": "fin_infra.model.order.NewOrder",
            "Order": "fin_infra.model.order.Order",
            "OrderChange": "fin_infra.model.order.OrderChange",
            "OrderClass": "fin_infra.model.order.OrderClass",
            "OrderStatus": "fin_infra.model.order.OrderStatus",
            "OrderType": "fin_infra.model.order.OrderType",
            "TimeInForce": "fin_infra.model.order.TimeInForce",
            "TradeEvent": "fin_infra.model.order.TradeEvent",
            "TradeUpdate": "fin_infra.model.order.TradeUpdate",
        },
    )
