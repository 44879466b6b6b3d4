"""What comes again and again, over a book that syncs and imports filled; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from fin_infra.book import Book, open_book
from fin_infra.book.pages import VendorTransaction
from fin_infra.errors import InvalidInput
from fin_infra.insights import Frequency, StreamStatus
from fin_infra.insights.recurring import Agreement
from fin_infra.model import Money, RecurringStatus, RecurringStream
from fin_infra.transport import Sync
from tests.book.small import Home, level, page, told_on

D = date
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def book(home: Home, url: str) -> Iterator[Book[Sync]]:
    found = open_book(url, user="ada", clock=lambda: NOW)
    yield found
    found.engine.dispose()


RENT = told_on(
    "GREENFIELD RENT", "-1200.00", [D(2025, 11, 3), D(2025, 12, 1), D(2026, 1, 1), D(2026, 2, 2), D(2026, 3, 2)]
)
PAY = told_on("ACME PAYROLL", "1500.00", [D(2025, 11, 25), D(2025, 12, 25), D(2026, 1, 25), D(2026, 2, 25)])
SAVING = told_on("TRANSFER TO SAVINGS", "-100.00", [D(2025, 12, 5), D(2026, 1, 5), D(2026, 2, 5), D(2026, 3, 5)])
SHOP = told_on("CORNER GROCERY", "-31.17", [D(2026, 1, 9), D(2026, 1, 12), D(2026, 3, 1)])


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def test_recurring_when_a_sync_told_them_then_streams_are_those_with_ids_of_the_book(
    home: Home, book: Book[Sync]
) -> None:
    home.sync(page(*RENT, *PAY, *SHOP, levels=[level("2000.00", day=20)]))
    found = book.recurring()
    assert [(each.merchant, each.frequency, each.status, each.next_date) for each in found] == [
        ("ACME PAYROLL", Frequency.MONTHLY, StreamStatus.MATURE, D(2026, 3, 25)),
        ("GREENFIELD RENT", Frequency.MONTHLY, StreamStatus.MATURE, D(2026, 4, 1)),
    ]
    ids = {row.vendor_id: str(row.id) for row in book.transactions()}
    assert found[1].entry_ids == tuple(ids[row.vendor_id] for row in RENT)
    assert found[1].category == "RENT_AND_UTILITIES_RENT"


def test_recurring_when_a_transaction_is_hidden_then_it_is_not_in_its_stream(home: Home, book: Book[Sync]) -> None:
    home.sync(page(*RENT))
    [stream] = book.recurring()
    book.hide([int(stream.entry_ids[0])])
    assert book.recurring()[0].entry_ids == stream.entry_ids[1:]


def test_recurring_when_a_person_linked_transfers_then_they_are_there_on_request_only(
    home: Home, book: Book[Sync]
) -> None:
    back = [
        VendorTransaction(vendor_id=f"in {row.vendor_id}", account="a-1", day=row.day, text=f"FROM CHECKING {at}",
                          currency="USD", amount=Decimal(100))
        for at, row in enumerate(SAVING)
    ]  # fmt: skip
    home.sync(page(*SAVING, *back))
    assert "TRANSFER TO SAVINGS" in {each.merchant for each in book.recurring()}
    ids = {row.vendor_id: row.id for row in book.transactions()}
    for row in SAVING:
        book.link(ids[row.vendor_id], ids[f"in {row.vendor_id}"])
    assert book.recurring() == []
    assert "TRANSFER TO SAVINGS" in {each.merchant for each in book.recurring(transfers=True)}
    assert book.bills() == []


def test_forecast_when_balances_are_known_then_it_is_as_worked_out_by_hand(home: Home, book: Book[Sync]) -> None:
    home.sync(page(*RENT, *PAY, *SHOP, levels=[level("700.00", day=20)]))
    made = book.forecast(until=D(2026, 5, 4))
    [line] = made.accounts
    assert (made.start, line.opening) == (D(2026, 3, 20), usd("700.00"))
    assert [(day.date, day.balance) for day in line.days] == [
        (D(2026, 3, 25), usd("2200.00")),
        (D(2026, 4, 1), usd("1000.00")),
        (D(2026, 4, 25), usd("2500.00")),
        (D(2026, 5, 1), usd("1300.00")),
    ]
    assert (line.low_point, line.low_date) == (usd("700.00"), D(2026, 3, 20))
    assert line.days == made.totals[0].days


def test_forecast_when_no_balance_is_known_then_flows_are_there_and_balances_unknown(
    home: Home, book: Book[Sync]
) -> None:
    home.sync(page(*RENT))
    [line] = book.forecast(until=D(2026, 4, 30)).accounts
    assert (line.opening, line.closing, line.low_point) == (None, None, None)
    assert [day.money_out for day in line.days] == [usd("-1200.00")]


def test_bills_when_asked_then_money_out_by_date_also_as_a_calendar(home: Home, book: Book[Sync]) -> None:
    home.sync(page(*RENT, *PAY))
    assert [(bill.date, bill.merchant, bill.amount) for bill in book.bills(until=D(2026, 5, 31))] == [
        (D(2026, 4, 1), "GREENFIELD RENT", usd("-1200.00")),
        (D(2026, 5, 1), "GREENFIELD RENT", usd("-1200.00")),
    ]
    text = book.bills_calendar(until=D(2026, 5, 31))
    assert text.count("SUMMARY:GREENFIELD RENT 1200.00 USD\r\n") == 2  # weekends move it, so that no rule is exact
    assert "DTSTAMP:20260320T120000Z\r\n" in text


@pytest.mark.parametrize("ask", ["forecast", "bills", "bills_calendar"])
def test_expected_when_the_last_day_is_past_then_one_sentence(book: Book[Sync], ask: str) -> None:
    with pytest.raises(InvalidInput, match=r"^The last day, 2026-03-19, is before today, 2026-03-20\.$"):
        getattr(book, ask)(until=D(2026, 3, 19))


def test_book_when_it_is_empty_then_nothing_comes(book: Book[Sync]) -> None:
    assert (book.recurring(), book.bills()) == ([], [])
    assert book.forecast().accounts == ()


def test_compare_when_a_vendor_has_streams_then_its_ids_are_matched_with_those_of_the_book(
    home: Home, book: Book[Sync]
) -> None:
    home.sync(page(*RENT, *PAY))
    theirs = RecurringStream(
        source="banking:plaid", as_of=NOW, id="s-1", account_id="a-1", description="Greenfield",
        first_on=D(2025, 11, 3), last_on=D(2026, 3, 2), next_on=D(2026, 4, 1),
        frequency_text="monthly", average=usd("-1200.00"), last=usd("-1200.00"),
        transaction_ids=tuple(row.vendor_id for row in RENT), is_active=True,
        status=RecurringStatus.MATURE, status_text="MATURE",
    )  # fmt: skip
    found = book.compare_recurring([theirs])
    assert [(each.agreement, each.ours and each.ours.merchant) for each in found] == [
        (Agreement.ONLY_OURS, "ACME PAYROLL"),
        (Agreement.AGREES, "GREENFIELD RENT"),
    ]


def test_recurring_when_another_person_asks_then_theirs_is_empty(home: Home, book: Book[Sync]) -> None:
    home.sync(page(*RENT))
    assert book.of("bob").recurring() == []
