"""Day counts: ISDA's worked examples of 1999 (as in QuantLib's tests), SIFMA's Februaries by hand, and pyxirr's."""

from __future__ import annotations

from datetime import date

import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.cashflows import DayCount, days_between, year_fraction
from fin_infra.errors import InvalidInput
from tests.support.effort import effort

ISDA = [
    (date(2003, 11, 1), date(2004, 5, 1), 0.497724380567),
    (date(1999, 2, 1), date(1999, 7, 1), 0.410958904110),
    (date(1999, 7, 1), date(2000, 7, 1), 1.001377348600),
    (date(1999, 7, 30), date(2000, 1, 30), 0.503892506924),
    (date(2000, 1, 30), date(2000, 6, 30), 0.415300546448),
]
ICMA = [
    (date(2003, 11, 1), date(2004, 5, 1), (date(2003, 11, 1), date(2004, 5, 1)), 2, 0.5),
    (date(1999, 2, 1), date(1999, 7, 1), (date(1998, 7, 1), date(1999, 7, 1)), 1, 0.410958904110),
    (date(2000, 1, 30), date(2000, 6, 30), (date(2000, 1, 30), date(2000, 7, 30)), 2, 0.417582417582),
]
WITNESS = {
    DayCount.THIRTY_360_US: "30U/360",
    DayCount.THIRTY_E_360: "30E/360",
    DayCount.ACT_360: "ACT/360",
    DayCount.ACT_365F: "ACT/365F",
    DayCount.ACT_ACT_ISDA: "ACT/ACT ISDA",
}


@pytest.mark.parametrize(("start", "end", "part"), ISDA)
def test_year_fraction_when_isdas_example_then_its_value(start: date, end: date, part: float) -> None:
    assert year_fraction(start, end, "ACT/ACT ISDA") == pytest.approx(part, abs=1e-11)
    assert year_fraction(end, start, "ACT/ACT ISDA") == pytest.approx(-part, abs=1e-11)


@pytest.mark.parametrize(("start", "end", "coupon", "year", "part"), ICMA)
def test_year_fraction_when_icmas_example_then_its_value(
    start: date, end: date, coupon: tuple[date, date], year: int, part: float
) -> None:
    found = year_fraction(start, end, DayCount.ACT_ACT_ICMA, coupon=coupon, per_year=year)
    assert found == pytest.approx(part, abs=5e-13)


@pytest.mark.parametrize(
    ("start", "end", "american", "european"),
    [
        (date(2023, 1, 31), date(2023, 3, 31), 60, 60),
        (date(2023, 1, 30), date(2023, 3, 31), 60, 60),
        (date(2023, 1, 15), date(2023, 3, 31), 76, 75),
        (date(2023, 2, 28), date(2023, 3, 31), 30, 32),
        (date(2023, 2, 28), date(2024, 2, 29), 360, 361),
        (date(2024, 2, 28), date(2024, 3, 31), 33, 32),
        (date(2023, 8, 31), date(2024, 2, 29), 179, 179),
    ],
)
def test_days_between_when_months_have_thirty_days_then_as_by_hand(
    start: date, end: date, american: int, european: int
) -> None:
    assert days_between(start, end, "30/360 US") == american
    assert days_between(start, end, "30E/360") == european
    assert days_between(end, start, "30E/360") == -european


days = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize("basis", WITNESS)
@given(days, days)
@settings(max_examples=effort(100))
def test_year_fraction_when_pyxirr_knows_the_convention_then_the_same(basis: DayCount, one: date, other: date) -> None:
    start, end = sorted((one, other))
    theirs = pyxirr.DayCount.of(WITNESS[basis])
    assert year_fraction(start, end, basis) == pytest.approx(pyxirr.year_fraction(start, end, theirs), abs=1e-12)


@pytest.mark.parametrize(
    ("basis", "more", "sentence"),
    [
        (
            "30/365",
            {},
            "'30/365' is not a day count; choose one of 30/360 US, 30E/360, ACT/360, ACT/365F, ACT/ACT ISDA",
        ),
        ("ACT/ACT ICMA", {}, "ACT/ACT ICMA needs the coupon period"),
        (
            "ACT/ACT ICMA",
            {"coupon": (date(2026, 2, 1), date(2026, 8, 1)), "per_year": 2},
            "The dates are not within the coupon period 2026-02-01 to 2026-08-01; split them by coupon period.",
        ),
    ],
)
def test_year_fraction_when_it_cannot_be_meant_then_one_sentence(basis: str, more: object, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        year_fraction(date(2026, 1, 1), date(2026, 3, 1), basis, **more)  # type: ignore[arg-type]  # a dict of keywords
    assert str(caught.value).startswith(sentence)
