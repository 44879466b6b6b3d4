"""What an import would do, what it did, and the files that the book knows.
Floor 6: frozen records; numbers of accounts are never in them, endings are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from fin_infra.book.records import BookAccount
from fin_infra.imports.statements.conflict import Conflict
from fin_infra.model import AccountType, Money, StatementLine
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model


class DocumentState(StrEnum):
    IMPORTED = "imported"
    UNDONE = "undone"


class MatchReason(StrEnum):
    """Why a statement is of an account of the book."""

    NUMBER = "number"
    """An earlier file printed exactly the same account."""
    EXPORT = "export"
    """The book wrote the file itself, and names its own account in it."""
    WORD = "word"
    """A person says so."""
    NEW = "new"
    """Nothing in the book is like it, or a person says that it is none of those."""
    UNDECIDED = "undecided"
    """There are candidates, and a person has to say which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeCounts(Model):
    """How many trades of a file are what; `new`, `known` and `asked` are all of them."""

    new: int = 0
    """Not in the book before."""
    known: int = 0
    """In the book already, from a broker or another file."""
    asked: int = 0
    """Perhaps there already: an import keeps both, and asks."""
    unknown: int = 0
    """Of all of them, those whose word says no kind: kept as `DealKind.UNKNOWN` with the file's words."""

    def __add__(self, other: TradeCounts) -> TradeCounts:
        return TradeCounts(
            new=self.new + other.new,
            known=self.known + other.known,
            asked=self.asked + other.asked,
            unknown=self.unknown + other.unknown,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Model):
    """A statement file that was imported."""

    id: int
    name: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    """The file's name without its folder."""
    format: str
    state: DocumentState
    at: dt.datetime
    """When it was imported; aware UTC."""
    account_ids: tuple[int, ...]
    """The accounts that it is of; empty once it is undone."""
    transactions: int
    """The transactions that it names, whoever else does; 0 once it is undone."""
    differences: tuple[Money, ...] = ()
    """By how much its statements do not add up, where that was accepted: what a closing balance is above the rest."""
    trades: int = 0
    """The trades that it names, whoever else does; 0 once it is undone."""
    kept: bool = False
    """Whether the book has the file itself, sealed; `imported_file` gives it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPart(Model):
    """What an import would do with all that a file says of one account."""

    ending: str = field(metadata=pii(Personal.ENDING))
    type: AccountType
    currency: str
    institution: str | None
    account_id: int | None
    """The account of the book; None for a new one and an undecided one."""
    account_name: str | None = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    reason: MatchReason
    candidates: tuple[BookAccount, ...] = ()
    new: tuple[StatementLine, ...] = field(repr=False)
    known: tuple[StatementLine, ...] = field(repr=False)
    """Lines that the book has already, from a connection or another file."""
    asked: tuple[Conflict, ...] = field(repr=False)
    """Lines that may be ones that the book has: an import keeps both and asks, unless `answers` says."""
    balance: Money | None = None
    balance_day: dt.date | None = None
    holdings: int = 0
    """How many holdings the file lists of the account."""
    trades: TradeCounts = TradeCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan(Model):
    """What an import would do; nothing was written."""

    name: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    format: str
    document: Document | None
    """The import of the same content, where there was one: importing it again changes nothing."""
    parts: tuple[ImportPart, ...]
    warnings: tuple[str, ...] = field(default=(), repr=False, metadata=pii(Personal.FREE_TEXT))
    """What was recognized in the file and not read."""

    @property
    def decided(self) -> bool:
        """Whether the account of every part is known."""
        return all(part.reason is not MatchReason.UNDECIDED for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult(Model):
    """What an import did."""

    document: Document
    already: bool
    """Whether the same content had been imported before; then nothing was changed."""
    added: int = 0
    """Transactions that are new in the book."""
    known: int = 0
    """Lines that the book had already."""
    asked: int = 0
    """Questions to a person that are open by it; both rows stay until they are answered."""
    changes: int = 0
    """Entries that the import added to the log."""
    trades: TradeCounts = TradeCounts()
    """Of the file, account by account together; none of them is in `added`, `known` or `asked`."""
    warnings: tuple[str, ...] = field(default=(), repr=False, metadata=pii(Personal.FREE_TEXT))
