"""What the printed amounts of a statement are worth: in or out, by the reading that its balances prove.
Floor 4: a running balance, or opening and closing balance, proves a reading; a reading that nothing proves is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fin_infra.imports.statements.pdf.amounts import Amount
from fin_infra.imports.statements.pdf.layouts import Role
from fin_infra.imports.statements.pdf.table import Balance, Row, Table, column_of, columns

_FEWEST_STEPS = 2
"""Steps of a running balance that prove a reading where no opening balance is printed."""


@dataclass(frozen=True, slots=True)
class Convention:
    """How a statement prints: whether a plain amount is money out, and whether a plain balance is owed."""

    out: bool
    owed: bool
    sections: bool = False
    """Whether plain amounts are in or out as the head of their table says."""


DEPOSITS = (
    Convention(out=False, owed=False, sections=True),
    Convention(out=False, owed=False),
    Convention(out=True, owed=False),
)
CARDS = (Convention(out=True, owed=True), Convention(out=True, owed=False), Convention(out=False, owed=False))


@dataclass(frozen=True, slots=True)
class Read:
    """One reading: each row's money and balance, in the order of the file, and the balances around them."""

    rows: tuple[tuple[Row, Decimal, Decimal | None], ...]
    opening: tuple[Decimal, Balance] | None
    closing: tuple[Decimal, Balance] | None
    newest_first: bool = False

    @property
    def proven(self) -> bool:
        """Tell whether balances prove every row."""
        total = sum((money for _, money, _ in self.rows), Decimal(0))
        ends = None
        if self.opening and self.closing:
            ends = self.opening[0] + total == self.closing[0]
        running = self._running()
        return ends is not False and running is not False and (ends is True or running is True)

    def _running(self) -> bool | None:
        """Tell whether each printed balance follows from the one before; None where too few are printed to tell."""
        at = self.opening[0] if self.opening else None
        steps, waiting = 0, Decimal(0)
        for _, money, balance in reversed(self.rows) if self.newest_first else self.rows:
            waiting += money
            if balance is None:
                continue
            if at is not None:
                if at + waiting != balance:
                    return False
                steps += 1
            at, waiting = balance, Decimal(0)
        if self.closing and at is not None and steps:
            return at + waiting == self.closing[0]
        return (steps >= (1 if self.opening else _FEWEST_STEPS) and not waiting) or None


def readings(table: Table, *, card: bool, currency: str, mark: str | None) -> Iterator[Read]:
    """Yield what the table may mean, the likeliest first.

    Raises:
        InvalidInput: an amount reads in two ways.
    """
    for way in columns(table):
        placed = [[(column_of(amount, way).role, amount) for amount in row.amounts] for row in table.rows]
        if any(len({role for role, _ in row}) != len(row) for row in placed):
            continue
        for convention in CARDS if card else DEPOSITS:
            for newest_first in (False, True):
                rows = list(_rows(table.rows, placed, convention, currency, mark))
                if len(rows) == len(table.rows):
                    opening, closing = (_around(table, first, convention, currency, mark) for first in (True, False))
                    yield Read(tuple(rows), opening, closing, newest_first)


def _rows(
    rows: Sequence[Row],
    placed: Sequence[Sequence[tuple[Role, Amount]]],
    convention: Convention,
    currency: str,
    mark: str | None,
) -> Iterator[tuple[Row, Decimal, Decimal | None]]:
    """Yield the rows whose amounts are one of money and at most one balance."""
    debits = [amount for row in placed for role, amount in row if role is Role.DEBIT]
    signed = bool(debits) and all(amount.negative for amount in debits)
    for row, amounts in zip(rows, placed, strict=True):
        found = dict(amounts)
        balance = found.pop(Role.BALANCE, None)
        if len(found) != 1:
            return
        ((role, amount),) = found.items()
        value = amount.value(currency, mark)
        if role is Role.DEBIT:
            money = value if signed else -value
        elif role is Role.CREDIT:
            money = value
        elif not convention.sections:
            money = _marked(amount, value, out=convention.out)
        elif row.section is None:
            return
        else:
            money = _marked(amount, value, out=not row.section and not amount.negative)
        left = None if balance is None else _marked(balance, balance.value(currency, mark), out=convention.owed)
        yield row, money, left


def _marked(amount: Amount, value: Decimal, *, out: bool) -> Decimal:
    """Return an amount with the sign that its mark gives, else the convention's."""
    if amount.mark:
        return abs(value) if amount.mark == "in" else -abs(value)
    return -value if out else value


def _around(
    table: Table, opening: bool, convention: Convention, currency: str, mark: str | None
) -> tuple[Decimal, Balance] | None:
    """Return the first opening or the last closing balance: each page may carry one forward."""
    found = [balance for balance in table.balances if balance.opening is opening]
    if not found:
        return None
    chosen = found[0] if opening else found[-1]
    value = chosen.amount.value(currency, mark)
    if chosen.owed is not None:
        return -abs(value) if chosen.owed else abs(value), chosen
    return _marked(chosen.amount, value, out=convention.owed), chosen
