"""The best matching, against all matchings there are."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.insights.transfers.matching import best
from tests.support.effort import effort

WEIGHTS = st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 5)), st.integers(1, 9), max_size=16)


def most(weights: Mapping[tuple[int, int], int], lefts: tuple[int, ...], taken: frozenset[int] = frozenset()) -> int:
    """Return the largest sum by trying every partner, and none, for each on the left."""
    if not lefts:
        return 0
    left, rest = lefts[0], lefts[1:]
    partners = [right for one, right in weights if one == left and right not in taken]
    tried = [weights[left, right] + most(weights, rest, taken | {right}) for right in partners]
    return max([most(weights, rest, taken), *tried])


def total(weights: Mapping[tuple[int, int], int], chosen: Mapping[int, int]) -> int:
    return sum(weights[pair] for pair in chosen.items())


@settings(max_examples=effort(200))
@given(WEIGHTS)
def test_best_when_all_matchings_are_tried_then_none_has_a_larger_sum(weights):
    chosen = best(weights)
    assert len(set(chosen.values())) == len(chosen)
    assert total(weights, chosen) == most(weights, tuple(sorted({left for left, _ in weights})))


def test_best_when_the_heaviest_pair_would_cost_more_than_it_brings_then_it_is_left():
    """By hand: 5 alone, or 4 and 4; the best pairs first would take the 5."""
    weights = {(0, 0): 5, (0, 1): 4, (1, 0): 4}
    assert best(weights) == {0: 1, 1: 0}
    assert best(weights, exact=1) == {0: 0}  # above the limit, the best pairs come first


def test_best_when_there_is_nothing_then_nobody_has_a_partner():
    assert best({}) == {}


def test_best_when_several_are_equally_good_then_the_first_ones_go_together():
    assert best({(0, 0): 3, (0, 1): 3, (1, 0): 3, (1, 1): 3}) == {0: 0, 1: 1}
