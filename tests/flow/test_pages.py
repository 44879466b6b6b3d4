"""The walk through a list in pages: each row once, and no walk that never ends."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.errors import UnexpectedPayload
from fin_infra.flow import PageWalk


@dataclass(frozen=True)
class Row:
    id: str
    page: int = 0


def test_walk_when_pages_overlap_then_each_row_comes_once_and_in_order() -> None:
    walk = PageWalk("orders")
    assert walk.fresh([Row("c"), Row("b")]) == [Row("c"), Row("b")]
    assert walk.fresh([Row("b", 2), Row("a", 2)]) == [Row("a", 2)]
    assert walk.fresh([]) == []
    assert walk.count == 3


def test_walk_when_a_page_has_a_row_twice_then_the_later_one_counts() -> None:
    assert PageWalk("orders").fresh([Row("a", 1), Row("b"), Row("a", 2)]) == [Row("a", 2), Row("b")]


def test_walk_when_a_page_has_nothing_fresh_then_it_does_not_advance() -> None:
    walk = PageWalk("orders")
    walk.must_advance(walk.fresh([Row("a")]))
    with pytest.raises(UnexpectedPayload, match="the list of orders does not advance: a page came twice"):
        walk.must_advance(walk.fresh([Row("a")]))


def test_walk_when_a_token_comes_again_then_it_does_not_advance_however_long_the_circle_is() -> None:
    walk = PageWalk("bars")
    assert [walk.next_token(token) for token in ("1", "2")] == ["1", "2"]
    with pytest.raises(UnexpectedPayload, match="the list of bars does not advance: a page token came twice"):
        walk.next_token("1")


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=6), max_size=8))
def test_walk_when_any_pages_come_then_every_id_comes_exactly_once(pages: list[list[str]]) -> None:
    walk = PageWalk("rows")
    found = [row.id for page in pages for row in walk.fresh([Row(ident) for ident in page])]
    assert found == list(dict.fromkeys(ident for page in pages for ident in page))
    assert walk.count == len(found)
