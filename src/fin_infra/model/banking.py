"""Accounts, balances and transactions as every bank adapter returns them.
Floor 0: money in is positive and money out negative, for every account type and every vendor."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from fin_infra.model.money import Money
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model, Record, RowError


class AccountType(StrEnum):
    DEPOSITORY = "depository"
    CREDIT = "credit"
    LOAN = "loan"
    INVESTMENT = "investment"
    UNKNOWN = "unknown"

    @property
    def is_liability(self) -> bool:
        """True where a balance is money owed."""
        return self in (AccountType.CREDIT, AccountType.LOAN)


class AccountSubtype(StrEnum):
    CHECKING = "checking"
    SAVINGS = "savings"
    MONEY_MARKET = "money_market"
    CERTIFICATE_OF_DEPOSIT = "certificate_of_deposit"
    TREASURY = "treasury"
    SWEEP = "sweep"
    CREDIT_CARD = "credit_card"
    CREDIT_LINE = "credit_line"
    BROKERAGE = "brokerage"
    UNKNOWN = "unknown"


class AccountStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class TransactionStatus(StrEnum):
    PENDING = "pending"
    POSTED = "posted"


class Category(StrEnum):
    """Spending categories; the vocabulary is Teller's, which is the widest plain one."""

    ACCOMMODATION = "accommodation"
    ADVERTISING = "advertising"
    BAR = "bar"
    CHARITY = "charity"
    CLOTHING = "clothing"
    DINING = "dining"
    EDUCATION = "education"
    ELECTRONICS = "electronics"
    ENTERTAINMENT = "entertainment"
    FUEL = "fuel"
    GENERAL = "general"
    GROCERIES = "groceries"
    HEALTH = "health"
    HOME = "home"
    INCOME = "income"
    INSURANCE = "insurance"
    INVESTMENT = "investment"
    LOAN = "loan"
    OFFICE = "office"
    PHONE = "phone"
    SERVICE = "service"
    SHOPPING = "shopping"
    SOFTWARE = "software"
    SPORT = "sport"
    TAX = "tax"
    TRANSPORT = "transport"
    TRANSPORTATION = "transportation"
    UTILITIES = "utilities"
    UNKNOWN = "unknown"


class PartyType(StrEnum):
    PERSON = "person"
    ORGANIZATION = "organization"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution(Model):
    id: str
    name: str
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Record):
    """A bank account. `name` may hold personal words and stays out of the repr."""

    id: str
    name: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    type: AccountType
    subtype: AccountSubtype
    subtype_text: str
    """The vendor's own word, kept where `subtype` is UNKNOWN."""
    currency: str
    status: AccountStatus
    institution: Institution
    last_four: str | None = field(default=None, metadata=pii(Personal.ENDING))
    enrollment_id: str | None = None
    capabilities: frozenset[str] = frozenset()
    """What can be asked about this account: `details`, `balances`, `transactions`, `payments`."""
    institution_account_id: str | None = field(
        default=None, repr=False, metadata=pii(Personal.ACCOUNT_NUMBER, private=True)
    )
    """What stays the same where the account is linked a second time; None where the vendor has no such id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDetails(Record):
    """Numbers that move money; all of them stay out of the repr."""

    account_id: str
    account_number: str = field(repr=False, metadata=pii(Personal.ACCOUNT_NUMBER, private=True))
    routing_numbers: dict[str, str] = field(repr=False, metadata=pii(Personal.ROUTING_NUMBER, private=True))
    """By scheme (`ach`, `wire`, `bacs`); a scheme the bank does not offer is absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance(Record):
    """Balances of one account. `current` is negative when you owe; None where the bank does not say."""

    account_id: str
    current: Money | None
    available: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction(Record):
    """One transaction. Words about people stay out of the repr."""

    id: str
    account_id: str
    date: dt.date
    """The bank's own calendar date; it usually moves when a pending transaction posts."""
    amount: Money
    """Positive is money in, negative money out."""
    status: TransactionStatus
    description: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    category: Category = Category.UNKNOWN
    category_text: str | None = None
    type_text: str | None = None
    counterparty: str | None = field(default=None, repr=False, metadata=pii(Personal.FREE_TEXT))
    counterparty_type: PartyType = PartyType.UNKNOWN
    running_balance: Money | None = None
    """In the sign of `Balance.current`; None where the bank does not say."""
    pending_id: str | None = None
    """The vendor's own link to the pending transaction that this one was; None where it has none, or does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionChanges(Record):
    """One page of what changed in the accounts of a login."""

    added: tuple[Transaction, ...]
    modified: tuple[Transaction, ...]
    removed: tuple[str, ...]
    """Ids of transactions that the vendor took back, as it does with a pending one that posts under a new id."""
    next_cursor: str | None
    """Where the next page begins, or the next run; None where nothing is ready, so that nothing has advanced."""
    has_more: bool
    ready: bool = True
    """False while the vendor is still reading the bank for the first time: what is missing comes later."""
    errors: tuple[RowError, ...] = ()
    """Rows that came and cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address(Model):
    primary: bool
    street: str | None = field(default=None, repr=False, metadata=pii(Personal.ADDRESS))
    city: str | None = field(default=None, repr=False, metadata=pii(Personal.ADDRESS))
    region: str | None = field(default=None, repr=False, metadata=pii(Personal.ADDRESS))
    postal_code: str | None = field(default=None, repr=False, metadata=pii(Personal.ADDRESS))
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner(Model):
    """A holder of an account; every personal field stays out of the repr."""

    type: PartyType
    names: tuple[str, ...] = field(repr=False, metadata=pii(Personal.NAME))
    addresses: tuple[Address, ...] = field(default=(), repr=False)
    phone_numbers: tuple[str, ...] = field(default=(), repr=False, metadata=pii(Personal.PHONE))
    emails: tuple[str, ...] = field(default=(), repr=False, metadata=pii(Personal.EMAIL))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountIdentity(Record):
    account: Account
    owners: tuple[Owner, ...] = field(repr=False)
