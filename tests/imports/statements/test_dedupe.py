"""Merging overlapping exports: nothing lost, nothing doubled."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fin_infra.imports.statements import Answer, Conflict, MergeResult, Question, merge
from fin_infra.model.money import Money
from fin_infra.model.statement import StatementLine
from tests.imports.statements.histories import IDS, Bank, play
from tests.support.effort import effort, share

HISTORIES = share(150, test=5, quick=2)
"""Of each way in which a bank changes its exports; 150 of each find nothing more."""


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
    assert sizes([line("a")], [line("a", amount="-9.90", text="Foreign fee"), line("a", day=28)]) == (2, 0, 0)


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


def only(known: list[StatementLine], incoming: list[StatementLine], *answers: Answer) -> Conflict:
    result = merge(known, incoming, answers=answers)
    assert (result.new, result.matched) == ((), ())
    (conflict,) = result.conflicts
    return conflict


@pytest.mark.parametrize(
    ("known", "incoming", "question"),
    [
        (line("a", text="AMAZON"), line("x", text="AMAZON MKTP US*1L47"), Question.TEXT_CHANGED),
        (line(None, text="Café de la Gare"), line(None, text="CARTE 0103 CAFE DE LA GARE"), Question.TEXT_CHANGED),
        (line("a", text="x" * 32), line("y", text="x" * 50), Question.TEXT_CHANGED),
        (line("a", text="Amazon.com*AB12"), line("x", text="AMAZON MKTP US"), Question.TEXT_CHANGED),
        (line("a", text=""), line("x", text="Bakery"), Question.TEXT_CHANGED),
        (line("A1"), line("A1", day=6), Question.DATE_CHANGED),
        (line("A1"), line("A1", day=10), Question.DATE_CHANGED),
        (line("A1", amount="-50.00"), line("A1", amount="-57.50"), Question.AMOUNT_CHANGED),
        (line("A1", amount="-50.00"), line("A1", amount="-57.50", day=7), Question.AMOUNT_CHANGED),
    ],
)
def test_merge_when_a_known_line_came_changed_then_asks_with_both_rows(
    known: StatementLine, incoming: StatementLine, question: Question
) -> None:
    conflict = only([known], [incoming])
    assert (conflict.question, conflict.incoming, conflict.other) == (question, incoming, known)
    same, different = (Answer(conflict=conflict, same=same) for same in (True, False))
    assert merge([known], [incoming], answers=[same]).matched == ((incoming, known),)
    assert merge([known], [incoming], answers=[different]).new == (incoming,)
    assert merge([known, incoming], [incoming], answers=[different]).matched == ((incoming, incoming),)


@pytest.mark.parametrize(
    ("known", "incoming"),
    [
        (line("loan", 1, text="Instalment"), line("loan", 28, text="Instalment")),
        (line("loan", 1, text="Instalment"), line("loan", 8, text="Instalment")),
        (line("a", text="Shop"), line("a", amount="-0.10", text="Foreign transaction fee")),
        (line("a", text="Tea"), line("b", text="Coffee")),
        (line("a", 1), line("b", 2)),
        (line(None, 1), line(None, 2)),
        (line("a", amount="-3.20"), line("b", amount="-3.30")),
    ],
)
def test_merge_when_lines_only_have_something_in_common_then_both_stay(
    known: StatementLine, incoming: StatementLine
) -> None:
    assert merge([known], [incoming]).new == (incoming,)


def test_merge_when_accents_are_the_only_difference_then_is_the_same_booking() -> None:
    assert sizes([line("a", text="Müller Straße, Łódź")], [line("b", text="MULLER STRASSE LODZ")]) == (0, 1, 0)


def test_merge_when_ids_are_positions_then_text_breaks_the_tie() -> None:
    """Rule 1 alone would pair id 1 with id 1, and the other two would double."""
    known = [line("1", text="Coffee"), line("2", text="Tea")]
    incoming = [line("1", text="Tea"), line("2", text="Coffee")]
    result = merge(known, incoming)
    assert result.matched == ((incoming[0], known[1]), (incoming[1], known[0]))


def test_merge_when_an_id_is_used_anew_then_an_unlike_text_is_asked() -> None:
    known = [line("1", text="Coffee"), line("2", 6, text="Tea")]
    incoming = [line("1", text="Bus"), line("2", 7, "-9.00", text="Rent")]
    result = merge(known, incoming)
    assert [(conflict.question, conflict.other) for conflict in result.conflicts] == [(Question.TEXT_CHANGED, known[0])]
    assert merge(known[:1], incoming[:1]).matched == ((incoming[0], known[0]),)


def settled(known: list[StatementLine], incoming: list[StatementLine], pairs: list[tuple[int, int]]) -> MergeResult:
    """Answer every question by these pairs of positions, as often as there is one."""
    answers: list[Answer] = []
    for _ in range(10):
        result = merge(known, incoming, answers=answers)
        if not result.conflicts:
            return result
        answers += [
            Answer(
                conflict=conflict,
                same=any(conflict.incoming is incoming[i] and conflict.other is known[k] for i, k in pairs),
            )
            for conflict in result.conflicts
        ]
    raise AssertionError("a question comes again and again")


def test_merge_when_lines_share_an_id_then_a_common_word_takes_no_others_partner() -> None:
    """The bank makes ids of date and amount; `CARD` is all that the new Amazon has of the rent, and the rent moved."""
    known = [line("X", text="AMAZON MKTP SEATTLE REF 99"), line("X", text="CARD 1234 Rent")]
    incoming = [line("X", text="CARD 1234 AMAZON MKTP SEATTLE"), line("X", 6, text="Rent")]
    result = merge(known, incoming)
    assert (result.new, result.matched) == ((), ())
    answered = settled(known, incoming, [(0, 0), (1, 1)])
    assert answered.matched == ((incoming[0], known[0]), (incoming[1], known[1]))


def test_merge_when_ids_are_used_anew_then_a_common_word_is_asked() -> None:
    known, moved = line("X", text="CARD 1234 Rent"), line("X", 6, text="Rent")
    result = merge([known], [line("X", text="CARD 1234 Amazon"), moved])
    assert (result.new, result.matched, len(result.conflicts)) == ((), (), 2)
    assert merge([known], [line("X", text="CARD 1234 Amazon")]).duplicates  # an id that nothing else has is believed


def test_merge_when_several_known_lines_share_an_id_then_none_is_taken_by_chance() -> None:
    known = [line("X", text="Tea"), line("X", text="Bakery")]
    for text in ("Bus", "Tea and Bakery"):
        conflict = only(known, [line("X", text=text)])
        assert conflict.question is Question.TEXT_CHANGED
    assert settled(known, [line("X", text="Bus")], []).new == (line("X", text="Bus"),)
    assert settled(known, [line("X", text="Bus")], [(0, 0)]).matched == ((line("X", text="Bus"), known[0]),)
    assert settled(known, [line("X", text="Bus")], [(0, 1)]).matched == ((line("X", text="Bus"), known[1]),)


def test_merge_when_several_incoming_lines_may_be_one_known_line_then_none_takes_it() -> None:
    known, incoming = [line("X", text="Rent March")], [line("X", text="Rent"), line("X", text="March")]
    result = merge(known, incoming)
    assert (result.new, result.matched) == ((), ())


def test_merge_when_twins_used_up_a_partner_then_what_is_left_over_is_asked() -> None:
    """Of two equal rents one was the 15th's and one the 18th's; both were said to be the 15th's, as they may be."""
    known = [line(None, 15, text="Rent"), line(None, 15, text="Rent"), line(None, 18, text="Rent")]
    incoming = [line(None, 16, text="Rent"), line(None, 16, text="Rent"), line(None, 17, text="Rent")]
    answers: list[Answer] = []
    for _ in range(10):
        result = merge(known, incoming, answers=answers)
        assert result.new == ()
        if not result.conflicts:
            break
        answers += [
            Answer(conflict=conflict, same=conflict.other is not None and conflict.other.posted.day == 15)
            for conflict in result.conflicts
        ]
    assert len(result.matched) == 3


def test_merge_when_an_id_is_kept_and_another_line_has_its_old_text_then_the_id_decides() -> None:
    known = [line("A1", text="AMAZON MARKET")]
    incoming = [line("A1", text="AMAZON SHOP 7"), line("B2", text="AMAZON MARKET")]
    result = merge(known, incoming)
    assert (result.matched, result.new) == (((incoming[0], known[0]),), (incoming[1],))


def test_merge_when_what_was_displaced_is_another_line_then_one_answer_settles_it() -> None:
    known = [line(None, 15, text="Rent"), line(None, 18, text="Rent")]
    incoming = [line(None, 16, text="Rent"), line(None, 17, text="Rent")]
    result = settled(known, incoming, [(0, 0)])
    assert (result.matched, result.new) == (((incoming[0], known[0]),), (incoming[1],))


def test_merge_when_like_lines_were_said_to_differ_then_their_id_does_not_join_them() -> None:
    known, incoming = line("X", text="Tea"), line("X", text="Tea 5")
    said = Answer(conflict=Conflict(question=Question.TEXT_CHANGED, incoming=incoming, other=known), same=False)
    assert merge([known], [incoming]).duplicates == (incoming,)
    assert merge([known], [incoming], answers=[said]).new == (incoming,)


def test_merge_when_twins_share_an_id_then_count_as_often_as_known() -> None:
    known, incoming = [line("X", text="Tea"), line("X", text="Tea")], [line("X", text="TEA 5")] * 2
    assert len(merge(known, incoming).matched) == 2


def test_merge_when_two_lines_may_be_one_known_line_then_both_are_asked() -> None:
    known, incoming = [line("a")], [line("a", amount="-3.30"), line("a", day=6)]
    result = merge(known, incoming)
    assert [conflict.other for conflict in result.conflicts] == known * 2
    yes = next(
        Answer(conflict=conflict, same=True) for conflict in result.conflicts if conflict.incoming.posted.day == 6
    )
    settled = merge(known, incoming, answers=[yes])
    assert (settled.new, settled.duplicates) == ((incoming[0],), (incoming[1],))


def test_merge_when_twins_came_changed_then_one_question_for_each_known_one() -> None:
    known, twin = [line("a", text="AMAZON")], line(None, text="AMAZON MKTP")
    result = merge(known, [twin, twin])
    assert (len(result.new), len(result.conflicts)) == (1, 1)
    pair = [line("a", text="AMAZON"), line("b", text="AMAZON")]
    first, second = merge(pair, [twin, twin]).conflicts
    answers = [Answer(conflict=first, same=True), Answer(conflict=second, same=False)]
    assert sizes_of(merge(pair, [twin, twin], answers=answers)) == (1, 1, 0)
    assert sizes_of(merge(pair, [twin, twin], answers=answers[:1])) == (0, 1, 1)


def sizes_of(result: MergeResult) -> tuple[int, int, int]:
    return len(result.new), len(result.duplicates), len(result.conflicts)


def test_merge_when_a_repetition_was_answered_then_is_settled() -> None:
    known, incoming = [line("a")], [line("a"), line("a")]
    (conflict,) = merge(known, incoming).conflicts
    assert (conflict.question, conflict.other) == (Question.REPEATED, incoming[0])
    two = merge(known, incoming, answers=[Answer(conflict=conflict, same=False)])
    assert two.new == (line("a"),)
    assert merge([*known, *two.new], incoming).conflicts == ()
    assert sizes_of(merge(known, incoming, answers=[Answer(conflict=conflict, same=True)])) == (0, 2, 0)


def test_merge_when_a_line_corrects_then_the_corrected_one_is_shown() -> None:
    conflict = only([line("a")], [line("b", amount="-4.00", corrects="a")])
    assert (conflict.question, conflict.other) == (Question.CORRECTS, line("a"))
    assert only([], [line("b", corrects="gone")]).other is None
    settled = merge([line("a")], [conflict.incoming], answers=[Answer(conflict=conflict, same=False)])
    assert settled.new == (conflict.incoming,)


def test_merge_when_a_known_line_was_said_to_be_one_that_came_too_then_asks_again() -> None:
    known, changed = line("a", text="AMAZON"), line("x", text="AMAZON MKTP")
    said = Answer(conflict=only([known], [changed]), same=True)
    result = merge([known], [known, changed], answers=[said])
    (conflict,) = result.conflicts
    assert (result.new, conflict.question, conflict.other) == ((), Question.REPEATED, known)


@pytest.mark.parametrize(("ids", "seed"), [("date_and_amount", 119), ("zero", 119), ("absent", 654)])
def test_history_when_it_was_once_wrong_then_stays_right(ids: str, seed: int) -> None:
    """119: one of several lines with one id moved, another took its place by the word CARD; 654: three equal rents."""
    tally = play(Bank(Random(seed), ids, 0.3, 0.1))
    assert (tally.lost, tally.doubled) == (0, 0)


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize(("texts", "dates"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.1), (0.3, 0.1)])
def test_histories_when_ids_texts_and_dates_change_then_nothing_is_lost_or_silently_doubled(
    ids: str, texts: float, dates: float
) -> None:
    for seed in range(HISTORIES):
        tally = play(Bank(Random(seed), ids, texts, dates))
        assert (tally.lost, tally.doubled) == (0, 0), f"seed {seed}"
        if ids == "stable" and not dates:
            assert tally.asked == 0, f"seed {seed}"


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
    placed = [*result.new, *result.duplicates, *(conflict.incoming for conflict in result.conflicts)]
    assert Counter(map(id, placed)) == Counter(map(id, incoming))


@settings(max_examples=effort(200), deadline=None)
@given(_LINES, _LINES)
@example(
    [line(None, 1), line(None, 1), line("a", 1, "5", "Tea")],
    [*[line(None, 1)] * 3, line(None, 2, "5", "Tea"), line("a", 1), line("a", 1, "5")],
)
@example(  # an id that another new line of the export makes known
    [line(None, 1, "5"), line("a", 1), line("c", 1)],
    [*[line(None, 2)] * 3, line("a", 1), line("b", 1), line("b", 2, "-3.20", "Tea")],
)
def test_merge_when_repeated_then_adds_nothing(known: list[StatementLine], incoming: list[StatementLine]) -> None:
    first = merge(known, incoming)
    assert merge([*known, *first.new], incoming).new == ()


@settings(max_examples=effort(100), deadline=None)
@given(_LINES, _LINES, st.randoms(use_true_random=False))
def test_merge_when_every_question_is_answered_then_none_is_left(
    known: list[StatementLine], incoming: list[StatementLine], random: Random
) -> None:
    answers: list[Answer] = []
    for _ in range(5 * len(incoming) + 1):
        result = merge(known, incoming, answers=answers)
        assert len(result.new) + len(result.matched) + len(result.conflicts) == len(incoming)
        answers += [Answer(conflict=conflict, same=random.random() < 0.5) for conflict in result.conflicts]
        if not result.conflicts:
            return
    raise AssertionError("a question comes again and again")


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
    ids = Counter(item.id for item in (*first, *result.new, *(conflict.incoming for conflict in result.conflicts)))
    assert set(ids) | {item.id for item in result.duplicates} == {item.id for item in whole}
    assert max(ids.values(), default=1) == 1
