"""Statement files in the book: planned, imported, met with a connection, taken back, numbers never in clear."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fin_infra.book import Book, DocumentState, MatchReason, logins, open_book
from fin_infra.book.pages import Holder, Level, Page, VendorTransaction
from fin_infra.book.sync import Progress, sync
from fin_infra.errors import InvalidInput, SealBroken, StatementUnreadable
from fin_infra.imports.statements import Answer, Question, read_statement
from fin_infra.model import (
    AccountType,
    Money,
    Statement,
    StatementAccount,
    StatementBalance,
    StatementFile,
    StatementLine,
)
from fin_infra.security.vault import demo_vault
from fin_infra.transport import Sync

FIXTURES = Path(__file__).parents[1] / "imports" / "fixtures" / "ofx"
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
NUMBER = "400012345678"


@pytest.fixture
def book(url: str) -> Iterator[Book[Sync]]:
    found = open_book(url, vault=demo_vault(), clock=lambda: NOON)
    yield found
    found.engine.dispose()


def line(day: int, amount: str, text: str, id: str | None = None) -> StatementLine:
    return StatementLine(id=id, posted=date(2026, 3, day), amount=Money(Decimal(amount), "USD"), description=text)


def paper(
    *lines: StatementLine, number: str = NUMBER, balance: str | None = None, at: int = 31, **facts: Any
) -> StatementFile:
    """Return a file of one account."""
    account = StatementAccount(number=number, **{"currency": "USD", "type": AccountType.DEPOSITORY, **facts})
    levels = () if balance is None else (_level(balance, at, account.currency),)
    statement = Statement(account=account, lines=lines, balances=levels)
    return StatementFile(format="ofx", encoding="utf-8", statements=(statement,))


def _level(amount: str, day: int, currency: str) -> StatementBalance:
    return StatementBalance(amount=Money(Decimal(amount), currency), at=date(2026, 3, day), kind="ledger")


COFFEE, RENT, PAY = line(3, "-4.50", "Coffee", "f1"), line(4, "-900.00", "Rent", "f2"), line(9, "2000.00", "Pay", "f3")
FIRST = paper(COFFEE, RENT, balance="100.00", at=5)
SECOND = paper(RENT, PAY, balance="1200.00", at=10)


class Vendor:
    """A connection of a bank with one checking account, whose next run says what it is told to."""

    resumes = True

    def __init__(self, book: Book[Sync], ending: str | None = NUMBER[-4:]) -> None:
        self.book, self.ending, self.runs = book, ending, 0
        self.connection = logins.add(book.engine, book.owner, "banking:model", {}, None, NOON)
        self.page: dict[str, Any] = {}

    def says(self, *rows: VendorTransaction, **more: Any) -> None:
        self.page = {"transactions": list(rows), **more}
        flow = sync(self.book.engine, self.book.owner, self.connection, self, lambda: NOON, Progress())
        assert self.book.transport.run(flow) is True

    def changes(self, cursor: str) -> Any:
        yield from ()
        self.runs += 1
        holder = Holder(
            vendor_id="a",
            name="Everyday",
            type="depository",
            subtype="checking",
            currency="USD",
            institution="Model",
            ending=self.ending,
        )
        return Page(after=f"{self.runs}", complete=True, holders=[holder], **self.page)


def told(id: str, day: int, amount: str, text: str, **more: Any) -> VendorTransaction:
    facts = {"account": "a", "currency": "USD", **more}
    return VendorTransaction(vendor_id=id, day=date(2026, 3, day), amount=Decimal(amount), text=text, **facts)


def rows(book: Book[Sync]) -> list[tuple[int, str, Decimal]]:
    return sorted((row.date.day, row.description, row.amount.amount) for row in book.transactions(limit=1_000))


def state(book: Book[Sync]) -> list[Any]:
    """Return all that people see."""
    return [
        list(book.transactions(limit=1_000, hidden=True)),
        list(book.accounts()),
        list(book.balances()),
        list(book.questions()),
    ]


# --- plan and import ------------------------------------------------------------------------------------------------
def test_import_when_the_file_is_new_then_the_book_has_what_it_prints(book: Book[Sync]) -> None:
    result = book.import_statement(FIRST)
    assert (result.added, result.known, result.asked, result.already) == (2, 0, 0, False)
    assert rows(book) == [(3, "Coffee", Decimal("-4.50")), (4, "Rent", Decimal("-900.00"))]
    [account] = book.accounts()
    assert (account.ending, account.currency, account.sources) == ("5678", "USD", ("file",))
    [balance] = book.balances()
    assert (balance.day, balance.current) == (date(2026, 3, 5), Money(Decimal("100.00"), "USD"))
    assert {row.source for row in book.transactions()} == {f"import:{result.document.id}"}
    assert book.imports() == [result.document]


def test_plan_when_made_then_it_says_what_the_import_does_and_writes_nothing(book: Book[Sync]) -> None:
    book.import_statement(FIRST)
    before = (state(book), book.changes(limit=1_000))
    plan = book.plan_import(SECOND)
    [part] = plan.parts
    assert plan.decided
    assert (part.reason, part.account_id) == (MatchReason.NUMBER, book.accounts()[0].id)
    assert ([each.description for each in part.new], [each.description for each in part.known]) == (["Pay"], ["Rent"])
    assert (part.balance, part.balance_day) == (Money(Decimal("1200.00"), "USD"), date(2026, 3, 10))
    assert (state(book), book.changes(limit=1_000)) == before
    result = book.import_statement(SECOND)
    assert (result.added, result.known) == (1, 1)


def test_import_when_the_same_again_then_nothing_changes_and_it_says_so(book: Book[Sync]) -> None:
    first = book.import_statement(FIRST)
    before = (state(book), book.changes(limit=1_000))
    again = book.import_statement(FIRST, name="renamed.ofx")
    assert (again.already, again.document.id, again.changes) == (True, first.document.id, 0)
    assert book.plan_import(FIRST).document == first.document
    assert (state(book), book.changes(limit=1_000)) == before


def test_import_when_two_equal_lines_stand_in_it_then_both_stay(book: Book[Sync]) -> None:
    twin = line(3, "-4.50", "Coffee")
    book.import_statement(paper(twin, twin))
    assert len(rows(book)) == 2
    assert book.import_statement(paper(twin, twin, PAY)).known == 2
    assert len(rows(book)) == 3


def test_import_when_a_file_has_several_accounts_then_each_has_its_own(book: Book[Sync]) -> None:
    found = read_statement(FIXTURES / "card.qfx")
    both = replace(found, statements=(*found.statements, *FIRST.statements))
    result = book.import_statement(both)
    assert len(result.document.account_ids) == len(both.statements)
    assert result.added == sum(len(each.lines) for each in both.statements)


@pytest.mark.parametrize("name", ["card.qfx", "checking.ofx", "brokerage.ofx"])
def test_import_when_from_a_path_then_it_is_named_without_its_folder(book: Book[Sync], name: str) -> None:
    result = book.import_statement(FIXTURES / name)
    lines = sum(len(each.lines) for each in read_statement(FIXTURES / name).statements)
    assert (result.document.name, result.added) == (name, lines)
    assert book.import_statement((FIXTURES / name).read_bytes()).already


def test_import_when_the_file_cannot_be_read_then_nothing_is_written(book: Book[Sync], tmp_path: Path) -> None:
    for source in (b"nonsense", tmp_path / "none.ofx"):
        with pytest.raises(StatementUnreadable):
            book.import_statement(source)
    assert (book.changes(), book.imports()) == ([], [])


# --- which account --------------------------------------------------------------------------------------------------
def test_account_when_it_may_be_a_connections_then_a_person_is_asked_by_name_and_ending(book: Book[Sync]) -> None:
    Vendor(book).says()
    plan = book.plan_import(FIRST)
    assert not plan.decided
    assert [each.name for each in plan.parts[0].candidates] == ["Everyday"]
    with pytest.raises(InvalidInput, match=r"ending 5678 may be .*Everyday ending 5678 \(id \d+\); give"):
        book.import_statement(FIRST)
    assert (book.imports(), rows(book)) == ([], [])
    assert len(book.accounts()) == 1


def test_account_when_the_person_says_which_then_it_is_that_and_proven_from_then_on(book: Book[Sync]) -> None:
    Vendor(book).says()
    [account] = book.accounts()
    book.import_statement(FIRST, account_id=account.id)
    assert [each.id for each in book.accounts()] == [account.id]
    assert {row.account_id for row in book.transactions()} == {account.id}
    [part] = book.plan_import(SECOND).parts
    assert (part.reason, part.account_id) == (MatchReason.NUMBER, account.id)
    assert NUMBER not in repr(book.accounts()) + repr(book.plan_import(SECOND))


def test_account_when_the_person_says_it_is_new_then_there_are_two(book: Book[Sync]) -> None:
    Vendor(book).says()
    book.import_statement(FIRST, new_account=True)
    assert len(book.accounts()) == 2


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (paper(number=NUMBER, currency="EUR"), "is in EUR, and the account .* in USD"),
        (paper(number="999900001111"), "ending 1111, and the account .* ends 5678"),
    ],
)
def test_account_when_the_file_contradicts_the_person_then_it_is_refused(
    book: Book[Sync], file: StatementFile, words: str
) -> None:
    Vendor(book).says()
    with pytest.raises(InvalidInput, match=words):
        book.import_statement(file, account_id=book.accounts()[0].id)
    assert book.imports() == []


def test_account_when_files_printed_another_one_then_it_is_refused(book: Book[Sync]) -> None:
    book.import_statement(FIRST)
    with pytest.raises(InvalidInput, match="prints another account"):
        book.import_statement(paper(PAY, number="999900001111"), account_id=book.accounts()[0].id)


def test_account_when_the_number_proves_another_one_then_the_word_is_refused(book: Book[Sync]) -> None:
    book.import_statement(FIRST)
    book.import_statement(paper(PAY, number="999900001111"))
    other = next(each for each in book.accounts() if each.ending == "1111")
    with pytest.raises(InvalidInput, match="By the number that it prints"):
        book.import_statement(SECOND, account_id=other.id)


@pytest.mark.parametrize(
    ("given", "words"),
    [({"account_id": 10**9}, "no account 1000000000"), ({"account_id": 1, "new_account": True}, "Give either")],
)
def test_account_when_it_cannot_be_meant_then_one_sentence(book: Book[Sync], given: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        book.import_statement(FIRST, **given)


def test_account_when_one_file_names_less_than_another_then_it_is_asked(book: Book[Sync]) -> None:
    book.import_statement(paper(COFFEE, institution="Example Bank", institution_id="77"))
    [part] = book.plan_import(SECOND).parts
    assert part.reason is MatchReason.UNDECIDED
    result = book.import_statement(SECOND, account_id=part.candidates[0].id)
    assert [each.id for each in book.accounts()] == list(result.document.account_ids)


# --- files and connections ------------------------------------------------------------------------------------------
def test_row_when_a_connection_brought_it_then_it_stays_the_connections(book: Book[Sync]) -> None:
    vendor = Vendor(book)
    vendor.says(told("v1", 3, "-4.50", "COFFEE"))
    [row] = book.transactions()
    result = book.import_statement(FIRST, account_id=row.account_id)
    assert (result.added, result.known) == (1, 1)
    assert [each for each in book.transactions() if each.id == row.id] == [row]
    book.undo_import(result.document.id)
    assert book.transactions() == [row]


def test_row_when_a_file_brought_it_then_the_connection_takes_it_over(book: Book[Sync]) -> None:
    vendor = Vendor(book)
    vendor.says()
    result = book.import_statement(FIRST, account_id=book.accounts()[0].id)
    before = {row.description: row.id for row in book.transactions()}
    book.note(before["Rent"], "too much")
    vendor.says(told("v1", 3, "-4.50", "Coffee"), told("v2", 4, "-900.00", "Rent"))
    after = {row.description: row for row in book.transactions()}
    assert {name: row.id for name, row in after.items()} == before
    assert {row.source for row in after.values()} == {vendor.connection}
    book.undo_import(result.document.id)
    assert {row.description: row for row in book.transactions()} == after
    assert after["Rent"].note == "too much"


@pytest.mark.parametrize("text", ["Coffee", "CARD COFFEE"])
def test_pending_when_a_file_prints_it_posted_first_then_it_is_one_with_its_id_and_note(
    book: Book[Sync], text: str
) -> None:
    vendor = Vendor(book)
    vendor.says(told("p", 2, "-4.50", "Coffee", pending=True))
    [pending] = book.transactions()
    book.note(pending.id, "with Ann")
    book.import_statement(paper(line(3, "-4.50", text)), account_id=pending.account_id)
    assert len(book.transactions()) == 2
    vendor.says(told("v", 3, "-4.50", "Coffee", pending_id="p"), removed=["p"])
    for question in book.questions():
        book.answer(question.id, question.other_id, same=True)
    [row] = book.transactions()
    assert (row.id, row.note, row.vendor_id, row.status.value) == (pending.id, "with Ann", "v", "posted")


def test_tip_when_a_file_prints_it_first_then_the_pending_one_is_asked_about(book: Book[Sync]) -> None:
    vendor = Vendor(book)
    vendor.says(told("p", 2, "-10.00", "Diner", pending=True))
    [pending] = book.transactions()
    book.note(pending.id, "with Ann")
    book.import_statement(paper(line(3, "-11.80", "Diner")), account_id=pending.account_id)
    vendor.says(told("v", 3, "-11.80", "Diner"), removed=["p"])
    [question] = book.questions()
    assert question.kind == "tip"
    book.answer(question.id, question.other_id, same=True)
    [row] = book.transactions()
    assert (row.id, row.note, row.amount.amount) == (pending.id, "with Ann", Decimal("-11.80"))


def test_amount_when_the_bank_corrects_it_to_what_a_file_printed_then_it_is_one(book: Book[Sync]) -> None:
    vendor = Vendor(book)
    vendor.says(told("v", 3, "-4.40", "Coffee"))
    [row] = book.transactions()
    book.import_statement(paper(COFFEE), account_id=row.account_id)
    vendor.says(told("v", 3, "-4.50", "Coffee"))
    assert [(each.id, each.amount.amount) for each in book.transactions()] == [(row.id, Decimal("-4.50"))]


def test_wording_when_it_differs_then_both_stay_until_the_answer_and_no_export_asks_again(book: Book[Sync]) -> None:
    vendor = Vendor(book)
    vendor.says(told("v1", 3, "-4.50", "Blue Bottle Coffee"))
    [row] = book.transactions()
    worded = line(3, "-4.50", "BLUE BOTTLE", "f1")
    result = book.import_statement(paper(worded), account_id=row.account_id)
    assert (result.added, result.asked) == (1, 1)
    [question] = book.questions()
    assert (question.other_id, question.kind) == (row.id, "wording")
    book.answer(question.id, question.other_id, same=True)
    assert book.transactions() == [row]
    again = book.import_statement(paper(worded, PAY))
    assert (again.added, again.known, again.asked) == (1, 1, 0)


@pytest.mark.parametrize("same", [True, False])
def test_answers_when_given_to_the_plan_then_nothing_is_asked(book: Book[Sync], same: bool) -> None:
    Vendor(book).says(told("v1", 3, "-4.50", "Blue Bottle Coffee"))
    [row] = book.transactions()
    file = paper(line(3, "-4.50", "BLUE BOTTLE", "f1"))
    [conflict] = book.plan_import(file, account_id=row.account_id).parts[0].asked
    assert conflict.question is Question.TEXT_CHANGED
    answers = [Answer(conflict=conflict, same=same)]
    result = book.import_statement(file, account_id=row.account_id, answers=answers)
    assert (result.added, result.known, result.asked) == ((0, 1, 0) if same else (1, 0, 0))
    assert len(book.transactions()) == (1 if same else 2)


def test_questions_when_their_row_turns_out_to_be_another_then_they_are_about_that_one(book: Book[Sync]) -> None:
    vendor = Vendor(book)
    vendor.says(told("p", 2, "-4.50", "Blue Bottle Coffee", pending=True))
    [pending] = book.transactions()
    book.import_statement(paper(line(3, "-4.50", "Blue Bottle Coffee")), account_id=pending.account_id)
    book.import_statement(paper(line(3, "-4.50", "BLUE BOTTLE")))
    vendor.says(told("v", 3, "-4.50", "Blue Bottle Coffee", pending_id="p"), removed=["p"])
    [question] = book.questions()
    assert question.other_id == pending.id
    book.answer(question.id, question.other_id, same=True)
    assert [row.id for row in book.transactions()] == [pending.id]


def test_answer_when_the_bank_has_taken_the_row_back_then_the_file_does_not_bring_it_again(book: Book[Sync]) -> None:
    vendor = Vendor(book)
    vendor.says(told("v1", 3, "-4.50", "Blue Bottle Coffee"))
    book.import_statement(paper(line(3, "-4.50", "BLUE BOTTLE")), account_id=book.accounts()[0].id)
    vendor.says(removed=["v1"])
    [question] = book.questions()
    book.answer(question.id, question.other_id, same=True)
    assert book.transactions() == []


def test_row_when_the_bank_took_it_back_then_a_file_that_had_it_does_not_bring_it_again(book: Book[Sync]) -> None:
    vendor = Vendor(book)
    vendor.says(told("v1", 3, "-4.50", "Coffee"))
    book.import_statement(paper(COFFEE), account_id=book.accounts()[0].id)
    vendor.says(removed=["v1"])
    assert book.import_statement(paper(COFFEE, PAY)).known == 1
    assert rows(book) == [(9, "Pay", Decimal("2000.00"))]


# --- balances -------------------------------------------------------------------------------------------------------
def test_balance_when_an_older_file_comes_later_then_the_later_day_stands(book: Book[Sync]) -> None:
    book.import_statement(SECOND)
    book.import_statement(FIRST)
    [now] = book.balances()
    [then] = book.balances(on=date(2026, 3, 9))
    assert [now.current, then.current] == [Money(Decimal("1200.00"), "USD"), Money(Decimal("100.00"), "USD")]


@pytest.mark.parametrize("first", ["file", "connection"])
def test_balance_when_both_tell_a_day_then_the_connections_stands(book: Book[Sync], first: str) -> None:
    vendor = Vendor(book)
    vendor.says()
    account = book.accounts()[0].id
    levels = [Level(account="a", at=NOON, currency="USD", current=Decimal("55.00"))]
    if first == "connection":
        vendor.says(levels=levels)
    result = book.import_statement(paper(COFFEE, balance="44.00", at=NOON.day), account_id=account)
    if first == "file":
        vendor.says(levels=levels)
    assert [each.current for each in book.balances()] == [Money(Decimal("55.00"), "USD")]
    book.undo_import(result.document.id)
    assert [each.current for each in book.balances()] == [Money(Decimal("55.00"), "USD")]


def test_balance_when_a_card_prints_it_positive_then_it_is_not_guessed(book: Book[Sync]) -> None:
    book.import_statement(paper(COFFEE, balance="300.00", type=AccountType.CREDIT))
    assert book.balances() == []


def test_balance_when_two_files_tell_a_day_and_one_is_undone_then_the_others_stands(book: Book[Sync]) -> None:
    first = book.import_statement(paper(COFFEE, balance="1.00"))
    book.import_statement(paper(COFFEE, PAY, balance="2.00"))
    assert [each.current for each in book.balances()] == [Money(Decimal("1.00"), "USD")]
    book.undo_import(first.document.id)
    assert [each.current for each in book.balances()] == [Money(Decimal("2.00"), "USD")]


# --- undo -----------------------------------------------------------------------------------------------------------
def test_undo_when_only_the_file_told_then_the_state_is_the_one_before_and_the_log_has_both(book: Book[Sync]) -> None:
    before = state(book)
    result = book.import_statement(FIRST)
    document = book.undo_import(result.document.id)
    assert state(book) == before
    assert (document.state, document.transactions) == (DocumentState.UNDONE, 0)
    kinds = [(each.subject, each.kind) for each in book.changes()]
    assert kinds.count(("transaction", "added")) == kinds.count(("transaction", "removed")) == 2
    assert [kind for subject, kind in kinds if subject == "document"] == ["added", "undone"]


@pytest.mark.parametrize("undone", [0, 1])
def test_undo_when_another_file_tells_it_too_then_the_state_is_that_files(url: str, undone: int) -> None:
    worded = line(4, "-900.00", "RENT", "f2")
    files = [FIRST, paper(worded, PAY, balance="1200.00", at=10)]
    seen = []
    for number, order in enumerate((files, [files[1 - undone]])):
        book = open_book(url, user=f"u{number}", vault=demo_vault(), clock=lambda: NOON)
        results = [book.import_statement(file) for file in order]
        if len(order) == 2:
            book.undo_import(results[undone].document.id)
        seen.append((rows(book), [(each.day, each.current) for each in book.balances()], len(book.accounts())))
        book.engine.dispose()
    assert seen[0] == seen[1]


def test_undo_when_said_twice_or_unknown_then_one_sentence(book: Book[Sync]) -> None:
    id = book.import_statement(FIRST).document.id
    book.undo_import(id)
    with pytest.raises(InvalidInput, match="was undone before; import the file again"):
        book.undo_import(id)
    with pytest.raises(InvalidInput, match="no import 1000000000"):
        book.undo_import(10**9)


def test_undo_when_the_file_comes_again_then_the_words_are_there_again(book: Book[Sync]) -> None:
    first = book.import_statement(FIRST)
    ids = {row.description: row.id for row in book.transactions()}
    book.note(ids["Rent"], "too much")
    book.undo_import(first.document.id)
    again = book.import_statement(FIRST)
    assert not again.already
    assert {row.description: row.id for row in book.transactions()} == ids
    assert [row.note for row in book.transactions(search="Rent")] == ["too much"]
    assert len(book.accounts()) == 1


def test_undo_when_questions_are_open_then_they_go_with_it(book: Book[Sync]) -> None:
    Vendor(book).says(told("v1", 3, "-4.50", "Blue Bottle Coffee"))
    before = state(book)
    file = paper(line(3, "-4.50", "BLUE BOTTLE"))
    result = book.import_statement(file, account_id=book.accounts()[0].id)
    assert len(book.questions()) == 1
    book.undo_import(result.document.id)
    assert state(book) == before


# --- joined accounts ------------------------------------------------------------------------------------------------
def test_join_when_a_file_came_first_then_equal_ones_are_one_and_near_ones_are_asked(book: Book[Sync]) -> None:
    worded = line(10, "-7.00", "Blue Bottle Coffee")
    twin = line(3, "-4.50", "Coffee")
    book.import_statement(paper(twin, twin, worded))
    [ours] = book.accounts()
    noted = book.transactions(search="Blue")[0]
    book.note(noted.id, "with Ann")
    Vendor(book).says(told("v1", 3, "-4.50", "COFFEE"), told("v2", 10, "-7.00", "BLUE BOTTLE"))
    theirs = next(each for each in book.accounts() if each.id != ours.id)
    assert book.join(ours.id, theirs.id) > 0
    assert [each.id for each in book.accounts()] == [theirs.id]
    assert [text for _, text, _ in rows(book)] == ["COFFEE", "Coffee", "BLUE BOTTLE", "Blue Bottle Coffee"]
    [question] = book.questions()
    book.answer(question.id, question.other_id, same=True)
    assert [row.note for row in book.transactions(search="blue")] == ["with Ann"]
    assert book.join(theirs.id, ours.id) == 0
    assert book.import_statement(paper(twin, twin, worded, PAY)).added == 1


def test_join_when_it_cannot_be_then_one_sentence(book: Book[Sync]) -> None:
    book.import_statement(FIRST)
    book.import_statement(paper(number="999900001111", currency="EUR"))
    one, other = (each.id for each in book.accounts())
    with pytest.raises(InvalidInput, match="two currencies are two accounts"):
        book.join(one, other)
    with pytest.raises(InvalidInput, match="no account 1000000000"):
        book.join(one, 10**9)


# --- who sees what --------------------------------------------------------------------------------------------------
def test_household_when_it_is_another_one_then_files_and_accounts_are_not_there(book: Book[Sync], url: str) -> None:
    result = book.import_statement(FIRST)
    [account] = book.accounts()
    other = open_book(url, user="other", vault=demo_vault())
    assert other.imports() == []
    assert other.plan_import(FIRST).parts[0].reason is MatchReason.NEW
    for attack in (
        lambda: other.undo_import(result.document.id),
        lambda: other.import_statement(FIRST, account_id=account.id),
        lambda: other.join(account.id, account.id),
    ):
        with pytest.raises(InvalidInput):
            attack()
    other.engine.dispose()
    assert book.imports() == [result.document]


def test_vault_when_it_has_another_key_then_what_files_printed_stays_closed(book: Book[Sync], url: str) -> None:
    book.import_statement(FIRST)
    thief = open_book(url, vault=demo_vault())
    with pytest.raises(SealBroken):
        thief.plan_import(SECOND)
    thief.engine.dispose()


def test_book_when_async_then_files_land_the_same(tmp_path: Path) -> None:
    async def main() -> tuple[int, int, str]:
        book = open_book(f"sqlite:///{tmp_path / 'book.db'}", mode="async")
        plan = await book.plan_import(FIRST)
        result = await book.import_statement(FIRST)
        undone = await book.undo_import(result.document.id)
        return len(plan.parts[0].new), result.added, undone.state

    assert asyncio.run(main()) == (2, 2, "undone")


def test_number_when_planted_in_account_ids_and_name_then_it_is_nowhere_in_clear(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    planted = "739114420871"
    text = (FIXTURES / "checking.ofx").read_text()
    number = read_statement(FIXTURES / "checking.ofx").statements[0].account.number
    text = text.replace(number, planted).replace("<FITID>", f"<FITID>{planted}")
    file = tmp_path / f"export-{planted}.ofx"
    file.write_text(text)
    with caplog.at_level(logging.DEBUG):
        book = open_book(f"sqlite:///{tmp_path / 'book.db'}")
        book.plan_import(file)
        result = book.import_statement(file)
        shown = repr([result, *book.imports(), *book.accounts(), *book.transactions(), *book.changes()])
        shown += str([result.to_dict(), *(each.to_dict() for each in [*book.imports(), *book.changes()])])
        book.undo_import(result.document.id)
    assert read_statement(file).statements[0].account.number == planted
    assert planted in (read_statement(file).statements[0].lines[0].id or "")
    assert planted not in shown + caplog.text
    for each in tmp_path.glob("book.db*"):
        assert planted.encode() not in each.read_bytes()
    book.engine.dispose()
    assert planted.encode() not in (tmp_path / "book.db").read_bytes()


def test_export_when_files_were_imported_then_their_lines_are_in_it_and_no_key_is(
    book: Book[Sync], tmp_path: Path
) -> None:
    book.import_statement(FIRST)
    book.export(tmp_path / "all")
    written = {each.name: each.read_text() for each in (tmp_path / "all").iterdir()}
    assert "vault_keys.json" not in written
    assert [each["id"] for each in json.loads(written["vendor-records.json"])[0]["records"]] == ["f1", "f2"]
    assert "fk1." not in "".join(written.values())


def test_erase_when_files_were_imported_then_their_key_and_all_rows_are_gone(book: Book[Sync]) -> None:
    book.import_statement(FIRST)
    book.erase()
    assert (book.imports(), book.accounts(), book.transactions()) == ([], [], [])
    assert book.plan_import(FIRST).parts[0].reason is MatchReason.NEW


def test_days_when_far_apart_then_equal_lines_are_two(book: Book[Sync]) -> None:
    later = replace(COFFEE, posted=COFFEE.posted + timedelta(days=6), id="f9")
    book.import_statement(paper(COFFEE))
    assert book.import_statement(paper(later)).added == 1
    assert len(rows(book)) == 2


def test_import_when_a_difference_was_accepted_then_the_book_keeps_it_and_an_undo_forgets_it(book: Book[Sync]) -> None:
    [statement] = FIRST.statements
    short = replace(FIRST, statements=(replace(statement, difference=Money(Decimal("0.01"), "USD")),))
    result = book.import_statement(short)
    assert result.document.differences == (Money(Decimal("0.01"), "USD"),)
    assert book.imports()[0].differences == result.document.differences
    assert book.undo_import(result.document.id).differences == ()
