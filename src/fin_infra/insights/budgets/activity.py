"""What the money did, added up by month, currency and category: all that a budget needs of any number of transactions.
Floor 5: sums may be kept and added to each other; the same transactions give the same sums in any order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from fin_infra.insights.budgets.envelopes import READY, goes_to
from fin_infra.insights.budgets.months import month_of
from fin_infra.insights.records import Entry
from fin_infra.model.money import Money

Cell = tuple[str, str, str]
"""Month, currency and category, or READY in place of a category."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a budget's account had before its first transaction; negative for a card that owes."""

    account_id: str
    date: dt.date
    amount: Money


@dataclass(frozen=True, slots=True)
class Activity:
    """Sums of transactions, and which those are."""

    sums: Mapping[Cell, Decimal] = field(default_factory=dict[Cell, Decimal])
    entry_ids: Mapping[Cell, tuple[str, ...]] = field(default_factory=dict[Cell, tuple[str, ...]])
    """May be of some months only: of those that are shown."""

    def ids(self, cell: Cell) -> tuple[str, ...]:
        return self.entry_ids.get(cell, ())


def activity_of(
    entries: Iterable[tuple[Entry, str]],
    *,
    accounts: Collection[str] | None = None,
    transfers: Collection[str] = (),
    openings: Iterable[Opening] = (),
) -> Activity:
    """Add up transactions, each given with its category; one that is split comes once for each part.

    Args:
        accounts: the accounts whose money is budgeted, all where None; others are left out.
        transfers: ids of both sides of transfers between these accounts. They touch no envelope: they pass through
            what is ready to assign, where the two sides cancel out, also when a month's end is between them.
    """
    sums: dict[Cell, Money] = {}
    ids: dict[Cell, dict[str, None]] = {}
    within = set(transfers)
    for entry, category in entries:
        if accounts is not None and entry.account_id not in accounts:
            continue
        amount = entry.amount
        place = READY if entry.id in within else goes_to(category, money_in=amount.amount > 0)
        cell = (month_of(entry.date), amount.currency, place)
        sums[cell] = sums[cell] + amount if cell in sums else amount
        ids.setdefault(cell, {})[entry.id] = None
    for opening in openings:
        if accounts is None or opening.account_id in accounts:
            cell = (month_of(opening.date), opening.amount.currency, READY)
            sums[cell] = sums[cell] + opening.amount if cell in sums else opening.amount
    return Activity({cell: total.amount for cell, total in sums.items()}, {c: tuple(found) for c, found in ids.items()})
