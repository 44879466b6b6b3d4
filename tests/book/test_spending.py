"""Spending, cash flow and transfers of a book that syncs and imports filled; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from fin_infra.book import Book, SplitPart, open_book
from fin_infra.book.pages import Holder, Page
from fin_infra.errors import InvalidInput
from fin_infra.insights.explain import Figure
from fin_infra.insights.spending import By, CashFlow, CountsAs, Period, Spending
from fin_infra.insights.transfers import TransferKind, Transfers
from fin_infra.model import Money
from fin_infra.providers.registry import reset
from fin_infra.testing import Sandbox
from fin_infra.transport import Sync
from tests.book.small import CHECKING, Home, page, told

GROCERIES, SAVED, SHOES = (
    "FOOD_AND_DRINK_GROCERIES",
    "TRANSFER_OUT_SAVINGS",
    "GENERAL_MERCHANDISE_CLOTHING_AND_ACCESSORIES",
)
NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
CARD = Holder(
    vendor_id="a-2", name="Card", type="credit", subtype="credit_card", currency="USD", institution="Model Bank"
)
STATEMENT = """OFXHEADER:100
DATA:OFXSGML

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>021000021<ACCTID>99887766<ACCTTYPE>SAVINGS</BANKACCTFROM>
<BANKTRANLIST>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260309<TRNAMT>200.00<FITID>f1<NAME>TRANSFER FROM CHECKING</STMTTRN>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260320<TRNAMT>30.00<FITID>f2<NAME>DEPOSIT</STMTTRN>
</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


@pytest.fixture
def book(home: Home, url: str) -> Iterator[Book[Sync]]:
    found = open_book(url, user="ada", clock=lambda: NOW, vault=home.vault)
    yield found
    found.engine.dispose()


@pytest.fixture
def filled(home: Home, book: Book[Sync], tmp_path: Path) -> Book[Sync]:
    """A month of a checking account and a card, synced, and of savings, imported from a file."""
    rows = (
        told("pay", "2000.00", day=2, text="ZYQQ LTD"),
        told("food", "-80.00", day=3, text="ZYQQ MART"),
        told("back", "25.00", day=9, text="ZYQQ MART"),
        told("saved", "-200.00", day=6, text="ONLINE TRANSFER TO SAV"),
        told("paid", "-150.00", day=10, text="CREDIT CARD PAYMENT"),
        told("maybe", "-30.00", day=20, text="WITHDRAWAL"),
        told("later", "-7.00", day=28, text="ZYQQ MART", pending=True),
    )
    card = (
        replace(told("shoes", "-150.00", day=5, text="ZYQQ SHOES"), account="a-2"),
        replace(told("credited", "150.00", day=12, text="PAYMENT THANK YOU"), account="a-2"),
    )
    raw = [{"id": row.vendor_id} for row in (*rows, *card)]
    home.sync(Page(after="end", complete=True, holders=[CHECKING, CARD], transactions=[*rows, *card], raw=raw))
    file = tmp_path / "savings.ofx"
    file.write_text(STATEMENT)
    book.import_statement(file)
    book.categorize([int(ids(book)["food"])], GROCERIES)
    book.categorize([int(ids(book)["shoes"])], SHOES)
    return book


def ids(book: Book[Sync]) -> dict[str, str]:
    return {row.vendor_id: str(row.id) for row in book.transactions(hidden=True)}


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def by_text(book: Book[Sync]) -> dict[str, str]:
    """Return what each transaction counts as, by its day and the bank's words."""
    rows = {str(row.id): f"{row.date.day} {row.description}" for row in book.transactions()}
    return {rows[each.entry_id]: each.counts_as.value for each in book.counted()}


def test_transfers_when_a_sync_and_a_file_tell_one_side_each_then_they_are_one(filled: Book[Sync]) -> None:
    found = filled.transfers()
    name = {id: vendor_id for vendor_id, id in ids(filled).items()}
    assert [(each.kind, str(each.amount), each.date.day) for each in found.transfers] == [
        (TransferKind.TRANSFER, "200.00 USD", 6),
        (TransferKind.CARD_PAYMENT, "150.00 USD", 10),
    ]
    assert [name[id] for id in found.transfers[1].entry_ids] == ["paid", "credited"]
    assert [(name[each.entry_id], name[each.purchase_id or ""]) for each in found.refunds] == [("back", "food")]
    assert [(str(each.amount), each.confidence) for each in found.unclear] == [("30.00 USD", Decimal("0.50"))]
    assert filled.transfers(start=date(2026, 3, 7)).transfers == found.transfers[1:]
    assert filled.transfers(end=date(2026, 3, 9)).refunds == ()


def test_spending_when_asked_then_transfers_are_not_in_it_and_refunds_are_off(filled: Book[Sync]) -> None:
    found = filled.spending(by=By.PRIMARY)
    assert {each.name: str(each.spent) for each in found.rows} == {
        "GENERAL_MERCHANDISE": "150.00 USD",
        "TRANSFER_OUT": "30.00 USD",  # a withdrawal, which nobody has linked
        "FOOD_AND_DRINK": "62.00 USD",
    }
    assert [str(each.spent) for each in found.totals] == ["242.00 USD"]
    assert [str(each.spent) for each in filled.spending(pending=False).totals] == ["235.00 USD"]
    assert [str(each.spent) for each in filled.spending(end=date(2026, 3, 5)).totals] == ["80.00 USD"]
    card = next(each.id for each in filled.accounts() if each.name == "Card")
    on_card = filled.spending(by=By.ACCOUNT, period=Period.MONTH, account_id=card).rows
    assert [(each.name, each.start, str(each.spent)) for each in on_card] == [
        (str(card), date(2026, 3, 1), "150.00 USD")
    ]


def test_cash_flow_when_asked_then_it_is_as_by_hand(filled: Book[Sync]) -> None:
    """Income 2,000 and the unclear deposit of 30; spending 80 - 25 + 7, 150, and the unclear 30."""
    [month] = filled.cash_flow().rows
    assert [str(each) for each in (month.income, month.spending, month.net, month.transfers)] == [
        "2030.00 USD",
        "242.00 USD",
        "1788.00 USD",
        "0.00 USD",
    ]
    assert month.savings_rate == Decimal("0.8808")  # 1788 / 2030 = 0.88078...
    assert len(month.entry_ids) == 11


def test_explain_when_a_row_is_given_back_then_its_lines_add_up_and_say_why(filled: Book[Sync]) -> None:
    food = next(each for each in filled.spending().rows if each.name == GROCERIES)
    told_ = filled.explain(food)
    name = {id: vendor_id for vendor_id, id in ids(filled).items()}
    assert [(name[each.entry_id], str(each.amount)) for each in told_.lines] == [
        ("food", "80.00 USD"),
        ("back", "-25.00 USD"),
        ("later", "7.00 USD"),
    ]
    assert "gave back 25.00 of the 80.00 of 2026-03-03" in told_.lines[1].sentence
    moved = filled.explain(filled.cash_flow().totals[0], Figure.TRANSFERS)
    assert sorted(str(each.amount.amount) for each in moved.lines) == ["-150.00", "-200.00", "150.00", "200.00"]


def test_explain_when_the_book_has_changed_since_then_it_says_so(filled: Book[Sync]) -> None:
    food = next(each for each in filled.spending().rows if each.name == GROCERIES)
    filled.hide([int(ids(filled)["later"])])
    with pytest.raises(InvalidInput, match="is not made of these transactions"):
        filled.explain(food)


def test_link_when_a_person_says_it_then_an_unclear_pair_is_a_transfer_and_back(filled: Book[Sync]) -> None:
    one, other = filled.transfers().unclear[0].entry_ids
    filled.link(int(one), int(other))
    assert filled.transfers().unclear == ()
    assert [str(each.spending) for each in filled.cash_flow().totals] == ["212.00 USD"]
    filled.link(int(one), None)
    assert len(filled.transfers().unclear) == 1


def test_keep_apart_when_said_then_the_pair_is_none_and_a_link_is_stronger(filled: Book[Sync]) -> None:
    pair = [int(id) for id in filled.transfers().transfers[0].entry_ids]
    assert filled.keep_apart(pair[:1]) == 1
    assert filled.keep_apart(pair[:1]) == 0
    assert by_text(filled)["6 ONLINE TRANSFER TO SAV"] == "spending"
    filled.link(*pair)
    assert by_text(filled)["6 ONLINE TRANSFER TO SAV"] == "transfer"
    filled.link(pair[0], None)
    assert filled.keep_apart(pair[:1], apart=False) == 1
    assert by_text(filled)["6 ONLINE TRANSFER TO SAV"] == "transfer"


def test_counted_when_one_is_split_then_its_parts_count_and_a_link_takes_the_whole(
    home: Home, filled: Book[Sync]
) -> None:
    food = int(ids(filled)["food"])
    parts = [SplitPart(category=GROCERIES, amount=usd("-50.00")), SplitPart(category=SAVED, amount=usd("-30.00"))]
    filled.split(food, parts)
    rows = {each.entry_id: each for each in filled.counted()}
    assert rows[f"{food}/1"].counts_as is CountsAs.SPENDING
    assert rows[f"{food}/2"].counts_as is CountsAs.TRANSFER
    home.sync(page(told("in", "80.00", day=25, text="SOMETHING"), after="more"))
    filled.link(food, int(ids(filled)["in"]))
    linked = [each for each in filled.counted() if each.entry_id.startswith(f"{food}")]
    assert [(each.entry_id, each.counts_as, each.amount) for each in linked] == [
        (f"{food}", CountsAs.TRANSFER, usd("-80.00"))
    ]


def test_spending_when_the_book_is_empty_or_the_month_is_then_there_is_an_empty_answer(
    book: Book[Sync], filled: Book[Sync]
) -> None:
    empty = book.of("nobody")
    assert empty.spending() == Spending(rows=(), totals=())
    assert empty.cash_flow() == CashFlow(rows=(), totals=())
    assert empty.transfers() == Transfers(transfers=(), refunds=(), unclear=())
    assert filled.cash_flow(start=date(2026, 5, 1)).rows == ()


def test_counted_when_the_account_or_the_days_cannot_be_meant_then_it_is_one_sentence(filled: Book[Sync]) -> None:
    with pytest.raises(InvalidInput, match=r"^The book has no account 999\.$"):
        filled.cash_flow(account_id=999)
    for ask in (filled.spending, filled.cash_flow, filled.transfers):
        with pytest.raises(InvalidInput, match="`start` must be before `end`"):
            ask(start=date(2026, 3, 2), end=date(2026, 3, 2))


def test_card_of_the_sandbox_when_it_is_paid_from_an_account_then_that_is_neither_spent_nor_a_bill(
    vendor: Sandbox, tmp_path: Path
) -> None:
    vendor.reset()
    reset()
    book = open_book(f"sqlite:///{tmp_path / 'sandbox.db'}")
    book.connect("banking:teller")
    newest = book.entries()[-1].date
    start = date(newest.year - 1, newest.month, 1)
    payments = [each for each in book.transfers(start=start).transfers if each.kind is TransferKind.CARD_PAYMENT]
    assert len(payments) >= 11
    assert [each for each in payments if each.is_one_sided] == []
    spent = book.spending(by=By.CATEGORY, start=start)
    assert "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT" not in {row.name for row in spent.rows}
    assert [bill.merchant for bill in book.bills() if "AUTOPAY" in bill.merchant] == []
    book.engine.dispose()
