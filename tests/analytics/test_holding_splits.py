"""Splits that leave part of a share, calculated by hand, and what is not one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fin_infra.analytics import diff_holdings, merge_holdings
from fin_infra.model import AccountError, CashBalance, HoldingChange, InstrumentKey, Portfolio, Position, Split
from tests.analytics.support import NOW, cash, position, sync

LATER = NOW + timedelta(days=1)
X = InstrumentKey("US", "X")


def held(quantity: str, price: str | None, *more: Position | CashBalance | AccountError, later: bool) -> Portfolio:
    return merge_holdings(sync(position("a", "US:X", quantity, price, as_of=LATER if later else NOW), *more))


def told(changes: list[HoldingChange]) -> list[tuple[str, str, str, Split | None]]:
    return [(change.kind.value, str(change.before), str(change.after), change.split) for change in changes]


BY_HAND = [
    ("25", "2", "2", "20.40", Split(1, 10)),  # 2.5: half a share paid out
    ("25", "2", "2.5", "20.40", Split(1, 10)),  # a broker that keeps fractions
    ("99", "1.25", "12", "10", Split(1, 8)),  # odd lots: 12.375
    ("7", "1.25", "7", "10", None),  # not booked yet, or the price rose
    ("12", "1.25", "1", "10", Split(1, 8)),  # 1.5
    ("5", "30", "7", "20", Split(3, 2)),  # 7.5: a split that gives more shares leaves fractions as well
    ("25", "50", "62", "20", Split(5, 2)),  # 62.5
    ("1001", "30", "1501", "20", Split(3, 2)),  # 1501.5
    ("10", "40", "40", "10", Split(4, 1)),
    ("-25", "2", "-2", "20", Split(1, 10)),
    ("5", "30", "7", "22", Split(3, 2)),  # a tenth up meanwhile
    ("5", "30", "7", "22.01", None),
    ("5", "50", "2", "100", Split(1, 2)),  # 2.5
    ("2", "100", "5", "50", None),  # two for one makes four: a share was bought
    ("25", "2", "2", "2.10", None),  # sold
    ("25", "2", "3", "20", None),  # 2.5 is two whole shares; rounded up only where the split is given
    ("25", "2", "2", "14", None),  # one for seven would leave three
    ("25", "20", "2", "0", None),
    ("25", "20", "2", None, None),
    ("25", "2", "2.1", "20", None),  # neither the fraction nor whole shares
    ("1", "100", "101", "1", None),
    ("250", "1", "1", "250", None),  # one for 250 is beyond what is looked for
]


@pytest.mark.parametrize("with_cash", [False, True])
@pytest.mark.parametrize(("was", "price", "now", "later", "split"), BY_HAND)
def test_split_when_a_fraction_is_left_then_found_by_the_price_with_the_cash_row_and_without(
    was: str, price: str, now: str, later: str | None, split: Split | None, with_cash: bool
) -> None:
    paid = ([cash("a", "0")], [cash("a", "10.20")]) if with_cash else ([], [])
    changes = diff_holdings(held(was, price, *paid[0], later=False), held(now, later, *paid[1], later=True))
    kind = "changed" if split is None else "split_adjusted"
    assert told(changes) == ([(kind, was, now, split)] if was != now else [])


@pytest.mark.parametrize(("was", "price", "now", "later", "split"), BY_HAND)
def test_split_when_the_later_sync_comes_first_then_the_same_one_undone(
    was: str, price: str, now: str, later: str | None, split: Split | None
) -> None:
    changes = diff_holdings(held(now, later, later=True), held(was, price, later=False))
    undone = split and Split(split.old, split.new)
    kind = "changed" if split is None else "split_adjusted"
    assert told(changes) == ([(kind, now, was, undone)] if was != now else [])


def test_split_when_both_syncs_are_of_one_moment_then_either_may_have_come_first() -> None:
    many, few = held("5", "50", later=False), held("2", "100", later=False)
    assert told(diff_holdings(many, few)) == [("split_adjusted", "5", "2", Split(1, 2))]
    assert told(diff_holdings(few, many)) == [("split_adjusted", "2", "5", Split(2, 1))]


def test_split_when_rows_of_one_holding_are_of_several_moments_then_the_latest_counts() -> None:
    """Five shares, three of which were there a day after the two of the other sync: nothing was consolidated."""
    rows = [position("a", "US:X", "2", "50", as_of=NOW), position("a", "US:X", "3", "50", as_of=LATER)]
    two = merge_holdings(sync(position("a", "US:X", "2", "100", as_of=NOW + timedelta(hours=1))))
    assert told(diff_holdings(merge_holdings(sync(*rows)), two)) == [("changed", "5", "2", None)]


@pytest.mark.parametrize(
    ("was", "now", "split", "expected"),
    [
        ("100", "12", Split(1, 8), [("split_adjusted", "100", "12", Split(1, 8))]),  # 12.5
        ("100", "13", Split(1, 8), [("split_adjusted", "100", "13", Split(1, 8))]),  # rounded up
        ("-100", "-13", Split(1, 8), [("split_adjusted", "-100", "-13", Split(1, 8))]),
        (
            "100",
            "14",
            Split(1, 8),
            [("split_adjusted", "100", "12.5", Split(1, 8)), ("changed", "12.5", "14", None)],
        ),
        ("5", "7", Split(3, 2), [("split_adjusted", "5", "7", Split(3, 2))]),  # 7.5
        (
            "5",
            "8",  # nobody rounds up where there are more shares than before
            Split(3, 2),
            [("split_adjusted", "5", "7.5", Split(3, 2)), ("changed", "7.5", "8", None)],
        ),
        (
            "96",
            "13",  # 12 exactly: nothing to round
            Split(1, 8),
            [("split_adjusted", "96", "12", Split(1, 8)), ("changed", "12", "13", None)],
        ),
    ],
)
def test_split_when_given_then_a_fraction_paid_out_or_rounded_up_is_no_trade(
    was: str, now: str, split: Split, expected: list[tuple[str, str, str, Split | None]]
) -> None:
    changes = diff_holdings(held(was, None, later=False), held(now, None, later=True), splits={X: split})
    assert told(changes) == expected


def test_split_when_two_would_leave_as_many_shares_then_the_price_tells_which() -> None:
    """25 shares leave two at one for nine (2.78), ten (2.5) and eleven (2.27)."""
    for old in (9, 10, 11):
        changes = diff_holdings(held("25", "2", later=False), held("2", f"{2 * old}", later=True))
        assert told(changes) == [("split_adjusted", "25", "2", Split(1, old))]


def test_split_when_the_price_moved_too_then_within_the_tolerance_only() -> None:
    """Four for one makes ten at 40 forty at 10; 11 is a tenth more, and 10 is a tenth more than 9.0909."""
    for price, kind in (("11", "split_adjusted"), ("11.01", "changed"), ("9.1", "split_adjusted"), ("9.09", "changed")):
        changes = diff_holdings(held("10", "40", later=False), held("40", price, later=True))
        assert [change.kind.value for change in changes] == [kind], price


def test_spin_off_when_shares_of_another_company_come_then_opened_and_no_split() -> None:
    """One of Y for four of X, whose price falls by what Y is worth: 100 at 50 are 100 at 40 and 25 at 40."""
    before = held("100", "50", later=False)
    changes = diff_holdings(before, held("100", "40", position("a", "US:Y", "25", "40", as_of=LATER), later=True))
    assert told(changes) == [("opened", "0", "25", None)]
    assert [change.symbol_text for change in changes] == ["US:Y"]
