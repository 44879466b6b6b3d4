"""Balances that do not add up; every figure here is added by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from fin_infra.book import Book
from fin_infra.book.engine import Database
from fin_infra.book.pages import Holder, Level, VendorTransaction
from fin_infra.transport import Sync
from tests.book.small import NOON, Home, level, page, told


@pytest.fixture
def home(database: Database) -> Home:
    return Home(database)


def book(home: Home) -> Book[Sync]:
    return Book(home.database, home.owner, "sync", lambda: home.vault, home.clock)


def days(*numbers: int) -> list[date]:
    return [date(2026, 3, number) for number in numbers]


def test_balances_when_transactions_explain_them_then_nothing_is_told(home: Home) -> None:
    home.sync(page(told("t-1", "-5.10", 3), told("t-2", "0.10", 4), levels=[level("100.00", 2)]))
    home.sync(page(levels=[level("95.00", 4)]))  # 100 - 5.10 + 0.10
    assert book(home).reconcile() == []


def test_balances_when_a_transaction_is_missing_then_its_amount_is_the_difference(home: Home) -> None:
    home.sync(page(told("t-1", "-5.10", 3), levels=[level("100.00", 2)]))
    home.sync(page(levels=[level("82.555", 5)]))
    [found] = book(home).reconcile()
    assert [found.start, found.end] == days(2, 5)
    assert (str(found.expected), str(found.said), str(found.difference)) == ("94.90 USD", "82.555 USD", "-12.345 USD")
    assert not found.evened_out


def test_transactions_when_on_the_day_of_a_balance_then_they_count_into_the_later_one(home: Home) -> None:
    rows = [told("t-1", "-1", 2), told("t-2", "-10", 3), told("t-3", "-100", 4), told("t-4", "-1000", 5)]
    home.sync(page(*rows, levels=[level("0", 2)]))
    home.sync(page(levels=[level("-110", 4)]))  # -10 and -100, neither the -1 of the first day nor the -1000 after
    assert book(home).reconcile() == []


def test_transactions_when_pending_or_removed_then_they_do_not_count(home: Home) -> None:
    home.sync(page(told("t-1", "-5", 3), told("t-2", "-7", 3, pending=True), levels=[level("50", 2)]))
    home.sync(page(levels=[level("50", 4)], removed=["t-1"]))
    assert book(home).reconcile() == []


def test_difference_when_the_next_balance_takes_it_back_then_it_is_marked(home: Home) -> None:
    home.sync(page(told("t-1", "-5", 3), told("t-2", "-8", 6), levels=[level("50", 2)]))
    home.sync(page(levels=[level("50", 3)]))  # asked in the morning, before the -5
    home.sync(page(levels=[level("45", 4)]))
    home.sync(page(levels=[level("45", 6)]))
    found = book(home).reconcile()
    assert [(each.end.day, str(each.difference.amount), each.evened_out) for each in found] == [
        (3, "5", True),
        (4, "-5", True),
        (6, "8", False),
    ]


def test_currencies_when_an_account_has_two_then_each_is_compared_alone(home: Home) -> None:
    def euros(amount: str, day: int) -> Level:
        return Level(account="a-1", at=level("0", day).at, currency="EUR", current=Decimal(amount))

    def of_euros(vendor_id: str, amount: str, day: int) -> VendorTransaction:
        return VendorTransaction(
            vendor_id=vendor_id, account="a-1", day=date(2026, 3, day), text="x", currency="EUR", amount=Decimal(amount)
        )

    home.sync(page(told("t-1", "-5", 6), of_euros("t-2", "-3", 6), levels=[level("50", 2)]))
    home.sync(page(levels=[euros("20", 3)]))
    home.sync(page(levels=[level("45", 6)]))
    home.sync(page(levels=[euros("16", 7)]))
    [found] = book(home).reconcile()
    assert (str(found.expected), str(found.difference)) == ("17 EUR", "-1 EUR")


def test_amounts_when_they_are_long_then_no_digit_is_lost(home: Home) -> None:
    long = "12345678901234567890.123456789012345678"
    home.sync(page(told("t-1", long, 3), levels=[level("0.000000000000000001", 2)]))
    home.sync(page(levels=[level("12345678901234567890.123456789012345680", 4)]))
    [found] = book(home).reconcile()
    assert found.difference.amount == Decimal("0.000000000000000001")


def test_account_when_it_is_a_brokers_then_it_is_left_out(home: Home) -> None:
    broker = Holder(
        vendor_id="a-2", name="Broker", type="investment", subtype="brokerage", currency="USD", institution="Model"
    )
    for amount, day in (("100", 2), ("120", 3)):
        one = page(levels=[Level(account="a-2", at=level("0", day).at, currency="USD", current=Decimal(amount))])
        one.holders.append(broker)
        home.sync(one)
    assert book(home).reconcile() == []


def test_balance_when_it_has_no_current_amount_then_it_is_passed_over(home: Home) -> None:
    home.sync(page(told("t-1", "-5", 3), levels=[level("50", 2)]))
    home.sync(page(levels=[Level(account="a-1", at=level("0", 4).at, currency="USD", current=None)]))
    home.sync(page(levels=[level("44", 5)]))
    [found] = book(home).reconcile()
    assert ([found.start, found.end], str(found.difference)) == (days(2, 5), "-1 USD")
    assert NOON.date() == days(2)[0]
