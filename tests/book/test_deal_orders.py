"""An order that one source tells whole and another by fills: asked, never doubled silently, one after the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from fin_infra.book import Book, open_book
from fin_infra.book.engine import Database
from fin_infra.errors import InvalidInput
from fin_infra.imports.statements import read_statement
from fin_infra.model import Money, StatementFile, StatementTrade
from fin_infra.security import keyring
from fin_infra.transport import Sync
from tests.book.test_file_trades import FILE, Broker, as_deal
from tests.book.test_trade_ledgers import MODEL, windows

UNITS = ("40", "30", "30")


@pytest.fixture
def book(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book[Sync]]:
    monkeypatch.setenv("FIN_INFRA_VAULT_KEYS", keyring.new_key_text("one"))
    found = open_book(database.engine.url.render_as_string(hide_password=False))
    yield found
    found.engine.dispose()


def bought(units: str, number: int = 0) -> StatementTrade:
    size = Decimal(units)
    return replace(
        MODEL, id=f"t-{number}-{units}", settled=None, fee=None, type_text="BUYSTOCK", units=size,
        unit_price=Money(Decimal(8), "USD"), amount=Money(size * -8, "USD"),
    )  # fmt: skip


FILLS = [bought(units, number) for number, units in enumerate(UNITS, 1)]
WHOLE = [bought("100")]


def paper(trades: list[StatementTrade], format: str = "ofx") -> StatementFile:
    return replace(windows(trades), format=format)


def joined(book: Book[Sync], broker: Broker) -> None:
    accounts = [each.id for each in book.accounts()]
    if len(accounts) == 2:
        book.join(*accounts)


def tells(broker: Broker, trades: list[StatementTrade]) -> None:
    deals = [replace(as_deal(each), vendor_id=f"b-{at}", reference=None) for at, each in enumerate(trades)]
    broker.says(*deals)


def units(book: Book[Sync]) -> list[str]:
    return sorted(str(each.quantity) for each in book.trades())


@pytest.mark.parametrize("file_first", [True, False])
@pytest.mark.parametrize("whole_by", ["broker", "file"])
def test_order_when_a_broker_and_a_file_tell_it_in_two_ways_then_it_is_asked_and_stays_one(
    book: Book[Sync], file_first: bool, whole_by: str
) -> None:
    by_file, by_broker = (FILLS, WHOLE) if whole_by == "broker" else (WHOLE, FILLS)
    broker = Broker(book)
    file = paper(by_file)
    if file_first:
        book.import_statement(file)
    tells(broker, [] if file_first else by_broker)
    if not file_first:
        account = book.accounts()[0].id
        plan = book.plan_import(file, account_id=account)
        result = book.import_statement(file, account_id=account)
        assert plan.parts[0].trades == result.trades
        assert (result.trades.asked, result.trades.new) == (len(by_file), 0)
    joined(book, broker)
    tells(broker, by_broker)
    asked = book.trade_questions()
    assert [each.kind for each in asked] == ["parts"] * 3
    assert units(book) == ["100", "30", "30", "40"], "both are there until somebody answers"
    assert book.answer(asked[1].id, asked[1].other_id, same=True) > 0
    expected = sorted(UNITS) if whole_by == "file" else ["100"]
    assert (units(book), book.trade_questions()) == (expected, [])
    tells(broker, by_broker)
    again = book.import_statement(replace(file, warnings=("another export",)))
    assert (again.trades.known, again.trades.new, again.trades.asked) == (len(by_file), 0, 0)
    assert (units(book), book.trade_questions()) == (expected, [])
    for document in book.imports():
        book.undo_import(document.id)
    assert units(book) == expected, "the broker's own stay"


def test_order_when_two_files_tell_it_then_the_fills_stay_and_an_undo_leaves_what_the_other_told(
    book: Book[Sync],
) -> None:
    fills = book.import_statement(paper(FILLS))
    whole = book.import_statement(paper(WHOLE, "csv"))
    [question, *_] = book.trade_questions()
    book.answer(question.id, question.other_id, same=True)
    assert units(book) == sorted(UNITS)
    book.undo_import(fills.document.id)
    assert units(book) == ["100"]
    book.undo_import(whole.document.id)
    assert units(book) == []


def test_order_when_a_person_says_that_they_are_different_then_both_stay_and_it_is_not_asked_again(
    book: Book[Sync],
) -> None:
    broker = Broker(book)
    tells(broker, FILLS)
    account = book.accounts()[0].id
    book.import_statement(paper(WHOLE), account_id=account)
    [question, *_] = book.trade_questions()
    book.answer(question.id, question.other_id, same=False)
    tells(broker, [*FILLS, bought("7", 4)])
    book.import_statement(replace(paper(WHOLE), warnings=("again",)))
    assert (book.trade_questions(), units(book)) == ([], ["100", "30", "30", "40", "7"])


def test_order_when_its_fills_come_one_by_one_then_it_is_asked_with_the_last(book: Book[Sync]) -> None:
    broker = Broker(book)
    tells(broker, [])
    book.import_statement(paper(WHOLE), account_id=book.accounts()[0].id)
    for told in (1, 2):
        tells(broker, FILLS[:told])
        assert book.trade_questions() == []
    tells(broker, FILLS)
    assert len(book.trade_questions()) == 3


def test_order_when_a_fill_is_gone_before_the_answer_then_one_sentence_and_nothing_changes(book: Book[Sync]) -> None:
    broker = Broker(book)
    tells(broker, FILLS)
    book.import_statement(paper(WHOLE), account_id=book.accounts()[0].id)
    [question, *_] = book.trade_questions()
    broker.says(*(replace(deal, canceled=deal.vendor_id == "b-2") for deal in broker.deals))
    before = units(book)
    with pytest.raises(InvalidInput, match="do not add up to the order any more"):
        book.answer(question.id, question.other_id, same=True)
    assert units(book) == before == ["100", "30", "40"]
    assert book.answer(question.id, question.other_id, same=False) > 0


def test_sample_when_it_has_no_order_in_parts_then_nothing_is_asked(book: Book[Sync]) -> None:
    book.import_statement(read_statement(FILE))
    assert book.trade_questions() == []
