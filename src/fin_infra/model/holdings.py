"""What somebody holds at all brokers, in one list, and what changed in it.
Floor 0: an account that could not be read is named in `errors`; it is never taken for an empty one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from fin_infra.arguments import checked
from fin_infra.model.aggregator import CashBalance, HoldingAccount
from fin_infra.model.brokerage import Position, PositionSide
from fin_infra.model.instrument import InstrumentKey
from fin_infra.model.money import Money
from fin_infra.model.networth import UNREADABLE_ROW, SourceError
from fin_infra.model.order import AssetClass
from fin_infra.model.record import Model, Rows


@dataclass(frozen=True, slots=True, order=True)
class AccountRef(Model):
    """An account by the provider it was read from and its id there."""

    source: str
    id: str

    def __str__(self) -> str:
        return f"{self.source} {self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountError(SourceError):
    """A question that a provider did not answer; `account_id` None where it concerns all its accounts."""

    account_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings(Model):
    """Everything one sync has read, as it came, account by account."""

    accounts: tuple[HoldingAccount, ...]
    positions: tuple[Position, ...]
    balances: tuple[CashBalance, ...]
    errors: tuple[AccountError, ...] = ()
    skipped: tuple[AccountRef, ...] = ()
    """Accounts that were not asked this time; they are in `accounts`, and nothing else is known of them."""
    kept: tuple[AccountRef, ...] = ()
    """Accounts whose positions are those of an earlier sync."""

    @checked
    def is_read(self, account: AccountRef) -> bool:
        """Say whether the positions of an account are known, be it that there are none."""
        return account in self.kept or not (
            account in self.skipped
            or any(
                (error.provider, error.operation, error.account_id)
                in (
                    (account.source, "account", None),
                    (account.source, "accounts", None),
                    (account.source, "positions", account.id),
                )
                for error in self.errors
                if error.account_id is not None or error.code != UNREADABLE_ROW
            )
        )

    @checked
    def is_partial(self, account: AccountRef) -> bool:
        """Say whether some of the account's positions were read and others could not be."""
        return any(
            (error.provider, error.operation, error.account_id, error.code)
            == (account.source, "positions", account.id, UNREADABLE_ROW)
            for error in self.errors
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingPart(Model):
    """What one account contributes to a line, in the broker's own figures."""

    account: AccountRef
    quantity: Decimal
    currency: str
    average_price: Decimal | None
    current_price: Decimal | None
    market_value: Money | None
    as_of: datetime
    identifier: str | None = None
    """As `Position.identifier`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingLine(Model):
    """One instrument on one side, over all accounts; `quantity` is negative when short.

    `key` has US for every venue in the United States, so that brokers who name different ones meet in one line. It is
    None for what no key can name; such a position keeps a line of its own.
    """

    key: InstrumentKey | None
    symbol_text: str
    asset_class: AssetClass
    side: PositionSide
    quantity: Decimal
    parts: tuple[HoldingPart, ...]
    """By account."""
    average_price: Money | None
    """Per unit, weighted; None where a part has none or the parts differ in currency."""
    market_values: tuple[Money, ...]
    """One per currency, by its code; a part without a value is missing here and named in the portfolio's `missing`."""
    in_cash: bool = False
    """True for a money market fund that counts as cash, and so not once more in `values`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashLine(Model):
    """Cash of one currency over all accounts; None where no broker says."""

    currency: str
    amount: Money | None
    parts: tuple[tuple[AccountRef, Money | None], ...]
    as_of: tuple[datetime, ...] = ()
    """When each of the parts was true, in their order: the last sync of an account that an aggregator shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio(Rows[HoldingLine]):
    """Holdings of many accounts, merged.

    `values` has what positions and cash are worth per currency, never added up across currencies. `total` is their sum
    in one currency where rates were given; where `complete` is False it covers only what has a value, and `missing`
    names the rest.
    """

    ROWS: ClassVar[str] = "lines"

    lines: tuple[HoldingLine, ...]
    cash: tuple[CashLine, ...]
    accounts: tuple[HoldingAccount, ...]
    values: tuple[Money, ...]
    total: Money | None
    complete: bool
    missing: tuple[str, ...]
    duplicates: tuple[tuple[AccountRef, AccountRef], ...] = ()
    """Accounts that are left out, each with the one that counts: the same account, connected twice."""
    errors: tuple[AccountError, ...] = ()
    read: frozenset[AccountRef] = frozenset()
    """Accounts whose positions are known and counted."""
    oldest: datetime | None = None
    """When the oldest of the prices and cash in `values` and `total` was true: these count at any age, each with its
    own `as_of`. A net worth leaves out what is old."""

    @checked
    def is_known(self, account: AccountRef) -> bool:
        """Say whether this tells what the account holds; one that is not listed any more holds nothing."""
        listed = any((row.source, row.id) == (account.source, account.id) for row in self.accounts)
        unlisted = any(row.provider == account.source and row.account_id in (None, account.id) for row in self.errors)
        return account in self.read or not (listed or unlisted)


class ChangeKind(StrEnum):
    OPENED = "opened"
    CLOSED = "closed"
    CHANGED = "changed"
    TRANSFERRED = "transferred"
    """Moved between two accounts: each of the two has a change, and their deltas add up to nothing."""
    SPLIT_ADJUSTED = "split_adjusted"
    RENAMED = "renamed"
    """The same holding under another key: `renamed_from` is what it was called before."""


@dataclass(frozen=True, slots=True)
class Split(Model):
    """`new` shares for `old` ones: Split(4, 1) makes four of one."""

    new: int
    old: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingChange(Model):
    """How the quantity of one instrument in one account differs between two syncs."""

    kind: ChangeKind
    account: AccountRef
    key: InstrumentKey | None
    symbol_text: str
    before: Decimal
    after: Decimal
    delta: Decimal
    other: AccountRef | None = None
    """The account at the other end of a transfer."""
    split: Split | None = None
    renamed_from: InstrumentKey | None = None
