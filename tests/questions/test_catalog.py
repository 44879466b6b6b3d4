"""The catalog itself: every question explains itself, and every way in has each question and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from fin_infra.errors import InvalidInput
from fin_infra.questions.catalog import CATALOG, QUESTIONS
from fin_infra.questions.question import Question, Scope, Takes
from tests.support.imports import modules_after

ROOT = Path(__file__).resolve().parents[2]
NAMES = [
    "quote",
    "candles",
    "price",
    "rate",
    "convert",
    "search",
    "accounts",
    "balances",
    "transactions",
    "holdings",
    "net-worth",
    "orders",
    "calendar",
    "categories",
    "providers",
]
PERSONAL = {"accounts", "balances", "transactions", "net-worth"}
TRADING = {"holdings", "orders"}


def test_catalog_when_listed_then_it_has_these_questions() -> None:
    assert list(CATALOG) == NAMES
    assert len(QUESTIONS) == len(CATALOG)


@pytest.mark.parametrize("question", QUESTIONS, ids=NAMES)
def test_question_when_read_then_it_explains_itself(question: Question) -> None:
    assert question.help.endswith(".")
    assert len(question.help) <= 80
    assert (ROOT / "docs" / question.docs).is_file()
    assert question.model() is not None
    for parameter in question.parameters:
        assert parameter.help
        assert not parameter.help.endswith(".")
        assert (parameter.takes is Takes.WORD) == bool(parameter.choices())


@pytest.mark.parametrize("question", QUESTIONS, ids=NAMES)
def test_question_when_it_is_about_somebody_then_its_scope_says_so_and_it_is_never_kept(question: Question) -> None:
    scope = Scope.PERSONAL if question.name in PERSONAL else Scope.TRADING if question.name in TRADING else Scope.PUBLIC
    assert question.scope is scope
    assert scope is Scope.PUBLIC or question.ttl_s == 0


@pytest.mark.parametrize("question", QUESTIONS, ids=NAMES)
def test_parameters_when_one_may_be_left_out_then_no_required_one_follows(question: Question) -> None:
    required = [parameter.required for parameter in question.parameters]
    assert required == sorted(required, reverse=True)


def test_catalog_when_imported_then_it_brings_no_provider_and_no_model_of_a_domain() -> None:
    found = modules_after("import fin_infra.questions")
    assert not {name for name in found if name.startswith(("fin_infra.providers", "fin_infra.model.market"))}
    assert not found & {"asyncio", "msgspec", "pydantic", "httpcore2"}


@pytest.mark.parametrize(
    ("question", "name", "text", "sentence"),
    [
        ("convert", "amount", "ten", "`AMOUNT` must be a number such as 12.50, not 'ten'."),
        ("convert", "amount", "NaN", "`AMOUNT` must be a number such as 12.50, not 'NaN'."),
        ("rate", "on", "20260131", "`AMOUNT` must be a day such as 2026-01-31, not '20260131'."),
        ("candles", "start", "2026-01-31T09:30", "write it like 2026-01-31T09:30Z or with an offset"),
        ("candles", "interval", "2d", "must be one of 1min, 5min, 15min"),
        ("orders", "limit", "0", "must be from 1 to 500, not int 0."),
        ("orders", "limit", "many", "must be a whole number, not 'many'."),
        ("orders", "status", "gone", "must be one of open, closed, all, not 'gone'."),
    ],
)
def test_text_when_it_cannot_be_read_then_the_sentence_is_for_who_typed_it(
    question: str, name: str, text: str, sentence: str
) -> None:
    parameter = next(each for each in CATALOG[question].parameters if each.name == name)
    with pytest.raises(InvalidInput) as refused:
        parameter.read(text, "AMOUNT")
    assert sentence in str(refused.value)
