"""Effective, nominal and annual percentage rates: the examples of Regulation Z, appendix J, and laws."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.cashflows import Term, apr, effective_rate, level_terms, nominal_rate
from fin_infra.errors import InvalidInput
from tests.support.effort import effort

EXAMPLES = [
    # appendix J (c)(1): amount, payment, number, whole periods, fraction, periods a year, printed, computed
    (5000, 230, 24, 1, 0, 12, 9.69, 9.6857),
    (6000, 200, 36, 1, 19 / 30, 12, 11.82, 11.8165),
    (5000, 219.17, 24, 0, 6 / 15, 24, 10.34, 10.3379),
    (10000, 385, 40, 1, 39 / 90, 4, 8.97, 8.9708),
    (500, 17.60, 30, 4, 4 / 7, 52, 14.96, 14.9622),
]


@pytest.mark.parametrize(("lent", "paid", "times", "whole", "part", "year", "printed", "computed"), EXAMPLES)
def test_apr_when_the_regulations_example_then_the_printed_rate(
    lent: float, paid: float, times: int, whole: int, part: float, year: int, printed: float, computed: float
) -> None:
    found = apr(lent, level_terms(paid, times, whole, part), per_year=year) * 100
    assert round(found, 2) == printed
    assert found == pytest.approx(computed, abs=5e-5)


def test_apr_when_by_hand_then_simple_for_the_fraction_and_compound_for_whole_periods() -> None:
    assert apr(100, [Term(110, 1)], per_year=1) == pytest.approx(0.1)
    assert apr(100, [Term(105, 0, 0.5)], per_year=1) == pytest.approx(0.1)  # 1 + 0.5 i
    assert apr(100, [Term(115.5, 1, 0.5)], per_year=2) == pytest.approx(0.2)  # 1.1 * 1.05, twice a year
    assert apr([Term(100, 0), Term(100, 1)], [Term(231, 2)], per_year=1) == pytest.approx(0.1)
    assert apr(100, level_terms(50, 2, 1), per_year=12) == 0


def test_effective_rate_when_compounded_monthly_then_as_printed_and_back() -> None:
    assert effective_rate(0.0525, 4) == pytest.approx(0.0535427, abs=5e-8)  # Excel's pages on EFFECT and NOMINAL
    assert nominal_rate(0.053543, 4) == pytest.approx(0.05250032, abs=5e-9)
    assert effective_rate(0.1, 1) == pytest.approx(0.1)


@given(st.floats(-0.9, 5), st.integers(1, 365))
@settings(max_examples=effort(200))
def test_nominal_rate_when_made_from_the_effective_then_back_again(effective: float, year: int) -> None:
    assert effective_rate(nominal_rate(effective, year), year) == pytest.approx(effective, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: apr(100, [Term(90, 1)], per_year=12), "The payments add up to less than what was advanced; "),
        (lambda: apr(100, [], per_year=12), "`payments` is empty."),
        (
            lambda: apr(100, [Term(110, 1, 1.5)], per_year=12),
            "`payments[0].fraction` must be from 0 to below 1, not 1.5.",
        ),
        (lambda: apr(-100, [Term(110, 1)], per_year=12), "`advances[0].amount` must be above 0"),
        (lambda: apr(100, [5], per_year=12), "`payments` must be a list, each item a Term, not list "),  # type: ignore[list-item]  # that is the point
        (lambda: apr(100, [Term(110, 1)], per_year=0), "`per_year` must be a whole number of at least 1"),
        (
            lambda: apr([Term(100, 0), Term(100, 2)], [Term(150, 1), Term(100, 3)], per_year=12),
            "More is paid back than was advanced before a later advance; such a loan has no single APR.",
        ),
        (lambda: effective_rate(-12, 12), "`nominal / per_year` must be above -1"),
    ],
)
def test_rates_when_they_cannot_be_meant_then_one_sentence(ask: object, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask()  # type: ignore[operator]  # a lambda
    assert str(caught.value).startswith(sentence)
