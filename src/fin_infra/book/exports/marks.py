"""How a file of transactions names the accounts and rows of the book that wrote it, so that the book knows them again.
Floor 6: made from the household's fingerprint, which tells nothing about it; no number of an account is in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import sqlalchemy as sa

from fin_infra.book.lease import Owner
from fin_infra.book.tombstones import fingerprint_of

_MARK = re.compile(r"(fi[0-9a-f]{10})-([0-9]{1,18})(?:-[0-9A-Za-z]{1,4})?")
_DIGITS = 10


def reference(text: str) -> tuple[str, int] | None:
    """Return which household and which of its ids some text names; None where it is not of an export."""
    found = _MARK.fullmatch(text)
    return (found[1], int(found[2])) if found else None


@dataclass(frozen=True, slots=True)
class Marks:
    """The names of one household's rows in its exports, the same in each export and after a restore."""

    household: str
    """Empty where the book has nothing yet, so that there is nothing to know again."""

    @classmethod
    def of(cls, db: sa.Connection, owner: Owner) -> Marks:
        fingerprint = fingerprint_of(db, owner)
        return cls(f"fi{fingerprint[:_DIGITS]}" if fingerprint else "")

    def row(self, id: int) -> str:
        """Return the id of a transaction in a file; a pending one keeps it when it posts."""
        return f"{self.household}-{id}"

    def account(self, id: int, ending: str | None) -> str:
        """Return what stands for the number of an account; its ending is last, so that people know the account."""
        shown = "".join(char for char in ending or "" if char.isascii() and char.isalnum())[-4:]
        return f"{self.household}-{id}-{shown}" if shown else self.row(id)

    def id_in(self, text: str | None) -> int | None:
        """Return the id that some text names; None where it names none, or one of another household."""
        found = reference(text or "")
        return found[1] if found and found[0] == self.household else None


NO_MARKS = Marks("")
"""Of a book without anything, and where no file is read: no text names a row of it."""
