"""What a person said to earlier questions of a merge, found again by the lines they were about.
Floor 4: lines with equal keys stand for each other, so each answer counts once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from fin_infra.imports.statements.conflict import Answer, Question
from fin_infra.imports.statements.likeness import fold
from fin_infra.model.statement import StatementLine

_ALONE = (Question.REPEATED, Question.CORRECTS)
"""Questions about one line, which hold no known line for it."""


class LineKey(NamedTuple):
    """What lines are matched by: those with equal keys may stand for each other."""

    id: str
    posted: date
    amount: Decimal
    currency: str
    corrects: str
    words: str

    @property
    def identity(self) -> Hashable:
        return self[:-1]

    @property
    def text(self) -> Hashable:
        return self[1:]

    @property
    def money(self) -> tuple[Decimal, str]:
        return self.amount, self.currency


def line_key(line: StatementLine) -> LineKey:
    money = line.amount
    text = fold(line.description or line.memo or "")
    return LineKey(line.id or "", line.posted, money.amount, money.currency, line.corrects or "", text)


class Answers:
    """What a person said, each answer once: lines with equal keys are counted, so they share their answers."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._same: Counter[tuple[LineKey, LineKey]] = Counter()
        self._differ: Counter[tuple[LineKey, LineKey]] = Counter()
        self._parted: defaultdict[int, set[LineKey]] = defaultdict(set)
        self._alone: defaultdict[tuple[Question, LineKey, LineKey | None], list[bool]] = defaultdict(list)
        self._same_as: defaultdict[LineKey, set[LineKey]] = defaultdict(set)
        for answer in answers:
            conflict = answer.conflict
            traits, other = line_key(conflict.incoming), line_key(conflict.other) if conflict.other else None
            if other is None or conflict.question in _ALONE:
                self._alone[(conflict.question, traits, other)].append(answer.same)
            elif answer.same:
                self._same[(traits, other)] += 1
                self._same_as[traits].add(other)
            else:
                self._differ[(traits, other)] += 1

    def differ(self, index: int, traits: LineKey, other: LineKey) -> bool:
        """Tell whether this incoming line was said not to be that known one; the first that would be asked takes it."""
        if other in self._parted.get(index, ()):
            return True
        if not self._differ[(traits, other)]:
            return False
        self._differ[(traits, other)] -= 1
        self._parted[index].add(other)
        return True

    def same(self, traits: LineKey, other: LineKey) -> bool:
        return self._same[(traits, other)] > 0

    def take(self, traits: LineKey, other: LineKey) -> bool:
        if not self.same(traits, other):
            return False
        self._same[(traits, other)] -= 1
        return True

    def same_as(self, traits: LineKey) -> set[LineKey]:
        return {other for other in self._same_as.get(traits, ()) if self.same(traits, other)}

    def alone(self, question: Question, traits: LineKey, other: StatementLine | None) -> bool | None:
        said = self._alone.get((question, traits, line_key(other) if other else None))
        return said.pop() if said else None
