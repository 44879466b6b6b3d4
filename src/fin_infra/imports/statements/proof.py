"""Whether a statement adds up: the opening balance and the lines give the closing balance, to the last digit.
Floor 4: a file that does not is refused with the difference, or read with it where the caller accepts that."""

from __future__ import annotations

from dataclasses import replace

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements.base import ReadOptions
from fin_infra.model.money import Money
from fin_infra.model.statement import Statement, StatementBalance

OPENING, CLOSING = "opening", "ledger"


def prove(statement: Statement, options: ReadOptions) -> Statement:
    """Return the statement, with its difference where that is accepted. One without both balances proves nothing.

    Raises:
        StatementUnreadable: the balances and the lines do not agree.
    """
    difference = difference_of(statement)
    if difference is None:
        return statement
    than = "more" if difference > 0 else "less"
    sentence = (
        f"The statement of the {statement.account.label} does not add up: its closing balance is {abs(difference)} "
        f"{than} than its opening balance and its transactions make"
    )
    if not options.accept_difference:
        raise StatementUnreadable(
            f"{sentence}. Export it again, or accept the difference (accept_difference=True, --accept-difference)."
        )
    return replace(statement, difference=difference, warnings=(*statement.warnings, sentence))


def difference_of(statement: Statement) -> Money | None:
    """Return what the closing balance is above opening balance and lines; None where they agree, or prove nothing.

    A line in another currency than the account's is not in the balance as it is printed, so a statement with one proves
    nothing.
    """
    opening, closing = opening_balance(statement), statement.balance(CLOSING)
    currency = statement.account.currency
    if opening is None or closing is None or opening.amount.currency != currency or closing.amount.currency != currency:
        return None
    if any(line.amount.currency != currency for line in statement.lines):
        return None
    difference = closing.amount - Money.total([opening.amount, *(line.amount for line in statement.lines)], currency)
    return difference if difference != 0 else None


def opening_balance(statement: Statement) -> StatementBalance | None:
    """Return the earliest opening balance; None where there is none, or several of the first day that differ."""
    found = [balance for balance in statement.balances if balance.kind == OPENING]
    days = [balance.at for balance in found if balance.at is not None]
    first = [balance for balance in found if not days or balance.at == min(days)]
    return first[0] if first and all(balance.amount == first[0].amount for balance in first) else None
