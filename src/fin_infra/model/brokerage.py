"""Orders, positions and accounts at a broker.
Floor 0: an order's status is from a closed set; an adapter that meets another word raises instead of guessing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from fin_infra.model.instrument import InstrumentKey
from fin_infra.model.money import Money
from fin_infra.model.record import Record, RowError


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


class PositionSide(StrEnum):
    LONG = "long"
    SHORT = "short"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChange:
    """What `replace_order` changes; None leaves a term as it is."""

    quantity: Decimal | None = None
    time_in_force: TimeInForce | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """What became of one order in a request to cancel all."""

    order_id: str
    accepted: bool
    """False where it could not be canceled any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAccount(Record):
    """A brokerage account. Amounts are in its currency; None where the broker does not say."""

    id: str
    number: str | None = field(repr=False)
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
class EquityPoint:
    at: datetime
    equity: Money | None
    profit_loss: Money | None
    profit_loss_ratio: Decimal | None
    """As a factor: 0.01 is one percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioHistory(Record):
    """What an account was worth over time, oldest first."""

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
    description: str = field(default="", repr=False)
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
    name: str = field(repr=False)
    keys: tuple[InstrumentKey, ...]
    unnamed: tuple[str, ...] = ()
    """Symbols of the list that no key can name."""
    account_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerConnection(Record):
    """A link from an aggregator to a person's account at a broker."""

    id: str
    broker: str
    """The broker's stable name at the aggregator, such as ALPACA."""
    broker_name: str
    can_trade: bool
    disabled: bool
    disabled_at: datetime | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingAccount(Record):
    """A brokerage account seen through an aggregator. Name and number are personal and stay out of the repr."""

    id: str
    connection_id: str
    institution: str
    name: str | None = field(repr=False)
    number: str | None = field(repr=False)
    status: str | None
    """The aggregator's own word: open, closed, archived, unavailable; None where it does not know."""
    category: str | None
    is_paper: bool | None
    """None where neither the broker nor the aggregator says."""
    total: Money | None
    institution_account_id: str | None = field(default=None, repr=False)
    """The broker's own id, which identifies an account that was connected twice."""
    holdings_synced_at: datetime | None = None
    transactions_synced_on: date | None = None
    first_sync_done: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CashBalance(Record):
    """Cash of one currency in an account. None where the broker does not say."""

    account_id: str
    currency: str
    cash: Money | None
    buying_power: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingOrder(Record):
    """An order seen through an aggregator: to look at, not to act on. Words that no member fits are kept as text."""

    id: str
    """The broker's id of the order."""
    account_id: str
    key: InstrumentKey | None
    symbol_text: str
    asset_class: AssetClass
    side: Side | None
    action: str
    """The broker's own word, such as BUY or SELL_SHORT."""
    type: OrderType | None
    type_text: str
    time_in_force: TimeInForce | None
    status: OrderStatus | None
    """None where the aggregator says that it does not know."""
    quantity: Decimal | None
    filled_quantity: Decimal | None
    filled_average_price: Decimal | None
    """Per unit: per share, also for an option contract on 100 shares."""
    limit_price: Decimal | None
    stop_price: Decimal | None
    trail_price: Decimal | None
    trail_percent: Decimal | None
    currency: str | None
    submitted_at: datetime | None = None
    updated_at: datetime | None = None
    filled_at: datetime | None = None
    expires_at: datetime | None = None
