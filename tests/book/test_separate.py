"""Two accounts that were joined wrongly come apart: each has what its own sources told, and no proof joins them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.book import Book, open_book
from fin_infra.errors import InvalidInput
from fin_infra.imports.statements import read_statement
from fin_infra.testing import Sandbox
from fin_infra.transport import Sync
from tests.book.test_file_trades import FILE, Broker, as_deal, part
from tests.book.test_imports import COFFEE, FIRST, PAY, RENT, Vendor, paper, rows, state, told

USER, HARBOR = "USR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000001", "MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000101"


@pytest.fixture
def ledger(url: str) -> Iterator[Book[Sync]]:
    found = open_book(url, vault=None if url.startswith("sqlite") else _vault())
    yield found
    found.engine.dispose()


def _vault() -> Any:
    from fin_infra.security.keyring import Keyring, new_key_text
    from fin_infra.security.vault import Vault

    return Vault(Keyring.from_text(new_key_text("one")))


def by_account(book: Book[Sync]) -> dict[int, list[tuple[int, str, Decimal]]]:
    return {
        account.id: sorted(
            (row.date.day, row.description, row.amount.amount)
            for row in book.transactions(account_id=account.id, limit=1_000)
        )
        for account in book.accounts()
    }


def test_separate_when_a_file_was_joined_then_both_have_what_they_told_and_the_log_keeps_all(
    ledger: Book[Sync],
) -> None:
    vendor = Vendor(ledger, ending="9999")
    vendor.says(told("a-1", 3, "-4.50", "Coffee"), told("a-2", 6, "-7", "Tea"))
    ledger.import_statement(FIRST, new_account=True)
    before, texts = by_account(ledger), state(ledger)
    ours, theirs = before
    assert ledger.join(ours, theirs) > 0
    assert len(rows(ledger)) == 3
    position = ledger.changes(limit=1_000)[-1].position
    assert ledger.separate(ours) > 0
    assert by_account(ledger) == before
    assert state(ledger)[1:] == texts[1:]
    kinds = [(each.subject, each.kind) for each in ledger.changes(since=position)]
    assert ("account", "modified") in kinds
    assert ("transaction", "restored") in kinds
    with pytest.raises(InvalidInput, match="joined with no other"):
        ledger.separate(ours)
    vendor.says(told("a-1", 3, "-4.50", "Coffee"), told("a-2", 6, "-7", "Tea"), told("a-3", 7, "-8", "Bun"))
    ledger.import_statement(paper(COFFEE, RENT, PAY))
    after = by_account(ledger)
    assert after[ours] == sorted([*before[ours], (7, "Bun", Decimal(-8))])
    assert [each[1] for each in after[theirs]] == ["Coffee", "Rent", "Pay"]


def test_separate_when_rows_came_after_the_join_then_each_goes_to_who_told_it(ledger: Book[Sync]) -> None:
    vendor = Vendor(ledger, ending="9999")
    vendor.says()
    ledger.import_statement(FIRST, new_account=True)
    ours, theirs = (account.id for account in ledger.accounts())
    ledger.join(ours, theirs)
    vendor.says(told("a-1", 3, "-4.50", "Coffee"), told("a-2", 6, "-7", "Tea"))
    ledger.import_statement(paper(RENT, PAY, balance="1200.00", at=10))
    noted = next(row.id for row in ledger.transactions() if row.description == "Coffee")
    ledger.note(noted, "with Ann")
    assert len(rows(ledger)) == 4
    ledger.separate(theirs)
    found = by_account(ledger)
    assert [each[1] for each in found[ours]] == ["Coffee", "Tea"]
    assert [each[1] for each in found[theirs]] == ["Coffee", "Rent", "Pay"]
    assert [row.note for row in ledger.transactions(search="Ann")] == ["with Ann"]
    assert {each.account_id for each in ledger.balances()} == {theirs}
    again = by_account(ledger)
    vendor.says(told("a-1", 3, "-4.50", "Coffee"), told("a-2", 6, "-7", "Tea"))
    assert ledger.import_statement(paper(RENT, PAY, balance="1200.00", at=10)).already
    assert by_account(ledger) == again


def test_separate_when_proof_joined_them_then_no_sync_joins_them_again_and_a_person_may(
    book: Book[Sync], vendor: Sandbox
) -> None:
    one = book.connect("banking:teller", "test_token_sandbox")
    alone = by_account(book)
    two = book.connect("banking:mx", user_guid=USER, member_guid=HARBOR)
    both = [row.id for row in book.accounts() if row.sources == (one.id, two.id)]
    assert both
    for account in both:
        before = len(book.accounts())
        book.separate(account)
        assert len(book.accounts()) == before + 1
    assert {row.sources for row in book.accounts()} == {(one.id,), (two.id,)}
    now = by_account(book)
    for account in both:
        assert now[account] == alone[account]
    for _ in range(2):
        vendor.advance(timedelta(days=1))
        book.sync()
    assert {row.sources for row in book.accounts()} == {(one.id,), (two.id,)}
    gone = next(row.id for row in book.accounts() if row.sources == (two.id,))
    like = next(row for row in book.accounts() if row.id == gone)
    target = next(row.id for row in book.accounts() if row.id in both and row.name == like.name)
    assert book.join(target, gone) > 0


def test_separate_when_a_third_account_was_joined_too_then_it_says_which_there_are(ledger: Book[Sync]) -> None:
    Vendor(ledger, ending="9999").says()
    for number in (1, 2):
        account = replace(FIRST.statements[0].account, number=f"70000{number}5678")
        lines = tuple(replace(each, id=f"{number}-{each.id}") for each in FIRST.statements[0].lines)
        statement = replace(FIRST.statements[0], account=account, lines=lines)
        ledger.import_statement(replace(FIRST, statements=(statement,)), new_account=True)
    one, two, three = (account.id for account in ledger.accounts())
    ledger.join(one, two)
    ledger.join(one, three)
    with pytest.raises(InvalidInput, match=rf"Several accounts .*{two} \(.*file\), {three} "):
        ledger.separate(one)
    ledger.separate(two)
    assert {account.id for account in ledger.accounts()} == {one, two}
    assert all(len(each) == 2 for each in by_account(ledger).values())
    with pytest.raises(InvalidInput, match="has no account"):
        ledger.separate(10**9)


def test_separate_when_both_told_a_trade_then_each_has_its_own_again(ledger: Book[Sync]) -> None:
    file = part(read_statement(FILE), 0, 1)
    deal = as_deal(file.statements[0].trades[0])
    ledger.import_statement(file)
    broker = Broker(ledger)
    broker.says(deal)
    before = sorted((trade.account_id, trade.source, trade.vendor_id) for trade in ledger.trades())
    one, other = (account.id for account in ledger.accounts())
    assert len(before) == 2
    ledger.join(one, other)
    assert len(ledger.trades()) == 1
    ledger.separate(one)
    assert sorted((trade.account_id, trade.source, trade.vendor_id) for trade in ledger.trades()) == before
    broker.says(deal)
    assert sorted((trade.account_id, trade.source, trade.vendor_id) for trade in ledger.trades()) == before


def test_separate_when_the_same_rows_were_asked_about_then_the_questions_go(ledger: Book[Sync]) -> None:
    Vendor(ledger, ending="9999").says(told("a-1", 3, "-4.50", "Coffee House"))
    ledger.import_statement(paper(COFFEE), new_account=True)
    ours, theirs = (account.id for account in ledger.accounts())
    ledger.join(ours, theirs)
    assert len(ledger.questions()) == 1
    ledger.separate(theirs)
    assert ledger.questions() == []
    assert ledger.account_questions() == []
