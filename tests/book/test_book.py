"""The book of a household over the sandbox: connect, sync, say, follow, disconnect; two households never meet."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from fin_infra.book import Book, ConnectionState, SplitPart, open_book
from fin_infra.errors import InvalidInput, ProviderNotFound
from fin_infra.model import Money, TransactionStatus
from fin_infra.providers.registry import reset
from fin_infra.testing import Sandbox
from fin_infra.transport import Sync

TELLER = "banking:teller"


def test_connect_when_the_bank_answers_then_the_book_has_what_the_bank_has(book: Book[Sync], vendor: Sandbox) -> None:
    from fin_infra.banking import easy_banking

    connection = book.connect(TELLER, "test_token_sandbox")
    assert connection.state is ConnectionState.HEALTHY
    bank = easy_banking()
    accounts = {account.id: account for account in bank.accounts()}
    assert len(book.accounts()) == len(accounts)
    shown = [
        row for account in accounts.values() if account.status.value == "open" for row in bank.transactions(account.id)
    ]
    stored = book.transactions(limit=100_000)
    assert sorted((row.vendor_id, row.amount.amount, row.date) for row in stored) == sorted(
        (row.id, row.amount.amount, row.date) for row in shown
    )
    days = [row.date for row in stored]
    assert days == sorted(days, reverse=True)


def test_sync_when_there_is_no_news_then_nothing_changes(book: Book[Sync]) -> None:
    book.connect(TELLER, "test_token_sandbox")
    last = book.changes(limit=100_000)[-1].position
    [result] = book.sync()
    assert (result.changes, result.state, result.error) == (0, ConnectionState.HEALTHY, None)
    assert book.changes(since=last) == []


def test_sync_when_pending_ones_post_then_they_keep_their_ids_and_notes(book: Book[Sync], vendor: Sandbox) -> None:
    book.connect(TELLER, "test_token_sandbox")
    pending = book.transactions(status=TransactionStatus.PENDING, limit=1_000)
    assert pending
    for row in pending:
        book.note(row.id, f"note {row.id}")
    vendor.advance(timedelta(days=9))
    book.sync()
    now = {row.id: row for row in book.transactions(limit=100_000, removed=True)}
    assert all(now[row.id].note == f"note {row.id}" for row in pending)
    posted = [row for row in pending if now[row.id].status is TransactionStatus.POSTED and not now[row.id].removed]
    assert posted, "no pending one of the sandbox has posted"


def test_words_when_said_then_they_survive_a_sync(book: Book[Sync], vendor: Sandbox) -> None:
    book.connect(TELLER, "test_token_sandbox")
    row, other = [each for each in book.transactions(limit=50) if each.status is TransactionStatus.POSTED][:2]
    half = Money(row.amount.amount - Decimal(1), "USD")
    book.categorize([row.id], "holiday")
    book.split(row.id, [SplitPart(category="a", amount=half), SplitPart(category="b", amount=Money(Decimal(1), "USD"))])
    book.link(row.id, other.id)
    book.hide([row.id])
    vendor.advance(timedelta(days=1))
    book.sync()
    [found] = [each for each in book.transactions(hidden=True, limit=100_000) if each.id == row.id]
    assert (found.category, found.vendor_category, found.linked_id) == ("holiday", row.vendor_category, other.id)
    assert [part.amount for part in found.split] == [half, Money(Decimal(1), "USD")]
    assert row.id not in [each.id for each in book.transactions(limit=100_000)]
    assert book.categorize([row.id], "holiday") == 0
    assert book.link(row.id, None) == 2, "both sides lose the link"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda book: book.categorize([10**9], "x"), "no transaction 1000000000"),
        (lambda book: book.transactions(account_id=10**9), "no account 1000000000"),
        (lambda book: book.transactions(after=10**9), "begin again without it"),
        (lambda book: book.transactions(limit=0), "`limit` must be from 1"),
        (lambda book: book.sync("c-none"), "no connection of that id"),
        (lambda book: book.answer(1, 2, same=True), "does not ask about these two"),
        (lambda book: book.connect("market:alpha_vantage"), "has no accounts to remember"),
        (lambda book: book.changes(since=-1), "`since` is the position"),
    ],
)
def test_call_when_it_cannot_be_meant_then_one_sentence_says_so(book: Book[Sync], call, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        call(book)


def test_connect_when_there_is_no_such_provider_then_it_says_so_and_stores_nothing(book: Book[Sync]) -> None:
    with pytest.raises(ProviderNotFound):
        book.connect("banking:tellr")
    assert book.connections() == []


def test_disconnect_when_done_then_history_stays_and_the_token_is_gone(book: Book[Sync], tmp_path: Path) -> None:
    connection = book.connect(TELLER, "test_token_sandbox")
    rows = len(book.transactions(limit=100_000))
    assert rows > 1_000
    ended = book.disconnect(connection.id)
    assert ended.state is ConnectionState.REVOKED
    assert len(book.transactions(limit=100_000)) == rows
    assert book.sync() == []
    with pytest.raises(InvalidInput, match="was ended"):
        book.sync(connection.id)
    book.engine.dispose()
    assert b"test_token_sandbox" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_households_when_two_share_a_database_then_neither_sees_the_other(book: Book[Sync], tmp_path: Path) -> None:
    connection = book.connect(TELLER, "test_token_sandbox")
    row = book.transactions(limit=1)[0]
    for user, tenant in (("other", "default"), ("", "other")):
        other = open_book(f"sqlite:///{tmp_path / 'book.db'}", user=user, tenant=tenant)
        assert [other.accounts(), other.transactions(), other.balances(), other.changes(), other.connections()] == [
            [],
            [],
            [],
            [],
            [],
        ]
        for attack in (
            lambda other=other: other.sync(connection.id),
            lambda other=other: other.disconnect(connection.id),
            lambda other=other: other.reconnect(connection.id, "test_token_x"),
            lambda other=other: other.pause(connection.id),
            lambda other=other: other.note(row.id, "mine"),
            lambda other=other: other.delete([row.id]),
            lambda other=other: other.link(row.id, row.id + 1),
            lambda other=other: other.transactions(account_id=row.account_id),
            lambda other=other: other.transactions(after=row.id),
        ):
            with pytest.raises(InvalidInput):
                attack()
        other.engine.dispose()
    assert book.transactions(limit=1) == [row]
    assert book.connections()[0].state is ConnectionState.HEALTHY


def test_book_when_async_then_it_answers_what_the_sync_one_does(vendor: Sandbox, tmp_path: Path) -> None:
    vendor.reset()
    reset()

    async def main() -> tuple[int, int]:
        book = open_book(f"sqlite:///{tmp_path / 'book.db'}", mode="async")
        await book.connect(TELLER, "test_token_sandbox")
        [result] = await book.sync()
        return result.changes, len(await book.transactions(limit=100_000))

    changes, rows = asyncio.run(main())
    again = open_book(f"sqlite:///{tmp_path / 'book.db'}")
    assert (changes, rows) == (0, len(again.transactions(limit=100_000)))
    assert rows > 1_000


def test_search_when_signs_have_a_meaning_in_sql_then_they_are_taken_as_they_are(book: Book[Sync]) -> None:
    book.connect(TELLER, "test_token_sandbox")
    row = book.transactions(limit=1)[0]
    book.note(row.id, "100%_sure")
    assert [each.id for each in book.transactions(search="0%_S")] == [row.id]
    assert book.transactions(search="0%%_s") == []
