"""The shipped model: sign and letters decide, the answer is the same everywhere, and nothing is made of nothing."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from fin_infra.errors import MissingExtra
from fin_infra.insights.categories import model
from fin_infra.insights.categories.codes import CODES
from fin_infra.insights.categories.model import guess, weights
from fin_infra.insights.categories.ngrams import BUCKETS, letters, pieces


def test_weights_when_read_then_each_code_exists_and_each_piece_has_a_row():
    known = weights()
    assert set(known.codes) <= set(CODES)
    assert known.table.shape == (BUCKETS, len(known.codes))


@pytest.mark.parametrize(
    ("amount", "code"), [("500", "TRANSFER_IN_ACCOUNT_TRANSFER"), ("-500", "TRANSFER_OUT_ACCOUNT_TRANSFER")]
)
def test_guess_when_only_the_sign_differs_then_so_does_the_category(amount, code):
    found = guess("ACCOUNT TRANSFER 8841", Decimal(amount))
    assert found is not None
    assert found.category == code


@pytest.mark.parametrize("text", ["", "   ", "12345", "$$$"])
def test_guess_when_there_are_no_letters_then_there_is_none(text):
    assert guess(text, Decimal(-5)) is None


def test_letters_when_read_then_accents_case_digits_and_the_rest_are_gone():
    assert letters("Café 12, Zoë!") == " CAFE ZOE "


def test_pieces_when_made_in_another_process_then_they_are_equal():
    code = (
        "from decimal import Decimal; from fin_infra.insights.categories.ngrams import pieces;"
        "print(pieces('WILLOW DENTAL', Decimal('-80')).tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PYTHONHASHSEED": "77"},
    )
    assert done.stdout.strip() == str(pieces("WILLOW DENTAL", Decimal("-80")).tolist())


def test_numpy_when_missing_then_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    model.weights.cache_clear()
    with pytest.raises(MissingExtra, match="Labeling by the letters of a description needs numpy"):
        guess("WILLOW DENTAL", Decimal(-80))
    model.weights.cache_clear()
