"""Categories over a book: what counts, what a person said, their rules, and what would change; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.book import Book, SplitPart, open_book
from fin_infra.errors import InvalidInput, NotRemembered
from fin_infra.insights import Judge
from fin_infra.insights.categories import UNCATEGORIZED, Rule, Sign
from fin_infra.model import Money
from fin_infra.transport import Sync
from tests.book.small import Home, page, told

COFFEE, GROCERIES, PETS = "FOOD_AND_DRINK_COFFEE", "FOOD_AND_DRINK_GROCERIES", "MEDICAL_VETERINARY_SERVICES"
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def book(home: Home, url: str) -> Iterator[Book[Sync]]:
    found = open_book(url, user="ada", clock=lambda: NOW)
    yield found
    found.engine.dispose()


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def ids(book: Book[Sync]) -> dict[str, int]:
    return {row.vendor_id: row.id for row in book.transactions(hidden=True, removed=True)}


def rule(category: str, **conditions: Any) -> Rule:
    return Rule(id="new", category=category, **conditions)


def categories_of(book: Book[Sync]) -> dict[str, tuple[str, Judge]]:
    return {each.entry.id: (each.label.category, each.label.judge) for each in book.labels()}


def test_entries_when_a_sync_told_them_then_they_are_the_oldest_first_with_the_vendor_and_its_words(
    home: Home, book: Book[Sync]
) -> None:
    home.sync(
        page(
            told("t-2", "-3.50", day=4, text="Zyqq Kiosk", category_text="dining", counterparty="Zyqq"),
            told("t-1", "1200.00", day=2, text="ACME Payroll", pending=True),
        )
    )
    found = book.entries()
    [account] = book.accounts()
    assert [(each.date.day, each.description, each.pending) for each in found] == [
        (2, "ACME Payroll", True),
        (4, "Zyqq Kiosk", False),
    ]
    assert found[1].id == str(ids(book)["t-2"])
    assert found[1].account_id == str(account.id)
    assert (found[1].amount, found[1].vendor, found[1].vendor_category, found[1].counterparty) == (
        usd("-3.50"),
        "banking:model",
        "dining",
        "Zyqq",
    )
    assert [each.date.day for each in book.entries(start=date(2026, 3, 3), end=date(2026, 3, 5))] == [4]
    with pytest.raises(InvalidInput, match="`start` must be before `end`"):
        book.entries(start=date(2026, 3, 3), end=date(2026, 3, 3))
    with pytest.raises(InvalidInput, match="no account 999"):
        book.entries(account_id=999)


def test_entries_when_hidden_deleted_or_taken_back_then_they_do_not_count(home: Home, book: Book[Sync]) -> None:
    home.sync(page(*(told(name, "-1.00", text=f"Shop {name}") for name in ("kept", "hidden", "deleted", "gone"))))
    home.sync(page(removed=["gone"]))
    known = ids(book)
    book.hide([known["hidden"]])
    book.delete([known["deleted"]])
    assert [each.description for each in book.entries()] == ["Shop kept"]
    book.hide([known["hidden"]], hidden=False)
    assert [each.description for each in book.entries()] == ["Shop kept", "Shop hidden"]


def test_entries_when_one_is_split_then_each_part_counts_with_its_own_category(home: Home, book: Book[Sync]) -> None:
    home.sync(page(told("t-1", "-50.00", text="Zyqq Store"), told("t-2", "-8.00", day=3, text="Zyqq Store")))
    row, other = ids(book)["t-1"], ids(book)["t-2"]
    parts = [
        SplitPart(category=GROCERIES, amount=usd("-30.00")),
        SplitPart(category="gifts for Ben", amount=usd("-20.00")),
    ]
    book.split(row, parts)
    assert [(each.id, each.amount) for each in book.entries()] == [
        (f"{row}/1", usd("-30.00")),
        (f"{row}/2", usd("-20.00")),
        (str(other), usd("-8.00")),
    ]
    found = categories_of(book)
    assert found[f"{row}/1"] == (GROCERIES, Judge.PERSON)
    assert found[f"{row}/2"] == ("gifts for Ben", Judge.PERSON)
    assert found[str(other)][1] is not Judge.PERSON  # the parts of one purchase say nothing of the shop
    book.split(row, [])
    assert [each.id for each in book.entries()] == [str(row), str(other)]


def test_category_when_a_person_says_a_code_then_it_holds_for_the_merchant_from_that_day_and_the_past_on_request(
    home: Home, book: Book[Sync]
) -> None:
    home.sync(page(*(told(f"t-{day}", "-9.00", day=day, text="ZYQQVET 0042") for day in (2, 5, 9))))
    first, second, third = (str(ids(book)[f"t-{day}"]) for day in (2, 5, 9))
    before = categories_of(book)[first]
    assert [each.entry_id for each in book.past_changes(int(second), PETS)] == [first]
    assert categories_of(book)[second] == before
    assert book.categorize([int(second)], PETS.lower()) == 1
    assert categories_of(book) == {first: before, second: (PETS, Judge.PERSON), third: (PETS, Judge.PERSON)}
    book.categorize([int(second)], PETS, past=True)
    assert set(categories_of(book).values()) == {(PETS, Judge.PERSON)}
    book.categorize([int(second)], None)
    assert set(categories_of(book).values()) == {before}


def test_category_when_two_are_said_of_one_merchant_then_the_one_said_later_holds(home: Home, book: Book[Sync]) -> None:
    home.sync(page(*(told(f"t-{day}", "-9.00", day=day, text="ZYQQVET 0042") for day in (2, 5, 9))))
    known = ids(book)
    book.categorize([known["t-5"]], PETS)
    book.categorize([known["t-2"]], GROCERIES)
    found = categories_of(book)
    assert found[str(known["t-5"])][0] == PETS
    assert found[str(known["t-9"])][0] == GROCERIES


def test_category_when_it_is_a_word_of_the_persons_own_then_it_holds_for_that_one_alone(
    home: Home, book: Book[Sync]
) -> None:
    home.sync(page(*(told(f"t-{day}", "-9.00", day=day, text="ZYQQVET 0042") for day in (2, 5))))
    known = ids(book)
    book.categorize([known["t-2"]], "Rex the dog")
    found = categories_of(book)
    assert found[str(known["t-2"])] == ("Rex the dog", Judge.PERSON)
    assert found[str(known["t-5"])][1] is not Judge.PERSON
    with pytest.raises(InvalidInput, match="Only a code of the taxonomy holds for the past"):
        book.categorize([known["t-2"]], "Rex the dog", past=True)


def test_past_changes_when_they_cannot_be_told_then_one_sentence_says_why(home: Home, book: Book[Sync]) -> None:
    home.sync(page(told("t-1", "-50.00", text="Zyqq Store")))
    row = ids(book)["t-1"]
    with pytest.raises(
        InvalidInput, match="'FOOD_AND_DRINK_COFFE' is not a category; did you mean FOOD_AND_DRINK_COFFEE"
    ):
        book.past_changes(row, "FOOD_AND_DRINK_COFFE")
    with pytest.raises(NotRemembered, match="no transaction 999 that counts"):
        book.past_changes(999, COFFEE)
    book.split(row, [SplitPart(category=COFFEE, amount=usd("-50.00"))])
    with pytest.raises(InvalidInput, match=f"Transaction {row} is split"):
        book.past_changes(row, COFFEE)


def test_rules_when_added_moved_and_removed_then_they_decide_in_their_order_and_the_log_has_each(
    home: Home, book: Book[Sync]
) -> None:
    home.sync(page(told("t-1", "-9.00", text="ZYQQVET 0042")))
    row, start = str(ids(book)["t-1"]), book.changes()[-1].position
    one = book.add_rule(rule(PETS, contains="zyqq"))
    two = book.add_rule(rule(COFFEE, low=Decimal("9"), high=Decimal("9.00"), sign=Sign.OUT))
    assert categories_of(book)[row] == (PETS, Judge.RULE)
    assert book.labels()[0].label.reason == f"Your rule {one.id} found 'zyqq'."
    assert book.move_rule(two.id, 1) == 1
    assert book.move_rule(two.id, 1) == 0
    assert [each.id for each in book.rules()] == [two.id, one.id]
    assert book.rules()[0] == two
    assert categories_of(book)[row] == (COFFEE, Judge.RULE)
    three = book.add_rule(rule(GROCERIES, account_id=book.entries()[0].account_id), place=1)
    assert [each.id for each in book.rules()] == [three.id, two.id, one.id]
    assert [book.remove_rule(each.id) for each in (three, two)] == [1, 1]
    assert categories_of(book)[row] == (PETS, Judge.RULE)
    assert [(each.subject, each.kind, str(each.id)) for each in book.changes(since=start)] == [
        ("rule", "added", one.id),
        ("rule", "added", two.id),
        ("rule", "moved", two.id),
        ("rule", "added", three.id),
        ("rule", "removed", three.id),
        ("rule", "removed", two.id),
    ]
    assert book.changes(since=start)[-1].before == {
        "place": 1,
        "category": COFFEE,
        "contains": None,
        "pattern": None,
        "low": "9",
        "high": "9.00",
        "account": None,
        "sign": "out",
    }


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({}, "has no condition and would take every transaction"),
        ({"contains": " "}, "looks for empty text"),
        ({"pattern": "(a+)+$|(?=b)"}, "RE2 has no look-around"),
        ({"pattern": ".*"}, "fits empty text and so every transaction"),
        ({"account_id": "999"}, "The book has no account 999"),
        ({"account_id": "x"}, "The book has no account x"),
        ({"low": Decimal(2), "high": Decimal(1)}, "which no amount is"),
    ],
)
def test_rule_when_it_cannot_be_used_then_one_sentence_says_why_and_nothing_is_written(
    book: Book[Sync], conditions: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        book.add_rule(rule(COFFEE, **conditions))
    assert book.rules() == []


def test_rule_when_its_category_id_or_place_is_unknown_then_the_sentence_helps(book: Book[Sync]) -> None:
    with pytest.raises(InvalidInput, match="did you mean FOOD_AND_DRINK_COFFEE"):
        book.add_rule(rule("FOOD_AND_DRINK_COFEE", contains="x"))
    with pytest.raises(InvalidInput, match="A rule has a place from 1 to 1, not 2"):
        book.add_rule(rule(COFFEE, contains="x"), place=2)
    with pytest.raises(NotRemembered, match="no rule 7; list the rules"):
        book.remove_rule("7")
    with pytest.raises(NotRemembered, match="no rule seven"):
        book.move_rule("seven", 1)
    made = book.add_rule(rule(COFFEE, contains="x"))
    with pytest.raises(InvalidInput, match="A rule has a place from 1 to 1, not 0"):
        book.move_rule(made.id, 0)


def test_preview_when_rules_are_tried_then_it_names_what_would_change_and_nothing_does(
    home: Home, book: Book[Sync]
) -> None:
    home.sync(page(*(told(f"t-{day}", "-9.00", day=day, text="ZYQQVET 0042") for day in (2, 5, 9))))
    known = ids(book)
    book.categorize([known["t-2"]], "Rex the dog")
    before = categories_of(book)
    found = book.preview_rules([*book.rules(), rule(PETS, contains="zyqqvet")])
    assert [(each.entry_id, each.after.category) for each in found] == [
        (str(known["t-5"]), PETS),
        (str(known["t-9"]), PETS),
    ]
    assert categories_of(book) == before
    assert book.rules() == []


def test_categories_when_nobody_knows_then_they_are_uncategorized_with_a_reason(home: Home, book: Book[Sync]) -> None:
    home.sync(page(told("t-1", "-9.00", text="0000 1111")))
    [found] = book.labels()
    assert (found.label.category, found.label.judge) == (UNCATEGORIZED, Judge.NOBODY)
    assert found.label.reason == "The text has no letters, and nobody else knows."


def test_rules_when_another_household_asks_then_it_has_none_of_them(home: Home, book: Book[Sync]) -> None:
    home.sync(page(told("t-1", "-9.00", text="ZYQQVET 0042")))
    made = book.add_rule(rule(PETS, contains="zyqq"))
    for other in (book.of("ben"), book.of("ada", "elsewhere")):
        assert (other.rules(), other.entries(), other.labels()) == ([], [], [])
        with pytest.raises(NotRemembered):
            other.remove_rule(made.id)
        with pytest.raises(NotRemembered):
            other.move_rule(made.id, 1)
        with pytest.raises(InvalidInput):
            other.add_rule(rule(PETS, account_id=book.entries()[0].account_id))
    assert book.rules() == [made]
