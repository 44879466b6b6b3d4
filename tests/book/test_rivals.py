"""One answer and the other questions: nothing is asked that it settles, and a twin takes the place that is free."""

from __future__ import annotations

from fin_infra.book import Book
from fin_infra.transport import Sync
from tests.book.test_imports import Vendor, book, line, paper, rows, told

__all__ = ["book"]  # a fixture


def answer_all(book: Book[Sync], *, same: bool) -> int:
    answered = 0
    while questions := book.questions():
        book.answer(questions[0].id, questions[0].other_id, same=same)
        answered += 1
    return answered


def test_twins_when_a_bank_and_files_word_them_otherwise_then_each_has_one_row(book: Book[Sync]) -> None:
    worded, plain = line(3, "-4.50", "CARD Blue Bottle Coffee"), line(3, "-4.50", "Blue Bottle Coffee")
    for twin in (worded, plain, worded):  # two files in other words, and the first again, with nothing answered yet
        book.import_statement(paper(twin, twin))
    [ours] = book.accounts()
    Vendor(book).says(told("v1", 3, "-4.50", "Blue Bottle Coffee"), told("v2", 3, "-4.50", "Blue Bottle Coffee"))
    theirs = next(each for each in book.accounts() if each.id != ours.id)
    book.join(ours.id, theirs.id)
    answer_all(book, same=True)
    assert [(row.description, row.source[:2]) for row in book.transactions()] == [("Blue Bottle Coffee", "c-")] * 2
    assert book.import_statement(paper(worded, worded)).asked == 0


def test_three_on_paper_when_the_bank_tells_two_then_the_third_stays(book: Book[Sync]) -> None:
    vendor = Vendor(book)
    vendor.says(told("v1", 3, "-4.50", "Blue Bottle Coffee"), told("v2", 3, "-4.50", "Blue Bottle Coffee"))
    [account] = book.accounts()
    worded = line(3, "-4.50", "BLUE BOTTLE")
    book.import_statement(paper(worded, worded, worded), account_id=account.id)
    assert answer_all(book, same=True) == 2
    assert [text for _, text, _ in rows(book)] == ["BLUE BOTTLE", "Blue Bottle Coffee", "Blue Bottle Coffee"]


def test_answer_when_yes_then_what_it_settles_is_closed_and_the_twins_are_left_to_each_other(book: Book[Sync]) -> None:
    vendor = Vendor(book)
    vendor.says()
    [account] = book.accounts()
    worded = line(3, "-4.50", "BLUE BOTTLE")
    book.import_statement(paper(worded, worded), account_id=account.id)
    vendor.says(told("v1", 3, "-4.50", "Blue Bottle Coffee"), told("v2", 3, "-4.50", "Blue Bottle Coffee"))
    asked = book.questions()
    assert len(asked) == 4, "each of the bank's may be either of the file's"
    book.answer(asked[0].id, asked[0].other_id, same=True)
    [left] = book.questions()
    assert {left.id, left.other_id} & {asked[0].id, asked[0].other_id} == set()
    assert answer_all(book, same=True) == 1
    assert len(book.transactions()) == 2


def test_answer_when_no_then_nothing_else_is_closed_or_asked(book: Book[Sync]) -> None:
    vendor = Vendor(book)
    vendor.says(told("v1", 3, "-4.50", "Blue Bottle Coffee"), told("v2", 3, "-4.50", "Blue Bottle Coffee"))
    [account] = book.accounts()
    worded = line(3, "-4.50", "BLUE BOTTLE")
    book.import_statement(paper(worded, worded), account_id=account.id)
    asked = len(book.questions())
    assert answer_all(book, same=False) == asked == 2
    assert len(book.transactions()) == 4
