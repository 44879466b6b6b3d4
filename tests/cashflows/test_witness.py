"""pyxirr and numpy-financial as witnesses where they are right, and their wrong answers that ours differ from."""

from __future__ import annotations

import math
from datetime import date

import numpy_financial as npf
import pytest
import pyxirr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fin_infra.cashflows import fv, ipmt, irr, irr_all, nper, npv, pmt, ppmt, pv, rate, xirr
from tests.support.effort import effort

rates = st.floats(0.001, 0.3)
terms = st.integers(1, 60)
money = st.floats(1, 1e6)
begins = st.booleans()


@given(rates, terms, money, money, begins)
@settings(max_examples=effort(200))
def test_annuities_when_the_rate_is_not_near_zero_then_as_both_libraries(
    each: float, term: int, now: float, paid: float, begin: bool
) -> None:
    when = "begin" if begin else "end"
    period = (term + 1) // 2
    ours = (
        fv(each, term, -paid, now, when=when),  # type: ignore[arg-type]  # one of the two words
        pv(each, term, -paid, now, when=when),  # type: ignore[arg-type]  # as above
        pmt(each, term, now, when=when),  # type: ignore[arg-type]  # as above
        ipmt(each, period, term, now, when=when),  # type: ignore[arg-type]  # as above
        ppmt(each, period, term, now, when=when),  # type: ignore[arg-type]  # as above
    )
    numpys = (
        npf.fv(each, term, -paid, now, when),
        npf.pv(each, term, -paid, now, when),
        npf.pmt(each, term, now, 0, when),
        npf.ipmt(each, period, term, now, 0, when),
        npf.ppmt(each, period, term, now, 0, when),
    )
    rusts = (
        pyxirr.fv(each, term, -paid, now, pmt_at_beginning=begin),
        pyxirr.pv(each, term, -paid, now, pmt_at_beginning=begin),
        pyxirr.pmt(each, term, now, pmt_at_beginning=begin),
        pyxirr.ipmt(each, period, term, now, pmt_at_beginning=begin),
        pyxirr.ppmt(each, period, term, now, pmt_at_beginning=begin),
    )
    if begin and period == 1:  # pyxirr 0.10.8 takes the interest of one period off a first payment that has none
        ours, numpys, rusts = ours[:4], numpys[:4], rusts[:4]
    size = (now + paid * term) * (1 + each) ** term
    assert ours == pytest.approx([float(value) for value in numpys], rel=1e-9, abs=1e-12 * size)
    assert ours == pytest.approx(rusts, rel=1e-9, abs=1e-12 * size)


@given(rates, terms, money)
@settings(max_examples=effort(100))
def test_nper_and_rate_when_the_payment_is_known_then_as_both_libraries(each: float, term: int, now: float) -> None:
    paid = pmt(each, term, now)
    assume(paid + now * each < -1e-6 * now)  # or the number of payments is that of noise
    assert nper(each, paid, now) == pytest.approx(float(npf.nper(each, paid, now)), rel=1e-6)
    theirs = pyxirr.rate(term, paid, now)
    assume(theirs is not None and theirs > -1)  # it answers -1.83 for 10 payments at 0.296875
    assert rate(term, paid, now) == pytest.approx(theirs, abs=1e-7)


@given(rates, st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
@settings(max_examples=effort(100))
def test_npv_when_asked_then_as_both_libraries(each: float, flows: list[float]) -> None:
    size = math.fsum(map(abs, flows))
    assert npv(each, flows) == pytest.approx(float(npf.npv(each, flows)), abs=1e-12 * size)
    assert npv(each, flows, first=1) == pytest.approx(pyxirr.npv(each, flows, start_from_zero=False), abs=1e-12 * size)


@given(st.lists(st.floats(1, 1e5), min_size=1, max_size=30), st.floats(0.5, 2.0))
@settings(max_examples=effort(200))
def test_irr_when_signs_change_once_then_as_pyxirr(gains: list[float], part: float) -> None:
    flows = [-part * math.fsum(gains), *gains]
    theirs = pyxirr.irr(flows)
    assume(theirs is not None and theirs > -0.9)
    assert irr(flows) == pytest.approx(theirs, rel=1e-7, abs=1e-9)


def test_numpy_financial_when_it_is_wrong_then_we_are_not() -> None:
    """Version 1.0.0: each wrong answer is shown, so that a corrected release is noticed here."""
    assert npf.rate(8, -440_000, 263_175, 25_500) < -1  # numpy/numpy-financial#126
    flows = [263_175, *[-440_000] * 7, 25_500 - 440_000]
    assert rate(8, -440_000, 263_175, 25_500) == pytest.approx(pyxirr.irr(flows), abs=1e-9)
    assert npf.nper(0, -10, 100, 0) == -10  # numpy/numpy#8593
    assert nper(0, -10, 100) == 10
    trap = [-1678.87, 771.96, 1814.05, 3520.30, 3552.95, 3584.99, 4789.91, -1]
    assert npf.irr(trap) == pytest.approx(-0.99979126)  # numpy/numpy-financial#44: one of two, without a word
    assert len(irr_all(trap)) == 2


def test_pyxirr_when_it_is_wrong_then_we_are_not() -> None:
    assert pyxirr.irr([-1600, 10000, -10000]) == pytest.approx(4)  # one of two, without a word
    assert len(irr_all([-1600, 10000, -10000])) == 2
    days = [date(2025, 1, 1), date(2026, 1, 1)]
    assert (pyxirr.rate(10, pmt(0.296875, 10, 1.0), 1.0) or 0) < -1
    assert rate(10, pmt(0.296875, 10, 1.0), 1.0) == pytest.approx(0.296875)
    assert pyxirr.ppmt(0.25, 1, 1, 1.0, pmt_at_beginning=True) == pytest.approx(-0.8)
    assert ppmt(0.25, 1, 1, 1.0, when="begin") == -1
    assert pyxirr.pmt(1e-15, 10, 1000) == pytest.approx(-90.07, abs=0.01)
    assert pmt(1e-15, 10, 1000) == pytest.approx(-100)
    assert pyxirr.xirr([days[0]] * 2, [-100, 110]) == math.inf
    assert xirr([days[0]] * 2, [-100, 110]) is None
