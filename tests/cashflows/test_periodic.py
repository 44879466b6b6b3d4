"""NPV, IRR and MIRR: Microsoft's printed examples, roots by hand, and cases that other libraries answer wrongly."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.cashflows import irr, irr_all, mirr, npv
from fin_infra.errors import InvalidInput, SeveralRates
from tests.support.effort import effort

VENTURE = [-70000, 12000, 15000, 18000, 21000, 26000]
"""The example of Excel's page on IRR."""
BORROWED = [-120000, 39000, 30000, 21000, 37000, 46000]
"""The example of Excel's page on MIRR."""


@pytest.mark.parametrize(
    ("flows", "rate"), [(VENTURE, 0.0866309480), (VENTURE[:-1], -0.0212448483), (VENTURE[:3], -0.443506941)]
)
def test_irr_when_the_spreadsheets_example_then_its_value(flows: list[int], rate: float) -> None:
    assert irr(flows) == pytest.approx(rate, abs=5e-10)


@pytest.mark.parametrize(
    ("flows", "finance", "reinvest", "rate"),
    [
        (BORROWED, 0.10, 0.12, 0.126094130),
        (BORROWED[:4], 0.10, 0.12, -0.0480446552),
        (BORROWED, 0.10, 0.14, 0.134759111),
    ],
)
def test_mirr_when_the_spreadsheets_example_then_its_value(
    flows: list[int], finance: float, reinvest: float, rate: float
) -> None:
    assert mirr(flows, finance, reinvest) == pytest.approx(rate, abs=5e-10)


@pytest.mark.parametrize("flows", [[100, 200], [-100, -200], [0, 0]])
def test_mirr_when_all_flows_go_one_way_then_none(flows: list[int]) -> None:
    assert mirr(flows, 0.1, 0.1) is None


def test_npv_when_first_flow_is_today_or_after_a_period_then_both_conventions() -> None:
    assert npv(0.1, [-10000, 3000, 4200, 6800], first=1) == pytest.approx(1188.44341, abs=5e-6)
    assert npv(0.5, [-100, 30, 90]) == pytest.approx(-100 + 20 + 40)  # by hand
    assert npv(0.5, [100]) == 100
    assert npv(Decimal("-0.5"), [Decimal(1), Decimal(1)]) == 3


@pytest.mark.parametrize(
    ("flows", "rates"),
    [
        ([-1600, 10000, -10000], [0.25, 4.0]),  # 1600 = 10000 v - 10000 v^2 at v = 0.8 and 0.2
        ([-100, 220, -121], [0.1]),  # -100 (1 - 1.1 v)^2: both roots touch
        ([-1, 6, -11, 6], [0.0, 1.0, 2.0]),  # the textbook's three: (1 - v)(1 - 2 v)(1 - 3 v)
        ([100, -210, 110], [0.0, 0.1]),
        ([1, -2, 1], [0.0]),
        ([-1, 4, -6, 4, -1], [0.0]),  # four that touch
        ([-1e-9, 2e-9], [1.0]),
        ([-1e15, 2e15], [1.0]),
        ([-1, 1e6], [999_999.0]),
        ([-1e6, 1], [-0.999999]),
        ([100, -200, 150], []),
        ([100, 200], []),
        ([0, 0], []),
    ],
)
def test_irr_all_when_roots_are_known_then_all_of_them_and_no_other(flows: list[float], rates: list[float]) -> None:
    assert irr_all(flows) == pytest.approx(rates, rel=1e-7, abs=1e-7)


def test_irr_when_there_are_several_then_an_error_names_them() -> None:
    with pytest.raises(SeveralRates, match=r"^These flows have 2 internal rates of return: 0\.25, 4; choose") as caught:
        irr([-1600, 10000, -10000])
    assert caught.value.rates == pytest.approx((0.25, 4))
    assert caught.value.extra() == {"rates": list(caught.value.rates)}


@pytest.mark.parametrize("flows", [[100, 200], [-1, -2], [100, -200, 150], [0, 0, 0], [-100, 0]])
def test_irr_when_there_is_none_then_none(flows: list[int]) -> None:
    assert irr(flows) is None


NPF_WRONG = [
    # numpy-financial 1.0.0 answers -0.0677, closest to zero in size and a root; 327.24625 * 16 < 10000, so it is right
    ("#98", [-10000] + [327.24625] * 16, [-0.0676541134]),
    ("#28", [-50, -100, 600, 300, -100], [-0.7688954707, 1.8544178285]),
    ("#44", [-1678.87, 771.96, 1814.05, 3520.30, 3552.95, 3584.99, 4789.91, -1], [-0.9997912604, 1.0042698487]),
    ("numpy#4210", [-100, 0, 0, -7], []),
    ("pyxirr#20", [87.17] * 12 + [-86.43], [-0.5020732643]),
    ("pyxirr#24", [-172545.848122807] + [787.735232517999] * 480, [0.0038401048]),
]


@pytest.mark.parametrize(("issue", "flows", "rates"), NPF_WRONG, ids=[row[0] for row in NPF_WRONG])
def test_irr_all_when_a_known_trap_of_other_libraries_then_every_root(
    issue: str, flows: list[float], rates: list[float]
) -> None:
    found = irr_all(flows)
    assert found == pytest.approx(rates, abs=5e-10)
    for rate in found:  # the definition, in exact enough arithmetic
        terms = [flow * math.exp(-place * math.log1p(rate)) for place, flow in enumerate(flows)]
        assert abs(math.fsum(terms)) <= 1e-9 * math.fsum(map(abs, terms))


roots = st.lists(st.integers(1, 30).map(lambda tenth: tenth / 10), min_size=1, max_size=4, unique=True)


@given(roots, st.sampled_from([1.0, -1.0, 1e-6, 1e9]))
@settings(max_examples=effort(200))
def test_irr_all_when_flows_are_made_from_their_roots_then_these_and_no_other(
    values: list[float], scale: float
) -> None:
    """Each root v of the polynomial in the discount factor is the rate 1 / v - 1."""
    flows = [scale]
    for value in values:
        flows = [a - b / value for a, b in zip([*flows, 0.0], [0.0, *flows], strict=True)]
    assert irr_all(flows) == pytest.approx(sorted(1 / value - 1 for value in values), rel=1e-6, abs=1e-6)


@given(st.lists(st.floats(-1e6, 1e6).map(lambda flow: round(flow, 2)), min_size=2, max_size=12))
@settings(max_examples=effort(200))
def test_irr_when_given_then_npv_is_zero_and_the_same_again(flows: list[float]) -> None:
    rates = irr_all(flows)
    assert rates == irr_all(flows) == sorted(rates)
    for rate in rates:
        terms = [flow * math.exp(-place * math.log1p(rate)) for place, flow in enumerate(flows)]
        assert rate > -1
        assert abs(math.fsum(terms)) <= 1e-7 * math.fsum(map(abs, terms))
    if len(rates) < 2:
        assert irr(flows) == (pytest.approx(rates[0], rel=1e-7, abs=1e-9) if rates else None)


@pytest.mark.parametrize(
    ("flows", "sentence"),
    [
        ([], "`flows` is empty; give each flow, money in positive and money out negative."),
        ([-1], "A rate of return needs at least 2 flows, and there is only 1."),
        ([-1, math.nan], "`flows[1]` must be a finite number, not float nan."),
        ([-1, math.inf], "`flows[1]` must be a finite number, not float inf."),
        ([-1, Decimal("NaN")], "`flows[1]` must be a finite number, not Decimal NaN."),
        ([-1, "2"], "`flows[1]` must be a number, not '2'."),
        ([-1, True], "`flows[1]` must be a number, not True."),
        ("12", "`flows` must be a list of numbers, not '12'."),
        (None, "`flows` must be a list of numbers, not None."),
    ],
)
@pytest.mark.parametrize("ask", [irr, irr_all, lambda flows: mirr(flows, 0.1, 0.1)])
def test_flows_when_they_cannot_be_meant_then_one_sentence(ask: object, flows: object, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask(flows)  # type: ignore[operator]  # what users without a checker pass
    assert str(caught.value) == sentence


@pytest.mark.parametrize("rate", [-1, -2, math.nan, math.inf])
def test_npv_when_the_rate_cannot_be_meant_then_a_sentence(rate: float) -> None:
    with pytest.raises(InvalidInput, match=r"^`rate` must be "):
        npv(rate, [1, 2])
