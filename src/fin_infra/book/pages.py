"""What a source of the book says, page by page: accounts, transactions, removals, levels and holdings.
Floor 6: plain values with a vendor's ids; money in is positive. A vendor's adapter is asked by `banks.py` and others.

A source is asked with a cursor and answers with a page: `added, modified, removed, next cursor, complete`. What is
added and what is modified comes in one list, because the book knows which rows it has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from fin_infra.transport import Flow

NO_CURRENCY = "XXX"
"""ISO 4217's word for a currency that nobody names."""
IN_CASH, CASH, UNREAD = "in_cash", "cash", "unread"
SET, CARRIED = "set", "carried"
"""Kinds of what a person holds by hand: said on that day, or holding on from an earlier one."""


class Restart(Exception):  # a request of the vendor, and no failure
    """The vendor changed under the run: its pages are dropped, and it begins again at its first cursor.

    With `beginning` at none at all, because the vendor does not take that one either: everything is read again.
    """

    def __init__(self, *, beginning: bool = False) -> None:
        super().__init__()
        self.beginning = beginning


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An account as its vendor tells it."""

    vendor_id: str
    name: str
    type: str
    """A word of `AccountType`."""
    subtype: str
    currency: str
    institution: str
    ending: str | None = None
    status: str = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorTransaction:
    """A transaction as its vendor tells it; `pending_id` is the vendor's own link to the pending one that it was."""

    vendor_id: str
    account: str
    day: date
    text: str
    currency: str
    amount: Decimal
    pending: bool = False
    pending_id: str | None = None
    category: str = "unknown"
    category_text: str | None = None
    type_text: str | None = None
    counterparty: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A balance of an account at an instant, in the sign of `Balance.current`."""

    account: str
    at: datetime
    currency: str
    current: Decimal | None
    available: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What is held of one instrument; the day's positions of an account come in one page.

    `kind` is None for most: IN_CASH is a fund that the account's balance has already, CASH is cash in a further
    currency, and UNREAD stands for a row that could not be read, whose quantity says nothing.
    """

    account: str
    vendor_id: str
    instrument: str | None
    name: str
    quantity: Decimal
    price: Decimal | None
    value: Decimal | None
    basis: Decimal | None
    currency: str
    kind: str | None = None
    asset_class: str | None = None
    """A word of `AssetClass`."""
    average_price: Decimal | None = None
    """Paid for a unit, as the source tells it."""
    identifier: str | None = None
    """What stays when the symbol changes, as in `Position.identifier`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A purchase, sale, dividend or fee as a broker tells it; `canceled` where it did not happen after all."""

    vendor_id: str
    account: str
    day: date
    at: datetime | None
    kind: str
    instrument: str | None
    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal | None
    currency: str
    text: str
    canceled: bool = False
    symbol: str | None = None
    """As the broker writes it."""
    fee: Decimal | None = None
    """Positive; as a rule `amount` has it in."""
    reference: str | None = None
    """The order that it is of, or what else it is called beside its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From this day on the run shows every transaction of an account: what it does not show is gone."""

    account: str
    start: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer of a source. `after` is the cursor of the next page, or of the next run where `complete`."""

    after: str
    complete: bool
    login: str | None = None
    """The vendor's id of the login, where the page says it."""
    holders: list[Holder] = field(default_factory=list[Holder])
    transactions: list[VendorTransaction] = field(default_factory=list[VendorTransaction])
    removed: list[str] = field(default_factory=list[str])
    """Vendor ids of transactions that the vendor took back; they may come again."""
    levels: list[Level] = field(default_factory=list[Level])
    held: list[str] = field(default_factory=list[str])
    """Accounts whose positions are all in this page, also where there is none."""
    held_at: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """When that was true, for accounts whose source tells; the others are of now."""
    positions: list[Position] = field(default_factory=list[Position])
    cash_unread: list[str] = field(default_factory=list[str])
    """Accounts of `held` of whose cash in further currencies not all could be read; the rest is as it was."""
    deals: list[Deal] = field(default_factory=list[Deal])
    deal_windows: list[Window] = field(default_factory=list[Window])
    """Of accounts whose deals were read to their end: from this day on, what the run does not show was taken back."""
    windows: list[Window] = field(default_factory=list[Window])
    unread: list[str] = field(default_factory=list[str])
    """Rows that could not be read, in words; where there are any, nothing is concluded from what is not shown."""
    raw: list[Any] = field(default_factory=list[Any])
    """What the vendor sent, kept sealed and never read."""
    waiting: bool = False
    """The vendor is still reading the bank for the first time: what is missing comes later."""

    @property
    def empty(self) -> bool:
        return not (self.holders or self.transactions or self.removed or self.levels or self.held or self.deals)


class Source(Protocol):
    """One connection's vendor, asked page by page."""

    resumes: bool
    """Whether a run may go on at the cursor of its last page; one that may not begins again after an interruption."""

    def changes(self, cursor: str) -> Flow[Page]:
        """Return the page after `cursor`, which is empty at the very first.

        Raises:
            Restart: the run has to begin again at its first cursor.
            ProviderError: the vendor failed or refused.
        """
        ...
