"""Net worth, and what is missing from it.
Floor 0: a total is never silently the sum of whatever happened to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from fin_infra.model.instrument import InstrumentKey
from fin_infra.model.money import Money
from fin_infra.model.record import Model, Rows
from fin_infra.model.statement import StatementAccount


class WorthKind(StrEnum):
    ACCOUNT = "account"
    HOLDING = "holding"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding(Model):
    """So many units of an instrument, by its key text; negative for short."""

    key: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WorthItem(Model):
    """Something that may count: an amount of money in its own currency, or None where it is unknown."""

    kind: WorthKind
    id: str
    source: str
    amount: Money | None
    missing: str | None = None
    """Why `amount` is None."""
    at: date | None = None
    """The day the amount was true; None for one that was asked for just now."""
    instrument: InstrumentKey | None = None
    """What the amount is the price of: its age is counted in sessions of that venue, for a coin in hours; other ages
    are counted in days."""
    reading_of: str | None = field(default=None, repr=False)
    """Items with the same text here are readings of one thing, and the latest counts; None shares it with nothing."""
    institution: str | None = None
    ending: str | None = None
    """Last digits of the account: with the institution they tell an account that another source shows too."""
    priced_at: datetime | None = None
    """The instant of the price, aware; the age of a coin's price is counted from it in hours."""
    account: str | None = field(default=None, repr=False)
    """Items with the same text here are of one account, such as the cash and the holdings at a broker."""
    connection: str | None = None
    """The login that the account was read through, which shows it once; None for the only one of `source`."""
    statement: StatementAccount | None = field(default=None, repr=False)
    """The account as a statement file names it, to compare with those of other files."""
    listed: date | None = None
    """The day of the list of holdings that this was read with: what is not in a newer one is not held any more."""


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
    rate_date: date | None = None
    missing: str | None = None


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
    as_of: datetime
