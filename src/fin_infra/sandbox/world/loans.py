"""List the household's loans and work out how they stand: balance, interest and the next payment.
Floor 8: annuities with whole-cent payments; the student loan's is the one that leaves Everyday Checking on the 20th.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fin_infra.sandbox.world.household import ADA, BEN, Person
from fin_infra.sandbox.world.prices import CENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """One loan; `rate` is percent a year, `payment` is due each month on `day`, from the month after `begun`."""

    slug: str
    lender: str
    kind: str
    name: str
    number: str
    owners: tuple[Person, ...]
    principal: Decimal
    rate: Decimal
    payment: Decimal
    day: int
    begun: date
    ends: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanStanding:
    """How a loan stands; the year's sums count from 1 January."""

    balance: Decimal
    last_paid: date | None
    next_due: date
    interest_this_year: Decimal
    principal_this_year: Decimal


LOANS = (
    Loan(slug="ada-student-loan", lender="eduloan", kind="student", name="Graduate Student Loan", number="4471920083",
         owners=(ADA,), principal=Decimal("28600.00"), rate=Decimal("5.50"), payment=Decimal("310.00"), day=20,
         begun=date(2021, 9, 1), ends=date(2031, 12, 20)),
    Loan(slug="cabin-mortgage", lender="superior_shore", kind="mortgage", name="Cabin Mortgage", number="3120000764",
         owners=(BEN, ADA), principal=Decimal("148000.00"), rate=Decimal("4.125"), payment=Decimal("717.28"), day=1,
         begun=date(2021, 5, 1), ends=date(2051, 5, 1)),
)  # fmt: skip


def standing(loan: Loan, today: date) -> LoanStanding:
    """Return how the loan stands at the end of `today`: each payment pays a month's interest and then principal."""
    balance, last = loan.principal, None
    interest_sum = principal_sum = Decimal(0)
    due = following(loan.begun.replace(day=loan.day))
    while due <= today and balance > 0:
        interest = (balance * loan.rate / 1200).quantize(CENT)
        principal = min(loan.payment - interest, balance)
        balance -= principal
        if due.year == today.year:
            interest_sum += interest
            principal_sum += principal
        last, due = due, following(due)
    return LoanStanding(
        balance=balance,
        last_paid=last,
        next_due=due,
        interest_this_year=interest_sum,
        principal_this_year=principal_sum,
    )


def following(due: date) -> date:
    """Return the same day of the next month; loans fall due on days that every month has."""
    return due.replace(year=due.year + due.month // 12, month=due.month % 12 + 1)
