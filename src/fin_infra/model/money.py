"""Money: an exact amount in one currency.
Floor 0: sums refuse to mix currencies, a float never becomes money, and nothing is rounded unless you ask."""

from __future__ import annotations

# Arguments are checked although they are typed: callers without a type checker get a sentence, not a traceback.
# pyright: reportUnnecessaryIsInstance=false
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from functools import total_ordering
from typing import Any, Literal, cast, overload

from fin_infra.arguments import checked, shown
from fin_infra.errors import CurrencyMismatch, InvalidInput
from fin_infra.model.currency import CURRENCIES, minor_units, unknown

EXACT_DIGITS = 1000
"""Sums and products are exact up to this many digits, and an error beyond."""
QUOTIENT_DIGITS = 50
"""Significant digits of a quotient, which alone cannot be exact."""

_EXACT = Context(prec=EXACT_DIGITS, traps=[Inexact, InvalidOperation])
_ROUNDED = Context(prec=EXACT_DIGITS, traps=[InvalidOperation])
_QUOTIENT = Context(prec=QUOTIENT_DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])
_ZERO = Decimal(0)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Money:
    """An amount of one ISO 4217 currency, positive for money in.

    Sums and products are exact whatever the thread's decimal context says; a quotient has 50 significant digits; only
    `quantize` rounds to cents. Zero has no sign. `sum(...)` adds up and is a bare 0 where there is nothing to add;
    `Money.total` takes a currency, and so is always Money. The one number that money may be compared with is 0, which
    is the same in every currency: `m > 0`, `m == 0`.

    Raises:
        InvalidInput: the amount is not a finite Decimal.
        UnknownCurrency: the code is not in ISO 4217, present or historic.

    >>> Money(Decimal("0.10"), "EUR") + Money(Decimal("0.20"), "EUR")
    Money('0.30', 'EUR')
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        amount = self.amount
        if type(amount) is not Decimal or not amount.is_finite():
            raise InvalidInput(f"Money needs a finite Decimal, not {_short(amount)}; build it from text with Money.of.")
        if not isinstance(self.currency, str) or self.currency not in CURRENCIES:
            raise unknown(self.currency)
        if not amount and amount.is_signed():
            object.__setattr__(self, "amount", amount.copy_abs())

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Money:
        """Build money from text such as `-12.00`; raise InvalidInput for floats and for text that is not a number."""
        if isinstance(amount, str):
            return cls(decimal_from_text(amount), currency)
        if type(amount) is int:
            return cls(Decimal(amount), currency)
        if isinstance(amount, Decimal):
            return cls(amount, currency)
        raise InvalidInput(f"Money is built from text, int or Decimal, not from {shown(amount)}.")

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(_ZERO, currency)

    @classmethod
    @checked
    def total(cls, items: Iterable[Money], currency: str) -> Money:
        """Add up money that is all in `currency`; nothing adds up to zero of it."""
        amount = _ZERO
        for item in items:
            if item.currency != currency:
                raise _mismatch(currency, item.currency)
            amount = _add(amount, item.amount)
        return cls(amount, currency)

    @checked
    def quantize(self, rounding: str = ROUND_HALF_EVEN) -> Money:
        """Round to the currency's minor unit, half to even unless told otherwise.

        Raises:
            InvalidInput: the currency has no minor unit (XAU, XDR, XXX, most withdrawn codes), `rounding` is not a
                `decimal.ROUND_*` constant, or the amount has too many digits.
        """
        step = Decimal((0, (1,), -minor_units(self.currency)))
        try:
            return Money(self.amount.quantize(step, rounding, _ROUNDED), self.currency)
        except TypeError:
            raise InvalidInput(
                f"{rounding!r} is not a rounding; use a constant such as decimal.ROUND_HALF_UP."
            ) from None
        except InvalidOperation:
            raise InvalidInput(f"An amount of more than {EXACT_DIGITS} digits cannot be rounded to cents.") from None

    @checked
    def allocate(self, weights: Sequence[int | Decimal]) -> list[Money]:
        """Split by weight into shares of whole minor units that add up to this amount again.

        Units left over go one by one to the largest remainders, and among equal ones to the earlier share.

        Raises:
            InvalidInput: the amount is not in whole minor units (`quantize` it first), or no weight is above zero, or
                one is negative or no number.

        >>> Money.of("10.00", "USD").allocate([1, 1, 1])
        [Money('3.34', 'USD'), Money('3.33', 'USD'), Money('3.33', 'USD')]
        """
        whole = self.quantize()
        if whole.amount != self.amount:
            raise InvalidInput(f"{self} is not in whole minor units; quantize() it before you split it.")
        exponent = minor_units(self.currency)
        units = abs(int(whole.amount.scaleb(exponent, _ROUNDED)))
        sign = 1 if self.amount >= 0 else -1
        return [
            Money(Decimal(sign * share).scaleb(-exponent, _ROUNDED), self.currency) for share in _split(units, weights)
        ]

    def _same(self, other: Money) -> Decimal:
        if self.currency != other.currency:
            raise _mismatch(self.currency, other.currency)
        return other.amount

    def _no_money(self, other: object) -> Any:
        """Refuse a bare number with a sentence, and leave anything else to Python."""
        if isinstance(other, (int, float, Decimal)) and not isinstance(other, bool):
            raise InvalidInput(f"{other} has no currency; write Money.of('{other}', '{self.currency}').")
        return NotImplemented

    def __add__(self, other: Money | int) -> Money:
        if isinstance(other, Money):
            return Money(_add(self.amount, self._same(other)), self.currency)
        return self if _is_zero(other) else self._no_money(other)

    __radd__ = __add__

    def __sub__(self, other: Money | int) -> Money:
        if isinstance(other, Money):
            return Money(_add(self.amount, self._same(other).copy_negate()), self.currency)
        return self if _is_zero(other) else self._no_money(other)

    def __mul__(self, factor: Decimal | int) -> Money:
        if isinstance(factor, bool) or not isinstance(factor, (Decimal, int)):
            return NotImplemented
        try:
            return Money(_EXACT.multiply(self.amount, factor), self.currency)
        except (Inexact, InvalidOperation):
            raise _too_long("product") from None

    __rmul__ = __mul__

    @overload
    def __truediv__(self, divisor: Money) -> Decimal: ...
    @overload
    def __truediv__(self, divisor: Decimal | int) -> Money: ...
    def __truediv__(self, divisor: Money | Decimal | int) -> Money | Decimal:
        """Divide by a number, or by money of the same currency, which gives the ratio."""
        if isinstance(divisor, Money):
            return _quotient(self.amount, self._same(divisor))
        if isinstance(divisor, bool) or not isinstance(divisor, (Decimal, int)):
            return NotImplemented
        return Money(_quotient(self.amount, divisor), self.currency)

    def __pos__(self) -> Money:
        return self

    def __neg__(self) -> Money:
        return Money(self.amount.copy_negate(), self.currency)

    def __abs__(self) -> Money:
        return Money(self.amount.copy_abs(), self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Money):
            return self.currency == other.currency and self.amount == other.amount
        return not self.amount if _is_zero(other) else NotImplemented

    def __lt__(self, other: Money | Literal[0]) -> bool:
        if isinstance(other, Money):
            return self.amount < self._same(other)
        return self.amount < 0 if _is_zero(other) else cast("bool", self._no_money(other))

    def __hash__(self) -> int:
        return hash((self.amount, self.currency)) if self.amount else 0  # zero of any currency equals 0

    def __repr__(self) -> str:
        return f"Money({str(self.amount)!r}, {self.currency!r})"

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def __format__(self, spec: str) -> str:
        """Write the amount by `spec` as a Decimal is, then the currency: `,.2f` gives `-1,234.50 USD`."""
        try:
            if spec.endswith("%"):
                raise ValueError(spec)
            return f"{self.amount:{spec or 'f'}} {self.currency}"
        except ValueError:
            raise InvalidInput(f"{spec!r} is not a format for money; use one such as ',.2f'.") from None

    def to_dict(self) -> dict[str, str]:
        """Return amount and currency as text."""
        return {"amount": format(self.amount, "f"), "currency": self.currency}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from fin_infra.model.schema import model_schema

        return model_schema(cls, source, handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> Any:
        from fin_infra.model.schema import described

        return described(schema, handler)


def decimal_from_text(text: str) -> Decimal:
    """Read a number as machines write it: ASCII digits, an optional point and exponent, nothing else.

    Raises:
        InvalidInput: blank, `NaN`, `Infinity`, spaces, underscores, thousands separators, digits of other scripts.
    """
    try:
        number = Decimal(text) if isinstance(text, str) else None
    except InvalidOperation:
        number = None
    if (
        number is None
        or not number.is_finite()
        or not text.isascii()
        or "_" in text
        or text[0] <= " "
        or text[-1] <= " "
    ):
        raise InvalidInput(f"{_short(text)} is not a number; write it like 1234.56.")
    return number


def _short(value: object) -> str:
    if not isinstance(value, (str, bytes, int, float, Decimal, type(None))):
        return shown(value)
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _split(units: int, weights: Sequence[int | Decimal]) -> list[int]:
    """Share out `units` by weight with the largest-remainder method."""
    for weight in weights:
        if isinstance(weight, bool) or not isinstance(weight, (int, Decimal)):
            raise InvalidInput(f"A weight must be an int or a Decimal, not {type(weight).__name__}.")
        if (isinstance(weight, Decimal) and not weight.is_finite()) or weight < 0:
            raise InvalidInput(f"A weight cannot be {weight}; use zero or more.")
    parts = [Fraction(weight) for weight in weights]
    whole = sum(parts)
    if not whole:
        raise InvalidInput("Money needs at least one weight above zero to be split by.")
    exact = [units * part / whole for part in parts]
    shares = [int(part) for part in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: shares[index] - exact[index])
    for index in by_remainder[: units - sum(shares)]:
        shares[index] += 1
    return shares


def _is_zero(other: object) -> bool:
    return isinstance(other, (int, Decimal)) and not isinstance(other, bool) and other == 0


def _quotient(amount: Decimal, divisor: Decimal | int) -> Decimal:
    if not divisor or (isinstance(divisor, Decimal) and not divisor.is_finite()):
        raise InvalidInput(f"Money cannot be divided by {divisor or 'zero'}.")
    try:
        return _QUOTIENT.divide(amount, divisor)
    except InvalidOperation:
        raise _too_long("quotient") from None


def _add(left: Decimal, right: Decimal) -> Decimal:
    try:
        return _EXACT.add(left, right)
    except Inexact:
        raise _too_long("sum") from None


def _mismatch(left: str, right: str) -> CurrencyMismatch:
    return CurrencyMismatch(f"{left} and {right} cannot meet in one sum; convert one first.")


def _too_long(what: str) -> InvalidInput:
    return InvalidInput(f"The exact {what} is out of range or has more than {EXACT_DIGITS} digits; quantize() first.")
