"""Merging overlapping exports: nothing lost, nothing doubled."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.imports.statements import merge
from fin_infra.model.money import Money
from fin_infra.model.statement import StatementLine
from tests.support.effort import effort


def line(
    id: str | None, day: int = 5, amount: str = "-3.20", text: str = "Coffee", corrects: str | None = None
) -> StatementLine:
    return StatementLine(
        id=id,
        posted=date(2026, 1, day),
        amount=Money(Decimal(amount), "EUR"),
        description=text,
        corrects=corrects,
    )


def sizes(known: list[StatementLine], incoming: list[StatementLine]) -> tuple[int, int, int]:
    result = merge(known, incoming)
    return len(result.new), len(result.duplicates), len(result.conflicts)


def test_merge_when_nothing_is_known_then_equal_coffees_with_own_ids_both_stay() -> None:
    assert sizes([], [line("a"), line("b")]) == (2, 0, 0)
    assert sizes([], [line(None), line(None)]) == (2, 0, 0)


def test_merge_when_exports_overlap_then_only_the_rest_is_new() -> None:
    known = [line("a", 1), line("b", 2), line("c", 3)]
    incoming = [line("b", 2), line("c", 3), line("d", 4)]
    result = merge(known, incoming)
    assert result.new == (incoming[2],)
    assert result.duplicates == (incoming[0], incoming[1])


def test_merge_when_one_coffee_is_known_then_the_second_is_new() -> None:
    assert merge([line("a")], [line("a"), line("b")]).new == (line("b"),)
    assert sizes([line(None)], [line(None), line(None)]) == (1, 1, 0)


def test_merge_when_ids_are_reused_then_other_amount_or_date_is_another_booking() -> None:
    assert sizes([line("a")], [line("a", amount="-3.30"), line("a", day=6)]) == (2, 0, 0)


def test_merge_when_ids_changed_then_date_amount_and_text_decide_as_often_as_known() -> None:
    known = [line("a1"), line("a2"), line("a3", text="Tea")]
    incoming = [line("b1", text="COFFEE "), line("b2", text="coffee"), line("b3"), line("b4", text="Tea")]
    assert sizes(known, incoming) == (1, 3, 0)


def test_merge_when_text_differs_then_is_another_booking() -> None:
    assert sizes([line("a")], [line("b", text="Tea")]) == (1, 0, 0)


def test_merge_when_an_id_appears_later_then_is_the_same_booking() -> None:
    assert sizes([line(None)], [line("a")]) == (0, 1, 0)
    assert sizes([line("a")], [line(None)]) == (0, 1, 0)


def test_merge_when_ids_are_stable_and_the_day_is_an_edge_then_a_person_decides() -> None:
    known = [line("a", 1, text="Rent"), line("b", 5)]
    assert sizes(known, [line("a", 1, text="Rent"), line("c", 5)]) == (0, 1, 1)
    inside = [line("a", 1, text="Rent"), line("c", 5), line("d", 9)]
    assert sizes(known, inside) == (1, 2, 0)


def test_merge_when_a_changed_id_is_inside_then_those_at_the_edge_changed_too() -> None:
    known = [line("a", 1, text="Rent"), line("b", 5), line("c", 9)]
    assert sizes(known, [line("a", 1, text="Rent"), line("x", 5), line("y", 9)]) == (0, 3, 0)


def test_merge_when_one_export_repeats_an_id_then_the_repetition_is_a_conflict() -> None:
    assert sizes([], [line("a"), line("a")]) == (1, 0, 1)
    assert sizes([line("a")], [line("a"), line("a")]) == (0, 1, 1)


def test_merge_when_a_line_corrects_another_then_a_person_decides() -> None:
    assert sizes([line("a")], [line("b", amount="-4.00", corrects="a")]) == (0, 0, 1)


def test_merge_when_both_sides_are_empty_then_nothing() -> None:
    assert sizes([], []) == (0, 0, 0)


_LINES = st.lists(
    st.builds(
        line,
        st.sampled_from([None, "a", "b", "c", "d"]),
        st.integers(1, 3),
        st.sampled_from(["-3.20", "-3.2", "5"]),
        st.sampled_from(["Coffee", "coffee!", "Tea"]),
        st.sampled_from([None, None, None, "a"]),
    ),
    max_size=8,
)


@settings(max_examples=effort(200), deadline=None)
@given(_LINES, _LINES)
def test_merge_when_anything_then_every_line_is_in_exactly_one_place(
    known: list[StatementLine], incoming: list[StatementLine]
) -> None:
    result = merge(known, incoming)
    placed = [*result.new, *result.duplicates, *result.conflicts]
    assert Counter(map(id, placed)) == Counter(map(id, incoming))


@settings(max_examples=effort(200), deadline=None)
@given(_LINES, _LINES)
def test_merge_when_repeated_then_adds_nothing(known: list[StatementLine], incoming: list[StatementLine]) -> None:
    first = merge(known, incoming)
    assert merge([*known, *first.new], incoming).new == ()


@settings(max_examples=effort(200), deadline=None)
@given(_LINES, _LINES, st.randoms(use_true_random=False))
def test_merge_when_shuffled_then_counts_are_the_same(
    known: list[StatementLine], incoming: list[StatementLine], random: Random
) -> None:
    before = sizes(known, incoming)
    known, incoming = list(known), list(incoming)
    random.shuffle(known)
    random.shuffle(incoming)
    assert sizes(known, incoming) == before


@settings(max_examples=effort(200), deadline=None)
@given(_LINES, st.integers(0, 8), st.integers(0, 8))
def test_merge_when_two_windows_of_one_history_overlap_then_nothing_is_lost_or_doubled(
    history: list[StatementLine], start: int, end: int
) -> None:
    """Two exports with unique ids give back the history, whichever way they overlap."""
    whole = [
        line(f"id{n}", item.posted.day, str(item.amount.amount), item.description) for n, item in enumerate(history)
    ]
    whole.sort(key=lambda item: item.posted)
    first, second = whole[: max(start, end)], whole[min(start, end) :]
    result = merge(first, second)
    ids = Counter(item.id for item in (*first, *result.new, *result.conflicts))
    assert set(ids) | {item.id for item in result.duplicates} == {item.id for item in whole}
    assert max(ids.values(), default=1) == 1
