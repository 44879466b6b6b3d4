"""Orders that are told whole and by their fills: what makes one, and what does not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.book.trade_match import Trade
from fin_infra.book.trade_parts import find_orders
from tests.book.test_file_trades import told
from tests.support.effort import effort

BROKER, PAPER = frozenset({"c-1"}), frozenset({"import:9"})


def fill(row: int, units: str, **more: object) -> Trade:
    quantity = Decimal(units)
    facts = {"scheme": "c-1", "quantity": quantity, "amount": -10 * quantity, **more}
    return Trade(row, (told(**facts),), BROKER)


def order(row: int, units: str, **more: object) -> Trade:
    quantity = Decimal(units)
    return Trade(row, (told(**{"quantity": quantity, "amount": -10 * quantity, **more}),), PAPER)


def test_order_when_its_fills_make_its_units_then_it_is_found_whoever_tells_which() -> None:
    fills = [fill(2, "40"), fill(3, "30"), fill(4, "30")]
    assert find_orders([order(1, "100"), *fills]) == [(1, (2, 3, 4))]
    swapped = [Trade(each.row, each.worded, PAPER) for each in fills]
    assert find_orders([*swapped, Trade(9, (told(scheme="c-2", quantity=Decimal(100)),), BROKER)]) == [(9, (2, 3, 4))]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"quantity": Decimal(31)}, "units"),
        ({"quantity": Decimal(-30), "kind": "sell"}, "side"),
        ({"day": date(2026, 3, 3)}, "day"),
        ({"symbol": "PEP"}, "instrument"),
        ({"currency": "EUR"}, "currency"),
        ({"kind": "dividend"}, "kind"),
        ({"scheme": "ofx"}, "a file of the same format repeats its own words"),
    ],
)
def test_order_when_a_fill_differs_then_there_is_none(more: dict[str, object], why: str) -> None:
    assert find_orders([order(1, "100"), fill(2, "40"), fill(3, "30"), fill(4, "30", **more)]) == [], why


def test_order_when_one_source_tells_both_or_it_was_asked_before_then_there_is_none() -> None:
    fills = [fill(2, "60"), fill(3, "40")]
    both = Trade(1, order(1, "100").worded, PAPER | BROKER)
    assert find_orders([both, *fills]) == []
    assert find_orders([order(1, "100"), *fills], {frozenset({1, 3})}) == []


def test_order_when_other_trades_are_of_the_day_then_the_fills_with_its_money_are_chosen() -> None:
    fills = [fill(2, "50", amount=Decimal(-499)), fill(3, "50"), fill(4, "50"), fill(5, "7")]
    assert find_orders([order(1, "100"), *fills]) == [(1, (3, 4))]


def test_order_when_it_settles_on_the_day_of_the_fills_then_it_is_found() -> None:
    late = order(1, "100", day=date(2026, 3, 4), settled=date(2026, 3, 2))
    assert find_orders([late, fill(2, "60"), fill(3, "40")]) == [(1, (2, 3))]


@settings(max_examples=effort(200), deadline=None)
@given(
    units=st.lists(st.decimals(min_value="0.001", max_value="50", places=3), min_size=2, max_size=6),
    strangers=st.lists(st.decimals(min_value="0.001", max_value="50", places=3), max_size=4),
)
def test_order_when_found_then_its_fills_make_it_exactly_and_none_is_in_two(
    units: list[Decimal], strangers: list[Decimal]
) -> None:
    rows = [fill(10 + at, str(each)) for at, each in enumerate([*units, *strangers])]
    found = find_orders([order(1, str(sum(units))), order(2, str(units[0] + units[1])), *rows])
    by_row = {each.row: each.worded[0].quantity for each in rows}
    wholes = {1: sum(units), 2: units[0] + units[1]}
    for total, parts in found:
        assert sum(by_row[part] or 0 for part in parts) == wholes[total]
    used = [part for _, parts in found for part in parts]
    assert len(used) == len(set(used))
    assert found, "the first order's fills are all there"
