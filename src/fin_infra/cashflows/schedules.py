"""How a loan is paid back, installment by installment and to the cent.
Floor 1: Decimal throughout; what is rounded is what a lender rounds, the interest of each period and the payment."""

from __future__ import annotations

# Arguments are checked although they are typed: callers without a type checker get a sentence, not a traceback.
# pyright: reportUnnecessaryIsInstance=false
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from fin_infra.arguments import shown
from fin_infra.cashflows.checks import count, number
from fin_infra.errors import InvalidInput
from fin_infra.model import Money
from fin_infra.model.record import Model

LONGEST = 12_000
"""Installments of the longest schedule; a payment that needs more hardly covers the interest."""
_EXACT = Context(prec=60, traps=[InvalidOperation])


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan(Model):
    """What was borrowed, and on which terms. `annual_rate` is nominal: 0.18 is 18 % a year, 1.5 % a month."""

    principal: Money
    annual_rate: Decimal
    per_year: int = 12
    in_advance: bool = False
    """Whether installments are paid at the beginning of each period, the first without interest, and not at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installment(Model):
    """One payment: `payment` is `interest` and `principal`; of the principal `extra` was paid beyond what was due."""

    period: int
    """Its place among the installments, from 1."""
    payment: Money
    interest: Money
    principal: Money
    extra: Money
    balance: Money
    """What is owed after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Model):
    """All installments of a loan, the first first. Their principal adds up to the loan, and the last balance is 0."""

    loan: Loan
    payment: Money
    """The regular payment; the last installment may differ from it."""
    installments: tuple[Installment, ...]

    @property
    def interest(self) -> Money:
        """Return the interest of all installments."""
        return Money.total((row.interest for row in self.installments), self.payment.currency)

    @property
    def paid(self) -> Money:
        """Return all that is paid: the loan and its interest."""
        return Money.total((row.payment for row in self.installments), self.payment.currency)


def amortize(
    loan: Loan,
    *,
    periods: int | None = None,
    payment: Money | None = None,
    extra: Money | Mapping[int, Money] | None = None,
    rounding: str = ROUND_HALF_UP,
) -> Schedule:
    """Return the schedule of a loan that is paid back in `periods`, or by a `payment` for as long as it takes.

    Interest of a period is the balance times `annual_rate / per_year`, rounded to the cent. With `periods` the payment
    is that of an annuity, rounded, and the last installment is what is left, a few cents more or less. With `payment`
    the last installment is smaller. With both, the last of `periods` takes all that is left.

    Args:
        loan: The principal, above zero and in whole cents, and the terms.
        periods: The number of installments.
        payment: What is paid each time, at most; whole cents.
        extra: Paid on top with each installment, or by the number of the installment from 1. The payment stays, and
            the loan ends earlier.
        rounding: How interest and payment are rounded to cents, a `decimal.ROUND_*` constant.

    Raises:
        InvalidInput: a payment that does not cover the interest, neither `periods` nor `payment`, or an amount or rate
            that cannot be meant.
        CurrencyMismatch: payments are in another currency than the loan.

    >>> debt = Loan(principal=Money.of("10000.00", "USD"), annual_rate=Decimal("0.18"))
    >>> plan = amortize(debt, payment=Money.of("500.00", "USD"))
    >>> len(plan.installments), plan.installments[-1].payment
    (24, Money('478.25', 'USD'))
    """
    if not isinstance(loan, Loan):
        raise InvalidInput(f"`loan` must be a Loan, not {shown(loan)}.")
    owed, each = _cents("principal", loan.principal), _rate(loan)
    if not owed:
        raise InvalidInput("`principal` is zero; there is nothing to pay back.")
    if periods is None and payment is None:
        raise InvalidInput("Give `periods`, `payment` or both; a loan alone has no schedule.")
    if periods is not None and count("periods", periods) > LONGEST:
        raise InvalidInput(f"`periods` is {periods}, above the {LONGEST} that a schedule may have.")
    if payment is None:
        level = _level(owed, each, periods or 1, loan.in_advance)
        payment = Money(level, loan.principal.currency).quantize(rounding)
    due = _cents("payment", payment, loan)
    terms = _Terms(loan, each, due, periods, _extras(extra, loan), rounding)
    return Schedule(loan=loan, payment=payment, installments=tuple(terms.installments(owed)))


@dataclass(frozen=True, slots=True)
class _Terms:
    loan: Loan
    rate: Decimal
    due: Decimal
    periods: int | None
    extras: Mapping[int, Decimal] | Decimal
    rounding: str

    def installments(self, owed: Decimal) -> list[Installment]:
        rows: list[Installment] = []
        while owed:
            row = self._next(len(rows) + 1, owed)
            rows.append(row)
            owed = row.balance.amount
            if len(rows) > LONGEST:
                raise InvalidInput(
                    f"The payment hardly covers the interest: it would take more than {LONGEST} payments."
                )
        return rows

    def _next(self, place: int, owed: Decimal) -> Installment:
        currency = self.loan.principal.currency
        free = place == 1 and self.loan.in_advance
        interest = Money(Decimal(0) if free else _EXACT.multiply(owed, self.rate), currency).quantize(self.rounding)
        most = owed + interest.amount
        due = most if place == self.periods else min(self.due, most)
        extra = min(self._extra(place), most - due)
        paid = due + extra
        if paid < interest.amount or (paid == interest.amount and self._stuck(place)):
            raise InvalidInput(
                f"A payment of {Money(paid, currency)} does not cover the interest of {interest} "
                f"in installment {place}; the loan would never be paid back."
            )
        left = most - paid
        return Installment(
            period=place,
            payment=Money(paid, currency),
            interest=interest,
            principal=Money(owed - left, currency),
            extra=Money(extra, currency),
            balance=Money(left, currency),
        )

    def _extra(self, place: int) -> Decimal:
        return self.extras if isinstance(self.extras, Decimal) else self.extras.get(place, Decimal(0))

    def _stuck(self, place: int) -> bool:
        """Say whether nothing will change any more: no last installment, no further extra payment."""
        if self.periods is not None or (place == 1 and self.loan.in_advance):
            return False
        return isinstance(self.extras, Decimal) or all(number <= place for number in self.extras)


def _cents(name: str, amount: Money, loan: Loan | None = None) -> Decimal:
    if not isinstance(amount, Money):
        raise InvalidInput(f"`{name}` must be Money, such as Money.of('10000.00', 'USD'), not {shown(amount)}.")
    if loan is not None:
        _ = loan.principal + amount  # refuses another currency in its own words
    if amount < 0:
        raise InvalidInput(f"`{name}` must not be negative; what is borrowed and what is paid are both positive here.")
    if amount.quantize() != amount:
        raise InvalidInput(f"`{name}` is not in whole minor units of {amount.currency}; quantize() it first.")
    return amount.quantize().amount


def _rate(loan: Loan) -> Decimal:
    """Return the rate of one period."""
    if not isinstance(loan.annual_rate, Decimal):
        raise InvalidInput(f"`annual_rate` must be a Decimal, such as Decimal('0.18'), not {shown(loan.annual_rate)}.")
    number("annual_rate", loan.annual_rate)
    if loan.annual_rate < 0:
        raise InvalidInput(f"`annual_rate` must not be negative, as {shown(loan.annual_rate)} is.")
    return _EXACT.divide(loan.annual_rate, count("per_year", loan.per_year))


def _level(owed: Decimal, rate: Decimal, periods: int, in_advance: bool) -> Decimal:
    """Return the payment of an annuity: `owed * rate / (1 - (1 + rate) ** -periods)`."""
    if not rate:
        return _EXACT.divide(owed, periods)
    shrunk = _EXACT.power(_EXACT.add(1, rate), -periods)
    level = _EXACT.divide(_EXACT.multiply(owed, rate), _EXACT.subtract(1, shrunk))
    return _EXACT.divide(level, _EXACT.add(1, rate)) if in_advance else level


def _extras(extra: Money | Mapping[int, Money] | None, loan: Loan) -> Mapping[int, Decimal] | Decimal:
    if extra is None:
        return Decimal(0)
    if isinstance(extra, Mapping):
        return {count("extra", place): _cents(f"extra[{place}]", amount, loan) for place, amount in extra.items()}
    return _cents("extra", extra, loan)
