"""Alerts that transactions give: an amount out of the usual, the same charge twice, a fee.
Floor 5: only posted money out counts, and only of the last days; what is older says what is usual."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from statistics import median

from fin_infra.insights.alerts.records import Alert, AlertKind, AlertSettings, Facts, Severity, alert_id
from fin_infra.insights.categories.cleaning import clean
from fin_infra.insights.categories.taxonomy import UNCATEGORIZED
from fin_infra.insights.records import Entry
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.money import Money

FEE_CATEGORIES = "BANK_FEES_"
FEE_WORDS = re.compile(
    r"\b(?:overdraft|nsf|late|atm|maintenance|annual|wire|foreign transaction|returned item|account|card|service)"
    r" (?:fees?|charges?)\b|\bfinance charges?\b|\binsufficient funds\b",
    re.IGNORECASE,
)
"""Read only where nobody has made out a category: a school has fees too."""
NORMAL = Decimal("1.4826")
"""By which the median distance from the median is a standard deviation of what is normally distributed."""
LEAST_SPREAD = Decimal("0.1")
"""Of the middle: a price that is always the same would have none."""
HABIT = 3
"""The same charge more often than this within days is a habit, not a mistake."""
TWINS = 2
"""So many other times that a charge came twice make it usual."""
Group = Callable[[Entry], Hashable]


@dataclass(frozen=True)
class Charges:
    """Posted money out up to today, with who it went to."""

    facts: Facts
    settings: AlertSettings
    today: dt.date
    _names: dict[str, str] = field(default_factory=dict[str, str])
    """Merchants by the words they were made out from, each once."""

    @cached_property
    def entries(self) -> list[Entry]:
        left_out = frozenset(self.facts.exclude)
        found = [
            each
            for each in self.facts.entries
            if not each.pending and each.amount < 0 and each.date <= self.today and each.id not in left_out
        ]
        return sorted(found, key=lambda each: (each.date, each.id))

    def is_recent(self, entry: Entry) -> bool:
        return entry.date >= self.today - dt.timedelta(days=self.settings.recent_days)

    def category(self, entry: Entry) -> str:
        """Return its category; empty where nobody knows it."""
        label = self.facts.labels.get(entry.id)
        return label.category if label is not None and label.category != UNCATEGORIZED else ""

    def merchant(self, entry: Entry) -> str:
        """Return who was paid; empty where the bank's text names nobody."""
        label = self.facts.labels.get(entry.id)
        words = (label.merchant if label is not None else "") or entry.counterparty or entry.description
        if words not in self._names:
            self._names[words] = clean(words)
        return self._names[words]

    def charge(self, entry: Entry) -> tuple[str, str, Money] | None:
        """Return what two charges have to have in common to be the same one twice."""
        name = self.merchant(entry)
        return (name, entry.account_id, entry.amount) if name else None

    def groups(self, group_of: Group) -> Iterator[list[Entry]]:
        """Yield the entries of each group, the oldest first; those without one are left out."""
        found: dict[Hashable, list[Entry]] = {}
        for entry in self.entries:
            if name := group_of(entry):
                found.setdefault((name, entry.amount.currency), []).append(entry)
        return iter(found.values())


def fees(charges: Charges) -> Iterator[Alert]:
    """Yield an alert for each fee, by its category or, where it has none, by its words."""
    for entry in filter(charges.is_recent, charges.entries if charges.settings.fees else ()):
        category = charges.category(entry)
        if not category.startswith(FEE_CATEGORIES) and not (not category and FEE_WORDS.search(entry.description)):
            continue
        yield Alert(
            id=alert_id(AlertKind.FEE, entry.id),
            kind=AlertKind.FEE,
            severity=Severity.WARNING,
            date=entry.date,
            text=f"A fee of {-entry.amount} was charged on {entry.date}: {entry.description}.",
            entry_ids=(entry.id,),
            account_id=entry.account_id,
        )


def unusual_amounts(charges: Charges) -> Iterator[Alert]:
    """Yield an alert for each payment far above what is usual at its merchant, or where that is new in its category.

    The middle of earlier payments is their median, and their spread the median distance from it (MAD) times 1.4826.
    """
    least = charges.settings.unusual_least
    if least is None:
        return
    judged: set[str] = set()
    for group_of, needed in ((charges.merchant, least), (charges.category, 2 * least)):
        for group in charges.groups(group_of):
            for entry in filter(charges.is_recent, group):
                earlier = [each for each in group if each.date < entry.date]
                if entry.id in judged or len(earlier) < needed:
                    continue
                judged.add(entry.id)
                yield from _unusual(charges, entry, earlier)


def _unusual(charges: Charges, entry: Entry, earlier: Sequence[Entry]) -> Iterator[Alert]:
    amounts = [-each.amount.amount for each in earlier]
    middle = median(amounts)
    spread = max(NORMAL * median(abs(each - middle) for each in amounts), LEAST_SPREAD * middle)
    far = charges.settings.unusual_spread * spread
    if -entry.amount.amount <= middle + far:
        return
    who = charges.merchant(entry) or entry.description
    low, high = _shown(max(min(amounts), middle - far), entry), _shown(min(max(amounts), middle + far), entry)
    yield Alert(
        id=alert_id(AlertKind.UNUSUAL_AMOUNT, entry.id),
        kind=AlertKind.UNUSUAL_AMOUNT,
        severity=Severity.WARNING,
        date=entry.date,
        text=f"{-entry.amount} to {who} on {entry.date} is unusual: it is usually {low} to {high}.",
        entry_ids=(entry.id, *(each.id for each in earlier)),
        account_id=entry.account_id,
    )


def _shown(amount: Decimal, entry: Entry) -> Money:
    money = Money(amount, entry.amount.currency)
    return money if CURRENCIES[money.currency] is None else money.quantize()


def duplicate_charges(charges: Charges) -> Iterator[Alert]:
    """Yield an alert where a merchant took the same amount from an account twice within days.

    Silent where both belong to streams, where the money came back, and where it came twice at other times too.
    """
    if charges.settings.duplicate_days is None:
        return
    streamed = {each for stream in charges.facts.streams for each in stream.entry_ids}
    for group in charges.groups(charges.charge):
        runs = list(_runs(group, charges.settings.duplicate_days))
        for run in runs:
            others = sum(len(other) > 1 for other in runs if other is not run)
            once = [each for each in run if each.id not in streamed]
            if 1 < len(run) <= HABIT and others < TWINS and once and charges.is_recent(run[-1]):
                yield from _duplicate(charges, run)


def _runs(group: Iterable[Entry], days: int) -> Iterator[list[Entry]]:
    """Yield entries that follow each other within days."""
    run: list[Entry] = []
    for entry in group:
        if run and (entry.date - run[-1].date).days > days:
            yield run
            run = []
        run.append(entry)
    yield run


def _duplicate(charges: Charges, run: Sequence[Entry]) -> Iterator[Alert]:
    first, last = run[0], run[-1]
    who = charges.merchant(last)
    if _came_back(charges, run, who):
        return
    days = " and ".join(str(day) for day, _ in groupby(run, key=lambda each: each.date))
    yield Alert(
        id=alert_id(AlertKind.DUPLICATE_CHARGE, *(each.id for each in run)),
        kind=AlertKind.DUPLICATE_CHARGE,
        severity=Severity.WARNING,
        date=last.date,
        text=f"{who} took {-first.amount} {len(run)} times, on {days}; check that each is right.",
        entry_ids=tuple(each.id for each in run),
        account_id=last.account_id,
    )


def _came_back(charges: Charges, run: Sequence[Entry], who: str) -> bool:
    first = run[0]
    return any(
        entry.amount == -first.amount
        and entry.account_id == first.account_id
        and entry.date >= first.date
        and charges.merchant(entry) == who
        for entry in charges.facts.entries
        if not entry.pending and entry.amount > 0
    )
