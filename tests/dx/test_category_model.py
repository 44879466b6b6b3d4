"""The category model: made and held-out rows have nothing in common, and the shipped weights hold what the docs say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def scripts():
    sys.path.insert(0, str(ROOT / "dx"))
    try:
        from category_model import cues, evaluate, train, world

        yield cues, evaluate, train, world
    finally:
        sys.path.remove(str(ROOT / "dx"))


def test_lists_when_compared_then_they_share_no_cue(scripts):
    cues, _, train, _ = scripts
    held = {cue for row in train.held_out() for cue in row["cues"].split("|")}
    assert held
    assert {word for kind in cues.KINDS for cue in kind.cues for word in (cue, *cue.split())} & held == set()


def test_rows_when_made_then_none_has_a_cue_or_merchant_of_the_held_out_list(scripts):
    _, _, train, world = scripts
    held = {cue for row in train.held_out() for cue in row["cues"].split("|")}
    merchants = {row["merchant"].upper() for row in train.held_out()} - {""}
    made = train.training_rows(40)
    assert {word for row in made for word in world.words(row.description)} & held == set()
    assert {row.merchant for row in made} & merchants == set()


def test_held_out_when_read_then_descriptions_are_distinct_and_every_cue_is_in_its_own(scripts):
    _, _, train, world = scripts
    held = train.held_out()
    assert len({row["description"] for row in held}) == len(held) == 460
    for row in held:
        assert set(row["cues"].split("|")) <= set(world.words(row["description"])), row


def test_rows_when_made_twice_then_they_are_equal(scripts):
    _, _, train, _ = scripts
    assert train.training_rows(3) == train.training_rows(3)


def test_shipped_weights_when_measured_then_they_hold_what_the_docs_say(scripts):
    _, evaluate, train, _ = scripts
    held = train.held_out()
    wanted = [row["category"] for row in held]
    said = evaluate.shipped(held)
    assert evaluate.macro_f1(wanted, [code for code, _ in said]) >= 0.95
    assert evaluate.coverage(wanted, said) >= 0.90


def test_model_when_trained_then_it_is_above_a_plain_linear_one_and_shuffled_labels_teach_nothing(scripts):
    _, evaluate, train, _ = scripts
    held = train.held_out()
    wanted = [row["category"] for row in held]
    made = train.training_rows(60)
    linear = evaluate.macro_f1(wanted, evaluate.plain_linear(held, made))
    shipped = evaluate.macro_f1(wanted, [code for code, _ in evaluate.shipped(held)])
    assert shipped >= linear + 0.10
    assert shipped >= evaluate.macro_f1(wanted, evaluate.rapidfuzz_alone(held, made)) + 0.10
    assert evaluate.macro_f1(wanted, evaluate.of_shuffled(held, made)) <= 0.08


def test_macro_f1_when_worked_out_by_hand_then_it_is_equal(scripts):
    _, evaluate, _, _ = scripts
    assert evaluate.macro_f1(["a", "a", "b", "b"], ["a", "b", "b", "b"]) == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_coverage_when_the_surest_are_right_then_it_is_their_share(scripts):
    _, evaluate, _, _ = scripts
    said = [("a", 0.9), ("b", 0.8), ("a", 0.7), ("a", 0.6)]
    assert evaluate.coverage(["a", "b", "b", "a"], said, 1.0) == 0.5
