"""Pay debts off: each to the cent, one after the other as in a snowball or an avalanche, and the two compared.
Floor 5: every debt gets its minimum; what is beyond it goes to the first one in order, and what a debt that is paid
off no longer takes goes on to the next, in the same month.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from fin_infra.arguments import checked
from fin_infra.cashflows import Loan, Schedule, amortize
from fin_infra.errors import InvalidInput
from fin_infra.insights.goals.checks import (
    MOST_MONTHS,
    after,
    cents,
    least,
    monthly_interest,
    not_past,
    one_currency,
    share,
)
from fin_infra.model.money import Money
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model


class Strategy(StrEnum):
    """Which debt gets what is beyond the minimum payments."""

    AVALANCHE = "avalanche"
    """The highest rate first, which costs the least."""
    SNOWBALL = "snowball"
    """The smallest balance first, which ends a debt the soonest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt(Model):
    """What is owed. Amounts are positive; `annual_rate` is nominal, 0.18 is 18 % a year."""

    id: str
    name: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    balance: Money
    annual_rate: Decimal
    minimum: Money
    """What has to be paid each month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtPlan(Model):
    """How one debt is paid off."""

    debt: Debt
    months: int
    paid_off_on: dt.date
    interest: Money
    paid: Money
    schedule: Schedule
    """Its installments; `extra` of each is what is beyond the minimum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtPayment(Model):
    """One payment on one debt."""

    strategy: Strategy
    date: dt.date
    debt_id: str
    payment: Money
    interest: Money
    principal: Money
    extra: Money
    """Of the principal, what is beyond the minimum."""
    balance: Money
    """What is owed after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoffPlan(Model):
    """How debts are paid off together."""

    strategy: Strategy
    first_payment: dt.date
    budget: Money
    """What is paid each month until the last one: all minimums and the extra money."""
    months: int
    paid_off_on: dt.date
    interest: Money
    paid: Money
    debts: tuple[DebtPlan, ...]
    """In the order in which extra money goes to them."""

    def payments(self) -> list[DebtPayment]:
        """Return every payment on every debt, by date."""
        found = [
            DebtPayment(
                strategy=self.strategy,
                date=after(self.first_payment, row.period - 1),
                debt_id=each.debt.id,
                payment=row.payment,
                interest=row.interest,
                principal=row.principal,
                extra=row.extra,
                balance=row.balance,
            )
            for each in self.debts
            for row in each.schedule.installments
        ]
        return sorted(found, key=lambda payment: payment.date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Model):
    """The same debts and the same money by either order."""

    avalanche: PayoffPlan
    snowball: PayoffPlan
    interest_saved: Money
    """By the avalanche; negative where the snowball happens to cost less, which rounding can do by cents."""
    months_saved: int


@checked
def payoff(
    debts: Iterable[Debt],
    *,
    first_payment: dt.date,
    today: dt.date,
    extra: Money | None = None,
    strategy: Strategy = Strategy.AVALANCHE,
) -> PayoffPlan:
    """Return how debts are paid off by monthly payments, the first on `first_payment`.

    Interest of a month is a twelfth of the yearly rate on what was owed, rounded to the cent; the first payment has a
    month of it.

    Args:
        extra: what is paid each month beyond all minimums.

    Raises:
        InvalidInput: a debt would never be paid off, with the least payment that works; or an amount, rate or day
            cannot be meant.
        CurrencyMismatch: debts are in several currencies.

    >>> card = Debt(id="1", name="Visa", balance=Money.of("10000.00", "USD"), annual_rate=Decimal("0.18"),
    ...     minimum=Money.of("500.00", "USD"))
    >>> plan = payoff([card], first_payment=dt.date(2026, 1, 31), today=dt.date(2026, 1, 1))
    >>> plan.months, plan.paid_off_on, str(plan.interest)
    (24, datetime.date(2027, 12, 31), '1978.25 USD')
    """
    given = [_sound(debt) for debt in debts]
    if not given or len({debt.id for debt in given}) != len(given):
        raise InvalidInput("Give each debt once, and at least one." if given else "There is no debt to pay off.")
    currency = one_currency("Debts and payments", extra, *(each for d in given for each in (d.balance, d.minimum)))
    more = Money.zero(currency) if extra is None else cents("extra", extra)
    not_past("first_payment", first_payment, today)
    order = sorted(given, key=_ORDER[strategy])
    paid = _Months(order, more).payments()
    plans = tuple(_plan(debt, paid[debt.id], first_payment) for debt in order)
    return PayoffPlan(
        strategy=strategy,
        first_payment=first_payment,
        budget=Money.total([each.minimum for each in order], currency) + more,
        months=max(plan.months for plan in plans),
        paid_off_on=max(plan.paid_off_on for plan in plans),
        interest=Money.total([plan.interest for plan in plans], currency),
        paid=Money.total([plan.paid for plan in plans], currency),
        debts=plans,
    )


def compare(debts: Iterable[Debt], *, first_payment: dt.date, today: dt.date, extra: Money | None = None) -> Comparison:
    """Return both orders for the same debts and money.

    Raises:
        InvalidInput: as `payoff`.
        CurrencyMismatch: as `payoff`.
    """
    given = list(debts)
    avalanche, snowball = (
        payoff(given, first_payment=first_payment, today=today, extra=extra, strategy=each) for each in Strategy
    )
    return Comparison(
        avalanche=avalanche,
        snowball=snowball,
        interest_saved=snowball.interest - avalanche.interest,
        months_saved=snowball.months - avalanche.months,
    )


def least_payment(balance: Money, annual_rate: Decimal, months: int = MOST_MONTHS) -> Money:
    """Return the least monthly payment that pays a debt off within so many months, a hundred years by default.

    >>> least_payment(Money.of("10000.00", "USD"), Decimal("0.18"))
    Money('150.01', 'USD')
    """
    interest = monthly_interest(balance, annual_rate)

    def works(payment: Money) -> bool:
        owed = balance
        for _ in range(months):
            left = owed + monthly_interest(owed, annual_rate) - payment
            if left <= 0 or left >= owed:
                return left <= 0
            owed = left
        return False

    return least(interest, balance + interest, works)


_ORDER: Mapping[Strategy, Callable[[Debt], tuple[object, ...]]] = {
    Strategy.AVALANCHE: lambda debt: (-debt.annual_rate, debt.balance, debt.id),
    Strategy.SNOWBALL: lambda debt: (debt.balance, -debt.annual_rate, debt.id),
}


def _sound(debt: Debt) -> Debt:
    cents("balance", debt.balance, least=1)
    cents("minimum", debt.minimum)
    share("annual_rate", debt.annual_rate)
    return debt


@dataclass(frozen=True, slots=True)
class _Months:
    """Debts in the order in which extra money goes to them."""

    debts: Sequence[Debt]
    extra: Money

    def payments(self) -> dict[str, list[Money]]:
        """Return what is paid on each debt, month by month, up to its last payment."""
        owed = {debt.id: debt.balance for debt in self.debts}
        paid: dict[str, list[Money]] = {debt.id: [] for debt in self.debts}
        while any(owed.values()):
            self._month(owed, paid)
            if max(map(len, paid.values())) > MOST_MONTHS:
                raise self._never(next(debt for debt in self.debts if owed[debt.id]))
        return paid

    def _month(self, owed: dict[str, Money], paid: dict[str, list[Money]]) -> None:
        open_ = [debt for debt in self.debts if owed[debt.id]]
        interest = {debt.id: monthly_interest(owed[debt.id], debt.annual_rate) for debt in open_}
        due = {debt.id: owed[debt.id] + interest[debt.id] for debt in open_}
        free = self.extra + Money.total([debt.minimum for debt in self.debts], self.extra.currency)
        pay = {debt.id: min(debt.minimum, due[debt.id]) for debt in open_}
        free -= Money.total(pay.values(), free.currency)
        for debt in open_:
            more = min(free, due[debt.id] - pay[debt.id])
            pay[debt.id] += more
            free -= more
        if all(pay[debt.id] <= interest[debt.id] for debt in open_):
            raise self._never(open_[0])
        for debt in open_:
            if pay[debt.id] < interest[debt.id]:
                raise self._never(debt)
            owed[debt.id] = due[debt.id] - pay[debt.id]
            paid[debt.id].append(pay[debt.id])

    def _never(self, debt: Debt) -> InvalidInput:
        """Return the refusal of a plan that has no end, with what would give it one."""
        needed = least_payment(debt.balance, debt.annual_rate)
        given = debt.minimum + (self.extra if len(self.debts) == 1 else Money.zero(self.extra.currency))
        return InvalidInput(
            f"{given} a month never pays off debt {debt.id}: on {debt.balance} the interest alone is "
            f"{monthly_interest(debt.balance, debt.annual_rate)} a month; pay at least {needed}."
        )


def _plan(debt: Debt, paid: Sequence[Money], first_payment: dt.date) -> DebtPlan:
    """Return the schedule that `amortize` makes of the payments, which are the minimum and what came on top."""
    loan = Loan(principal=debt.balance, annual_rate=debt.annual_rate)
    more = {place: each - debt.minimum for place, each in enumerate(paid, 1) if each > debt.minimum}
    schedule = amortize(loan, payment=debt.minimum, extra=more)
    return DebtPlan(
        debt=debt,
        months=len(schedule.installments),
        paid_off_on=after(first_payment, len(schedule.installments) - 1),
        interest=schedule.interest,
        paid=schedule.paid,
        schedule=schedule,
    )
