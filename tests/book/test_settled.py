"""Answers are remembered per institution: the next like question is not asked there, and is asked everywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.book import Book, ImportResult, open_book
from fin_infra.imports.statements import read_statement
from fin_infra.model import StatementFile, StatementLine
from fin_infra.security.vault import demo_vault
from fin_infra.transport import Sync
from tests.book.test_file_trades import FILE, part
from tests.book.test_imports import NOON, line, paper

A: dict[str, Any] = {"number": "1000222233", "institution": "Bank A"}
B: dict[str, Any] = {"number": "5000666677", "institution": "Bank B"}
NAMELESS = ({"number": "1000222233"}, {"number": "5000666677"})
Pair = tuple[StatementLine, StatementLine]


@pytest.fixture
def book(url: str) -> Iterator[Book[Sync]]:
    found = open_book(url, vault=demo_vault(), clock=lambda: NOON)
    yield found
    found.engine.dispose()


def wording(day: int, _: str = "") -> Pair:
    return line(day, "-4.50", "Blue Bottle Coffee", f"f{day}"), line(day, "-4.50", "BLUE BOTTLE", f"g{day}")


def moved(day: int, by: str = "1") -> Pair:
    return line(day, "-4.50", "Gym", f"f{day}"), line(day + int(by), "-4.50", "Gym", f"f{day}")


def raised(day: int, by: str = "0.35") -> Pair:
    amount = Decimal("-4.50") - Decimal(by)
    return line(day, "-4.50", "Diner", f"f{day}"), line(day, str(amount), "Diner", f"f{day}")


def told(book: Book[Sync], pair: Pair, **at: Any) -> ImportResult:
    """Import one line, then the other, as two exports of one account."""
    book.import_statement(paper(pair[0], **at))
    return book.import_statement(paper(pair[1], **at))


def answered(book: Book[Sync], same: bool) -> None:
    [question] = book.questions()
    book.answer(question.id, question.other_id, same=same)


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("kind", [wording, moved, raised])
@pytest.mark.parametrize("places", [(A, B), NAMELESS], ids=["named", "nameless"])
def test_answer_when_given_at_one_bank_then_it_decides_there_and_never_at_another(
    book: Book[Sync], same: bool, kind: Callable[..., Pair], places: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    here, there = places
    assert told(book, kind(3), **here).asked == 1
    answered(book, same)
    before = len(book.transactions())
    again = told(book, kind(13), **here)
    assert (again.asked, again.added, again.known) == ((0, 0, 1) if same else (0, 1, 0))
    assert len(book.transactions()) == before + (1 if same else 2)
    elsewhere = told(book, kind(13), **there)
    assert (elsewhere.asked, elsewhere.added) == (1, 1)
    assert len(book.questions()) == 1


@pytest.mark.parametrize(("kind", "other"), [(moved, "2"), (raised, "0.40")])
def test_answer_when_the_next_one_differs_in_another_way_then_it_is_asked(
    book: Book[Sync], kind: Callable[..., Pair], other: str
) -> None:
    told(book, kind(3), **A)
    answered(book, True)
    assert told(book, kind(13, other), **A).asked == 1


def test_answers_when_they_contradict_each_other_then_it_is_asked_again(book: Book[Sync]) -> None:
    first = [each for day in (3, 13) for each in wording(day)[:1]]
    second = [each for day in (3, 13) for each in wording(day)[1:]]
    book.import_statement(paper(*first, **A))
    assert book.import_statement(paper(*second, **A)).asked == 2
    one, other = book.questions()
    book.answer(one.id, one.other_id, same=True)
    book.answer(other.id, other.other_id, same=False)
    assert told(book, wording(23), **A).asked == 1


@pytest.mark.parametrize("same", [True, False])
def test_answer_when_its_import_is_undone_then_it_still_decides(book: Book[Sync], same: bool) -> None:
    result = told(book, wording(3), **A)
    answered(book, same)
    book.undo_import(result.document.id)
    again = book.import_statement(paper(wording(3)[1], wording(13)[1], **A))
    assert again.asked == 0
    book.import_statement(paper(wording(13)[0], **A))
    assert (len(book.transactions()), book.questions()) == (2 if same else 4, [])


def named(file: StatementFile, name: str | None, at: dict[str, Any]) -> StatementFile:
    """Return a trade as a file of another format tells it: by the instrument's name alone, or by its symbol alone."""
    [statement] = file.statements
    [trade] = statement.trades
    told_as = replace(trade, security_id=None, id_type=None, id=None, name=name, ticker=None if name else "ACME")
    account = replace(statement.account, **at)
    return replace(
        file, format="csv" if name else "ofx", statements=(replace(statement, account=account, trades=(told_as,)),)
    )


def traded(book: Book[Sync], number: int, at: dict[str, Any]) -> ImportResult:
    file = part(read_statement(FILE), number, number + 1)
    book.import_statement(named(file, None, at))
    return book.import_statement(named(file, "Acme Incorporated", at))


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("places", [(A, B), NAMELESS], ids=["named", "nameless"])
def test_instrument_when_answered_at_one_broker_then_it_decides_there_and_never_at_another(
    book: Book[Sync], same: bool, places: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    here, there = places
    assert traded(book, 0, here).trades.asked == 1
    assert traded(book, 0, there).trades.asked == 1
    [question, other] = book.trade_questions()
    book.answer(question.id, question.other_id, same=same)
    assert [each.id for each in book.trade_questions()] == [other.id], "the other broker's is still open"
    again = traded(book, 1, here)
    assert (again.trades.asked, again.trades.known) == (0, 1 if same else 0)
    assert traded(book, 1, there).trades.asked == 1
