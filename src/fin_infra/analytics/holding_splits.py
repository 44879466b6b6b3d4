"""Splits: which one explains how a quantity and its price moved, and what quantity a given one makes.
Floor 5: a fraction is gone in the later of two syncs, whichever of them is compared with which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Context, Decimal
from fractions import Fraction

from fin_infra.model import Money, Split

TOLERANCE = Decimal("0.1")
"""How far the price after a split may be from the price before, divided by the ratio: markets move meanwhile."""
MOST_SHARES = 100
"""The largest number of shares that one becomes, or that become one, in a split that is detected and not given."""
DIGITS = Decimal("1e-9")
"""Where a quantity that a split makes endless is cut."""
_LEAVE_FRACTIONS = (
    *(Split(1, old) for old in range(2, MOST_SHARES + 1)),
    *(Split(new, 2) for new in range(3, MOST_SHARES + 1, 2)),
)
"""Splits that give part of a share to whoever holds whole ones."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """One instrument in one account: how many, at what price each, and when the broker said so."""

    quantity: Decimal = Decimal(0)
    price: Money | None = None
    identifier: str | None = None
    as_of: datetime = _LONG_AGO


def split_between(was: Held, now: Held, given: Split | None, tolerance: Decimal) -> tuple[Split | None, Decimal]:
    """Return the split between two syncs, given or found, with the quantity it made of what was held; None for none."""
    if not was.quantity or not now.quantity or was.quantity == now.quantity:
        return None, was.quantity
    if given is not None:
        return given, _after_split(was.quantity, now.quantity, given)
    found = _found(was, now, tolerance)
    return found, was.quantity if found is None else now.quantity


def _found(was: Held, now: Held, tolerance: Decimal) -> Split | None:
    """Return the split that explains both quantity and price; None where another explanation is as good.

    Only a split takes a fraction away, and none ever adds one: 5 shares that became 2 at twice the price were
    consolidated, and 2 that became 5 at half the price were not split alone. So the later of the two decides; where
    both are of the same moment either may have come first, and turned round the answer is the same split undone.
    """
    if was.price is None or now.price is None or was.price.currency != now.price.currency:
        return None
    if was.price.amount <= 0 or now.price.amount <= 0:
        return None
    rise = Fraction(now.price.amount) / Fraction(was.price.amount)
    ratio = Fraction(now.quantity) / Fraction(was.quantity)
    new, old = ratio.numerator, ratio.denominator
    if ratio > 0 and min(new, old) <= 2 and max(new, old) <= MOST_SHARES and _drift(rise, Split(new, old)) <= tolerance:
        return Split(new, old)
    if was.as_of <= now.as_of and (split := _paid_out(was.quantity, now.quantity, rise, tolerance)):
        return split
    if now.as_of <= was.as_of and (split := _paid_out(now.quantity, was.quantity, 1 / rise, tolerance)):
        return Split(split.old, split.new)
    return None


def _drift(rise: Fraction, split: Split) -> Fraction:
    """Return by what part the price moved besides the split; a half and a double are the same way off."""
    moved = rise * split.new / split.old
    return max(moved, 1 / moved) - 1


def _paid_out(was: Decimal, now: Decimal, rise: Fraction, tolerance: Decimal) -> Split | None:
    """Return the split that left whole shares and paid out the fraction; the price tells which."""
    drifts = {
        split: _drift(rise, split) for split in _LEAVE_FRACTIONS if int(Fraction(was) * split.new / split.old) == now
    }
    split = min(drifts, key=drifts.__getitem__, default=None)
    return split if split is not None and drifts[split] <= tolerance else None


def _after_split(was: Decimal, now: Decimal, split: Split) -> Decimal:
    """Return the quantity the split made: all of `now`, where only the broker's rounding is between them."""
    exact = Fraction(was) * split.new / split.old
    whole = Fraction(int(exact))
    rounded_up = whole + (exact > whole) - (exact < whole) if split.new < split.old else whole
    if Fraction(now) in (exact, whole, rounded_up) or abs(Fraction(now) - exact) < Fraction(DIGITS):
        return now
    wide = Context(prec=200)
    return (
        wide.divide(Decimal(exact.numerator), Decimal(exact.denominator))
        .quantize(DIGITS, ROUND_DOWN, wide)
        .normalize(wide)
    )
