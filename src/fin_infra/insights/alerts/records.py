"""Alerts, what they are found in, and the thresholds from which on they are told.
Floor 5: plain frozen records; an alert about the same thing has the same id on every day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256

from fin_infra.insights.forecast import OpeningBalance
from fin_infra.insights.records import Entry, Label, Stream
from fin_infra.model.money import Money
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model


class AlertKind(StrEnum):
    """What an alert is about."""

    LOW_BALANCE = "low_balance"
    UNUSUAL_AMOUNT = "unusual_amount"
    DUPLICATE_CHARGE = "duplicate_charge"
    FEE = "fee"
    PRICE_RISE = "price_rise"
    BILL_DUE = "bill_due"
    STALE_CONNECTION = "stale_connection"


class Severity(StrEnum):
    """How much an alert matters, the most first."""

    URGENT = "urgent"
    """Money is about to be missing."""
    WARNING = "warning"
    """Somebody should look at it."""
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Model):
    """Something that a person would want to hear of."""

    id: str
    """The same for the same thing, whenever it is asked for: what is dismissed once stays dismissed."""
    kind: AlertKind
    severity: Severity
    date: dt.date
    """When it happened, or when it is expected."""
    text: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    """One sentence."""
    entry_ids: tuple[str, ...] = ()
    """The transactions that it is made of."""
    account_id: str | None = None
    connection_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionHealth(Model):
    """A connection as alerts need it."""

    id: str
    provider: str
    state: str
    """`healthy`, `stale`, `person_must_act`; of others nothing is said."""
    since: dt.date
    """When it came to that state."""
    synced_on: dt.date | None
    """The day of the last sync that was whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings(Model):
    """From where on alerts are told; None as a number of days turns a kind off."""

    recent_days: int = 30
    """How far back transactions are looked at; older ones only say what is usual."""
    ahead_days: int | None = 30
    """How far ahead low balances are looked for."""
    floors: tuple[Money, ...] = ()
    """Below which a balance is low, for each currency; zero without one."""
    unusual_least: int | None = 6
    """Earlier transactions at a merchant that make what is usual there; twice as many in a category."""
    unusual_spread: Decimal = Decimal(5)
    """How many spreads above the middle is unusual; a spread is at least a tenth of the middle."""
    duplicate_days: int | None = 2
    fees: bool = True
    rise_share: Decimal | None = Decimal("0.01")
    """By which part of the earlier price it has to rise; None is never."""
    bill_days: int | None = 3
    stale_days: int | None = 3
    """Days without a whole sync."""

    def floor(self, currency: str) -> Money:
        """Return the balance of a currency below which it is low."""
        return next((each for each in self.floors if each.currency == currency), Money.zero(currency))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What alerts are found in; whatever is left out says nothing."""

    entries: Sequence[Entry] = ()
    labels: Mapping[str, Label] = field(default_factory=dict[str, Label])
    """By entry."""
    exclude: Collection[str] = ()
    """Entries that are not spending, such as transfers between own accounts."""
    streams: Sequence[Stream] = ()
    balances: Sequence[OpeningBalance] = ()
    """Of accounts in which there is money; what a card or a loan owes is always below zero."""
    connections: Sequence[ConnectionHealth] = ()


def alert_id(kind: AlertKind, *parts: str) -> str:
    """Return the id of an alert about these things."""
    return sha256("\n".join((kind, *parts)).encode()).hexdigest()[:16]
