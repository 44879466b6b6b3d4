"""Savings by a day and by the month, with numpy-financial as a witness, and emergency funds by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy_financial as npf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import CurrencyMismatch, InvalidInput
from fin_infra.insights.goals import Essentials, Pot, emergency_fund, save_by, save_monthly
from fin_infra.model import Money
from tests.support.effort import effort

TODAY = dt.date(2026, 1, 31)


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def pot(target: str, saved: str = "0.00", rate: str = "0") -> Pot:
    return Pot(target=usd(target), saved=usd(saved), annual_yield=Decimal(rate))


def test_save_monthly_when_there_is_no_yield_then_the_last_deposit_is_what_is_missing() -> None:
    plan = save_monthly(pot("1000.00", "150.00"), usd("300.00"), today=TODAY)
    assert (plan.months, plan.reached_on) == (3, dt.date(2026, 4, 30))
    assert plan.deposits == usd("850.00")
    assert plan.interest == usd("0.00")


def test_save_monthly_when_there_is_a_yield_then_months_are_as_worked_out_by_hand() -> None:
    # 12 % a year is 1 % a month: 100.00; 100.00 + 1.00 + 100.00 = 201.00; 201.00 + 2.01 + 96.99 = 300.00.
    plan = save_monthly(pot("300.00", rate="0.12"), usd("100.00"), today=TODAY)
    assert (plan.months, plan.interest, plan.deposits) == (3, usd("3.01"), usd("296.99"))


def test_save_monthly_when_years_pass_then_numpy_financial_counts_the_same_deposits() -> None:
    plan = save_monthly(pot("50000.00", "5000.00", "0.04"), usd("400.00"), today=TODAY)
    assert plan.months == -(-npf.nper(0.04 / 12, -400, -5000, 50000) // 1)


def test_save_monthly_when_it_is_saved_then_today_it_is_reached() -> None:
    plan = save_monthly(pot("100.00", "120.00"), usd("0.00"), today=TODAY)
    assert (plan.months, plan.reached_on, plan.deposits) == (0, TODAY, usd("0.00"))


def test_save_monthly_when_nothing_is_put_aside_then_the_least_that_works_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        save_monthly(pot("6000.00"), usd("0.00"), today=TODAY)
    assert str(caught.value) == (
        "With 0.00 USD a month 6000.00 USD is never reached; it takes at least 5.00 USD a month."
    )
    assert save_monthly(pot("6000.00"), usd("5.00"), today=TODAY).months == 1200


def test_save_by_when_a_day_is_given_then_the_least_amount_is_found() -> None:
    plan = save_by(pot("1000.00"), dt.date(2026, 7, 31), today=TODAY)
    assert (plan.monthly, plan.months) == (usd("166.67"), 6)
    assert plan.deposits == usd("1000.00")


def test_save_by_when_there_is_a_yield_then_it_is_the_payment_of_numpy_financial_to_a_cent() -> None:
    plan = save_by(pot("20000.00", "1000.00", "0.05"), dt.date(2031, 1, 31), today=TODAY)
    assert abs(float(plan.monthly.amount) + npf.pmt(0.05 / 12, 60, -1000, 20000)) < 0.02


def test_save_by_when_less_than_a_month_is_left_then_all_of_it_is_one_deposit() -> None:
    plan = save_by(pot("500.00"), dt.date(2026, 2, 10), today=TODAY)
    assert (plan.monthly, plan.months, plan.reached_on) == (usd("500.00"), 1, dt.date(2026, 2, 10))


@pytest.mark.parametrize("day", [dt.date(2025, 12, 1), TODAY])
def test_save_by_when_the_day_has_passed_then_it_is_refused(day: dt.date) -> None:
    with pytest.raises(InvalidInput, match=f"`by`, {day}, is not after today, 2026-01-31"):
        save_by(pot("500.00"), day, today=TODAY)


def test_save_when_an_amount_is_negative_or_foreign_then_one_sentence_says_so() -> None:
    with pytest.raises(InvalidInput, match=r"`saved` is -1\.00 USD"):
        save_by(pot("500.00", "-1.00"), dt.date(2027, 1, 1), today=TODAY)
    with pytest.raises(InvalidInput, match=r"`monthly` is -5\.00 USD"):
        save_monthly(pot("500.00"), usd("-5.00"), today=TODAY)
    with pytest.raises(CurrencyMismatch, match="EUR and USD"):
        save_monthly(pot("500.00"), Money.of("5.00", "EUR"), today=TODAY)
    with pytest.raises(InvalidInput, match=r"such as 0\.18 for 18 %"):
        save_monthly(pot("500.00", rate="18"), usd("5.00"), today=TODAY)


cents = st.integers(1, 2_000_000).map(lambda units: Money(Decimal(units) / 100, "USD").quantize())


@given(cents, cents, st.integers(0, 15), st.integers(1, 120))
@settings(max_examples=effort(100))
def test_save_by_when_goals_are_any_then_a_cent_less_a_month_is_too_late(
    target: Money, saved: Money, rate: int, months: int
) -> None:
    given_ = Pot(target=target, saved=saved, annual_yield=Decimal(rate) / 100)
    by = dt.date(2026 + (months // 12), months % 12 + 1, 28)
    plan = save_by(given_, by, today=dt.date(2026, 1, 1))
    assert plan.reached_on <= by
    assert max(saved, target) == max(saved, plan.deposits + plan.interest + saved) or plan.interest > 0
    if plan.monthly:
        less = plan.monthly - usd("0.01")
        try:
            assert save_monthly(given_, less, today=dt.date(2026, 1, 1)).months > plan.months or less == 0
        except InvalidInput:
            assert less * 1200 < target


def test_emergency_fund_when_savings_are_short_then_months_are_rounded_down() -> None:
    spent = Essentials(monthly=usd("2100.00"), entry_ids=("7", "9"))
    fund = emergency_fund(spent, 6, usd("5000.00"))
    assert (fund.target, fund.to_save, fund.months_covered) == (usd("12600.00"), usd("7600.00"), Decimal("2.3"))
    assert fund.entry_ids == ("7", "9")


def test_emergency_fund_when_there_is_more_than_enough_then_nothing_is_to_save() -> None:
    fund = emergency_fund(Essentials(monthly=usd("100.00")), 3, usd("301.00"))
    assert (fund.to_save, fund.months_covered) == (usd("0.00"), Decimal("3.0"))


def test_emergency_fund_when_figures_cannot_be_meant_then_one_sentence_says_so() -> None:
    with pytest.raises(InvalidInput, match="`months` is 0"):
        emergency_fund(Essentials(monthly=usd("1.00")), 0, usd("0.00"))
    with pytest.raises(InvalidInput, match="`monthly` is zero"):
        emergency_fund(Essentials(monthly=usd("0.00")), 3, usd("0.00"))
    with pytest.raises(CurrencyMismatch):
        emergency_fund(Essentials(monthly=usd("1.00")), 3, Money.of("1.00", "EUR"))
