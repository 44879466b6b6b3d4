"""Debts paid off: single ones against published figures and `amortize`, several against months done by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy_financial as npf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import CurrencyMismatch, InvalidInput
from fin_infra.insights.goals import Debt, Strategy, compare, least_payment, payoff
from fin_infra.model import Money
from tests.support.effort import effort

TODAY = dt.date(2026, 1, 1)
FIRST = dt.date(2026, 1, 31)


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def debt(id: str, balance: str, rate: str, minimum: str, currency: str = "USD") -> Debt:
    return Debt(
        id=id,
        name=id,
        balance=Money.of(balance, currency),
        annual_rate=Decimal(rate),
        minimum=Money.of(minimum, currency),
    )


CARD = debt("card", "10000.00", "0.18", "500.00")
THREE = (
    debt("loan", "400.00", "0.12", "40.00"),
    debt("card", "900.00", "0.24", "50.00"),
    debt("store", "200.00", "0.00", "20.00"),
)


def test_payoff_when_ten_thousand_at_18_percent_is_paid_by_500_then_it_takes_24_payments() -> None:
    plan = payoff([CARD], first_payment=FIRST, today=TODAY)
    assert plan.months == 24
    assert plan.paid_off_on == dt.date(2027, 12, 31)
    assert plan.paid == usd("11978.25")  # 23 of 500.00 and one of 478.25
    assert plan.interest == usd("1978.25")
    assert plan.budget == usd("500.00")


def test_payoff_when_extra_money_is_given_then_numpy_financial_counts_the_same_payments() -> None:
    plan = payoff([debt("card", "10000.00", "0.18", "300.00")], extra=usd("200.00"), first_payment=FIRST, today=TODAY)
    assert plan.months == 24
    assert plan.months == -(-npf.nper(0.18 / 12, -500, 10000) // 1)
    assert plan.debts[0].schedule.installments[0].extra == usd("200.00")


def test_payoff_when_the_first_payment_is_on_a_31st_then_shorter_months_pay_on_their_last_day() -> None:
    plan = payoff([debt("card", "100.00", "0", "50.00")], first_payment=FIRST, today=TODAY)
    assert plan.paid_off_on == dt.date(2026, 2, 28)


def test_payoff_when_there_are_three_debts_then_the_snowball_rolls_on_as_worked_out_by_hand() -> None:
    plan = payoff(
        [debt("a", "100.00", "0.12", "30.00"), debt("b", "300.00", "0.24", "40.00")],
        extra=usd("30.00"),
        strategy=Strategy.SNOWBALL,
        first_payment=FIRST,
        today=TODAY,
    )
    # Month 1: a owes 101.00, pays 60.00, owes 41.00; b owes 306.00, pays 40.00, owes 266.00.
    # Month 2: a owes 41.41 and pays that; 100.00 - 41.41 = 58.59 are b's, of 271.32: it owes 212.73.
    # Month 3: 212.73 + 4.25 - 100.00 = 116.98. Month 4: 116.98 + 2.34 - 100.00 = 19.32. Month 5: 19.32 + 0.39 = 19.71.
    a, b = plan.debts
    assert [row.payment for row in a.schedule.installments] == [usd("60.00"), usd("41.41")]
    assert [row.payment for row in b.schedule.installments] == [
        usd("40.00"), usd("58.59"), usd("100.00"), usd("100.00"), usd("19.71")
    ]  # fmt: skip
    assert (a.paid_off_on, b.paid_off_on) == (dt.date(2026, 2, 28), dt.date(2026, 5, 31))
    assert plan.interest == usd("1.00") + usd("0.41") + usd("6.00") + usd("5.32") + usd("4.25") + usd("2.34") + usd(
        "0.39"
    )


def test_payoff_when_the_order_is_chosen_then_rates_lead_the_avalanche_and_balances_the_snowball() -> None:
    def order(strategy: Strategy) -> list[str]:
        plan = payoff(THREE, strategy=strategy, first_payment=FIRST, today=TODAY)
        return [each.debt.id for each in plan.debts]

    assert order(Strategy.AVALANCHE) == ["card", "loan", "store"]
    assert order(Strategy.SNOWBALL) == ["store", "loan", "card"]


def test_compare_when_rates_differ_then_the_avalanche_costs_less() -> None:
    found = compare(THREE, extra=usd("60.00"), first_payment=FIRST, today=TODAY)
    assert found.interest_saved == found.snowball.interest - found.avalanche.interest
    assert found.interest_saved > usd("10.00")
    assert found.snowball.debts[0].months < found.avalanche.debts[-1].months
    assert found.months_saved == 0


@pytest.mark.parametrize(("minimum", "rest"), [("150.00", "150.01"), ("100.00", "150.01"), ("0.00", "150.01")])
def test_payoff_when_the_payment_does_not_cover_the_interest_then_the_least_that_works_is_named(
    minimum: str, rest: str
) -> None:
    never = debt("card", "10000.00", "0.18", minimum)
    with pytest.raises(InvalidInput) as caught:
        payoff([never], first_payment=FIRST, today=TODAY)
    assert str(caught.value) == (
        f"{minimum} USD a month never pays off debt card: on 10000.00 USD the interest alone is 150.00 USD a month; "
        f"pay at least {rest} USD."
    )
    assert payoff([debt("card", "10000.00", "0.18", rest)], first_payment=FIRST, today=TODAY).months <= 1200


def test_payoff_when_one_of_several_grows_then_that_one_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"10.00 USD a month never pays off debt b: .* pay at least 20.01 USD"):
        payoff(
            [debt("a", "100.00", "0.30", "30.00"), debt("b", "1000.00", "0.24", "10.00")],
            first_payment=FIRST,
            today=TODAY,
        )


def test_payoff_when_currencies_are_mixed_then_one_sentence_says_so() -> None:
    with pytest.raises(CurrencyMismatch, match="in EUR and USD cannot be in one plan; plan each currency by itself"):
        payoff([CARD, debt("b", "1.00", "0", "1.00", "EUR")], first_payment=FIRST, today=TODAY)
    with pytest.raises(CurrencyMismatch, match="EUR and USD"):
        payoff([CARD], extra=Money.of("1.00", "EUR"), first_payment=FIRST, today=TODAY)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (debt("a", "-100.00", "0.1", "10.00"), "`balance` is -100.00 USD; write what is owed"),
        (debt("a", "0.00", "0.1", "10.00"), "`balance` is zero"),
        (debt("a", "100.00", "18", "10.00"), "such as 0.18 for 18 %"),
        (debt("a", "100.00", "-0.1", "10.00"), "`annual_rate` is -0.1"),
        (debt("a", "100.005", "0.1", "10.00"), "whole minor units"),
        (debt("a", "100.00", "0.1", "-10.00"), "`minimum` is -10.00 USD"),
    ],
)
def test_payoff_when_a_figure_cannot_be_meant_then_it_is_named(wrong: Debt, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        payoff([wrong], first_payment=FIRST, today=TODAY)


def test_payoff_when_the_first_payment_has_passed_then_it_is_refused() -> None:
    with pytest.raises(InvalidInput, match="`first_payment`, 2025-12-31, has passed; today is 2026-01-01"):
        payoff([CARD], first_payment=dt.date(2025, 12, 31), today=TODAY)


def test_payoff_when_there_is_nothing_or_a_debt_twice_then_it_is_refused() -> None:
    with pytest.raises(InvalidInput, match="There is no debt to pay off"):
        payoff([], first_payment=FIRST, today=TODAY)
    with pytest.raises(InvalidInput, match="each debt once"):
        payoff([CARD, CARD], first_payment=FIRST, today=TODAY)


def test_least_payment_when_months_are_given_then_a_cent_less_takes_longer() -> None:
    payment = least_payment(usd("10000.00"), Decimal("0.18"), 24)
    assert payment == usd("499.25")  # pmt of a spreadsheet is 499.241: to the cent above, as whole cents are paid
    assert abs(float(payment.amount) + npf.pmt(0.015, 24, 10000)) < 0.02


amounts = st.integers(100, 500_000).map(lambda units: usd(str(Decimal(units) / 100)).quantize())


@st.composite
def several(draw: st.DrawFn) -> list[Debt]:
    found: list[Debt] = []
    for at in range(draw(st.integers(1, 4))):
        balance, rate = draw(amounts), Decimal(draw(st.integers(0, 40))) / 100
        minimum = (balance * (rate / 12 + Decimal(draw(st.integers(1, 20))) / 100)).quantize() + usd("0.02")
        found.append(Debt(id=str(at), name=str(at), balance=balance, annual_rate=rate, minimum=minimum))
    return found


@given(several(), amounts, st.sampled_from(Strategy))
@settings(max_examples=effort(200))
def test_payoff_when_debts_are_any_then_every_month_pays_the_budget_and_every_cent_is_accounted_for(
    debts: list[Debt], extra: Money, strategy: Strategy
) -> None:
    plan = payoff(debts, extra=extra, strategy=strategy, first_payment=FIRST, today=TODAY)
    assert plan == payoff(debts[::-1], extra=extra, strategy=strategy, first_payment=FIRST, today=TODAY)
    by_month = [usd("0.00")] * plan.months
    for each in plan.debts:
        assert each.paid == each.debt.balance + each.interest
        assert not each.schedule.installments[-1].balance
        for row in each.schedule.installments:
            by_month[row.period - 1] += row.payment
    assert all(paid == plan.budget for paid in by_month[:-1])
    assert usd("0.00") < by_month[-1] <= plan.budget
    assert plan.paid == Money.total([each.balance for each in debts], "USD") + plan.interest
