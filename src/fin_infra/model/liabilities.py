"""What is due and when: debts as a bank tells them, and payments that a vendor has found to come again.
Floor 0: amounts to pay and amounts paid are positive here; what is owed in all is `Balance.current`, and negative."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from fin_infra.model.money import Money
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model, Record


class RecurringStatus(StrEnum):
    """How sure a stream of payments is."""

    MATURE = "mature"
    """It has come often enough at its pace."""
    EARLY_DETECTION = "early_detection"
    TOMBSTONED = "tombstoned"
    """An early one whose next day went by without a payment."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringStream(Record):
    """Payments that come again and again, as the vendor has found them: a salary, a rent, a subscription."""

    id: str
    account_id: str
    description: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    counterparty: str | None = field(default=None, repr=False, metadata=pii(Personal.FREE_TEXT))
    first_on: dt.date
    last_on: dt.date
    next_on: dt.date | None
    """When the next one is expected; None where the vendor does not say."""
    frequency_text: str
    """The vendor's own word, such as `monthly` or `semi_monthly`."""
    average: Money | None
    """Positive is money in."""
    last: Money | None
    transaction_ids: tuple[str, ...]
    is_active: bool
    status: RecurringStatus
    status_text: str
    """The vendor's own word, kept where `status` is UNKNOWN."""
    category_text: str | None = None


class LiabilityKind(StrEnum):
    CREDIT = "credit"
    MORTGAGE = "mortgage"
    STUDENT = "student"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Apr(Model):
    """One of the yearly rates of a card."""

    percentage: Decimal
    """15.24 is 15.24 percent."""
    type_text: str
    """The vendor's own word, such as `purchase_apr`."""
    balance: Money | None = None
    """What it is charged on."""
    interest: Money | None = None
    """What was charged for the last statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Liability(Record):
    """The terms of one debt; None where the bank does not say."""

    account_id: str
    kind: LiabilityKind
    account_number: str | None = field(default=None, repr=False, metadata=pii(Personal.ACCOUNT_NUMBER, private=True))
    aprs: tuple[Apr, ...] = ()
    interest_rate: Decimal | None = None
    """Of a loan, per year: 3.99 is 3.99 percent."""
    rate_type_text: str | None = None
    """The vendor's own word, such as `fixed`."""
    next_payment_due: dt.date | None = None
    minimum_payment: Money | None = None
    """The next payment of a mortgage."""
    is_overdue: bool | None = None
    past_due: Money | None = None
    last_payment: Money | None = None
    last_payment_on: dt.date | None = None
    last_statement_balance: Money | None = None
    """Owed by the last statement, positive."""
    last_statement_on: dt.date | None = None
    principal: Money | None = None
    """What was borrowed at first."""
    originated_on: dt.date | None = None
    matures_on: dt.date | None = None
    escrow: Money | None = None
    interest_this_year: Money | None = None
    principal_this_year: Money | None = None
    status_text: str | None = None
    """The vendor's own word for where a student loan stands, such as `repayment`."""
