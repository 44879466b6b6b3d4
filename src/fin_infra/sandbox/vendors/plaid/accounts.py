"""Show the world's accounts as Plaid does: bank accounts, brokerage accounts and loans behind one shape.
Floor 8: money out is positive in every row; what is owed on a card or a loan is a positive `current`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from base64 import b64encode
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import ClassVar
from zlib import crc32

from fin_infra.sandbox.kernel.reply import number
from fin_infra.sandbox.vendors.plaid.categories import code_of
from fin_infra.sandbox.world.holdings import HoldingWalk
from fin_infra.sandbox.world.household import Person
from fin_infra.sandbox.world.ledger import Shown
from fin_infra.sandbox.world.loans import Loan, LoanStanding, standing
from fin_infra.sandbox.world.world import Account

Json = dict[str, object]
ID_LENGTH = 37
RECOGNIZED_AFTER = timedelta(hours=36)
SLOW = 9  # one row in so many is recognized late, and changes then


def ident(*parts: object) -> str:
    """Return the id of 37 case-sensitive characters that belongs to these words."""
    digest = blake2b(":".join(map(str, parts)).encode(), digest_size=30).digest()
    return b64encode(digest, b"xZ").decode()[:ID_LENGTH]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One transaction as it looks at an instant; `replaces` is the key of the authorization that it settles."""

    key: str
    day: date
    at: datetime
    authorized: datetime | None
    amount: Decimal
    posted: bool
    name: str
    merchant: str | None
    code: str
    recognized: bool = True
    replaces: str | None = None
    channel: str = "in store"
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account shows; at least one of `available` and `current` is there."""

    available: Decimal | None
    current: Decimal | None
    limit: Decimal | None = None


class Source(ABC):
    """One account of the world, as an Item sees it."""

    slug: str
    name: str
    official_name: str | None
    type: str
    subtype: str
    mask: str
    owners: tuple[Person, ...]
    currency: str = "USD"
    moves: ClassVar[bool] = False
    """Whether it has rows for the Transactions product."""

    @abstractmethod
    def balance(self, now: datetime) -> Balance:
        """Return the balances at `now`."""

    def rows(self, now: datetime) -> list[Row]:
        """Return what is visible at `now`, in no order."""
        return []


class BankSource(Source):
    """A checking, savings or card account."""

    moves = True

    def __init__(self, account: Account) -> None:
        plan = account.plan
        self.account, self.slug, self.name, self.owners = account, plan.slug, plan.name, plan.owners
        self.official_name = f"{account.enrollment.institution.name} {plan.name}"
        self.type = "credit" if plan.is_credit else "depository"
        self.subtype, self.mask = plan.subtype.replace("_", " "), account.last_four
        self._last: tuple[datetime, Balance] | None = None

    def balance(self, now: datetime) -> Balance:
        if self._last is None or self._last[0] != now:  # each page of a walk asks again
            plan = self.account.plan
            ledger, available = self.account.balances(now)
            self._last = now, Balance(available if plan.shows_available else None, ledger, plan.credit_limit)
        return self._last[1]

    def rows(self, now: datetime) -> list[Row]:
        return [self._row(shown, now) for shown in self.account.book.shown(now)]

    def _row(self, shown: Shown, now: datetime) -> Row:
        entry = shown.entry
        amount = shown.amount if self.account.plan.is_credit else -shown.amount
        card = entry.kind == "card_payment"
        slow = crc32(entry.id.encode()) % SLOW == 0 and now < shown.at + RECOGNIZED_AFTER
        waited = f"{entry.pending_id}:pending"
        return Row(
            key=waited if not shown.posted else entry.id,
            day=shown.day,
            at=shown.at,
            authorized=entry.authorized if card else None,
            amount=amount,
            posted=shown.posted,
            name=entry.description,
            merchant=None if slow else entry.counterparty or None,
            code=code_of(entry, amount > 0),
            recognized=not slow,
            # where the bank gave no counterparty, the vendor could not match the two
            replaces=waited if card and shown.posted and entry.counterparty else None,
            channel="in store" if card else "other",
        )


_SUBTYPES = {"Margin": "brokerage", "Roth IRA": "roth", "Traditional IRA": "ira", "Rollover IRA": "ira",
             "Crypto": "crypto exchange"}  # fmt: skip


class BrokerSource(Source):
    """A brokerage account."""

    type = "investment"
    official_name = None

    def __init__(self, walk: HoldingWalk, owner: Person) -> None:
        self.walk, self.slug, self.name, self.owners = walk, walk.holder.slug, walk.holder.name, (owner,)
        self.subtype, self.mask = _SUBTYPES[walk.holder.raw_type], walk.holder.number[-4:]
        self.currency = walk.holder.currency

    def balance(self, now: datetime) -> Balance:
        return Balance(self.walk.cash(now).get(self.currency), self.walk.total(now))


class LoanSource(Source):
    """A student loan or a mortgage."""

    type = "loan"
    official_name = None

    def __init__(self, loan: Loan) -> None:
        self.loan, self.slug, self.name, self.owners = loan, loan.slug, loan.name, loan.owners
        self.subtype, self.mask = loan.kind, loan.number[-4:]

    def standing(self, now: datetime) -> LoanStanding:
        """Return how the loan stands."""
        return standing(self.loan, now.date())

    def balance(self, now: datetime) -> Balance:
        return Balance(None, self.standing(now).balance)


def account_body(account_id: str, source: Source, now: datetime) -> Json:
    """Return an account as every product shows it."""
    shown = source.balance(now)
    business = any(owner.kind == "organization" for owner in source.owners)
    return {
        "account_id": account_id,
        "balances": {
            "available": number(shown.available),
            "current": number(shown.current),
            "iso_currency_code": source.currency,
            "limit": number(shown.limit),
            "unofficial_currency_code": None,
        },
        "holder_category": "business" if business else "personal",
        "mask": source.mask,
        "name": source.name,
        "official_name": source.official_name,
        "subtype": source.subtype,
        "type": source.type,
    }
