"""Bonds: printed examples of spreadsheets, values by QuantLib 1.44, and derivatives taken by differences."""

from __future__ import annotations

from datetime import date

import pytest

from fin_infra.cashflows import Bond
from fin_infra.errors import InvalidInput

CASES = [
    # settlement, yield, then QuantLib 1.44: clean price, accrued, Macaulay, modified, convexity
    (Bond(coupon=0.0575, maturity=date(2017, 11, 15)), date(2008, 2, 15), 0.065,
     (94.6343616213, 1.4375, 7.4164846964, 7.1830360255, 64.8977445731)),
    (Bond(coupon=0.08, maturity=date(2048, 1, 1), basis="ACT/ACT ICMA"), date(2018, 7, 1), 0.09,
     (89.7166334850, 0.0, 10.9191452816, 10.4489428532, 187.5852757054)),
    (Bond(coupon=0.04125, maturity=date(2033, 8, 31), basis="ACT/ACT ICMA"), date(2026, 10, 13), 0.0455,
     (97.5088555646, 0.4899861878, 6.0187501844, 5.8848694055, 40.5987173259)),
    (Bond(coupon=0.025, maturity=date(2031, 3, 15), per_year=1, basis="ACT/ACT ICMA"), date(2026, 11, 28), 0.031,
     (97.6145170906, 1.7671232877, 4.0512207905, 3.9294091081, 19.8861366345)),
    (Bond(coupon=0.06, maturity=date(2030, 6, 30), per_year=4, basis="30E/360"), date(2026, 2, 3), 0.05,
     (103.9322135549, 0.55, 3.8977691067, 3.8496485004, 16.9943856578)),
]  # fmt: skip


@pytest.mark.parametrize(("bond", "day", "rate", "values"), CASES)
def test_bond_when_quantlib_values_it_then_the_same(
    bond: Bond, day: date, rate: float, values: tuple[float, ...]
) -> None:
    found = (
        bond.price(day, rate),
        bond.accrued(day),
        bond.duration(day, rate),
        bond.modified_duration(day, rate),
        bond.convexity(day, rate),
    )
    assert found == pytest.approx(values, abs=5e-10)
    assert bond.yield_at(day, found[0]) == pytest.approx(rate, abs=1e-12)


def test_bond_when_the_spreadsheets_examples_then_their_values() -> None:
    assert Bond(coupon=0.0575, maturity=date(2017, 11, 15)).price(date(2008, 2, 15), 0.065) == pytest.approx(94.6343616)
    bond = Bond(coupon=0.0575, maturity=date(2016, 11, 15))
    assert bond.yield_at(date(2008, 2, 15), 95.04287) == pytest.approx(0.0650000069, abs=5e-11)


LAST = Bond(coupon=0.06, maturity=date(2026, 12, 31))


def test_bond_when_in_its_last_period_then_interest_is_simple() -> None:
    day = date(2026, 9, 30)  # half of the period is left: 103 / (1 + 0.5 * 0.02), less 1.5 accrued
    assert LAST.accrued(day) == 1.5
    assert LAST.price(day, 0.04) == pytest.approx(103 / 1.01 - 1.5)
    assert LAST.yield_at(day, LAST.price(day, 0.04)) == pytest.approx(0.04)
    assert LAST.duration(day, 0.04) == 0.25


@pytest.mark.parametrize(("bond", "day"), [(case[0], case[1]) for case in CASES] + [(LAST, date(2026, 9, 30))])
def test_durations_when_prices_are_taken_a_little_apart_then_their_differences(bond: Bond, day: date) -> None:
    def full(rate: float) -> float:
        return bond.price(day, rate) + bond.accrued(day)

    step = 1e-4
    slope = (full(0.05 - step) - full(0.05 + step)) / (2 * step) / full(0.05)
    bend = (full(0.05 - step) - 2 * full(0.05) + full(0.05 + step)) / step**2 / full(0.05)
    assert bond.modified_duration(day, 0.05) == pytest.approx(slope, rel=1e-5)
    assert bond.convexity(day, 0.05) == pytest.approx(bend, rel=1e-4)


def test_coupon_dates_when_maturity_ends_a_month_then_each_does() -> None:
    bond = Bond(coupon=0.01, maturity=date(2027, 8, 31))
    assert bond.coupon_dates(date(2026, 2, 28)) == [date(2026, 8, 31), date(2027, 2, 28), date(2027, 8, 31)]
    assert bond.coupon_dates(date(2026, 2, 27))[0] == date(2026, 2, 28)
    short = Bond(coupon=0.01, maturity=date(2027, 2, 28))
    assert short.coupon_dates(date(2026, 8, 30)) == [date(2026, 8, 31), date(2027, 2, 28)]


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: LAST.price(date(2026, 12, 31), 0.05), "`settlement` 2026-12-31 is not before maturity, 2026-12-31."),
        (lambda: LAST.price(date(2026, 1, 1), -2), "`rate` must be above -2"),
        (lambda: LAST.yield_at(date(2026, 1, 1), -1), "`price` must be above 0"),
        (lambda: Bond(coupon=-0.1, maturity=date(2026, 1, 1)), "`coupon` must not be negative"),
        (lambda: Bond(coupon=0.1, maturity=date(2026, 1, 1), per_year=5), "`per_year` must divide 12"),
        (lambda: Bond(coupon=0.1, maturity=date(2026, 1, 1), basis="ACT/360"), "`basis` must be one of 30/360 US"),
    ],
)
def test_bond_when_it_cannot_be_meant_then_one_sentence(ask: object, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask()  # type: ignore[operator]  # a lambda
    assert str(caught.value).startswith(sentence)
