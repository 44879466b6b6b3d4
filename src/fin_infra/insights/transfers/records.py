"""What recognition reads, a household's transactions with what a person said of them, and what it finds.
Floor 5: plain frozen records; an id is that of an `Entry`, and money in is positive."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from fin_infra.insights.records import Entry, EntryAccount, Label
from fin_infra.model.money import Money
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """The transactions of all accounts of a household, and what is known and was said of them.

    A transaction that a person split is an entry for each part, labeled with the category of that part.
    """

    entries: Sequence[Entry]
    labels: Mapping[str, Label] = field(default_factory=dict[str, Label])
    """By transaction; one without a label is uncategorized."""
    accounts: Sequence[EntryAccount] = ()
    """One that is not there is neither a card nor a loan, and has no ending to be named by."""
    links: Mapping[str, str] = field(default_factory=dict[str, str])
    """By one side, the other side of each transfer that a person linked; the way back may be there too."""
    apart: frozenset[str] = frozenset()
    """Transactions that are not a side of a transfer, by a person's word."""


class TransferKind(StrEnum):
    TRANSFER = "transfer"
    CARD_PAYMENT = "card_payment"
    LOAN_PAYMENT = "loan_payment"
    LOAN_PAYOUT = "loan_payout"
    """What a lender paid out; money to be paid back is not income."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Model):
    """Money that moved between own accounts, by its two sides, or by one where the other is not in the book."""

    kind: TransferKind
    out_id: str | None
    """None where the side that it came from is not in the book."""
    in_id: str | None
    """None where the side that it went to is not in the book."""
    date: dt.date
    """Of the earlier side."""
    amount: Money
    """Positive: what was sent, or what was received where the sending side is not in the book."""
    received: Money | None
    """What came in; differs from `amount` only by a person's word. None where that side is not in the book."""
    confidence: Decimal
    """From 0 to 1; 1 for a person's word."""
    reason: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    """One sentence."""

    @property
    def entry_ids(self) -> tuple[str, ...]:
        """The sides that are in the book, money out first."""
        return tuple(id for id in (self.out_id, self.in_id) if id is not None)

    @property
    def is_one_sided(self) -> bool:
        return self.out_id is None or self.in_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(Model):
    """Money that came back from a merchant, and the purchase that it came back for."""

    entry_id: str
    purchase_id: str | None
    """None where the purchase is not in the book."""
    amount: Money
    """Positive."""
    category: str
    """The purchase's, or the refund's own where the purchase is not in the book."""
    confidence: Decimal
    reason: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfers(Model):
    """What recognition found, the oldest first."""

    transfers: tuple[Transfer, ...]
    refunds: tuple[Refund, ...]
    unclear: tuple[Transfer, ...]
    """Pairs that may be transfers and are not counted as pairs, until a person links them or says what they are."""
