"""Accounts that a second vendor tells of: joined by what proves it, asked about by an ending, and never guessed."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.banking import easy_banking
from fin_infra.book import Book, BookAccount, BookTransaction, ConnectionState, SplitPart, sameness
from fin_infra.book.sameness import overlap_proves
from fin_infra.errors import InvalidInput, NotRemembered
from fin_infra.model import AccountStatus, Money, TransactionStatus
from fin_infra.testing import Sandbox
from fin_infra.transport import Sync

USER = "USR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000001"
HARBOR, NORTH = (f"MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f0000010{n}" for n in (1, 2))
PLAID = "access-sandbox-00000000-0000-4000-8000-000000000001"
FIRST = date(2026, 1, 1)


def told(days: int, *, each: int = 2, amounts: int = 30, start: date = FIRST) -> Counter[tuple[date, Decimal]]:
    """A made-up account: so many transactions a day, in so many different amounts."""
    found: Counter[tuple[date, Decimal]] = Counter()
    for day in range(days):
        for nth in range(each):
            found[start + timedelta(days=day), Decimal((day * each + nth) % amounts + 1)] += 1
    return found


@pytest.mark.parametrize(
    ("other", "proved"),
    [
        (told(60), True),
        (told(60, start=FIRST) + told(10, start=FIRST - timedelta(days=10)), True),  # it has older ones, too
        (told(58), True),  # it is behind by two days
        (told(60) + Counter({(FIRST + timedelta(days=59), Decimal(7)): 1}), True),  # at the very end
        (told(60) + Counter({(FIRST + timedelta(days=30), Decimal(7)): 1}), False),  # one more in the middle
        (told(60) - Counter({(FIRST + timedelta(days=20), Decimal(11)): 1}), False),  # one less
        (told(60, start=FIRST + timedelta(days=1)), False),
        (told(60, start=FIRST + timedelta(days=400)), False),  # no day in common
        (Counter(), False),
    ],
)
def test_overlap_when_compared_then_only_equal_days_prove(
    other: Counter[tuple[date, Decimal]], *, proved: bool
) -> None:
    assert overlap_proves(told(60), other) is proved
    assert overlap_proves(other, told(60)) is proved


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(told(36), id="five days of the 36 are too new and one is cut: 29 are no month"),
        pytest.param(told(300, each=2, amounts=11), id="eleven amounts may be standing orders"),
        pytest.param(Counter({(FIRST + timedelta(days=9 * n), Decimal(n)): 1 for n in range(1, 19)}), id="18 rows"),
    ],
)
def test_overlap_when_it_may_be_chance_then_it_proves_nothing(same: Counter[tuple[date, Decimal]]) -> None:
    assert not overlap_proves(same, same)


def test_overlap_when_it_is_just_long_enough_then_it_proves() -> None:
    assert overlap_proves(told(37), told(37))


def all_of(book: Book[Sync], **asked: Any) -> list[BookTransaction]:
    return list(book.transactions(limit=100_000, hidden=True, **asked))


def named(book: Book[Sync]) -> dict[str, BookAccount]:
    """The accounts that are open, by name."""
    return {row.name: row for row in book.accounts() if row.status is AccountStatus.OPEN}


def test_household_when_it_moves_from_teller_to_plaid_to_mx_then_history_words_and_ids_stay(
    book: Book[Sync], vendor: Sandbox
) -> None:
    first = book.connect("banking:teller", "test_token_sandbox")
    accounts, before = named(book), {row.id: row for row in all_of(book)}
    card = accounts["Lighthouse Rewards Card"]
    posted = [row for row in all_of(book, account_id=card.id) if row.status is TransactionStatus.POSTED]
    noted, divided, hidden = posted[0], posted[400], posted[-1]
    book.note(noted.id, "with Ben")
    book.categorize([noted.id], "holiday")
    part = Money(divided.amount.amount - 1, "USD")
    parts = [SplitPart(category="a", amount=part), SplitPart(category="b", amount=Money(Decimal(1), "USD"))]
    book.split(divided.id, parts)
    book.hide([hidden.id])

    second = book.connect("banking:plaid", PLAID)
    if second.state is ConnectionState.LINKING:
        book.sync(second.id)
    third = book.connect("banking:mx", user_guid=USER, member_guid=HARBOR)
    assert named(book).keys() == accounts.keys()
    for name, row in named(book).items():
        assert (row.id, row.sources) == (accounts[name].id, (first.id, second.id, third.id))
    assert {row.id: (row.date, row.amount, row.status) for row in all_of(book)} == {
        id: (row.date, row.amount, row.status) for id, row in before.items()
    }
    assert book.questions() == []

    book.disconnect(first.id)
    book.disconnect(second.id)
    vendor.advance(timedelta(days=9))
    [result] = book.sync()
    assert (result.connection, result.state) == (third.id, ConnectionState.HEALTHY)
    now = {row.id: row for row in all_of(book)}
    assert {id for id, row in before.items() if row.status is TransactionStatus.POSTED} <= now.keys()
    assert (now[noted.id].note, now[noted.id].category) == ("with Ben", "holiday")
    assert now[divided.id].split == tuple(parts)
    assert now[hidden.id].hidden
    mx = easy_banking("mx")
    for account in mx.accounts():
        if account.status is AccountStatus.OPEN:
            there = Counter((row.date, row.amount, row.status) for row in mx.transactions(account.id))
            mine = all_of(book, account_id=accounts[account.name].id)
            assert Counter((row.date, row.amount, row.status) for row in mine) == there


def test_closed_account_when_only_its_ending_is_equal_then_the_person_is_asked_once(book: Book[Sync]) -> None:
    book.connect("banking:teller", "test_token_sandbox")
    book.connect("banking:mx", user_guid=USER, member_guid=HARBOR)
    [question] = book.account_questions()
    assert (question.account.name, question.other.name) == ("Student Checking", "Student Checking")
    assert question.id > question.other_id
    assert book.questions() == []
    book.sync()
    assert len(book.account_questions()) == 1
    with pytest.raises(NotRemembered):
        book.answer(question.other_id, question.id, same=True)
    assert book.answer(question.id, question.other_id, same=True) > 0
    assert book.answer(question.id, question.other_id, same=True) == 0
    with pytest.raises(InvalidInput, match="answered before"):
        book.answer(question.id, question.other_id, same=False)
    assert len([row for row in book.accounts() if row.name == "Student Checking"]) == 1
    assert book.account_questions() == []


@pytest.fixture
def unproved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no overlap be long enough."""
    monkeypatch.setattr(sameness, "LEAST_DAYS", timedelta(days=100_000))


def test_accounts_when_the_person_says_that_they_are_two_then_they_stay_two(
    book: Book[Sync], vendor: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sameness, "LEAST_DAYS", timedelta(days=100_000))
        book.connect("banking:teller", "test_token_sandbox_partner")
        book.connect("banking:mx", user_guid=USER, member_guid=NORTH)
    questions = book.account_questions()
    assert [row.account.name for row in questions] == ["Total Checking", "Growth Money Market"]
    for row in questions:
        assert book.answer(row.id, row.other_id, same=False) > 0
    vendor.advance(timedelta(days=3))
    book.sync()  # the transactions would prove it now, and the person's word stands
    assert len(book.accounts()) == 4
    assert book.account_questions() == []


@pytest.mark.usefixtures("unproved")
def test_numbers_when_both_banks_give_the_same_then_the_accounts_are_one(book: Book[Sync]) -> None:
    one = book.connect("banking:teller", "test_token_sandbox_partner")
    two = book.connect("banking:mx", user_guid=USER, member_guid=NORTH)
    count = len(all_of(book))
    assert book.compare_numbers(one.id) == 0
    # Teller is still verifying the number of the money market account: that one stays a question
    assert book.compare_numbers(two.id) == 1
    assert [row.sources for row in book.accounts()] == [(one.id, two.id), (one.id,), (two.id,)]
    assert [row.account.name for row in book.account_questions()] == ["Growth Money Market"]
    assert len(all_of(book)) < count
    assert book.compare_numbers(two.id) == 0
    number = easy_banking("mx", member_guid=NORTH).details(
        next(iter(easy_banking("mx", member_guid=NORTH).accounts())).id
    )
    file = book.database.file
    assert file is not None
    content = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    assert number.account_number.encode() not in content


@pytest.mark.usefixtures("unproved")
def test_numbers_when_one_side_has_none_then_nothing_is_joined(book: Book[Sync]) -> None:
    book.connect("banking:teller", "test_token_sandbox_partner")
    two = book.connect("banking:mx", user_guid=USER, member_guid=NORTH)
    assert book.compare_numbers(two.id) == 0
    with pytest.raises(NotRemembered):
        book.compare_numbers("c-nobody")
