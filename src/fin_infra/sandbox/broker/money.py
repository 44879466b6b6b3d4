"""Do the broker's arithmetic: sums and products that are exact or fail, and cents where money is booked.
Floor 8: nothing here rounds silently; only `cents`, `ratio` and `share` round, and say how.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

ZERO, CENT, NANO = Decimal(0), Decimal("0.01"), Decimal("1e-9")
_TRAPS = [InvalidOperation, DivisionByZero, Overflow]
_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN, traps=[*_TRAPS, Inexact])
_WIDE = Context(prec=80, rounding=ROUND_HALF_EVEN, traps=_TRAPS)


def times(one: Decimal, other: Decimal) -> Decimal:
    """Return the exact product."""
    return _EXACT.multiply(one, other)


def plus(*parts: Decimal) -> Decimal:
    """Return the exact sum."""
    total = ZERO
    for part in parts:
        total = _EXACT.add(total, part)
    return total


def cents(amount: Decimal) -> Decimal:
    """Return an amount as it is booked: whole cents, half to even."""
    return amount.quantize(CENT, ROUND_HALF_EVEN, _WIDE)


def ratio(one: Decimal, other: Decimal, places: Decimal = NANO) -> Decimal:
    """Return one / other to nine places, half to even; zero over zero is zero."""
    return ZERO if not one else _WIDE.divide(one, other).quantize(places, ROUND_HALF_EVEN, _WIDE)


def share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Return the part of a booked amount in whole cents: amount * part / whole."""
    return amount if part == whole else cents(_WIDE.divide(_EXACT.multiply(amount, part), whole))


def affordable(money: Decimal, price: Decimal) -> Decimal:
    """Return how much of something a sum buys: nine places, rounded down."""
    return _WIDE.divide(money, price).quantize(NANO, ROUND_DOWN, _WIDE)


def text(value: Decimal | None) -> str | None:
    """Return a number as the broker writes it: plain digits without trailing zeros."""
    if value is None:
        return None
    digits = format(value, "f")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if digits in ("-0", "") else digits
