"""Schedules: by hand, against a loop in whole cents, and laws that hold for every loan."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.cashflows import Loan, amortize
from fin_infra.errors import CurrencyMismatch, InvalidInput
from fin_infra.model import Money
from tests.support.effort import effort


def usd(text: str) -> Money:
    return Money.of(text, "USD")


CARD = Loan(principal=usd("10000.00"), annual_rate=Decimal("0.18"))


def test_amortize_when_a_card_is_paid_off_by_500_then_24_payments_and_the_last_is_smaller() -> None:
    plan = amortize(CARD, payment=usd("500.00"))
    owed, paid = 1_000_000, []  # cents, 1.5 % a month, halves up
    while owed:
        interest = (owed * 15 + 500) // 1000
        paid.append(min(50_000, owed + interest))
        owed += interest - paid[-1]
    assert [row.payment.amount * 100 for row in plan.installments] == paid
    assert len(paid) == 24
    assert paid[-1] < 50_000
    assert plan.installments[0].interest == usd("150.00")


def test_amortize_when_by_hand_then_each_row() -> None:
    plan = amortize(Loan(principal=usd("100.00"), annual_rate=Decimal("0.12")), periods=3)
    # 100 * 0.01 / (1 - 1.01 ** -3) = 34.0022...
    rows = [(r.payment, r.interest, r.principal, r.balance) for r in plan.installments]
    assert rows == [
        (usd("34.00"), usd("1.00"), usd("33.00"), usd("67.00")),
        (usd("34.00"), usd("0.67"), usd("33.33"), usd("33.67")),
        (usd("34.01"), usd("0.34"), usd("33.67"), usd("0.00")),
    ]
    assert (plan.payment, plan.interest, plan.paid) == (usd("34.00"), usd("2.01"), usd("102.01"))


def test_amortize_when_extra_is_paid_then_the_loan_ends_earlier_and_costs_less() -> None:
    house = Loan(principal=usd("200000.00"), annual_rate=Decimal("0.06"))
    plain = amortize(house, periods=360)
    assert plain.payment == usd("1199.10")  # the printed payment of every American table
    once, each = (
        amortize(house, periods=360, extra={12: usd("5000.00")}),
        amortize(house, periods=360, extra=usd("100.00")),
    )
    for plan in (once, each):
        assert plan.payment == plain.payment
        assert len(plan.installments) < 360
        assert plan.interest < plain.interest
    assert once.installments[11].extra == usd("5000.00")
    assert once.installments[11].principal == plain.installments[11].principal + usd("5000.00")


def test_amortize_when_paid_at_the_beginning_then_the_first_has_no_interest() -> None:
    plan = amortize(Loan(principal=usd("200.00"), annual_rate=Decimal("1"), per_year=1, in_advance=True), periods=2)
    assert [(r.payment, r.interest) for r in plan.installments] == [  # 200 = p + p / 2
        (usd("133.33"), usd("0.00")),
        (usd("133.34"), usd("66.67")),
    ]


def test_amortize_when_payment_and_periods_are_given_then_the_last_takes_the_rest() -> None:
    plan = amortize(CARD, payment=usd("150.00"), periods=12)  # interest only
    assert [row.principal for row in plan.installments[:-1]] == [usd("0.00")] * 11
    assert plan.installments[-1].payment == usd("10150.00")


def test_amortize_when_the_currency_has_no_cents_then_whole_units() -> None:
    plan = amortize(Loan(principal=Money.of(100_000, "JPY"), annual_rate=Decimal("0.015")), periods=12)
    assert all(row.payment.amount % 1 == 0 for row in plan.installments)


loans = st.builds(
    lambda cents, rate, year, in_advance: Loan(
        principal=Money(Decimal(cents).scaleb(-2), "USD"),
        annual_rate=Decimal(rate).scaleb(-4),
        per_year=year,
        in_advance=in_advance,
    ),
    st.integers(1, 10**9),
    st.integers(0, 4000),
    st.sampled_from([1, 4, 12, 26, 52]),
    st.booleans(),
)
extras = st.dictionaries(
    st.integers(1, 80), st.integers(0, 10**7).map(lambda cents: Money(Decimal(cents).scaleb(-2), "USD"))
)


@given(loans, st.integers(1, 120), extras)
@settings(max_examples=effort(200))
def test_amortize_when_any_loan_then_it_adds_up_to_the_cent(loan: Loan, periods: int, extra: dict[int, Money]) -> None:
    plain, plan = amortize(loan, periods=periods), amortize(loan, periods=periods, extra=extra)
    for schedule in (plain, plan):
        rows = schedule.installments
        assert Money.total((row.principal for row in rows), "USD") == loan.principal
        assert rows[-1].balance == 0
        assert schedule.paid == loan.principal + schedule.interest
        owed = loan.principal.amount
        for row in rows:
            assert row.interest >= 0
            assert row.payment == row.interest + row.principal
            assert row.payment.amount == row.payment.quantize().amount
            exact = Fraction(owed) * Fraction(str(loan.annual_rate)) / loan.per_year
            free = loan.in_advance and row.period == 1
            assert free or abs(Fraction(row.interest.amount) - exact) <= Fraction(1, 200)
            owed -= row.principal.amount
            assert row.balance.amount == owed
    assert len(plan.installments) <= len(plain.installments) <= periods
    assert plan.interest <= plain.interest
    assert plan == amortize(loan, periods=periods, extra=extra)


@pytest.mark.parametrize(
    ("loan", "more", "sentence"),
    [
        (CARD, {}, "Give `periods`, `payment` or both; a loan alone has no schedule."),
        (
            CARD,
            {"payment": usd("149.99")},
            "A payment of 149.99 USD does not cover the interest of 150.00 USD in installment 1; "
            "the loan would never be paid back.",
        ),
        (CARD, {"payment": usd("150.00")}, "A payment of 150.00 USD does not cover the interest of 150.00 USD"),
        (CARD, {"payment": usd("500.005")}, "`payment` is not in whole minor units of USD; quantize() it first."),
        (CARD, {"payment": 500}, "`payment` must be Money, such as Money.of('10000.00', 'USD'), not int 500."),
        (CARD, {"periods": 0}, "`periods` must be a whole number of at least 1, not int 0."),
        (CARD, {"periods": 20_000}, "`periods` is 20000, above the 12000 that a schedule may have."),
        (CARD, {"periods": 12, "extra": usd("-1.00")}, "`extra` must not be negative"),
        (CARD, {"periods": 12, "extra": {0: usd("1.00")}}, "`extra` must be a whole number of at least 1, not int 0."),
        (
            Loan(principal=usd("0"), annual_rate=Decimal("0.1")),
            {"periods": 2},
            "`principal` is zero; there is nothing to pay back.",
        ),
        (Loan(principal=usd("-5.00"), annual_rate=Decimal("0.1")), {"periods": 2}, "`principal` must not be negative"),
        (
            Loan(principal=usd("5.00"), annual_rate=Decimal("-0.1")),
            {"periods": 2},
            "`annual_rate` must not be negative",
        ),
        (
            Loan(principal=usd("5.00"), annual_rate=Decimal("nan")),
            {"periods": 2},
            "`annual_rate` must be a finite number",
        ),
    ],
)
def test_amortize_when_it_cannot_be_meant_then_one_sentence(loan: Loan, more: object, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        amortize(loan, **more)  # type: ignore[arg-type]  # a dict of keywords
    assert str(caught.value).startswith(sentence)


def test_amortize_when_currencies_differ_then_refused() -> None:
    with pytest.raises(CurrencyMismatch):
        amortize(CARD, payment=Money.of("500.00", "EUR"))


def test_amortize_when_told_how_to_round_then_it_does() -> None:
    plan = amortize(Loan(principal=usd("1.99"), annual_rate=Decimal("0.12")), periods=2, rounding=ROUND_DOWN)
    assert plan.installments[0].interest == usd("0.01")  # 0.0199
