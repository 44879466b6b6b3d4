"""Accounts at several brokers as an aggregator shows them: to look at, not to act on.
Floor 0: words that no member fits are kept as text beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from fin_infra.model.instrument import InstrumentKey
from fin_infra.model.money import Money
from fin_infra.model.order import AssetClass, OrderStatus, OrderType, Side, TimeInForce
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Record


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
    name: str | None = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    number: str | None = field(repr=False, metadata=pii(Personal.ACCOUNT_NUMBER, private=True))
    status: str | None
    """The aggregator's own word: open, closed, archived, unavailable; None where it does not know."""
    category: str | None
    is_paper: bool | None
    """None where neither the broker nor the aggregator says."""
    total: Money | None
    institution_account_id: str | None = field(
        default=None, repr=False, metadata=pii(Personal.ACCOUNT_NUMBER, private=True)
    )
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
