"""XNPV and XIRR: the spreadsheet's printed example, roots by hand, and agreement with pyxirr where it is right."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.cashflows import xirr, xirr_all, xnpv
from fin_infra.errors import InvalidInput, SeveralRates
from fin_infra.model import Money
from tests.support.effort import effort

DATES = [date(2008, 1, 1), date(2008, 3, 1), date(2008, 10, 30), date(2009, 2, 15), date(2009, 4, 1)]
FLOWS = [-10000, 2750, 4250, 3250, 2750]
"""The example of Excel's pages on XIRR and XNPV."""
YEARS = [date(2025, 1, 1), date(2026, 1, 1), date(2027, 1, 1), date(2027, 12, 31) + timedelta(days=1)]


def test_xirr_when_the_spreadsheets_example_then_its_value() -> None:
    assert xirr(DATES, FLOWS) == pytest.approx(0.373362533, abs=1e-9)
    assert xirr(DATES, [Decimal(flow) for flow in FLOWS]) == xirr(DATES, FLOWS)
    assert xirr_all(DATES, FLOWS) == pytest.approx([0.373362533], abs=1e-9)
    assert xnpv(0.09, DATES, FLOWS) == pytest.approx(2086.64760, abs=5e-6)


def test_xirr_when_later_dates_are_in_another_order_then_the_same() -> None:
    order = [0, 3, 1, 4, 2]
    shuffled = [DATES[place] for place in order], [FLOWS[place] for place in order]
    assert xirr(*shuffled) == pytest.approx(0.373362533, abs=1e-9)
    assert xnpv(0.09, *shuffled) == pytest.approx(2086.64760, abs=5e-6)
    assert xirr(tuple(DATES), tuple(FLOWS)) == pytest.approx(0.373362533, abs=1e-9)


def test_xirr_when_there_are_several_then_an_error_names_them() -> None:
    with pytest.raises(SeveralRates, match=r"0\.25, 4;"):
        xirr(YEARS[:3], [-1600, 10000, -10000])
    assert xirr_all(YEARS[:3], [-1600, 10000, -10000]) == pytest.approx([0.25, 4])


@pytest.mark.parametrize("flows", [[100, 200, 50], [-1, -2, -3], [0, 0, 0], [100, -200, 150]])
def test_xirr_when_there_is_none_then_none(flows: list[int]) -> None:
    assert xirr(YEARS[:3], flows) is None


def test_xirr_when_all_is_on_one_day_then_none() -> None:
    assert xirr([YEARS[0]] * 2, [-100, 110]) is None  # pyxirr alone answers inf


@pytest.mark.parametrize("scale", [1e-12, 1e-9, 1e-3, 1.0, 1e9, 1e15])
def test_xirr_when_flows_are_tiny_or_huge_then_the_rate_of_the_same_in_dollars(scale: float) -> None:
    assert xirr(YEARS[:2], [-scale, 1.5 * scale]) == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize(
    ("rows", "rate"),
    [
        # Anexen/pyxirr#14: 40.86 / 134.09 after 63 days, by hand
        ([(date(2021, 6, 9), -134.09), (date(2021, 8, 11), 40.86)], (40.86 / 134.09) ** (365 / 63) - 1),
        # Anexen/pyxirr#61, by bisection in the thread: between -0.9999999999999833 and -0.9999999999999832
        ([(date(2024, 11, 21), -100), (date(2024, 11, 28), -100), (date(2024, 12, 3), 100)], -0.99999999999998325),
    ],
)
def test_xirr_when_nearly_all_is_lost_then_the_rate_and_not_none(rows: list[tuple[date, float]], rate: float) -> None:
    found = xirr([day for day, _ in rows], [flow for _, flow in rows])
    assert found == pytest.approx(rate, rel=1e-12)


def test_xirr_when_the_series_of_an_open_issue_then_the_spreadsheets_root() -> None:
    """Anexen/pyxirr#75: pyxirr 0.10.8 answers None, Excel -0.912781382."""
    rows = [
        ("2018-06-30", -84000000.0), ("2019-03-31", 800000.0), ("2019-06-30", 760000.0), ("2019-09-30", 680000.0),
        ("2019-12-31", 800000.0), ("2020-03-31", 280000.0), ("2020-06-30", 740000.0), ("2020-09-30", 520000.0),
        ("2022-03-31", -2100000.0), ("2023-03-31", -13000000.0), ("2024-09-30", -3000000.0),
        ("2024-09-30", -4100000.0), ("2024-12-31", -250000.0), ("2024-12-31", -1800000.0),
        ("2025-03-31", -8400000.0), ("2025-12-31", 1800000.0), ("2026-03-31", 43000.0), ("2026-03-31", -6600.0),
    ]  # fmt: skip
    rates = xirr_all([date.fromisoformat(day) for day, _ in rows], [flow for _, flow in rows])
    assert rates == pytest.approx([-0.912781382], abs=5e-10)


days = st.lists(st.dates(date(2000, 1, 1), date(2040, 1, 1)), min_size=2, max_size=30, unique=True).map(sorted)


@given(days, st.floats(-0.5, 3.0), st.data())
@settings(max_examples=effort(200))
def test_xirr_when_money_goes_in_and_then_comes_out_then_as_pyxirr(
    when: list[date], target: float, data: st.DataObject
) -> None:
    """Deposits of whole dollars, and one value at the end that makes `target` the rate, in our own arithmetic."""
    flows = [-float(data.draw(st.integers(1, 10_000))) for _ in when[:-1]]
    flows.append(
        -math.fsum(flow * (1 + target) ** ((when[-1] - day).days / 365) for flow, day in zip(flows, when, strict=False))
    )
    found = xirr(when, flows)
    assert found == pytest.approx(target, rel=1e-6, abs=1e-6)
    theirs = pyxirr.xirr(when, flows)
    if theirs is not None and -0.9 < theirs < 10:
        assert found == pytest.approx(theirs, rel=1e-6, abs=1e-6)
    assert xirr_all(when, flows) == pytest.approx([found], rel=1e-9, abs=1e-9)
    assert found == xirr(when, flows)


@given(days, st.data())
@settings(max_examples=effort(100))
def test_xirr_when_flows_are_mixed_then_no_other_answer_than_all_roots_give(
    when: list[date], data: st.DataObject
) -> None:
    flows = [float(data.draw(st.integers(-1000, 1000))) for _ in when]
    rates = xirr_all(when, flows)
    if len(rates) > 1:
        with pytest.raises(SeveralRates):
            xirr(when, flows)
    else:
        assert xirr(when, flows) == (pytest.approx(rates[0], rel=1e-7, abs=1e-8) if rates else None)


def test_xirr_when_there_are_thousands_of_flows_then_the_rate_they_were_made_with() -> None:
    when = [date(2000, 1, 1) + timedelta(days=place) for place in range(10_000)]
    flows = [-100.0 - place % 7 for place in range(9_999)]
    flows.append(-math.fsum(flow * 1.07 ** ((9_999 - place) / 365) for place, flow in enumerate(flows)))
    assert xirr(when, flows) == pytest.approx(0.07, abs=1e-10)


D, E = date(2026, 1, 1), date(2026, 6, 1)


@pytest.mark.parametrize(
    ("dates", "flows", "sentence"),
    [
        ([], [], "`flows` is empty; give each flow, money in positive and money out negative."),
        ([D], [-1], "A rate of return needs at least 2 flows, and there is only 1."),
        ([D, E], [-1], "A rate of return needs at least 2 flows, and there is only 1."),
        ([D], [-1, 2], "There are 1 dates and 2 flows; each flow needs its date."),
        (
            [E, D],
            [-1, 2],
            "`dates[1]`, 2026-01-01, is before the first date, 2026-06-01, to which flows are discounted; "
            "sort flows by date.",
        ),
        ([D, E], [-1, math.nan], "`flows[1]` must be a finite number, not float nan."),
        ([D, E], [-math.inf, 1], "`flows[0]` must be a finite number, not float -inf."),
        ([D, E], [-1, 10**400], "`flows[1]` must be a finite number, not an int of that size."),
        ([D, E], [-1, Decimal("sNaN")], "`flows[1]` must be a finite number, not Decimal sNaN."),
        ([D, E], [-1, Money.of("2.00", "USD")], "`flows[1]` must be a number, not a Money; pass its `amount`."),
        ([D, "2026-06-01"], [-1, 2], "`dates[1]` must be a datetime.date, not '2026-06-01'."),
        (
            [datetime(2026, 1, 1), datetime(2026, 6, 1)],  # noqa: DTZ001  # it is refused for being a datetime
            [-1, 2],
            "`dates[0]` must be a datetime.date, not datetime 2026-01-01T00:00:00. Use its day, `.date()`.",
        ),
        (None, [-1, 2], "`dates` must be a list of dates, not None."),
    ],
)
def test_xirr_when_it_cannot_be_meant_then_one_sentence(dates: list[date], flows: list[float], sentence: str) -> None:
    for ask in (xirr, xirr_all):
        with pytest.raises(InvalidInput) as caught:
            ask(dates, flows)
        assert str(caught.value) == sentence


def test_xnpv_when_flows_go_one_way_then_their_value() -> None:
    assert xnpv(0.5, [YEARS[0], YEARS[1]], [30, 90]) == pytest.approx(30 + 60)
