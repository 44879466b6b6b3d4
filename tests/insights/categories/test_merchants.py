"""The table of merchants: its shape, and what is found by an equal name, a beginning and a likeness."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from importlib.resources import files

import pytest

from fin_infra.errors import MissingExtra
from fin_infra.insights.categories import clean, merchants
from fin_infra.insights.categories.codes import CODES
from fin_infra.insights.categories.merchants import find, table


def test_table_when_read_then_it_has_hundreds_of_names_in_categories_that_exist():
    known = table().whole
    assert len({merchant.name for merchant in known.values()}) >= 500
    assert {merchant.category for merchant in known.values()} <= set(CODES)
    assert len({merchant.category for merchant in known.values()}) >= 50


def test_file_when_opened_then_it_names_source_and_license():
    head = files("fin_infra.insights.categories").joinpath("merchants.txt").read_text("utf-8")[:600]
    assert "# Source:" in head
    assert "# License: MIT" in head


@pytest.mark.parametrize(
    ("printed", "name", "near"),
    [
        ("STARBUCKS STORE 00412 SEATTLE WA", "Starbucks", False),
        ("AMZN Mktp US*2K3AB1", "Amazon", False),
        ("TRADER JOE'S #552", "Trader Joe's", False),
        ("CHIPOTLE CATERING", "Chipotle", False),
        ("STARBUKS 0412", "Starbucks", True),
        ("WALGRENS 0033", "Walgreens", True),
    ],
)
def test_merchant_when_printed_then_it_is_found(printed, name, near):
    found = find(clean(printed))
    assert found is not None
    assert (found.merchant.name, found.near) == (name, near)


@pytest.mark.parametrize(
    "printed", ["", "TARGETED CONSULTING", "UNITED WAY", "GAP YEAR TUTORS", "ZZZZ", "PEACOCK LANE"]
)
def test_text_when_it_only_begins_like_a_merchant_then_none_is_found(printed):
    assert find(clean(printed)) is None


def test_confidence_when_a_name_is_nearly_equal_then_it_is_below_that_of_an_equal_one():
    equal, near = find("WALGREENS"), find("WALGRENS")
    assert equal is not None
    assert near is not None
    assert equal.confidence == Decimal("0.99")
    assert Decimal("0.80") < near.confidence < Decimal("0.95")


def test_rapidfuzz_when_missing_then_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)
    for name in [name for name in sys.modules if name.startswith("rapidfuzz.")]:
        monkeypatch.delitem(sys.modules, name)
    merchants._fuzzy.cache_clear()
    with pytest.raises(
        MissingExtra, match=r"needs rapidfuzz, which is not installed; run: pip install '.*\[insights\]'"
    ):
        find("STARBUKZ COFFEE")
    merchants._fuzzy.cache_clear()


def test_insights_when_imported_then_no_numpy_and_nothing_of_the_extra_is_loaded():
    code = (
        "import sys, fin_infra.insights.categories\n"
        "print(sorted({'numpy', 'rapidfuzz', 're2', 'httpx2', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
