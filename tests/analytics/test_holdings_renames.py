"""Holdings that go on under another key: told by the caller, or found by an identifier that stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.analytics import diff_holdings, merge_holdings
from fin_infra.model import AccountError, AccountRef, ChangeKind, HoldingChange, InstrumentKey, Portfolio, Split
from fin_infra.model.networth import UNREADABLE_ROW
from tests.analytics.support import NOW, SOURCE, account, position, sync
from tests.support.effort import effort

FB, META = InstrumentKey("XNAS", "FB"), InstrumentKey("XNAS", "META")
UNREAD = AccountError(
    provider=SOURCE,
    operation="positions",
    code=UNREADABLE_ROW,
    message="results[0]: the answer's field 'units' should be a number",
    account_id="a",
)


def held(*rows: tuple[str | None, str, str, str | None], later: bool = False) -> Portfolio:
    """Return what account `a` holds: key, quantity, price and identifier of each position."""
    as_of = NOW + timedelta(days=1) if later else NOW
    positions = [position("a", key, units, price, identifier=same, as_of=as_of) for key, units, price, same in rows]
    return merge_holdings(sync(account("a"), *positions))


def told(changes: list[HoldingChange]) -> list[tuple[str, str, str, str]]:
    return [(change.kind.value, change.symbol_text, str(change.before), str(change.after)) for change in changes]


def test_rename_when_given_then_is_no_trade() -> None:
    before, after = held(("XNAS:FB", "5", "300", None)), held(("XNAS:META", "5", "301", None), later=True)
    [change] = diff_holdings(before, after, renames={FB: META})
    assert (change.kind, change.renamed_from, change.delta) == (ChangeKind.RENAMED, InstrumentKey("US", "FB"), 0)
    assert told(diff_holdings(before, after)) == [("closed", "US:FB", "5", "0"), ("opened", "US:META", "0", "5")]


@pytest.mark.parametrize("identifier", ["figi:BBG000MM2P62", "alpaca:b6d1aa75-5c9c-4353-a305-9e2caa1925ab"])
def test_rename_when_the_identifier_stays_then_is_found_and_what_was_bought_is_told(identifier: str) -> None:
    changes = diff_holdings(
        held(("US:FB", "5", "300", identifier)), held(("US:META", "7", "301", identifier), later=True)
    )
    assert told(changes) == [("renamed", "US:META", "5", "5"), ("changed", "US:META", "5", "7")]
    assert [change.renamed_from for change in changes] == [InstrumentKey("US", "FB"), None]


def test_rename_when_the_share_moved_to_another_market_then_told_apart_from_a_sale() -> None:
    before, after = held(("XNAS:SIVB", "10", "106.04", "f")), held(("OTCM:SIVBQ", "10", "0.40", "f"), later=True)
    for changes in (
        diff_holdings(before, after),
        diff_holdings(before, after, renames={InstrumentKey("US", "SIVB"): InstrumentKey("OTCM", "SIVBQ")}),
    ):
        assert [(change.kind.value, change.before, change.after) for change in changes] == [("renamed", 10, 10)]


def test_rename_when_split_on_the_same_day_then_each_goes_on_where_the_one_before_it_ended() -> None:
    """One for ten under a new ticker with half a share paid out, found by the price and given under either key."""
    chain = [("renamed", "US:META", "25", "25"), ("split_adjusted", "US:META", "25", "2")]
    priced = held(("US:FB", "25", "2", "f")), held(("US:META", "2", "20", "f"), later=True)
    assert told(diff_holdings(*priced)) == chain
    flat = held(("US:FB", "25", "2", "f")), held(("US:META", "3", "2", "f"), later=True)
    for key in (FB, META):
        changes = diff_holdings(*flat, splits={key: Split(1, 10)})
        assert told(changes) == [chain[0], ("split_adjusted", "US:META", "25", "3")]
    bought = held(("US:META", "4", "2", "f"), later=True)
    assert told(diff_holdings(flat[0], bought, splits={FB: Split(1, 10)})) == [
        chain[0],
        ("split_adjusted", "US:META", "25", "2.5"),
        ("changed", "US:META", "2.5", "4"),
    ]


def test_merger_when_shares_are_exchanged_then_closed_and_opened_and_with_a_rename_two_for_five() -> None:
    """Each five of X at 50 become two of Y at 125: 100 become 40, worth 5000 before and after."""
    before, after = held(("US:X", "100", "50", "f:x")), held(("US:Y", "40", "125", "f:y"), later=True)
    assert told(diff_holdings(before, after)) == [("closed", "US:X", "100", "0"), ("opened", "US:Y", "0", "40")]
    changes = diff_holdings(before, after, renames={InstrumentKey("US", "X"): InstrumentKey("US", "Y")})
    assert told(changes) == [("renamed", "US:Y", "100", "100"), ("split_adjusted", "US:Y", "100", "40")]
    assert changes[1].split == Split(2, 5)


def test_merger_when_two_become_one_then_nobody_can_say_which_went_on() -> None:
    renames = {InstrumentKey("US", "X"): InstrumentKey("US", "Z"), InstrumentKey("US", "Y"): InstrumentKey("US", "Z")}
    expected = [
        ("closed", "US:X", "5", "0"),
        ("closed", "US:Y", "7", "0"),
        ("opened", "US:Z", "0", "12"),
    ]
    before, after = held(("US:X", "5", "9", "f"), ("US:Y", "7", "9", "f")), held(("US:Z", "12", "9", "f"), later=True)
    assert told(diff_holdings(before, after)) == expected
    assert told(diff_holdings(before, after, renames=renames)) == expected
    assert told(diff_holdings(after, before)) == [
        ("opened", "US:X", "0", "5"),
        ("opened", "US:Y", "0", "7"),
        ("closed", "US:Z", "12", "0"),
    ]


def test_rename_when_the_new_key_was_held_already_then_no_rename() -> None:
    before = held(("US:FB", "5", "300", "f"), ("US:META", "1", "300", "m"))
    after = held(("US:META", "6", "300", "f"), later=True)
    expected = [("closed", "US:FB", "5", "0"), ("changed", "US:META", "1", "6")]
    assert told(diff_holdings(before, after)) == told(diff_holdings(before, after, renames={FB: META})) == expected


def test_rename_when_another_holding_of_that_identifier_stays_then_only_what_is_new_goes_on_from_what_is_gone() -> None:
    before = held(("US:A", "5", "9", "f"), ("US:B", "7", "9", "f"))
    after = held(("US:B", "7", "9", "f"), ("US:C", "5", "9", "f"), later=True)
    assert told(diff_holdings(before, after)) == [("renamed", "US:C", "5", "5")]
    assert told(diff_holdings(after, before)) == [("renamed", "US:A", "5", "5")]


def test_rename_when_the_old_key_is_still_held_then_no_rename() -> None:
    before = held(("US:FB", "5", "300", "f"))
    after = held(("US:FB", "3", "300", "f"), ("US:META", "2", "300", "f"), later=True)
    expected = [("changed", "US:FB", "5", "3"), ("opened", "US:META", "0", "2")]
    assert told(diff_holdings(before, after)) == told(diff_holdings(before, after, renames={FB: META})) == expected


def test_key_when_a_holding_gets_one_later_then_the_identifier_tells_that_it_is_the_same() -> None:
    bare, named = held((None, "5", "9", "f")), held(("US:X", "5", "9", "f"), later=True)
    assert told(diff_holdings(bare, named)) == [("renamed", "US:X", "5", "5")]
    [change] = diff_holdings(named, bare)
    assert (change.kind, change.key, change.renamed_from) == (ChangeKind.RENAMED, None, InstrumentKey("US", "X"))
    assert diff_holdings(bare, named)[0].renamed_from is None


def test_rename_when_only_the_text_of_a_keyless_holding_is_the_old_key_then_it_is_not_meant() -> None:
    bare = merge_holdings(sync(position("a", None, "5", "9", symbol_text="US:FB")))
    changes = diff_holdings(bare, held(("US:META", "5", "9", None), later=True), renames={FB: META})
    assert [change.kind.value for change in changes] == ["closed", "opened"]


def test_identifier_when_two_rows_of_one_key_have_two_then_it_tells_nothing() -> None:
    both = held(("US:X", "5", "9", "f"), ("US:X", "3", "9", "g"))
    for gone_on in ("f", "g"):
        changes = diff_holdings(both, held(("US:Y", "8", "9", gone_on), later=True))
        assert [change.kind.value for change in changes] == ["closed", "opened"]
    same = held(("US:X", "5", "9", "f"), ("US:X", "3", "9", "f"))
    assert told(diff_holdings(same, held(("US:Y", "8", "9", "f"), later=True))) == [("renamed", "US:Y", "8", "8")]


def test_identifier_when_there_is_none_or_another_then_closed_and_opened() -> None:
    for was, now in (("f", "g"), (None, None), ("f", None), (None, "g"), ("", "")):
        changes = diff_holdings(held(("US:FB", "5", "300", was)), held(("US:META", "5", "301", now), later=True))
        assert [change.kind.value for change in changes] == ["closed", "opened"]


def test_account_when_a_row_of_it_could_not_be_read_then_not_even_a_rename_is_told() -> None:
    """The row may be the one that is still called FB."""
    before = held(("US:FB", "5", "300", "f"))
    partial = merge_holdings(sync(account("a"), position("a", "US:META", "5", "301", identifier="f"), UNREAD))
    assert not partial.complete
    assert "'units'" in partial.missing[0]
    assert diff_holdings(before, partial, renames={FB: META}) == []
    assert diff_holdings(before, partial) == diff_holdings(partial, before) == []


# Laws.

KEYS = ("US:A", "US:B", "US:C", "XTSE:A", None)
rows = st.builds(
    position,
    st.sampled_from("ab"),
    st.sampled_from(KEYS),
    st.sampled_from(["1", "2", "4", "5", "25", "-2", "-5", "0.5"]),
    st.sampled_from([None, "100", "50", "10"]),
    identifier=st.sampled_from([None, "f", "g"]),
    as_of=st.sampled_from([NOW, NOW + timedelta(days=1)]),
)
portfolios = st.lists(rows, max_size=6).map(lambda rows: merge_holdings(sync(account("a"), account("b"), *rows)))
named = st.sampled_from([InstrumentKey.parse(key) for key in KEYS if key])
renamings = st.dictionaries(named, named, max_size=2)
ratios = st.sampled_from([Split(1, 2), Split(2, 1), Split(3, 2), Split(1, 10), Split(2, 3)])


def amounts(portfolio: Portfolio) -> dict[tuple[AccountRef, str], Decimal]:
    found: dict[tuple[AccountRef, str], Decimal] = {}
    for line in portfolio.lines:
        for part in line.parts:
            place = part.account, str(line.key or line.symbol_text)
            found[place] = found.get(place, Decimal(0)) + part.quantity
    return {place: quantity for place, quantity in found.items() if quantity}


@settings(max_examples=effort(1000))
@given(portfolios, portfolios, renamings, st.dictionaries(named, ratios, max_size=2))
def test_diff_when_renamed_and_split_then_every_quantity_is_in_one_chain(
    before: Portfolio, after: Portfolio, renames: Any, splits: Any
) -> None:
    """Each change takes up where the last one ended; nothing of before is left over, nothing of after is missing."""
    held_now, order = amounts(before), ("renamed", "split_adjusted", "")
    seen: dict[tuple[AccountRef, str], int] = {}
    for change in diff_holdings(before, after, renames=renames, splits=splits):
        place, step = (change.account, change.symbol_text), change.kind.value
        if change.kind is ChangeKind.RENAMED:
            old = "?" if change.renamed_from is None else str(change.renamed_from)
            assert place not in held_now
            held_now[place] = held_now.pop((change.account, old), Decimal(0))
        assert held_now.pop(place, Decimal(0)) == change.before
        assert change.before + change.delta == change.after
        rank = order.index(step) if step in order else len(order)
        assert seen.get(place, -1) < rank
        seen[place] = rank
        if change.after:
            held_now[place] = change.after
    assert held_now == amounts(after)


@settings(max_examples=effort(1000))
@given(portfolios, portfolios)
def test_diff_when_turned_round_then_as_many_of_each_kind_and_what_opened_is_closed(
    before: Portfolio, after: Portfolio
) -> None:
    """Account by account: a move between two is matched under one name, and a rename is seen in one of them only."""
    mirror = {"opened": "closed", "closed": "opened"}
    for ident in "ab":
        one, other = only(before, ident), only(after, ident)
        there = sorted(change.kind.value for change in diff_holdings(one, other))
        back = sorted(mirror.get(change.kind.value, change.kind.value) for change in diff_holdings(other, one))
        assert there == back


def only(portfolio: Portfolio, ident: str) -> Portfolio:
    """Return the portfolio with the holdings of one account."""
    lines = [replace(line, parts=tuple(p for p in line.parts if p.account.id == ident)) for line in portfolio.lines]
    return replace(portfolio, lines=tuple(lines))


def test_rename_when_the_holding_went_to_another_account_meanwhile_then_renamed_and_transferred_both_ways() -> None:
    """Ten FB at one broker are ten META at the other: a new name and a move, and no trade."""

    def at(who: str, key: str, later: bool) -> Portfolio:
        as_of = NOW + timedelta(days=1) if later else NOW
        return merge_holdings(sync(account("a"), account("b"), position(who, key, "10", "300", as_of=as_of)))

    for old, new in ((FB, META), (META, FB)):
        changes = diff_holdings(at("a", str(old), False), at("b", str(new), True), renames={old: new})
        assert told(changes) == [
            ("renamed", f"US:{new.symbol}", "10", "10"),
            ("transferred", f"US:{new.symbol}", "10", "0"),
            ("transferred", f"US:{new.symbol}", "0", "10"),
        ]
        assert [change.other and change.other.id for change in changes] == [None, "b", "a"]
    sold = diff_holdings(at("a", str(FB), False), merge_holdings(sync(account("a"), account("b"))), renames={FB: META})
    assert told(sold) == [("closed", "US:FB", "10", "0")]
