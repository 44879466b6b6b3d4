"""A bank that exports one account again and again, and changes ids, texts and dates as banks do.

It knows which row is which transaction, so it can tell what a merge lost or doubled, and answer as the person would. It
shares nothing with the code under test.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from fin_infra.imports.statements import Answer, Conflict, merge
from fin_infra.model.money import Money
from fin_infra.model.statement import StatementLine

PAYEES = ("Café de la Gare", "AMAZON MKTP US*1L47 SEATTLE", "Müller Bäckerei", "Rent", "Shell 0417", "PAYROLL ACME INC")
AMOUNTS = ("-3.20", "-12.00", "-47.11", "-850.00", "2500.00")
START = date(2026, 1, 1)


@dataclass(frozen=True)
class Truth:
    """One transaction; those with equal day, amount and payee are twins, which nobody can tell apart."""

    number: int
    day: int
    amount: str
    payee: str

    @property
    def twins(self) -> tuple[int, str, str]:
        return self.day, self.amount, self.payee


@dataclass
class Tally:
    lost: int = 0
    doubled: int = 0
    asked: int = 0
    rows: int = 0


Ids = Callable[[Random, int, int, Truth], str | None]
IDS: dict[str, Ids] = {
    "stable": lambda random, export, row, truth: f"F{truth.number}",
    "renumbered": lambda random, export, row, truth: f"E{export}-{truth.number}",
    "absent": lambda random, export, row, truth: None,
    "positional": lambda random, export, row, truth: str(row + 1),
    "date_and_amount": lambda random, export, row, truth: f"{truth.day}{truth.amount}",
    "zero": lambda random, export, row, truth: "0",
}


@dataclass
class Bank:
    random: Random
    ids: str
    text_share: float = 0.0
    moved_share: float = 0.0
    truth_of: dict[int, Truth] = field(default_factory=dict[int, Truth])
    """The transaction behind each row, by the row's identity in memory."""
    rows: list[StatementLine] = field(default_factory=list[StatementLine])

    def history(self, days: int, per_day: float) -> list[Truth]:
        count = int(days * per_day)
        drawn = [
            (self.random.randrange(days), self.random.choice(AMOUNTS), self.random.choice(PAYEES)) for _ in range(count)
        ]
        twins = [item for item in drawn if self.random.random() < 0.1]
        return [Truth(number, *item) for number, item in enumerate(sorted(drawn + twins))]

    def export(self, number: int, truths: list[Truth], first: int, last: int) -> list[StatementLine]:
        rows: list[StatementLine] = []
        for truth in truths:
            day = self._moved(truth.day)
            if not first <= day <= last:
                continue
            row = StatementLine(
                id=IDS[self.ids](self.random, number, len(rows), truth),
                posted=START + timedelta(days=day),
                amount=Money(Decimal(truth.amount), "EUR"),
                description=self._text(truth.payee),
            )
            self.truth_of[id(row)] = truth
            rows.append(row)
        self.rows += rows  # kept alive, so that `id` stays theirs
        return rows

    def _moved(self, day: int) -> int:
        """Move a date by up to five days where the id stays; without ids two rows can then take each other's place."""
        most = 5 if self.ids == "stable" else 2
        return day + self.random.randint(1, most) if self.random.random() < self.moved_share else day

    def _text(self, payee: str) -> str:
        if self.random.random() >= self.text_share:
            return payee
        changes = (plain(payee), payee[:5], f"CARD 1234 {payee}", f"{payee} 2026-01 REF 99", (payee + " " * 40)[:32])
        return self.random.choice(changes)

    def exchange(
        self,
        known: list[StatementLine],
        export: list[StatementLine],
        matched: tuple[tuple[StatementLine, StatementLine], ...],
    ) -> None:
        """Let rows that look alike stand for each other's transaction, as they do in front of a person."""
        for mine, other in matched:
            new, old = self.truth_of[id(mine)], self.truth_of[id(other)]
            if new == old:
                continue
            twin = next((row for row in export if looks(row) == looks(mine) and self.truth_of[id(row)] == old), None)
            holder = next((row for row in known if self.truth_of[id(row)] == new), None)
            if twin is not None:
                self.truth_of[id(mine)], self.truth_of[id(twin)] = old, new
                continue
            alike = (mine.posted, mine.amount) == (other.posted, other.amount)
            if alike or (holder is not None and looks(holder) == looks(other)):
                self.truth_of[id(other)] = new
                if holder is not None:
                    self.truth_of[id(holder)] = old

    def says(self, conflict: Conflict, known: list[StatementLine], export: list[StatementLine]) -> Answer:
        """Answer as the person would, to whom equal rows are one and the same."""
        mine, other = conflict.incoming, conflict.other
        assert other is not None
        if any(row is other for row in export):
            return Answer(conflict=conflict, same=False)
        mine_may_be = {self.truth_of[id(row)].number for row in export if looks(row) == looks(mine)}
        other_may_be = {self.truth_of[id(row)].number for row in known if looks(row) == looks(other)}
        return Answer(conflict=conflict, same=not mine_may_be.isdisjoint(other_may_be))


def plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).upper().strip()


def looks(row: StatementLine) -> tuple[object, ...]:
    """What a person sees of a row; spaces, case and accents tell nobody two rows apart."""
    return row.id, row.posted, row.amount, plain(row.description)


def play(bank: Bank, *, days: int = 60, exports: int = 5, length: int = 25, per_day: float = 0.6) -> Tally:
    """Import overlapping exports, answering every question truthfully, and count what went wrong."""
    truths = bank.history(days, per_day)
    tally = Tally()
    known: list[StatementLine] = []
    seen: dict[int, Truth] = {}
    step = (days - length) // (exports - 1)
    for number in range(exports):
        export = bank.export(number, truths, number * step, number * step + length - 1)
        seen |= {truth.number: truth for truth in (bank.truth_of[id(row)] for row in export)}
        answers: list[Answer] = []
        for _ in range(len(export) + 1):
            result = merge(known, export, answers=answers)
            bank.exchange(known, export, result.matched)
            if not result.conflicts:
                break
            tally.asked += len(result.conflicts)
            answers += [bank.says(conflict, known, export) for conflict in result.conflicts]
        assert not result.conflicts, "the same question comes again and again"
        known += result.new
        again = merge(known, export, answers=answers)
        assert again.new == (), "a repeated import adds"
    wanted = Counter(truth.twins for truth in seen.values())
    got = Counter(bank.truth_of[id(row)].twins for row in known)
    tally.lost = sum((wanted - got).values())
    tally.doubled = sum((got - wanted).values())
    tally.rows = len(seen)
    return tally
