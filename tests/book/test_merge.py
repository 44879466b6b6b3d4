"""Which transaction is which, case by case: what histories meet by chance stands here on purpose."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.book.merge import REMOVED, Facts, Known, Merge, facts_of
from fin_infra.book.pages import VendorTransaction

DAY = date(2026, 3, 10)


def told(vendor_id: str, amount: str = "-12.00", text: str = "Joe's Diner", **more: Any) -> VendorTransaction:
    given: dict[str, Any] = {"account": "a", "day": DAY, "currency": "USD", **more}
    return VendorTransaction(vendor_id=vendor_id, text=text, amount=Decimal(amount), **given)


def stored(row: VendorTransaction, source: str = "c-1") -> Facts:
    return facts_of(row, 1, source)


def merged(
    known: dict[int, Facts],
    *rows: VendorTransaction,
    gone: tuple[int, ...] = (),
    foreign: tuple[int, ...] = (),
    said: bool | None = None,
) -> Merge:
    names = {facts.vendor_id: row for row, facts in known.items() if row not in foreign}
    merge = Merge(Known(names, dict(known), set(gone), set(foreign)), 100, lambda *_: said)
    merge.take((stored(row), row.pending_id) for row in rows)
    merge.remove_gone()
    return merge


def states(merge: Merge) -> dict[int, tuple[str, str]]:
    return {row: (facts.vendor_id, facts.state) for row, facts in merge.out.rows.items()}


PENDING = stored(told("p", pending=True))


def test_link_when_the_vendor_gives_one_then_the_row_keeps_its_id() -> None:
    merge = merged({1: PENDING}, told("q", "-14.00", pending_id="p"))
    assert states(merge) == {1: ("q", "posted")}
    assert [entry.kind for entry in merge.out.log] == ["posted"]


def test_link_when_the_pending_one_is_removed_in_the_same_page_then_the_posted_one_stays() -> None:
    merge = merged({1: PENDING}, told("q", pending_id="p"), gone=(1,))
    assert states(merge) == {1: ("q", "posted")}


def test_echo_when_a_pending_one_comes_back_after_it_posted_then_nothing_changes() -> None:
    posted = stored(told("q"))
    merge = Merge(Known({"p": 1, "q": 1}, {1: posted}), 100)
    merge.take([(stored(told("p", pending=True)), None)])
    assert merge.out.log == []


def test_echo_when_it_is_first_seen_in_the_page_of_the_posted_one_then_there_is_one_row() -> None:
    merge = merged({}, told("q", pending_id="p"), told("p", pending=True))
    assert states(merge) == {101: ("q", "posted")}


def test_echo_when_it_posts_under_its_own_id_then_it_was_another_one() -> None:
    merge = Merge(Known({"p": 1, "q": 1}, {1: stored(told("q"))}), 100)
    merge.take([(stored(told("q")), None), (stored(told("p")), None)])
    assert states(merge) == {101: ("p", "posted")}


def test_pending_when_gone_and_the_amount_is_equal_then_it_has_posted() -> None:
    merge = merged({1: PENDING}, told("q", day=date(2026, 3, 14), text="JOES DINER 0042"), gone=(1,))
    assert states(merge) == {1: ("q", "posted")}


@pytest.mark.parametrize("day", [date(2026, 3, 9), date(2026, 3, 21)])
def test_pending_when_the_posted_one_is_before_it_or_too_late_then_they_are_two(day: date) -> None:
    merge = merged({1: PENDING}, told("q", day=day, text="Other"), gone=(1,))
    assert states(merge) == {101: ("q", "posted"), 1: ("p", REMOVED)}


def test_pendings_when_two_have_the_amount_and_one_the_text_then_that_one_has_posted() -> None:
    other = stored(told("o", text="Corner Grocery", pending=True))
    merge = merged({1: PENDING, 2: other}, told("q", text="CORNER GROCERY 12"), gone=(1, 2))
    assert states(merge) == {2: ("q", "posted"), 1: ("p", REMOVED)}


def test_pendings_when_two_have_the_amount_and_none_the_text_then_neither_is_taken() -> None:
    other = stored(told("o", text="Corner Grocery", pending=True))
    merge = merged({1: PENDING, 2: other}, told("q", text="XYZZY"), gone=(1, 2))
    assert states(merge) == {101: ("q", "posted"), 1: ("p", REMOVED), 2: ("o", REMOVED)}


def test_pending_when_it_is_still_shown_then_a_posted_one_of_its_amount_is_new() -> None:
    merge = merged({1: PENDING}, told("q"))
    assert states(merge) == {101: ("q", "posted")}


@pytest.mark.parametrize(
    ("pending", "posted", "kind"),
    [("-12.00", "-15.00", "tip"), ("-12.00", "-15.60", "tip"), ("-1.00", "-48.20", "hold"), ("-1", "-48.20", "hold")],
)
def test_amount_when_raised_after_the_pending_one_then_a_person_is_asked(pending: str, posted: str, kind: str) -> None:
    merge = merged({1: stored(told("p", pending, pending=True))}, told("q", posted), gone=(1,))
    assert [(doubt.row, doubt.other, doubt.kind) for doubt in merge.out.doubts] == [(101, 1, kind)]
    assert states(merge) == {101: ("q", "posted"), 1: ("p", REMOVED)}


@pytest.mark.parametrize("posted", ["-15.61", "-11.99", "12.50", "-12.00"])
def test_amount_when_it_is_no_tip_then_nobody_is_asked_about_one(posted: str) -> None:
    merge = merged({1: PENDING}, told("q", posted), gone=(1,))
    assert merge.out.doubts == []


@pytest.mark.parametrize(
    ("said", "rows"),
    [(True, {1: ("q", "posted")}), (False, {101: ("q", "posted"), 1: ("p", REMOVED)})],
)
def test_tip_when_such_a_one_was_answered_before_then_nobody_is_asked_again(
    said: bool, rows: dict[int, tuple[str, str]]
) -> None:
    merge = merged({1: PENDING}, told("q", "-14.00"), gone=(1,), said=said)
    assert (states(merge), merge.out.doubts) == (rows, [])


def test_twins_when_equal_then_both_stay() -> None:
    merge = merged({}, told("x"), told("y"))
    assert states(merge) == {101: ("x", "posted"), 102: ("y", "posted")}


def test_page_when_it_shows_one_id_twice_then_there_is_one_row() -> None:
    merge = merged({}, told("x"), told("x", "-13.00"))
    assert states(merge) == {101: ("x", "posted")}
    assert merge.out.rows[101].amount == "-13.00"


def test_ids_when_the_bank_renumbers_then_equal_content_counts_as_often_as_it_occurs() -> None:
    old = {1: stored(told("a")), 2: stored(told("b"))}
    merge = merged(old, told("x"), told("y"), told("z"), gone=(1, 2))
    assert sorted(states(merge).values()) == [("x", "posted"), ("y", "posted"), ("z", "posted")]
    assert sorted(states(merge)) == [1, 2, 101 + 2]


def test_file_when_it_brought_the_row_then_the_connection_takes_it_over_once() -> None:
    old = {1: stored(told("1"), "import:7")}
    merge = merged(old, told("x"), told("y"), foreign=(1,))
    assert states(merge) == {1: ("x", "posted"), 102: ("y", "posted")}
    assert merge.out.rows[1].source == "c-1"


def test_file_when_its_text_holds_the_banks_then_a_person_is_asked() -> None:
    old = {1: stored(told("1", text="CARD PURCHASE JOES DINER NY", day=date(2026, 3, 12)), "import:7")}
    merge = merged(old, told("x", text="Joes Diner"), foreign=(1,))
    assert [(doubt.other, doubt.kind) for doubt in merge.out.doubts] == [(1, "wording")]
    assert 1 not in merge.out.rows, "a file's row is not gone because a bank does not show it"


def test_file_when_the_pending_one_posts_to_its_content_then_the_row_is_taken_in() -> None:
    filed = stored(told("0"), "import:9")
    merge = merged({1: PENDING, 2: filed}, told("q", pending_id="p"), foreign=(2,))
    assert states(merge) == {1: ("q", "posted"), 2: ("0 =1", REMOVED)}
    assert merge.out.united == {2: 1}


def test_file_when_it_has_two_equal_ones_then_one_is_taken_in_for_each() -> None:
    filed = {2: stored(told("0"), "import:9"), 3: stored(told("1"), "import:9")}
    merge = merged({1: PENDING, **filed}, told("q", pending_id="p"), foreign=(2, 3))
    assert merge.out.united == {2: 1}
    merge = merged({1: PENDING, **filed}, told("q", pending_id="p"), told("r"), foreign=(2, 3))
    assert states(merge) == {1: ("q", "posted"), 2: ("r", "posted"), 3: ("1 =1", REMOVED)}


@pytest.mark.parametrize(("said", "united"), [(None, {}), (False, {}), (True, {2: 1})])
def test_file_when_a_corrected_row_comes_to_resemble_it_then_it_is_asked_unless_it_was_answered(
    said: bool | None, united: dict[int, int]
) -> None:
    known = {1: stored(told("v", "-11.00")), 2: stored(told("0", text="CARD JOE'S DINER"), "import:9")}
    merge = merged(known, told("v"), foreign=(2,), said=said)
    assert merge.out.united == united
    assert [(each.row, each.other, each.kind) for each in merge.out.doubts] == (
        [(2, 1, "wording")] if said is None else []
    )


def test_file_when_it_is_a_pending_one_with_a_tip_then_a_person_is_asked() -> None:
    merge = merged(
        {1: PENDING, 2: stored(told("0", "-14.00"), "import:9")}, told("q", "-14.00"), gone=(1,), foreign=(2,)
    )
    assert states(merge) == {1: ("p", REMOVED), 2: ("q", "posted")}
    assert [(each.row, each.other, each.kind) for each in merge.out.doubts] == [(2, 1, "tip")]


def test_row_when_another_connection_of_the_account_tells_it_then_it_stays_as_it_is() -> None:
    merge = Merge(Known({"q": 1}, {1: stored(told("other"), "c-2")}), 100)
    merge.take([(stored(told("q", text="JOE'S")), None)])
    assert (merge.out.rows, merge.out.log) == ({}, [])


def test_correction_when_a_posted_one_comes_under_another_id_and_amount_then_a_person_is_asked() -> None:
    merge = merged({1: stored(told("a"))}, told("x", "-12.01"), gone=(1,))
    assert [(doubt.other, doubt.kind) for doubt in merge.out.doubts] == [(1, "amount")]


def test_row_when_it_was_removed_and_comes_again_then_it_is_restored() -> None:
    gone = stored(told("x"))._replace(state=REMOVED)
    merge = merged({1: gone}, told("x"))
    assert [entry.kind for entry in merge.out.log] == ["restored"]


def test_change_when_one_field_differs_then_the_log_has_the_old_value_of_it_alone() -> None:
    merge = merged({1: stored(told("x"))}, told("x", category="dining"))
    assert [(entry.kind, entry.before) for entry in merge.out.log] == [("modified", '{"category":"unknown"}')]
