"""A household's budget in its book, on both databases: a month, steps, undo, and sums that may be thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from fin_infra.book import Book, SplitPart, month_sums, open_book
from fin_infra.book.engine import Database, reading, writing
from fin_infra.book.export import write
from fin_infra.book.pages import Holder, VendorTransaction
from fin_infra.book.tables import budget_steps, sums_state
from fin_infra.errors import BookUnavailable, InvalidInput
from fin_infra.insights.budgets import BudgetMonth, CurrencyMonth, EnvelopeMonth, Overspending, TargetState
from fin_infra.insights.categories import Rule
from fin_infra.model import Money
from fin_infra.transport import Sync
from tests.book.small import CHECKING, Home, level, page, told
from tests.support.effort import share

GROCERIES, COFFEE, FLIGHTS = "FOOD_AND_DRINK_GROCERIES", "FOOD_AND_DRINK_COFFEE", "TRAVEL_FLIGHTS"
NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
CARD = Holder(
    vendor_id="a-2", name="Card", type="credit", subtype="credit_card", currency="USD", institution="Model Bank"
)


@pytest.fixture
def book(home: Home, url: str) -> Iterator[Book[Sync]]:
    found = open_book(url, user="ada", clock=lambda: NOW)
    yield found
    found.engine.dispose()


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def on(month: int, vendor_id: str, amount: str, text: str, **more: Any) -> VendorTransaction:
    """Return a transaction of the 5th of a month."""
    return replace(told(vendor_id, amount, text=text, **more), day=date(2026, month, 5))


def of(found: BudgetMonth, currency: str = "USD") -> CurrencyMonth:
    return next(each for each in found.currencies if each.currency == currency)


def envelope(found: BudgetMonth, category: str, currency: str = "USD") -> EnvelopeMonth:
    return next(each for each in of(found, currency).envelopes if each.category == category)


def ids(book: Book[Sync]) -> dict[str, int]:
    return {row.vendor_id: row.id for row in book.transactions(hidden=True, removed=True, limit=1000)}


@pytest.fixture
def march(home: Home, book: Book[Sync]) -> Book[Sync]:
    """A salary of 2,000, groceries of 120 and coffee of 4.50 in March, with 2,345.50 in the end; 30 in April."""
    home.sync(
        page(
            on(3, "pay", "2000.00", "ACME PAYROLL"),
            on(3, "food", "-120.00", "WHOLE FOODS MARKET"),
            on(3, "cup", "-4.50", "STARBUCKS"),
            on(4, "food2", "-30.00", "WHOLE FOODS MARKET"),
            levels=[level("2345.50", day=31)],
        )
    )
    return book


def test_month_when_a_sync_told_it_then_envelopes_and_what_is_ready_are_the_money_there_is(march: Book[Sync]) -> None:
    """The balance of 31 March less what March has posted, 2,000 - 124.50, is 470 that were there before."""
    found = of(march.budget("2026-03"))
    assert found.money == usd("2345.50")
    assert found.ready_to_assign == usd("2470.00")
    assert {each.category: each.activity for each in found.envelopes} == {
        COFFEE: usd("-4.50"),
        GROCERIES: usd("-120.00"),
    }
    known = ids(march)
    assert envelope(march.budget("2026-03"), GROCERIES).entry_ids == (str(known["food"]),)
    assert found.entry_ids == (str(known["pay"]),)
    april = of(march.budget())
    assert (april.taken, april.ready_to_assign, april.money) == (usd("-124.50"), usd("2345.50"), usd("2315.50"))


def test_steps_when_taken_then_they_are_kept_logged_and_undone_exactly(march: Book[Sync]) -> None:
    before = march.budget("2026-03")
    given = march.assign("groceries", usd("180"), month="2026-03")
    assert envelope(given, GROCERIES).available == usd("60.00")
    moved = march.move("groceries", "coffee", usd("4.50"), month="2026-03")
    assert [envelope(moved, each).available for each in (GROCERIES, COFFEE)] == [usd("55.50"), usd("0.00")]
    head = march.changes(limit=1000)[-1].position
    assert march.move("groceries", "coffee", usd("1"), month="2026-03") != moved
    assert [(each.subject, each.kind) for each in march.changes(since=head)] == [("budget", "move")]
    march.undo_budget()
    assert march.budget("2026-03") == moved
    march.undo_budget(2)
    assert march.budget("2026-03") == before
    with pytest.raises(InvalidInput, match="nothing to undo"):
        march.undo_budget()


def test_assignment_when_said_again_then_it_changes_nothing(march: Book[Sync]) -> None:
    march.assign("groceries", usd("150"))
    head = march.changes(limit=1000)[-1].position
    march.assign("groceries", usd("150.00"))
    assert march.changes(since=head) == []


def test_targets_limits_and_overspending_when_set_then_the_month_shows_them(march: Book[Sync]) -> None:
    found = envelope(march.set_target("flights", usd("1000"), "2026-07"), FLIGHTS).target
    assert found is not None
    assert (found.needed, found.state, found.by) == (usd("250.00"), TargetState.SHORT, "2026-07")
    [limit] = march.set_limit("food and drink", usd("100"), month="2026-03").limits
    assert (limit.spent, limit.left, limit.exceeded) == (usd("124.50"), usd("-24.50"), True)
    assert len(limit.entry_ids) == 2
    march.set_overspending(Overspending.CARRY, month="2026-03")
    assert of(march.budget("2026-04")).taken == 0
    assert envelope(march.budget("2026-04"), GROCERIES).carried == usd("-120.00")


def test_month_when_closed_then_no_step_changes_it_until_it_is_reopened(march: Book[Sync]) -> None:
    assert march.close_month("2026-03").closed
    with pytest.raises(InvalidInput, match=r"^March 2026 is closed; reopen it before you change it\.$"):
        march.assign("groceries", usd("1"), month="2026-03")
    with pytest.raises(InvalidInput, match=r"^April 2026 is not over; close it from May 2026 on\.$"):
        march.close_month("2026-04")
    assert not march.reopen_month("2026-03").closed
    march.assign("groceries", usd("1"), month="2026-03")


@pytest.mark.parametrize(
    ("category", "amount", "month", "sentence"),
    [
        ("xyzzy", "1 USD", None, r"^'xyzzy' is not a category"),
        ("salary", "1 USD", None, r"INCOME_SALARY is money coming in"),
        ("groceries", "1 EUR", None, r"^The budget's accounts have no EUR, so there is none to assign\.$"),
        (
            "groceries",
            "9000 USD",
            None,
            r"^2,345\.50 USD is ready to assign in April 2026: give .* at most 2,345",
        ),
        ("groceries", "1 USD", "1950-01", r"^0\.00 USD is ready to assign in January 1950"),
        ("groceries", "1 USD", "2026-13", r"^'2026-13' is not a month; write it like 2026-11\.$"),
        (
            "groceries",
            "-1 USD",
            None,
            r"^At most 0\.00 USD can be taken from FOOD_AND_\w+ in April 2026\.$",
        ),
    ],
)
def test_step_when_it_cannot_be_taken_then_one_sentence_says_why_and_nothing_is_written(
    march: Book[Sync], category: str, amount: str, month: str | None, sentence: str
) -> None:
    before, head = march.budget(), march.changes(limit=1000)[-1].position
    with pytest.raises(InvalidInput, match=sentence):
        march.assign(category, Money.of(*amount.split()), month=month)
    assert march.budget() == before
    assert march.changes(since=head) == []


def test_undo_when_there_are_fewer_steps_then_none_is_taken_back(march: Book[Sync]) -> None:
    march.assign("groceries", usd("150"))
    with pytest.raises(InvalidInput, match="nothing to undo"):
        march.undo_budget(2)
    with pytest.raises(InvalidInput, match="give 1 or more"):
        march.undo_budget(0)
    assert envelope(march.budget(), GROCERIES).assigned == usd("150")


def test_month_when_nothing_is_in_the_book_then_it_is_empty(book: Book[Sync]) -> None:
    assert book.budget("2026-03") == BudgetMonth(month="2026-03", closed=False, currencies=(), limits=())


def test_envelope_when_the_person_has_a_word_of_their_own_then_it_is_one(march: Book[Sync]) -> None:
    march.categorize([ids(march)["cup"]], "Dog")
    assert envelope(march.assign("Dog", usd("10"), month="2026-03"), "Dog").available == usd("5.50")


def test_transfer_when_linked_within_the_budget_then_it_touches_no_envelope(home: Home, book: Book[Sync]) -> None:
    paid = on(3, "paid", "-80.00", "CARD PAYMENT THANK YOU")
    got = replace(on(4, "got", "80.00", "PAYMENT RECEIVED"), account="a-2")
    bought = replace(on(3, "food", "-80.00", "WHOLE FOODS MARKET"), account="a-2")
    shown = page(on(3, "pay", "100.00", "PAYROLL"), paid, got, bought)
    home.sync(replace(shown, holders=[CHECKING, CARD]))
    book.link(ids(book)["paid"], ids(book)["got"])
    found = of(book.budget("2026-03"))
    assert {each.category: each.activity for each in found.envelopes} == {GROCERIES: usd("-80.00")}
    assert (found.ready_to_assign, found.money) == (usd("20.00"), usd("-60.00"))
    assert of(book.budget("2026-04")).money == usd("20.00")


def test_transfer_when_recognized_within_the_budget_then_it_touches_no_envelope(home: Home, book: Book[Sync]) -> None:
    paid = on(3, "paid", "-80.00", "CARD PAYMENT THANK YOU")
    got = replace(on(3, "got", "80.00", "PAYMENT RECEIVED THANK YOU"), account="a-2")
    bought = replace(on(3, "food", "-80.00", "WHOLE FOODS MARKET"), account="a-2")
    home.sync(replace(page(on(3, "pay", "100.00", "PAYROLL"), paid, got, bought), holders=[CHECKING, CARD]))
    found = of(book.budget("2026-03"))
    assert {each.category: each.activity for each in found.envelopes} == {GROCERIES: usd("-80.00")}
    assert (found.ready_to_assign, found.money) == (usd("100.00"), usd("20.00"))


def test_households_when_two_have_budgets_then_neither_sees_the_other(march: Book[Sync], database: Database) -> None:
    other = Home(database, user="bob")
    other.sync(page(on(3, "bobs", "70.00", "PAYROLL")))
    bobs = march.of("bob")
    bobs.assign("groceries", usd("70"), month="2026-03")
    mine = march.assign("groceries", usd("150"), month="2026-03")
    assert envelope(bobs.budget("2026-03"), GROCERIES).assigned == usd("70")
    bobs.undo_budget()
    with pytest.raises(InvalidInput, match="nothing to undo"):
        bobs.undo_budget()
    assert march.budget("2026-03") == mine


def test_household_when_exported_and_erased_then_its_steps_are_in_the_files_and_its_sums_are_gone(
    march: Book[Sync], tmp_path: Path
) -> None:
    march.assign("groceries", usd("150"), month="2026-03")
    write(march.engine, march.owner, tmp_path / "out", march.vault)
    assert '"assign"' in (tmp_path / "out" / "budget_steps.json").read_text("utf-8")
    assert not (tmp_path / "out" / "month_sums.json").exists()
    counted = march.erase()
    assert counted.rows["budget_steps"] == 1
    assert counted.rows["month_sums"] == 2
    assert counted.left == {}


def test_budget_when_sums_cannot_be_kept_then_the_month_is_shown_all_the_same(
    march: Book[Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise BookUnavailable("The book may not be written.")

    with monkeypatch.context() as patched:
        patched.setattr(month_sums, "store", refuse)
        shown = march.budget("2026-03")
    assert shown == march.budget("2026-03")


def test_sums_when_kept_then_a_month_is_read_without_its_transactions(
    march: Book[Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    march.budget("2026-03")
    asked: list[str] = []
    whole = month_sums.entry_rows

    def counted(db: Any, owner: Any, accounts: Any, wanted: Any) -> Any:
        asked.append(wanted.start.isoformat())
        return whole(db, owner, accounts, wanted)

    monkeypatch.setattr(month_sums, "entry_rows", counted)
    march.budget("2026-03")
    march.assign("groceries", usd("1"))
    assert asked == []
    march.categorize([ids(march)["food2"]], COFFEE)
    march.budget("2026-03")
    assert set(asked) == {"2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"}
    asked.clear()
    march.note(ids(march)["food"], "a note changes no sum")
    march.budget("2026-03")
    assert asked == []


def test_sums_when_a_category_holds_for_the_past_too_then_earlier_months_are_added_up_again(
    home: Home, march: Book[Sync]
) -> None:
    home.sync(page(on(1, "old", "-7.00", "WHOLE FOODS MARKET")))
    last = [ids(march)["food2"]]
    march.categorize(last, COFFEE)
    assert envelope(march.budget("2026-01"), GROCERIES).activity == usd("-7.00")
    march.categorize(last, COFFEE, past=True)
    assert envelope(march.budget("2026-01"), COFFEE).activity == usd("-7.00")


def test_opening_when_the_balance_is_older_than_some_of_the_month_then_those_come_on_top(
    home: Home, book: Book[Sync]
) -> None:
    home.sync(
        page(told("early", "-10.00", day=2), on(3, "late", "-30.00", "STARBUCKS"), levels=[level("100.00", day=3)])
    )
    found = of(book.budget("2026-03"))
    assert (found.income, found.money) == (usd("110.00"), usd("70.00"))


def test_sums_when_another_program_kept_them_then_they_are_added_up_again(march: Book[Sync]) -> None:
    shown = march.budget("2026-03")
    with writing(march.engine) as db:
        db.execute(sa.update(sums_state).values(version="0.0.1"))
        db.execute(sa.text("UPDATE month_sums SET sums = '[[], []]'"))
    assert march.budget("2026-03") == shown


def cents(random: Random) -> str:
    return f"{random.randint(-9000, 9000)}E-2"


WORDS = ("WHOLE FOODS MARKET", "STARBUCKS", "DELTA AIR LINES", "ACME PAYROLL")


@pytest.mark.parametrize("seed", range(share(12, test=3, quick=1)))
def test_sums_when_anything_changes_then_they_are_those_that_thrown_away_and_made_again_would_be(
    home: Home, book: Book[Sync], seed: int
) -> None:
    random = Random(seed)
    count = 0
    for _ in range(25):
        known = [row.id for row in book.transactions(limit=1000)]
        some = random.choice(known) if known else None
        match random.randrange(9):
            case 0 | 1 | 2:
                rows = [
                    on(
                        random.randint(1, 4),
                        f"t{count + at}",
                        f"{random.randint(-9000, 9000)}E-2",
                        random.choice(WORDS),
                    )
                    for at in range(3)
                ]
                count += 3
                home.sync(page(*rows, levels=[level(f"{random.randint(0, 90000)}E-2", day=random.randint(1, 28))]))
            case 3 if count:
                home.sync(page(removed=[f"t{random.randrange(count)}"]))
            case 4 if some:
                moved = on(random.randint(1, 4), f"t{random.randrange(count)}", "-3.25", "STARBUCKS")
                home.sync(page(moved))
            case 5 if some:
                book.categorize([some], random.choice([GROCERIES, "Dog", None]), past=False)
            case 6 if some:
                book.hide([some], hidden=random.random() < 0.7)
            case 7 if some:
                amount = book.transaction(some).amount
                book.split(some, [SplitPart(category="Dog", amount=amount)] if random.random() < 0.7 else [])
            case _:
                if some and random.random() < 0.5:
                    book.categorize([some], random.choice([GROCERIES, FLIGHTS]), past=True)
                else:
                    book.add_rule(Rule(id="new", category=FLIGHTS, contains=random.choice(WORDS)[:5]))
        month = f"2026-{random.randint(1, 5):02}"
        kept = book.budget(month)
        with writing(book.engine) as db:
            month_sums.throw_away(db, book.owner)
        assert book.budget(month) == kept
        if random.random() < 0.7:
            book.budget("2026-02")  # kept again, for the next change


def test_steps_when_stored_then_each_row_is_one_step_and_none_is_changed(march: Book[Sync]) -> None:
    march.assign("groceries", usd("150"))
    march.undo_budget()
    with reading(march.engine) as db:
        kinds = list(db.scalars(sa.select(budget_steps.c.kind).order_by(budget_steps.c.id)))
    assert kinds == ["assign", "undo"]
