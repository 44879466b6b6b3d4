"""Annuities: printed examples of spreadsheets, rates near 0, and laws between the functions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.cashflows import cumipmt, cumprinc, fv, ipmt, nper, pmt, ppmt, pv, rate
from fin_infra.errors import InvalidInput, SeveralRates
from tests.support.effort import effort


def test_functions_when_the_spreadsheets_examples_then_their_values() -> None:
    assert pmt(0.08 / 12, 10, 10000) == pytest.approx(-1037.03209, abs=5e-6)
    assert rate(48, -200, 8000) == pytest.approx(0.00770147249, abs=5e-12)
    assert nper(0.12 / 12, -100, -1000, 10000, when="begin") == pytest.approx(59.6738657, abs=5e-8)
    assert nper(0.12 / 12, -100, -1000, 10000) == pytest.approx(60.0821229, abs=5e-8)
    assert ipmt(0.10 / 12, 1, 36, 8000) == pytest.approx(-66.6666667, abs=5e-8)
    assert ppmt(0.10 / 12, 1, 24, 2000) == pytest.approx(-75.6231860, abs=5e-8)
    assert cumipmt(0.09 / 12, 360, 125000, 13, 24) == pytest.approx(-11135.2321, abs=5e-5)
    assert fv(0.06 / 12, 10, -200, -500, when="begin") == pytest.approx(2581.40337, abs=5e-6)
    assert nper(0.18 / 12, -500, 10000) == pytest.approx(23.956, abs=5e-4)


def test_functions_when_numbers_are_small_then_as_by_hand() -> None:
    assert pv(1.0, 2, -8) == 6  # 8 / 2 + 8 / 4
    assert pv(1.0, 2, -8, when="begin") == 12  # 8 + 8 / 2
    assert fv(1.0, 2, -1) == 3
    assert pmt(1.0, 2, 6) == -8
    assert [ipmt(1.0, period, 2, 6) for period in (1, 2)] == [-6, -4]
    assert [ppmt(1.0, period, 2, 6) for period in (1, 2)] == [-2, -4]
    assert [ipmt(1.0, period, 2, 12, when="begin") for period in (1, 2)] == [0, -4]
    assert cumprinc(1.0, 2, 6, 1, 2) == -6
    assert cumipmt(1.0, 2, 6, 1, 2) == -10


def test_functions_when_the_rate_is_zero_or_nearly_then_no_digit_is_lost() -> None:
    """pyxirr 0.10.8 answers -90.07 at 1e-15, and numpy-financial 1.0.0 has -10 periods at 0 (numpy/numpy#8593)."""
    for near in (0.0, 1e-18, 1e-15, 1e-12):
        assert pmt(near, 10, 1000) == pytest.approx(-100, abs=1e-8)
        assert nper(near, -100, 1000) == pytest.approx(10, abs=1e-8)
        assert pv(near, 10, -100) == pytest.approx(1000, abs=1e-8)
        assert fv(near, 10, -100) == pytest.approx(1000, abs=1e-8)
    assert rate(10, -100, 1000) == 0


def test_rate_when_a_known_wrong_case_then_the_rate_of_the_flows() -> None:
    """numpy/numpy-financial#126: npf.rate answers -1.896, below -1. At the right rate the annuity is worth nothing."""
    found = rate(8, -440_000, 263_175, 25_500)
    assert found is not None
    v = 1 / (1 + found)
    assert 263_175 + 25_500 * v**8 == pytest.approx(440_000 * sum(v**k for k in range(1, 9)), rel=1e-12)
    assert found == pytest.approx(1.67, abs=0.01)


def test_rate_when_there_is_none_or_several_then_none_or_all_of_them() -> None:
    assert rate(10, 100, 1000) is None
    with pytest.raises(SeveralRates) as caught:
        rate(2, 10000, -1600, -20000)  # -1600, 10000, -10000 with the last payment
    assert caught.value.rates == pytest.approx((0.25, 4))


@pytest.mark.parametrize(("each", "now", "then"), [(-150, 10000, 0), (-100, 10000, 0), (100, 1000, 0), (0, 1, 0)])
def test_nper_when_it_never_ends_then_none(each: float, now: float, then: float) -> None:
    assert nper(0.015, each, now, then) is None


money, rates = st.floats(-1e5, 1e5), st.floats(-0.2, 0.5)
whens = st.sampled_from(["end", "begin"])


@given(rates, st.integers(1, 60), money, money, whens)
@settings(max_examples=effort(200))
def test_payment_when_made_then_it_turns_the_present_into_the_future(
    each: float, term: int, now: float, then: float, when: object
) -> None:
    paid = pmt(each, term, now, then, when=when)  # type: ignore[arg-type]  # drawn from the two words
    size = (abs(now) + abs(then) + abs(paid) * term) * max(1, (1 + each) ** term) + 1
    assert fv(each, term, paid, now, when=when) == pytest.approx(then, abs=1e-9 * size)  # type: ignore[arg-type]  # as above
    balance = now  # one period after the other, as a bank does it
    for period in range(1, term + 1):
        first = when == "begin"
        interest = 0.0 if first and period == 1 else -balance * each
        assert ipmt(each, period, term, now, then, when=when) == pytest.approx(interest, abs=1e-8 * size)  # type: ignore[arg-type]  # as above
        balance = balance - interest + paid
    if when == "begin":
        balance *= 1 + each
    assert balance == pytest.approx(-then, abs=1e-8 * size)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: pmt(0.1, 0, 100), "`periods` is 0; a payment needs at least one period."),
        (lambda: pv(0.1, -1, 100), "`periods` must not be negative, as -1 is."),
        (lambda: ipmt(0.1, 4, 3, 100), "`period` is 4, after the last of 3."),
        (lambda: ipmt(0.1, 0, 3, 100), "`period` must be a whole number of at least 1, not int 0."),
        (lambda: cumipmt(0.1, 3, 100, 3, 2), "`start` 3 is after `end` 2; swap them."),
        (lambda: fv(-1, 3, 100), "`rate` must be above -1, which is -100 %, not int -1."),
        (
            lambda: fv(9.0, 1000, 100),
            "The growth is beyond the range of floats; check the rate and the number of periods.",
        ),
        (lambda: fv(0.1, 3, math.nan), "`payment` must be a finite number, not float nan."),
        (lambda: fv(0.1, 3, 1, when="start"), '`when` must be "end" or "begin", not \'start\'.'),  # type: ignore[arg-type]  # that is the point
    ],
)
def test_functions_when_it_cannot_be_meant_then_one_sentence(ask: object, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask()  # type: ignore[operator]  # a lambda
    assert str(caught.value) == sentence
