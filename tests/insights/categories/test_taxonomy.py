"""The taxonomy is Plaid's: its counts are published, and its file is read where it lies beside the repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fin_infra.errors import InvalidInput
from fin_infra.insights.categories import categories, category, primary
from fin_infra.insights.categories.codes import RENAMED
from fin_infra.insights.categories.taxonomy import in_version_2

SAMPLE = Path(__file__).resolve().parents[4] / "shared" / "samples" / "plaid" / "pfc_taxonomy_v2_v1.json"


def test_categories_when_counted_then_they_are_those_of_version_2():
    assert len(categories()) == 123
    assert len({each.primary for each in categories()}) == 18
    assert all(each.code.startswith(each.primary) and each.meaning for each in categories())


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the vendor's file is not beside the repository")
def test_categories_when_compared_with_plaids_file_then_codes_and_renamings_are_equal():
    rows = json.loads(SAMPLE.read_text("utf-8"))
    assert [(each.primary, each.code) for each in categories()] == [(row["primary"], row["detailed"]) for row in rows]
    for row in rows:
        if row["v1_detailed"] and "|" not in row["v1_detailed"]:
            assert in_version_2(row["v1_detailed"]) == row["detailed"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("INCOME_WAGES", "INCOME_SALARY"),
        ("INCOME_OTHER_INCOME", "INCOME_OTHER"),
        ("TRANSFER_IN_CASH_ADVANCES_AND_LOANS", "LOAN_DISBURSEMENTS_OTHER_DISBURSEMENT"),
        ("FOOD_AND_DRINK_COFFEE", "FOOD_AND_DRINK_COFFEE"),
    ],
)
def test_category_when_of_version_1_then_it_is_that_of_version_2(old, new):
    assert category(old).code == new


def test_renamings_when_listed_then_there_are_the_three_that_plaid_names():
    assert len(RENAMED) == 3


def test_category_when_unknown_then_one_sentence_names_the_nearest():
    with pytest.raises(
        InvalidInput, match=r"^'FOOD_AND_DRINK_COFEE' is not a category; did you mean FOOD_AND_DRINK_COFFEE"
    ):
        category("FOOD_AND_DRINK_COFEE")


def test_category_when_nothing_is_near_then_the_sentence_says_where_the_list_is():
    with pytest.raises(InvalidInput, match=r"is not a category; `categories` lists them"):
        category("???")


def test_primary_when_a_code_is_unknown_then_it_is_its_own():
    assert primary("TRAVEL_FLIGHTS") == "TRAVEL"
    assert primary("UNCATEGORIZED") == "UNCATEGORIZED"
