"""Questions and the book: where one has been made and has accounts it answers, in the shape that the vendors have."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from fin_infra.book import Book, open_book
from fin_infra.errors import InvalidInput, NotFound
from fin_infra.features import acting
from fin_infra.providers.registry import reset
from fin_infra.questions import ask
from fin_infra.settings import book_url
from fin_infra.testing import Sandbox, sandbox
from fin_infra.transport import Sync

BANK = "banking:teller"


@pytest.fixture(scope="module")
def vendor() -> Iterator[Sandbox]:
    with sandbox() as running:
        yield running


@pytest.fixture
def book(vendor: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book[Sync]]:
    """The book of this user, at its usual place and empty."""
    vendor.reset()
    reset()
    monkeypatch.delenv("SQL_URL", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    found = open_book()
    yield found
    found.engine.dispose()


def test_questions_when_there_is_no_book_then_none_is_made_and_the_vendor_answers(
    vendor: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert ask("accounts")[0].id.startswith("acc_")
    assert list(tmp_path.iterdir()) == []


def test_questions_when_the_book_has_no_accounts_then_the_vendor_answers(book: Book[Sync]) -> None:
    assert ask("accounts")[0].id.startswith("acc_")


def test_accounts_when_the_book_has_some_then_they_are_the_vendors_under_the_books_ids(book: Book[Sync]) -> None:
    asked = {(row.name, row.type, row.subtype, row.currency, row.last_four, row.status) for row in ask("accounts")}
    book.connect(BANK, "test_token_sandbox")
    remembered = ask("accounts")
    assert {(row.name, row.type, row.subtype, row.currency, row.last_four, row.status) for row in remembered} == asked
    assert {row.id for row in remembered} == {str(row.id) for row in book.accounts()}
    assert {row.source for row in remembered} == {BANK}


def test_balances_when_the_book_has_them_then_they_are_what_the_vendor_said(book: Book[Sync]) -> None:
    asked = {row.account.name: row.balance and (row.balance.current, row.balance.available) for row in ask("balances")}
    book.connect(BANK, "test_token_sandbox")
    remembered = ask("balances")
    assert {row.account.name: row.balance and (row.balance.current, row.balance.available) for row in remembered} == (
        asked
    )
    one = remembered[0]
    assert ask("balances", account_id=one.account.id) == [one]


def test_transactions_when_the_book_has_them_then_they_are_the_vendors_with_a_persons_category(
    book: Book[Sync],
) -> None:
    name = {row.id: row.name for row in ask("accounts")}
    vendors = next(iter(name))
    asked = [(row.date, row.amount, row.description) for row in ask("transactions", account_id=vendors, limit=50)]
    book.connect(BANK, "test_token_sandbox")
    mine = next(row.id for row in ask("accounts") if row.name == name[vendors])
    rows = ask("transactions", account_id=mine, limit=50)
    assert sorted((row.date, row.amount.amount, row.description) for row in rows) == sorted(
        (day, amount.amount, text) for day, amount, text in asked
    )
    book.categorize([int(rows[0].id)], "dining")
    book.categorize([int(rows[1].id)], "gifts for Ben")
    first, second, *_ = ask("transactions", account_id=mine, limit=50)
    assert (first.category.value, first.category_text) == ("dining", None)
    assert (second.category, second.category_text) == (rows[1].category, "gifts for Ben")


def test_holdings_when_the_book_has_some_then_they_are_the_vendors_and_nobody_is_asked(
    book: Book[Sync], vendor: Sandbox
) -> None:
    book.connect("brokerage:snaptrade")
    vendor.fault(vendor="snaptrade", kind="status_503")
    vendor.fault(vendor="alpaca", kind="status_503")
    remembered = ask("holdings", currency="USD")
    assert remembered.lines
    assert {account.source for account in remembered.accounts} == {"brokerage:snaptrade"}
    assert all(error.operation == "positions" for error in remembered.errors)


def test_questions_when_asked_in_async_mode_then_the_answers_are_the_same(book: Book[Sync]) -> None:
    book.connect(BANK, "test_token_sandbox")

    async def both() -> tuple[object, object]:
        return await ask("accounts", mode="async"), await ask("balances", mode="async")

    assert asyncio.run(both()) == (ask("accounts"), ask("balances"))


def test_question_when_a_provider_is_named_then_that_one_answers(book: Book[Sync]) -> None:
    book.connect(BANK, "test_token_sandbox")
    assert ask("accounts", provider="teller")[0].id.startswith("acc_")


def test_question_when_a_user_of_an_app_asks_then_the_book_of_this_machine_stays_closed(book: Book[Sync]) -> None:
    book.connect(BANK, "test_token_sandbox")
    with acting("default", "somebody"):
        assert ask("accounts")[0].id.startswith("acc_")


def test_account_when_the_book_lacks_it_then_one_sentence(book: Book[Sync]) -> None:
    book.connect(BANK, "test_token_sandbox")
    with pytest.raises(NotFound, match="`accounts` lists them"):
        ask("balances", account_id="999999999")
    with pytest.raises(InvalidInput, match="no account 999999999"):
        ask("transactions", account_id="999999999")
    with pytest.raises(InvalidInput, match="ids of the book's accounts are numbers"):
        ask("transactions", account_id="acc_1")


def test_book_url_when_nothing_is_set_then_it_is_in_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SQL_URL", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert book_url() == "sqlite:////data/fin-infra/book.db"
    monkeypatch.setenv("SQL_URL", "postgresql://db/x")
    assert book_url() == "postgresql://db/x"
