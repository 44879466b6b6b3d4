"""What a person does to a budget: steps, kept in their order for ever; an undo is a further step.
Floor 5: frozen records; whether a step can be taken is said in `plan.py` and `funds.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from fin_infra.errors import InvalidInput
from fin_infra.model.money import Money


class Overspending(StrEnum):
    """What becomes of an envelope below zero when its month ends."""

    CARRY = "carry"
    """The envelope begins the next month below zero."""
    FROM_READY = "from_ready"
    """The envelope begins at zero, and the next month has that much less to assign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """Let an envelope have been given just so much in a month, whatever it was before."""

    month: str
    category: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Move money from one envelope to another; the amount is above zero."""

    month: str
    category: str
    to: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOverspending:
    """Say what becomes of overspending from a month on: of one category, or of all that have no word of their own."""

    month: str
    category: str | None
    overspending: Overspending


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTarget:
    """Say how much an envelope must have by the end of month `by`; an amount of zero takes that back."""

    month: str
    """The month in which saving begins."""
    category: str
    amount: Money
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLimit:
    """Say what may be spent in each month from `month` on; an amount of zero takes that back. No money is held."""

    month: str
    category: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Close a month and all before it: no step changes what was planned there."""

    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    """Open a month again, and those after it."""

    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Take the last step back that was not taken back yet."""


Step: TypeAlias = Assign | Move | SetOverspending | SetTarget | SetLimit | Close | Reopen | Undo


def standing(steps: Iterable[Step]) -> list[Step]:
    """Return the steps that hold: without those that were undone, and without the undoing.

    Raises:
        InvalidInput: an undo has nothing before it.
    """
    found: list[Step] = []
    for step in steps:
        if not isinstance(step, Undo):
            found.append(step)
        elif found:
            found.pop()
        else:
            raise InvalidInput("There is nothing to undo in this budget.")
    return found
