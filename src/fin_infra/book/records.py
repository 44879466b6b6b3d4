"""What the book gives back: connections, accounts, transactions with a person's words beside the bank's, changes.
Floor 6: frozen records as those of `fin_infra.model`; an id is the book's own and never changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fin_infra.book.deal_kinds import DealKind
from fin_infra.model import (
    AccountStatus,
    AccountSubtype,
    AccountType,
    AssetClass,
    Category,
    Money,
    SourceError,
    TransactionStatus,
    VerificationKind,
    VerificationReason,
    VerificationState,
)
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model


class ConnectionState(StrEnum):
    LINKING = "linking"
    """Made, and not synced to its end yet."""
    HEALTHY = "healthy"
    STALE = "stale"
    """The last sync failed for a reason that passes by itself."""
    PERSON_MUST_ACT = "person_must_act"
    """The vendor wants the person to sign in or agree again."""
    PAUSED = "paused"
    """Not synced, at the person's request, or until they say whether it is the same login as another one."""
    REVOKED = "revoked"
    """Ended; its tokens are destroyed and its history stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(Model):
    """A login at a vendor; its tokens are in the vault and never here."""

    id: str
    provider: str
    state: ConnectionState
    since: dt.datetime
    """When it came to that state; aware UTC."""
    reason: str | None
    """Why, in plain words; None where it is healthy."""
    next_step: str | None
    made_at: dt.datetime
    synced_at: dt.datetime | None
    """The end of the last sync that was whole; aware UTC."""
    tried_at: dt.datetime | None = None
    """When the last sync began, whole or not; aware UTC."""
    institution: str | None = None
    """The bank's name, where the vendor has told it."""
    vendor_id: str | None = None
    """How the vendor names the login, as in its webhooks."""
    funds: tuple[str, ...] = ()
    """Companies that move money of an account by this login; ending it ends that too."""
    ending: bool = False
    """It was ended, and the vendor could not be told yet: its token is kept sealed, and each sync tries again."""
    ends_at: dt.datetime | None = None
    """When the vendor ends the login unless the person agrees again; aware UTC. None where it has not said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookAccount(Model):
    """An account, from whatever source it is known."""

    id: int
    name: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    type: AccountType
    subtype: AccountSubtype
    currency: str
    institution: str
    ending: str | None = field(default=None, metadata=pii(Personal.ENDING))
    status: AccountStatus
    sources: tuple[str, ...]
    """Who tells about it: ids of connections, `file`, or `person`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookBalance(Model):
    """What an account held at the end of a day, or at `at` on the last one. Negative when you owe."""

    account_id: int
    day: dt.date
    at: dt.datetime
    current: Money | None
    available: Money | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookTransaction(Model):
    """A transaction: what the bank or a file says, and what a person says beside it."""

    id: int
    account_id: int
    date: dt.date
    amount: Money
    """Positive is money in."""
    status: TransactionStatus
    description: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    category: str
    """The person's word where there is one, else the vendor's."""
    vendor_category: Category
    counterparty: str | None = field(default=None, repr=False, metadata=pii(Personal.FREE_TEXT))
    note: str | None = field(default=None, repr=False, metadata=pii(Personal.FREE_TEXT))
    split: tuple[SplitPart, ...] = ()
    """How a person divides the amount among categories; adds up to it."""
    linked_id: int | None = None
    """The other side of a transfer, by a person's word."""
    hidden: bool = False
    deleted: bool = False
    """A person's word, which outlives syncs: the bank's record is still there."""
    removed: bool = False
    """The bank took it back, or its import was undone."""
    source: str
    """The id of the connection or import that tells it."""
    vendor_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPart(Model):
    category: str
    amount: Money
    note: str | None = field(default=None, repr=False, metadata=pii(Personal.FREE_TEXT))


@dataclass(frozen=True, slots=True, kw_only=True)
class BookHolding(Model):
    """So much of one instrument in an account on a day, as its source told it."""

    account_id: int
    day: dt.date
    at: dt.datetime
    instrument: str | None
    name: str
    quantity: Decimal
    price: Decimal | None
    """Of one unit, in `currency`."""
    value: Money | None
    basis: Money | None
    """What was paid for all of it, where the source tells."""
    currency: str
    source: str
    kind: str | None = None
    """None for most; `in_cash` for a fund that the account's balance has already, `cash` for cash in a further
    currency, `unread` for a row of the broker that cannot be read and whose quantity says nothing."""
    asset_class: AssetClass = AssetClass.UNKNOWN
    average_price: Decimal | None = None
    """Paid for one unit, as the source tells it."""
    identifier: str | None = None
    """What stays when the symbol changes; compare it within one source only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookTrade(Model):
    """A purchase, sale, dividend or fee, as a broker or a file tells it. A positive `amount` is money in."""

    id: int
    account_id: int
    date: dt.date
    at: dt.datetime | None
    kind: str
    """The source's own word for it, such as `fill`, `dividend` or `buystock`."""
    instrument: str | None
    quantity: Decimal | None
    """Positive for what came in, negative for what went out."""
    price: Decimal | None
    amount: Money | None
    description: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    source: str
    vendor_id: str
    """The broker's id; of a file the place among its trades, from 0 on."""
    type: DealKind = DealKind.UNKNOWN
    """What the book makes of `kind`."""
    symbol: str | None = None
    """As the source writes it."""
    identifier: str | None = None
    """The instrument's, behind its scheme: `CUSIP 037833100`, `ISIN US0378331005`, or `NAME` and the file's name."""
    settled: dt.date | None = None
    fee: Money | None = None
    """Positive; as a rule `amount` has it in already."""
    reference: str | None = None
    """What the source calls it beside its id: the order, or the file's own id of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookAsset(Model):
    """What a person says they own or owe: a house, a car, a private loan. Negative when you owe."""

    id: int
    name: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    kind: str
    value: Money | None
    """What it was worth on `day`; None before its first value."""
    day: dt.date | None
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FillResult(Model):
    """What filling the price and FX history has done."""

    asked: int = 0
    """Questions to providers."""
    prices: int = 0
    """Closes that are new or corrected."""
    splits: int = 0
    rates: int = 0
    errors: tuple[SourceError, ...] = ()
    """Who did not answer; their gaps stay open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoricPrice(Model):
    """The close of one unit on a day."""

    day: dt.date
    price: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class NetWorthPoint(Model):
    """What a household was worth at the end of a day; the sums are those of `NetWorth`."""

    day: dt.date
    total: Money | None
    assets: Money | None
    liabilities: Money | None
    complete: bool
    """False where something has no value on that day; `net_worth(on=)` names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Model):
    """One entry of the log: what happened to which record, and how it stands now."""

    position: int
    """Counts from 1, without a gap; the cursor of `changes(since=)`."""
    subject: str
    """`transaction`, `account`, `balance`, `holdings`, `trade`, `document`, `asset`, `connection`, `said`, `doubt`,
    `verification`, `rule`, `budget`."""
    kind: str
    """`added`, `modified`, `posted`, `removed`, `restored` and others of a person's doing."""
    id: int
    """The record's id; of a balance and of holdings the account's."""
    source: str
    at: dt.datetime
    before: Mapping[str, Any] | None = field(repr=False, metadata=pii(Personal.RAW))
    """The old values of what changed, as they were stored."""
    record: Mapping[str, Any] | None = field(repr=False, metadata=pii(Personal.RAW))
    """The record as it is stored now; None where it is erased or has no row of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion(Model):
    """Two transactions that may be one, for a person to say; `book.answer(question, same=...)`."""

    id: int
    """The id of the newer transaction."""
    other_id: int
    kind: str
    """What differs: `tip`, `hold`, `wording` or `amount`."""
    transaction: BookTransaction
    other: BookTransaction
    asked_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeQuestion(Model):
    """Two trades of different sources that may be one, for a person to say; `book.answer(question, same=...)`."""

    id: int
    """The id of the newer trade."""
    other_id: int
    kind: str
    """What differs: `instrument` (each names it in a way of its own), `kind`, `quantity`, `amount`, `day` or `id`.

    `parts`: one is an order, and the other one of its fills; one answer is the answer to all of them."""
    trade: BookTrade
    other: BookTrade
    asked_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountQuestion(Model):
    """Two accounts of different sources that show the same ending and may be one; `book.answer(question, same=...)`."""

    id: int
    """The id of the account that came later."""
    other_id: int
    account: BookAccount
    other: BookAccount
    asked_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy(Model):
    """Two balances of an account whose difference is not the sum of the posted transactions between them."""

    account_id: int
    start: dt.date
    """The day of the earlier balance; transactions of the days after it count."""
    end: dt.date
    """The day of the later balance; its transactions count too."""
    expected: Money
    """The earlier balance with the transactions."""
    said: Money
    """The later balance, as its source told it."""
    difference: Money
    """`said` less `expected`: what is missing in the transactions where it is not zero."""
    evened_out: bool
    """Whether the balance before or after takes the difference back: mostly the time of the day at which a bank was
    asked."""


class RedactionState(StrEnum):
    """What became of the personal data of a verification. Here it is gone in every state but `none`."""

    NONE = "none"
    WAITING = "waiting"
    """The vendor has not taken the order yet; removing it again, or the policy, repeats it."""
    PROCESSING = "processing"
    """The vendor is at it; some take days."""
    DONE = "done"
    REFUSED = "refused"
    """The vendor does not remove it in this state; ask its support."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookVerification(Model):
    """A check of who a person is; what it has found out is sealed, and read with `verification_report`."""

    id: str
    provider: str
    kind: VerificationKind
    state: VerificationState
    since: dt.datetime
    """When it came to that state, as far as it was asked for; aware UTC."""
    reason: VerificationReason | None
    """Why the last try did not pass."""
    next_step: str | None
    redaction: RedactionState
    has_report: bool
    """Whether what it found out is kept here, sealed."""
    is_started: bool
    """Whether the vendor is known to have it; False after a start whose answer was lost."""
    made_at: dt.datetime
    ended_at: dt.datetime | None
    told_at: dt.datetime | None
    """The vendor's last answer about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationLink(Model):
    """Where the person goes on with a verification, once and for a short time; whoever has it may do so."""

    verification: BookVerification
    url: str | None = field(repr=False, metadata=pii(Personal.LOGIN_LINK, private=True))
    """The vendor's page."""
    client_secret: str | None = field(repr=False, metadata=pii(Personal.SECRET, private=True))
    """For the vendor's script in a page of yours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionResult(Model):
    """What applying the policy has removed, by ids of verifications."""

    redacted: tuple[str, ...]
    """Removed here and, as far as it has taken the order, at the vendor."""
    waiting: tuple[str, ...]
    """Removed here; the vendor has not taken the order, or refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureResult(Model):
    """What an erasure has destroyed, counted table by table afterwards."""

    rows: Mapping[str, int]
    """Rows that were deleted, by table."""
    left: Mapping[str, int]
    """Rows of the household that are there all the same, by table; empty where all is gone."""
    scrubbed: bool | None
    """Whether the files of SQLite were rewritten without what was deleted; None on PostgreSQL, which does that by
    itself, later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export(Model):
    """An export that was written."""

    folder: str
    rows: Mapping[str, int]
    """Records by file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile(Model):
    """A file of transactions that was written."""

    file: str
    format: str
    accounts: int
    rows: int
    """Transactions in it, pending ones too."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup(Model):
    """A backup that was written."""

    file: str
    size: int
    """In bytes."""
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored(Model):
    """What a restore has brought back."""

    rows: int
    households: int
    erased: int
    """Households in the backup that were erased since, and are left out."""
    set_aside: str | None = None
    """The damaged file that stood there, under its new name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult(Model):
    """What became of one connection in a sync."""

    connection: str
    provider: str
    state: ConnectionState
    changes: int
    """Entries that the sync added to the log; 0 where the vendor has no news."""
    error: str | None = None
    """Why it failed, in words for a person; what was written before is whole."""
    code: str | None = None
    """The stable code of the error."""
    busy: bool = False
    """Whether another worker is syncing it at this moment."""
    unread: tuple[str, ...] = ()
    """Rows of the vendor that could not be read; the others are there."""
