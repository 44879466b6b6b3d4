"""Money out of one own account and into another one: which of them belong together.
Floor 5: equal amounts of one currency within a few days; each side has one partner, and all pairs together are best.

Linear in rows but for equal amounts that come often: each of those looks at its `NEAREST` in time, and where more than
`EXACT` of them hang together without a clear best partner for each, the best pairs are taken first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fin_infra.insights.records import EntryAccount
from fin_infra.insights.transfers.matching import EXACT, Weights, best
from fin_infra.insights.transfers.words import Side, names

DAYS = 5
"""Calendar days between the two sides: three business days with a weekend."""
NEAREST = 32
"""How many equal amounts in other accounts one side is compared with."""
_STRENGTH = 100
"""What a step of evidence weighs; a day of distance weighs 1."""
NAMED, BOTH, ONE, SILENT = 4, 3, 2, 1
CONFIDENCE: Mapping[int, Decimal] = {
    NAMED: Decimal("0.99"),
    BOTH: Decimal("0.98"),
    ONE: Decimal("0.90"),
    SILENT: Decimal("0.50"),
}
"""By how much the two sides say: estimates, there is no public measurement."""
RIVALED = Decimal("0.50")
"""The confidence of a pair that might as well be another one."""


@dataclass(frozen=True, slots=True)
class Pair:
    out: Side
    into: Side
    strength: int
    rival: Side | None
    """Another side that fits as well and is left without a partner."""

    @property
    def confidence(self) -> Decimal:
        return CONFIDENCE[self.strength] if self.rival is None else min(RIVALED, CONFIDENCE[self.strength])

    @property
    def days(self) -> int:
        return abs((self.out.entry.date - self.into.entry.date).days)


def pairs(sides: Iterable[Side], accounts: Mapping[str, EntryAccount]) -> list[Pair]:
    """Return the best pairs, in order of their amounts and days; a side that speaks against it has none."""
    groups: dict[tuple[str, Decimal], list[Side]] = {}
    for side in sides:
        amount = side.entry.amount
        if side.speech >= 0 and amount.amount:
            groups.setdefault((amount.currency, abs(amount.amount)), []).append(side)
    found: list[Pair] = []
    for group in groups.values():
        if len(group) > 1:
            found += _of_group(sorted(group, key=_when), accounts)
    return found


def _when(side: Side) -> tuple[object, ...]:
    return side.entry.date, side.entry.account_id, side.entry.id


def _of_group(group: Sequence[Side], accounts: Mapping[str, EntryAccount]) -> Iterator[Pair]:
    outs = [side for side in group if side.entry.amount.amount < 0]
    ins = [side for side in group if side.entry.amount.amount > 0]
    if not outs or not ins:
        return
    weights: dict[tuple[int, int], int] = {}
    for at, out in enumerate(outs):
        for other in _near(out, ins):
            strength = _strength(out, ins[other], accounts)
            if strength:
                days = abs((out.entry.date - ins[other].entry.date).days)
                weights[at, other] = strength * _STRENGTH - days
    chosen = best(weights, EXACT)
    free = _Free(outs, ins, weights, chosen)
    for at, other in sorted(chosen.items()):
        strength = -(-weights[at, other] // _STRENGTH)  # without the days
        yield Pair(outs[at], ins[other], strength, free.rival(at, other))


def _near(out: Side, ins: Sequence[Side]) -> list[int]:
    """Return the places of those within `DAYS` of `out` and in another account, the nearest ones if there are many."""
    day = out.entry.date.toordinal()
    first = bisect_left(ins, day - DAYS, key=_ordinal)
    last = bisect_left(ins, day + DAYS + 1, key=_ordinal)
    if last - first > NEAREST:
        middle = bisect_left(ins, day, key=_ordinal)
        first, last = max(first, middle - NEAREST // 2), min(last, middle + NEAREST // 2)
    return [at for at in range(first, last) if ins[at].entry.account_id != out.entry.account_id]


def _ordinal(side: Side) -> int:
    return side.entry.date.toordinal()


def _strength(out: Side, into: Side, accounts: Mapping[str, EntryAccount]) -> int:
    """Return how much two sides say for a transfer between them; 0 where one names a third account."""
    named = False
    for side, other in ((out, into), (into, out)):
        if names(side, _ending(accounts, other)):
            named = True
        elif _names_third(side, other, accounts):
            return 0
    if named:
        return NAMED
    speech = out.speech + into.speech
    return BOTH if speech == 2 else ONE if speech == 1 and not (out.is_to_others or into.is_to_others) else SILENT


def _ending(accounts: Mapping[str, EntryAccount], side: Side) -> str | None:
    facts = accounts.get(side.entry.account_id)
    return facts.ending if facts is not None else None


def _names_third(side: Side, other: Side, accounts: Mapping[str, EntryAccount]) -> bool:
    if not side.digits or not side.speech:
        return False
    own = (side.entry.account_id, other.entry.account_id)
    return any(names(side, facts.ending) for facts in accounts.values() if facts.id not in own)


class _Free:
    """Who was left without a partner, to see where a pair might as well be another one."""

    def __init__(self, outs: Sequence[Side], ins: Sequence[Side], weights: Weights, chosen: Mapping[int, int]) -> None:
        self.outs, self.ins, self.weights = outs, ins, weights
        taken = set(chosen.values())
        self.of_out: dict[int, list[int]] = {}
        self.of_in: dict[int, list[int]] = {}
        for at, other in weights:
            if other not in taken:
                self.of_out.setdefault(at, []).append(other)
            if at not in chosen:
                self.of_in.setdefault(other, []).append(at)

    def rival(self, at: int, other: int) -> Side | None:
        weight = self.weights[at, other]
        for into in self.of_out.get(at, ()):
            if self.weights[at, into] >= weight and not _alike(self.ins[into], self.ins[other]):
                return self.ins[into]
        for out in self.of_in.get(other, ()):
            if self.weights[out, other] >= weight and not _alike(self.outs[out], self.outs[at]):
                return self.outs[out]
        return None


def _alike(one: Side, other: Side) -> bool:
    """Return whether it does not matter which of two is meant."""
    a, b = one.entry, other.entry
    return (a.account_id, a.date, a.description) == (b.account_id, b.date, b.description)
