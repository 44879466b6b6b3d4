"""Whether a statement adds up, by hand: 100.00 and three lines of -30.00, +5.25, -0.25 make 75.00."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements.base import ReadOptions
from fin_infra.imports.statements.proof import difference_of, opening_balance, prove
from fin_infra.model import AccountType, Money, Statement, StatementAccount, StatementBalance, StatementLine

ACCOUNT = StatementAccount(number="DE02120300000000202051", type=AccountType.DEPOSITORY, currency="EUR")
PLAIN = ReadOptions()


def balance(kind: str, amount: str, day: int | None = None, currency: str = "EUR") -> StatementBalance:
    at = None if day is None else date(2026, 11, day)
    return StatementBalance(amount=Money(Decimal(amount), currency), at=at, kind=kind)


def line(amount: str, currency: str = "EUR") -> StatementLine:
    return StatementLine(id=None, posted=date(2026, 11, 3), amount=Money(Decimal(amount), currency), description="")


def statement(*balances: StatementBalance, lines: tuple[str, ...] = ("-30.00", "5.25", "-0.25")) -> Statement:
    return Statement(account=ACCOUNT, lines=tuple(map(line, lines)), balances=balances)


def test_statement_when_it_adds_up_then_it_is_returned_as_it_is() -> None:
    given = statement(balance("opening", "100.00", 1), balance("ledger", "75.0", 30))
    assert prove(given, PLAIN) is given


@pytest.mark.parametrize(("closing", "said"), [("75.01", "0.01 EUR more"), ("70.00", "5.00 EUR less")])
def test_statement_when_it_does_not_add_up_then_the_difference_is_said_or_kept(closing: str, said: str) -> None:
    given = statement(balance("opening", "100.00", 1), balance("ledger", closing, 30))
    with pytest.raises(StatementUnreadable, match=said):
        prove(given, PLAIN)
    read = prove(given, ReadOptions(accept_difference=True))
    assert read.difference == Money(Decimal(closing) - 75, "EUR")
    assert said in read.warnings[-1]
    assert read.lines == given.lines


def test_statement_when_a_balance_is_missing_or_a_line_is_in_another_currency_then_it_proves_nothing() -> None:
    opening, closing = balance("opening", "1.00", 1), balance("ledger", "9.00", 30)
    assert difference_of(statement(closing)) is None
    assert difference_of(statement(opening)) is None
    assert difference_of(statement(opening, balance("ledger", "9.00", 30, "USD"))) is None
    mixed = Statement(account=ACCOUNT, lines=(line("1.00", "USD"),), balances=(opening, closing))
    assert difference_of(mixed) is None


def test_opening_when_there_are_several_then_the_first_day_counts_and_a_contradiction_is_none() -> None:
    first, later = balance("opening", "100.00", 1), balance("opening", "90.00", 2)
    assert opening_balance(statement(later, first)) == first
    assert opening_balance(statement(first, balance("opening", "99.00", 1))) is None
