"""Whether a running balance follows from the amounts, whatever the order of the rows: the proof of a CSV file.
Floor 4: each row leads from the balance before it to the one after it; the chain has one beginning and one end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from itertools import repeat
from operator import is_
from typing import cast

_EXACT = Context(prec=60)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Chain:
    """What the balances of a statement show."""

    opening: Decimal
    closing: Decimal
    oldest_first: bool | None
    """None where the rows stand in neither order, which only a chain that holds can tell."""
    holds: bool
    broken: int = 0
    """How many steps do not follow, in the better of the two orders."""


def follow(amounts: Sequence[Decimal], balances: Sequence[Decimal | None]) -> Chain | None:
    """Follow the balances through the rows in file order. None where fewer than two rows print one, or no row has one.

    A row without a balance passes its amount on to the next one that has one.
    """
    if not amounts or all(map(is_, balances, repeat(None))):
        return None
    if any(map(is_, balances, repeat(None))):
        return _with_gaps(amounts, balances)
    known = cast("list[Decimal]", list(balances))
    befores = list(map(_EXACT.subtract, known, amounts))
    if befores[1:] == known[:-1]:
        return Chain(befores[0], known[-1], True, len(known) > 1)
    if befores[:-1] == known[1:]:
        return Chain(befores[-1], known[0], False, True)
    starts, ends = Counter(befores), Counter(known)
    first, last = list((starts - ends).elements()), list((ends - starts).elements())
    if len(first) == len(last) == 1:
        return Chain(first[0], last[0], None, True)
    return _broken(befores, known)


def _with_gaps(amounts: Sequence[Decimal], balances: Sequence[Decimal | None]) -> Chain | None:
    up = _gaps(amounts, balances, oldest_first=True)
    down = _gaps(amounts[::-1], balances[::-1], oldest_first=False)
    return min(filter(None, (up, down)), key=lambda chain: chain.broken, default=None)


def _gaps(amounts: Sequence[Decimal], balances: Sequence[Decimal | None], *, oldest_first: bool) -> Chain | None:
    passed = _ZERO
    opening: Decimal | None = None
    last: Decimal | None = None
    steps = broken = 0
    for amount, balance in zip(amounts, balances, strict=True):
        passed = _EXACT.add(passed, amount)
        if balance is None:
            continue
        if last is None:
            opening = _EXACT.subtract(balance, passed)
        else:
            steps += 1
            broken += _EXACT.add(last, passed) != balance
        last, passed = balance, _ZERO
    if opening is None or last is None:
        return None
    closing = _EXACT.add(last, passed)
    return Chain(opening, closing, oldest_first, bool(steps) and not broken, broken)


def _broken(befores: list[Decimal], balances: list[Decimal]) -> Chain:
    up = sum(a != b for a, b in zip(befores[1:], balances, strict=False))
    down = sum(a != b for a, b in zip(befores, balances[1:], strict=False))
    if up <= down:
        return Chain(befores[0], balances[-1], True, False, up)
    return Chain(befores[-1], balances[0], False, False, down)
