"""Rules: each condition, their order, and one sentence for each that cannot be used."""

from __future__ import annotations

import sys
from decimal import Decimal

import pytest

from fin_infra.errors import InvalidInput, MissingExtra
from fin_infra.insights.categories import Rule, Rules, Sign, rules
from tests.insights.entries import entry

FOOD, RENT = "FOOD_AND_DRINK_RESTAURANT", "RENT_AND_UTILITIES_RENT"


def _takes(given, **conditions):
    return Rules([Rule(id="r", category=FOOD, **conditions)]).first(given) is not None


@pytest.mark.parametrize(
    ("conditions", "takes"),
    [
        ({"contains": "lunch"}, True),
        ({"contains": "LUNCH club"}, True),
        ({"contains": "dinner"}, False),
        ({"contains": "Joe"}, True),  # in the counterparty
        ({"pattern": r"lunch\s+cl.b"}, True),
        ({"pattern": r"^club"}, False),
        ({"low": Decimal("12.50")}, True),
        ({"low": Decimal("12.51")}, False),
        ({"high": Decimal("12.50")}, True),
        ({"high": Decimal("12.49")}, False),
        ({"account_id": "checking"}, True),
        ({"account_id": "card"}, False),
        ({"sign": Sign.OUT}, True),
        ({"sign": Sign.IN}, False),
        ({"contains": "lunch", "sign": Sign.IN}, False),
    ],
)
def test_rule_when_asked_then_every_condition_has_to_hold(conditions, takes):
    assert _takes(entry("LUNCH CLUB 12", "-12.50", counterparty="Joe's"), **conditions) is takes


def test_rules_when_two_fit_then_the_first_decides_and_says_on_what():
    ordered = Rules([Rule(id="a", category=FOOD, contains="club"), Rule(id="b", category=RENT, contains="lunch")])
    hit = ordered.first(entry("LUNCH CLUB"))
    assert hit is not None
    assert (hit.rule.id, hit.because) == ("a", "'club'")


def test_rules_when_none_fits_then_there_is_no_hit():
    assert Rules([Rule(id="a", category=FOOD, contains="club")]).first(entry("")) is None


@pytest.mark.parametrize(
    ("conditions", "sentence"),
    [
        ({}, "Rule 'r' has no condition and would take every transaction; give it words, an amount or an account."),
        (
            {"low": Decimal("0.00")},
            "Rule 'r' has no condition and would take every transaction; give it words, an amount or an account.",
        ),
        ({"contains": "  "}, "Rule 'r' looks for empty text, which is in every description; give it a word."),
        ({"low": Decimal(-1)}, "Rule 'r' has an amount below zero; sizes have no sign, `sign` says in or out."),
        (
            {"low": Decimal(5), "high": Decimal(1)},
            "Rule 'r' wants at least 5 and at most 1, which no amount is; exchange them.",
        ),
    ],
)
def test_rule_when_it_cannot_be_meant_then_one_sentence_says_so(conditions, sentence):
    with pytest.raises(InvalidInput) as refused:
        Rules([Rule(id="r", category=FOOD, **conditions)])
    assert str(refused.value) == sentence


def test_rule_when_its_category_is_unknown_then_it_is_refused():
    with pytest.raises(InvalidInput, match="'DINNER' is not a category"):
        Rules([Rule(id="r", category="DINNER", contains="x")])


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        (".*", "fits empty text and so every transaction"),
        ("(", "cannot be used (missing ): ()"),
        (r"(a)\1", "RE2 has no look-around and no references"),
        (r"(?=a)b", "RE2 has no look-around and no references"),
        ("((a{1,100}){1,100}){1,100}", "cannot be used"),
        ("a" * 201, "has more than 200 letters; shorten it"),
    ],
)
def test_pattern_when_it_cannot_be_used_then_one_sentence_says_why(pattern, part):
    with pytest.raises(InvalidInput) as refused:
        Rules([Rule(id="r", category=FOOD, pattern=pattern)])
    assert part in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(a*)*b", "([a-z]+)*=", "(.*a){25}b"])
def test_pattern_when_others_backtrack_for_ever_then_it_answers(pattern):
    """`re` takes 2 to the power of the text's length for these; a hang here ends the run by its time limit."""
    assert not _takes(entry("a" * 400 + "!"), pattern=pattern)


def test_text_when_it_is_longer_than_is_looked_at_then_its_end_does_not_count():
    assert not _takes(entry("x" * rules.MAX_TEXT + "lunch"), contains="lunch")


def test_rules_when_two_have_one_id_then_they_are_refused():
    with pytest.raises(InvalidInput, match="Two rules are called 'a'"):
        Rules([Rule(id="a", category=FOOD, contains="x"), Rule(id="a", category=RENT, contains="y")])


def test_re2_when_missing_then_only_a_pattern_asks_for_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "re2", None)
    assert _takes(entry("LUNCH"), contains="lunch")
    with pytest.raises(MissingExtra, match="A rule with a pattern needs google-re2"):
        _takes(entry("LUNCH"), pattern="lunch without it")
