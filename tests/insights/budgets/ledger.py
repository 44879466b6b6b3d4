"""A second model of a budget, written differently: whole cents, every calendar month in turn, snapshots for undo."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field

MONTHS = ("2026-10", "2026-11", "2026-12", "2027-01", "2027-02", "2027-03")
PARENT = {"FOOD_AND_DRINK_GROCERIES": "FOOD_AND_DRINK", "FOOD_AND_DRINK_COFFEE": "FOOD_AND_DRINK"}


@dataclass
class Paper:
    """What a person wrote down."""

    given: dict[tuple[int, str, str], int] = field(default_factory=dict[tuple[int, str, str], int])
    opened: dict[str, int] = field(default_factory=dict[str, int])
    carries: dict[tuple[str | None, int], bool] = field(default_factory=dict[tuple[str | None, int], bool])
    closed: int = -1


@dataclass
class Ledger:
    rows: list[tuple[int, str, str | None, int]] = field(default_factory=list[tuple[int, str, str | None, int]])
    """Month, currency, category (None: no envelope) and cents."""
    paper: Paper = field(default_factory=Paper)
    older: list[Paper] = field(default_factory=list[Paper])

    def step(self) -> Paper:
        self.older.append(deepcopy(self.paper))
        return self.paper

    def undo(self) -> None:
        self.paper = self.older.pop()

    def money(self, month: int, currency: str) -> int:
        return sum(cents for when, of, _, cents in self.rows if when <= month and of == currency)

    def envelope(self, category: str, month: int) -> str:
        for each in (category, PARENT.get(category, category)):
            if self.paper.opened.get(each, 99) <= month:
                return each
        return category

    def carries(self, category: str, month: int) -> bool:
        for each in (category, PARENT.get(category, category), None):
            told = {when: word for (of, when), word in self.paper.carries.items() if of == each and when <= month}
            if told:
                return told[max(told)]
        return False

    def state(self, until: int, currency: str) -> tuple[int, dict[str, int]]:
        """Return what is ready to assign at the end of a month, and what each envelope has."""
        ready, envelopes = 0, dict[str, int]()
        for month in range(until + 1):
            for held, cents in list(envelopes.items()):
                if cents < 0 and month and not self.carries(held, month - 1):
                    ready += cents
                    envelopes[held] = 0
            for when, of, category, cents in self.rows:
                if (when, of) == (month, currency):
                    if category is None:
                        ready += cents
                    else:
                        name = self.envelope(category, month)
                        envelopes[name] = envelopes.get(name, 0) + cents
            for (when, of, given), cents in self.paper.given.items():
                if (when, of) == (month, currency):
                    ready -= cents
                    envelopes[given] = envelopes.get(given, 0) + cents
        return ready, envelopes

    def give(self, month: int, currency: str, category: str, cents: int) -> None:
        place = (month, currency, category)
        self.paper.given[place] = self.paper.given.get(place, 0) + cents
        self.paper.opened[category] = min(month, self.paper.opened.get(category, 99))

    def is_short(self, month: int, currency: str, category: str | None) -> bool:
        """Say whether an envelope, or what is ready to assign, is below zero in a month or a later one."""
        for each in range(month, len(MONTHS)):
            ready, envelopes = self.state(each, currency)
            if (ready if category is None else envelopes.get(category, 0)) < 0:
                return True
        return False
