"""What changed between two syncs: each kind by hand, and the laws that hold for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fin_infra.analytics import diff_holdings, merge_holdings
from fin_infra.errors import InvalidInput
from fin_infra.model import ChangeKind, HoldingChange, InstrumentKey, Portfolio, Split
from tests.analytics.support import NOW, SOURCE, account, failed, position, ref, sync
from tests.support.effort import effort

OWN_AND_OTHER = (("a", SOURCE), ("b", "c-2"))


def having(*rows: Any) -> Portfolio:
    """Return a portfolio in which the accounts a, b and c are always there."""
    given = {row.account_id for row in rows if hasattr(row, "account_id")}
    listed = {row.id for row in rows if hasattr(row, "institution")}
    return merge_holdings(sync(*rows, *(account(ident) for ident in "abc" if ident not in given | listed)))


def told(changes: Sequence[HoldingChange]) -> list[tuple[str, str, str, str]]:
    return [(change.kind.value, change.account.id, change.symbol_text, str(change.delta)) for change in changes]


def test_diff_when_each_kind_happens_then_named_in_the_order_of_instruments() -> None:
    before = having(
        position("a", "US:KO", "150", "72"),
        position("a", "US:VTI", "120", "325"),
        position("a", "US:COST", "12", "912"),
        position("a", "CRYPTO:bitcoin", "0.73", "91000"),
        position("a", "US:TSLA", "-15", "393"),
    )
    after = having(
        position("a", "US:NVDA", "40", "180"),
        position("b", "US:VTI", "120", "326"),
        position("a", "US:COST", "48", "231"),
        position("a", "CRYPTO:bitcoin", "0.74", "90000"),
        position("a", "US:TSLA", "-10", "390"),
    )
    changes = diff_holdings(before, after)
    assert told(changes) == [
        ("changed", "a", "CRYPTO:bitcoin", "0.01"),
        ("split_adjusted", "a", "US:COST", "36"),
        ("closed", "a", "US:KO", "-150"),
        ("opened", "a", "US:NVDA", "40"),
        ("changed", "a", "US:TSLA", "5"),
        ("transferred", "a", "US:VTI", "-120"),
        ("transferred", "b", "US:VTI", "120"),
    ]
    assert changes[1].split == Split(4, 1)
    assert [change.other for change in changes[-2:]] == [ref("b"), ref("a")]
    assert (changes[0].before, changes[0].after) == (Decimal("0.73"), Decimal("0.74"))


def test_diff_when_prices_currencies_or_spelling_move_then_nothing_has_changed() -> None:
    before = having(position("a", "XNAS:AAPL", "10", "200", "150"), position("b", "CRYPTO:bitcoin", "1", "80000"))
    after = having(
        position("a", "US:AAPL", "10", "100", "140"), position("b", "CRYPTO:bitcoin", "1.000", "70000", currency="EUR")
    )
    assert diff_holdings(before, after) == []


def test_diff_when_long_turns_short_then_changed_through_zero() -> None:
    [change] = diff_holdings(having(position("a", "US:X", "5")), having(position("a", "US:X", "-3")))
    assert (change.kind, change.before, change.after, change.delta) == (ChangeKind.CHANGED, 5, -3, -8)


def test_diff_when_part_moves_then_transferred_and_not_traded() -> None:
    changes = diff_holdings(
        having(position("a", "US:BRK.B", "25"), position("b", "US:BRK.B", "0.5")),
        having(position("a", "US:BRK.B", "20"), position("b", "US:BRK.B", "5.5")),
    )
    assert told(changes) == [("transferred", "a", "US:BRK.B", "-5"), ("transferred", "b", "US:BRK.B", "5.0")]


def test_diff_when_three_move_the_same_amount_then_each_is_matched_once() -> None:
    changes = diff_holdings(
        having(position("a", "US:X", "5"), position("b", "US:X", "5")), having(position("c", "US:X", "5"))
    )
    assert told(changes) == [
        ("transferred", "a", "US:X", "-5"),
        ("closed", "b", "US:X", "-5"),
        ("transferred", "c", "US:X", "5"),
    ]


def test_diff_when_no_key_then_told_but_never_taken_for_a_transfer() -> None:
    changes = diff_holdings(
        having(position("a", None, "5", symbol_text="UNI")), having(position("b", None, "5", symbol_text="UNI"))
    )
    assert told(changes) == [("closed", "a", "UNI", "-5"), ("opened", "b", "UNI", "5")]
    assert [change.key for change in changes] == [None, None]


def test_diff_when_an_account_is_connected_twice_or_no_longer_then_compared_with_itself() -> None:
    """The account's own connection `a` counts before that of another aggregator, `b`; either may come and go."""
    one, other = (account(ident, connection_id=link, institution_account_id="77") for ident, link in OWN_AND_OTHER)
    here, there = position("a", "US:X", "5"), position("b", "US:X", "5")
    both, alone = merge_holdings(sync(one, other, here, there)), merge_holdings(sync(other, there))
    own_is_down = merge_holdings(sync(one, other, there, failed("positions", "a")))
    for before, after in permutations((both, alone, own_is_down), 2):
        assert diff_holdings(before, after) == []
    sold = merge_holdings(sync(other, position("b", "US:X", "3")))
    assert told(diff_holdings(both, sold)) == [("changed", "b", "US:X", "-2")]
    assert told(diff_holdings(sold, both)) == [("changed", "a", "US:X", "2")]


def test_diff_when_one_of_three_connections_goes_then_compared_with_the_next() -> None:
    named = [account(ident, connection_id=link, institution_account_id="77") for ident, link in OWN_AND_OTHER]
    third = account("c", connection_id="c-3", institution_account_id="77")
    rows = [position(ident, "US:X", "5") for ident in "abc"]
    assert (
        diff_holdings(merge_holdings(sync(*named, third, *rows)), merge_holdings(sync(*named[1:], third, *rows[1:])))
        == []
    )


def test_diff_when_the_first_connection_was_unreadable_then_the_second_opens_nothing() -> None:
    one, other = (account(ident, connection_id=link, institution_account_id="77") for ident, link in OWN_AND_OTHER)
    unread = merge_holdings(sync(one, failed("positions", "a")))
    both = merge_holdings(sync(one, other, position("a", "US:X", "5"), position("b", "US:X", "5")))
    assert diff_holdings(unread, both) == diff_holdings(both, unread) == []


def test_diff_when_two_connections_are_found_to_be_one_account_then_nothing_has_changed() -> None:
    rows = [position("a", "US:X", "5"), position("b", "US:X", "5")]
    one, other = (account(ident, connection_id=link, institution_account_id="77") for ident, link in OWN_AND_OTHER)
    told_apart = merge_holdings(sync(*rows))
    same = merge_holdings(sync(one, other, *rows))
    assert diff_holdings(told_apart, same) == diff_holdings(same, told_apart) == []


@pytest.mark.parametrize("lost", [failed("positions", "a"), ref("a")])
def test_diff_when_an_account_was_not_read_then_left_out_and_not_closed(lost: Any) -> None:
    whole = having(position("a", "US:X", "5"), position("b", "US:X", "5"))
    part = having(account("a"), position("b", "US:X", "6"), lost)
    for changes in (diff_holdings(whole, part), diff_holdings(part, whole)):
        assert [change.account.id for change in changes] == ["b"]


def test_diff_when_a_whole_source_was_silent_then_none_of_its_accounts_is_closed() -> None:
    whole = having(position("a", "US:X", "5"))
    silent = merge_holdings(sync(failed("accounts", None)))
    assert diff_holdings(whole, silent) == diff_holdings(silent, whole) == []


def test_diff_when_an_account_is_new_or_gone_then_its_positions_are() -> None:
    none, some = merge_holdings(sync(account("a"))), merge_holdings(sync(account("a"), position("z", "US:X", "5")))
    assert told(diff_holdings(none, some)) == [("opened", "z", "US:X", "5")]
    assert told(diff_holdings(some, none)) == [("closed", "z", "US:X", "-5")]


@pytest.mark.parametrize(
    ("was", "price", "now", "later", "split"),
    [
        ("12", "912.48", "48", "228.12", Split(4, 1)),
        ("12", "912.48", "48", "245", Split(4, 1)),  # seven percent up meanwhile
        ("10", "30", "15", "20", Split(3, 2)),
        ("200", "0.5", "10", "10", Split(1, 20)),
        ("-8", "100", "-16", "50", Split(2, 1)),
        ("0.5", "100", "1", "50", Split(2, 1)),
        ("12", "912.48", "48", "912.48", None),  # bought
        ("12", "912.48", "48", "300", None),  # the price fell, but not to a quarter
        ("10", "100", "11", "91", None),  # one more bought on a bad day
        ("4", "100", "3", "133", None),
        ("4", "100", "8", None, None),
        ("4", None, "8", "50", None),
        ("4", "100", "-8", "50", None),
        ("1", "100", "101", "1", None),
        ("4", "0", "8", "0", None),
    ],
)
def test_split_when_quantity_and_price_agree_then_found_and_else_not(
    was: str, price: str | None, now: str, later: str | None, split: Split | None
) -> None:
    before = having(position("a", "US:X", was, price))
    after = having(position("a", "US:X", now, later, as_of=NOW + timedelta(days=1)))
    [change] = diff_holdings(before, after)
    assert change.split == split
    assert (change.kind is ChangeKind.SPLIT_ADJUSTED) == (split is not None)


def test_split_when_the_currency_changed_then_prices_say_nothing() -> None:
    before, after = having(position("a", "US:X", "4", "100")), having(position("a", "US:X", "8", "50", currency="EUR"))
    assert diff_holdings(before, after)[0].kind is ChangeKind.CHANGED


KNOWN = {InstrumentKey("US", "X"): Split(1, 10)}


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ("150", "15", [("split_adjusted", "a", "US:X", "-135")]),
        ("155", "15", [("split_adjusted", "a", "US:X", "-140")]),  # half a share paid out in cash
        ("155", "15.5", [("split_adjusted", "a", "US:X", "-139.5")]),
        ("150", "17", [("split_adjusted", "a", "US:X", "-135"), ("changed", "a", "US:X", "2")]),
        ("150", "150", []),  # the broker has not booked it yet
        ("150", "0", [("closed", "a", "US:X", "-150")]),
    ],
)
def test_split_when_it_is_known_then_told_apart_from_trades(was: str, now: str, expected: list[Any]) -> None:
    changes = diff_holdings(having(position("a", "US:X", was)), having(position("a", "US:X", now)), splits=KNOWN)
    assert told(changes) == expected


def test_split_when_endless_then_cut_and_the_rest_is_a_change() -> None:
    third = {InstrumentKey("US", "X"): Split(1, 3)}
    changes = diff_holdings(having(position("a", "US:X", "10")), having(position("a", "US:X", "13")), splits=third)
    assert [(change.kind.value, str(change.after)) for change in changes] == [
        ("split_adjusted", "3.333333333"),
        ("changed", "13"),
    ]
    [rounded] = diff_holdings(
        having(position("a", "US:X", "10")), having(position("a", "US:X", "3.3333333333")), splits=third
    )
    assert rounded.kind is ChangeKind.SPLIT_ADJUSTED


def test_split_when_told_by_another_venue_of_the_country_then_it_counts() -> None:
    before, after = having(position("a", "XNAS:AAPL", "10", "400")), having(position("a", "XNAS:AAPL", "40", "400"))
    [change] = diff_holdings(before, after, splits={InstrumentKey.parse("XNAS:AAPL"): Split(4, 1)})
    assert change.kind is ChangeKind.SPLIT_ADJUSTED


def test_split_when_it_is_none_then_refused() -> None:
    for split in (Split(1, 1), Split(0, 1), Split(2, -1)):
        with pytest.raises(InvalidInput, match=r"Split\(4, 1\)"):
            diff_holdings(having(), having(), splits={InstrumentKey("US", "X"): split})


# Laws.

KEYS = ("US:AAPL", "US:BRK.B", "CRYPTO:bitcoin", None)
quantities = st.sampled_from(["1", "2", "4", "-1", "-2", "0.5", "0.000000001", "5", "10", "0"])
rows = st.builds(
    position,
    st.sampled_from("abc"),
    st.sampled_from(KEYS),
    quantities,
    st.sampled_from([None, "100", "50", "25", "98"]),
    as_of=st.sampled_from([NOW, NOW + timedelta(days=1)]),
)
portfolios = st.lists(rows, max_size=8).map(lambda rows: having(*rows))


def amounts(portfolio: Portfolio) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in portfolio.lines:
        for part in line.parts:
            found[part.account.id, str(line.key or line.symbol_text)] += part.quantity
    return {place: quantity for place, quantity in found.items() if quantity}


@given(portfolios)
def test_diff_when_nothing_changed_then_empty(portfolio: Portfolio) -> None:
    assert diff_holdings(portfolio, portfolio) == []


@given(portfolios, portfolios)
def test_diff_when_applied_to_before_then_after(before: Portfolio, after: Portfolio) -> None:
    found = defaultdict(Decimal, amounts(before))
    for change in diff_holdings(before, after):
        place = change.account.id, change.symbol_text
        assert found[place] == change.before
        assert change.before + change.delta == change.after
        found[place] = change.after
    assert {place: quantity for place, quantity in found.items() if quantity} == amounts(after)


@settings(max_examples=effort(1000))
@given(portfolios, portfolios)
@example(having(position("b", "US:BRK.B", "2", "100")), having(position("b", "US:BRK.B", "5", "50")))
def test_diff_when_turned_round_then_the_mirror_image(before: Portfolio, after: Portfolio) -> None:
    mirror = {"opened": "closed", "closed": "opened"}

    def facts(change: HoldingChange) -> Any:
        return change.account, change.symbol_text, change.before, change.after, change.kind.value, change.other

    there, back = diff_holdings(before, after), diff_holdings(after, before)
    assert sorted(map(facts, there), key=str) == sorted(
        ((a, s, y, x, mirror.get(kind, kind), other) for a, s, x, y, kind, other in map(facts, back)), key=str
    )


@given(portfolios, portfolios)
def test_diff_when_transferred_then_the_two_ends_add_up_to_nothing(before: Portfolio, after: Portfolio) -> None:
    moved = [change for change in diff_holdings(before, after) if change.kind is ChangeKind.TRANSFERRED]
    ends = {(change.account, change.symbol_text): change for change in moved}
    assert len(ends) == len(moved)
    for change in moved:
        assert change.other is not None
        end = ends[change.other, change.symbol_text]
        assert (end.other, end.delta, end.account != change.account) == (change.account, -change.delta, True)


@given(st.lists(rows, max_size=8), st.lists(rows, max_size=8), st.integers())
def test_diff_when_read_in_another_order_then_the_same(one: list[Any], other: list[Any], seed: int) -> None:
    shuffle = Random(seed).sample
    mixed = diff_holdings(having(*shuffle(one, len(one))), having(*shuffle(other, len(other))))
    assert mixed == diff_holdings(having(*one), having(*other))
