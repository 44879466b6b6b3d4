"""A household with a bank, a card, a broker and a loan, in four currencies, for tests of files of transactions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from fin_infra.book import Book, logins
from fin_infra.book.pages import Holder, Level, Page, VendorTransaction
from fin_infra.book.sync import Progress, sync
from fin_infra.transport import Sync

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
HOLDERS = [
    Holder(
        vendor_id="a", name="Everyday", type="depository", subtype="checking", currency="EUR", institution="Model Bank",
        ending="4321",
    ),
    Holder(
        vendor_id="b", name="Card, \"gold\"", type="credit", subtype="credit_card", currency="USD",
        institution="Model Bank", ending="9876",
    ),
    Holder(
        vendor_id="c", name="Depot", type="investment", subtype="brokerage", currency="JPY", institution="Model Bank"
    ),
    Holder(vendor_id="d", name="Loan", type="loan", subtype="unknown", currency="KWD", institution="Model Bank"),
]  # fmt: skip


class Vendor:
    """A login with four accounts, whose next run says what it is told to."""

    resumes = True

    def __init__(self, book: Book[Sync]) -> None:
        self.book, self.runs = book, 0
        self.connection = logins.add(book.engine, book.owner, "banking:model", {}, None, NOON)
        self.page: dict[str, Any] = {}

    def says(self, *told: VendorTransaction, **more: Any) -> None:
        self.page = {"transactions": list(told), **more}
        flow = sync(self.book.engine, self.book.owner, self.connection, self, lambda: NOON, Progress())
        assert self.book.transport.run(flow) is True

    def changes(self, cursor: str) -> Any:
        yield from ()
        self.runs += 1
        return Page(after=f"{self.runs}", complete=True, holders=HOLDERS, **self.page)


def told(id: str, amount: str = "-4.50", day: int = 3, text: str = "Coffee", **more: Any) -> VendorTransaction:
    facts = {"account": "a", "currency": "EUR", **more}
    return VendorTransaction(vendor_id=id, day=date(2026, 3, day), amount=Decimal(amount), text=text, **facts)


def state(book: Book[Sync]) -> list[Any]:
    """Return all that people see of a household."""
    return [
        list(book.transactions(limit=5_000, hidden=True)),
        list(book.accounts()),
        list(book.balances()),
        list(book.balances(on=date(2026, 3, 2))),
        list(book.holdings()),
        list(book.questions()),
    ]


def full(book: Book[Sync]) -> Vendor:
    vendor = Vendor(book)
    vendor.says(
        told("1"),
        told("2"),
        told("3", "-12.00", 4, "=HYPERLINK(\"http://x\")"),
        told("4", "100", 5, "<OFX> & OFXHEADER\n:20: \"quoted\", 'single'"),
        told("5", "-9.99", 6, "Dollars in a euro account", currency="USD"),
        told("6", "-1.23", 7, "x" * 400),
        told("7", "-3", 8, "Announced", pending=True),
        told("8", "-20.10", 3, "Shoes", account="b", currency="USD"),
        told("9", "-500", 3, "証券", account="c", currency="JPY"),
        told("10", "1.234", 3, "Interest", account="d", currency="KWD"),
        levels=[
            Level(account="a", at=NOON, currency="EUR", current=Decimal("72.28"), available=Decimal("69.28")),
            Level(account="b", at=NOON, currency="USD", current=Decimal("-20.10")),
        ],
    )  # fmt: skip
    return vendor
