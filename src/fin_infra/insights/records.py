"""What insights read and what they say: a transaction as they need it, and a label with its reason.
Floor 5: plain frozen records; rows of the book, lines of a statement and transactions of a vendor become an `Entry`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from fin_infra.insights.schedule import Schedule
from fin_infra.model.banking import AccountSubtype, AccountType
from fin_infra.model.money import Money
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Model):
    """A transaction as insights read it. Vendors' words are given as they came; what a source does not say is None."""

    id: str
    account_id: str
    date: dt.date
    """The bank's own calendar date."""
    amount: Money
    """Positive is money in."""
    description: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    counterparty: str | None = field(default=None, repr=False, metadata=pii(Personal.FREE_TEXT))
    """The merchant's or person's name, where the vendor has made one out."""
    vendor: str | None = None
    """Whose word `vendor_category` is: `plaid`, `teller`, `mx`, `mint`, or a provider key such as `banking:plaid`."""
    vendor_category: str | None = None
    mcc: str | None = None
    """Merchant category code, four digits."""
    sic: str | None = None
    """The code of an OFX file's SIC element."""
    pending: bool = False


class Judge(StrEnum):
    """Who decided a category, the strongest first."""

    PERSON = "person"
    """The person said it of this transaction, or of this merchant."""
    RULE = "rule"
    MERCHANT = "merchant"
    """The shipped table of merchants."""
    VENDOR = "vendor"
    """The vendor's own category."""
    CODE = "code"
    """A merchant category code, or the SIC code of a file."""
    MODEL = "model"
    """The shipped model, by the letters of the description."""
    NOBODY = "nobody"
    """Nobody, or the model with less confidence than asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label(Model):
    """The category of a transaction, who said so and why."""

    category: str
    """A detailed code, a word of the person's own, or UNCATEGORIZED."""
    judge: Judge
    reason: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    """One sentence, with the words that decided."""
    confidence: Decimal
    """From 0 to 1."""
    merchant: str = field(default="", repr=False, metadata=pii(Personal.FREE_TEXT))
    """The bank's text without what is not the merchant; empty where nothing is left."""
    vendor_category: str | None = None
    """The vendor's own word, whoever decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabeledEntry(Model):
    """A transaction with its category."""

    entry: Entry
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryAccount(Model):
    """An account as insights need it: it tells a card's payment from a purchase, and one's own from another's."""

    id: str
    type: AccountType
    subtype: AccountSubtype
    currency: str
    ending: str | None = field(default=None, metadata=pii(Personal.ENDING))
    """The last characters of its number, where a source tells them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelChange(Model):
    """What would become of one transaction; nothing is changed by it."""

    entry_id: str
    before: Label
    after: Label


class Frequency(StrEnum):
    """How often a stream comes; the first six are Plaid's words, the others ours."""

    UNKNOWN = "unknown"
    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    SEMI_MONTHLY = "semi_monthly"
    """Twice a month on fixed days, as salaries are."""
    MONTHLY = "monthly"
    ANNUALLY = "annually"
    FOUR_WEEKLY = "four_weekly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"


class StreamStatus(StrEnum):
    """How sure a stream is, in Plaid's words."""

    UNKNOWN = "unknown"
    EARLY_DETECTION = "early_detection"
    """Seen too few times to be sure."""
    MATURE = "mature"
    TOMBSTONED = "tombstoned"
    """Ended: its next dates have passed without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream(Model):
    """Money that comes or goes again and again, in the shape of Plaid's recurring streams."""

    id: str
    """The id of its first transaction, which stays as long as that one does."""
    account_id: str
    merchant: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    """As `clean` gives it."""
    description: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    """The bank's words for the last one."""
    category: str
    """A detailed code, or UNCATEGORIZED."""
    frequency: Frequency
    status: StreamStatus
    first_date: dt.date
    last_date: dt.date
    next_date: dt.date | None
    """By calendar; None where it has ended or its frequency is unknown."""
    average_amount: Money
    """Positive is money in."""
    last_amount: Money
    entry_ids: tuple[str, ...]
    """Its transactions, oldest first."""
    low_amount: Money | None = None
    """The least that the next one is expected to be, which of money out is the most paid; None in a vendor's stream."""
    high_amount: Money | None = None
    schedule: Schedule | None = None
    """What `next_date` and the ones after it go by; None in a vendor's stream."""

    @property
    def is_active(self) -> bool:
        return self.status is not StreamStatus.TOMBSTONED

    @property
    def is_variable(self) -> bool:
        """Whether its amounts differ from time to time, so that the next one has an average and a range."""
        return self.low_amount != self.high_amount

    @property
    def expected_amount(self) -> Money:
        """What the next one is expected to be: the last amount, or the average where amounts differ each time,
        as far as it lies between the least and the most of the last year."""
        if not self.is_variable or self.low_amount is None or self.high_amount is None:
            return self.last_amount
        return min(max(self.average_amount, self.low_amount), self.high_amount)
