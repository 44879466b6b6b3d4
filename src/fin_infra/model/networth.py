"""Net worth, and what is missing from it.
Floor 0: a total is never silently the sum of whatever happened to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from fin_infra.model.banking import Account, Balance
from fin_infra.model.instrument import InstrumentKey
from fin_infra.model.money import Money
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model, Rows
from fin_infra.model.statement import StatementAccount


class WorthKind(StrEnum):
    ACCOUNT = "account"
    HOLDING = "holding"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding(Model):
    """So many units of an instrument, by its key text, at no account that is read; negative for short."""

    key: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Price(Model):
    """What one unit is worth, and when, for a price that no provider's record holds."""

    money: Money
    day: date
    """The venue's trading day, or the day of `instant`."""
    instant: datetime | None = None
    """When it was made, aware; the age of a coin's price is counted from it in hours."""
    source: str = "price"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBalance(Model):
    """A bank account with its balance; None where it is not known, and `missing` says why."""

    account: Account
    balance: Balance | None
    missing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorthItem(Model):
    """Something that may count: an amount of money in its own currency, or None where it is unknown.

    Items with the same `kind`, `source` and `id` are readings of one thing, of which the latest counts.
    """

    kind: WorthKind
    id: str
    source: str
    amount: Money | None
    missing: str | None = None
    """Why `amount` is None."""
    at: date | None = None
    """The day the amount was true; None for one that was asked for just now."""
    instant: datetime | None = None
    """The instant the amount was true, aware, where it is known: of two readings of a day the later counts."""
    instrument: InstrumentKey | None = None
    """What the amount is the price of: its age is counted in sessions of that venue, for a coin in hours; the age of a
    balance is counted in days."""
    priced: bool = False
    """True for a price too where nothing names the instrument: its age is counted as at a venue without calendar."""
    reading_of: str | None = field(default=None, repr=False)
    """What makes two items one thing, where `id` is not that but only what to call it."""
    name: str | None = field(default=None, repr=False, metadata=pii(Personal.FREE_TEXT))
    """What a person calls it, where they have named it."""
    institution: str | None = None
    ending: str | None = field(default=None, metadata=pii(Personal.ENDING))
    """Last digits of the account: with the institution they tell an account that another source shows too."""
    account: str | None = field(default=None, repr=False)
    """Items with the same text here are of one account, such as the cash and the holdings at a broker."""
    connection: str | None = None
    """The login that the account was read through, which shows it once; None for the only one of `source`."""
    statement: StatementAccount | None = field(default=None, repr=False)
    """The account as a statement file names it, to compare with those of other files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorthLine(Model):
    """One item and its value in the currency of the total; `missing` says why a value is None."""

    kind: WorthKind
    id: str
    source: str
    amount: Money | None
    value: Money | None
    at: date | None = None
    """The day of the balance or price; None where it was asked for just now."""
    age_days: int | None = None
    """Days from `at` to the day of the total, at least 0."""
    rate_date: date | None = None
    missing: str | None = None
    name: str | None = field(default=None, repr=False, metadata=pii(Personal.FREE_TEXT))
    """What a person calls it, where they have named it."""


UNREADABLE_ROW = "fin.unreadable_row"
"""The code of an entry about one row of a list; the others were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceError(Model):
    """A source that did not answer, as one entry next to the data of the others."""

    provider: str
    operation: str
    code: str
    message: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut(Model):
    """A source that is there and not counted, by a setting or because it makes its figures up."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetWorth(Rows[WorthLine]):
    """What is owned less what is owed, in one currency.

    `assets` adds up the positive values, `liabilities` the negative ones. All three sums are None where no item has a
    value, and cover only the lines with a value where `complete` is False; `missing` names the others.
    """

    ROWS: ClassVar[str] = "lines"

    currency: str
    total: Money | None
    assets: Money | None
    liabilities: Money | None
    complete: bool
    missing: tuple[str, ...]
    lines: tuple[WorthLine, ...]
    errors: tuple[SourceError, ...] = ()
    doubts: tuple[str, ...] = ()
    """What statement files leave doubtful; the total counts what they print, and is complete all the same."""
    left_out: tuple[LeftOut, ...] = ()
    """Sources that nobody asked, on purpose: the total is complete without them."""
    as_of: datetime
