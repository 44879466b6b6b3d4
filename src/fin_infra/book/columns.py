"""How values stand in the database: exact decimals, days and instants, the same on SQLite and PostgreSQL.
Floor 6: what is read equals what was written; a question that would compute with text is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator

from fin_infra.errors import InvalidInput

DIGITS = 38
"""As many as `numeric(38)` of the large warehouses has; 18 places of a token beside 20 digits before the point."""
EXACT = Context(prec=120, Emax=9_999, Emin=-9_999, traps=[Inexact, InvalidOperation, Overflow])
"""Every sum of stored decimals runs here: the default context rounds at 28 digits without a word."""
E4_PLACES = 4
"""Places of the whole number beside an amount; one for all currencies, so that it survives changes of ISO 4217."""
_E4_END, _E4_DIGITS = 2**63, 18
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that sorts by its bytes, as it does in SQLite."""
Whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Bytes = sa.LargeBinary()


def decimal_text(value: Decimal) -> str:
    """Return a decimal as it is stored, with its exponent: `1E+3` and `1000` are two texts.

    Raises:
        InvalidInput: it is not finite, or has more than 38 digits.
    """
    if not value.is_finite():
        raise InvalidInput("An amount in the book must be a finite number.")
    if len(value.as_tuple().digits) > DIGITS or abs(value.adjusted()) >= 1_000:
        raise InvalidInput(f"An amount in the book has at most {DIGITS} digits.")
    return str(value)


def e4(value: Decimal) -> int | None:
    """Return the amount in ten-thousandths, None where that is not exact in 64 bits."""
    scaled = value.scaleb(E4_PLACES, EXACT)
    if scaled.adjusted() > _E4_DIGITS:
        return None
    whole = int(scaled)
    return whole if whole == scaled and abs(whole) < _E4_END else None


def of_e4(total: int) -> Decimal:
    """Return ten-thousandths as an amount, without zeros that nobody wrote."""
    return Decimal(total).scaleb(-E4_PLACES, EXACT)


def exact_sum(values: Any) -> Decimal:
    """Add decimals without rounding, whatever their number of digits.

    Raises:
        InvalidInput: the exact sum has more digits than the book keeps.
    """
    total = Decimal(0)
    try:
        for value in values:
            total = EXACT.add(total, value)
    except (Inexact, Overflow):
        raise InvalidInput("The sum has more digits than can be added up exactly; ask for a shorter time.") from None
    return total


def microseconds(at: datetime) -> int:
    """Return an aware instant as whole microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def instant(stored: int) -> datetime:
    """Return stored microseconds as an instant in UTC."""
    return _EPOCH + timedelta(microseconds=stored)


class Exact(TypeDecorator[Decimal]):
    """A decimal of up to 38 digits, as text on both databases: `numeric` forgets the exponent of `1E+3`."""

    impl = Key
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[Any]):
        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            if op not in (operators.is_, operators.is_not):
                raise TypeError("text does not compare or add up as numbers do: ask the whole number beside it")
            return super().operate(op, *other, **kwargs)

    comparator_factory = Comparator  # pyright: ignore[reportAssignmentType]  # as SQLAlchemy's documentation has it

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else decimal_text(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        if type(value) in (float, int):
            raise TypeError("the database computed with text: sum the whole number, or in Python under EXACT")
        return None if value is None else Decimal(value)


class Day(TypeDecorator[date]):
    """A calendar day of the bank or venue, as `2026-01-31`: sorts as days do."""

    impl = Key
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class Instant(TypeDecorator[datetime]):
    """An aware instant, as whole microseconds since 1970 in UTC."""

    impl = Whole
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else instant(value)
