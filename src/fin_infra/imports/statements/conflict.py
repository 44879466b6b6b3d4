"""What a merge of exports asks a person, and what it comes to.
Floor 4: plain values; `dedupe.merge` makes and takes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fin_infra.model.record import Model
from fin_infra.model.statement import StatementLine


class Question(StrEnum):
    """Why a person has to decide."""

    TEXT_CHANGED = "text_changed"
    """Same date and amount, and the texts contain or begin one another, or share a word."""
    DATE_CHANGED = "date_changed"
    AMOUNT_CHANGED = "amount_changed"
    """Same id and a like text near that date, with another amount."""
    ID_CHANGED = "id_changed"
    """All but the id is equal, on the first or last day of an export whose other ids were kept."""
    REPEATED = "repeated"
    """The same export has that id, date and amount before."""
    CORRECTS = "corrects"
    """The line says that it replaces or deletes another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict(Model):
    """An incoming line, and the one it may be the same as."""

    question: Question
    incoming: StatementLine
    other: StatementLine | None
    """A known line; for REPEATED the one before in the same export. None where a correction's line is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Model):
    """What a person says to a conflict: `same` makes it a duplicate, not the same a new transaction."""

    conflict: Conflict
    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeResult(Model):
    """Every incoming line, in exactly one of three places, each in the order it came."""

    new: tuple[StatementLine, ...]
    matched: tuple[tuple[StatementLine, StatementLine], ...]
    """Incoming lines that are known already, each with the line that it is."""
    conflicts: tuple[Conflict, ...]
    """A person should decide; give the answers back to `merge`."""

    @property
    def duplicates(self) -> tuple[StatementLine, ...]:
        return tuple(incoming for incoming, _ in self.matched)
